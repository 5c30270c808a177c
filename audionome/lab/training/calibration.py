"""Predictions about tracks that a model has not heard, and the temperature they need.

Conventions
-----------
Scores are one array ``(windows, genres)`` per track, over all ten genres; a genre that was not
trained on scores minus infinity. A track's probabilities are the mean over its windows of the
softmax of ``scores / temperature``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audionome.datasets import gtzan
from audionome.lab.protocols import GroupedFolds
from audionome.lab.training.data import TrainingData
from audionome.models import linear

__all__ = [
    "Predictions",
    "cross_predict",
    "fit_temperature",
    "held_out_predict",
    "mean_probabilities",
    "track_scores",
]

Fit = Callable[[TrainingData, NDArray[np.integer]], linear.Linear]
Splits = Sequence[tuple[NDArray[np.integer], NDArray[np.integer]]]

Scores = Sequence[NDArray[np.float64]] | NDArray[np.float64]

_INNER = GroupedFolds("artist", n_folds=5)
_COLDEST, _HOTTEST = -3.0, 6.0  # logarithms
_HOTTEST_OF_ALL = 18.0  # of clips so much alike that scores are huge


@dataclass(frozen=True)
class Predictions:
    """Calibrated probabilities, each by a model that had not heard the track.

    Attributes
    ----------
    tracks : ndarray of shape (n,)
        Number of the track that each prediction is about.
    folds : ndarray of shape (n,)
    probabilities : ndarray of shape (n, 10)
    temperatures : ndarray of shape (n,)
        What the scores of each prediction were divided by.
    temperature : float
        What fits all predictions together.
    """

    tracks: NDArray[np.integer]
    folds: NDArray[np.integer]
    probabilities: NDArray[np.float64]
    temperatures: NDArray[np.float64]
    temperature: float


def track_scores(
    model: linear.Linear, windows: Sequence[NDArray[np.floating]]
) -> list[NDArray[np.float64]]:
    """Return the scores of tracks' windows over all ten genres.

    Parameters
    ----------
    model : audionome.models.linear.Linear
    windows : sequence of ndarray of shape (windows, features)

    Returns
    -------
    list of ndarray of shape (windows, 10)
    """
    at = [gtzan.GENRES.index(str(c)) for c in model.classes]
    result = []
    for rows in windows:
        scores = np.full((len(rows), len(gtzan.GENRES)), -np.inf)
        scores[:, at] = model.scores(rows)
        result.append(scores)
    return result


def mean_probabilities(scores: Scores, temperature: float) -> NDArray[np.float64]:
    """Return the probabilities of tracks: the mean over their windows.

    Parameters
    ----------
    scores : sequence of ndarray of shape (windows, genres), or ndarray
        An array of shape (tracks, windows, genres) where all tracks have as many windows.
    temperature : float

    Returns
    -------
    ndarray of shape (tracks, genres)
        Rows sum to 1.
    """
    if isinstance(scores, np.ndarray):
        found: NDArray[np.float64] = linear.softmax(scores / temperature).mean(axis=1)
        return found
    return np.stack([linear.softmax(s / temperature).mean(axis=0) for s in scores])


def fit_temperature(scores: Scores, y_true: NDArray[np.integer], *, doubt: float = 0.0) -> float:
    """Return the temperature at which predictions are right as often as they claim on average.

    The smallest log loss lies higher: a few confident errors outweigh that most predictions become
    too modest.

    Parameters
    ----------
    scores : sequence of ndarray of shape (windows, genres), or ndarray
        As for `mean_probabilities`, of tracks that the model had not heard.
    y_true : ndarray of shape (tracks,)
        Numbers of the genres.
    doubt : float
        Tracks that are added in thought, of which every second one is wrong: where all of a few
        answers are right, the next need not be.

    Returns
    -------
    float
        0.05 or more; an end of the range that is searched where nothing inside it does.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017).
    .. [2] Laplace, Théorie analytique des probabilités (1812), for the doubt.
    """
    from scipy.optimize import brentq

    def surplus(log_temperature: float) -> float:
        means = mean_probabilities(scores, float(np.exp(log_temperature)))
        right = float(np.sum(means.argmax(axis=1) == y_true))
        return float(means.max(axis=1).mean()) - (right + doubt / 2) / (len(y_true) + doubt)

    if surplus(_COLDEST) <= 0:
        return float(np.exp(_COLDEST))
    hottest = _HOTTEST if surplus(_HOTTEST) < 0 else _HOTTEST_OF_ALL
    if surplus(hottest) >= 0:
        return float(np.exp(_HOTTEST))
    return float(np.exp(brentq(surplus, _COLDEST, hottest, xtol=1e-3)))


def cross_predict(
    data: TrainingData, fit: Fit, splits: Splits, *, lengths: Sequence[int | None] = (None,)
) -> dict[int | None, Predictions]:
    """Classify every fold's test tracks with a model of its training tracks.

    Each fold's temperature is chosen on the predictions of the *other* folds.

    Parameters
    ----------
    data : TrainingData
    fit : callable
        Fits a model on the tracks of given numbers.
    splits : sequence of (train, test)
        Numbers of tracks.
    lengths : sequence of int or None
        Seconds of the excerpts that are classified one by one; None for whole clips.

    Returns
    -------
    dict of (int or None) to Predictions
        By length.

    See Also
    --------
    held_out_predict : For a single split.
    """
    models = [fit(data, train) for train, _ in splits]
    result: dict[int | None, Predictions] = {}
    for length in lengths:
        scores, tested = [], []
        for model, (_, test) in zip(models, splits, strict=True):
            rows = data.windows if length is None else data.excerpts[length]
            each = track_scores(model, [rows[i] for i in test])
            if length is not None:
                each = [score[None] for excerpts in each for score in excerpts]
            scores.append(each)
            tested.append(test if length is None else np.repeat(test, [len(rows[i]) for i in test]))
        temperatures = list(_of_other_folds(scores, data.y_true, tested))
        means = [mean_probabilities(s, t) for s, t in zip(scores, temperatures, strict=True)]
        tracks = np.concatenate(tested)
        folds = np.repeat(np.arange(len(tested)), [len(t) for t in tested])
        result[length] = Predictions(
            tracks,
            folds,
            np.concatenate(means),
            np.array(temperatures)[folds],
            fit_temperature(_flat(scores), data.y_true[tracks]),
        )
    return result


def _flat(parts: Sequence[list[NDArray[np.float64]]]) -> list[NDArray[np.float64]]:
    return [scores for part in parts for scores in part]


def _of_other_folds(
    scores: Sequence[list[NDArray[np.float64]]],
    y_true: NDArray[np.integer],
    tested: Sequence[NDArray[np.integer]],
) -> Iterator[float]:
    """Yield for each fold the temperature of the predictions of all other folds."""
    for k in range(len(scores)):
        others = [j for j in range(len(scores)) if j != k]
        labels = y_true[np.concatenate([tested[j] for j in others])]
        yield fit_temperature(_flat([scores[j] for j in others]), labels)


def held_out_predict(
    data: TrainingData, fit: Fit, train: NDArray[np.integer], test: NDArray[np.integer]
) -> Predictions:
    """Classify test tracks; model and temperature come from the training tracks alone.

    Parameters
    ----------
    data : TrainingData
    fit : callable
        Fits a model on the tracks of given numbers.
    train, test : ndarray of int
        Numbers of tracks.

    Returns
    -------
    Predictions

    See Also
    --------
    cross_predict : For folds.
    """
    folds = _INNER.split(train, data.genres[train], data.artists[train])
    inner = cross_predict(data, fit, [(train[a], train[b]) for a, b in folds])[None]
    scores = track_scores(fit(data, train), [data.windows[i] for i in test])
    return Predictions(
        test,
        np.zeros(len(test), dtype=int),
        mean_probabilities(scores, inner.temperature),
        np.full(len(test), inner.temperature),
        inner.temperature,
    )
