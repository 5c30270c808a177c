"""A trained model plus a recording gives a `Prediction`.

>>> import audionome
>>> audionome.classify("song.mp3").probabilities  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio, features
from audionome._paths import data_path
from audionome.audio.decoding import Note
from audionome.features import modulation
from audionome.models import linear, persistence
from audionome.models.attribution import Reason, attribute, groups_of, reasons, shares
from audionome.models.neighbors import Index, Neighbour
from audionome.models.persistence import ModelError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DEFAULT_MODEL",
    "Classifier",
    "ModelError",
    "Neighbour",
    "Note",
    "Prediction",
    "Reason",
    "WindowPrediction",
    "classify",
    "load_classifier",
]

DEFAULT_MODEL = "extended"
_FADE = 4
_SCALED = 5.0  # mean deviation of a row, in standard deviations; music and noise reach 1.4
_WINDOW_SECONDS = audio.WINDOW_HOP / audio.SAMPLE_RATE

Status = Literal["ok", "unsure", "unlike"]


@dataclass(frozen=True)
class WindowPrediction:
    """Probabilities of one 3-second window; ``start`` and ``end`` in seconds."""

    start: float
    end: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Prediction:
    """The answer for one recording.

    Attributes
    ----------
    status : {"ok", "unsure", "unlike"}
        ``"unsure"`` when the probabilities are spread more widely than those of nine in ten known
        tracks; ``"unlike"`` when the sound is unlike anything the model learned from.
    genre : str
        The likeliest genre.
    confidence : float
        Its probability.
    probabilities : dict of str to float
        Mean over the windows; they sum to 1. For a sound that is ``"unlike"`` anything they
        fade towards ignorance, one tenth each, with the fourth power of `distance`.
    windows : tuple of WindowPrediction
        The timeline. Silence is in none of them; the last one may overlap the one before.
    reasons : tuple of Reason
        What spoke for and against the genre, the weightiest first. Their contributions and
        ``baseline`` sum to ``confidence``.
    baseline : float
        Probability of the genre for an average sound.
    neighbours : tuple of Neighbour
        The training tracks that sound most alike.
    second_opinion : dict of str to float or None
        Probabilities by the model of the classic features, where another one answered.
    distance : float
        How far the sound is from what the model learned from, in multiples of the distance from
        which on it is ``"unlike"`` anything.
    place : tuple of float
        Where the sound lies on the first two axes of the model's index, as its tracks do.
    features : dict of str to float
        Mean over the windows of the classic features that do not hang on loudness.
    tempo : float
        Median tempo of the windows (BPM); 0 if there is no beat.
    duration : float
        Length of the recording (s).
    seconds : dict of str to float
        Time spent in each step: ``decode``, ``features``, ``model``.
    message : str
        One honest sentence.
    silence : float
        Seconds of silence, which were left out of the answer.
    notes : tuple of Note
        What a listener should know about the recording: that the file was cut short or is damaged,
        say.
    learned_from : str or None
        The track of the training set that is this very recording, if one is.
    """

    status: Status
    genre: str
    confidence: float
    probabilities: dict[str, float]
    windows: tuple[WindowPrediction, ...]
    reasons: tuple[Reason, ...]
    baseline: float
    neighbours: tuple[Neighbour, ...]
    second_opinion: dict[str, float] | None
    distance: float
    place: tuple[float, float]
    features: dict[str, float]
    tempo: float
    duration: float
    seconds: dict[str, float]
    message: str
    silence: float = 0.0
    notes: tuple[Note, ...] = ()
    learned_from: str | None = None

    @property
    def headline(self) -> str:
        """The answer in a few words, no surer than it is."""
        if self.status == "unlike":
            return "Unlike anything it learned from"
        if self.status == "ok":
            return self.genre if self.confidence >= 0.5 else f"Perhaps {self.genre}"
        ranked = sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True)
        return f"Not sure: {ranked[0]} or {ranked[1]}"

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, for JSON."""
        return {
            **asdict(self),
            "windows": [asdict(w) for w in self.windows],
            "reasons": [asdict(r) for r in self.reasons],
            "neighbours": [asdict(n) for n in self.neighbours],
            "notes": [asdict(n) for n in self.notes],
        }

    def as_row(self, **first: str) -> dict[str, str | float | None]:
        """One flat row, for a table of many recordings; keyword arguments stand before it."""
        second = self.second_opinion
        return {
            **first,
            "status": self.status,
            "genre": self.genre,
            "confidence": self.confidence,
            **{f"p_{genre}": p for genre, p in self.probabilities.items()},
            "second_opinion": max(second, key=second.__getitem__) if second else None,
            "distance": self.distance,
            "tempo": self.tempo,
            "duration": self.duration,
            "learned_from": self.learned_from,
            "message": self.message,
            "notes": " ".join(note.text for note in self.notes),
        }


class _Tally:
    """What a model hears of a recording, summed up window by window."""

    def __init__(self, classifier: Classifier) -> None:
        self._of = classifier
        self._parts: list[NDArray[np.float64]] = []
        self._sum: NDArray[np.float64] = np.zeros(len(classifier.model.mean))

    def add(self, rows: NDArray[np.floating]) -> None:
        """Hear more windows; the rows themselves are not kept, for a mix has thousands."""
        seen = self._of.model.transformed(rows)
        self._parts.append(shares(self._of.model, seen, self._of.groups))
        self._sum += seen.sum(axis=0)

    @property
    def parts(self) -> NDArray[np.float64]:
        """What every group added to every genre's score, ``(windows, groups, genres)``."""
        return np.concatenate(self._parts)

    @property
    def mean_row(self) -> NDArray[np.float64]:
        """Mean of the windows as the model sees them."""
        return self._sum / len(self.parts)

    def probabilities(self, temperature: float) -> NDArray[np.float64]:
        """Of every window."""
        scores = self.parts.sum(axis=1) + self._of.model.bias
        return linear.softmax(scores / temperature)


class Classifier:
    """A trained model with its card.

    Parameters
    ----------
    model : audionome.models.linear.Linear
        The fitted model.
    card : dict
        What the model is: ``name``, ``features``, ``temperature``, ``unsure_above``, data,
        evaluation.
    index : audionome.models.neighbors.Index
        Its training tracks by their sound.
    whitening : ndarray, optional
        For the distance to the training windows; the model of the classic features has it.
    companion : Classifier, optional
        The model of the classic features, for a model of others.
    """

    def __init__(
        self,
        model: linear.Linear,
        card: dict[str, Any],
        *,
        index: Index,
        whitening: NDArray[np.float64] | None = None,
        companion: Classifier | None = None,
    ) -> None:
        self.model = model
        self.card = card
        self.index = index
        self.companion = companion
        self.name: str = card["name"]
        self.genres: tuple[str, ...] = tuple(str(c) for c in model.classes)
        self.extended = card["features"] == "extended"
        self.features: tuple[str, ...] = (
            modulation.EXTENDED_COLUMNS if self.extended else tuple(card["features"])
        )
        self.groups = groups_of(self.extended)
        self._whitening = whitening

    def temperature(self, windows: float) -> float:
        """What scores are divided by, so that answers are right as often as they claim.

        A short recording tells less than its scores do: its temperature is higher. Between the
        lengths that were measured it follows the logarithm of the length.

        Parameters
        ----------
        windows : float
            Length of the sound, in windows of 3 s.

        References
        ----------
        .. [1] Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017).
        """
        if "temperatures" not in self.card:
            return float(self.card["temperature"])
        lengths, values = zip(*self.card["temperatures"], strict=True)
        return float(np.interp(np.log(windows), np.log(lengths), values))

    def predict_proba(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities of feature rows.

        Parameters
        ----------
        table : DataFrame
            One row per window, with the columns that the card names (any order, others are
            ignored), as `audionome.features.extract` makes them. A table of classic features is
            answered by the model of the classic features, whichever model this is.

        Returns
        -------
        ndarray of shape (rows, genres), float64
            Columns in the order of `genres`; rows sum to 1. A track's probabilities are the mean
            of its windows'. The table is taken for one of long recordings; see `temperature`.

        Raises
        ------
        TypeError
            If it is no DataFrame.
        ValueError
            If a column is missing, or a value is missing, infinite or not possible: a table that
            was scaled would be answered wrongly.
        """
        names = getattr(table, "columns", None)
        if names is None or not hasattr(table, "loc"):
            raise TypeError(
                "predict_proba needs a pandas DataFrame with named columns, as "
                "audionome.features.extract makes them, and got "
                f"{type(table).__name__}; use pandas.DataFrame(values, columns=names)."
            )
        missing = [c for c in self.features if c not in names]
        if missing and self.companion is not None:
            return self.companion.predict_proba(table)
        if missing and not any(isinstance(name, str) for name in names):
            raise ValueError(
                "the columns of the table have no names; use pandas.DataFrame(values, "
                "columns=audionome.features.COLUMNS) if that is their order"
            )
        if missing:
            raise ValueError(
                f"the table lacks {len(missing)} feature columns that model {self.name!r} needs: "
                f"{', '.join(missing[:3])}"
            )
        if names.duplicated().any():
            raise ValueError("the table has two columns of one name")
        try:
            values = table[list(self.features)].to_numpy(dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError("the table has feature values that are not numbers") from error
        if not np.isfinite(values).all():
            raise ValueError("the table has feature values that are missing or infinite")
        if self.extended:
            self._require_unscaled(values)
        else:
            features.require_possible(values, self.features)
        # One thread: sums in another order would differ in the last digit between processes.
        with threadpool_limits(1, user_api="blas"):
            return linear.softmax(self.model.scores(values) / self.card["temperature"])

    def _require_unscaled(self, values: NDArray[np.float64]) -> None:
        """Refuse extended rows that are far from those of any sound: they were scaled."""
        far = np.abs(self.model.standardised(values)).mean(axis=1) > _SCALED
        if far.any():
            raise ValueError(
                f"{far.sum()} of {len(far)} rows are like no sound's, as if the table had been "
                "scaled; pass the values as audionome.features.modulation.extract_extended "
                "makes them"
            )

    def classify(
        self,
        source: str | Path | bytes | BinaryIO,
        *,
        max_seconds: float = audio.MAX_SECONDS,
        progress: Callable[[float, str], None] | None = None,
    ) -> Prediction:
        """Classify one recording; see `audionome.classify`."""

        def tell(fraction: float, step: str) -> None:
            if progress is not None:
                progress(fraction, step)

        tell(0.0, "reading the file")
        stream = audio.WindowStream(source, max_seconds=max_seconds)
        clock = _Clock()
        classic = self.companion or self
        rows: list[NDArray[np.float64]] = []

        def pieces() -> Iterator[NDArray[np.float32]]:
            before = np.empty(0, np.float32)
            for piece in clock.spent("decode", stream.pieces()):
                window = audio.last_window(before, piece)
                (row,) = features.measure([window], columns=classic.features)
                rows.append(row)
                tell(0.05 + 0.9 * _share_done(len(rows), stream.expected), "measuring the sound")
                yield piece
                before = piece

        with threadpool_limits(1, user_api="blas"):
            heard = _Tally(self)
            # Windows are measured while the file is decoded: memory stays flat for a long mix.
            if self.extended:
                for block in clock.spent("features", modulation.measure_extended(pieces())):
                    heard.add(block)
            else:
                for _ in clock.spent("features", pieces()):
                    pass
            tell(0.95, "comparing with the ten genres")
            start = perf_counter()
            table = np.array(rows)
            if not self.extended:
                heard.add(table)
            clock.seconds["features"] -= clock.seconds["decode"]
            prediction = self._prediction(heard, table, stream, clock.seconds)
        clock.seconds["model"] = perf_counter() - start
        tell(1.0, "done")
        return prediction

    def _prediction(
        self,
        heard: _Tally,
        table: NDArray[np.float64],
        stream: audio.WindowStream,
        seconds: dict[str, float],
    ) -> Prediction:
        classic = self.companion or self
        distance = classic.distance(table)
        # Far from all it learned from, a linear score only grows; what it is worth does not.
        trust = min(1.0, distance**-_FADE)
        length = (stream.duration - stream.silence) / _WINDOW_SECONDS
        temperature = self.temperature(length)
        windows = _faded(heard.probabilities(temperature), trust)
        mean = windows.mean(axis=0)
        best = int(mean.argmax())
        status: Status = "ok"
        if distance > 1:
            status = "unlike"
        elif spread(mean) > self.card["unsure_above"]:
            status = "unsure"
        added = attribute(heard.parts, self.model.bias, temperature=temperature, genre=best)
        second = None
        if self.companion is not None:
            scores = classic.model.scores(table) / classic.temperature(length)
            second = self._named(_faded(linear.softmax(scores).mean(axis=0), trust))
        same = self.index.same(heard.mean_row)
        return Prediction(
            status=status,
            genre=self.genres[best],
            confidence=float(mean[best]),
            probabilities=self._named(mean),
            windows=tuple(
                WindowPrediction(begin, end, self._named(row))
                for (begin, end), row in zip(stream.times, windows, strict=True)
            ),
            reasons=reasons(trust * added, heard.mean_row, self.groups),
            baseline=float(_faded(linear.softmax(self.model.bias / temperature), trust)[best]),
            neighbours=self.index.nearest(heard.mean_row),
            second_opinion=second,
            distance=distance,
            place=self.index.place(heard.mean_row),
            features=dict(zip(classic.features, table.mean(axis=0).tolist(), strict=True)),
            tempo=_tempo(table[:, classic.features.index("tempo")]),
            duration=stream.duration,
            silence=stream.silence,
            notes=(*stream.notes, *_learned(same)),
            learned_from=same,
            seconds=seconds,
            message=_sentence(self._named(mean), status=status),
        )

    def distance(self, rows: NDArray[np.floating]) -> float:
        """Median distance of windows to the training windows, 1 where strangeness begins.

        The median, so that one odd window does not make a recording strange.

        Parameters
        ----------
        rows : ndarray of shape (windows, features)
            Classic features, in the order of `features`.

        References
        ----------
        .. [1] Mahalanobis, On the generalized distance in statistics (1936).
        """
        if self._whitening is None:
            raise ValueError(f"model {self.name!r} knows no distance; ask its companion")
        independent = self.model.standardised(rows) @ self._whitening
        return float(np.median(np.sum(independent**2, axis=1)) / self.card["strange_above"])

    def _named(self, row: NDArray[np.float64]) -> dict[str, float]:
        return {genre: float(p) for genre, p in zip(self.genres, row, strict=True)}


def spread(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Entropy of probabilities over that of complete ignorance, in [0, 1].

    Parameters
    ----------
    probabilities : ndarray of shape (..., genres)
    """
    p = np.asarray(probabilities, dtype=np.float64)
    entropy = -np.sum(p * np.log(np.maximum(p, 1e-12)), axis=-1)
    return np.asarray(entropy / np.log(p.shape[-1]))


def _learned(track: str | None) -> tuple[Note, ...]:
    """Say that an answer is about a recording of the training set."""
    if track is None:
        return ()
    text = f"This very recording was learned from ({track} of GTZAN): the answer shows memory, "
    return (Note("learned", f"{text}not what it would say of new music."),)


def _faded(probabilities: NDArray[np.float64], trust: float) -> NDArray[np.float64]:
    """Probabilities drawn towards ignorance."""
    return trust * probabilities + (1 - trust) / probabilities.shape[-1]


def _share_done(windows: int, expected: float | None) -> float:
    """Share of a file that is measured; a file's own word for its length may be wrong."""
    if not expected:
        return windows / (windows + 20)
    return min(1.0, windows * _WINDOW_SECONDS / expected)


class _Clock:
    """Seconds spent inside iterators, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def spent(
        self, name: str, items: Iterator[NDArray[np.float32]]
    ) -> Iterator[NDArray[np.float32]]:
        """Yield the items, and add up the time that they took to come."""
        self.seconds[name] = 0.0
        while True:
            start = perf_counter()
            item = next(items, None)
            self.seconds[name] += perf_counter() - start
            if item is None:
                return
            yield item


def _tempo(windows: NDArray[np.float64]) -> float:
    beats = windows[windows > 0]
    return float(np.median(beats)) if beats.size else 0.0


def _sentence(probabilities: dict[str, float], *, status: Status) -> str:
    """What an honest person would say."""
    (first, p), (second, q) = sorted(probabilities.items(), key=lambda item: -item[1])[:2]
    if status == "unlike":
        return f"This is unlike anything the model learned from; {first} is no more than a guess."
    if status == "unsure":
        nearly = f", {second} nearly as well" if q >= 0.8 * p else f", then {second}"
        return f"Not sure: {first} fits best{nearly}."
    # Below one half, no genre is probable, though one may stand out.
    likely = f"Probably {first}" if p >= 0.5 else f"Perhaps {first}"
    return f"{likely}; {second} is close." if q >= 0.5 * p else f"{likely}."


def load_classifier(name: str | None = None) -> Classifier:
    """Load a trained model; a second call returns the same object.

    Parameters
    ----------
    name : str, optional
        Name of a model in ``data/models``. Default: the one that ships as the default.

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError
        If there is no such model, or its file is not the one its card describes.
    """
    return _load(name or DEFAULT_MODEL)


@lru_cache(maxsize=4)
def _load(name: str) -> Classifier:
    found = persistence.read(data_path("models"), name)
    return Classifier(
        found.model,
        found.card,
        index=found.index,
        whitening=found.whitening,
        companion=_load(found.card["companion"]) if "companion" in found.card else None,
    )


def classify(
    source: str | Path | bytes | BinaryIO,
    *,
    classifier: Classifier | None = None,
    max_seconds: float = audio.MAX_SECONDS,
    progress: Callable[[float, str], None] | None = None,
) -> Prediction:
    """Tell the genre of a recording.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        The recording: WAV, MP3, FLAC, OGG, Opus, AIFF, M4A, WebM or a video with sound.
    classifier : Classifier, optional
        Default: `load_classifier()`.
    max_seconds : float
        Longest recording that is accepted (s).
    progress : callable, optional
        Called with the share of the work done, in [0, 1], and the name of the step.

    Returns
    -------
    Prediction

    Raises
    ------
    audionome.audio.AudioError
        If the recording cannot be used; its text is a plain sentence.
    """
    classifier = classifier or load_classifier()
    return classifier.classify(source, max_seconds=max_seconds, progress=progress)
