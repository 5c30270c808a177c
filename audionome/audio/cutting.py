"""Sound to windows of three seconds: silence is left out, and the rest at the end is dealt with.

The page of the report does the same in its own language, on samples at another rate: the numbers
of the rule are `RULE`, and the sentences are those of `SENTENCES`, which both read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audionome.audio.decoding import SILENCE
from audionome.errors import EmptyAudioError, NotFiniteError, SilentError, TooShortError

__all__ = [
    "RULE",
    "SENTENCES",
    "Cut",
    "Cutter",
    "Rule",
    "cut",
    "require_finite",
    "require_length",
    "require_sound",
    "silent",
    "tenths",
]

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Rule:
    """What counts as silence, and what becomes of a rest.

    Attributes
    ----------
    seconds : float
        Length of a window.
    silence : float
        A frame that spans less than this is silent, full scale being 1.
    quiet : float
        So is one whose level is less than this share of the loudest frames'.
    loudest : float
        Quantile of the levels that stands for the loudest: the maximum would let one click turn all
        music into silence.
    frame : float
        Length of a frame (s), the same at every rate: 220 samples at 22 050 Hz.
    ahead : int
        Frames from which the loudest ones are first known.
    step : int
        Frames that are looked at together afterwards.
    pause : int
        Silence inside the music belongs to it if it has fewer frames than this.
    rest : float
        A shorter rest at the end is left out (s): GTZAN's clips have up to 0.65 s of it.
    least : float
        Sound that is enough in a recording that is silent otherwise (s).
    offset : float
        A constant offset is taken away where it is more than this share of the standard deviation.
    told_from : float
        Silence that is told (s).
    most : float
        Larger samples are no sound: sums of their squares are infinite in single precision.
    """

    seconds: float = 3.0
    silence: float = SILENCE
    quiet: float = 1e-3
    loudest: float = 0.95
    frame: float = 220 / 22_050
    ahead: int = 3000
    step: int = 100
    pause: int = 100
    rest: float = 0.7
    least: float = 2.0
    offset: float = 0.05
    told_from: float = 1.0
    most: float = 1e10


RULE = Rule()

#: What a person is told; ``name`` is that of the recording.
SENTENCES = {
    "empty": "{name} holds no sound at all; choose another file.",
    "too_short": "{name} lasts {seconds} s; at least 3 s are needed.",
    "silent": "{name} is silent; choose a recording with sound in it.",
    "hardly_any": (
        "{name} holds {seconds} s of sound and is silent otherwise; at least 3 s are needed."
    ),
    "not_finite": (
        "{name} has samples that are not numbers or beyond any scale; export it again from the "
        "program that made it."
    ),
    "silence": "{time} of silence were left out.",
    "cut": (
        "Answered from the first {heard}: this browser decoded no more, though the file states "
        "{stated}. The app may read the rest."
    ),
}


class Cutter:
    """Cuts a recording into windows as it comes, without its silence.

    Parameters
    ----------
    rate : int
        Of the samples (Hz).

    Attributes
    ----------
    times : list of (float, float)
        Where the window of each piece that was yielded begins and ends in the recording (s).
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._gate = _Gate(rate)
        self._n = 0
        self._hop = round(RULE.seconds * rate)
        self.times: list[tuple[float, float]] = []

    @property
    def silence(self) -> float:
        """Seconds of silence left out so far."""
        return self._gate.silent / self._rate

    def pieces(self, blocks: Iterable[Samples], *, name: str) -> Iterator[Samples]:
        """Yield the sound, three seconds at a time.

        Parameters
        ----------
        blocks : iterable of ndarray
            All samples, silence included.
        name : str
            How the sentences of the errors call the recording.

        Yields
        ------
        ndarray of shape (n,), float32
            The last piece may lack one sample, or be a rest after others: the last window then ends
            with it (`last_window`) and overlaps the one before. Little sound in a longer recording
            makes one window, with silence behind.

        Raises
        ------
        TooShortError, SilentError
            At the end, if there was too little sound.
        """
        n, hop = 0, self._hop
        rest = np.empty(0, np.float32)
        for sound in self._gate.sounding(self._counted(blocks)):
            rest = np.concatenate([rest, sound])
            while rest.size >= hop:
                self._place(n)
                yield _centred(rest[:hop])
                n += hop
                rest = rest[hop:]
        if rest.size >= hop - 1:
            self._place(n)
            yield _centred(rest)
        elif n and rest.size >= round(RULE.rest * self._rate):
            self._place(n + rest.size - hop)
            yield _centred(rest)
        elif not n and rest.size >= RULE.least * self._rate:
            self._place(n)
            yield np.pad(_centred(rest), (0, hop - 1 - rest.size))
        elif not n and rest.size:
            raise TooShortError(
                SENTENCES["hardly_any"].format(name=name, seconds=tenths(rest.size, self._rate))
            )
        elif not n:
            raise silent(name)

    def _counted(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        for block in blocks:
            self._n += block.size
            yield block

    def _place(self, start: int) -> None:
        # Around its middle, so that a window with silence inside is not drawn as a long one.
        half = RULE.seconds / 2
        middle = self._gate.time(start + self._hop // 2)
        self.times.append((max(0.0, middle - half), min(middle + half, self._n / self._rate)))


class _Gate:
    """Leaves silence out of a recording, and remembers where.

    Attributes
    ----------
    silent : int
        Samples left out so far.
    """

    def __init__(self, rate: int) -> None:
        self.silent = 0
        self._rate = rate
        self._frame = RULE.frame * rate  # samples, not whole at every rate
        self._loudest = 0.0
        # Samples of sound before each stretch of it, and samples of silence before it.
        self._sound = [0]
        self._before = [0]

    def time(self, sample: int) -> float:
        """Return where a sample of the sound stands in the recording (s)."""
        stretch = bisect_right(self._sound, sample) - 1
        return (sample + self._before[stretch]) / self._rate

    def sounding(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the blocks without their silence."""
        n = quiet = 0  # samples of sound yielded, and of silence since
        pause: list[Samples] = []  # that silence, as long as it may belong to the sound
        for part, starts in self._parts(blocks):
            edges = [*starts, part.size]
            levels, spans = _levels(part, edges)
            self._loudest = max(self._loudest, float(np.quantile(levels, RULE.loudest)))
            audible = (spans >= RULE.silence) & (levels >= RULE.quiet * self._loudest)
            changes = np.flatnonzero(np.diff(audible)) + 1
            for start, stop in pairwise([0, *changes, len(starts)]):
                samples = part[edges[start] : edges[stop]]
                if not audible[start]:
                    quiet += samples.size
                    within = n and quiet < RULE.pause * self._frame
                    pause = [*pause, samples] if within else []
                    continue
                if not pause and (quiet or not n):
                    # The sound may begin inside its frame.
                    begin = int((np.abs(samples) >= RULE.silence).argmax())
                    samples = samples[begin:]
                    self.silent += quiet + begin
                    self._sound.append(n)
                    self._before.append(self.silent)
                end = samples.size - int((np.abs(samples[::-1]) >= RULE.silence).argmax())
                sound = np.concatenate([*pause, samples[:end]])
                yield sound
                n += sound.size
                pause, quiet = [samples[end:]], samples.size - end
        self.silent += quiet

    def _parts(self, blocks: Iterable[Samples]) -> Iterator[tuple[Samples, list[int]]]:
        """Yield samples with the places where their frames begin.

        How many frames come together does not hang on the blocks, which every decoder makes as it
        likes: what is loud is told by it.
        """
        rest = np.empty(0, np.float32)
        done = first = 0  # samples and frames yielded
        many = RULE.ahead
        for block in blocks:
            rest = np.concatenate([rest, block])
            while (size := self._edge(first + many) - done) <= rest.size:
                yield rest[:size], [self._edge(first + k) - done for k in range(many)]
                rest, done, first, many = rest[size:], done + size, first + many, RULE.step
        starts = [0]
        while (start := self._edge(first + len(starts)) - done) <= rest.size:
            starts.append(start)
        # What is left behind the last whole frame is judged as a frame, and alone.
        *whole, last = starts
        if whole:
            yield rest[:last], whole
        if last < rest.size:
            yield rest[last:], [0]

    def _edge(self, frame: int) -> int:
        """Return the first sample of a frame."""
        return round(frame * self._frame)


def _levels(samples: Samples, edges: list[int]) -> tuple[NDArray[np.float64], Samples]:
    """Return the level (an offset is none) and the span of the frames between the edges."""
    starts, sizes = edges[:-1], np.diff(edges)
    means = np.add.reduceat(samples, starts, dtype=np.float64) / sizes
    squares = np.square(samples - np.repeat(means, sizes))
    levels = np.sqrt(np.add.reduceat(squares, starts) / sizes)
    return levels, np.maximum.reduceat(samples, starts) - np.minimum.reduceat(samples, starts)


@dataclass(frozen=True)
class Cut:
    """A recording without its silence, window by window.

    Attributes
    ----------
    windows : list of ndarray of shape (n,), float32
        Three seconds each; the last one may overlap the one before.
    times : list of (float, float)
        Where they begin and end in the recording (s).
    duration : float
        Length of the recording (s).
    silence : float
        Seconds of silence left out.
    """

    windows: list[Samples] = field(repr=False)
    times: list[tuple[float, float]]
    duration: float
    silence: float


def cut(samples: Samples, *, rate: int, name: str = "The recording") -> Cut:
    """Cut a recording that is in memory into windows.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono, full scale [-1, 1].
    rate : int
        Of the samples (Hz).
    name : str
        How the sentences of the errors call the recording.

    Returns
    -------
    Cut

    Raises
    ------
    EmptyAudioError, TooShortError, NotFiniteError, SilentError

    See Also
    --------
    audionome.audio.WindowStream : The same for a file, as it is decoded.

    Examples
    --------
    >>> tone = np.cos(np.arange(8 * 16_000) / 9).astype(np.float32)
    >>> cut(tone, rate=16_000).times
    [(0.0, 3.0), (3.0, 6.0), (5.0, 8.0)]
    """
    require_finite(samples, name)
    require_sound(samples, name, rate=rate)
    cutter = Cutter(rate)
    hop = round(RULE.seconds * rate)
    windows: list[Samples] = []
    for piece in cutter.pieces([samples], name=name):
        if piece.size < hop - 1:
            piece = np.concatenate([windows[-1], piece])[-hop:]
        windows.append(np.pad(piece, (0, hop - piece.size)))
    return Cut(windows, cutter.times, samples.size / rate, cutter.silence)


def _centred(piece: Samples) -> Samples:
    """Remove the constant offset that a bad converter adds; leave other pieces as they are."""
    offset = piece.mean(dtype=np.float64)
    return piece - np.float32(offset) if abs(offset) > RULE.offset * piece.std() else piece


def require_finite(samples: Samples, name: str) -> None:
    """Refuse samples that are no sound.

    Parameters
    ----------
    samples : ndarray of shape (n,)
    name : str
        How the sentence calls the recording.

    Raises
    ------
    NotFiniteError
    """
    if not (np.abs(samples) <= RULE.most).all():  # false for what is not a number
        raise NotFiniteError(SENTENCES["not_finite"].format(name=name))


def require_sound(samples: Samples, name: str, *, rate: int) -> None:
    """Refuse a recording that is too short or silent.

    Parameters
    ----------
    samples : ndarray of shape (n,)
    name : str
        How the sentences call the recording.
    rate : int
        Of the samples (Hz).

    Raises
    ------
    EmptyAudioError, TooShortError, SilentError
    """
    require_length(samples.size, name, rate=rate)
    if not np.abs(samples).max() >= RULE.silence:
        raise silent(name)


def require_length(n: int, name: str, *, rate: int) -> None:
    """Refuse a recording of fewer samples than a window has.

    Parameters
    ----------
    n : int
    name : str
        How the sentences call the recording.
    rate : int
        Of the samples (Hz).

    Raises
    ------
    EmptyAudioError, TooShortError
    """
    if not n:
        raise EmptyAudioError(SENTENCES["empty"].format(name=name))
    if n < round(RULE.seconds * rate) - 1:
        raise TooShortError(SENTENCES["too_short"].format(name=name, seconds=tenths(n, rate)))


def silent(name: str) -> SilentError:
    """Return the error that a recording is silent.

    Parameters
    ----------
    name : str
        How the sentence calls the recording.

    Returns
    -------
    SilentError
    """
    return SilentError(SENTENCES["silent"].format(name=name))


def tenths(n: int, rate: int) -> str:
    """Return the seconds of so many samples; what is too short is not rounded up to enough.

    Parameters
    ----------
    n : int
    rate : int
        Of the samples (Hz).

    Returns
    -------
    str
    """
    return f"{10 * n // rate / 10:.1f}"
