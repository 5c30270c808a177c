"""Which groups of features matter: the accuracy that is lost when one is shuffled.

What is measured is stored per track (``importance_tracks.parquet``), and the table of the report
follows from it by `summarise`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.features import COLUMNS
from audionome.lab import estimators
from audionome.lab.compare import paired_difference, verdicts
from audionome.lab.studies import _fits

__all__ = ["RECIPE", "correlated_groups", "losses", "stamp", "summarise"]

#: Raise it when a change to how the study groups, splits, fits, shuffles or counts changes its
#: table, and run ``audionome lab analyse`` again.
RECIPE = 2

MODEL, VARIANT = "svc", "study"
REPEATS = 5
_SEED = 0
#: More than usual: there may be as many groups as features, and all are one family.
_RESAMPLES = 10_000


def stamp() -> dict[str, Any]:
    """Return what the study is made of.

    Returns
    -------
    dict
        The number of its recipe, its models and its parameters.
    """
    return {"recipe": RECIPE, "models": _fits.settings(MODEL, VARIANT), "repeats": REPEATS}


def correlated_groups(values: NDArray[np.floating], *, threshold: float = 0.5) -> list[list[str]]:
    """Return groups of features that hold nearly the same information.

    Parameters
    ----------
    values : ndarray of shape (rows, 57)
        Columns in the order of `audionome.features.COLUMNS`.
    threshold : float
        Average absolute Spearman correlation at which two groups become one.

    Returns
    -------
    list of list of str
        Every feature once; larger groups first.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform
    from scipy.stats import spearmanr

    distance = 1 - np.abs(spearmanr(values).statistic)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="average")
    label = fcluster(tree, 1 - threshold, criterion="distance")
    groups = [[c for c, k in zip(COLUMNS, label, strict=True) if k == g] for g in set(label)]
    return sorted(groups, key=lambda g: (-len(g), COLUMNS.index(g[0])))


def losses(
    rows: pd.DataFrame,
    *,
    model: str = MODEL,
    variant: str = VARIANT,
    repeats: int = REPEATS,
    folds: Sequence[int] | None = None,
    groups: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Shuffle each group of features among the test windows, and count what is lost per track.

    Correlated features are shuffled together: alone, each could be replaced by its likes and
    would look useless. Every fold and group has random numbers of its own, so that a part of the
    study is the same as in the whole.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.crossval.evaluation_rows`.
    model, variant : str
        A model of `audionome.lab.estimators.MODELS`.
    repeats : int
        Shuffles per fold.
    folds, groups : sequence of int, optional
        Numbers of the folds and of the groups (in the order of `correlated_groups`) that are
        done; default: all.
    progress : callable, optional
        Called with (folds done, folds in all).

    Returns
    -------
    DataFrame
        One row per group and track: ``group`` (its features, joined by commas), ``fold``,
        ``track``, ``artist``, ``correct`` (1 or 0 before), ``shuffled`` (how many of the shuffles
        left it correct) and ``repeats``.

    References
    ----------
    .. [1] Breiman, Random forests (2001), section 10.
    .. [2] Molnar, Interpretable Machine Learning, ch. 8.5, on correlated features.
    """
    data = _fits.Rows.of(rows)
    every = correlated_groups(data.X)
    splits = _fits.folds(rows)
    chosen_folds = range(len(splits)) if folds is None else folds
    tables = []
    for done, k in enumerate(chosen_folds, 1):
        train, test = splits[k]
        fitted = estimators.MODELS[model].make(variant).fit(data.X[train], data.genres[train])
        X, genres, tracks = data.X[test], data.genres[test], data.tracks[test]
        before = _fits.correct(fitted, X, genres, tracks)
        for g in range(len(every)) if groups is None else groups:
            rng = np.random.default_rng([_SEED, k, g])
            at = [COLUMNS.index(c) for c in every[g]]
            after = pd.Series(0, index=before.index)
            for _ in range(repeats):
                changed = X.copy()
                changed[:, at] = X[rng.permutation(len(X))][:, at]
                after += _fits.correct(fitted, changed, genres, tracks)
            table = {"group": ",".join(every[g]), "fold": k, "track": before.index}
            table |= {"artist": data.artists.loc[before.index].to_numpy()}
            table |= {"correct": before.to_numpy(), "shuffled": after.to_numpy()}
            tables.append(pd.DataFrame(table | {"repeats": repeats}))
        if progress is not None:
            progress(done, len(chosen_folds))
    return pd.concat(tables, ignore_index=True)


def summarise(lost: pd.DataFrame, *, model: str = MODEL, variant: str = VARIANT) -> pd.DataFrame:
    """Return the accuracy per track that each group of features is worth.

    Parameters
    ----------
    lost : DataFrame
        From `losses`.
    model, variant : str
        The model that it is about.

    Returns
    -------
    DataFrame
        ``group`` (its features, joined by commas), ``n_features``, ``model``, ``variant``,
        ``protocol``, ``drop`` (share of tracks) with its 95 % interval ``low``, ``high`` over
        artists, and ``verdict``: what the model is with the group, set beside itself without it,
        all groups being one family; the most important first.
    """
    table, found = [], []
    for name, rows in lost.groupby("group", sort=False, observed=True):
        without = rows["shuffled"] / rows["repeats"]
        found.append(
            paired_difference(rows["correct"], without, rows["artist"], n_resamples=_RESAMPLES)
        )
        i = found[-1].interval
        table.append(
            {
                "group": str(name),
                "n_features": str(name).count(",") + 1,
                "model": model,
                "variant": variant,
                "protocol": _fits.PROTOCOL,
                "drop": i.estimate,
                "low": i.low,
                "high": i.high,
            }
        )
    judged = pd.DataFrame(table).assign(verdict=[v.word for v in verdicts(found)])
    return judged.sort_values("drop", ascending=False, kind="stable", ignore_index=True)
