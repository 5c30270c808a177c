"""Sound for the browser: what it cannot play itself, it gets as the server decoded it.

A browser plays few formats, and of a damaged file other parts than those that were heard. So the
page may send a file again, and gets an MP3, which every browser plays, with the time line of the
answer.

Conventions
-----------
Every message has ``purpose`` "sound" and the ``job`` of the answer. From the browser: ``begin``
(with ``size``, or with the identifier of an ``example``, and with ``seconds``, the length of the
answer), ``chunk``, ``cancel``. To it: ``received``, and in the end ``decoded`` (with ``mime`` and
the sound) or ``failed`` (with a ``sentence``).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from traitlets.log import get_logger

from audionome.app import payload

__all__ = ["FAILED", "MIME", "MOST_BYTES", "SoundDesk", "encoding"]

MIME = "audio/mpeg"
#: Longest sound that is sent: it goes in one message.
MOST_BYTES = 24 * 1024 * 1024
FAILED = "The sound could not be prepared for this browser; the answer is not touched by it."

_MOST_INCOMING = 2  # files on their way at once: a comparison has two


@dataclass(frozen=True)
class _Quality:
    rate: int  # Hz
    stereo: bool
    kbps: int
    range: tuple[int, int]  # kbit/s that the format allows at this rate

    @property
    def level(self) -> float:
        """Bit rate in libsndfile's words: 0 is the highest, 1 the lowest."""
        low, high = self.range
        return (high - self.kbps) / (high - low)

    def fits(self, seconds: float) -> bool:
        return self.kbps * 125 * seconds <= MOST_BYTES


# A constant bit rate: seeking is exact then. An hour fits into the message at the lower one, which
# has the rate at which the model hears.
_HIGH = _Quality(44_100, True, 128, (32, 320))
_LOW = _Quality(22_050, False, 48, (8, 160))


def encoding(
    source: str | Path | bytes, *, max_seconds: float, seconds: float = 0.0
) -> Iterator[bytes]:
    """Make an MP3 of a recording, a piece at a time.

    Parameters
    ----------
    source : str, Path or bytes
        As for `audionome.classify`.
    max_seconds : float
        Longest recording that is accepted (s).
    seconds : float
        How long it probably is; only to save time.

    Yields
    ------
    bytes
        Nothing after each piece, and the whole sound in the end.

    Raises
    ------
    audionome.errors.AudioError
        As `audionome.audio.decode`.
    ValueError
        If it does not fit into a message.

    Examples
    --------
    >>> *_, mp3 = encoding("song.aiff", max_seconds=3600)  # doctest: +SKIP
    """
    for quality in (_HIGH, _LOW) if _HIGH.fits(seconds) else (_LOW,):
        data = io.BytesIO()
        for _ in _encode(source, data, quality, max_seconds):
            if data.tell() > MOST_BYTES:
                break
            yield b""
        else:
            yield data.getvalue()
            return
    raise ValueError("the sound does not fit into a message")


def _encode(
    source: str | Path | bytes, data: io.BytesIO, quality: _Quality, max_seconds: float
) -> Iterator[None]:
    import soundfile

    from audionome import audio

    blocks = audio.decode(source, rate=quality.rate, stereo=quality.stereo, max_seconds=max_seconds)
    first = next(blocks)
    with soundfile.SoundFile(
        data,
        "w",
        quality.rate,
        first.shape[1],
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=quality.level,
    ) as file:
        file.write(_playable(first))
        for block in blocks:
            yield
            file.write(_playable(block))


def _playable(block: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(np.nan_to_num(block), -1.0, 1.0).astype(np.float32)


@dataclass
class _Request:
    """A sound that is wanted."""

    job: int
    size: int = 0
    seconds: float = 0.0
    content: bytearray = field(default_factory=bytearray)
    steps: Iterator[bytes] | None = None
    wanted: bool = True


class SoundDesk:
    """Takes files and gives sound back, without keeping an answer waiting.

    Parameters
    ----------
    send : callable
        Takes a message and ``buffers``.
    submit : callable
        Runs a function in the worker thread, after what was submitted before.
    busy : callable
        Tells whether an answer waits for the worker thread.
    limit : int
        Largest file (bytes).
    longest : float
        Longest recording (s).
    examples : mapping of str to Path
        What the browser may ask for by identifier.
    """

    def __init__(
        self,
        *,
        send: Callable[..., None],
        submit: Callable[..., object],
        busy: Callable[[], bool],
        limit: int,
        longest: float,
        examples: Mapping[str, Path],
    ) -> None:
        self._send = send
        self._submit = submit
        self._busy = busy
        self._limit = limit
        self._longest = longest
        self._examples = examples
        self._requests: dict[int, _Request] = {}

    def receive(self, message: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        """Take a message of the browser; a failure is told to it in a sentence.

        Parameters
        ----------
        message : mapping
            As the conventions of this module say.
        buffers : sequence of memoryview
            With a ``chunk``, its bytes.
        """
        job = int(message.get("job", 0))
        try:
            kind = message["type"]
            if kind == "begin":
                self._begin(job, message)
            elif kind == "chunk":
                self._append(job, buffers[0])
            elif kind == "cancel":
                self._drop(job)
            else:
                raise ValueError(f"unknown message: {kind!r}")
        except Exception:
            get_logger().exception("Dashboard: the sound could not be taken")
            self._fail(job, FAILED)

    def making(self) -> list[int]:
        """Return the jobs whose sound is still to be sent.

        Returns
        -------
        list of int
        """
        return list(self._requests)

    def _begin(self, job: int, message: Mapping[str, Any]) -> None:
        self._drop(job)
        incoming = [job for job, one in self._requests.items() if one.steps is None]
        for old in incoming[: 1 - _MOST_INCOMING]:
            self._drop(old)
        request = _Request(job, int(message["size"]), float(message.get("seconds") or 0.0))
        if request.size > self._limit:
            self._fail(job, payload.too_large(self._limit))
            return
        self._requests[job] = request
        if "example" in message:
            # The browser names an entry of the list, never a path.
            self._start(request, self._examples[str(message["example"])])
        elif not request.size:
            self._start(request, b"")

    def _append(self, job: int, piece: memoryview) -> None:
        request = self._requests.get(job)
        if request is None or request.steps is not None:
            return  # the rest of a file that is not wanted any more
        request.content += piece
        received = len(request.content)
        if received > request.size:
            raise ValueError("more bytes arrived than the browser announced")
        self._send({"type": "received", "purpose": "sound", "job": job, "bytes": received})
        if received == request.size:
            content = bytes(request.content)
            request.content = bytearray()
            self._start(request, content)

    def _start(self, request: _Request, source: Path | bytes) -> None:
        request.steps = encoding(source, max_seconds=self._longest, seconds=request.seconds)
        self._submit(self._work, request)

    def _work(self, request: _Request) -> None:
        """Go on with a sound in the worker thread until it is there or an answer waits."""
        from audionome.audio import AudioError

        assert request.steps is not None
        try:
            for sound in request.steps:
                if not request.wanted:
                    return
                if sound:
                    told = {"type": "decoded", "job": request.job, "mime": MIME}
                    self._send(told, buffers=[sound])
                    self._forget(request)  # not earlier: `making` says what is still to be sent
                elif self._busy():
                    self._submit(self._work, request)  # behind the answer
                    return
        except AudioError as error:
            self._refuse(request, str(error))
        except Exception:
            get_logger().exception("Dashboard: the sound could not be encoded")
            self._refuse(request, FAILED)

    def _refuse(self, request: _Request, sentence: str) -> None:
        if request.wanted:
            self._tell_failure(request.job, sentence)
            self._forget(request)

    def _forget(self, request: _Request) -> None:
        if self._requests.get(request.job) is request:  # not a later one of the same job
            del self._requests[request.job]

    def _drop(self, job: int) -> None:
        request = self._requests.pop(job, None)
        if request is not None:
            request.wanted = False

    def _fail(self, job: int, sentence: str) -> None:
        self._tell_failure(job, sentence)
        self._drop(job)

    def _tell_failure(self, job: int, sentence: str) -> None:
        self._send({"type": "failed", "what": "sound", "job": job, "sentence": sentence})
