"""The panel that names the genre of a reader's music in the page, in a real browser."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from browser import barriers, launch, page_with_watch
from playwright.sync_api import Browser, Page, expect, sync_playwright

TRY = "book/try.html"
NARROW: Any = {"width": 390, "height": 800}
NOT_FITTING = "document.documentElement.scrollWidth > window.innerWidth"


def wav(samples: np.ndarray, kind: str = "WAV") -> bytes:
    """A file with these samples, 16 kHz."""
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format=kind, subtype="PCM_16")
    return file.getvalue()


def music(seconds: float) -> bytes:
    """A few beats of a chord: enough to be answered, and quick."""
    t = np.arange(int(16_000 * seconds)) / 16_000
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220, 277.2, 329.6))
    return wav(0.2 * chord * np.exp(-4 * (t % 0.5)))


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone hears music."""
    heard = tmp_path_factory.mktemp("microphone") / "music.wav"
    heard.write_bytes(music(20))
    with sync_playwright() as playwright:
        browser = launch(
            playwright,
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={heard}",
        )
        yield browser
        browser.close()


def given(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "", "buffer": content}


def choose(page: Page, *files: Any) -> None:
    page.get_by_label("Choose a file").set_input_files(list(files))


DROP = """([what, files]) => {
  const transfer = new DataTransfer();
  for (const [name, coded] of files) {
    const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  if (what === "link") {
    transfer.setData("text/uri-list", "http://localhost/song.mp3");
  }
  const target = document.querySelector(".listen-panel");
  const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer });
  if (what === "folder") {
    const item = { kind: "file", webkitGetAsEntry: () => ({ isDirectory: true, name: "Music" }) };
    const folder = { types: ["Files"], items: [item], files: [new File([], "Music")] };
    Object.defineProperty(event, "dataTransfer", { value: folder });
  }
  target.dispatchEvent(event);
}"""


def drop(page: Page, *files: tuple[str, bytes], what: str = "files") -> None:
    coded = [[name, base64.b64encode(content).decode()] for name, content in files]
    page.evaluate(DROP, [what, coded])


def opened(chromium: Browser, base_url: str, **kwargs: Any) -> tuple[Page, list[str]]:
    page, problems = page_with_watch(chromium, base_url, reduced_motion="reduce", **kwargs)
    page.set_default_timeout(90_000)  # a busy machine listens slowly
    expect.set_options(timeout=90_000)
    page.goto(TRY, wait_until="networkidle")
    return page, problems


def answer_to(page: Page, name: str) -> None:
    expect(page.locator(".listen-name")).to_have_text(name)
    expect(page.locator(".listen-panel")).to_have_attribute("aria-busy", "false")


def test_a_song_is_answered_followed_and_searched_by_keys(
    chromium: Browser, base_url: str, clips: list[Path]
) -> None:
    page, problems = opened(chromium, base_url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    heavy = r"\.(onnx|gz|mp3)\b|ort|card\.json"
    assert [url for url in asked if re.search(heavy, url)] == [], "fetched before anybody asked"

    choose(page, str(clips[0]))
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".listen-step")).to_have_text(re.compile(r"of \d"))
    answer_to(page, clips[0].name)
    panel = page.locator(".listen-panel")

    # One sentence is announced, and the focus stands at the answer.
    headline = panel.locator(".listen-headline").inner_text().split("\n")[0]
    said = page.get_by_role("status").filter(has_text=clips[0].name)
    assert re.sub(r" [\d.>]+%$", "", headline) in said.inner_text()
    assert said.inner_text().count(". ") == 0
    assert page.evaluate("document.activeElement.className") == "listen-name"
    assert panel.locator(".listen-promise").inner_text().endswith(".")
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 48 < top < 200, "the answer is not in sight"

    # Ten bars, the likeliest first; those of the answer are marked and named in words.
    bars = panel.locator(".listen-genres li")
    shares = [float(t.strip("<>%")) for t in bars.locator(".listen-value").all_inner_texts()]
    assert len(shares) == 10
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=4)
    named = panel.locator(".listen-genres .listen-named")
    assert named.count() >= 1
    words = panel.locator(".listen-genres .listen-key").inner_text()
    for genre in named.locator(".listen-genre").all():
        assert genre.inner_text().split("\n")[-1].replace("In the answer: ", "") in words

    # The timeline moves the player by click and by key, and says where it stands.
    slider = page.get_by_role("slider", name="Position in the recording")
    now = "document.querySelector('.listen-answer audio').currentTime"
    page.wait_for_function("() => document.querySelector('.listen-answer audio').readyState > 0")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    assert page.evaluate(now) == pytest.approx(15, abs=1)
    slider.press("Home")
    slider.press("ArrowRight")
    assert page.evaluate(now) == pytest.approx(3, abs=0.2)
    assert re.match(r"0:03 of 0:30: [a-z-]+ [\d.<>]+%, ", slider.get_attribute("aria-valuetext"))
    slider.press("End")
    assert page.evaluate(now) == pytest.approx(27, abs=0.2)
    slider.press("Home")
    slider.press(" ")
    page.wait_for_function(f"() => {now} > 0.2")
    assert float(slider.get_attribute("aria-valuenow")) > 0
    slider.press(" ")
    assert page.evaluate("document.querySelector('.listen-answer audio').paused")

    # What a browser decodes but cannot play is played as it was decoded.
    source = page.locator(".listen-answer audio").get_attribute("src")
    page.locator(".listen-answer audio").dispatch_event("error")
    expect(page.locator(".listen-answer audio")).not_to_have_attribute("src", source)
    page.wait_for_function(
        "() => Math.abs(document.querySelector('.listen-answer audio').duration - 30) < 0.1"
    )

    expect(panel.locator(".listen-facts")).to_have_text(re.compile("^30 s long · heard in 10 "))

    # The same as a table.
    panel.get_by_text("The numbers as a table").click()
    expect(panel.locator(".listen-table tbody tr")).to_have_count(10)

    assert barriers(page) == []
    page.set_viewport_size(NARROW)
    page.wait_for_timeout(200)
    assert not page.evaluate(NOT_FITTING), "the page scrolls sideways"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    assert barriers(page) == []
    assert problems == []
    page.context.close()


FOREIGN = """async () => {
  const { genres } = await Audionome.card();
  const probabilities = Object.fromEntries(genres.map(({ key }) => [key, 0.1]));
  const box = document.createElement("div");
  document.querySelector(".listen-panel").append(box);
  await Audionome.showAnswer(box, {
    headline: "Pop", promise: "Nine of ten.", foreign: "None of the ten.", notes: [],
    genre: "pop", prediction_set: ["pop"], status: "one", confidence: 0.1, probabilities,
    windows: [{ start: 0, end: 3, probabilities }], duration: 3, hearing: "Sounds like",
    tags: ["female voice", "guitar"].map((name, k) => (
      { name, kind: ["voice", "instrument"][k], strength: 0.5, over_time: [0.5] })),
  }, { audio: document.createElement("audio") });
  return box.innerText;
}"""


def test_nothing_is_promised_of_music_of_no_genre(chromium: Browser, base_url: str) -> None:
    page, problems = opened(chromium, base_url)
    told = page.evaluate(FOREIGN)
    assert "None of the ten." in told
    assert "Nine of ten." not in told
    assert "female voice\n" in told, "a kind that its word says already"
    assert "guitar instrument" in told
    page.emulate_media(media="print")
    words = page.locator(".listen-tags .listen-genre").first
    expect(words).to_be_visible()
    assert problems == []
    page.context.close()


def test_files_follow_each_other_and_never_mix(chromium: Browser, base_url: str) -> None:
    page, problems = opened(chromium, base_url, viewport=NARROW, color_scheme="dark")
    assert barriers(page) == []
    name, earlier = page.locator(".listen-name"), page.locator(".listen-earlier li")

    # An example, with its artist and licence beside it.
    example = page.locator(".audionome-examples li").first
    title = example.locator("strong").inner_text()
    expect(example.get_by_role("link")).to_have_attribute("href", re.compile("licen|deed"))
    example.get_by_role("button").click()
    answer_to(page, title)
    expect(page.locator(".listen-answer audio")).to_have_attribute("aria-label", f"Play {title}")

    # A new file replaces the one that is being heard, of which nothing is left.
    drop(page, ("long.wav", music(100)))
    expect(page.locator(".listen-title")).to_have_text("long.wav")
    drop(page, ("short.wav", music(4)))
    answer_to(page, "short.wav")
    expect(earlier).to_have_count(1)
    page.wait_for_timeout(1500)
    expect(name).to_have_text("short.wav")
    expect(earlier.first).to_contain_text(title)

    # Work can be cancelled; what was there comes back.
    drop(page, ("long.wav", music(100)))
    expect(page.locator(".listen-shown")).to_be_hidden()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".listen-shown")).to_be_visible()
    expect(name).to_have_text("short.wav")
    expect(page.locator(".listen-says")).to_have_text("Cancelled.")

    # Several at once: each is heard, and what cannot be heard is told.
    drop(page, ("one.wav", music(3.2)), ("notes.txt", b"no music"), ("two.wav", music(3.5)))
    expect(page.locator(".listen-problem")).to_contain_text("2 of 3 files heard. notes.txt is not")
    expect(name).to_have_text("one.wav")
    expect(earlier).to_have_count(3)
    assert earlier.locator("span").all_inner_texts() == ["two.wav", "short.wav", title]

    # An earlier answer can be opened again.
    earlier.filter(has_text=title).get_by_role("button").click()
    answer_to(page, title)
    page.get_by_role("button", name="Forget these answers").click()
    expect(page.locator(".listen-earlier")).to_be_hidden()
    assert not page.evaluate(NOT_FITTING), "the page scrolls sideways"
    assert problems == []
    page.context.close()


REFUSED = {
    "nothing.mp3": (b"", "nothing.mp3 is empty (0 bytes)"),
    "letter.pdf": (b"%PDF-1.7" + bytes(200), "is a PDF document, not a sound file"),
    "cover.mp3": (b"\x89PNG\r\n\x1a\n" + bytes(200), "is a picture, not a sound file"),
    "readme": (b"just some words", "is not a sound file that can be read"),
    "old.wma": (b"0&\xb2u\x8ef\xcf\x11" + bytes(300), "a Windows Media file, which this browser"),
    "studio.aif": (b"FORM\0\0\1\0AIFF" + bytes(300), "an AIFF file, which this browser"),
    "song.mid": (b"MThd\0\0\0\6" + bytes(60), "holds notes and no sound"),
    "broken.mp3": (b"ID3\4\0\0\0\0\0\0" + bytes(50), "damaged or incomplete"),
    "tagged.flac": (b"ID3\3\0\0\0\0\2\0" + bytes(256) + b"fLaC" + bytes(90), "like a FLAC file"),
    "lies.mp3": (b"ID3\3\0\0\x7f\x7f\x7f\x7f" + bytes(90), "looks like an MP3 file"),
    "film.mp4": (b"\0\0\0\x18ftypmp42" + bytes(60), "it is damaged or incomplete, has no sound"),
    "blip.wav": (music(1), "at least 3 s are needed"),
    "hush.wav": (wav(np.zeros(64_000)), "hush.wav is silent"),
    "lecture.flac": (wav(np.zeros(16_000 * 1_900), "FLAC"), "the page hears up to 30 minutes"),
}


def test_every_refusal_is_a_plain_sentence(chromium: Browser, base_url: str) -> None:
    page, problems = opened(chromium, base_url)
    said = page.locator(".listen-problem")
    for name, (content, sentence) in REFUSED.items():
        choose(page, given(name, content))
        expect(said).to_contain_text(sentence)
        text = said.inner_text()
        assert name in text
        assert text.endswith(".")
        expect(page.locator(".listen-work")).to_be_hidden()
    drop(page, what="folder")
    expect(said).to_contain_text("Music is a folder.")
    drop(page, what="link")
    expect(said).to_contain_text("not a file")
    drop(page, *[(f"{k}.txt", b"") for k in range(21)])
    expect(said).to_contain_text("That is more than 20 files.")
    assert barriers(page) == []
    assert problems == []
    page.context.close()


def without(page: Page, script: str) -> None:
    page.add_init_script(script)
    page.reload(wait_until="networkidle")


def test_what_a_browser_or_a_connection_lacks_is_said(chromium: Browser, base_url: str) -> None:
    page, problems = opened(chromium, base_url)
    said = page.locator(".listen-problem")
    song = given("song.wav", music(3.2))
    earlier = page.locator(".listen-earlier li span")

    # As in an older Safari, without a part of the model; once it is there, the same file is heard.
    without(page, "delete AbortSignal.prototype.throwIfAborted;")
    page.route("**/head.onnx*", lambda route: route.fulfill(status=503))
    choose(page, song)
    expect(said).to_contain_text("Check the connection and try again.")
    # It ends a batch at once, and is said once.
    choose(page, song, given("two.wav", music(3.3)), given("three.wav", music(3.4)))
    expect(said).to_have_text(
        re.compile(r"^0 of 3 files heard\. A part of the model [^.]*\. Check [^.]*\.$")
    )
    page.unroute("**/head.onnx*")
    again = page.get_by_role("button", name="Try again")
    again.click()
    answer_to(page, "song.wav")
    expect(page.locator(".listen-says")).to_have_text("3 of 3 files heard.")
    assert earlier.all_inner_texts() == ["three.wav", "two.wav"]

    # One file of two fails: only that one is tried again.
    page.evaluate("""() => {
      const { decode, Problem } = Audionome;
      Audionome.decode = () => {
        Audionome.decode = decode;
        return Promise.reject(new Problem("It failed once.", "failed"));
      };
    }""")
    choose(page, given("four.wav", music(3.5)), given("five.wav", music(3.6)))
    expect(said).to_have_text("1 of 2 files heard. It failed once.")
    again.click()
    answer_to(page, "four.wav")
    assert earlier.all_inner_texts() == ["five.wav", "three.wav", "two.wav", "song.wav"]
    expect(again).to_be_hidden()

    # The same for an example, while the answer before it falls silent.
    page.route("**/*.mp3", lambda route: route.abort())
    page.evaluate("document.querySelector('.listen-answer audio').play()")
    example = page.locator(".audionome-examples li").first
    title = example.locator("strong").inner_text()
    example.get_by_role("button").click()
    expect(said).to_have_text(f"{title} could not be fetched. Check the connection and try again.")
    assert page.evaluate("document.querySelector('.listen-answer audio').paused")
    page.unroute("**/*.mp3")
    again.click()
    answer_to(page, title)

    without(page, "OfflineAudioContext.prototype.decodeAudioData = () => {"
            " throw new RangeError('Array buffer allocation failed'); };")  # fmt: skip
    choose(page, song)
    expect(said).to_contain_text("too little free memory")

    without(page, "delete window.WebAssembly;")
    choose(page, song, given("two.wav", music(3.3)))
    expect(said).to_have_text(
        re.compile("^0 of 2 files heard. This browser [^.]*lacks WebAssembly")
    )
    assert said.inner_text().count("WebAssembly") == 1
    expect(again).to_be_hidden()
    assert [p for p in problems if "503" not in p and "net::ERR_FAILED" not in p] == []

    # A script that does not come leaves a sentence, not a blank box.
    page.route("**/intake.js*", lambda route: route.abort())
    page.reload(wait_until="networkidle")
    expect(page.locator(".audionome-try")).to_contain_text("did not load. Reload the page")
    expect(page.locator(".audionome-try a").first).to_be_visible()
    page.context.close()


def test_without_javascript_the_panel_is_a_text_with_recordings(
    chromium: Browser, base_url: str
) -> None:
    page, _ = page_with_watch(chromium, base_url, java_script_enabled=False)
    page.goto(TRY)
    panel = page.locator(".audionome-try")
    expect(panel).to_contain_text("needs JavaScript")
    sound = panel.locator("li a").first
    expect(sound).to_be_visible()
    assert page.request.get(sound.evaluate("a => a.href")).ok
    page.context.close()


def test_a_recording_is_heard_or_thrown_away(chromium: Browser, base_url: str) -> None:
    page, problems = opened(chromium, base_url, permissions=["microphone"])
    begin = page.get_by_role("button", name="Record with the microphone")
    stop = page.get_by_role("button", name="Stop and name the genre")
    count = page.locator(".listen-count")

    begin.click()
    expect(stop).to_be_enabled()
    stop.click()
    expect(page.locator(".listen-problem")).to_contain_text("record at least 3 s")
    expect(begin).to_be_focused()

    begin.click()
    expect(count).to_have_text(re.compile(r"Recording: 0:0[1-9]. It stops by itself in 2\d s."))
    page.get_by_role("button", name="Throw it away").click()
    expect(begin).to_be_visible()
    expect(page.locator(".listen-says")).to_have_text("The recording was thrown away.")

    begin.click()
    expect(count).to_have_text(re.compile("Recording: 0:04"))
    assert page.evaluate("document.querySelector('.listen-recorder meter').value") > 0
    assert barriers(page) == []
    stop.click()
    answer_to(page, "Recording 1")
    length = page.evaluate(
        "new Promise((resolve) => { const audio = document.querySelector('.listen-answer audio');"
        " const tell = () => resolve(audio.duration);"
        " audio.readyState ? tell() : (audio.onloadedmetadata = tell); })"
    )
    assert 3 <= length <= 10

    # A file that comes while the microphone listens takes its place.
    begin.click()
    expect(stop).to_be_enabled()
    drop(page, ("song.wav", music(3.2)))
    answer_to(page, "song.wav")
    expect(begin).to_be_visible()
    expect(page.locator(".listen-earlier li span")).to_have_text(["Recording 1"])
    assert problems == []
    page.context.close()


def test_a_refused_microphone_is_told(chromium: Browser, base_url: str) -> None:
    page, problems = opened(chromium, base_url)
    page.get_by_role("button", name="Record with the microphone").click()
    said = page.locator(".listen-problem")
    expect(said).to_contain_text(re.compile("microphone", re.IGNORECASE))
    assert said.inner_text().endswith(".")
    assert problems == []
    page.context.close()
