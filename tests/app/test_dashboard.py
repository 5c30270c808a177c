"""The dashboard: its parts in Python, and the real page on the real server in Chromium."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import audionome
from audionome import audio
from audionome._paths import data_path
from audionome._words import genre_name
from audionome.app import details, model, payload
from audionome.app.environment import CLIPS_VARIABLE
from audionome.audio import NotAudioError
from audionome.datasets.gtzan import GENRES
from audionome.datasets.recordings import recordings
from audionome.features import LEVEL_FREE
from audionome.features.tempo import Tempo
from audionome.models.classifier import Neighbour, Prediction, Reason, WindowPrediction
from audionome.models.prediction import Tag
from audionome.report import examples

pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")

import anywidget
from browser import barriers, launch, page_with_watch
from voila_server import Server, Visit, encode, notebook, serve

from audionome.app.widget import (
    MAX_BYTES,
    MAX_SECONDS,
    Dashboard,
    page,
)

MIB = 2**20


def prediction() -> Prediction:
    shares = {genre: (k + 1) / 55 for k, genre in enumerate(GENRES)}
    windows = tuple(WindowPrediction(3.0 * k, 3.0 * k + 3, shares) for k in range(4))
    return Prediction(
        status="one",
        genre="rock",
        prediction_set=("rock",),
        coverage=0.9,
        confidence=shares["rock"],
        probabilities=shares,
        windows=windows,
        reasons=(Reason("tempo", "a quick tempo", 0.3), Reason("pitches", "few pitches", -0.1)),
        baseline=0.1,
        neighbours=(Neighbour("rock.00000", "rock", 0.9),),
        second_opinion=None,
        distance=0.3,
        place=(1.0, -2.0),
        features=dict.fromkeys(LEVEL_FREE, 0.5),
        tempo=Tempo(120.0, 0.9, None),
        duration=12.5,
        seconds={},
        message="Rock.",
        tags=(Tag("guitar", "instrument", 0.3, (0.1, 0.2, 0.6, 0.3)),),
    )


def post(widget: Any, message: dict[str, Any], *pieces: bytes) -> None:
    """Deliver a message as the browser sends it."""
    buffers = [memoryview(piece) for piece in pieces]
    widget._handle_msg(
        {"content": {"data": {"method": "custom", "content": message}}, "buffers": buffers}
    )


def upload(dashboard: Dashboard, content: bytes, *, job: int = 1, piece: int = 1000) -> None:
    size = len(content)
    post(dashboard, {"type": "begin", "job": job, "name": f"{job}.wav", "size": size})
    for start in range(0, size, piece):
        post(dashboard, {"type": "chunk", "job": job}, content[start : start + piece])


def finished(dashboard: Dashboard) -> dict[str, Any]:
    dashboard._worker.shutdown(wait=True)
    return dashboard.report


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What dashboards send to the browser."""
    messages: list[dict[str, Any]] = []

    def send(self: Any, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        messages.append({**message, "buffers": buffers or []})

    monkeypatch.setattr(Dashboard, "send", send)
    return messages


def of(sent: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message for message in sent if message["type"] == kind]


# -- parts --------------------------------------------------------------------------------


def test_no_attribute_hides_an_inherited_one() -> None:
    """A widget's bases grow with every version; what hides a part of theirs breaks it."""
    inherited = set().union(*(vars(base) for base in Dashboard.__mro__[1:]))
    inherited |= set(vars(anywidget.AnyWidget()))  # what the bases keep in an instance
    meant = {"__init__", "__doc__", "_esm", "_css"}

    class Empty(anywidget.AnyWidget):
        """Has what every subclass has, which Python 3.13 made more."""

    plumbing = set(vars(Empty))
    assert inherited & set(vars(Dashboard)) <= meant | plumbing
    code = ast.walk(ast.parse(inspect.getsource(Dashboard)))
    stored = {n.attr for n in code if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    assert stored
    assert not inherited & stored


def test_the_scripts_that_are_joined_share_no_name() -> None:
    pattern = r"^(?:async )?(?:function\*?|const|let|class) (\w+)"
    names = re.findall(pattern, Dashboard._esm, re.MULTILINE)
    assert "render" in names
    assert not [name for name, n in Counter(names).items() if n > 1]


def test_the_widget_can_be_embedded_and_stored(tmp_path: Path) -> None:
    from ipywidgets.embed import embed_minimal_html

    dashboard = Dashboard()
    assert dashboard.get_state(drop_defaults=True)["examples"] == dashboard.examples
    embed_minimal_html(tmp_path / "page.html", views=[dashboard], drop_defaults=True)
    assert dashboard.model_id in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_pieces_become_the_file(sent: list[dict[str, Any]]) -> None:
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
    (answer,) = of(sent, "answer")
    assert (answer["job"], answer["row"]["genre"]) == (1, "rock")
    assert answer["row"]["record"]["file"] == "1.wav"


def test_empty_file_gets_its_sentence() -> None:
    dashboard = Dashboard(classify=audionome.classify)
    upload(dashboard, b"")
    report = finished(dashboard)
    assert report["state"] == "error"
    assert "empty" in report["sentence"]


def test_audio_errors_are_shown_as_they_are(sent: list[dict[str, Any]]) -> None:
    def classify(source: bytes, **_: Any) -> Prediction:
        raise NotAudioError("This is a poem.")

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"Roses are red")
    assert finished(dashboard)["sentence"] == "This is a poem."
    assert not of(sent, "answer")


def test_a_failing_analysis_ends_in_a_sentence_and_in_the_log(caplog) -> None:
    def classify(source: bytes, **_: Any) -> Prediction:
        raise ZeroDivisionError("injected")

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"sound")
    report = finished(dashboard)
    assert (report["state"], report["sentence"]) == ("error", payload.FAILED)
    assert "ZeroDivisionError: injected" in caplog.text
    assert "sound" not in caplog.text.split("ZeroDivisionError")[-1]


def test_failing_details_leave_the_answer(sent: list[dict[str, Any]], caplog) -> None:
    def measure_details(source: bytes, found: Prediction) -> details.Details:
        raise ZeroDivisionError("injected")

    dashboard = Dashboard(
        classify=lambda source, **_: prediction(), measure_details=measure_details
    )
    upload(dashboard, b"sound")
    assert finished(dashboard)["state"] == "done"
    assert [message["type"] for message in sent] == ["received", "answer", "details"]
    assert "failed" in sent[-1]["sentence"]
    assert "charts" not in sent[-1]
    assert "ZeroDivisionError: injected" in caplog.text


@pytest.mark.parametrize(
    "message",
    [
        {"type": "begin", "job": 1},
        {"type": "begin", "job": "one", "size": 3},
        {"type": "example", "job": 1, "id": "../../etc/passwd"},
        {"type": "nonsense", "job": 1},
        {"type": "compare"},
    ],
)
def test_a_broken_message_ends_in_a_sentence(message: dict[str, Any], caplog) -> None:
    dashboard = Dashboard(classify=lambda source, **_: prediction())
    post(dashboard, message)
    assert (dashboard.report["state"], dashboard.report["sentence"]) == ("error", payload.FAILED)
    assert "Traceback" in caplog.text


def test_charts_that_cannot_be_sent_are_told(monkeypatch, sent: list[dict[str, Any]]) -> None:
    def fail() -> bytes:
        raise OSError("injected")

    dashboard = Dashboard(classify=lambda source, **_: prediction())
    monkeypatch.setattr("audionome.app.widget._plotly_js", fail)
    post(dashboard, {"type": "plotly"})
    assert [(m["type"], m["what"]) for m in sent] == [("failed", "plotly")]


def test_a_ping_is_answered_while_the_work_goes_on(sent: list[dict[str, Any]]) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def classify(source: bytes, **_: Any) -> Prediction:
        entered.set()
        assert go_on.wait(10)
        return prediction()

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"sound")
    assert entered.wait(10)
    post(dashboard, {"type": "ping"})
    assert of(sent, "pong")
    go_on.set()
    finished(dashboard)


def test_a_pong_tells_what_became_of_the_newest_job(sent: list[dict[str, Any]]) -> None:
    dashboard = Dashboard(classify=lambda source, **_: prediction())
    post(dashboard, {"type": "begin", "job": 7, "name": "7.wav", "size": 5})
    post(dashboard, {"type": "chunk", "job": 7}, b"sou")
    post(dashboard, {"type": "ping"})
    post(dashboard, {"type": "chunk", "job": 7}, b"nd")
    finished(dashboard)
    post(dashboard, {"type": "ping"})
    pongs = [(pong["job"], pong["state"], pong["bytes"]) for pong in of(sent, "pong")]
    assert pongs == [(7, "uploading", 3), (7, "done", 0)]


def test_a_lost_answer_is_sent_again(sent: list[dict[str, Any]]) -> None:
    dashboard = Dashboard(classify=lambda source, **_: prediction())
    upload(dashboard, b"sound", job=7)
    finished(dashboard)
    post(dashboard, {"type": "again", "job": 7})
    first, second = of(sent, "answer")
    assert first == second
    assert of(sent, "report")[0]["report"] == dashboard.report
    assert "connection was interrupted" in of(sent, "details")[-1]["sentence"]


def test_the_limit_is_checked_again_in_python() -> None:
    files: list[bytes] = []
    dashboard = Dashboard(classify=lambda source, **_: files.append(source))
    post(dashboard, {"type": "begin", "job": 1, "size": MAX_BYTES + MIB})
    assert dashboard.report["state"] == "error"
    assert "more than 64 MiB" in dashboard.report["sentence"]
    post(dashboard, {"type": "chunk", "job": 1}, bytes(MIB))
    assert not dashboard._content
    finished(dashboard)
    assert not files


def test_a_recording_that_is_too_long_is_refused(tone: np.ndarray) -> None:
    dashboard = Dashboard(longest=9.0)
    upload(dashboard, encode(tone, 22_050, "wav"), piece=1 << 20)
    report = finished(dashboard)
    assert report["state"] == "error"
    assert "longer than 9 seconds" in report["sentence"]


def test_an_hour_is_the_longest(sent: list[dict[str, Any]], monkeypatch) -> None:
    asked: list[float] = []

    def classify(source: bytes, *, max_seconds: float, **_: Any) -> Prediction:
        asked.append(max_seconds)
        return prediction()

    monkeypatch.setattr(model, "chosen", lambda: SimpleNamespace(classify=classify))
    dashboard = Dashboard()
    upload(dashboard, b"sound")
    finished(dashboard)
    assert asked == [MAX_SECONDS] == [3600.0]


def test_a_voila_without_our_settings_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDIONOME_SERVER", raising=False)
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    assert page().notice == ""  # a notebook in Jupyter
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    assert "audionome dashboard" in page().notice
    monkeypatch.setenv("AUDIONOME_SERVER", "1")
    assert page().notice == ""


def test_more_bytes_than_announced_are_refused() -> None:
    files: list[bytes] = []
    dashboard = Dashboard(classify=lambda source, **_: files.append(source))
    post(dashboard, {"type": "begin", "job": 1, "size": 10})
    for _ in range(3):
        post(dashboard, {"type": "chunk", "job": 1}, bytes(8))
    assert not dashboard._content
    report = finished(dashboard)
    assert (report["job"], report["state"]) == (1, "error")
    assert not files


def test_the_newest_recording_wins(sent: list[dict[str, Any]]) -> None:
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
    assert [answer["job"] for answer in of(sent, "answer")] == [2]
    assert not finished_old


def test_cancel_drops_the_answer(sent: list[dict[str, Any]]) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def classify(source: bytes, **_: Any) -> Prediction:
        entered.set()
        assert go_on.wait(10)
        return prediction()

    dashboard = Dashboard(classify=classify)
    upload(dashboard, b"sound", job=1)
    assert entered.wait(10)
    post(dashboard, {"type": "cancel", "job": 2})
    go_on.set()
    assert finished(dashboard)["state"] == "idle"
    assert not of(sent, "answer")


def test_the_readers_own_clips_can_be_chosen(
    tmp_path: Path, monkeypatch, sent: list[dict[str, Any]]
) -> None:
    (tmp_path / "jazz").mkdir()
    (tmp_path / "jazz" / "my song.wav").write_bytes(b"sound")
    (tmp_path / "notes.txt").write_text("not this")
    monkeypatch.setenv(CLIPS_VARIABLE, str(tmp_path))
    heard: list[bytes] = []

    def classify(source: bytes, **_: Any) -> Prediction:
        heard.append(source)
        return prediction()

    dashboard = Dashboard(classify=classify)
    # Real music first, then the reader's own, and last what the model never heard the like of.
    real, own, synthetic = dashboard.examples
    assert real[0] == "Recordings, openly licensed"
    assert [name for _, name, _ in real[1]] == [recording.name for recording in recordings()]
    assert own[0] == "Your own clips"
    assert "Made by a program" in synthetic[0]
    assert "often wrong" in synthetic[0]
    assert len(synthetic[1]) == 10
    assert all(name.endswith(", made by a program") for _, name, _ in synthetic[1])
    ((identifier, name, _),) = own[1]
    assert name == "my song.wav"
    post(dashboard, {"type": "example", "job": 1, "id": identifier, "name": name})
    assert finished(dashboard)["state"] == "done"
    assert heard == [b"sound"]
    assert of(sent, "sound")[0]["buffers"] == [b"sound"]


def test_a_clip_that_has_vanished_is_named(tmp_path: Path) -> None:
    (path := tmp_path / "song.wav").write_bytes(b"sound")
    dashboard = Dashboard(classify=lambda source, **_: prediction(), clips=tmp_path)
    path.unlink()
    post(dashboard, {"type": "example", "job": 1, "id": "clip 0", "name": "song.wav"})
    assert dashboard.report["state"] == "error"
    assert '"song.wav" cannot be opened' in dashboard.report["sentence"]


# -- the page -----------------------------------------------------------------------------


def test_every_format_is_answered(
    fresh: Visit, clip: tuple[np.ndarray, int], tmp_path: Path
) -> None:
    headlines = {}
    for kind in ("wav", "mp3", "m4a", "flac", "ogg", "opus"):
        (path := tmp_path / f"clip.{kind}").write_bytes(encode(*clip, kind))
        headlines[path] = audionome.classify(path).headline
    fresh.give(*headlines)
    fresh.page.wait_for_selector(".an-drop[data-state=done]")
    assert {row[0]: row[1] for row in fresh.session()} == {
        path.name: headline for path, headline in headlines.items()
    }
    assert fresh.problems == []


def damaged(samples: np.ndarray, rate: int) -> bytes:
    content = bytearray(encode(samples, rate, "flac"))
    content[60:] = bytes(len(content) - 60)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("poem.wav", lambda s, r: b"Roses are red, violets are blue." * 50, "not a sound file"),
        ("damaged.flac", damaged, "damaged"),
        ("silent.wav", lambda s, r: encode(0 * s, r, "wav"), "silent"),
        ("short.wav", lambda s, r: encode(s[: 2 * r], r, "wav"), "at least 3 s"),
        ("empty.mp3", lambda s, r: b"", "empty"),
    ],
)
def test_what_cannot_be_answered_gets_a_sentence(
    visit: Visit,
    clip: tuple[np.ndarray, int],
    tmp_path: Path,
    name: str,
    make: Callable[[np.ndarray, int], bytes],
    words: str,
) -> None:
    (path := tmp_path / name).write_bytes(make(*clip))
    visit.give(path)
    visit.wait("error")
    assert words in visit.status()
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
    assert visit.page.inner_text(".an-genre") == audionome.classify(path).headline
    assert visit.problems == []


def test_a_file_over_the_limit_is_refused_before_it_is_sent(visit: Visit, tmp_path: Path) -> None:
    with (path := tmp_path / "huge.wav").open("wb") as file:
        file.truncate(MAX_BYTES + MIB)
    visit.give(path)
    visit.wait("error")
    assert "This file has more than 64 MiB" in visit.status()
    assert "64 MiB" in visit.page.inner_text(".an-drop")
    assert visit.problems == []


def test_an_example_has_the_numbers_of_the_book_and_of_the_command_line(fresh: Visit) -> None:
    page = fresh.page
    genres = ["blues", "metal"]
    recording = recordings()[0]
    chosen = {
        f"{genre.capitalize()}, made by a program": data_path("examples", f"{genre}.ogg")
        for genre in genres
    }
    chosen[recording.name] = recording.path
    for name in chosen:
        if page.is_visible(".an-unfold[aria-expanded=false]"):
            page.click(".an-unfold")
        page.select_option(".an-example select", label=name)
        page.click(".an-example button")
        page.wait_for_selector(f'.an-name:text-is("{name}")')
        fresh.wait("done")
        assert page.get_attribute("audio", "src").startswith("blob:")
    lines = {line["file"]: line for line in fresh.downloaded()}
    shown = [{genre: float(lines[name][f"p_{genre}"]) for genre in GENRES} for name in chosen]
    told = subprocess.run(
        [*(sys.executable, "-m", "audionome", "classify", "--json"), *map(str, chosen.values())],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    answers = [json.loads(line)["probabilities"] for line in told.stdout.splitlines()]
    assert shown == [{genre: round(p, 3) for genre, p in answer.items()} for answer in answers]
    in_the_book = examples.answers()
    assert answers[:2] == [in_the_book[genre].probabilities for genre in genres]
    assert fresh.problems == []


def test_dropping_keyboard_and_a_narrow_dark_page(
    browser: Any, server: str, clip: tuple[np.ndarray, int]
) -> None:
    visit = Visit(browser, server, viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = visit.page
    with page.expect_file_chooser():
        # Both first: the browser hears of the expectation no sooner than of them.
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == "file"
        page.keyboard.press("Enter")
    samples, rate = clip
    content = encode(samples[: 7 * rate], rate, "flac")
    page.evaluate(
        """(text) => {
            const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.flac"));
            transfer.items.add(new File(["a poem"], "poem.txt"));
            const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new DragEvent("drop", options));
        }""",
        base64.b64encode(content).decode(),
    )
    visit.wait("done")
    visit.drawn()
    assert visit.name() == "dropped.flac"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    lines = page.evaluate(
        """() => {
            const [row, other] = document.querySelectorAll(".an-session tbody tr");
            other.remove();
            row.cells[1].firstChild.textContent = "a long name of many parts.flac";
            row.cells[2].textContent = "classical";
            const text = document.createRange();
            text.selectNodeContents(row.cells[2]);
            return text.getClientRects().length;
        }"""
    )
    assert lines == 1  # a word is not broken
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, back.removeprefix("rgb(").removesuffix(")").split(","))) < 200
    assert barriers(page) == []
    assert visit.problems == []
    visit.close()


def test_nobody_is_shut_out(fresh: Visit, clip: tuple[np.ndarray, int], tmp_path: Path) -> None:
    assert barriers(fresh.page) == []
    samples, rate = clip
    (path := tmp_path / "a.wav").write_bytes(encode(samples[: 7 * rate], rate, "wav"))
    fresh.give(path, path)
    fresh.wait("done")
    fresh.drawn()
    assert barriers(fresh.page) == []


# -- the microphone -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def listening(
    playwright: Any, tmp_path_factory: pytest.TempPathFactory, clips: list[Path]
) -> Iterator[Any]:
    """A browser whose microphone plays a clip; it still asks for permission."""
    import soundfile

    path = tmp_path_factory.mktemp("microphone") / "clip.wav"
    soundfile.write(path, audio.load(clips[0]), audio.SAMPLE_RATE, subtype="PCM_16")
    browser = launch(
        playwright,
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    )
    yield browser
    browser.close()


def test_the_microphone_is_heard(listening: Any, server: str, song: Path) -> None:
    visit = Visit(listening, server, permissions=["microphone"])
    page = visit.page
    page.click("text=Record with the microphone")
    page.wait_for_selector("text=Stop recording (0:04")
    assert page.is_visible(".an-record meter")
    page.click("text=Stop recording")
    visit.wait("done")
    assert re.fullmatch(r"recording \d\d\.\d\d\.\d\d\.webm", visit.name())
    assert any(genre_name(genre) in page.inner_text(".an-genre").lower() for genre in GENRES)
    # The second one ends with the recording.
    assert "2 windows of 3 s" in visit.open("about").inner_text()
    assert page.inner_text(".an-record button") == "Record with the microphone"
    # A recording stays in sight, whatever else is answered meanwhile.
    assert not page.is_visible(".an-record")
    page.click("text=More ways")
    page.click("text=Record with the microphone")
    page.wait_for_selector("text=Stop recording (0:")
    visit.give(song)
    page.wait_for_selector(f".an-name:text-is('{song.name}')")
    assert page.get_attribute(".an-drop", "data-fold") == "closed"
    assert page.is_visible(".an-record button")
    assert visit.problems == []
    visit.close()


def test_a_recording_too_short_is_told_at_once(listening: Any, server: str) -> None:
    visit = Visit(listening, server, permissions=["microphone"])
    visit.page.click("text=Record with the microphone")
    visit.page.wait_for_selector("text=Stop recording (0:00")
    visit.page.click("text=Stop recording")
    visit.page.wait_for_selector(".an-record[data-state=error]")
    assert "record at least 3 s" in visit.page.inner_text(".an-recorder")
    assert "record at least 3 s" in visit.page.inner_text(".an-said")
    assert visit.problems == []
    visit.close()


def test_a_microphone_that_is_not_allowed_is_explained(browser: Any, server: str) -> None:
    visit = Visit(browser, server)
    visit.page.evaluate(
        """() => {
            navigator.mediaDevices.getUserMedia = async () => {
                throw new DOMException("denied", "NotAllowedError");
            };
        }"""
    )
    visit.page.click("text=Record with the microphone")
    visit.page.wait_for_selector(".an-record[data-state=error]")
    assert "did not allow the microphone" in visit.page.inner_text(".an-recorder")
    visit.page.evaluate(
        "() => void Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
    )
    visit.page.click("text=Record with the microphone")
    visit.page.wait_for_function(
        "document.querySelector('.an-recorder').textContent.includes('over https')"
    )
    assert visit.problems == []
    visit.close()


def test_a_recording_goes_on_while_the_server_is_away(listening: Any, server: str) -> None:
    visit = Visit(listening, server, permissions=["microphone"])
    page = visit.page
    page.click("text=Record with the microphone")
    page.route("**/api/kernels/*", lambda route: route.fulfill(status=404))
    page.wait_for_selector(".an-ended:visible")
    page.wait_for_timeout(1500)
    page.click("text=Stop recording")
    page.wait_for_function("() => !document.querySelector('meter:not([hidden])')")
    page.unroute("**/api/kernels/*")
    page.wait_for_selector(".an-ended:has-text('the remaining file')")
    page.click(".an-ended button")
    page.wait_for_selector(".an-answer:not([hidden])")
    assert re.fullmatch(r"recording \d\d\.\d\d\.\d\d\.webm", visit.name())
    visit.close()


# -- what goes wrong ----------------------------------------------------------------------


INJECTED = {
    "classify": "d.Dashboard(classify=lambda content, progress: 1 / 0)",
    "details": "d.Dashboard(measure_details=lambda content, prediction: 1 / 0)",
    "answer": "d.payload.answer_payload = lambda *_, **__: 1 / 0; d.Dashboard()",
    "plotly": "d._plotly_js = lambda: 1 / 0; d.Dashboard()",
    "receive": "d.Dashboard._append = lambda *_: 1 / 0; d.Dashboard()",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of pages in which one part fails."""
    folder = tmp_path_factory.mktemp("broken")
    for where, line in INJECTED.items():
        notebook(folder / f"{where}.ipynb", "import audionome.app.widget as d", line)
    with serve(tmp_path_factory.mktemp("log"), folder) as server:
        yield server


@pytest.mark.parametrize("where", INJECTED)
def test_no_failure_reaches_the_screen_as_nothing(
    browser: Any, broken: Server, song: Path, where: str
) -> None:
    visit = Visit(browser, broken.url, path=f"/voila/render/{where}.ipynb")
    page = visit.page
    visit.give(song)
    if where in {"classify", "answer", "receive"}:
        visit.wait("error")
        assert visit.status() == f"{song.name}: {payload.FAILED}"
    elif where == "details":
        visit.wait("done")
        visit.detailed()
        assert "closer look failed" in page.inner_text(".an-later")
        assert page.is_visible(".an-genre")
    else:
        visit.wait("done")
        visit.open("place")
        page.wait_for_selector("text=The drawing is not available")
        assert visit.table("Where it lies among the tracks of GTZAN")
    assert "ZeroDivisionError" in broken.log.read_text()
    assert visit.problems == []
    visit.close()


def test_a_page_that_cannot_start_says_so(browser: Any, tmp_path: Path) -> None:
    with serve(tmp_path, notebook(tmp_path / "page.ipynb", "1 / 0")) as server:
        page, problems = page_with_watch(browser, server.url)
        page.goto("/")
        page.wait_for_selector("text=could not be started")
        assert "ZeroDivisionError" not in page.inner_text("body")
        assert "ZeroDivisionError" in server.log.read_text()
        assert problems == []
        page.context.close()
