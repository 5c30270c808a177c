"""Prediction sets with a promise: where their threshold lies (conformal prediction).

Conventions
-----------
A *prediction set* holds every genre whose probability reaches a threshold, and always the most
probable one. Its *coverage* is the share of recordings whose set holds the true genre. The
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

__all__ = ["COVERAGE", "WINDOW_SECONDS", "in_sets", "threshold", "true_probabilities"]

#: What is promised: nine in ten.
COVERAGE = 0.9

#: Lengths of recordings are counted in windows of so many seconds.
WINDOW_SECONDS = 3.0


def true_probabilities(
    probabilities: NDArray[np.floating], y_true: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return the probability that each prediction gives to the true genre.

    Parameters
    ----------
    probabilities : ndarray of shape (n, genres)
    y_true : ndarray of shape (n,)
        Numbers of the genres.

    Returns
    -------
    ndarray of shape (n,)
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(rows[np.arange(len(rows)), y_true])


def threshold(of_truth: ArrayLike, *, coverage: float = COVERAGE) -> float:
    """Return the probability from which on a genre belongs to the prediction set.

    Of n recordings and a further one, all of one kind, the true genre of the further one is as
    likely to have the smallest probability as to have any other rank. So the threshold is the
    probability of rank ``floor((n + 1) (1 - coverage))`` from below.

    Parameters
    ----------
    of_truth : array-like of shape (n,)
        Probabilities that were given to the true genre, from `true_probabilities`.
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
    >>> in_sets(np.array([[0.7, 0.25, 0.05], [0.4, 0.3, 0.3]]), [0.1, 0.5]).tolist()
    [[True, True, False], [True, False, False]]
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    limits = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), rows.shape[:1])
    found = rows >= limits[:, None]
    found[np.arange(len(rows)), rows.argmax(axis=1)] = True
    return found
