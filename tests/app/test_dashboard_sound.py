"""The player and the comparison, on the real page: every sound that is answered can be heard."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

import audionome
from audionome._words import genre_name, likelihood
from audionome.app import payload

pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")

from browser import barriers
from voila_server import Visit, notebook, serve

RATE = 22_050
TONES = (300, 700, 1500, 3000)  # Hz, one for every window


def tones(windows: int = len(TONES)) -> np.ndarray:
    t = np.arange(3 * RATE) / RATE
    parts = [0.5 * np.sin(2 * np.pi * tone * t) for tone in TONES[:windows]]
    return np.concatenate(parts).astype(np.float32)


def written(path: Path, samples: np.ndarray, kind: str) -> Path:
    soundfile.write(path, samples, RATE, format=kind, subtype="PCM_16")
    return path


def wma(path: Path, samples: np.ndarray) -> Path:
    data = io.BytesIO()
    with av.open(data, "w", format="asf") as container:
        stream = container.add_stream("wmav2", rate=RATE, layout="mono")
        stream.bit_rate = 96_000
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    path.write_bytes(data.getvalue())
    return path


# Counts the sounds that the page holds, says what the player goes through, and presses Play as
# soon as a sound is being prepared.
WATCH = """() => {
    window.held = new Map();
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob) => {
        const url = createObjectURL.call(URL, window.spoil?.(blob) ?? blob);
        if (/audio|^$/.test(blob.type)) window.held.set(url, blob.type);
        return url;
    };
    URL.revokeObjectURL = (url) => {
        window.held.delete(url);
        revokeObjectURL.call(URL, url);
    };
    window.passed = [];
    new MutationObserver((changes) => {
        for (const { target: player } of changes) {
            if (!player.matches(".an-answer .an-player")) continue;
            const { state } = player.dataset;
            if (window.passed.at(-1) !== state) window.passed.push(state);
            if (state === "preparing" && window.eager) {
                window.eager = false;
                player.querySelector(".an-toggle").click();
                window.message = player.querySelector(".an-message").textContent;
            }
        }
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-state"] });
}"""
# Listens to what the audio element plays.
PITCH = """async () => {
    const audio = document.querySelector(".an-player audio");
    if (!window.analyser) {
        const context = new AudioContext();
        window.analyser = context.createAnalyser();
        window.analyser.fftSize = 8192;
        window.analyser.smoothingTimeConstant = 0;
        window.rate = context.sampleRate;
        context.createMediaElementSource(audio).connect(window.analyser).connect(context.destination);
    }
    const start = audio.currentTime;
    while (audio.currentTime < start + 0.7) await new Promise(requestAnimationFrame);
    const levels = new Float32Array(window.analyser.frequencyBinCount);
    window.analyser.getFloatFrequencyData(levels);
    return (levels.indexOf(Math.max(...levels)) * window.rate) / 8192;
}"""


def answered(visit: Visit, *paths: Path) -> None:
    visit.give(*paths)
    for path in paths:
        row = f'.an-session [data-state=done] :text-is("{path.name}")'
        alone = f'.an-answer .an-name:text-is("{path.name}")'
        visit.page.wait_for_selector(f"{row}, {alone}", state="attached")


def state(visit: Visit, wanted: str) -> None:
    visit.page.wait_for_selector(f".an-answer .an-player[data-state={wanted}]")


def audio(visit: Visit) -> dict[str, Any]:
    return visit.page.evaluate(
        """() => {
            const { duration, currentTime, paused, src } = document.querySelector("audio");
            return { duration, currentTime, paused, type: window.held.get(src) };
        }"""
    )


def test_what_the_browser_cannot_play_comes_from_the_server(
    browser: Any, server: str, tmp_path: Path
) -> None:
    visit = Visit(browser, server, viewport={"width": 1280, "height": 800})
    page = visit.page
    own = written(tmp_path / "own.wav", tones(), "WAV")
    aiff = written(tmp_path / "tones.aiff", tones(), "AIFF")
    cut = written(tmp_path / "cut.flac", np.tile(tones(), 3), "FLAC")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    page.evaluate(WATCH)

    # What it can play is not sent a second time.
    answered(visit, own)
    state(visit, "ready")
    assert audio(visit) == {"duration": 12, "currentTime": 0, "paused": True, "type": "audio/wav"}
    assert page.locator(".an-answer .an-player").bounding_box()["height"] <= 110

    # Who presses Play while the sound is prepared hears it as soon as it is there.
    page.evaluate("() => { window.passed = []; window.eager = true; }")
    answered(visit, aiff)
    state(visit, "ready")
    page.wait_for_function("() => !document.querySelector('audio').paused")
    assert page.evaluate("window.passed.slice(-3)") == ["preparing", "loading", "ready"]
    assert page.evaluate("window.message") == (
        "Preparing the sound… It plays as soon as it is there."
    )
    found = audio(visit)
    assert found["type"] == "audio/mpeg"
    assert found["duration"] == pytest.approx(12, abs=0.05)
    assert page.evaluate("window.held.size") == 1  # the sound before is let go
    assert page.inner_text(".an-toggle") == "Pause"
    page.click(".an-toggle")
    assert audio(visit)["paused"]

    # Keys move from window to window, in silence; the sound there is that of the time line.
    page.focus(".an-windows")
    for k, key in ((1, "ArrowRight"), (2, "ArrowRight"), (1, "ArrowLeft"), (3, "End"), (0, "Home")):
        page.keyboard.press(key)
        assert audio(visit)["currentTime"] == pytest.approx(3 * k, abs=0.01)
        words = f"0:{3 * k:02d} to 0:{3 * k + 3:02d}"
        assert words in page.inner_text(".an-here")
        assert words in page.get_attribute(".an-windows", "aria-valuetext")
        assert audio(visit)["paused"]
        page.keyboard.press("Space")
        assert page.evaluate(PITCH) == pytest.approx(TONES[k], rel=0.03)
        page.keyboard.press("Space")
        assert audio(visit)["paused"]
        page.keyboard.press("ArrowLeft")  # back to where this window begins
    # Enter plays one window, and it stops by itself.
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 8.9")
    page.wait_for_function("() => document.querySelector('audio').paused")
    assert 8.9 < audio(visit)["currentTime"] < 9
    assert "0:06 to 0:09" in page.inner_text(".an-here")
    # A click goes there and plays on; a drag as well, where it ends.
    box = page.locator(".an-windows").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.click(box["x"] + 0.3 * box["width"], middle)
    page.wait_for_function("() => document.querySelector('audio').currentTime > 3.7")
    assert audio(visit)["currentTime"] < 5.5
    page.mouse.move(box["x"] + 0.1 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=4)
    assert "0:09 to 0:12" in page.inner_text(".an-here")
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 9.7")
    assert not audio(visit)["paused"]
    assert "0:09 / 0:12" in page.inner_text(".an-controls")

    # Of a damaged file it is what was heard, and as long.
    answered(visit, cut)
    state(visit, "ready")
    heard = audionome.classify(cut).duration
    assert heard < 30
    assert audio(visit)["type"] == "audio/mpeg"
    assert audio(visit)["duration"] == pytest.approx(heard, abs=0.05)
    assert audio(visit)["paused"]  # another answer begins in silence

    # Where that fails as well, one sentence says so, and it can be tried again.
    song = wma(tmp_path / "song.wma", tones(2))
    page.evaluate(
        """() => {
            window.spoil = (blob) => blob.type === "audio/mpeg" ? new Blob(["no sound"]) : blob;
        }"""
    )
    answered(visit, song)
    state(visit, "failed")
    assert page.inner_text(".an-message") == (
        "The sound cannot be played in this browser. The answer is not affected."
    )
    assert not page.is_visible(".an-toggle")
    assert barriers(page) == []
    page.evaluate("() => { window.spoil = null; }")
    page.click("text=Try again")
    state(visit, "ready")
    assert not page.is_visible(".an-message")

    # After a reload the sound is gone; the time line is there, and the file can be chosen again.
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.wait_for_selector(f'.an-name:text-is("{song.name}")')
    state(visit, "missing")
    assert "Choose the file again to hear it" in page.inner_text(".an-message")
    assert "0:00 to 0:03" in page.inner_text(".an-here")
    assert page.locator(".an-answer .an-player").bounding_box()["height"] <= 150
    assert barriers(page) == []
    with page.expect_file_chooser() as chooser:
        page.click(".an-trouble button:has-text('Choose the file')")
    chooser.value.set_files(own)
    assert "“own.wav” is another file" in page.inner_text(".an-message")
    with page.expect_file_chooser() as chooser:
        page.click(".an-trouble button:has-text('Choose the file')")
    chooser.value.set_files(song)
    state(visit, "ready")
    assert page.locator(".an-answer .an-player").bounding_box()["height"] <= 132
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visit.problems == []
    visit.close()


# The first sound is lost on its way, as by a connection that breaks.
LOSSY = """\
class Lossy(d.Dashboard):
    lost = False
    def send(self, content, buffers=None):
        if content["type"] == "decoded" and not self.lost:
            self.lost = True
        else:
            super().send(content, buffers)
Lossy()"""


def test_a_sound_lost_on_the_way_comes_again(browser: Any, tmp_path: Path) -> None:
    aiff = written(tmp_path / "tones.aiff", tones(2), "AIFF")
    cell = notebook(tmp_path / "page.ipynb", "import audionome.app.widget as d", LOSSY)
    with serve(tmp_path, cell) as server:
        visit = Visit(browser, server.url)
        visit.page.evaluate(WATCH)
        answered(visit, aiff)
        state(visit, "ready")
        assert audio(visit)["type"] == "audio/mpeg"
        assert visit.problems == []
        visit.close()


def test_two_answers_are_compared_without_a_server(
    browser: Any, server: str, clips: list[Path], tmp_path: Path
) -> None:
    visit = Visit(browser, server, viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = visit.page
    names = ["<img src=x onerror=alert(1)>.ogg", "other.ogg"]
    paths = [tmp_path / name for name in names]
    for path, clip in zip(paths, clips, strict=False):
        path.write_bytes(clip.read_bytes())
    answered(visit, *paths)
    answers = [payload.answer_payload(audionome.classify(path)) for path in paths]
    for name in names:
        page.get_by_label(f"Compare {name}", exact=True).check()
    page.context.set_offline(True)
    page.click(".an-session button:has-text('Compare')")
    page.wait_for_selector(".an-compare .an-difference")
    assert not page.is_visible(".an-answer")
    assert page.evaluate("document.activeElement.textContent") == "Two answers compared"
    sides = page.locator(".an-compare .an-sides > section")
    for k, answer in enumerate(answers):
        assert sides.nth(k).locator("bdi").inner_text() == names[k]
        assert sides.nth(k).locator(".an-genre").inner_text() == answer["card"]["headline"]
        tempo, length = (words for _, words in answer["card"]["facts"][:2])
        assert sides.nth(k).locator(".an-help").first.inner_text() == f"{tempo}, {length}"
        tags = [tag["name"] for tag in answer["card"]["hears"]]
        assert sides.nth(k).locator(".an-tag").all_text_contents() == tags

    # The difference, in the table and in the drawing, the largest first.
    page.click(".an-compare summary")
    page.locator(".an-compare tbody tr").first.wait_for()  # written once the table is open
    rows = [
        row.locator("td").all_text_contents() for row in page.locator(".an-compare tbody tr").all()
    ]
    one, other = (answer["row"]["probabilities"] for answer in answers)
    points = {genre_name(g): round(100 * (one[g] - other[g])) for g in one}
    assert [abs(points[row[0]]) for row in rows] == sorted(map(abs, points.values()))[::-1]
    for name, *texts, difference in rows:
        genre = next(g for g in one if genre_name(g) == name)
        assert texts == [likelihood(one[genre]), likelihood(other[genre])]
        side = "A" if points[name] > 0 else "B"
        assert difference == (f"{side} +{abs(points[name])}" if points[name] else "under 1")
    first = rows[0]
    assert f"furthest apart on {first[0]}: {first[1]} for A and {first[2]} for B" in (
        page.inner_text(".an-compare .an-sentence")
    )
    drawing = page.locator(".an-compare [role=img]")
    words = page.inner_text(".an-compare figcaption")
    assert f"Largest: {first[0]}, {first[3]};" in words
    assert drawing.get_attribute("aria-label") == "Where they differ"
    assert page.locator(".an-compare summary").all_text_contents() == [
        "The numbers as a table: Where they differ"
    ]
    bars = drawing.locator(".an-difference").first.locator(".an-room span")
    widths = [bar.bounding_box()["width"] for bar in bars.all()]
    genre = next(g for g in one if genre_name(g) == first[0])
    assert (widths[0] > widths[1]) == (one[genre] > other[genre])
    # The two sides are told apart without their colours.
    looks = page.evaluate(
        """() => ["a", "b"].map((side) =>
            getComputedStyle(document.querySelector(`.an-bar-${side}`)).backgroundImage)"""
    )
    assert looks[0] == "none"
    assert "gradient" in looks[1]

    # Two players, of which one sounds; a tag plays where it is heard most.
    for k in (0, 1):
        page.wait_for_selector(f".an-sides section:nth-child({k + 1}) [data-state=ready]")
    sides.nth(0).locator(".an-toggle").click()
    paused = "() => [...document.querySelectorAll('.an-compare audio')].map((a) => a.paused).join()"
    page.wait_for_function(f"{paused} === 'false,true'".replace("() => ", "() => (", 1) + ")")
    tag = answers[1]["card"]["hears"][0]
    sides.nth(1).locator(".an-tag").first.click()
    page.wait_for_function(f"{paused} === 'true,false'".replace("() => ", "() => (", 1) + ")")
    at = page.evaluate("() => document.querySelectorAll('.an-compare audio')[1].currentTime")
    assert tag["at"] <= at < tag["at"] + 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert barriers(page) == []

    page.click("text=Close the comparison")
    assert not page.is_visible(".an-compare")
    assert page.is_visible(".an-answer")
    assert page.evaluate("() => [...document.querySelectorAll('audio')].every((a) => a.paused)")
    page.context.set_offline(False)
    assert [p for p in visit.problems if "ERR_INTERNET_DISCONNECTED" not in p] == []
    visit.close()
