"""Whether a model's confidence may be believed: by steps of confidence, and about a new genre.

Conventions
-----------
Functions take the predictions of `audionome.lab.store`; confidence is the probability of the
likeliest genre. Intervals are over artists, see `audionome.lab.bootstrap`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.lab.binning import N_BINS, confidence_bins
from audionome.lab.bootstrap import ConfidenceInterval, mean_interval
from audionome.lab.compare import Difference, Verdict, difference, verdict
from audionome.lab.names import select
from audionome.lab.predictions import judge

__all__ = ["Overconfidence", "Unknown", "overconfidence", "reliability", "unknown_genre"]


def reliability(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "artist-grouped",
    level: str = "track",
    bins: int = N_BINS,
) -> pd.DataFrame:
    """Compare the confidence of predictions with how often they are right.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model, variant, protocol, level : str
        Which predictions.
    bins : int
        Equally wide bins of confidence from 0 to 1.

    Returns
    -------
    DataFrame
        One row per bin that has predictions: ``from``, ``to``, ``n``, ``artists``, ``confidence``
        (mean), ``accuracy``, ``low``, ``high``. With one artist only, or where all or none of the
        predictions are right, the resamples do not differ and the interval is missing: it would
        have no width.

    See Also
    --------
    overconfidence : The same for all predictions together.

    References
    ----------
    .. [1] Guo et al., On calibration of modern neural networks (ICML 2017).
    """
    wanted = select(predictions, model=model, variant=variant, protocol=protocol)
    rows = judge(wanted, level=level)
    out = []
    which = confidence_bins(rows["confidence"], bins=bins)
    for k in np.unique(which):
        group = rows[which == k]
        found = mean_interval(group["correct"], group["artist"])
        ends = (found.low, found.high) if found.high > found.low else (np.nan, np.nan)
        sure = float(group["confidence"].mean())
        out.append((k / bins, (k + 1) / bins, found.n, found.clusters, sure, found.estimate, *ends))
    columns = ["from", "to", "n", "artists", "confidence", "accuracy", "low", "high"]
    return pd.DataFrame(out, columns=columns)


@dataclass(frozen=True)
class Overconfidence:
    """How much more a model claims than it keeps.

    Attributes
    ----------
    confidence, accuracy : float
        Mean confidence, and share that is right.
    verdict : Verdict
        Of their difference, confidence minus accuracy: "better" means too sure, "worse" too
        modest.
    """

    confidence: float
    accuracy: float
    verdict: Verdict


def overconfidence(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "artist-grouped",
    level: str = "track",
) -> Overconfidence | None:
    """Compare the mean confidence with the accuracy.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model, variant, protocol, level : str
        Which predictions.

    Returns
    -------
    Overconfidence or None
        None where there are no predictions.

    See Also
    --------
    reliability : The same by steps of confidence.
    """
    wanted = select(predictions, model=model, variant=variant, protocol=protocol)
    rows = judge(wanted, level=level)
    if rows.empty:
        return None
    gap = rows["confidence"].to_numpy() - rows["correct"].to_numpy(dtype=float)
    found = difference(lambda w: w @ gap / w.sum(axis=1), rows["artist"].to_numpy())
    return Overconfidence(
        float(rows["confidence"].mean()), float(rows["correct"].mean()), verdict(found)
    )


@dataclass(frozen=True)
class Unknown:
    """How sure a model is of music whose genre it has never met.

    Attributes
    ----------
    table : DataFrame
        ``kind`` (right, wrong, unknown), ``n``, ``mean``, ``p25``, ``p50``, ``p75`` of the
        confidence.
    auc : ConfidenceInterval
        Probability that a track of a known genre gets more confidence than one of an unknown
        genre (0.5: confidence tells nothing).
    verdict : Verdict
        Of the AUC minus 0.5.
    predicted : Series
        Share of the unknown tracks that were called each genre, most frequent first.
    """

    table: pd.DataFrame
    auc: ConfidenceInterval
    verdict: Verdict
    predicted: pd.Series


def unknown_genre(
    predictions: pd.DataFrame, *, model: str, variant: str = "tuned", protocol: str = "wild"
) -> Unknown | None:
    """Compare the confidence on known genres with that on a genre never learned.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`; a true genre outside the ten is unknown.
    model, variant, protocol : str
        Which predictions, at track level.

    Returns
    -------
    Unknown or None
        None when there is no music of an unknown genre.
    """
    wanted = select(predictions, model=model, variant=variant, protocol=protocol)
    known, unknown = judge(wanted), judge(wanted, unknown=True)
    if known.empty or unknown.empty:
        return None
    right = known["correct"].to_numpy(dtype=bool)
    confidence = known["confidence"].to_numpy()
    strange = unknown["confidence"].to_numpy()
    kinds = {"right": confidence[right], "wrong": confidence[~right], "unknown": strange}
    table = pd.DataFrame(
        [
            (kind, len(v), v.mean(), *np.quantile(v, [0.25, 0.5, 0.75]))
            for kind, v in kinds.items()
            if len(v)
        ],
        columns=["kind", "n", "mean", "p25", "p50", "p75"],
    )
    artists = np.concatenate([known["artist"], unknown["artist"]])
    found = _auc_above_half(confidence, strange, artists)
    i = found.interval
    auc = ConfidenceInterval(i.estimate + 0.5, i.low + 0.5, i.high + 0.5, i.n, i.clusters)
    shares = unknown["predicted"].value_counts(normalize=True)
    return Unknown(table, auc, verdict(found), shares)


def _auc_above_half(
    known: NDArray[np.float64], unknown: NDArray[np.float64], artists: NDArray[np.int64]
) -> Difference:
    # All pairs once, ties as one half; a resample weights the pairs.
    above = (known[:, None] > unknown) + 0.5 * (known[:, None] == unknown)
    n = len(known)

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = weights[:, :n], weights[:, n:]
        pairs = first.sum(axis=1) * second.sum(axis=1)
        return np.asarray(((first @ above) * second).sum(axis=1) / pairs - 0.5)

    return difference(statistic, artists)
