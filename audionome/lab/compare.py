"""Comparisons of classifiers, and the one rule by which a difference counts.

Conventions
-----------
``correct`` arrays hold one truth value (or number) per row; a difference is the accuracy of *a*
minus that of *b*, in [-1, 1]. Intervals are those of `audionome.lab.bootstrap`, over clusters: in
this project artists. The p value is the largest alpha for which the percentile interval of level
1 - alpha still holds zero, so p < 0.05 exactly where the 95 % interval excludes it. It is never
below what the number of resamples can show, 0.001 for 2,000: a family of fifty or more needs more.

The rule: in a family of comparisons the p values are corrected by Holm's method, and *a* is
"better" or "worse" than *b* only if its corrected p value is below 0.05. Otherwise the two "cannot
be told apart".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audionome.lab import bootstrap
from audionome.lab.bootstrap import N_RESAMPLES, SEED, ConfidenceInterval, Statistic

__all__ = [
    "SAME",
    "SIGNIFICANT",
    "Difference",
    "Verdict",
    "accuracy_difference",
    "difference",
    "holm",
    "paired_difference",
    "validate",
    "verdict",
    "verdicts",
]

SIGNIFICANT = 0.05
SAME = "cannot be told apart"

Word = Literal["better", "worse", "cannot be told apart"]


@dataclass(frozen=True)
class Difference:
    """A difference with its interval and the p value of there being none.

    Attributes
    ----------
    interval : ConfidenceInterval
        Of *a* minus *b*.
    p_value : float
        Of this comparison alone: see the conventions above.
    """

    interval: ConfidenceInterval
    p_value: float


@dataclass(frozen=True)
class Verdict:
    """What a comparison says, as a member of its family.

    Attributes
    ----------
    word : {"better", "worse", "cannot be told apart"}
        What *a* is, set beside *b*.
    interval : ConfidenceInterval
        Of *a* minus *b*, for this comparison alone.
    p_value : float
        After Holm's correction.
    """

    word: Word
    interval: ConfidenceInterval
    p_value: float

    @property
    def differs(self) -> bool:
        """True when the word is not "cannot be told apart"."""
        return self.word != SAME


def validate(correct_a: ArrayLike, correct_b: ArrayLike, clusters: ArrayLike) -> NDArray[np.intp]:
    """Check that two classifiers were asked about the same rows, and number the clusters.

    Parameters
    ----------
    correct_a, correct_b, clusters : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
        Number of each row's cluster.

    Raises
    ------
    ValueError
        If there is no row, or the lengths differ.
    """
    return bootstrap.validate(clusters, correct_a, correct_b)


def _p_value(values: NDArray[np.float64]) -> float:
    """Return the largest alpha for which the (1 - alpha) percentile interval holds zero."""
    ordered = np.sort(values[np.isfinite(values)])
    if ordered.size < 2:
        return 1.0
    tail = min(_last_at_most_zero(ordered), _last_at_most_zero(-ordered[::-1]))
    return float(np.clip(2 * tail, 2 / (ordered.size + 1), 1.0))


def _last_at_most_zero(ordered: NDArray[np.float64]) -> float:
    """Return the largest quantile (as `numpy.quantile` interpolates) that is not above zero."""
    k = int(np.searchsorted(ordered, 0.0, side="right"))
    if k in (0, ordered.size):
        return float(k > 0)
    below, above = ordered[k - 1], ordered[k]
    return float((k - 1 - below / (above - below)) / (ordered.size - 1))


def difference(
    statistic: Statistic, clusters: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> Difference:
    """Return the interval and the p value of any statistic that is zero without a difference.

    Parameters
    ----------
    statistic : callable
        As for `audionome.lab.bootstrap.cluster_bootstrap`.
    clusters : array-like of shape (n,)
    n_resamples, seed : int
        Resamples, and the seed of their draws.

    Returns
    -------
    Difference

    See Also
    --------
    paired_difference, accuracy_difference
    """
    codes = bootstrap.validate(clusters)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = float(np.asarray(statistic(np.ones((1, codes.size)))).item())
    values = bootstrap.cluster_distribution(statistic, codes, n_resamples=n_resamples, seed=seed)
    low, high = bootstrap.percentile_interval(values)
    interval = ConfidenceInterval(
        estimate, float(low), float(high), int(codes.size), int(codes.max()) + 1
    )
    return Difference(interval, _p_value(values))


def paired_difference(
    correct_a: ArrayLike,
    correct_b: ArrayLike,
    clusters: ArrayLike,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
) -> Difference:
    """Compare two classifiers on the same rows.

    Parameters
    ----------
    correct_a, correct_b : array-like of shape (n,)
        Whether each prediction of *a* and of *b* is right.
    clusters : array-like of shape (n,)
        Cluster of each row.
    n_resamples, seed : int
        Resamples, and the seed of their draws.

    Returns
    -------
    Difference
        Of the accuracies, *a* minus *b*.

    Raises
    ------
    ValueError
        If there is no row, or the lengths differ.

    See Also
    --------
    accuracy_difference : For rows that are not the same.

    Examples
    --------
    >>> found = paired_difference([1, 1, 1, 0], [1, 0, 1, 0], ["a", "b", "c", "d"])
    >>> found.interval.estimate
    0.25
    """
    codes = validate(correct_a, correct_b, clusters)
    rows = np.asarray(correct_a, dtype=np.float64) - np.asarray(correct_b, dtype=np.float64)
    sizes = np.bincount(codes).astype(np.float64)
    return _ratio_difference([bootstrap.cluster_sums(rows, codes)], [sizes], rows.size,
                             n_resamples, seed)  # fmt: skip


def accuracy_difference(
    correct_a: ArrayLike,
    clusters_a: ArrayLike,
    correct_b: ArrayLike,
    clusters_b: ArrayLike,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
) -> Difference:
    """Compare two accuracies on rows that need not be the same.

    A cluster that has rows on both sides is drawn for both at once.

    Parameters
    ----------
    correct_a, correct_b : array-like of shape (n_a,), (n_b,)
        Whether each prediction is right.
    clusters_a, clusters_b : array-like of shape (n_a,), (n_b,)
        Cluster of each row; the same name is the same cluster on both sides.
    n_resamples, seed : int
        Resamples, and the seed of their draws.

    Returns
    -------
    Difference
        Accuracy on the rows of *a* minus that on the rows of *b*; ``n`` counts both.

    Raises
    ------
    ValueError
        If a side has no row, or the lengths differ.

    See Also
    --------
    paired_difference : For the same rows.
    """
    sides = [(np.asarray(correct_a, dtype=np.float64), np.asarray(clusters_a)),
             (np.asarray(correct_b, dtype=np.float64), np.asarray(clusters_b))]  # fmt: skip
    for correct, names in sides:
        bootstrap.validate(names, correct)
    codes = bootstrap.validate(np.concatenate([names for _, names in sides]))
    n, first = int(codes.max()) + 1, len(sides[0][0])
    parts = [codes[:first], codes[first:]]
    sums = [
        np.bincount(c, r, minlength=n).astype(np.float64)
        for (r, _), c in zip(sides, parts, strict=True)
    ]
    sizes = [np.bincount(c, minlength=n).astype(np.float64) for c in parts]
    return _ratio_difference(sums, sizes, codes.size, n_resamples, seed)


def _ratio_difference(
    sums: list[NDArray[np.float64]],
    sizes: list[NDArray[np.float64]],
    n: int,
    n_resamples: int,
    seed: int,
) -> Difference:
    """Compare ratios of clusters' sums: the first one, less the second if there is one."""

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        first, *rest = ((weights @ s) / (weights @ m) for s, m in zip(sums, sizes, strict=True))
        return np.asarray(first - rest[0] if rest else first)

    found = difference(statistic, np.arange(sizes[0].size), n_resamples=n_resamples, seed=seed)
    i = found.interval
    interval = ConfidenceInterval(i.estimate, i.low, i.high, n, i.clusters)
    return Difference(interval, found.p_value)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Correct p values for the number of comparisons.

    Parameters
    ----------
    p_values : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
        In the order given, each at most 1.

    Raises
    ------
    ValueError
        If a value lies outside [0, 1].

    References
    ----------
    .. [1] Holm, A simple sequentially rejective multiple test procedure (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a p value lies between 0 and 1")
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    out = np.empty_like(p)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def verdicts(differences: Sequence[Difference]) -> list[Verdict]:
    """Judge a family of comparisons.

    Parameters
    ----------
    differences : sequence of Difference
        All that are told together.

    Returns
    -------
    list of Verdict
        In the order given.
    """
    corrected = holm([d.p_value for d in differences])
    return [_judge(d, float(p)) for d, p in zip(differences, corrected, strict=True)]


def verdict(found: Difference) -> Verdict:
    """Judge a comparison that is told alone.

    Parameters
    ----------
    found : Difference

    Returns
    -------
    Verdict

    See Also
    --------
    verdicts : For several that are told together.

    Examples
    --------
    >>> verdict(paired_difference([1, 1, 0, 1], [1, 0, 0, 1], ["a", "b", "c", "d"])).word
    'cannot be told apart'
    """
    return verdicts([found])[0]


def _judge(found: Difference, p: float) -> Verdict:
    word: Word = "cannot be told apart"
    if p < SIGNIFICANT and found.interval.excludes_zero:
        word = "better" if found.interval.estimate > 0 else "worse"
    return Verdict(word, found.interval, p)
