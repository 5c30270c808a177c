"""Bytes or a path to mono samples, and samples to 3-second windows.

Conventions
-----------
Samples are mono float32 at 22 050 Hz, full scale [-1, 1]; channels are averaged and other
rates are resampled by soxr (HQ). The content decides what a file is, never its name.
libsndfile decodes WAV, FLAC, OGG, Opus, MP3 and AIFF; FFmpeg (PyAV) what is left: M4A/AAC,
WebM, the sound of a video. Nothing is decoded past ``max_seconds``.

Every failure is an `AudioError` whose text is one sentence for the person who chose the file.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from audionome.errors import AudionomeError

__all__ = [
    "MAX_SECONDS",
    "SAMPLE_RATE",
    "WINDOW_HOP",
    "WINDOW_LENGTH",
    "AudioError",
    "DamagedAudioError",
    "EmptyAudioError",
    "NoAudioStreamError",
    "NotAudioError",
    "NotFiniteError",
    "SilentError",
    "TooLongError",
    "TooShortError",
    "UnreadableFileError",
    "WindowStream",
    "check",
    "load",
    "windows",
]

SAMPLE_RATE = 22_050
WINDOW_HOP = 66_150
#: The published tables cut windows one sample short of three seconds.
WINDOW_LENGTH = 66_149
MAX_SECONDS = 3 * 3600.0

_SILENCE = 1e-4  # -80 dB below full scale
_BLOCK = 1 << 18  # frames decoded at a time
# Containers that FFmpeg may open. Playlists are left out: they name other files and hosts.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,mp3,ogg,flac,wav,w64,aiff,caf,au,asf,avi,flv,"
    "mpegts,mpeg,amr,ac3,eac3,ape,wv,tta,dsf"
)
_SIGNATURES = (
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"FORM"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"\xff\xfb"),
    (0, b"\xff\xf3"),
    (0, b"\xff\xf1"),
    (0, b"\xff\xf9"),
    (0, b"\x1aE\xdf\xa3"),
    (4, b"ftyp"),
)


class AudioError(AudionomeError):
    """A recording that cannot be used; the text says why in one plain sentence."""


class UnreadableFileError(AudioError):
    """The file is missing, is a folder or may not be read."""


class EmptyAudioError(AudioError):
    """The file has no bytes or its audio has no samples."""


class NotAudioError(AudioError):
    """The content is of no audio or video format that can be decoded."""


class DamagedAudioError(AudioError):
    """It begins like audio but cannot be decoded to its end."""


class NoAudioStreamError(AudioError):
    """A video or container without sound."""


class TooShortError(AudioError):
    """Not even one 3-second window."""


class SilentError(AudioError):
    """Nothing louder than -80 dB below full scale."""


class NotFiniteError(AudioError):
    """Samples that are not numbers, or infinite."""


class TooLongError(AudioError):
    """Longer than the limit that the caller set."""


def load(
    source: str | Path | bytes | BinaryIO, *, max_seconds: float = MAX_SECONDS
) -> NDArray[np.float32]:
    """Decode a recording to mono samples at 22 050 Hz.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A path, the content of a file, or a seekable file open for reading bytes.
    max_seconds : float
        Longest recording that is accepted (s).

    Returns
    -------
    ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, at least one window long.

    Raises
    ------
    AudioError
        One of its subclasses, each with a plain sentence: `UnreadableFileError`,
        `EmptyAudioError`, `NotAudioError`, `DamagedAudioError`, `NoAudioStreamError`,
        `TooShortError`, `SilentError`, `NotFiniteError`, `TooLongError`.

    Examples
    --------
    >>> samples = load("song.mp3")  # doctest: +SKIP
    """
    name, data = _open(source)
    with data:
        blocks = list(_resampled(_decoded(data, name), max_seconds, name))
    samples = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
    return check(samples, name=name)


class WindowStream:
    """The 3-second windows of a recording, decoded as they are asked for.

    Memory does not grow with the length of the recording. Iterating raises the errors of
    `load`; what only the whole recording shows (too short, silent) is raised at its end.

    Parameters
    ----------
    source, max_seconds
        As for `load`.

    Attributes
    ----------
    duration : float
        Seconds decoded so far.
    expected : float or None
        Length that the file states (s), for progress; it may be wrong.

    Examples
    --------
    >>> for window in WindowStream("mix.mp3"):  # doctest: +SKIP
    ...     ...
    """

    def __init__(
        self, source: str | Path | bytes | BinaryIO, *, max_seconds: float = MAX_SECONDS
    ) -> None:
        self._name, self._data = _open(source)
        self._max_seconds = max_seconds
        self.duration = 0.0
        self.expected: float | None = None

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield windows of 66 149 samples each."""
        for hop in self.hops():
            yield hop[:WINDOW_LENGTH]

    def hops(self) -> Iterator[NDArray[np.float32]]:
        """Yield the windows with the one sample that follows; the last one may lack it."""
        loud = False
        n = 0
        rest = np.empty(0, np.float32)
        with self._data:
            blocks = _decoded(self._data, self._name, self._expect)
            for block in _resampled(blocks, self._max_seconds, self._name):
                _require_finite(block, self._name)
                loud = loud or bool(block.size and np.abs(block).max() >= _SILENCE)
                n += block.size
                self.duration = n / SAMPLE_RATE
                rest = np.concatenate([rest, block])
                whole = rest.size // WINDOW_HOP
                yield from rest[: whole * WINDOW_HOP].reshape(whole, WINDOW_HOP)
                rest = rest[whole * WINDOW_HOP :]
        if rest.size >= WINDOW_LENGTH:
            yield rest
        _require_sound(n, loud, self._name)

    def _expect(self, seconds: float) -> None:
        self.expected = seconds


def check(samples: NDArray[np.float32], *, name: str = "The recording") -> NDArray[np.float32]:
    """Return the samples if a genre can be told from them.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz.
    name : str
        How the sentences of the errors call the recording.

    Returns
    -------
    ndarray of shape (n,), float32

    Raises
    ------
    EmptyAudioError, TooShortError, NotFiniteError, SilentError
    """
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1:
        raise ValueError(f"samples must be one-dimensional (mono), not of shape {samples.shape}")
    _require_finite(samples, name)
    _require_sound(samples.size, bool(np.abs(samples).max(initial=0) >= _SILENCE), name)
    return samples


def _require_finite(samples: NDArray[np.float32], name: str) -> None:
    if not np.isfinite(samples).all():
        raise NotFiniteError(
            f"{name} has samples that are not numbers; export it again from the program "
            "that made it."
        )


def _require_sound(n: int, loud: bool, name: str) -> None:
    if not n:
        raise EmptyAudioError(f"{name} holds no sound at all; choose another file.")
    if n < WINDOW_LENGTH:
        raise TooShortError(f"{name} lasts {n / SAMPLE_RATE:.1f} s; at least 3 s are needed.")
    if not loud:
        raise SilentError(f"{name} is silent; choose a recording with sound in it.")


def windows(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut a clip into the 3-second windows of the published table.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz.

    Returns
    -------
    ndarray of shape (k, 66149)
        A view. Window ``i`` starts at sample ``66150 * i``; an incomplete last one is left out.
    """
    if samples.size < WINDOW_LENGTH:
        return np.empty((0, WINDOW_LENGTH), dtype=samples.dtype)
    return np.lib.stride_tricks.sliding_window_view(samples, WINDOW_LENGTH)[::WINDOW_HOP]


# -- decoding -----------------------------------------------------------------------------


def _open(source: str | Path | bytes | BinaryIO) -> tuple[str, BinaryIO]:
    """Name for the sentences, and a seekable binary file that is ours to close."""
    if isinstance(source, bytes | bytearray | memoryview):
        return "The recording", io.BytesIO(source)
    if not isinstance(source, str | Path):
        return "The recording", io.BytesIO(source.read())
    path = Path(source)
    name = f'"{path.name}"'
    if not path.exists():
        raise UnreadableFileError(f"{name} does not exist; check the path {path}.")
    if path.is_dir():
        raise UnreadableFileError(f"{name} is a folder; give the files in it one by one.")
    try:
        return name, path.open("rb")
    except OSError as error:
        raise UnreadableFileError(f"{name} cannot be opened: {error.strerror}.") from error


def _decoded(
    data: BinaryIO, name: str, expect: Callable[[float], None] = lambda seconds: None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Blocks of ``(sample rate, mono samples)``, by libsndfile or else by FFmpeg."""
    import soundfile

    head = data.read(16)
    if not head:
        raise EmptyAudioError(f"{name} is empty (0 bytes); choose another file.")
    data.seek(0)
    try:
        sound = soundfile.SoundFile(data)
    except (soundfile.LibsndfileError, TypeError):
        data.seek(0)
        yield from _decoded_by_ffmpeg(data, head, name, expect)
        return
    with sound:
        expect(sound.frames / sound.samplerate)
        try:
            for block in sound.blocks(_BLOCK, dtype="float32", always_2d=True):
                yield sound.samplerate, block.mean(axis=1)
        except soundfile.LibsndfileError as error:
            raise _damaged(name) from error


def _decoded_by_ffmpeg(
    data: BinaryIO, head: bytes, name: str, expect: Callable[[float], None]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    import av

    try:
        container = av.open(data, mode="r", options={"format_whitelist": _CONTAINERS})
    except (av.FFmpegError, ValueError) as error:
        if any(head[at:].startswith(mark) for at, mark in _SIGNATURES):
            raise _damaged(name) from error
        raise NotAudioError(
            f"{name} is not a sound file that can be read; use WAV, MP3, FLAC, OGG, Opus or M4A."
        ) from error
    with container:
        if not container.streams.audio:
            raise NoAudioStreamError(f"{name} has no sound track; choose a file with sound.")
        stream = container.streams.audio[0]
        rate = stream.rate
        if container.duration:
            expect(container.duration / 1e6)  # microseconds
        planar = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
        try:
            for frame in container.decode(stream):
                for part in planar.resample(frame):
                    yield rate, part.to_ndarray().mean(axis=0, dtype=np.float32)
        except (av.FFmpegError, ValueError) as error:
            raise _damaged(name) from error


def _damaged(name: str) -> DamagedAudioError:
    return DamagedAudioError(f"{name} is damaged and cannot be decoded; copy or download it again.")


def _resampled(
    blocks: Iterator[tuple[int, NDArray[np.float32]]], max_seconds: float, name: str
) -> Iterator[NDArray[np.float32]]:
    """Bring blocks to 22 050 Hz and stop at the limit."""
    import soxr

    stream = None
    seconds = 0.0
    for rate, block in blocks:
        seconds += block.size / rate
        if seconds > max_seconds:
            raise TooLongError(
                f"{name} is longer than {_duration(max_seconds)}; cut it and try again."
            )
        if rate == SAMPLE_RATE:
            yield block
            continue
        if stream is None:
            stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        yield stream.resample_chunk(block)
    if stream is not None:
        yield stream.resample_chunk(np.empty(0, np.float32), last=True)


def _duration(seconds: float) -> str:
    """A length of time as a person says it."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} seconds"
