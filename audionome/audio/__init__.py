"""Bytes or a path to mono samples, and samples to 3-second windows.

Conventions
-----------
Samples are mono float32 at 22 050 Hz, full scale [-1, 1]; channels are averaged and other
rates are resampled by soxr (HQ). The content decides what a file is, never its name; see
`audionome.audio.decoding`. Nothing is decoded past ``max_seconds``.

An answer is made of sound: `WindowStream` leaves silence out before it cuts windows. Silence is
what stays 60 dB below the loudest part (or 80 dB below full scale): at the ends at once, inside
from one second on.

Every failure is an `AudioError` whose text is one sentence for the person who chose the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from audionome.audio.content import content_hash
from audionome.audio.cutting import (
    RULE,
    SENTENCES,
    Cutter,
    require_finite,
    require_length,
    require_sound,
    silent,
    tenths,
)
from audionome.audio.decoding import SILENCE, Block, Decoder
from audionome.audio.notes import Note, clock, too_long
from audionome.errors import (
    AudioError,
    DamagedAudioError,
    EmptyAudioError,
    NoAudioStreamError,
    NotAudioError,
    NotFiniteError,
    SilentError,
    TooLongError,
    TooShortError,
    UnreadableFileError,
)

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
    "Note",
    "SilentError",
    "TooLongError",
    "TooShortError",
    "UnreadableFileError",
    "WindowStream",
    "check",
    "content_hash",
    "decode",
    "load",
    "windows",
]

SAMPLE_RATE = 22_050
WINDOW_HOP = 66_150
#: The published tables cut windows one sample short of three seconds.
WINDOW_LENGTH = 66_149
MAX_SECONDS = 3 * 3600.0

_FULL_BAND = 0.9 * SAMPLE_RATE  # Hz


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
    decoder = Decoder(source, max_seconds=max_seconds)
    blocks = list(_resampled(decoder.blocks(), SAMPLE_RATE, max_seconds, decoder.name))
    samples = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
    return check(samples, name=decoder.name)


def decode(
    source: str | Path | bytes | BinaryIO,
    *,
    rate: int = SAMPLE_RATE,
    stereo: bool = False,
    max_seconds: float = MAX_SECONDS,
) -> Iterator[NDArray[np.float32]]:
    """Decode a recording block by block, as a listener hears it and on the time line of an answer.

    Memory does not grow with the length of the recording.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        As for `load`.
    rate : int
        Sample rate that is wanted (Hz).
    stereo : bool
        Keep two channels apart, if the recording begins with two.
    max_seconds : float
        Longest recording that is accepted (s).

    Yields
    ------
    ndarray of shape (n, channels), float32
        Full scale [-1, 1]; one channel or two, the same to the end.

    Raises
    ------
    AudioError
        As `load`, if nothing can be decoded or there is too much of it.

    Examples
    --------
    >>> for block in decode("song.aiff", rate=44_100):  # doctest: +SKIP
    ...     ...
    """
    decoder = Decoder(source, max_seconds=max_seconds, stereo=stereo)
    yield from _resampled(_of_equal_width(decoder), rate, max_seconds, decoder.name)


class WindowStream:
    """The 3-second windows of a recording, decoded as they are asked for.

    Memory does not grow with the length of the recording. Iterating raises the errors of
    `load`; what only the whole recording shows (too short, silent) is raised at its end.

    Parameters
    ----------
    source, max_seconds
        As for `load`.
    on_block : callable, optional
        Called with all samples, silence included, block by block.

    Attributes
    ----------
    duration : float
        Seconds decoded so far.
    silence : float
        Seconds of silence left out so far.
    expected : float or None
        Length that the file states (s), for progress; it may be wrong.
    times : list of (float, float)
        Where the window of each piece that was yielded begins and ends in the recording (s).
    notes : tuple of Note
        What a listener should know about the recording, complete after the last window.

    Examples
    --------
    >>> for window in WindowStream("mix.mp3"):  # doctest: +SKIP
    ...     ...
    """

    def __init__(
        self,
        source: str | Path | bytes | BinaryIO,
        *,
        max_seconds: float = MAX_SECONDS,
        on_block: Callable[[NDArray[np.float32]], None] | None = None,
    ) -> None:
        self._decoder = Decoder(source, max_seconds=max_seconds)
        self._max_seconds = max_seconds
        self._on_block = on_block
        self._cutter = Cutter(SAMPLE_RATE)
        self.duration = 0.0
        self.times = self._cutter.times

    @property
    def silence(self) -> float:
        """Seconds of silence left out so far."""
        return self._cutter.silence

    @property
    def expected(self) -> float | None:
        """Length that the file states (s)."""
        return self._decoder.expected

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a listener should know about the recording."""
        notes = list(self._decoder.notes)
        rates = self._decoder.rates
        low = sum(seconds for rate, seconds in rates.items() if rate < _FULL_BAND)
        if low > sum(rates.values()) / 2:
            rate = max(rates, key=rates.__getitem__)
            text = (
                f"Its sample rate is {rate / 1000:g} kHz: the sound above {rate / 2000:g} kHz is "
            )
            notes.append(Note("low_rate", f"{text}missing."))
        if self.silence >= RULE.told_from:
            notes.append(Note("silence", SENTENCES["silence"].format(time=clock(self.silence))))
        return tuple(notes)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield windows of 66 149 samples each; the last one may overlap the one before it."""
        before = np.empty(0, np.float32)
        for piece in self.pieces():
            yield last_window(before, piece)
            before = piece

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield all samples, silence included, block by block.

        Yields
        ------
        ndarray of shape (n,), float32
            As many samples as come.
        """
        loud = False
        n = 0
        decoded = self._decoder.blocks()
        for block in _resampled(decoded, SAMPLE_RATE, self._max_seconds, self._decoder.name):
            require_finite(block, self._decoder.name)
            loud = loud or bool(block.size and np.abs(block).max() >= SILENCE)
            n += block.size
            self.duration = n / SAMPLE_RATE
            if self._on_block is not None:
                self._on_block(block)
            yield block
        broken = {note.kind for note in self._decoder.notes} & {"cut", "damaged"}
        if n < WINDOW_LENGTH and broken:
            raise DamagedAudioError(
                f"Only {tenths(n, SAMPLE_RATE)} s of {self._decoder.name} can be decoded, and at "
                "least 3 s are needed: it is damaged or incomplete; copy or download it again."
            )
        require_length(n, self._decoder.name, rate=SAMPLE_RATE)
        if not loud:
            raise silent(self._decoder.name)

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """Yield the sound, three seconds (66 150 samples) at a time.

        The last piece may lack one sample, or be a rest of 0.7 s and more after others: the last
        window then ends with it (`last_window`) and overlaps the one before. Two seconds of sound
        in a longer recording make one window, with silence behind.

        Yields
        ------
        ndarray of shape (66150,), float32
        """
        yield from self._cutter.pieces(self.blocks(), name=self._decoder.name)


def last_window(before: NDArray[np.float32], piece: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the window that a piece of `WindowStream.pieces` ends, 66 149 samples.

    Parameters
    ----------
    before : ndarray
        The piece before it; empty for the first.
    piece : ndarray

    Returns
    -------
    ndarray of shape (66149,), float32
    """
    if piece.size >= WINDOW_LENGTH:
        return piece[:WINDOW_LENGTH]
    return np.concatenate([before, piece])[-WINDOW_LENGTH:]


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
    require_finite(samples, name)
    require_sound(samples, name, rate=SAMPLE_RATE)
    return samples


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


def _of_equal_width(decoder: Decoder) -> Iterator[Block]:
    """Bring blocks to the number of channels that the first one has, as columns."""
    width = 0
    for rate, block in decoder.blocks():
        samples = np.atleast_2d(block).T
        width = width or samples.shape[1]
        if samples.shape[1] > width:
            samples = samples.mean(axis=1, keepdims=True)
        yield rate, np.ascontiguousarray(np.broadcast_to(samples, (len(samples), width)))


def _resampled(
    blocks: Iterable[Block], wanted: int, max_seconds: float, name: str
) -> Iterator[NDArray[np.float32]]:
    """Bring blocks to one rate and stop at the limit."""
    import soxr

    stream, rate = None, 0
    seconds = 0.0
    end = np.empty(0, np.float32)
    for found, block in blocks:
        seconds += len(block) / found
        if seconds > max_seconds:
            raise TooLongError(too_long(name, max_seconds))
        if stream is not None and found != rate:
            yield stream.resample_chunk(end, last=True)
            stream = None
        if found == wanted:
            yield block
            continue
        if stream is None:
            width = block.shape[1] if block.ndim == 2 else 1
            end = block[:0]
            stream = soxr.ResampleStream(found, wanted, width, dtype="float32", quality="HQ")
            rate = found
        yield stream.resample_chunk(block)
    if stream is not None:
        yield stream.resample_chunk(end, last=True)
