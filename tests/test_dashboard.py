"""The dashboard: its parts in Python, and the real page on the real server in Chromium."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import audionome
from audionome import charts
from audionome.audio import NotAudioError
from audionome.classifier import Neighbour, Prediction, Reason, WindowPrediction
from audionome.gtzan import GENRES

pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")

from audionome.dashboard import MAX_BYTES, SORRY, Dashboard, DropZone, answer_of

ROOT = Path(__file__).parents[1]
MIB = 2**20


def prediction() -> Prediction:
    shares = {genre: (k + 1) / 55 for k, genre in enumerate(GENRES)}
    windows = tuple(WindowPrediction(3.0 * k, 3.0 * k + 3, shares) for k in range(4))
    return Prediction(
        status="ok",
        genre="rock",
        confidence=shares["rock"],
        probabilities=shares,
        windows=windows,
        reasons=(Reason("tempo", "a quick tempo", 0.3), Reason("pitches", "few pitches", -0.1)),
        baseline=0.1,
        neighbours=(Neighbour("rock.00001", "rock", 0.9),),
        second_opinion=None,
        distance=0.3,
        tempo=120.0,
        duration=12.5,
        seconds={},
        message="Rock.",
    )


def post(widget: Any, message: dict[str, Any], *pieces: bytes) -> None:
    """Deliver a message as the browser sends it."""
    buffers = [memoryview(piece) for piece in pieces]
    widget._handle_msg(
        {"content": {"data": {"method": "custom", "content": message}}, "buffers": buffers}
    )


def upload(dashboard: Dashboard, content: bytes, *, job: int = 1, piece: int = 1000) -> None:
    post(dashboard.drop, {"type": "begin", "job": job, "size": len(content)})
    for start in range(0, len(content), piece):
        post(dashboard.drop, {"type": "chunk", "job": job}, content[start : start + piece])


def finished(dashboard: Dashboard) -> dict[str, Any]:
    dashboard._worker.shutdown(wait=True)
    return dashboard.drop.report


# -- parts --------------------------------------------------------------------------------


def test_pieces_become_the_file() -> None:
    content = np.random.default_rng(0).bytes(10_500)
    heard: list[bytes] = []

    def classify(source: bytes, *, progress: Callable[[float, str], None]) -> Prediction:
        heard.append(source)
        progress(0.5, "measuring the sound")
        return prediction()

    dashboard = Dashboard(classify=classify)
    upload(dashboard, content)
    report = finished(dashboard)
    assert heard == [content]
    assert (report["job"], report["state"]) == (1, "done")
    assert dashboard.answer.result["genre"] == "rock"
    assert dashboard.answer.result["job"] == 1


def test_empty_file_gets_its_sentence() -> None:
    dashboard = Dashboard(classify=audionome.classify)
    upload(dashboard, b"")
    report = finished(dashboard)
    assert report["state"] == "error"
    assert "empty" in report["sentence"]


def test_audio_errors_are_shown_as_they_are() -> None:
    def classify(source: bytes, **_: Any) -> Prediction:
        raise NotAudioError("This is a poem.")

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"Roses are red")
    assert finished(dashboard)["sentence"] == "This is a poem."
    assert dashboard.answer.result == {}


def test_a_failing_analysis_ends_in_a_sentence_and_in_the_log(caplog) -> None:
    def classify(source: bytes, **_: Any) -> Prediction:
        raise ZeroDivisionError("injected")

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"sound")
    report = finished(dashboard)
    assert (report["state"], report["sentence"]) == ("error", SORRY)
    assert "ZeroDivisionError: injected" in caplog.text
    assert "sound" not in caplog.text.split("ZeroDivisionError")[-1]


def test_a_failing_callback_ends_in_a_sentence_and_in_the_log(caplog) -> None:
    def fail(job: int, content: bytes) -> None:
        raise KeyError("injected")

    drop = DropZone(on_file=fail)
    post(drop, {"type": "begin", "job": 1, "size": 3})
    post(drop, {"type": "chunk", "job": 1}, b"abc")
    assert (drop.report["state"], drop.report["sentence"]) == ("error", SORRY)
    assert "KeyError: 'injected'" in caplog.text


def test_a_broken_message_ends_in_a_sentence() -> None:
    drop = DropZone(on_file=lambda job, content: None)
    post(drop, {"type": "begin", "job": 1})
    assert (drop.report["state"], drop.report["sentence"]) == ("error", SORRY)


def test_charts_that_cannot_be_sent_are_told(monkeypatch) -> None:
    def fail() -> bytes:
        raise OSError("injected")

    sent: list[dict[str, Any]] = []
    dashboard = Dashboard(classify=lambda source, **_: prediction())
    monkeypatch.setattr("audionome.dashboard._plotly_js", fail)
    monkeypatch.setattr(
        dashboard.answer, "send", lambda message, buffers=None: sent.append(message)
    )
    post(dashboard.answer, {"type": "plotly"})
    assert sent == [{"type": "failed", "sentence": SORRY}]


def test_the_limit_is_checked_again_in_python() -> None:
    files: list[bytes] = []
    drop = DropZone(on_file=lambda job, content: files.append(content))
    post(drop, {"type": "begin", "job": 1, "size": MAX_BYTES + MIB})
    assert drop.report["state"] == "error"
    assert "65 MiB; at most 64 MiB" in drop.report["sentence"]
    post(drop, {"type": "chunk", "job": 1}, bytes(MIB))
    assert not drop._content
    assert not files


def test_more_bytes_than_announced_are_refused() -> None:
    files: list[bytes] = []
    drop = DropZone(on_file=lambda job, content: files.append(content))
    post(drop, {"type": "begin", "job": 1, "size": 10})
    for _ in range(3):
        post(drop, {"type": "chunk", "job": 1}, bytes(8))
    assert (drop.report["job"], drop.report["state"]) == (1, "error")
    assert not drop._content
    assert not files


def test_the_newest_file_wins() -> None:
    entered, go_on = threading.Event(), threading.Event()
    finished_old = []

    def classify(source: bytes, *, progress: Callable[[float, str], None]) -> Prediction:
        if source == b"old":
            entered.set()
            assert go_on.wait(10)
            progress(0.5, "measuring the sound")
            finished_old.append(source)
        return prediction()

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"old", job=1)
    assert entered.wait(10)
    upload(dashboard, b"new", job=2)
    go_on.set()
    report = finished(dashboard)
    assert (report["job"], report["state"]) == (2, "done")
    assert dashboard.answer.result["job"] == 2
    assert not finished_old


def test_cancel_drops_the_answer() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def classify(source: bytes, **_: Any) -> Prediction:
        entered.set()
        assert go_on.wait(10)
        return prediction()

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"sound", job=1)
    assert entered.wait(10)
    post(dashboard.drop, {"type": "cancel", "job": 2})
    go_on.set()
    assert finished(dashboard)["state"] == "idle"
    assert dashboard.answer.result == {}


def test_the_answer_is_plain_json_with_ten_probabilities() -> None:
    answer = json.loads(json.dumps(answer_of(prediction())))
    bars, why, timeline = answer["charts"]
    assert why["rows"] == [["a quick tempo", "30.0"], ["few pitches", "-10.0"]]
    assert ["Sounds most like", "rock.00001"] in answer["facts"]
    assert sorted(row[0] for row in bars["rows"]) == sorted(GENRES)
    assert len(timeline["rows"]) == 4
    assert all(chart["alt"] and chart["caption"] for chart in answer["charts"])
    assert ["Length", "0:12 min"] in answer["facts"]


# -- the page -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server as `make dashboard` starts it, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("voila") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("voila")),
                *("notebooks/dashboard.ipynb", "--port", str(port), "--no-browser"),
                "--Voila.port_retries=0",
            ],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith("JUPYTER_")},
            stdout=out,
            stderr=out,
        )
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("localhost", port), timeout=1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        pytest.fail(f"Voilà did not start:\n{log.read_text()}")
                    time.sleep(0.2)
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


class Visit:
    """One page of the dashboard with what a visitor does and sees."""

    def __init__(self, browser: Any, url: str, **kwargs: Any) -> None:
        from browser import page_with_watch

        self.page, self.problems = page_with_watch(browser, url, **kwargs)
        self.page.set_default_timeout(60_000)
        self.page.goto("/")
        self.page.wait_for_selector(".an-drop[data-state=idle]")

    def give(self, path: Path) -> None:
        self.page.set_input_files(".an-drop input[type=file]", path)

    def wait(self, state: str) -> None:
        self.page.wait_for_selector(
            ".an-drop[data-state=done], .an-drop[data-state=error]", state="attached"
        )
        assert self.page.get_attribute(".an-drop", "data-state") == state, self.said()

    def said(self) -> str:
        return self.page.inner_text(".an-drop [role=status]")

    def table(self, number: int) -> list[list[str]]:
        rows = self.page.locator(".an-answer table").nth(number).locator("tbody tr").all()
        return [row.locator("td").all_text_contents() for row in rows]

    def drawn(self) -> None:
        self.page.wait_for_function(
            "document.querySelectorAll('.an-chart[data-drawn]').length === 3"
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from browser import launch
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visit(browser: Any, server: str) -> Iterator[Visit]:
    """One visitor who tries file after file on the same page."""
    visit = Visit(browser, server)
    yield visit
    visit.page.context.close()


@pytest.fixture
def clip(shared: Path) -> tuple[np.ndarray, int]:
    import soundfile

    return soundfile.read(shared / "gtzan" / "clips" / "blues.00036.flac", dtype="float32")


def encode(samples: np.ndarray, rate: int, kind: str) -> bytes:
    """Write samples in one of the formats that the page names."""
    import soundfile
    import soxr

    data = io.BytesIO()
    if kind == "m4a":
        import av

        with av.open(data, "w", format="ipod") as container:
            stream = container.add_stream("aac", rate=rate, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            frame.sample_rate = rate
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    elif kind == "opus":
        soundfile.write(
            data, soxr.resample(samples, rate, 48_000), 48_000, format="OGG", subtype="OPUS"
        )
    else:
        soundfile.write(data, samples, rate, format=kind.upper())
    return data.getvalue()


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "flac", "ogg", "opus"])
def test_a_clip_is_answered(
    visit: Visit, clip: tuple[np.ndarray, int], tmp_path: Path, kind: str
) -> None:
    content = encode(*clip, kind)
    (path := tmp_path / f"clip.{kind}").write_bytes(content)
    visit.give(path)
    visit.wait("done")
    visit.drawn()

    expected = audionome.classify(content)
    page = visit.page
    assert page.inner_text(".an-genre") == expected.genre
    assert page.inner_text(".an-sentence") == expected.message
    assert page.get_attribute(".an-answer", "data-status") == expected.status
    assert page.is_visible(".an-unsure") == (expected.status != "ok")
    bars = charts.probability_bars(expected.probabilities).table
    assert visit.table(0) == bars.to_numpy(dtype=str).tolist()
    assert len(visit.table(0)) == 10
    why = charts.reason_bars(expected.reasons, expected.genre).table
    assert visit.table(1) == [[str(v) for v in row] for row in why.itertuples(index=False)]
    assert len(visit.table(2)) == len(expected.windows)
    assert page.locator(".an-chart").nth(0).locator(".bars .point").count() == 10
    assert page.locator(".an-chart").nth(2).locator(".scatterlayer .trace").count() == 10
    assert page.inner_text(".an-name") == path.name
    assert page.get_attribute("audio", "src").startswith("blob:")
    assert visit.problems == []


def test_a_text_file_with_a_false_name_gets_a_sentence(visit: Visit, tmp_path: Path) -> None:
    (path := tmp_path / "poem.wav").write_text("Roses are red, violets are blue.\n" * 50)
    visit.give(path)
    visit.wait("error")
    assert "not a sound file" in visit.said()
    assert not visit.page.is_visible(".an-genre")
    assert visit.problems == []


def test_a_file_over_ten_mebibytes_arrives(
    visit: Visit, clip: tuple[np.ndarray, int], tmp_path: Path
) -> None:
    import soundfile
    import soxr

    samples, rate = clip
    high = soxr.resample(samples, rate, 96_000)
    path = tmp_path / "long.wav"
    soundfile.write(path, np.column_stack([high, high]), 96_000, subtype="FLOAT")
    assert path.stat().st_size > 20 * MIB
    visit.give(path)
    visit.wait("done")
    assert visit.page.inner_text(".an-genre") == audionome.classify(path).genre
    assert visit.problems == []


def test_a_file_over_the_limit_is_refused_before_it_is_sent(visit: Visit, tmp_path: Path) -> None:
    with (path := tmp_path / "huge.wav").open("wb") as file:
        file.truncate(MAX_BYTES + MIB)
    visit.give(path)
    visit.wait("error")
    assert "at most 64 MiB" in visit.said()
    assert "64 MiB" in visit.page.inner_text(".an-drop")
    assert visit.problems == []


def test_another_file_takes_the_place_of_the_one_that_is_analysed(
    visit: Visit, clip: tuple[np.ndarray, int], tmp_path: Path
) -> None:
    samples, rate = clip
    (long := tmp_path / "long.wav").write_bytes(encode(np.tile(samples, 6), rate, "wav"))
    (short := tmp_path / "short.wav").write_bytes(encode(samples[: 7 * rate], rate, "wav"))
    visit.give(long)
    visit.page.wait_for_selector(".an-drop[data-state=analysing]")
    visit.give(short)
    visit.page.wait_for_selector(".an-drop[data-state=done]")
    visit.drawn()
    assert visit.page.inner_text(".an-name") == "short.wav"
    assert len(visit.table(2)) == 2
    assert visit.problems == []


def test_stop_ends_the_work(visit: Visit, clip: tuple[np.ndarray, int], tmp_path: Path) -> None:
    samples, rate = clip
    (long := tmp_path / "long.wav").write_bytes(encode(np.tile(samples, 6), rate, "wav"))
    visit.give(long)
    visit.page.click(".an-stop")
    assert visit.page.get_attribute(".an-drop", "data-state") == "idle"
    assert "Stopped" in visit.said()
    visit.page.wait_for_timeout(1000)
    assert "Stopped" in visit.said()
    assert not visit.page.is_visible(".an-genre")
    assert visit.problems == []


def test_dropping_keyboard_and_a_narrow_dark_page(
    browser: Any, server: str, clip: tuple[np.ndarray, int]
) -> None:
    visit = Visit(browser, server, viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "file"
    with page.expect_file_chooser():
        page.keyboard.press("Enter")
    samples, rate = clip
    content = encode(samples[: 7 * rate], rate, "flac")
    page.evaluate(
        """(text) => {
            const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.flac"));
            const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new DragEvent("drop", options));
        }""",
        base64.b64encode(content).decode(),
    )
    visit.wait("done")
    visit.drawn()
    assert page.inner_text(".an-name") == "dropped.flac"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, back.removeprefix("rgb(").removesuffix(")").split(","))) < 200
    assert visit.problems == []
    page.context.close()
