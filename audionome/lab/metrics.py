"""Measures of a classifier, in the manner of mir_eval: arrays in, numbers out.

Conventions
-----------
``y_true`` and ``y_pred`` are genre names, one per prediction (a window or a track);
``probabilities`` has one row per prediction and one column per genre, in the order of ``labels``
(by default `audionome.datasets.gtzan.GENRES`). A track's probabilities are the mean of its
windows'. Shares lie in [0, 1].

Every measure takes ``weights``: nothing for the plain number, or an array of shape (m, n) that says
how often each of the n predictions counts in each of m resamples, for m numbers. So the interval of
any measure over artists is ``cluster_bootstrap(lambda w: macro_f1(y_true, y_pred, weights=w),
artists)``, see `audionome.lab.bootstrap`. Predictions are validated first: a length that does not
fit or a genre that is not known raises ``ValueError``.

A new measure is one function here with the arguments of those below, and one entry in `METRICS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audionome.datasets.gtzan import GENRES
from audionome.lab.binning import N_BINS, calibration_error_of_bins, confidence_bins

__all__ = [
    "METRICS",
    "accuracy",
    "confusion_matrix",
    "expected_calibration_error",
    "log_loss",
    "macro_f1",
    "macro_f1_of_confusion",
    "negative_log_likelihood",
    "precision_recall_f1",
    "validate",
]

Numbers = NDArray[np.float64]


def validate(
    y_true: ArrayLike,
    y_pred: ArrayLike | None = None,
    probabilities: ArrayLike | None = None,
    *,
    labels: Sequence[str] = GENRES,
) -> None:
    """Check that predictions can be judged.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted genre.
    probabilities : array-like of shape (n, genres)
        In the order of the labels.
    labels : sequence of str
        Genres that there are.

    Raises
    ------
    ValueError
        If there is no prediction, a length does not fit, a genre is not among the labels, or a
        probability lies outside [0, 1].
    """
    truth = np.asarray(y_true)
    if truth.ndim != 1 or not truth.size:
        raise ValueError("a measure needs at least one prediction")
    for name, values in (("y_true", truth), ("y_pred", y_pred)):
        if values is None:
            continue
        values = np.asarray(values)
        if values.shape != truth.shape:
            raise ValueError(f"{name} has the shape {values.shape}, y_true has {truth.shape}")
        strange = values[~np.isin(values, list(labels))]
        if strange.size:
            raise ValueError(f"{name} holds {str(strange[0])!r}, which is none of the genres")
    if probabilities is not None:
        given = np.asarray(probabilities)
        if given.shape != (truth.size, len(labels)):
            raise ValueError(
                f"probabilities have the shape {given.shape}, not {(truth.size, len(labels))}"
            )
        if not ((given >= 0) & (given <= 1)).all():
            raise ValueError("a probability lies outside 0 to 1")


def _codes(values: ArrayLike, labels: Sequence[str]) -> NDArray[np.intp]:
    place = {str(label): i for i, label in enumerate(labels)}
    return np.array([place[v] for v in np.asarray(values, dtype=str)], dtype=np.intp)


def _mean(values: Numbers, weights: Numbers | None) -> Numbers:
    """Return the plain mean, or that of each resample."""
    if weights is None:
        return np.asarray(values.mean())
    return np.asarray((weights @ values) / weights.sum(axis=1))


def accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    weights: Numbers | None = None,
    labels: Sequence[str] = GENRES,
) -> Numbers:
    """Return the share of predictions that are right.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted genre.
    weights : ndarray of shape (m, n), optional
        How often each prediction counts in each of m resamples.
    labels : sequence of str
        Genres that there are.

    Returns
    -------
    ndarray of shape () or (m,)
        In [0, 1].

    Raises
    ------
    ValueError
        See `validate`.

    See Also
    --------
    macro_f1, log_loss, expected_calibration_error

    Examples
    --------
    >>> float(accuracy(["jazz", "rock"], ["jazz", "metal"]))
    0.5
    """
    validate(y_true, y_pred, labels=labels)
    return _mean((np.asarray(y_true) == np.asarray(y_pred)).astype(np.float64), weights)


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    weights: Numbers | None = None,
    labels: Sequence[str] = GENRES,
) -> Numbers:
    """Count predictions by true genre (row) and predicted genre (column).

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted genre.
    weights : ndarray of shape (m, n), optional
        How often each prediction counts in each of m resamples.
    labels : sequence of str
        Genres in the order of rows and columns.

    Returns
    -------
    ndarray of shape (genres, genres) or (m, genres, genres)
        Counts.

    Raises
    ------
    ValueError
        See `validate`.

    See Also
    --------
    precision_recall_f1

    Examples
    --------
    >>> confusion_matrix(["a", "a", "b"], ["a", "b", "b"], labels="ab").tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    validate(y_true, y_pred, labels=labels)
    k = len(labels)
    cell = _codes(y_true, labels) * k + _codes(y_pred, labels)
    if weights is None:
        return np.bincount(cell, minlength=k * k).reshape(k, k).astype(np.float64)
    rows = np.zeros((len(cell), k * k))
    rows[np.arange(len(cell)), cell] = 1
    return np.asarray(weights @ rows).reshape(-1, k, k)


def macro_f1_of_confusion(confusion: Numbers) -> Numbers:
    """Return the mean F1 of a confusion matrix, over the genres that occur in it.

    Parameters
    ----------
    confusion : ndarray of shape (..., genres, genres)
        From `confusion_matrix`.

    Returns
    -------
    ndarray of shape (...)
        In [0, 1].
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    sizes = confusion.sum(axis=-2) + confusion.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.where(sizes > 0, 2 * hits / sizes, 0.0)
        return np.asarray(scores.sum(axis=-1) / (sizes > 0).sum(axis=-1))


def macro_f1(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    weights: Numbers | None = None,
    labels: Sequence[str] = GENRES,
) -> Numbers:
    """Return the mean over the genres of F1, the harmonic mean of precision and recall.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted genre.
    weights : ndarray of shape (m, n), optional
        How often each prediction counts in each of m resamples.
    labels : sequence of str
        Genres that there are; those that neither occur nor are predicted do not count.

    Returns
    -------
    ndarray of shape () or (m,)
        In [0, 1].

    Raises
    ------
    ValueError
        See `validate`.

    See Also
    --------
    precision_recall_f1 : The same for each genre.

    Examples
    --------
    >>> float(macro_f1(["jazz", "rock"], ["jazz", "rock"]))
    1.0
    """
    return macro_f1_of_confusion(confusion_matrix(y_true, y_pred, weights=weights, labels=labels))


def precision_recall_f1(confusion: Numbers) -> dict[str, Numbers]:
    """Return precision, recall and F1 of each genre.

    Parameters
    ----------
    confusion : ndarray of shape (..., genres, genres)
        From `confusion_matrix`.

    Returns
    -------
    dict of str to ndarray of shape (..., genres)
        ``precision``, ``recall`` and ``f1``; NaN where a measure would divide by zero.

    See Also
    --------
    macro_f1
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, named = confusion.sum(axis=-1), confusion.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "precision": hits / named,
            "recall": hits / true,
            "f1": 2 * hits / (true + named),
        }


def negative_log_likelihood(
    y_true: ArrayLike, probabilities: ArrayLike, *, labels: Sequence[str] = GENRES
) -> Numbers:
    """Return the loss of each prediction: minus the logarithm of the true genre's probability.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True genre.
    probabilities : array-like of shape (n, genres)
    labels : sequence of str
        Genres of the columns.

    Returns
    -------
    ndarray of shape (n,)
        In nats. As in scikit-learn, none is larger than the smallest number allows.

    Raises
    ------
    ValueError
        See `validate`.
    """
    validate(y_true, probabilities=probabilities, labels=labels)
    truth = _codes(y_true, labels)
    given = np.asarray(probabilities, dtype=np.float64)[np.arange(truth.size), truth]
    return np.asarray(-np.log(np.clip(given, np.finfo(np.float64).eps, 1)))


def log_loss(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    *,
    weights: Numbers | None = None,
    labels: Sequence[str] = GENRES,
) -> Numbers:
    """Return the mean of minus the logarithm of the true genre's probability.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True genre.
    probabilities : array-like of shape (n, genres)
    weights : ndarray of shape (m, n), optional
        How often each prediction counts in each of m resamples.
    labels : sequence of str
        Genres of the columns.

    Returns
    -------
    ndarray of shape () or (m,)
        In nats; 0 is perfect.

    Raises
    ------
    ValueError
        See `validate`.

    See Also
    --------
    expected_calibration_error

    Examples
    --------
    >>> round(float(log_loss(["a"], [[0.5, 0.5]], labels="ab")), 3)
    0.693
    """
    return _mean(negative_log_likelihood(y_true, probabilities, labels=labels), weights)


@overload
def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, *, weights: None = None, bins: int = N_BINS
) -> float: ...


@overload
def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, *, weights: Numbers | None, bins: int = N_BINS
) -> float | Numbers: ...


def expected_calibration_error(
    confidence: ArrayLike,
    correct: ArrayLike,
    *,
    weights: Numbers | None = None,
    bins: int = N_BINS,
) -> float | Numbers:
    """Return the mean gap between confidence and accuracy over equally wide bins of confidence.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        Probability of the predicted genre, in [0, 1].
    correct : array-like of bool, shape (n,)
        Whether each prediction is right.
    weights : ndarray of shape (m, n), optional
        How often each prediction counts in each of m resamples.
    bins : int
        Number of bins.

    Returns
    -------
    float, or ndarray of shape (m,)
        In [0, 1]; 0 is perfect.

    Raises
    ------
    ValueError
        If there is no prediction, the lengths differ, or a confidence lies outside [0, 1].

    See Also
    --------
    log_loss

    References
    ----------
    .. [1] Guo et al., On calibration of modern neural networks (ICML 2017).

    Examples
    --------
    >>> expected_calibration_error([0.9, 0.9], [True, False])
    0.4
    """
    sure = np.asarray(confidence, dtype=np.float64)
    right = np.asarray(correct, dtype=np.float64)
    if not sure.size or sure.shape != right.shape:
        raise ValueError("a calibration error needs one confidence for each prediction")
    which = confidence_bins(sure, bins=bins)
    if weights is None:
        gap = np.bincount(which, sure - right, minlength=bins).astype(np.float64)
        return float(calibration_error_of_bins(gap, float(sure.size)))
    rows = np.zeros((sure.size, bins))
    rows[np.arange(sure.size), which] = sure - right
    return calibration_error_of_bins(weights @ rows, weights.sum(axis=1))


def _ece(
    y_true: ArrayLike, y_pred: ArrayLike, probabilities: ArrayLike, weights: Numbers | None
) -> Numbers:
    confidence = np.asarray(probabilities, dtype=np.float64).max(axis=1)
    right = np.asarray(y_true) == np.asarray(y_pred)
    return np.asarray(expected_calibration_error(confidence, right, weights=weights))


#: Columns of ``scores.parquet``: name to a function of (y_true, y_pred, probabilities, weights).
METRICS: dict[str, Callable[[ArrayLike, ArrayLike, ArrayLike, Numbers | None], Numbers]] = {
    "accuracy": lambda y_true, y_pred, p, w: accuracy(y_true, y_pred, weights=w),
    "macro_f1": lambda y_true, y_pred, p, w: macro_f1(y_true, y_pred, weights=w),
    "log_loss": lambda y_true, y_pred, p, w: log_loss(y_true, p, weights=w),
    "ece": _ece,
}
