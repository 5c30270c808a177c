"""What answers promise and what they keep, on music from outside GTZAN.

Conventions
-----------
Functions take the predictions of `audionome.lab.outside`, of one or more models. The threshold that
judges the clips of a source is set on all other sources, and only clips of trust A and B count.
Nothing is promised of a sound that is out of the distribution: such rows are counted (``strange``)
and left out of everything else. Intervals are over artists, see `audionome.lab.bootstrap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.datasets.gtzan import GENRES
from audionome.lab import conformal
from audionome.lab.bootstrap import LEVEL, ConfidenceInterval, cluster_bootstrap, mean_interval
from audionome.lab.metrics import expected_calibration_error
from audionome.lab.outside import of_truth, stands_for, thresholds, trusted
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.models.calibration import Calibration
from audionome.models.prediction import FEW

__all__ = [
    "MODEL",
    "by_model",
    "by_source",
    "by_status",
    "claims",
    "in_gtzan",
    "judged",
    "kept",
    "thresholds",
    "truth_shares",
]

#: What a model of the table is called by.
MODEL = ["family", "model", "protocol"]

#: The models that ship, the default first.
_ORDER = ("ear", "extended", "classic")

_FEWEST = 10  # clips of a source that is shown alone


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """Add the prediction set of every row, and whether it keeps its promise.

    Parameters
    ----------
    table : DataFrame
        See `audionome.lab.outside`.

    Returns
    -------
    DataFrame
        Rows of trust A and B, with ``threshold`` (set on other sources), ``size`` (genres of the
        set), ``held`` (the true genre is one of them), ``right`` (it is the most probable),
        ``third`` (it is one of the three most probable), ``confidence`` and ``strange`` (out of
        the distribution).
    """
    parts = []
    for _, rows in table.groupby(MODEL, sort=False, observed=True):
        limits = np.full(len(rows), np.nan)
        lengths = rows["seconds"].to_numpy(np.float64) / conformal.WINDOW_SECONDS
        for source in rows["source"].unique():
            curve = tuple((a, b) for a, b in thresholds(rows, without=source))
            calibration = Calibration(1.0, curve, conformal.COVERAGE)
            for i in np.flatnonzero((rows["source"] == source).to_numpy()):
                limits[i] = calibration.threshold_for(float(lengths[i]))
        parts.append(_with_sets(rows, limits)[trusted(rows)])
    return pd.concat(parts, ignore_index=True)


def _with_sets(rows: pd.DataFrame, limits: NDArray[np.float64]) -> pd.DataFrame:
    values = rows[PROBABILITY_COLUMNS].to_numpy(np.float64)
    codes = pd.Categorical(rows["genre"], categories=list(GENRES)).codes.astype(int)
    sets = conformal.in_sets(values, limits)
    at = np.arange(len(rows))
    rank = (values > values[at, codes][:, None]).sum(axis=1)
    return rows.assign(
        threshold=limits,
        size=sets.sum(axis=1),
        held=sets[at, codes],
        right=values.argmax(axis=1) == codes,
        third=rank < 3,
        confidence=values.max(axis=1),
        strange=(rows["distance"] > 1).to_numpy(dtype=bool),
    )


def by_model(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each model that ships, the default first.

    Parameters
    ----------
    rows : DataFrame
        With the column ``model``.

    Returns
    -------
    dict of str to DataFrame
        By the name of the model.
    """
    return {m: part for m in _ORDER if len(part := rows[(rows["model"] == m).to_numpy()])}


def truth_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how near the true genre of long clips is to the first, and the threshold that follows.

    Parameters
    ----------
    rows : DataFrame
        Predictions of one model.

    Returns
    -------
    DataFrame
        ``clip``, ``of_truth`` and ``threshold``, which is the same in all rows: the one of all
        sources together.
    """
    chosen = rows[stands_for(rows, 0)]
    found = of_truth(chosen)
    limit = conformal.threshold(found)
    return pd.DataFrame({"clip": chosen["clip"], "of_truth": found, "threshold": limit})


def by_source(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what a row is counted under when results are told by source.

    Parameters
    ----------
    rows : DataFrame
        From `judged`.

    Returns
    -------
    DataFrame
        With ``collection``: the source, or how many others it is put together with because each
        has fewer than ten clips.
    """
    clips = rows.groupby("source")["clip"].nunique()
    few = clips.index[clips < _FEWEST]
    name = f"{len(few)} small sources"
    return rows.assign(collection=rows["source"].where(~rows["source"].isin(few), name))


def kept(rows: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Compare the promise with what was kept.

    Parameters
    ----------
    rows : DataFrame
        From `judged`.
    by : sequence of str
        Columns by which the rows are told apart, beside model and length.

    Returns
    -------
    DataFrame
        One row per model, length (``excerpt``) and group: ``n``, ``artists``, ``strange`` (share
        of all); of the others ``coverage``, ``size`` (mean genres of a set), ``one`` (share of
        answers that name a single genre) and ``one_right`` (share of those that are right, NaN
        where there is none), each with ``_low`` and ``_high``; ``verdict``: "kept", or "missed" or
        "exceeded" where the whole interval of the coverage lies on one side of the promise.
    """
    keys = [*MODEL, "excerpt", *by]
    out = []
    for key, group in rows.groupby(keys, sort=True, observed=True):
        answered = group[~group["strange"].to_numpy(dtype=bool)]
        if answered.empty:
            continue
        artists = answered["artist"].to_numpy()
        one = np.asarray(answered["size"] == 1, dtype=np.float64)
        coverage = _coverage(answered["held"].to_numpy(dtype=float), artists)
        record = dict(zip(keys, key, strict=True))
        record |= {"n": coverage.n, "artists": coverage.clusters}
        record["strange"] = float(group["strange"].mean())
        record |= _ends("coverage", coverage)
        record |= _ends("size", mean_interval(answered["size"].to_numpy(dtype=float), artists))
        record |= _ends("one", mean_interval(one, artists))
        right = one * answered["right"].to_numpy(dtype=float)
        record |= _ends("one_right", _share_among(right, one, artists))
        record["verdict"] = _verdict(coverage)
        out.append(record)
    return pd.DataFrame(out)


def by_status(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare answers that name one genre, a few or many: how often is the right one among them?

    Parameters
    ----------
    rows : DataFrame
        From `judged` or `in_gtzan`.

    Returns
    -------
    DataFrame
        One row per model, length (``excerpt``) and ``status`` of the answer (see
        `audionome.models.prediction.Status`): ``n``, ``artists``, ``share`` (of the answers),
        ``held`` (share whose genres include the right one) and ``right`` (share whose likeliest is
        the right one), both with ``_low`` and ``_high``. Answers that name no genre are left out.
    """
    answered = rows[~rows["strange"].to_numpy(dtype=bool)]
    kind = pd.cut(answered["size"], [0, 1, FEW, len(GENRES)], labels=["one", "few", "many"])
    out = []
    keys = [*MODEL, "excerpt"]
    for key, group in answered.assign(status=kind).groupby(keys, sort=True, observed=True):
        for named, part in group.groupby("status", observed=True):
            artists = part["artist"].to_numpy()
            record = dict(zip(keys, key, strict=True)) | {"status": str(named), "n": len(part)}
            record |= {"artists": len(np.unique(artists)), "share": len(part) / len(group)}
            for column in ("held", "right"):
                found = _coverage(part[column].to_numpy(dtype=float), artists)
                record |= _ends(column, found)
            out.append(record)
    return pd.DataFrame(out)


def in_gtzan(
    predictions: pd.DataFrame, thresholds: Sequence[tuple[float, float]], *, family: str
) -> pd.DataFrame:
    """Add the prediction sets to predictions about GTZAN's tracks with the artists apart.

    Parameters
    ----------
    predictions : DataFrame
        Of one model, under several protocols; only those that hold the artists apart count.
    thresholds : sequence of (float, float)
        Length in windows and threshold, as the model's card has them: they were set on music from
        outside GTZAN.
    family : str
        Of the model.

    Returns
    -------
    DataFrame
        As from `judged`; ``excerpt`` is the length in seconds, 0 for whole clips.
    """
    lengths = {"artist-grouped": 0, "artist-grouped-10s": 10, "artist-grouped-3s": 3}
    rows = predictions[predictions["protocol"].isin(lengths).to_numpy(dtype=bool)]
    excerpt = rows["protocol"].map(lengths).to_numpy(dtype=int)
    calibration = Calibration(1.0, tuple((a, b) for a, b in thresholds), conformal.COVERAGE)
    whole = max(windows for windows, _ in thresholds)
    windows = np.where(excerpt > 0, excerpt / conformal.WINDOW_SECONDS, whole)
    limits = np.array([calibration.threshold_for(float(n)) for n in windows])
    apart = rows.assign(family=family, protocol="artist-grouped", excerpt=excerpt)
    return _with_sets(apart, limits)


def _coverage(held: NDArray[np.float64], artists: NDArray[np.integer]) -> ConfidenceInterval:
    """Return the share with its interval, an exact one where all resamples are the same."""
    found = mean_interval(held, artists)
    if found.low < found.high or found.estimate not in {0.0, 1.0}:
        return found
    # All or none: how far the share may still be from it, with as many artists (Clopper-Pearson).
    far = 1 - ((1 - LEVEL) / 2) ** (1 / found.clusters)
    low, high = (1 - far, 1.0) if found.estimate else (0.0, far)
    return replace(found, low=low, high=high)


def _ends(name: str, found: ConfidenceInterval) -> dict[str, float]:
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def _share_among(
    hits: NDArray[np.float64], chosen: NDArray[np.float64], artists: NDArray[np.integer]
) -> ConfidenceInterval:
    """Return how often the chosen rows hit; a resample may hold more or fewer of them."""
    return cluster_bootstrap(lambda w: (w @ hits) / (w @ chosen), artists)


def _verdict(coverage: ConfidenceInterval) -> str:
    if coverage.high < conformal.COVERAGE:
        return "missed"
    return "exceeded" if coverage.low > conformal.COVERAGE else "kept"


def claims(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare what models claim with how often they are right.

    Parameters
    ----------
    rows : DataFrame
        From `judged`.

    Returns
    -------
    DataFrame
        One row per model and length: ``n``, ``artists``, ``confidence`` (mean), ``right``,
        ``third`` (in the first three), ``balanced`` (mean over genres of the share that is right),
        ``surplus`` (confidence minus right), ``error`` (expected calibration error) and
        ``gtzan_surplus`` (the surplus with the temperatures of GTZAN's folds; NaN if there are
        none), all but the confidence with ``_low`` and ``_high``.
    """
    out = []
    keys = [*MODEL, "excerpt"]
    for key, group in rows.groupby(keys, sort=False, observed=True):
        answered = group[~group["strange"].to_numpy(dtype=bool)]
        if answered.empty:
            continue
        artists = answered["artist"].to_numpy()
        right = answered["right"].to_numpy(dtype=float)
        sure = answered["confidence"].to_numpy(dtype=float)
        record = dict(zip(keys, key, strict=True))
        record |= {"n": len(answered), "artists": len(np.unique(artists))}
        record["confidence"] = float(sure.mean())
        record |= _ends("right", mean_interval(right, artists))
        record |= _ends("third", mean_interval(answered["third"].to_numpy(dtype=float), artists))
        record |= _ends("balanced", _balanced(right, answered["genre"].to_numpy(str), artists))
        record |= _ends("surplus", mean_interval(sure - right, artists))
        record |= _ends("error", _calibration_error(sure, right, artists))
        before = answered["gtzan_confidence"].to_numpy(dtype=float)
        record |= _ends("gtzan_surplus", mean_interval(before - right, artists))
        out.append(record)
    return pd.DataFrame(out)


def _balanced(
    right: NDArray[np.float64], genres: NDArray[np.str_], artists: NDArray[np.integer]
) -> ConfidenceInterval:
    of = (genres[:, None] == np.unique(genres)).astype(np.float64)

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore"):
            shares = ((weights * right) @ of) / (weights @ of)
        return np.asarray(np.nanmean(shares, axis=1))

    return cluster_bootstrap(statistic, artists)


def _calibration_error(
    sure: NDArray[np.float64], right: NDArray[np.float64], artists: NDArray[np.integer]
) -> ConfidenceInterval:
    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(expected_calibration_error(sure, right, weights=weights))

    return cluster_bootstrap(statistic, artists)
