"""Live listening on the page: the microphone, the piece that plays, and the projector view.

Chromium's own test device stands for the microphone: it plays a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
import soxr
from browser import barriers, launch, page_with_watch
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
LISTEN = ROOT / "book" / "_static" / "listen"
PAGE = "book/try.html"
RATE = 16_000  # Hz, of the ear

#: Remembers what was opened, to tell whether it was given back.
WATCH = """
window.opened = { tracks: [], contexts: [] };
if (navigator.mediaDevices) {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    opened.wanted = wanted;
    opened.tracks.push(...stream.getTracks());
    return stream;
  };
}
const Context = window.AudioContext;
window.AudioContext = class extends Context {
  constructor(...given) {
    super(...given);
    opened.contexts.push(this);
  }
};
window.heard = [];
document.addEventListener("audionome-heard", (event) => heard.push(event.detail), true);
"""
#: The genres that show, the room between what scrolls and the buttons, and what is not seen of it.
LOW = """dialog => {
  const view = dialog.querySelector(".audionome-live-view");
  const foot = dialog.querySelector(".audionome-live-controls");
  const room = foot.getBoundingClientRect().top - view.getBoundingClientRect().bottom;
  const shown = [...dialog.querySelectorAll(".audionome-live-bars li")].filter(one =>
    one.checkVisibility());
  return [shown.length, room, view.scrollHeight - view.clientHeight];
}"""
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
TURN = """() => document.dispatchEvent(
  new CustomEvent("audionome-listening", { detail: "try" }))"""
SOUND = f"""async () => {{
  const {{ examples }} = await Audionome.card();
  const sound = document.createElement("audio");
  sound.id = "other";
  sound.src = new URL(examples[0].url, new URL("../_static/listen/", location.href));
  document.body.append(sound);
  await sound.play();
  ({TURN})();
}}"""
GIVEN_BACK = """() => opened.tracks.length > 0
  && opened.tracks.every(track => track.readyState === "ended")
  && opened.contexts.every(context => context.state === "closed")"""


@pytest.fixture(scope="module")
def music(clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of a recording, then silence: what the test device plays in a circle."""
    samples, rate = soundfile.read(clips[0], frames=5 * 44_100, dtype="float32", always_2d=True)
    path = tmp_path_factory.mktemp("live") / "music.wav"
    soundfile.write(path, np.pad(samples.mean(axis=1), (0, 30 * rate)), rate)
    return path


@pytest.fixture(scope="module")
def listening(music: Path) -> Iterator[Browser]:
    """A browser with a microphone that plays a file."""
    with sync_playwright() as playwright:
        browser = launch(
            playwright,
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={music}",
            # An address that is not of this computer, and so is no secure one.
            "--host-resolver-rules=MAP elsewhere.test 127.0.0.1",
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, base_url: str, script: str = WATCH, **kwargs: Any) -> Iterator[Page]:
    """The page of live listening, which must come through without a problem."""
    page, problems = page_with_watch(browser, base_url, **kwargs)
    page.add_init_script(script)
    page.goto(PAGE)
    yield page
    assert problems == []
    page.context.close()


def named(page: Page, name: str) -> Locator:
    """A button of live listening by its words."""
    return page.locator(".audionome-live").get_by_role("button", name=name)


# -- the sample rate ----------------------------------------------------------------------

#: Pushes samples through in blocks of odd sizes.
RESAMPLE = """([text, rate, wanted]) => {
  const samples = JSON.parse(text);
  const resampler = Audionome.resampler(rate, wanted);
  const parts = [];
  for (let at = 0, size = 1; at < samples.length; at += size, size = (size * 7) % 1009) {
    parts.push(...resampler.push(Float32Array.from(samples.slice(at, at + size))));
  }
  return JSON.stringify([...parts, ...resampler.flush()]);
}"""


def resampled(page: Page, samples: np.ndarray, rate: int) -> np.ndarray:
    """What the page makes of samples at the rate of the ear."""
    sent = json.dumps(samples.round(9).tolist())  # as text, which is faster than as numbers
    return np.array(json.loads(page.evaluate(RESAMPLE, [sent, rate, RATE])))


def decibels(power: float) -> float:
    """A ratio of powers in decibels."""
    return float(10 * np.log10(power + 1e-20))


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 22_050, 8_000])
def test_a_resampled_stream_is_what_soxr_makes_of_it(listening: Browser, rate: int) -> None:
    page = listening.new_page()
    page.add_script_tag(path=LISTEN / "resample.js")
    t = np.arange(rate) / rate
    half = min(rate, RATE) / 2
    passed = [0.01 * half, 0.1 * half, 0.5 * half, 0.87 * half]
    tones = np.sum([np.sin(2 * np.pi * f * t + f) for f in passed], axis=0) / 5
    through = resampled(page, tones, rate)
    reference = soxr.resample(tones, rate, RATE, quality="VHQ")
    assert abs(len(through) - RATE) <= 1
    middle = slice(1000, 15_000)
    # Flat, in time, and without delay: 0.1 dB would be -39 dB of difference.
    error = np.mean((through[middle] - reference[middle]) ** 2) / np.mean(reference[middle] ** 2)
    assert decibels(error) < -60
    above = [f for f in (1.02 * half, 1.3 * half, 0.49 * rate) if half < f < rate / 2]
    for f in above:  # would fold back
        tone = np.sin(2 * np.pi * f * t)
        left = resampled(page, tone, rate)
        assert decibels(np.mean(left[middle] ** 2) / 0.5) < -60, f
    page.close()


# -- the answer ---------------------------------------------------------------------------

#: Follows 33 s of two pieces, and asks for the answer about the last 30 of them at once.
FOLLOW = """async (names) => {
  const engine = await Audionome.load();
  const card = await Audionome.card();
  const rate = card.sample_rate;
  const parts = await Promise.all(names.map(async (name) => {
    const url = new URL(name, new URL("../_static/examples/", location.href));
    return Audionome.decode(await (await fetch(url)).blob(), { name });
  }));
  const music = new Float32Array(33 * rate);
  music.set(parts[0].subarray(0, 20 * rate));
  music.set(parts[1].subarray(0, 13 * rate), 20 * rate);
  const ear = Audionome.follow(engine, { card });
  const steps = [];
  for (const end of [3, 4, 6, 9, 12, 15, 16, 18, 21, 24, 27, 30, 33]) {
    steps.push(await ear.step(end, music.slice((end - 3) * rate, end * rate)));
  }
  const whole = await engine.classify(music.slice(3 * rate));
  // Two at once: the second comes late.
  const late = music.slice(0, 3 * rate);
  const [, skipped] = await Promise.all([ear.step(34, late), ear.step(35, late)]);
  const quiet = await ear.step(37, new Float32Array(3 * rate));
  const seconds = steps.map((step) => step.took).sort((a, b) => a - b);
  return { last: steps.at(-1), first: steps[0], fifth: steps[5], whole, skipped, quiet };
}"""


def test_the_live_answer_is_that_about_the_last_half_minute(
    listening: Browser, base_url: str, clips: list[Path]
) -> None:
    with opened(listening, base_url) as page:
        found = page.evaluate(FOLLOW, [f"{clip.stem}.mp3" for clip in clips[1:3]])
    last, whole = found["last"], found["whole"]
    # Windows that end in between are of other answers.
    assert last["ends"] == [6, 9, 12, 15, 18, 21, 24, 27, 30, 33]
    live = last["answer"]
    assert live["probabilities"] == pytest.approx(whole["probabilities"], abs=1e-6)
    assert live["prediction_set"] == whole["prediction_set"]
    assert live["headline"] == whole["headline"]
    assert [t["name"] for t in live["tags"]] == [t["name"] for t in whole["tags"]]
    assert [w["end"] for w in live["windows"]] == last["ends"]
    assert found["first"]["ends"] == [3]
    assert found["fifth"]["ends"] == [3, 6, 9, 12, 15]
    assert found["skipped"] is None
    assert found["quiet"]["quiet"]
    assert 37 not in found["quiet"]["ends"]
    assert found["quiet"]["ends"][-1] == 34


# -- the page -----------------------------------------------------------------------------


def answered(page: Page, more: int = 1, timeout: float = 30_000) -> dict[str, Any]:
    """Wait for so many more steps with an answer, and return the last."""
    page.wait_for_function(
        "([n, more]) => heard.slice(n).filter(one => one.answer).length >= more",
        arg=[page.evaluate("heard.length"), more],
        timeout=timeout,
    )
    return page.evaluate("heard.filter(one => one.answer).at(-1)")


#: The words on the page are those of the last step.
TOLD = """() => {
  const { answer } = heard.at(-1);
  const told = [...document.querySelectorAll(".audionome-live-tags li")]
    .filter((row) => row.checkVisibility() && row.textContent);
  return answer && answer.tags.slice(0, told.length || 5).every(
    ({ name }, i) => told[i]?.textContent.startsWith(name));
}"""


def test_the_microphone_is_heard_as_it_goes(listening: Browser, base_url: str) -> None:
    with opened(listening, base_url, permissions=["microphone"]) as page:
        live = page.locator(".audionome-live")
        expect(live).to_contain_text("Nothing leaves this page")
        assert page.evaluate("opened.contexts.length") == 0  # asks only on a click
        assert barriers(page) == []
        named(page, "Listen through the microphone").click()
        expect(named(page, "Stop listening")).to_be_focused()
        answered(page, 2)
        wanted = page.evaluate("opened.wanted.audio")
        assert set(wanted.values()) == {False}, "filters that help speech are off"
        assert len(wanted) == 3
        headline = live.locator(".audionome-live-headline").first
        expect(headline).to_have_text(re.compile(r"\w"))
        shares = live.locator(".audionome-live-bars").first.locator("li")
        assert shares.count() == 10
        page.wait_for_function(TOLD)
        assert barriers(page) == []
        # The file has 30 s of silence: it is said, and gives no row.
        expect(headline).to_have_text(re.compile("quiet|No sound"), timeout=20_000)
        quiet = page.evaluate("heard.at(-1)")
        assert quiet["quiet"]
        assert quiet["end"] not in quiet["ends"]
        # A hidden page does not listen.
        page.evaluate(HIDE, True)
        page.wait_for_function(GIVEN_BACK)
        expect(live).to_contain_text("stopped because this page was hidden")
        steps = page.evaluate("heard.length")
        page.evaluate(HIDE, False)
        page.wait_for_timeout(1500)
        assert page.evaluate("heard.length") == steps
        named(page, "Go on listening").click()
        page.wait_for_function("n => heard.length > n", arg=steps, timeout=20_000)
        # Another sound of the page, or a recording, has its turn; then it goes on.
        page.evaluate(SOUND)
        expect(live).to_contain_text("another sound plays here. The microphone is switched off.")
        page.wait_for_function(GIVEN_BACK)
        page.evaluate("() => document.getElementById('other').remove()")
        named(page, "Go on listening").click()
        expect(page.locator(".audionome-live meter")).to_be_visible(timeout=30_000)
        page.evaluate(TURN)
        expect(live).to_contain_text("records now. The microphone is switched off.")
        named(page, "Go on listening").click()
        named(page, "Stop listening").click()
        page.wait_for_function(GIVEN_BACK)
        expect(named(page, "Listen through the microphone")).to_be_focused()
        expect(live).to_contain_text("The microphone is switched off")
        # The trail stays, as a drawing, a sentence and a table.
        trail = live.locator(".audionome-live-trail").first
        expect(trail.locator("canvas")).to_have_attribute(
            "aria-label", re.compile("Share of each genre over the last .*likeliest genre was")
        )
        trail.locator("summary").click()
        expect(trail.locator("tbody tr").first).to_be_visible()


def test_a_piece_is_heard_as_it_plays(listening: Browser, base_url: str, music: Path) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    with opened(listening, base_url, **phone) as page:
        live = page.locator(".audionome-live")
        named(page, "Listen to a piece as it plays").click()
        expect(named(page, "Play it and listen")).to_be_enabled()
        names = live.locator("select option").all_text_contents()
        assert len(names) >= 5
        live.locator("select").select_option(index=1)
        named(page, "Play it and listen").click()
        step = answered(page, 2)
        audio = live.locator("audio")
        now = audio.evaluate("audio => audio.currentTime")
        assert 0 <= now - step["end"] < 2  # it hears what plays
        assert step["ends"][-1] == step["end"]
        expect(live).to_contain_text(f"Listening to {names[1]}")
        assert live.locator(".audionome-live-credit a").count() >= 1  # its licence
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert barriers(page) == []
        # Who skips begins anew; who pauses is not told more.
        audio.evaluate("audio => { audio.currentTime = 20; }")
        step = answered(page)
        assert step["ends"] == [step["end"]]
        assert step["end"] in {23, 24}
        audio.evaluate("audio => audio.pause()")
        expect(live).to_contain_text("The piece is paused")
        # Who reads the trail has its colours and names: the genres that had a tenth or more.
        heard = page.evaluate("heard.filter(one => one.answer).map(one => one.answer)")
        seen = {g for one in heard for g, share in one["probabilities"].items() if share >= 0.1}
        legend = live.locator(".audionome-live-legend").first.locator("li")
        keys = dict(page.evaluate("Audionome.card().then(c => c.genres.map(g => [g.name, g.key]))"))
        assert {keys[name] for name in legend.all_inner_texts()} == seen

        # The projector view: focus stays within and comes back.
        named(page, "Open the projector view").click()
        dialog = page.get_by_role("dialog", name="Projector view")
        expect(dialog).to_be_visible()
        leave = dialog.get_by_role("button", name="Leave the projector view")
        expect(leave).to_be_focused()
        size = dialog.locator(".audionome-live-headline").evaluate(
            "p => parseFloat(getComputedStyle(p).fontSize)"
        )
        assert size >= 32
        assert dialog.evaluate("d => d.scrollWidth <= innerWidth")
        assert barriers(page) == []
        # The player is behind it: it plays and pauses from here.
        go = dialog.get_by_role("button", name="Play")
        go.click()
        expect(dialog.get_by_role("button", name="Pause")).to_be_focused()
        answered(page)
        expect(dialog).to_contain_text("Listening to")
        # On a low screen the buttons lie over nothing, and the rest can be scrolled to.
        for width, height in [(1280, 720), (640, 450), (844, 390), (320, 256)]:
            page.set_viewport_size({"width": width, "height": height})
            shown, gap, rest = dialog.evaluate(LOW)
            assert gap >= 0, (width, height)
            assert rest == 0 or height < 300, (width, height, rest)
            assert dialog.evaluate("d => d.scrollWidth <= innerWidth")
            assert shown > 0
        page.set_viewport_size(phone["viewport"])
        expect(dialog.locator("figcaption")).to_be_visible()
        audio.evaluate("audio => { audio.currentTime = audio.duration - 0.2; }")
        expect(dialog).to_contain_text("The piece is over. Press play to go on.")
        go.click()
        expect(dialog.get_by_role("button", name="Pause")).to_be_focused()
        expect(dialog.locator(".audionome-live-status")).to_contain_text("Listening to")
        assert barriers(page) == []
        leave.focus()
        page.keyboard.press("Tab")
        expect(dialog.get_by_role("region")).to_be_focused()
        page.keyboard.press("Tab")
        expect(dialog.get_by_role("button", name="Pause")).to_be_focused()
        page.keyboard.press("Tab")
        expect(leave).to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(named(page, "Open the projector view")).to_be_focused()

        # A file of one's own, and one that is none.
        chooser = live.locator("input[type=file]")
        chooser.set_input_files(music)
        expect(live).to_contain_text("Listening to music.wav", timeout=20_000)
        answered(page)
        chooser.set_input_files(
            {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no music"}
        )
        status = live.locator(".audionome-live-status").first
        expect(status).to_contain_text("notes.txt", timeout=20_000)
        expect(status).not_to_contain_text("Reading", timeout=20_000)
        expect(status).to_contain_text("notes.txt")
        expect(named(page, "Listen to a piece as it plays")).to_be_visible()


#: A device that hears nothing in time, and how often the page says so.
SLOW = """() => {
  Audionome.follow = () => ({ step: async () => null, reset() {} });
  window.said = [];
  const words = document.querySelector(".audionome-live [role=status]");
  new MutationObserver(() => said.push(words.textContent)).observe(words, { childList: true });
}"""


def test_a_slow_device_is_told_once(listening: Browser, base_url: str) -> None:
    with opened(listening, base_url, permissions=["microphone"]) as page:
        page.evaluate(SLOW)
        named(page, "Listen through the microphone").click()
        status = page.locator(".audionome-live-status").first
        expect(status).to_contain_text("too slow", timeout=30_000)
        page.wait_for_timeout(2500)
        assert [words for words in page.evaluate("said") if "too slow" in words] == [
            status.inner_text()
        ]
        named(page, "Stop listening").click()


def refusal(browser: Browser, base_url: str, script: str = WATCH, **kwargs: Any) -> str:
    """What the page says when it may not have the microphone."""
    with opened(browser, base_url, script, **kwargs) as page:
        named(page, "Listen through the microphone").click()
        expect(named(page, "Listen through the microphone")).to_be_visible()
        status = page.locator(".audionome-live-status").first
        expect(status).to_have_text(re.compile(r"\.$"))
        expect(page.locator(".audionome-live [role=status]").first).to_have_text(
            status.inner_text()
        )
        return status.inner_text()


def test_a_microphone_that_is_refused_is_a_sentence(listening: Browser, base_url: str) -> None:
    said = refusal(listening, base_url)
    assert "did not allow the microphone" in said
    allowed = {"permissions": ["microphone"]}
    none = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', %r); };"
    for error, words in {
        "NotFoundError": "No microphone was found",
        "NotReadableError": "Another program may be using it",
        "StrangeError": "The microphone cannot be used",
    }.items():
        assert words in refusal(listening, base_url, WATCH + none % error, **allowed)
    old = WATCH + "delete window.AudioWorkletNode;"
    assert "Use a newer one" in refusal(listening, base_url, old, **allowed)
    port = urlsplit(base_url).port
    insecure = refusal(listening, f"http://elsewhere.test:{port}/")
    assert "https" in insecure


def test_a_microphone_that_is_taken_away_is_a_sentence(listening: Browser, base_url: str) -> None:
    with opened(listening, base_url, permissions=["microphone"]) as page:
        named(page, "Listen through the microphone").click()
        expect(page.locator(".audionome-live meter")).to_be_visible(timeout=30_000)
        page.evaluate("opened.tracks.forEach(track => track.dispatchEvent(new Event('ended')))")
        expect(page.locator(".audionome-live")).to_contain_text("The microphone is gone")
        page.wait_for_function(GIVEN_BACK)
        expect(named(page, "Listen through the microphone")).to_be_visible()
