"""Choose the weights of the linear models: `fit_classic` and `fit_extended`.

The first is for the level-free classic columns of windows, the second for the extended ones, which
are ten times as many as the clips.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audionome.models.linear import TINY, Linear

__all__ = ["fit_classic", "fit_extended"]

_LOGGED = (
    "spectral_centroid_mean",
    "spectral_bandwidth_mean",
    "rolloff_mean",
    "zero_crossing_rate_mean",
    "tempo",
)


# -- the classic columns ------------------------------------------------------------------

_RIDGE = 0.1  # C of the logistic regression
_NUISANCE = 0.1  # weight of the nuisance in its penalty
_ROLL_OFF = 30.0  # dB, standard deviation
_CLASSIC_LIMIT = 3.0


def fit_classic(
    values: NDArray[np.floating],
    genres: NDArray[np.str_],
    columns: list[str],
    *,
    use: list[str],
    seed: int = 0,
) -> Linear:
    """Fit windows of classic features, and learn to overlook how the top end was cut.

    The weights are the mean of two linear models: Fisher's discriminant with equal priors, and
    multinomial logistic regression with balanced classes. Both are told that the roll-off of the
    highest frequencies says how music was recorded and stored, not what it is: the covariance of
    simulated roll-offs joins the discriminant's covariance within genres and the regression's
    penalty, so that weights along it shrink.

    Parameters
    ----------
    values : ndarray of shape (rows, columns)
        Windows.
    genres : ndarray of shape (rows,)
    columns : list of str
        Names of all columns of ``values``; ``mfcc1_mean`` must be there, for the simulation.
    use : list of str
        Columns that the model may use.
    seed : int
        Of the simulated roll-offs.

    Returns
    -------
    Linear
        Over ``use``.

    References
    ----------
    .. [1] Hastie, Buja and Tibshirani, Penalized discriminant analysis (1995).
    .. [2] Hatch, Kajarekar and Stolcke, Within-class covariance normalization for SVM-based
           speaker recognition (ICSLP 2006), for weights that shrink along a nuisance.
    """
    from sklearn.linear_model import LogisticRegression

    classes, code = np.unique(genres, return_inverse=True)
    logged = np.array([c.endswith("_var") or c in _LOGGED for c in columns])
    rows = np.array(values, dtype=np.float64)
    rows[:, logged] = np.log(np.maximum(rows[:, logged], 0) + TINY)
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    rows = (rows - mean) / scale

    keep = [columns.index(c) for c in use]
    offsets = _offsets(rows, columns, scale, seed=seed)[:, keep]
    nuisance = offsets.T @ offsets / len(offsets)
    rows = np.clip(rows[:, keep], -_CLASSIC_LIMIT, _CLASSIC_LIMIT)

    means = np.stack([rows[code == c].mean(axis=0) for c in range(classes.size)])
    spread = rows - means[code]
    fisher = np.linalg.solve(spread.T @ spread / len(rows) + nuisance, means.T)
    fisher_bias = -0.5 * np.sum(means.T * fisher, axis=0)
    # The penalty of the nuisance is an ordinary one in coordinates that shrink it.
    strength, axes = np.linalg.eigh(nuisance)
    shrink = 1 / np.sqrt(1 + _RIDGE * _NUISANCE * len(rows) * np.maximum(strength, 0))
    shrunk = (axes * shrink) @ axes.T
    regression = LogisticRegression(C=_RIDGE, max_iter=500, tol=1e-5, class_weight="balanced")
    regression.fit(rows @ shrunk, code)

    weights = (fisher + shrunk @ regression.coef_.T) / 2
    bias = (fisher_bias + regression.intercept_) / 2
    return Linear(
        classes.astype(str),
        logged[keep],
        mean[keep],
        scale[keep],
        _CLASSIC_LIMIT,
        weights - weights.mean(axis=1, keepdims=True),
        bias - bias.mean(),
    )


def _offsets(
    rows: NDArray[np.float64], columns: list[str], scale: NDArray[np.float64], *, seed: int
) -> NDArray[np.float64]:
    """Return shifts of standardised columns when the highest mel bands are turned up or down."""
    rng, mel = np.random.default_rng(seed), np.arange(128)
    edge = rng.uniform(108, 126, (4000, 1))  # the ramp begins here
    ramp = np.clip((mel - edge) / (127 - edge), 0, 1)
    curves = _ROLL_OFF * rng.standard_normal((4000, 1)) * ramp  # dB
    basis = np.sqrt(2 / 128) * np.cos(np.pi * np.arange(20)[:, None] * (mel + 0.5) / 128)
    basis[0] /= np.sqrt(2)
    cepstrum = [columns.index(f"mfcc{k}_mean") for k in range(1, 21)]
    spectral = [columns.index(c) for c in _LOGGED if c != "tempo"]
    shifts = np.zeros((len(curves), len(columns)))
    shifts[:, cepstrum] = curves @ basis.T / scale[cepstrum]
    # The spectral means follow the cepstrum as they do over the training windows.
    inputs = np.column_stack([rows[:, cepstrum], np.ones(len(rows))])
    slopes = np.linalg.lstsq(inputs, rows[:, spectral], rcond=None)[0][:-1]
    shifts[:, spectral] = shifts[:, cepstrum] @ slopes
    return shifts


# -- the extended columns -----------------------------------------------------------------

_SHRINKAGE = 0.8
_CORRECTION = 0.4
_EXTENDED_LIMIT = 5.0


def fit_extended(
    values: NDArray[np.float32],
    genres: NDArray[np.str_],
    weights: NDArray[np.floating],
    clips: NDArray[np.integer],
    *,
    shrinkage: float = _SHRINKAGE,
    correction: float = _CORRECTION,
) -> Linear:
    """Fit Fisher's discriminant with equal priors when there are more columns than clips.

    Parameters
    ----------
    values : ndarray of shape (rows, features), float32
        Rows of excerpts of several lengths.
    genres : ndarray of shape (rows,)
    weights : ndarray of shape (rows,)
        How much each row counts.
    clips : ndarray of shape (rows,)
        Number of the clip that each row is from.
    shrinkage : float
        How far the covariance within genres is drawn towards that of independent columns of equal
        variance, in [0, 1].
    correction : float
        A genre with few clips has an uncertain mean, which seems far from everything; this share
        of the expected distance is taken off, in [0, 1].

    Returns
    -------
    Linear

    References
    ----------
    .. [1] Friedman, Regularized discriminant analysis (1989).
    .. [2] Moran and Murphy, A closer look at two alternative methods of statistical
           discrimination (1979), for the correction of the bias.
    """
    from scipy.linalg import cho_factor, cho_solve

    classes, code = np.unique(genres, return_inverse=True)
    share = (weights / np.sum(weights)).astype(np.float32)
    mean = share @ values
    scale = np.sqrt(share @ np.square(values - mean))
    rows = np.clip((values - mean) / scale, -_EXTENDED_LIMIT, _EXTENDED_LIMIT)
    means = np.stack([share[code == c] @ rows[code == c] for c in range(classes.size)])
    means /= np.bincount(code, share)[:, None].astype(np.float32)
    rows -= means[code]
    rows *= np.sqrt(share)[:, None]
    within = rows.T @ rows
    mixed = (1 - shrinkage) * within
    mixed[np.diag_indices_from(mixed)] += shrinkage * np.trace(within) / len(within)
    factor = cho_factor(mixed, check_finite=False)
    solved = cho_solve(factor, means.T.astype(np.float32), check_finite=False)
    # Expected distance of a mean of n clips from the true one, in the same metric, is this / n.
    uncertainty = float(np.trace(cho_solve(factor, within, check_finite=False)))
    n_clips = np.array([np.unique(clips[code == c]).size for c in range(classes.size)])
    bias = -0.5 * (np.sum(means.T * solved, axis=0) - correction * uncertainty / n_clips)
    solved = solved.astype(np.float64)
    return Linear(
        classes.astype(str),
        np.zeros(len(mean), dtype=bool),
        mean.astype(np.float64),
        scale.astype(np.float64),
        _EXTENDED_LIMIT,
        solved - solved.mean(axis=1, keepdims=True),
        (bias - bias.mean()).astype(np.float64),
    )
