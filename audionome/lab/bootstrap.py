"""The one bootstrap: 95 % intervals of any statistic, over clusters.

Conventions
-----------
A *cluster* is a set of rows that are drawn together because they are not independent: in this
project an artist, since new music means new artists. Resampling draws as many clusters as there
are, with replacement; a cluster that is drawn k times counts k times. Intervals are percentile
intervals. Resamples in which a statistic does not exist (NaN) are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ConfidenceInterval",
    "cluster_bootstrap",
    "cluster_distribution",
    "cluster_sums",
    "design_effect",
    "effective_sample_size",
    "mean_interval",
    "percentile_interval",
    "validate",
]

N_RESAMPLES = 2000
SEED = 0
LEVEL = 0.95
#: Weights that are held in memory at once: 8 MB.
_CHUNK = 1_000_000

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class ConfidenceInterval:
    """An estimate with its interval.

    Attributes
    ----------
    estimate, low, high : float
        In the unit of the statistic; ``low`` and ``high`` are NaN where no resample has a value.
    n : int
        Rows.
    clusters : int
        Clusters of those rows.
    """

    estimate: float
    low: float
    high: float
    n: int
    clusters: int

    @property
    def half_width(self) -> float:
        """Half the distance between the two ends."""
        return (self.high - self.low) / 2

    @property
    def excludes_zero(self) -> bool:
        """True when both ends lie on the same side of zero."""
        return self.low > 0 or self.high < 0

    def as_dict(self) -> dict[str, float | int]:
        """Return a plain dictionary, for JSON."""
        return asdict(self)


def validate(clusters: ArrayLike, *columns: ArrayLike) -> NDArray[np.intp]:
    """Check that the arrays have one row each for every row, and number the clusters.

    Parameters
    ----------
    clusters : array-like of shape (n,)
        Cluster of each row.
    *columns : array-like of shape (n, ...)
        What else has one entry per row.

    Returns
    -------
    ndarray of shape (n,)
        Number of each row's cluster, from 0, in sorted order of the clusters.

    Raises
    ------
    ValueError
        If there is no row, or the lengths differ.
    """
    names = np.asarray(clusters)
    if names.ndim != 1 or not names.size:
        raise ValueError("a bootstrap needs at least one row, and one cluster for each")
    for column in columns:
        if len(np.asarray(column)) != names.size:
            raise ValueError(f"{len(np.asarray(column))} rows, but {names.size} clusters of rows")
    return np.unique(names, return_inverse=True)[1].astype(np.intp)


@lru_cache(maxsize=4)
def _counts(n_clusters: int, n_resamples: int, seed: int) -> NDArray[np.int16]:
    """Return how often each cluster comes in each resample; to draw that costs more than to use it.

    The array is kept for the next statistic of as many clusters. It holds two bytes for each of
    the resamples and clusters: 1.3 MB for 2,000 resamples of 316 artists.
    """
    rng = np.random.default_rng(seed)
    share = np.full(n_clusters, 1 / n_clusters)
    counts = np.empty((n_resamples, n_clusters), dtype=np.int16)
    for rows in np.array_split(counts, max(1, counts.size // _CHUNK)):
        rows[:] = rng.multinomial(n_clusters, share, size=len(rows))
    counts.flags.writeable = False
    return counts


def _draws(n_clusters: int, n_rows: int, n_resamples: int, seed: int) -> Iterator[NDArray[Any]]:
    """Yield how often each cluster comes in each resample, some resamples at a time."""
    counts = _counts(n_clusters, n_resamples, seed)
    step = max(1, _CHUNK // max(n_rows, n_clusters))
    for start in range(0, n_resamples, step):
        yield counts[start : start + step].astype(np.float64)


def cluster_distribution(
    statistic: Statistic, clusters: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """Return the values of a statistic in the resamples.

    Parameters
    ----------
    statistic : callable
        Takes weights of shape (m, n), how often each of the n rows counts in each of m resamples,
        and returns an array whose first axis has length m.
    clusters : array-like of shape (n,)
        Cluster of each row.
    n_resamples, seed : int
        Resamples, and the seed of their draws.

    Returns
    -------
    ndarray of shape (n_resamples, ...)
        In the unit of the statistic.

    Raises
    ------
    ValueError
        If there is no row.

    See Also
    --------
    cluster_bootstrap : The interval of a single number.
    """
    codes = validate(clusters)
    n_clusters = int(codes.max()) + 1
    own = n_clusters == codes.size and bool((codes == np.arange(codes.size)).all())
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.concatenate(
            [
                np.asarray(statistic(draws if own else draws[:, codes]), dtype=np.float64)
                for draws in _draws(n_clusters, codes.size, n_resamples, seed)
            ]
        )


def percentile_interval(
    values: NDArray[np.float64], *, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the percentile interval along the first axis.

    Parameters
    ----------
    values : ndarray of shape (n_resamples, ...)
        From `cluster_distribution`.
    level : float
        Share of the resamples that lie inside.

    Returns
    -------
    low, high : ndarray of shape (...)
        NaN where no resample has a value.
    """
    values = np.asarray(values, dtype=np.float64)
    flat = values.reshape(len(values), -1)
    bounds = np.full((2, flat.shape[1]), np.nan)
    some = np.isfinite(flat).any(axis=0)
    ends = [(1 - level) / 2, (1 + level) / 2]
    bounds[:, some] = np.nanquantile(flat[:, some], ends, axis=0)
    low, high = bounds.reshape(2, *values.shape[1:])
    return low, high


def cluster_bootstrap(
    statistic: Statistic,
    clusters: ArrayLike,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> ConfidenceInterval:
    """Return the interval of any statistic over clusters.

    Parameters
    ----------
    statistic : callable
        Takes weights of shape (m, n), how often each of the n rows counts in each of m resamples,
        and returns the m values.
    clusters : array-like of shape (n,)
        Cluster of each row; whole clusters are drawn.
    n_resamples, seed : int
        Resamples, and the seed of their draws.
    level : float
        Share of the resamples that lie inside.

    Returns
    -------
    ConfidenceInterval

    Raises
    ------
    ValueError
        If there is no row.

    See Also
    --------
    mean_interval : The same of a mean, faster.

    Examples
    --------
    >>> hits = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    >>> artists = ["a", "a", "b", "c", "c", "d"]
    >>> share = cluster_bootstrap(lambda w: w @ hits / w.sum(axis=1), artists)
    >>> round(share.estimate, 2), share.n, share.clusters
    (0.67, 6, 4)

    References
    ----------
    .. [1] Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13.
    .. [2] Field and Welsh, Bootstrapping clustered data (JRSS B 69, 2007).
    """
    codes = validate(clusters)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = float(np.asarray(statistic(np.ones((1, codes.size)))).item())
    values = cluster_distribution(statistic, codes, n_resamples=n_resamples, seed=seed)
    low, high = percentile_interval(values, level=level)
    return ConfidenceInterval(
        estimate, float(low), float(high), int(codes.size), int(codes.max()) + 1
    )


def cluster_sums(values: ArrayLike, clusters: ArrayLike) -> NDArray[np.float64]:
    """Return the sum of each cluster's rows.

    Parameters
    ----------
    values : array-like of shape (n, ...)
    clusters : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (clusters, ...)
        In the sorted order of the clusters.
    """
    codes = validate(clusters, values)
    rows = np.asarray(values, dtype=np.float64)
    sums = np.zeros((int(codes.max()) + 1, *rows.shape[1:]))
    np.add.at(sums, codes, rows)
    return sums


def mean_interval(
    values: ArrayLike,
    clusters: ArrayLike,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> ConfidenceInterval:
    """Return the interval of a mean: of an accuracy, a share, a paired difference.

    Parameters
    ----------
    values : array-like of shape (n,)
        Numbers or truth values.
    clusters : array-like of shape (n,)
        Cluster of each row.
    n_resamples, seed : int
        Resamples, and the seed of their draws.
    level : float
        Share of the resamples that lie inside.

    Returns
    -------
    ConfidenceInterval
        In the unit of the values.

    Raises
    ------
    ValueError
        If there is no row, or the lengths differ.

    See Also
    --------
    cluster_bootstrap : The same of any statistic.

    Examples
    --------
    >>> mean_interval([True, True, False, True], ["a", "a", "b", "c"]).estimate
    0.75
    """
    codes = validate(clusters, values)
    rows = np.asarray(values, dtype=np.float64)
    sums, sizes = cluster_sums(rows, codes), np.bincount(codes).astype(np.float64)
    means = cluster_distribution(
        lambda w: w @ sums / (w @ sizes), np.arange(sizes.size), n_resamples=n_resamples, seed=seed
    )
    low, high = percentile_interval(means, level=level)
    return ConfidenceInterval(
        float(rows.mean()), float(low), float(high), int(rows.size), int(sizes.size)
    )


def design_effect(values: ArrayLike, clusters: ArrayLike) -> float:
    """Return how many times the variance of a mean is what independent rows would give.

    Parameters
    ----------
    values : array-like of shape (n,)
    clusters : array-like of shape (n,)

    Returns
    -------
    float
        1 for clusters of one row each, nearly m for clusters of m equal rows; NaN where the values
        do not vary or there is one cluster only.

    Raises
    ------
    ValueError
        If there is no row, or the lengths differ.

    See Also
    --------
    effective_sample_size : The number of rows divided by it.

    References
    ----------
    .. [1] Kish, Survey Sampling (1965), ch. 5.

    Examples
    --------
    >>> design_effect([1, 0, 0, 1], ["a", "b", "c", "d"])
    1.0
    """
    codes = validate(clusters, values)
    rows = np.asarray(values, dtype=np.float64)
    rest = rows - rows.mean()
    n, k = rows.size, int(codes.max()) + 1
    squares = float(rest @ rest)
    if k < 2 or squares <= 1e-12 * n:
        return float("nan")
    between = float(np.square(cluster_sums(rest, codes)).sum())
    return (k / (k - 1) * between) / (n / (n - 1) * squares)


def effective_sample_size(values: ArrayLike, clusters: ArrayLike) -> float:
    """Return how many independent rows would tell the mean as well as these do.

    Parameters
    ----------
    values : array-like of shape (n,)
    clusters : array-like of shape (n,)

    Returns
    -------
    float
        Rows divided by `design_effect`; NaN where that is.

    Examples
    --------
    >>> effective_sample_size([1, 0, 0, 1], ["a", "b", "c", "d"])
    4.0
    """
    return np.asarray(values).size / design_effect(values, clusters)
