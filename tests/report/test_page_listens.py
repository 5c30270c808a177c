"""The page hears as Python does: the same samples, and files as the browser decodes them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import soxr
from browser import page_with_watch
from playwright.sync_api import Browser, Page

import audionome
from audionome import audio
from audionome._paths import data_path
from audionome._words import likelihood
from audionome.audio.notes import clock
from audionome.datasets.recordings import recordings
from audionome.models.ear_classifier import EarClassifier
from audionome.models.prediction import Hearing, headline, nearest
from audionome.models.tags import foreign_style
from audionome.models.telling import hearing
from audionome.report import card

RATE = 16_000
SCRIPTS = ("words", "engine", "decode")


@pytest.fixture(scope="module")
def model() -> EarClassifier:
    found = audionome.load_classifier("ear")
    assert isinstance(found, EarClassifier)
    return found


@pytest.fixture(scope="module")
def listener(chromium: Browser, base_url: str) -> Iterator[Page]:
    """A page of the site under its policy, with the model loaded."""
    page, problems = page_with_watch(chromium, base_url)
    page.goto("search.html")
    for name in SCRIPTS:
        page.add_script_tag(url=f"_static/listen/{name}.js")
    page.evaluate("async () => { window.engine = await Audionome.load(); }")
    yield page
    assert not problems
    page.context.close()


FLOATS = "new Float32Array(Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)).buffer)"


def sent(samples: np.ndarray) -> str:
    return base64.b64encode(np.asarray(samples, "<f4").tobytes()).decode()


def heard(page: Page, samples: np.ndarray) -> dict[str, Any]:
    """The page's answer about samples, or what it says of them."""
    return page.evaluate(
        f"""async (bytes) => {{
          try {{
            return await engine.classify({FLOATS});
          }} catch (problem) {{
            return {{ problem: problem.message, kind: problem.kind }};
          }}
        }}""",
        sent(samples),
    )


def heard_file(page: Page, path: Path) -> dict[str, Any]:
    content = base64.b64encode(path.read_bytes()).decode()
    return page.evaluate(
        """async (bytes) => {
          const blob = new Blob([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))]);
          return engine.classify(await Audionome.decode(blob));
        }""",
        content,
    )


def made() -> dict[str, np.ndarray]:
    """Sounds with silence, rests, offsets and clicks in all places."""
    rng = np.random.default_rng(0)
    music = soxr.resample(audio.load(data_path("examples", "jazz.ogg")), audio.SAMPLE_RATE, RATE)
    quiet = np.zeros(2 * RATE, np.float32)
    return {
        "silence before, inside and behind": np.concatenate(
            [quiet, music[: 4 * RATE], quiet, music[4 * RATE : 6 * RATE], quiet]
        ),
        "a pause that belongs to it": np.concatenate(
            [music[: 2 * RATE], quiet[: RATE - 200], music[:40_001]]
        ),
        "a rest that counts": music[: round(3.8 * RATE)],
        "a rest that does not": music[: round(3.6 * RATE)],
        "one sample short": music[: 3 * RATE - 1],
        "an offset": music[: 3 * RATE] + np.float32(0.2),
        "two seconds in silence": np.concatenate([quiet, music[: 2 * RATE + 77], quiet]),
        "a click in silence": np.concatenate([quiet, music[: 3 * RATE], quiet, [0.9], quiet]),
        "noise": 0.1 * rng.normal(size=4 * RATE),
        "very soft": 2e-4 * music[: 3 * RATE],
        "too short": music[: 2 * RATE],
        "hardly any": np.concatenate([quiet, music[:RATE], quiet]),
        "silent": quiet.repeat(2),
        "none": quiet[:0],
        "not a number": np.full(4 * RATE, np.nan),
    }


def python(model: EarClassifier, samples: np.ndarray) -> Hearing | str:
    """Python's answer about samples, or what it says of them."""
    try:
        return model.classify_samples(samples)
    except audio.AudioError as error:
        return str(error)


def close(found: dict[str, Any], expected: Hearing, genres: tuple[str, ...]) -> None:
    """All that both sides say, within 1e-4."""
    for name in ("status", "genre", "coverage"):
        assert found[name] == getattr(expected, name), name
    assert found["headline"] == headline(expected.prediction_set)
    assert found["hearing"] == hearing(expected.prediction_set)
    assert found["nearest"] == nearest(expected.prediction_set, expected.probabilities)
    assert found["foreign"] == foreign_style(expected.tags, expected.prediction_set)
    assert abs(found["confidence"] - expected.confidence) < 1e-4
    assert list(expected.prediction_set) == found["prediction_set"]
    assert found["message"] == expected.message
    assert found["duration"] == pytest.approx(expected.duration)
    assert found["silence"] == pytest.approx(expected.silence, abs=1e-4)
    assert found["distance"] == pytest.approx(expected.distance, rel=1e-3)
    for genre in genres:
        assert abs(found["probabilities"][genre] - expected.probabilities[genre]) < 1e-4
    assert len(found["windows"]) == len(expected.windows)
    for one, other in zip(found["windows"], expected.windows, strict=True):
        assert (one["start"], one["end"]) == pytest.approx((other.start, other.end), abs=1e-4)
        for genre in genres:
            assert abs(one["probabilities"][genre] - other.probabilities[genre]) < 2e-4
    assert [tag["name"] for tag in found["tags"]] == [tag.name for tag in expected.tags]
    for one, other in zip(found["tags"], expected.tags, strict=True):
        assert one["kind"] == other.kind
        assert one["over_time"] == pytest.approx(list(other.over_time), abs=1e-4)


def test_the_same_samples_have_the_same_answer(listener: Page, model: EarClassifier) -> None:
    sounds = made() | {
        one.title: soxr.resample(audio.load(one.path), audio.SAMPLE_RATE, RATE)
        for one in recordings()[::2]
    }
    kinds = set()
    for name, samples in sounds.items():
        found, expected = heard(listener, samples), python(model, samples)
        if isinstance(expected, str):
            assert found["problem"] == expected, name
            kinds.add(found["kind"])
        else:
            assert "problem" not in found, (name, found)
            close(found, expected, model.genres)
            kinds.add(found["status"])
    assert kinds >= {"one", "few", "out-of-distribution", "short", "silent", "empty", "other"}


def test_files_that_the_browser_decodes(listener: Page, model: EarClassifier) -> None:
    differences, others = [], []
    for one in recordings():
        found, expected = heard_file(listener, one.path), model.classify(one.path)
        differences.append(
            max(abs(found["probabilities"][g] - expected.probabilities[g]) for g in model.genres)
        )
        if found["genre"] != expected.genre:
            others.append(one.title)
    assert len(others) <= 1
    assert median(differences) <= 0.02
    assert max(differences) <= 0.05


def test_channels_that_cancel_each_other_out(listener: Page, tmp_path: Path) -> None:
    """The mix is Python's, and so is its sentence."""
    tone = 0.6 * np.sin(2 * np.pi * 300 * np.arange(4 * 44_100) / 44_100)
    path = tmp_path / "inverted.wav"
    sf.write(path, np.stack([tone, -tone], axis=1), 44_100)
    stream = audio.WindowStream(path)
    expected = np.concatenate(list(stream.blocks()))
    found = listener.evaluate(
        """async (bytes) => {
          const blob = new Blob([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))]);
          const samples = await Audionome.decode(blob);
          return { loudest: Math.max(...samples.subarray(1000, 60000)), notes: samples.notes };
        }""",
        base64.b64encode(path.read_bytes()).decode(),
    )
    assert found["loudest"] == pytest.approx(0.6, abs=1e-3)
    assert np.abs(expected[1000:-1000]).max() == pytest.approx(0.6, abs=1e-3)
    assert found["notes"] == [note.text for note in stream.notes]


def test_windows_one_by_one_give_the_answer_of_the_whole(listener: Page) -> None:
    music = soxr.resample(audio.load(data_path("examples", "rock.ogg")), audio.SAMPLE_RATE, RATE)
    samples = np.asarray(music[: 6 * RATE], np.float32)
    whole, parts, silent = listener.evaluate(
        f"""async (bytes) => {{
          const samples = {FLOATS};
          const size = engine.card.window;
          const whole = await engine.classify(samples);
          const rows = [];
          for (let at = 0; at + size <= samples.length; at += size) {{
            rows.push(await engine.hear(samples.slice(at, at + size)));
          }}
          const silent = await engine.hear(new Float32Array(size));
          return [whole, await engine.answer(rows, {{}}), silent];
        }}""",
        sent(samples),
    )
    assert silent is None
    for genre, p in whole["probabilities"].items():
        assert parts["probabilities"][genre] == pytest.approx(p, abs=1e-3)
    assert [tag["name"] for tag in parts["tags"]] == [tag["name"] for tag in whole["tags"]]


def test_work_can_be_cancelled_and_its_progress_seen(listener: Page) -> None:
    shares, cancelled, after = listener.evaluate(
        """async () => {
          const noise = Float32Array.from({ length: 12 * 16000 }, () => Math.random() - 0.5);
          const shares = [];
          await engine.classify(noise, { progress: (share) => shares.push(share) });
          const stop = new AbortController();
          const work = engine.classify(noise, { signal: stop.signal });
          stop.abort();
          const cancelled = await work.catch((error) => error.name);
          const after = await engine.classify(noise.subarray(0, 48000));
          return [shares, cancelled, after.status];
        }"""
    )
    assert shares == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert cancelled == "AbortError"
    assert after == "out-of-distribution"


def test_numbers_are_written_as_in_python(listener: Page) -> None:
    shares = [0, 0.0004, 0.0006, 0.094, 0.0951, 0.5, 0.986, 0.991, 0.9996]
    found = listener.evaluate("(shares) => shares.map(Audionome.likelihood)", shares)
    assert found == [likelihood(share) for share in shares]
    times = [0, 4.04, 59.94, 59.96, 61, 3599.7, 7325]
    assert listener.evaluate("(times) => times.map(Audionome.clock)", times) == [
        clock(time) for time in times
    ]


# -- what cannot be done, in sentences ---------------------------------------------------------


def refusal(page: Page, script: str, *, before: str = "") -> dict[str, str]:
    page.goto("search.html")
    if before:
        page.evaluate(before)
    for name in SCRIPTS:
        page.add_script_tag(url=f"_static/listen/{name}.js")
    return page.evaluate(
        f"""async () => {{
          try {{
            await ({script});
            return {{}};
          }} catch (problem) {{
            return {{ is: problem.name, kind: problem.kind, text: problem.message }};
          }}
        }}"""
    )


def test_refusals_are_sentences(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    found = {
        "wasm": refusal(page, "Audionome.load()", before="() => { delete window.WebAssembly; }"),
        "decode": refusal(page, "Audionome.decode(new Blob(['no sound']), { name: '\"a.txt\"' })"),
        "empty": refusal(page, "Audionome.decode(new Blob([]), { name: '\"a.mp3\"' })"),
    }
    for kind, said in found.items():
        assert (said["is"], said["kind"]) == ("Problem", kind)
        assert said["text"].endswith(".")
    assert '"a.txt"' in found["decode"]["text"]
    assert not problems
    # A part that does not come is no end: the next click asks again.
    page.route("**/musicnn.onnx*", lambda route: route.abort())
    said = refusal(page, "Audionome.load()")
    assert (said["kind"], "try again" in said["text"]) == ("network", True)
    page.unroute("**/musicnn.onnx*")
    # Nor is something else that comes instead, nor a script that the worker does not get.
    for name in ("head.onnx", "worker.js", "ort-wasm.js"):
        page.route(f"**/{name}*", lambda route: route.fulfill(body="<html>Please log in</html>"))
        said = refusal(page, "Audionome.load()")
        assert (said["kind"], "try again" in said["text"]) == ("network", True), name
        page.unroute(f"**/{name}*")
    assert page.evaluate("async () => (await Audionome.load()).card.model") == "ear"
    page.context.close()


def test_a_runtime_that_failed_is_begun_anew(listener: Page) -> None:
    """Out of memory, say: the sentence is no program's, and the next try works."""
    said, after = listener.evaluate(
        """async () => {
          const broken = engine.card.window - 1; // the graph refuses it
          const said = await engine.answer([new Float32Array(broken)], {}).catch((p) => p);
          window.engine = await Audionome.load();
          const noise = Float32Array.from({ length: 48000 }, () => Math.random() - 0.5);
          return [[said.name, said.kind, said.message], (await engine.classify(noise)).status];
        }"""
    )
    assert said[:2] == ["Problem", "failed"]
    assert "Float" not in said[2]
    assert after == "out-of-distribution"


def test_live_listening_does_not_wait_for_a_song(listener: Page) -> None:
    first = listener.evaluate(
        """async () => {
          const noise = Float32Array.from({ length: 30 * 16000 }, () => Math.random() - 0.5);
          const song = engine.classify(noise).then(() => "song");
          const window = engine.hear(noise.slice(0, 48000)).then(() => "window");
          const first = await Promise.race([song, window]);
          await song;
          return first;
        }"""
    )
    assert first == "window"


@pytest.mark.parametrize("form", ["cut.flac", "lying.mp3"])
def test_what_a_header_states_wrongly(listener: Page, tmp_path: Path, form: str) -> None:
    """Half a file is told; a length that no file of that size has is not believed."""
    samples = audio.load(data_path("examples", "rock.ogg"))
    path = tmp_path / form
    if form == "cut.flac":
        sf.write(path, samples, audio.SAMPLE_RATE)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        sf.write(path, samples, audio.SAMPLE_RATE, format="MP3")
        content = bytearray(path.read_bytes())
        tag = max(content.find(b"Xing"), content.find(b"Info"))
        content[tag + 8 : tag + 12] = (2**31 - 1).to_bytes(4, "big")
        path.write_bytes(bytes(content))
    found = heard_file(listener, path)
    if form == "cut.flac":
        (note,) = found["notes"]
        assert re.match(r"Answered from the first \d+\.\d s: this browser decoded no more", note)
        assert found["duration"] < samples.size / audio.SAMPLE_RATE - 1
    else:
        assert found["notes"] == []
        assert found["duration"] == pytest.approx(samples.size / audio.SAMPLE_RATE, abs=0.2)


def test_opened_as_a_file_the_page_says_why_not(chromium: Browser, site: Path) -> None:
    page = chromium.new_page()
    page.goto((site / "search.html").as_uri())
    for name in SCRIPTS:
        page.add_script_tag(url=(site / "_static" / "listen" / f"{name}.js").as_uri())
    said = page.evaluate("() => Audionome.load().catch((problem) => problem.message)")
    assert "make serve" in said
    page.close()


# -- what the build writes -----------------------------------------------------------------------


def test_the_card_is_of_the_files_beside_it(site: Path) -> None:
    folder = site / "_static" / "listen"
    written = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    for name, about in written["files"].items():
        content = (folder / name).read_bytes()
        assert len(content) == about["bytes"], name
        assert hashlib.sha256(content).hexdigest() == about["sha256"], name
    network = (folder / card.NETWORK).read_bytes()
    assert network == data_path("models", card.NETWORK).read_bytes()
    names = {path.name for path in folder.iterdir()}
    assert {"musicnn.LICENSE.txt", "runtime.LICENSE.txt"} <= names


def test_the_filter_is_that_of_the_resampler() -> None:
    """Halved by it, noise is what soxr makes of it."""
    taps = np.array(card.lowpass())
    noise = np.random.default_rng(0).normal(size=20_000)
    whole = np.convolve(noise, np.concatenate([taps[:0:-1], taps]), mode="same")[::2]
    expected = soxr.resample(noise, 2, 1)
    np.testing.assert_allclose(whole[300:-300], expected[300:-300], atol=1e-5)
    assert all(abs(b) <= abs(taps[0]) for _, b in pairwise(taps))
