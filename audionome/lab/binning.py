"""Bins of confidence, and the calibration error that follows from their sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["N_BINS", "calibration_error_of_bins", "confidence_bins"]

#: Equally wide bins of confidence.
N_BINS = 10

Numbers = NDArray[np.float64]


def confidence_bins(confidence: ArrayLike, *, bins: int = N_BINS) -> NDArray[np.intp]:
    """Return the bin of each confidence.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        In [0, 1].
    bins : int
        Equally wide bins from 0 to 1.

    Returns
    -------
    ndarray of shape (n,)
        From 0 to ``bins - 1``.

    Raises
    ------
    ValueError
        If a confidence lies outside [0, 1].
    """
    values = np.asarray(confidence, dtype=np.float64)
    # The mean of half-precision numbers may pass 1 by a hair.
    if not ((values >= 0) & (values <= 1 + 1e-3)).all():
        raise ValueError("a confidence lies outside 0 to 1")
    return np.minimum((values * bins).astype(np.intp), bins - 1)


def calibration_error_of_bins(gap: Numbers, n: Numbers | float) -> Numbers:
    """Return the calibration error of sums per bin.

    Parameters
    ----------
    gap : ndarray of shape (..., bins)
        Sum of confidence minus number of right predictions, per bin.
    n : ndarray of shape (...) or float
        Number of predictions.

    Returns
    -------
    ndarray of shape (...)
        In [0, 1].
    """
    return np.asarray(np.abs(gap).sum(axis=-1) / n)
