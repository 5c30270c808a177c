"""Prediction sets with a promise: where their threshold lies (conformal prediction).

Conventions
-----------
A *prediction set* holds every genre whose probability is at least a certain share of the largest
one, the *threshold*: a genre that stands out gets a small set, one of many alike a large one. Its
*coverage* is the share of recordings whose set holds the true genre. The
threshold is set on recordings that the model has not learned from, so that the coverage on further
recordings *of the same kind* is at least the one that was asked for.

References
----------
.. [1] Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005).
.. [2] Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers with bounded error levels
       (JASA 114, 2019).
.. [3] Angelopoulos and Bates, Conformal Prediction: A Gentle Introduction (2023).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["COVERAGE", "WINDOW_SECONDS", "in_sets", "threshold", "truth_shares"]

#: What is promised: nine in ten.
COVERAGE = 0.9

#: Lengths of recordings are counted in windows of so many seconds.
WINDOW_SECONDS = 3.0


def truth_shares(
    probabilities: NDArray[np.floating], y_true: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return the probability of each true genre as a share of the prediction's largest one.

    Parameters
    ----------
    probabilities : ndarray of shape (n, genres)
    y_true : ndarray of shape (n,)
        Numbers of the genres.

    Returns
    -------
    ndarray of shape (n,)
        1 where the true genre is the most probable.

    Examples
    --------
    >>> truth_shares(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([0, 1])).tolist()
    [1.0, 0.25]
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(rows[np.arange(len(rows)), y_true] / rows.max(axis=1))


def threshold(of_truth: ArrayLike, *, coverage: float = COVERAGE) -> float:
    """Return the share of the largest probability that lets a genre into the prediction set.

    Of n recordings and a further one, all of one kind, the true genre of the further one is as
    likely to have the smallest share as to have any other rank. So the threshold is the share of
    rank ``floor((n + 1) (1 - coverage))`` from below.

    Parameters
    ----------
    of_truth : array-like of shape (n,)
        From `truth_shares`.
    coverage : float
        Share of further recordings whose set shall hold the true genre.

    Returns
    -------
    float
        0 where n is so small that nothing but all genres together keeps the promise.

    Raises
    ------
    ValueError
        If there is no recording, or the coverage is not between 0 and 1.

    Examples
    --------
    >>> threshold([0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    0.05
    >>> threshold([0.2, 0.3])
    0.0
    """
    values = np.sort(np.asarray(of_truth, dtype=np.float64))
    if not values.size:
        raise ValueError("a threshold needs at least one recording")
    if not 0 < coverage < 1:
        raise ValueError(f"the coverage should be between 0 and 1, and is {coverage}")
    # Rounded: (9 + 1) * (1 - 0.9) is a hair below 1.
    rank = math.floor(round((values.size + 1) * (1 - coverage), 9))
    return float(values[rank - 1]) if rank else 0.0


def in_sets(probabilities: NDArray[np.floating], thresholds: ArrayLike) -> NDArray[np.bool_]:
    """Return which genres belong to the prediction sets.

    Parameters
    ----------
    probabilities : ndarray of shape (n, genres)
    thresholds : float, or array-like of shape (n,)

    Returns
    -------
    ndarray of bool, shape (n, genres)

    See Also
    --------
    audionome.models.calibration.prediction_set : The same for one answer, by name.

    Examples
    --------
    >>> in_sets(np.array([[0.7, 0.25, 0.05], [0.4, 0.3, 0.3]]), 0.3).tolist()
    [[True, True, False], [True, True, True]]
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    limits = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), rows.shape[:1])
    return np.asarray(rows >= (limits * rows.max(axis=1))[:, None])
