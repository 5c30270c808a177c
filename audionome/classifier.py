"""A trained model plus a recording gives a `Prediction`.

>>> import audionome
>>> audionome.classify("song.mp3").probabilities  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio, features
from audionome._paths import data_path
from audionome.errors import AudionomeError
from audionome.models import SupportVectors

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DEFAULT_MODEL",
    "Classifier",
    "ModelError",
    "Prediction",
    "WindowPrediction",
    "classify",
    "load_classifier",
]

DEFAULT_MODEL = "svc"
_Item = TypeVar("_Item")
_WINDOW_SECONDS = audio.WINDOW_HOP / audio.SAMPLE_RATE


class ModelError(AudionomeError):
    """A model that is missing or is not the one its card describes."""


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
    status : {"ok", "unsure"}
        ``"unsure"`` when answers this confident are wrong more often than right.
    genre : str
        The likeliest genre.
    confidence : float
        Its probability.
    probabilities : dict of str to float
        Mean over the windows; they sum to 1.
    windows : tuple of WindowPrediction
        The timeline.
    tempo : float
        Median tempo of the windows (BPM); 0 if there is no beat.
    duration : float
        Length of the recording (s).
    seconds : dict of str to float
        Time spent in each step: ``decode``, ``features``, ``model``.
    message : str
        One honest sentence.
    """

    status: Literal["ok", "unsure"]
    genre: str
    confidence: float
    probabilities: dict[str, float]
    windows: tuple[WindowPrediction, ...]
    tempo: float
    duration: float
    seconds: dict[str, float]
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, for JSON."""
        return {**asdict(self), "windows": [asdict(w) for w in self.windows]}


class Classifier:
    """A trained model with its card.

    Parameters
    ----------
    machine : audionome.models.SupportVectors
        The fitted model as plain arrays.
    card : dict
        What the model is: ``name``, ``features``, ``temperature``, ``unsure_below``, data,
        evaluation.
    """

    def __init__(self, machine: SupportVectors, card: dict[str, Any]) -> None:
        self.machine = machine
        self.card = card
        self.name: str = card["name"]
        self.genres: tuple[str, ...] = tuple(str(c) for c in machine.classes)
        self._columns = [features.COLUMNS.index(c) for c in card["features"]]

    def predict_proba(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities of feature rows.

        Parameters
        ----------
        table : DataFrame
            One row per window, with the columns that the card names (any order, others are
            ignored), as `audionome.features.extract` makes them.

        Returns
        -------
        ndarray of shape (rows, genres), float64
            Columns in the order of `genres`; rows sum to 1.

        Raises
        ------
        ValueError
            If a column is missing or a value is not finite.
        """
        missing = [c for c in self.card["features"] if c not in table.columns]
        if missing:
            raise ValueError(
                f"the table lacks {len(missing)} feature columns that model {self.name!r} needs: "
                f"{', '.join(missing[:3])}"
            )
        values = table[self.card["features"]].to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError("the table has feature values that are missing or infinite")
        return self._probabilities(values)

    def _probabilities(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        # One thread: sums in another order would differ in the last digit between processes.
        with threadpool_limits(1, user_api="blas"):
            return self.machine.probabilities(values, temperature=self.card["temperature"])

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
        timer = _Timer()
        rows = []
        # Windows are measured while the file is decoded: memory stays flat for a long mix.
        for row in timer.of("features", features.measure(timer.of("decode", iter(stream)))):
            rows.append(row)
            tell(0.05 + 0.9 * _share_done(len(rows), stream.expected), "measuring the sound")
        tell(0.95, "comparing with the ten genres")
        start = perf_counter()
        table = np.array(rows)
        probabilities = self._probabilities(table[:, self._columns])
        seconds = {
            "decode": timer.seconds["decode"],
            "features": timer.seconds["features"] - timer.seconds["decode"],
            "model": perf_counter() - start,
        }
        prediction = self._prediction(
            probabilities,
            tempo=_tempo(table[:, features.COLUMNS.index("tempo")]),
            duration=stream.duration,
            seconds=seconds,
        )
        tell(1.0, "done")
        return prediction

    def _prediction(
        self,
        probabilities: NDArray[np.float64],
        *,
        tempo: float,
        duration: float,
        seconds: dict[str, float],
    ) -> Prediction:
        mean = probabilities.mean(axis=0)
        best = int(mean.argmax())
        sure = bool(mean[best] >= self.card["unsure_below"])
        return Prediction(
            status="ok" if sure else "unsure",
            genre=self.genres[best],
            confidence=float(mean[best]),
            probabilities=self._named(mean),
            windows=tuple(
                WindowPrediction(_WINDOW_SECONDS * k, _WINDOW_SECONDS * (k + 1), self._named(row))
                for k, row in enumerate(probabilities)
            ),
            tempo=tempo,
            duration=duration,
            seconds=seconds,
            message=_sentence(self._named(mean), sure=sure),
        )

    def _named(self, row: NDArray[np.float64]) -> dict[str, float]:
        return {genre: float(p) for genre, p in zip(self.genres, row, strict=True)}


def _share_done(windows: int, expected: float | None) -> float:
    """Share of a file that is measured; a file's own word for its length may be wrong."""
    if not expected:
        return windows / (windows + 20)
    return min(1.0, windows * _WINDOW_SECONDS / expected)


class _Timer:
    """Seconds spent inside iterators, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def of(self, name: str, items: Iterator[_Item]) -> Iterator[_Item]:
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


def _sentence(probabilities: dict[str, float], *, sure: bool) -> str:
    """What an honest person would say."""
    (first, p), (second, q) = sorted(probabilities.items(), key=lambda item: -item[1])[:2]
    close = q >= 0.5 * p
    if not sure:
        return f"Not sure: {first} fits best" + (f", {second} nearly as well." if close else ".")
    return f"Probably {first}; {second} is close." if close else f"Probably {first}."


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
    folder = data_path("models")
    card_path, model_path = folder / f"{name}.json", folder / f"{name}.npz"
    if not (card_path.is_file() and model_path.is_file()):
        there = ", ".join(sorted(p.stem for p in folder.glob("*.npz"))) or "none"
        raise ModelError(f'There is no model "{name}" in {folder}; there are: {there}.')
    card = json.loads(card_path.read_text())
    if hashlib.sha256(model_path.read_bytes()).hexdigest() != card["arrays_sha256"]:
        raise ModelError(
            f"{model_path.name} is not the file that {card_path.name} describes; restore both "
            "from the repository or run `audionome train`."
        )
    return Classifier(SupportVectors.load(model_path), card)


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
