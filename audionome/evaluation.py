"""Measures of a classifier, each with its interval.

Conventions
-----------
Probabilities are arrays ``(rows, genres)``; a track's probabilities are the mean of its
windows'. Intervals are 95 % percentile bootstrap intervals over *tracks* (or artists), never
over windows: the windows of one track are not independent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Interval",
    "accuracy_interval",
    "expected_calibration_error",
    "softmax",
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
    sums, sizes = np.bincount(codes, right), np.bincount(codes).astype(np.float64)
    rng = np.random.default_rng(seed)
    # Drawing groups with replacement is drawing how often each one comes.
    draws = rng.multinomial(sizes.size, np.full(sizes.size, 1 / sizes.size), size=n_resamples)
    low, high = np.quantile(draws @ sums / (draws @ sizes), [0.025, 0.975])
    return Interval(float(right.mean()), float(low), float(high), int(right.size))


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


def softmax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Row-wise softmax."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float64)
    return shifted / shifted.sum(axis=1, keepdims=True)


def track_probabilities(probabilities: NDArray[np.floating], tracks: ArrayLike) -> pd.DataFrame:
    """Mean of the windows' probabilities per track.

    Returns
    -------
    DataFrame of shape (tracks, genres)
        Index: track names, sorted.
    """
    return pd.DataFrame(probabilities).groupby(np.asarray(tracks)).mean()
