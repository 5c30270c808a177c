"""A trained model plus a recording gives a `Prediction`.

>>> import audionome
>>> audionome.classify("song.mp3").probabilities  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import tee
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome._paths import data_path
from audionome.audio import Note
from audionome.features import Extractor
from audionome.features.tempo import Tempo, TempoTracker
from audionome.models import linear, persistence
from audionome.models.attribution import Reason
from audionome.models.calibration import (
    Calibration,
    OutOfDistribution,
    fade,
    prediction_set,
)
from audionome.models.hearing import Heard, LinearHeard
from audionome.models.neighbors import Index, Neighbour
from audionome.models.persistence import ModelError
from audionome.models.prediction import Prediction, Tag, WindowPrediction, message, status_of

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
    "Tag",
    "WindowPrediction",
    "classify",
    "load_classifier",
]

DEFAULT_MODEL = "extended"
_WINDOW_SECONDS = audio.WINDOW_HOP / audio.SAMPLE_RATE

Item = TypeVar("Item")
P = ParamSpec("P")


class Classifier:
    """An extractor, a linear model over its columns, and what is needed to say how sure it is.

    Parameters
    ----------
    extractor : audionome.features.Extractor
        Measures a recording; its columns are those of the model.
    model : audionome.models.linear.Linear
        The fitted model.
    calibration : audionome.models.calibration.Calibration
        Turns its scores into probabilities.
    index : audionome.models.neighbors.Index
        Its training tracks by their sound.
    card : dict
        What the model is: ``name``, data, evaluation.
    out_of_distribution : audionome.models.calibration.OutOfDistribution, optional
        How far sounds are from what it learned from.
    companion : Classifier, optional
        A model that gives a second opinion. One that has no distance needs it, and so do tables
        that lack its columns.
    """

    def __init__(
        self,
        extractor: Extractor,
        model: linear.Linear,
        calibration: Calibration,
        *,
        index: Index,
        card: dict[str, Any],
        out_of_distribution: OutOfDistribution | None = None,
        companion: Classifier | None = None,
    ) -> None:
        self.extractor = extractor
        self.model = model
        self.calibration = calibration
        self.index = index
        self.card = card
        self.out_of_distribution = out_of_distribution
        self.companion = companion
        self.name: str = card["name"]
        self.genres: tuple[str, ...] = tuple(str(c) for c in model.classes)

    def distance(self, rows: NDArray[np.floating]) -> float:
        """Measure how far windows are from those that the model learned from.

        Parameters
        ----------
        rows : ndarray of shape (windows, features)
            In the order of the extractor's names.

        Returns
        -------
        float
            Above 1 the sound is out of the distribution; see
            `audionome.models.calibration.OutOfDistribution`.

        Raises
        ------
        ValueError
            If the model has no distance.
        """
        if self.out_of_distribution is None:
            raise ValueError(f"model {self.name!r} knows no distance; ask its companion")
        return self.out_of_distribution.distance(self.model.standardised(rows))

    def predict_proba(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of feature rows.

        Parameters
        ----------
        table : DataFrame
            One row per window, with the columns of the model's extractor (any order, others are
            ignored), as `audionome.features.extract` makes them. Where columns are missing, the
            companion answers: a table of classic features is answered by the classic model.

        Returns
        -------
        ndarray of shape (rows, genres), float64
            Columns in the order of `genres`; rows sum to 1. A track's probabilities are the mean
            of its windows'. The table is taken for one of long recordings; see
            `audionome.models.calibration.Calibration.temperature_for`.

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
        missing = [c for c in self.extractor.names if c not in names]
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
            values = table[list(self.extractor.names)].to_numpy(dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError("the table has feature values that are not numbers") from error
        if not np.isfinite(values).all():
            raise ValueError("the table has feature values that are missing or infinite")
        self.extractor.require_possible(values, self.model.standardised(values))
        # One thread: sums in another order would differ in the last digit between processes.
        with threadpool_limits(1, user_api="blas"):
            return linear.softmax(self.model.scores(values) / self.calibration.temperature)

    def classify(
        self,
        source: str | Path | bytes | BinaryIO,
        *,
        max_seconds: float = audio.MAX_SECONDS,
        progress: Callable[[float, str], None] | None = None,
    ) -> Prediction:
        """Classify one recording.

        Parameters
        ----------
        source, max_seconds, progress
            As for `audionome.classify`.

        Returns
        -------
        Prediction

        Raises
        ------
        audionome.audio.AudioError
            If the recording cannot be used; its text is a plain sentence.
        """

        def tell(fraction: float, step: str) -> None:
            if progress is not None:
                progress(fraction, step)

        tell(0.0, "reading the file")
        clock = _Clock()
        tracker = TempoTracker()
        stream = audio.WindowStream(
            source, max_seconds=max_seconds, on_block=clock.timed("tempo", tracker.add)
        )
        with threadpool_limits(1, user_api="blas"):
            # Every model measures the blocks as they come: memory stays flat for a long mix.
            panel = self._panel()
            feeds = tee(clock.spent("decode", stream.pieces()), len(panel))
            own, *others = heard = [
                of._hear(clock.spent("features", of.extractor.measure(blocks)))
                for of, blocks in zip(panel, feeds, strict=True)
            ]
            while own.hear_more():
                for other in others:
                    while other.windows < own.windows and other.hear_more():
                        done = _share_done(other.windows, stream.expected)
                        tell(0.05 + 0.9 * done, "measuring the sound")
                tell(0.05 + 0.9 * _share_done(own.windows, stream.expected), "measuring the sound")
            tell(0.95, "comparing with the ten genres")
            clock.seconds["features"] -= clock.seconds["decode"]
            clock.seconds["decode"] -= clock.seconds["tempo"]
            tempo = clock.timed("tempo", tracker.tempo)()
            clock.seconds["features"] += clock.seconds.pop("tempo")
            start = perf_counter()
            prediction = self._prediction(heard, stream, tempo, clock.seconds)
        clock.seconds["model"] = perf_counter() - start
        tell(1.0, "done")
        return prediction

    def _panel(self) -> list[Classifier]:
        """Return the model, its companion, and the companion's."""
        return [self, *(self.companion._panel() if self.companion else ())]

    def _hear(self, measured: Iterator[NDArray[np.floating]]) -> Heard:
        """Return what will hear the rows that the extractor measures."""
        return LinearHeard(
            self.extractor, self.model, self.calibration, self.out_of_distribution, measured
        )

    def _prediction(
        self,
        heard: list[Heard],
        stream: audio.WindowStream,
        tempo: Tempo,
        seconds: dict[str, float],
    ) -> Prediction:
        own, *others = heard
        known = next(h for h in heard if isinstance(h, LinearHeard) and h.keeps_rows)
        distance = max(own.distance(), known.distance())
        length = (stream.duration - stream.silence) / _WINDOW_SECONDS
        windows = fade(own.probabilities(length), distance)
        mean = windows.mean(axis=0)
        best = int(mean.argmax())
        threshold = self.calibration.threshold_for(length)
        named = () if distance > 1 else prediction_set(self._named(mean), threshold)
        found, baseline = own.reasons(best, length=length, distance=distance)
        second = None
        if others:
            second = self._named(fade(others[0].probabilities(length).mean(axis=0), distance))
        same = self.index.same(own.mean_row)
        return Prediction(
            status=status_of(named),
            genre=self.genres[best],
            prediction_set=named,
            coverage=self.calibration.coverage,
            confidence=float(mean[best]),
            probabilities=self._named(mean),
            windows=tuple(
                WindowPrediction(begin, end, self._named(row))
                for (begin, end), row in zip(stream.times, windows, strict=True)
            ),
            reasons=found,
            baseline=baseline,
            neighbours=self.index.nearest(own.mean_row),
            second_opinion=second,
            distance=distance,
            place=self.index.place(own.mean_row),
            features=known.mean_features,
            tempo=tempo,
            duration=stream.duration,
            silence=stream.silence,
            notes=(*stream.notes, *_learned(same)),
            learned_from=same,
            seconds=seconds,
            message=message(named, coverage=self.calibration.coverage),
            tags=own.tags(),
        )

    def _named(self, row: NDArray[np.float64]) -> dict[str, float]:
        return {genre: float(p) for genre, p in zip(self.genres, row, strict=True)}


def _learned(track: str | None) -> tuple[Note, ...]:
    """Return the note that an answer is about a recording of the training set, if it is."""
    if track is None:
        return ()
    text = f"This very recording was learned from ({track} of GTZAN): the answer shows memory, "
    return (Note("learned", f"{text}not what it would say of new music."),)


def _share_done(windows: int, expected: float | None) -> float:
    """Return the share of a file that is measured; its own word for its length may be wrong."""
    if not expected:
        return windows / (windows + 20)
    return min(1.0, windows * _WINDOW_SECONDS / expected)


class _Clock:
    """Seconds spent inside iterators and functions, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, call: Callable[P, Item]) -> Callable[P, Item]:
        """Return the function, so that the time in it is added up."""
        self.seconds.setdefault(name, 0.0)

        def timed(*args: P.args, **options: P.kwargs) -> Item:
            start = perf_counter()
            try:
                return call(*args, **options)
            finally:
                self.seconds[name] += perf_counter() - start

        return timed

    def spent(self, name: str, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the items, and add up the time that they took to come."""
        self.seconds.setdefault(name, 0.0)
        while True:
            start = perf_counter()
            item = next(items, None)
            self.seconds[name] += perf_counter() - start
            if item is None:
                return
            yield item


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
        found.extractor,
        found.model,
        found.calibration,
        index=found.index,
        card=found.card,
        out_of_distribution=found.out_of_distribution,
        companion=_load(found.card["companion"]) if "companion" in found.card else None,
    )


def classify(
    source: str | Path | bytes | BinaryIO,
    *,
    classifier: Classifier | None = None,
    max_seconds: float = audio.MAX_SECONDS,
    progress: Callable[[float, str], None] | None = None,
) -> Prediction:
    """Classify a recording.

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

    See Also
    --------
    load_classifier : For another model, or for tables of features.

    Examples
    --------
    >>> answer = classify(data_path("examples", "blues.ogg"))
    >>> answer.genre == answer.prediction_set[0], len(answer.probabilities)
    (True, 10)
    """
    classifier = classifier or load_classifier()
    return classifier.classify(source, max_seconds=max_seconds, progress=progress)
