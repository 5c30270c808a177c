"""What the ladder's numbers hang on: which features matter, and how many tracks there are.

Both studies fit on the artist-grouped folds and answer per track. Their tables are small
artefacts of ``audionome lab analyse``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.lab import estimators, protocols
from audionome.lab.metrics import track_probabilities

__all__ = ["RECIPES", "correlated_groups", "importance", "learning_curve", "stamps"]

#: Raise a study's number when a change to how it splits, fits, shuffles, answers or counts
#: changes its table, and run ``audionome lab analyse`` again.
RECIPES = {"importance": 1, "learning_curve": 1}

_SEED = 0
_IMPORTANCE_MODEL = ("svc", "study")
_REPEATS = 5
_CURVE_MODELS = (("logistic", "study"), ("svc", "study"), ("lda", "tuned"))
_CURVE_SIZES = (50, 100, 200, 400, 600, 800)


def stamps() -> dict[str, dict[str, Any]]:
    """Return what each study is made of: the number of its recipe and its parameters."""
    return {
        "importance": {
            "recipe": RECIPES["importance"],
            "models": _settings([_IMPORTANCE_MODEL]),
            "repeats": _REPEATS,
        },
        "learning_curve": {
            "recipe": RECIPES["learning_curve"],
            "models": _settings(_CURVE_MODELS),
            "sizes": list(_CURVE_SIZES),
        },
    }


def _settings(chosen: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        f"{name} {variant}": estimators.MODELS[name].settings(variant) for name, variant in chosen
    }


def correlated_groups(values: NDArray[np.floating], *, threshold: float = 0.5) -> list[list[str]]:
    """Groups of features that say nearly the same.

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


def importance(
    rows: pd.DataFrame,
    *,
    model: str = _IMPORTANCE_MODEL[0],
    variant: str = _IMPORTANCE_MODEL[1],
    repeats: int = _REPEATS,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Accuracy per track that is lost when a group of features is shuffled among test windows.

    Correlated features are shuffled together: alone, each could be replaced by its likes and
    would look useless.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.crossval.evaluation_rows`.
    model, variant : str
        A model of `audionome.lab.estimators.MODELS`.
    repeats : int
        Shuffles per fold.
    progress : callable, optional
        Called with (folds done, folds in all).

    Returns
    -------
    DataFrame
        ``group`` (its features, joined by commas), ``n_features``, ``model``, ``variant``,
        ``protocol``, ``drop`` (share of tracks) with its 95 % interval ``low``, ``high`` by
        bootstrap over tracks; the most important first.

    References
    ----------
    .. [1] Breiman, Random forests (2001), section 10.
    .. [2] Molnar, Interpretable Machine Learning, ch. 8.5, on correlated features.
    """
    X, names, tracks = _arrays(rows)
    groups = correlated_groups(X)
    protocol = protocols.PROTOCOLS["artist-grouped"]
    folds = list(protocol.parts(X, names, protocol.groups_of(rows)))
    rng = np.random.default_rng(_SEED)
    losses: dict[str, list[pd.Series]] = {",".join(g): [] for g in groups}
    for k, fold in enumerate(folds):
        train = np.concatenate([fold.train, fold.valid])
        fitted = estimators.MODELS[model].make(variant).fit(X[train], names[train])
        test = X[fold.test]
        truth = _truth(names[fold.test], tracks[fold.test])
        right = _right(fitted, test, tracks[fold.test], truth)
        for group in groups:
            at = [COLUMNS.index(c) for c in group]
            shuffled = []
            for _ in range(repeats):
                changed = test.copy()
                changed[:, at] = test[rng.permutation(len(test))][:, at]
                shuffled.append(_right(fitted, changed, tracks[fold.test], truth))
            losses[",".join(group)].append(right - pd.concat(shuffled, axis=1).mean(axis=1))
        if progress is not None:
            progress(k + 1, len(folds))
    table = []
    for name, parts in losses.items():
        loss = pd.concat(parts).to_numpy(np.float64)
        draws = rng.integers(0, loss.size, size=(2000, loss.size))
        low, high = np.quantile(loss[draws].mean(axis=1), [0.025, 0.975])
        table.append(
            {
                "group": name,
                "n_features": name.count(",") + 1,
                "model": model,
                "variant": variant,
                "protocol": protocol.name,
                "drop": loss.mean(),
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(table).sort_values("drop", ascending=False, ignore_index=True)


def learning_curve(
    rows: pd.DataFrame,
    *,
    sizes: Sequence[int] = _CURVE_SIZES,
    chosen: Sequence[tuple[str, str]] = _CURVE_MODELS,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Accuracy per track about unknown artists, by the number of tracks trained on.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.crossval.evaluation_rows`.
    sizes : sequence of int
        Numbers of training tracks, drawn at random from the fold's training part.
    chosen : sequence of (str, str)
        Models and variants; tuned ones keep their default hyperparameters.
    progress : callable, optional
        Called with (fits done, fits in all).

    Returns
    -------
    DataFrame
        ``model``, ``variant``, ``tracks``, ``accuracy`` and its 95 % interval ``low``, ``high``
        by bootstrap over tracks.
    """
    from audionome.lab.metrics import accuracy_interval

    X, names, tracks = _arrays(rows)
    protocol = protocols.PROTOCOLS["artist-grouped"]
    folds = list(protocol.parts(X, names, protocol.groups_of(rows)))
    table = []
    total = len(chosen) * len(sizes)
    for done, (name, variant, size) in enumerate(((m, v, s) for m, v in chosen for s in sizes), 1):
        right = []
        for k, fold in enumerate(folds):
            pool = np.concatenate([fold.train, fold.valid])
            rng = np.random.default_rng([_SEED, k])
            # One order per fold: a larger training set holds the smaller ones.
            order = rng.permutation(np.unique(tracks[pool]))
            train = pool[np.isin(tracks[pool], order[:size])]
            fitted = estimators.MODELS[name].make(variant).fit(X[train], names[train])
            truth = _truth(names[fold.test], tracks[fold.test])
            right.append(_right(fitted, X[fold.test], tracks[fold.test], truth))
        interval = accuracy_interval(pd.concat(right).to_numpy())
        row = {"model": name, "variant": variant, "tracks": size, "accuracy": interval.accuracy}
        table.append(row | {"low": interval.low, "high": interval.high})
        if progress is not None:
            progress(done, total)
    return pd.DataFrame(table)


def _arrays(
    rows: pd.DataFrame,
) -> tuple[NDArray[np.float64], NDArray[np.str_], NDArray[np.str_]]:
    return (
        rows[list(COLUMNS)].to_numpy(np.float64),
        rows["genre"].to_numpy(dtype=str),
        rows["track"].to_numpy(dtype=str),
    )


def _truth(names: NDArray[np.str_], tracks: NDArray[np.str_]) -> pd.Series:
    return pd.Series(names).groupby(tracks).first()


def _right(
    fitted: object, values: NDArray[np.float64], tracks: NDArray[np.str_], truth: pd.Series
) -> pd.Series:
    """1 for every track that is answered right, else 0."""
    mean = track_probabilities(estimators.probabilities(fitted, values), tracks)
    classes = np.asarray(getattr(fitted, "classes_", gtzan.GENRES), dtype=str)
    given = classes[mean.to_numpy().argmax(axis=1)]
    return pd.Series((given == truth.reindex(mean.index)).to_numpy(float), index=mean.index)
