"""Measures of a classifier, each with its interval.

Conventions
-----------
Probabilities are arrays ``(rows, genres)``; a track's probabilities are the mean of its
windows'. Intervals are 95 % percentile bootstrap intervals over *tracks* (or artists), never
over windows: the windows of one track are not independent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Interval",
    "Tally",
    "accuracy_interval",
    "expected_calibration_error",
    "track_probabilities",
]


@dataclass(frozen=True)
class Interval:
    """A share of right answers with its 95 % interval, over ``n`` answers."""

    accuracy: float
    low: float
    high: float
    n: int

    def as_dict(self) -> dict[str, float | int]:
        """Plain dictionary, for JSON."""
        return asdict(self)


def accuracy_interval(
    correct: ArrayLike, groups: ArrayLike | None = None, *, n_resamples: int = 2000, seed: int = 0
) -> Interval:
    """Accuracy with its 95 % bootstrap interval.

    Parameters
    ----------
    correct : array-like of bool, shape (n,)
        Whether each answer is right.
    groups : array-like of shape (n,), optional
        Group of each answer; whole groups are drawn together. Default: each its own.
    n_resamples, seed : int
        Bootstrap resamples and seed.

    Returns
    -------
    Interval

    References
    ----------
    .. [1] Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13.
    """
    right = np.asarray(correct, dtype=np.float64)
    if not right.size:
        raise ValueError("an accuracy needs at least one answer")
    codes = np.arange(right.size) if groups is None else np.unique(groups, return_inverse=True)[1]
    sums = np.bincount(codes, right).astype(np.float64)
    sizes = np.bincount(codes).astype(np.float64)
    low, high = _bootstrap(sums, sizes, n_resamples=n_resamples, seed=seed)
    return Interval(float(right.mean()), low, high, int(right.size))


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, *, bins: int = 10
) -> float:
    """Mean gap between confidence and accuracy over equally wide bins of confidence.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        Probability of the answer that was given, in [0, 1].
    correct : array-like of bool, shape (n,)
    bins : int

    Returns
    -------
    float
        In [0, 1]; 0 is perfect.

    References
    ----------
    .. [1] Guo et al., On calibration of modern neural networks (ICML 2017).
    """
    confidence = np.asarray(confidence, dtype=np.float64)
    right = np.asarray(correct, dtype=np.float64)
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(which, confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / confidence.size)


def track_probabilities(probabilities: NDArray[np.floating], tracks: ArrayLike) -> pd.DataFrame:
    """Mean of the windows' probabilities per track.

    Returns
    -------
    DataFrame of shape (tracks, genres)
        Index: track names, sorted.
    """
    return pd.DataFrame(probabilities).groupby(np.asarray(tracks)).mean()


_BINS = 10


@dataclass(frozen=True)
class Tally:
    """Counts from which every measure of a set of answers follows; tallies of folds add up.

    Attributes
    ----------
    confusion : ndarray of shape (genres, genres)
        Answers by true genre (row) and given genre (column).
    log_loss : float
        Sum of -log(probability of the truth).
    confidence, right, count : ndarray of shape (10,)
        Sums of confidence and of right answers, and number of answers, per bin of confidence.
    tracks : DataFrame
        Index: track. ``right`` and ``n``: right answers and answers about it.
    """

    confusion: NDArray[np.int64]
    log_loss: float
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]
    count: NDArray[np.float64]
    tracks: pd.DataFrame

    @classmethod
    def of(
        cls,
        truth: NDArray[np.integer],
        given: NDArray[np.integer],
        probabilities: NDArray[np.floating],
        tracks: ArrayLike,
    ) -> Tally:
        """Count answers.

        Parameters
        ----------
        truth, given : ndarray of shape (n,)
            Numbers of the true and of the given genre.
        probabilities : ndarray of shape (n, genres)
        tracks : array-like of shape (n,)
            The track that each answer is about.
        """
        probabilities = np.asarray(probabilities, dtype=np.float64)
        n, genres = probabilities.shape
        confusion = np.zeros((genres, genres), dtype=np.int64)
        np.add.at(confusion, (truth, given), 1)
        right = (truth == given).astype(np.float64)
        confidence = probabilities.max(axis=1)
        which = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
        # As scikit-learn's log_loss does: no answer costs more than the smallest number allows.
        of_truth = np.clip(probabilities[np.arange(n), truth], np.finfo(np.float64).eps, 1)
        per_track = pd.DataFrame({"right": right, "n": 1}).groupby(np.asarray(tracks)).sum()
        return cls(
            confusion,
            float(-np.log(of_truth).sum()),
            np.bincount(which, confidence, minlength=_BINS).astype(np.float64),
            np.bincount(which, right, minlength=_BINS).astype(np.float64),
            np.bincount(which, minlength=_BINS).astype(np.float64),
            per_track,
        )

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        """Add the tallies of several folds."""
        each = list(tallies)
        return cls(
            np.sum([t.confusion for t in each], axis=0),
            float(np.sum([t.log_loss for t in each])),
            np.sum([t.confidence for t in each], axis=0),
            np.sum([t.right for t in each], axis=0),
            np.sum([t.count for t in each], axis=0),
            pd.concat([t.tracks for t in each]).groupby(level=0).sum(),
        )

    def measures(self) -> dict[str, float]:
        """Accuracy with its interval over tracks, macro F1, log loss, calibration error, n."""
        n = int(self.confusion.sum())
        hits = np.diag(self.confusion).astype(np.float64)
        sizes = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        present = sizes > 0
        low, high = _bootstrap(
            self.tracks["right"].to_numpy(np.float64), self.tracks["n"].to_numpy(np.float64)
        )
        return {
            "accuracy": float(hits.sum() / n),
            "accuracy_low": low,
            "accuracy_high": high,
            "macro_f1": float(np.mean(2 * hits[present] / sizes[present])),
            "log_loss": self.log_loss / n,
            "ece": float(np.abs(self.confidence - self.right).sum() / n),
            "n": n,
        }


def _bootstrap(
    sums: NDArray[np.float64],
    sizes: NDArray[np.float64],
    *,
    n_resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % interval of ``sum(sums) / sum(sizes)``, groups drawn with replacement."""
    rng = np.random.default_rng(seed)
    # Drawing groups with replacement is drawing how often each one comes.
    draws = rng.multinomial(sizes.size, np.full(sizes.size, 1 / sizes.size), size=n_resamples)
    low, high = np.quantile(draws @ sums / (draws @ sizes), [0.025, 0.975])
    return float(low), float(high)
