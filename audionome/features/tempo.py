"""The tempo of a whole recording, and how sure it is.

Conventions
-----------
A recording is looked at in stretches of about half a minute, silence included: what is left out of
it would shift the beat. Of each, `audionome.features.onsets.Rhythm` gives up to twelve candidates,
and boosted trees, fitted to the tempi that people annotated in GTZAN, say how probable each is.
The probabilities of all stretches are added up, so that memory hardly grows with the length.

People disagree about the beat to tap to: two of them may hear 70 and 140. Where the half, the
double, a third or three times the tempo is a candidate with at least one chance in five, it is the
`Tempo.alternative`. ``audionome lab tempo`` fits the trees, writes ``data/models/tempo.npz`` and
``tempo.json`` and judges them on artists that they have not learned from.

References
----------
.. [1] Friedman, Greedy function approximation: a gradient boosting machine (Annals of Statistics
       29, 2001).
.. [2] Schreiber, Urbano and Müller, Music tempo estimation: are we done yet? (TISMIR 3, 2020).
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome._paths import data_path
from audionome.audio import SAMPLE_RATE
from audionome.errors import ModelError
from audionome.features.onsets import DESCRIPTION, Rhythm

__all__ = [
    "ALTERNATIVE_FROM",
    "RELATIVES",
    "TOLERANCE",
    "Ranker",
    "Tempo",
    "TempoTracker",
    "combine",
    "estimate_tempo",
    "has_beat",
    "load_ranker",
    "share_out",
]

Array64 = NDArray[np.float64]

#: Tempi that differ by no more are the same.
TOLERANCE = 0.04
#: What is another level of the same beat.
RELATIVES: tuple[float, ...] = (2.0, 1 / 2, 3.0, 1 / 3)
#: Probability from which on another level is told.
ALTERNATIVE_FROM = 0.2

_STRETCH = 30 * SAMPLE_RATE
_LEAST_STRENGTH = 1.2  # of `Rhythm.strength`: noise stays below
_LEAST_RISE = 0.02  # mean onset strength: a steady tone stays below, a beating chord as well
_LEAST_SHARE = 0.25  # of the sound, that must have a beat
_MOST_BYTES = 16 << 20
_TREES = {"column": "i", "threshold": "f", "left": "i", "right": "i", "value": "f"}


@dataclass(frozen=True)
class Tempo:
    """The tempo of a recording.

    Attributes
    ----------
    bpm : float
        Beats per minute; 0 if there is no beat.
    probability : float
        That a listener would say so, within 4 %, in [0, 1]; 0 if there is no beat.
    alternative : float or None
        Another level of the same beat (BPM), half or twice or a third or three times as fast,
        where it has at least one chance in five.
    """

    bpm: float
    probability: float
    alternative: float | None


@dataclass(frozen=True)
class Ranker:
    """Boosted trees that tell which candidate is the tempo.

    Attributes
    ----------
    column : ndarray of shape (trees, nodes), int
        Which number of `audionome.features.onsets.DESCRIPTION` a node looks at.
    threshold : ndarray of shape (trees, nodes), float64
        Up to it, `left` is next, otherwise `right`; infinite in leaves.
    left, right : ndarray of shape (trees, nodes), int
        The next node; itself in leaves.
    value : ndarray of shape (trees, nodes), float64
        What a leaf adds to the log-odds.
    bias : ndarray of shape (), float64
        Log-odds of a candidate of which nothing is known.
    scale, none : float
        The log-odds of the candidates, times `scale`, compete with `none`: none of them.
    """

    column: NDArray[np.intp]
    threshold: Array64
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: Array64
    bias: Array64
    scale: float
    none: float

    def scores(self, rows: Array64) -> Array64:
        """Return the log-odds of candidates, each on its own.

        Parameters
        ----------
        rows : ndarray of shape (candidates, len(DESCRIPTION))
            From `audionome.features.onsets.Rhythm.describe`.

        Returns
        -------
        ndarray of shape (candidates,), float64
        """
        rows = rows.astype(np.float32)  # as they were when the thresholds were found
        tree = np.arange(len(self.column))
        node = np.zeros((len(rows), len(tree)), dtype=np.intp)
        while True:
            seen = np.take_along_axis(rows, self.column[tree, node], axis=1)
            below = seen <= self.threshold[tree, node]
            further = np.where(below, self.left[tree, node], self.right[tree, node])
            if np.array_equal(further, node):
                break
            node = further
        return np.asarray(self.bias + self.value[tree, node].sum(axis=1))

    def probabilities(self, rows: Array64) -> Array64:
        """Return how probable it is that each candidate of a clip is the tempo.

        Parameters
        ----------
        rows : ndarray of shape (candidates, len(DESCRIPTION))
            All candidates of one clip.

        Returns
        -------
        ndarray of shape (candidates,), float64
            What they lack to 1 is the probability that it is none of them.
        """
        return share_out(self.scores(rows), scale=self.scale, none=self.none)


def share_out(scores: Array64, *, scale: float, none: float) -> Array64:
    """Turn the log-odds of a clip's candidates into probabilities that one of them is right.

    Parameters
    ----------
    scores : ndarray of shape (candidates,)
    scale, none : float
        See `Ranker`.

    Returns
    -------
    ndarray of shape (candidates,), float64

    Examples
    --------
    >>> share_out(np.array([0.0, 0.0]), scale=1.0, none=0.0).round(2).tolist()
    [0.33, 0.33]
    """
    odds = np.append(scale * scores, none)
    odds = np.exp(odds - odds.max())
    return np.asarray(odds[:-1] / odds.sum())


class TempoTracker:
    """Listens to a recording block by block, and tells its tempo at the end.

    Memory grows by a few numbers for every half minute.

    Parameters
    ----------
    ranker : Ranker, optional
        Default: the one that ships.

    Examples
    --------
    >>> clicks = np.zeros(10 * SAMPLE_RATE)
    >>> clicks[:: SAMPLE_RATE // 2] = 1
    >>> tracker = TempoTracker()
    >>> for block in np.split(clicks, 100):
    ...     tracker.add(block)
    >>> round(tracker.tempo().bpm)
    120
    """

    def __init__(self, ranker: Ranker | None = None) -> None:
        self._ranker = ranker or load_ranker()
        self._blocks: list[NDArray[np.floating]] = []
        self._waiting = 0  # samples of the blocks
        self._heard: list[tuple[float, Array64, Array64]] = []  # seconds, BPM, probabilities

    def add(self, samples: NDArray[np.floating]) -> None:
        """Take the next samples.

        Parameters
        ----------
        samples : ndarray of shape (n,)
            Mono samples at 22 050 Hz, silence included.
        """
        self._blocks.append(samples)
        self._waiting += len(samples)
        while self._waiting >= 2 * _STRETCH:
            waiting = np.concatenate(self._blocks)
            self._hear(waiting[:_STRETCH])
            self._blocks = [waiting[_STRETCH:].copy()]
            self._waiting -= _STRETCH

    def tempo(self) -> Tempo:
        """Return the tempo of what was heard.

        Returns
        -------
        Tempo
        """
        if self._blocks:
            waiting = np.concatenate(self._blocks)
            parts = 2 if len(waiting) >= 1.5 * _STRETCH else 1
            for part in np.array_split(waiting, parts):
                self._hear(part)
            self._blocks, self._waiting = [], 0
        return combine(self._heard)

    def _hear(self, samples: NDArray[np.floating]) -> None:
        rhythm = Rhythm.of(samples)
        bpm, probability = np.zeros(0), np.zeros(0)
        if has_beat(rhythm):
            bpm, probability = rhythm.bpm, self._ranker.probabilities(rhythm.describe())
        self._heard.append((rhythm.seconds, bpm, probability))


def has_beat(rhythm: Rhythm) -> bool:
    """Return whether a stretch of sound has a beat at all: noise and steady tones have none.

    Parameters
    ----------
    rhythm : audionome.features.onsets.Rhythm

    Returns
    -------
    bool
    """
    return rhythm.strength >= _LEAST_STRENGTH and bool(rhythm.onsets.mean() >= _LEAST_RISE)


def combine(heard: Sequence[tuple[float, Array64, Array64]]) -> Tempo:
    """Add up what was heard of the stretches of a recording.

    Parameters
    ----------
    heard : sequence of (float, ndarray, ndarray)
        Of each stretch how much of it sounds (s), its candidates (BPM) and their probabilities;
        no candidates where it has no beat.

    Returns
    -------
    Tempo

    Examples
    --------
    >>> told = combine([(30.0, np.array([120.0, 60.0]), np.array([0.6, 0.3]))])
    >>> round(told.bpm), told.probability, told.alternative
    (120, 0.6, 60.0)
    """
    seconds = sum(length for length, _, _ in heard)
    with_beat = sum(length for length, bpm, _ in heard if bpm.size)
    if not with_beat or with_beat < _LEAST_SHARE * seconds:
        return Tempo(0.0, 0.0, None)
    bpm = np.concatenate([bpm for _, bpm, _ in heard])
    weight = np.concatenate([length / seconds * p for length, _, p in heard])
    same = np.abs(bpm[None] / bpm[:, None] - 1) <= TOLERANCE
    score = same @ weight
    best = int(score.argmax())
    near = same[best]
    chosen = float(np.exp(np.average(np.log(bpm[near]), weights=weight[near])))
    others = _is_relative(bpm / chosen) & (score >= ALTERNATIVE_FROM)
    other = float(bpm[others][score[others].argmax()]) if others.any() else None
    return Tempo(chosen, float(score[best]), other)


def _is_relative(ratio: Array64) -> NDArray[np.bool_]:
    levels = np.array(RELATIVES)
    return np.asarray((np.abs(ratio[:, None] / levels - 1) <= TOLERANCE).any(axis=1))


def estimate_tempo(samples: NDArray[np.floating]) -> Tempo:
    """Estimate the tempo of a clip.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz, any level.

    Returns
    -------
    Tempo

    Raises
    ------
    ValueError
        If the samples are not one-dimensional, or none.
    audionome.errors.ModelError
        If the ranker's files are not what they should be.

    See Also
    --------
    TempoTracker : For a recording that comes block by block.
    audionome.features.rhythm.tempo : The classic feature, of one window.

    Examples
    --------
    >>> from audionome import audio
    >>> round(estimate_tempo(audio.load(data_path("examples", "disco.ogg"))).bpm)
    120
    """
    samples = np.asarray(samples)
    if samples.ndim != 1 or not samples.size:
        raise ValueError(f"samples must be one-dimensional (mono), not of shape {samples.shape}")
    tracker = TempoTracker()
    tracker.add(samples)
    return tracker.tempo()


# -- the ranker's files -------------------------------------------------------------------


def load_ranker(folder: Path | None = None) -> Ranker:
    """Read ``tempo.json`` and ``tempo.npz``; a second call returns the same object.

    Parameters
    ----------
    folder : Path, optional
        Default: the models that ship.

    Returns
    -------
    Ranker

    Raises
    ------
    audionome.errors.ModelError
        If the files are missing or not what they should be.
    """
    return _load(folder or data_path("models"))


@lru_cache(maxsize=2)
def _load(folder: Path) -> Ranker:
    card_path, arrays_path = folder / "tempo.json", folder / "tempo.npz"
    try:
        sizes = card_path.stat().st_size, arrays_path.stat().st_size
        if max(sizes) > _MOST_BYTES:
            raise _Wrong("are too large for it")
        card, data = card_path.read_bytes(), arrays_path.read_bytes()
        return _ranker(card, data)
    except OSError as error:
        raise ModelError(f"The model of tempo cannot be read: {error}; {_MEND}.") from error
    except _Wrong as wrong:
        raise ModelError(
            f"{card_path} and {arrays_path} are not the model of tempo: they {wrong}; {_MEND}."
        ) from None


_MEND = "restore tempo.json and tempo.npz from the repository or run `audionome lab tempo`"


class _Wrong(Exception):
    """What is wrong with the files; completes a sentence that begins with "they"."""


def _ranker(card_bytes: bytes, data: bytes) -> Ranker:
    try:
        card: Any = json.loads(card_bytes)
    except (ValueError, RecursionError):
        card = None
    if not isinstance(card, dict) or card.get("name") != "tempo":
        raise _Wrong("lack its card")
    if card.get("arrays_sha256") != hashlib.sha256(data).hexdigest():
        raise _Wrong("do not belong together")
    if card.get("description") != list(DESCRIPTION):
        raise _Wrong("describe candidates by other numbers")
    scale: Any = card.get("scale")
    none: Any = card.get("none")
    if not _is_number(scale) or not _is_number(none) or not scale > 0:
        raise _Wrong("lack a scale above 0 or the log-odds of none")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise _Wrong("are too large for it")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in file.files}
    except _Wrong:
        raise
    except Exception as error:  # a stranger's bytes: NumPy and zipfile raise all kinds
        raise _Wrong("are no archive of plain arrays") from error
    _require_trees(arrays)
    return Ranker(
        column=arrays["column"].astype(np.intp),
        threshold=arrays["threshold"].astype(np.float64),
        left=arrays["left"].astype(np.intp),
        right=arrays["right"].astype(np.intp),
        value=arrays["value"].astype(np.float64),
        bias=arrays["bias"].astype(np.float64),
        scale=float(scale),
        none=float(none),
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _require_trees(arrays: dict[str, NDArray[Any]]) -> None:
    """Refuse arrays that are no trees: an index out of range or a circle would never end well."""
    if set(arrays) != {*_TREES, "bias"}:
        raise _Wrong("hold other arrays")
    shape = arrays["column"].shape
    if len(shape) != 2 or not min(shape) or arrays["bias"].shape != ():
        raise _Wrong("have arrays of another shape")
    for name, kind in {**_TREES, "bias": "f"}.items():
        if arrays[name].dtype.kind != kind or (name != "bias" and arrays[name].shape != shape):
            raise _Wrong(f"have a {name} of another kind or shape")
    own = np.arange(shape[1])
    left, right, threshold = arrays["left"], arrays["right"], arrays["threshold"]
    leaf = (left == own) & (right == own)
    inner = (left > own) & (right > own) & (np.maximum(left, right) < shape[1])
    if not (leaf | inner).all():
        raise _Wrong("have branches that lead nowhere")
    if arrays["column"].min() < 0 or arrays["column"].max() >= len(DESCRIPTION):
        raise _Wrong("look at numbers that no candidate has")
    if not (np.isfinite(arrays["value"]).all() and np.isfinite(arrays["bias"])):
        raise _Wrong("hold values that are not finite")
    if np.isnan(threshold).any() or not np.isfinite(threshold[inner]).all():
        raise _Wrong("hold thresholds that are not finite")
