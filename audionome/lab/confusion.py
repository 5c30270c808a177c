"""Which genre is taken for which, how much of each genre is found, and what nobody gets right.

Conventions
-----------
Functions take the predictions of `audionome.lab.store`. Shares lie in [0, 1]; intervals are over
artists, see `audionome.lab.bootstrap`, and verdicts are those of `audionome.lab.compare`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from audionome.datasets.gtzan import GENRES
from audionome.lab.bootstrap import cluster_distribution, percentile_interval
from audionome.lab.compare import difference, verdicts
from audionome.lab.metrics import confusion_matrix, precision_recall_f1
from audionome.lab.names import FLOOR, one_variant, select
from audionome.lab.predictions import judge

__all__ = ["Confusion", "Hardest", "confusion", "genre_measures", "hardest_tracks", "per_genre"]

_MEASURES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Confusion:
    """Which genre is taken for which.

    Attributes
    ----------
    counts : DataFrame
        True genre (rows) by predicted genre (columns).
    shares : DataFrame
        The same, each row divided by its sum (missing where a genre has no predictions).
    pairs : DataFrame
        The confusions, worst first: ``genre``, ``predicted``, ``count``, ``share``.
    """

    counts: pd.DataFrame
    shares: pd.DataFrame
    pairs: pd.DataFrame


def confusion(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "artist-grouped",
    level: str = "track",
) -> Confusion:
    """Count which genre is taken for which.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model, variant, protocol, level : str
        Which predictions.

    Returns
    -------
    Confusion

    See Also
    --------
    per_genre
    """
    wanted = select(predictions, model=model, variant=variant, protocol=protocol)
    rows = judge(wanted, level=level)
    number = np.zeros((len(GENRES), len(GENRES)), dtype=int)
    if len(rows):
        number = confusion_matrix(rows["genre"], rows["predicted"]).astype(int)
    counts = pd.DataFrame(
        number, index=pd.Index(GENRES, name="genre"), columns=pd.Index(GENRES, name="predicted")
    )
    sizes = counts.sum(axis="columns").astype(np.float64)
    shares = counts.div(sizes.mask(sizes == 0), axis="index")
    part = shares.to_numpy()
    mistaken = [(i, j) for i, j in np.argwhere(number > 0) if i != j]
    pairs = pd.DataFrame(
        [(GENRES[i], GENRES[j], int(number[i, j]), float(part[i, j])) for i, j in mistaken],
        columns=["genre", "predicted", "count", "share"],
    )
    pairs = pairs.sort_values(["share", "count"], ascending=False, kind="stable")
    return Confusion(counts, shares, pairs.reset_index(drop=True))


def per_genre(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "artist-grouped",
    level: str = "track",
) -> pd.DataFrame:
    """Measure precision, recall and F1 of each genre.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model, variant, protocol, level : str
        Which predictions.

    Returns
    -------
    DataFrame
        See `genre_measures`; empty without predictions.
    """
    wanted = select(predictions, model=model, variant=variant, protocol=protocol)
    rows = judge(wanted, level=level)
    if rows.empty:
        ends = [f"{m}{e}" for m in _MEASURES for e in ("", "_low", "_high")]
        return pd.DataFrame(columns=["genre", "n", "artists", *ends, "verdict"])
    return genre_measures(rows["genre"], rows["predicted"], rows["artist"])


def genre_measures(y_true: ArrayLike, y_pred: ArrayLike, artists: ArrayLike) -> pd.DataFrame:
    """Measure precision, recall and F1 of each genre, with intervals over artists.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted genre.
    artists : array-like of shape (n,)
        Artist of each prediction.

    Returns
    -------
    DataFrame
        One row per genre: ``genre``, ``n`` and ``artists`` (predictions about it and their
        artists), ``precision``, ``recall`` and ``f1``, each with ``_low`` and ``_high``, and
        ``verdict``: what its recall is, set beside the highest one ("cannot be told apart" or
        "worse"; empty for the genre with the highest recall and for those without one). A
        measure that would divide by zero is missing.

    Raises
    ------
    ValueError
        See `audionome.lab.metrics.validate`.
    """
    y_true, y_pred = np.asarray(y_true, dtype=str), np.asarray(y_pred, dtype=str)
    artists = np.asarray(artists)
    points = precision_recall_f1(confusion_matrix(y_true, y_pred))
    # One confusion matrix per artist; a resample adds up those of its artists.
    k, (artist, sums) = len(GENRES), _confusions(y_true, y_pred, artists)

    def resampled(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        each = precision_recall_f1((weights @ sums).reshape(-1, k, k))
        return np.stack(list(each.values()), axis=1)

    low, high = percentile_interval(cluster_distribution(resampled, artist))
    table = pd.DataFrame({"genre": list(GENRES)})
    table["n"] = [int((y_true == genre).sum()) for genre in GENRES]
    table["artists"] = [len(np.unique(artists[y_true == genre])) for genre in GENRES]
    for i, name in enumerate(points):
        table[name] = points[name]
        table[f"{name}_low"], table[f"{name}_high"] = low[i], high[i]
    table["verdict"] = ""
    if np.isfinite(points["recall"]).sum() > 1:
        top = int(np.nanargmax(points["recall"]))
        others = [i for i in np.flatnonzero(np.isfinite(points["recall"])) if i != top]

        def behind(weights: NDArray[np.float64], i: int) -> NDArray[np.float64]:
            recall = precision_recall_f1((weights @ sums).reshape(-1, k, k))["recall"]
            return np.asarray(recall[:, i] - recall[:, top])

        found = [difference(partial(behind, i=int(i)), artist) for i in others]
        table.loc[others, "verdict"] = [v.word for v in verdicts(found)]
    return table


def _confusions(
    y_true: NDArray[np.str_], y_pred: NDArray[np.str_], artists: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the artists, and the confusion matrix of each, flattened."""
    names = np.unique(artists)
    each = [confusion_matrix(y_true[artists == n], y_pred[artists == n]).ravel() for n in names]
    return names, np.stack(each)


@dataclass(frozen=True)
class Hardest:
    """The tracks that models get wrong.

    Attributes
    ----------
    tracks : DataFrame
        One row per track, hardest first: ``track``, ``genre``, ``wrong`` (number of models),
        ``share`` (of the models) and ``predicted`` (the commonest prediction).
    n_models : int
        Models that were asked.
    n_all_wrong : int
        Tracks that every model gets wrong.
    """

    tracks: pd.DataFrame
    n_models: int
    n_all_wrong: int


def hardest_tracks(
    predictions: pd.DataFrame, *, protocol: str = "artist-grouped", variant: str = "tuned"
) -> Hardest:
    """Count how many models get each track wrong.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`. One variant of each model is asked; the floor is not.
    protocol : str
        Which predictions; each track must be tested once, so not ``random-windows``.
    variant : {"tuned", "study"}
        The wanted settings; a model that has none such is asked with the others it has.

    Returns
    -------
    Hardest
        About the tracks that all those models have predicted.
    """
    rows = select(predictions, protocol=protocol)
    rows = judge(one_variant(rows[rows["model"] != FLOOR], variant))
    n_models = rows["model"].nunique()
    by_track = rows.groupby("track")
    table = pd.DataFrame(
        {
            "genre": by_track["genre"].first(),
            "models": by_track["model"].nunique(),
            "wrong": by_track["correct"].agg(lambda right: int((~right).sum())),
            "predicted": by_track["predicted"].agg(lambda names: names.mode().iloc[0]),
        }
    )
    table = table[table["models"] == n_models].drop(columns="models")
    table["wrong"] = table["wrong"].astype(int)
    table["share"] = table["wrong"] / max(n_models, 1)
    table = table.rename_axis("track").reset_index()
    table = table.sort_values(["wrong", "track"], ascending=[False, True], ignore_index=True)
    return Hardest(
        tracks=table[["track", "genre", "wrong", "share", "predicted"]],
        n_models=n_models,
        n_all_wrong=int((table["wrong"] == n_models).sum()),
    )
