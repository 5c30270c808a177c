"""A trained model plus a recording gives a `Prediction`.

>>> import audionome
>>> audionome.classify("song.mp3").probabilities  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import tee
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome._paths import data_path
from audionome._words import number_word
from audionome.audio import Note
from audionome.audio.cutting import Cut
from audionome.features.tempo import Tempo, TempoTracker
from audionome.models import own, persistence, telling
from audionome.models._hearing import Clock, Heard
from audionome.models.attribution import Reason
from audionome.models.calibration import Calibration, fade, prediction_set
from audionome.models.neighbors import Index, Neighbour
from audionome.models.persistence import ModelError
from audionome.models.prediction import (
    Hearing,
    Prediction,
    Status,
    Tag,
    WindowPrediction,
    message,
    status_of,
)

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
    "load_same",
]

DEFAULT_MODEL = "ear"
_WINDOW_SECONDS = audio.WINDOW_HOP / audio.SAMPLE_RATE


class Classifier(ABC):
    """A model that answers about recordings, and what is needed to say how sure it is.

    Made by `load_classifier`.

    Attributes
    ----------
    name : str
    genres : tuple of str
        What it can name.
    calibration : audionome.models.calibration.Calibration
        Turns its scores into probabilities and its probabilities into prediction sets.
    index : audionome.models.neighbors.Index
        Its training tracks by their sound.
    card : dict
        What the model is: ``name``, data, evaluation.
    companion : Classifier or None
        A model that gives a second opinion, and measures what this one does not.

    See Also
    --------
    audionome.models.linear_classifier.LinearClassifier : Learned from GTZAN alone.
    audionome.models.ear_classifier.EarClassifier : Listens with a pretrained network.
    audionome.models.own_classifier.OwnClassifier : Names genres of one's own.
    """

    def __init__(
        self,
        calibration: Calibration,
        *,
        genres: Iterable[str],
        index: Index,
        card: dict[str, Any],
        companion: Classifier | None = None,
    ) -> None:
        self.calibration = calibration
        self.index = index
        self.card = card
        self.companion = companion
        self.name: str = card["name"]
        self.genres: tuple[str, ...] = tuple(genres)

    @property
    def id(self) -> str:
        """Its name and twelve digits that change with any number that an answer hangs on."""
        parts = [self.card.get("arrays_sha256"), self.card.get("network_sha256")]
        parts += [repr(self.calibration), self.companion.id if self.companion else None]
        return f"{self.name}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]}"

    @abstractmethod
    def predict_proba(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of feature rows.

        Parameters
        ----------
        table : DataFrame
            One row per window, as `audionome.features.extract` makes them.

        Returns
        -------
        ndarray of shape (rows, genres), float64
            Columns in the order of `genres`; rows sum to 1.
        """

    @abstractmethod
    def hear(self, blocks: Iterable[NDArray[np.float32]], *, clock: Clock) -> Heard:
        """Return what will hear a recording; it takes the blocks as it is asked to hear more.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
            As `audionome.audio.WindowStream.pieces` gives them.
        clock : Clock
            Counts the time spent on measuring.

        Returns
        -------
        Heard
        """

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
        clock = Clock()
        tracker = TempoTracker()
        stream = audio.WindowStream(
            source, max_seconds=max_seconds, on_block=clock.timed("tempo", tracker.add)
        )
        with threadpool_limits(1, user_api="blas"):
            # Every model measures the blocks as they come: memory stays flat for a long mix.
            panel = self._panel()
            feeds = tee(clock.spent("decode", stream.pieces()), len(panel))
            heard = [of.hear(blocks, clock=clock) for of, blocks in zip(panel, feeds, strict=True)]
            hearing = list(heard)
            while hearing:
                # They take turns, so that few blocks wait for the slowest.
                behind = min(hearing, key=lambda one: one.windows)
                if not behind.hear_more():
                    hearing.remove(behind)
                done = _share_done(min(one.windows for one in heard), stream.expected)
                tell(0.05 + 0.9 * done, "measuring the sound")
            tell(0.95, f"comparing with the {number_word(len(self.genres))} genres")
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

    def _same(self, heard: Sequence[Heard]) -> str | None:
        """Return the training track that is this very recording, if one is."""
        return self.index.same(heard[0].mean_row)

    def _prediction(
        self,
        heard: list[Heard],
        stream: audio.WindowStream,
        tempo: Tempo,
        seconds: dict[str, float],
    ) -> Prediction:
        own, *others = heard
        features = next(f for one in heard if (f := one.mean_features) is not None)
        distance = next(d for one in heard if (d := one.distance()) is not None)
        length = _length(stream)
        said = self._hearing(own, stream, distance=distance)
        genre = self.genres.index(said.genre)
        found, baseline = own.reasons(genre, length=length, distance=distance)
        second = None
        if others:
            second = self._named(fade(others[0].answer(length), distance))
        same = self._same(heard)
        return Prediction(
            **vars(said),
            reasons=found,
            baseline=baseline,
            neighbours=self.index.nearest(own.mean_row),
            second_opinion=second,
            place=self.index.place(own.mean_row),
            features=features,
            tempo=tempo,
            notes=(*stream.notes, *self._learned(same)),
            learned_from=same,
            seconds=seconds,
        )

    def _hearing(self, own: Heard, of: audio.WindowStream | Cut, *, distance: float) -> Hearing:
        """Return what this model alone says of what it heard."""
        length, coverage = _length(of), self.calibration.coverage
        unfaded = own.answer(length)
        answer = fade(unfaded, distance)
        windows = fade(own.probabilities(length), distance)
        best = int(answer.argmax())
        probabilities = self._named(answer)
        threshold = self.calibration.threshold_for(length)
        named = () if distance > 1 else prediction_set(probabilities, threshold)
        status = status_of(named, genres=len(self.genres))
        return Hearing(
            status=status,
            genre=self.genres[best],
            prediction_set=named,
            coverage=coverage,
            confidence=float(answer[best]),
            probabilities=probabilities,
            windows=tuple(
                WindowPrediction(begin, end, self._named(row))
                for (begin, end), row in zip(of.times, windows, strict=True)
            ),
            tags=own.tags(self._named(unfaded)),
            distance=distance,
            duration=of.duration,
            silence=of.silence,
            message=self._message(named, status),
        )

    def _message(self, named: Sequence[str], status: Status) -> str:
        """Return the answer in sentences, with what it promises."""
        return message(named, coverage=self.calibration.coverage)

    def _learned(self, track: str | None) -> tuple[Note, ...]:
        """Return the note that an answer is about a recording of the training set, if it is."""
        if track is None:
            return ()
        return (Note("learned", telling.learned(telling.clip(track))),)

    def _named(self, row: NDArray[np.float64]) -> dict[str, float]:
        return {genre: float(p) for genre, p in zip(self.genres, row, strict=True)}


def _length(of: audio.WindowStream | Cut) -> float:
    """Return how much sound was heard, in windows."""
    return (of.duration - of.silence) / _WINDOW_SECONDS


def _share_done(windows: int, expected: float | None) -> float:
    """Return the share of a file that is measured; its own word for its length may be wrong."""
    if not expected:
        return windows / (windows + 20)
    return min(1.0, windows * _WINDOW_SECONDS / expected)


def load_classifier(name: str | Path | None = None) -> Classifier:
    """Load a trained model; a second call returns the same object.

    Parameters
    ----------
    name : str or Path, optional
        Name of a model in ``data/models``, or the path of one of your own, ``"my.model"``.
        Default: the one that ships as the default.

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError
        If there is no such model, or its file is not the one its card describes.

    See Also
    --------
    audionome.models.own_classifier.OwnClassifier : What comes of ``"my.model"``.
    """
    name = name or DEFAULT_MODEL
    if not own.is_own(name):
        return _load(str(name))
    # A file may be written anew while a notebook is open.
    path = os.path.abspath(name)
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return _load_own(path, ())
    return _load_own(path, (status.st_mtime_ns, status.st_size, status.st_ino))


def load_same(name: str | Path | None, known: str) -> Classifier:
    """Load a model in another process, or later on, and require that it is still the same.

    Parameters
    ----------
    name : str or Path, optional
        As for `load_classifier`.
    known : str
        Its `Classifier.id` when the work began.

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError
        If there is no such model, or it has changed.
    """
    found = load_classifier(name)
    if found.id != known:
        raise ModelError(
            f'The model "{name or DEFAULT_MODEL}" was changed while it was in use; run the command '
            "again."
        )
    return found


@lru_cache(maxsize=4)
def _load(name: str) -> Classifier:
    # They are classifiers, and so import this module.
    from audionome.models.ear_classifier import EarClassifier
    from audionome.models.linear_classifier import LinearClassifier

    folder = data_path("models")
    kind = EarClassifier if persistence.extractor_of(folder, name) == "ear" else LinearClassifier
    return kind.load(folder, name, load=_load)


@lru_cache(maxsize=4)
def _load_own(path: str, stamp: tuple[int, ...]) -> Classifier:
    """Load a model of one's own; the stamp tells versions of a file apart."""
    from audionome.models.own_classifier import OwnClassifier

    return OwnClassifier.load(Path(path))


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
