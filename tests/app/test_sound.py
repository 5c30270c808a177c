"""The sound that the server makes for a browser that cannot play a file."""

from __future__ import annotations

import io
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from audionome import audio
from audionome.app import payload, sound
from audionome.audio import NotAudioError

RATE = 44_100
CLICKS = (0.5, 12.3, 19.9)  # s


def clicks(seconds: float = 21.0) -> np.ndarray:
    """A quiet tone on the left, and clicks on the right."""
    t = np.arange(int(seconds * RATE)) / RATE
    right = np.zeros(t.size)
    for at in CLICKS:
        right[int(at * RATE) : int(at * RATE) + 20] = 0.9
    return np.column_stack([0.1 * np.sin(2 * np.pi * 440 * t), right]).astype(np.float32)


def encode(samples: np.ndarray, *, kind: str, codec: str) -> bytes:
    """Write samples in a format that Chromium does not play."""
    data = io.BytesIO()
    if not codec:
        soundfile.write(data, samples, RATE, format=kind, subtype="PCM_16")
        return data.getvalue()
    with av.open(data, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=RATE, layout="stereo")
        stream.bit_rate = 192_000
        layout = stream.codec_context.format.name
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T), format="fltp", layout="stereo"
        )
        frame.sample_rate = RATE
        resampler = av.AudioResampler(layout, "stereo", RATE, frame_size=stream.frame_size or 4096)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return data.getvalue()


FORMATS = {
    "aiff": ("AIFF", ""),
    "au": ("AU", ""),
    "alac.m4a": ("ipod", "alac"),
    "wma": ("asf", "wmav2"),
    "wv": ("wv", "wavpack"),
}


def encoded(source: bytes, **more: Any) -> bytes:
    *nothing, mp3 = sound.encoding(source, max_seconds=3600, **more)
    assert not any(nothing)
    return mp3


def found(samples: np.ndarray, at: float, rate: int) -> float:
    """Where the click near a second lies."""
    start = int((at - 0.3) * rate)
    return (start + int(np.abs(samples[start : start + int(0.6 * rate)]).argmax())) / rate


@pytest.mark.parametrize("name", FORMATS)
def test_a_click_is_sent_at_its_second_on_its_side(name: str) -> None:
    kind, codec = FORMATS[name]
    content = encode(clicks(), kind=kind, codec=codec)
    stream = audio.WindowStream(content)
    assert len(list(stream)) == 7
    mp3 = encoded(content)
    samples, rate = soundfile.read(io.BytesIO(mp3))
    assert samples.shape[1] == 2
    assert len(samples) / rate == pytest.approx(stream.duration, abs=0.03)
    heard = audio.load(content)
    for at in CLICKS:
        answered = found(heard, at, audio.SAMPLE_RATE)
        assert answered == pytest.approx(at, abs=0.05)  # FFmpeg drops the first block of WMA
        assert found(samples[:, 1], at, rate) == pytest.approx(answered, abs=0.005)
        assert np.abs(samples[:, 0]).max() < 0.2  # the tone alone


def test_of_a_damaged_file_it_is_what_the_answer_heard() -> None:
    content = bytearray(encode(clicks(), kind="FLAC", codec=""))
    middle = len(content) // 2
    content[middle : middle + 20_000] = bytes(20_000)
    heard = audio.load(bytes(content))
    assert len(heard) / audio.SAMPLE_RATE < 20.8  # some of it is lost
    samples, rate = soundfile.read(io.BytesIO(encoded(bytes(content))))
    assert len(samples) / rate == pytest.approx(len(heard) / audio.SAMPLE_RATE, abs=0.03)
    last = np.abs(heard[15 * audio.SAMPLE_RATE :]).argmax() / audio.SAMPLE_RATE + 15
    assert found(samples[:, 1], last, rate) == pytest.approx(last, abs=0.01)


def test_channels_and_rates_that_change_on_the_way() -> None:
    """Two WAV files cannot be joined, but two Ogg files can."""
    pieces = []
    for rate, channels in ((48_000, 1), (32_000, 2)):
        tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate)
        data = io.BytesIO()
        soundfile.write(data, np.column_stack([tone] * channels), rate, format="OGG")
        pieces.append(data.getvalue())
    for order, width in ((pieces, 1), (pieces[::-1], 2)):
        samples, rate = soundfile.read(io.BytesIO(encoded(b"".join(order))), always_2d=True)
        assert samples.shape[1] == width
        assert len(samples) / rate == pytest.approx(8.0, abs=0.03)
        for second in (1, 6):
            part = samples[second * rate : (second + 1) * rate]
            assert np.abs(part).max(axis=0) == pytest.approx([0.5] * width, abs=0.05)
            pitch = np.abs(np.fft.rfft(part[:, 0])).argmax()
            assert pitch == pytest.approx(440, abs=1)


def noise(seconds: int) -> bytes:
    samples = np.random.default_rng(0).normal(0, 0.1, 8000 * seconds).clip(-1, 1)
    data = io.BytesIO()
    soundfile.write(data, samples, 8000, format="WAV", subtype="PCM_U8")
    return data.getvalue()


def peak_of(content: bytes) -> int:
    tracemalloc.start()
    encoded(content, seconds=3600.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_long_sound_fits_into_a_message_and_into_memory(monkeypatch) -> None:
    assert sound._LOW.fits(3600)
    assert not sound._HIGH.fits(3600)
    content, shorter = noise(100), noise(50)
    short = encoded(content, seconds=3600.0)  # at the low rate, as an hour
    assert len(short) * 8 / 100 == pytest.approx(48_000, rel=0.02)
    monkeypatch.setattr(sound, "MOST_BYTES", len(short) + 1000)
    assert encoded(content, seconds=1.0) == short  # whatever is told about its length
    # 50 s more have 4.4 MB at 22 050 Hz; what is sent of them has 0.3, and is copied a few times.
    assert peak_of(content) - peak_of(shorter) < 1.5e6
    monkeypatch.setattr(sound, "MOST_BYTES", len(short) // 2)
    with pytest.raises(ValueError, match="does not fit"):
        encoded(content)


# -- the desk -----------------------------------------------------------------------------


class Page:
    """A browser that asks for sound, and the worker that makes it."""

    def __init__(self, **more: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.worker = ThreadPoolExecutor(max_workers=1)
        self.waits = False
        self.desk = sound.SoundDesk(
            send=lambda message, buffers=(): self.sent.append({**message, "buffers": buffers}),
            submit=self.worker.submit,
            busy=lambda: self.waits,
            **{"limit": 1 << 26, "longest": 3600.0, "examples": {}, **more},
        )

    def ask(self, job: int, content: bytes, *, piece: int = 1 << 20, **more: Any) -> None:
        message = {"purpose": "sound", "job": job}
        self.desk.receive({"type": "begin", "size": len(content), **message, **more}, [])
        for start in range(0, len(content), piece):
            chunk = memoryview(content[start : start + piece])
            self.desk.receive({"type": "chunk", **message}, [chunk])

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == kind]


@pytest.fixture
def song() -> bytes:
    return encode(clicks(5.0), kind="AIFF", codec="")


def test_a_file_is_taken_in_pieces_and_given_back_as_sound(song: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "song.aiff").write_bytes(song)
    page = Page(examples={"clip 0": path})
    page.ask(7, song, piece=100_000)
    page.ask(8, b"", example="clip 0")
    page.worker.shutdown()
    assert [m["bytes"] for m in page.of("received")][-2:] == [800_000, len(song)]
    one, other = page.of("decoded")
    assert (one["job"], other["job"], one["mime"]) == (7, 8, "audio/mpeg")
    assert one["buffers"] == other["buffers"] == [encoded(song)]
    assert page.desk.making() == []


def test_an_answer_is_not_kept_waiting(song: bytes) -> None:
    page = Page()
    order: list[str] = []
    began, go_on = threading.Event(), threading.Event()

    def answer() -> None:
        page.waits = False
        order.append("answer" if not page.of("decoded") else "too late")

    def busy() -> bool:
        began.set()
        assert go_on.wait(10)
        return page.waits

    page.desk._busy = busy
    page.ask(1, song)
    assert began.wait(10)  # the sound is under way, and now an answer is wanted
    page.waits = True
    done = page.worker.submit(answer)
    go_on.set()
    done.result(10)
    while not page.of("decoded"):
        page.worker.submit(int).result(10)
    assert order == ["answer"]
    assert page.of("decoded")[0]["buffers"] == [encoded(song)]  # and nothing was left out


def test_what_is_not_wanted_any_more_is_dropped(song: bytes) -> None:
    page = Page()
    held = threading.Event()
    page.worker.submit(held.wait, 10)
    page.ask(1, song)
    page.ask(2, song)
    assert page.desk.making() == [1, 2]
    for job in (1, 2):
        page.desk.receive({"type": "cancel", "purpose": "sound", "job": job}, [])
    page.ask(3, song[:1000], size=2000)  # the rest is still to come
    page.desk.receive({"type": "begin", "purpose": "sound", "job": 4, "size": 5}, [])
    page.desk.receive({"type": "begin", "purpose": "sound", "job": 5, "size": 5}, [])
    assert page.desk.making() == [4, 5]  # no more than two wait for their pieces
    held.set()
    page.worker.shutdown()
    assert not page.of("decoded")


def test_failures_are_told(song: bytes, caplog: pytest.LogCaptureFixture) -> None:
    page = Page(limit=len(song))
    page.ask(1, b"Roses are red." * 50)
    page.ask(2, song + b" ")
    page.ask(3, song, example="../../etc/passwd")
    page.desk.receive({"type": "begin", "purpose": "sound", "job": 4, "size": 5}, [])
    page.desk.receive({"type": "chunk", "purpose": "sound", "job": 4}, [memoryview(bytes(6))])
    page.desk.receive({"type": "nonsense", "purpose": "sound", "job": 5}, [])
    page.worker.shutdown()
    told = {m["job"]: m["sentence"] for m in page.of("failed")}
    assert all(m["what"] == "sound" for m in page.of("failed"))
    with pytest.raises(NotAudioError) as refused:
        audio.load(b"Roses are red." * 50)
    assert told.pop(1) == str(refused.value)
    assert told.pop(2) == payload.too_large(len(song))
    assert told == dict.fromkeys((3, 4, 5), sound.FAILED)
    assert "more bytes arrived" in caplog.text
