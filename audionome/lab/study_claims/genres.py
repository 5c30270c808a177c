"""Does a model struggle with a genre? The rule, and what it says of a matrix.

Conventions
-----------
A model *struggles* with a genre when its recall there lies below the mean recall over the ten
genres, and the interval of that difference, over artists, leaves out zero after Holm's correction
for ten genres. It does *well* on a genre when the interval of the recall ends above `WELL`. The
study defines neither word; both rules are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from audionome.datasets.gtzan import GENRES
from audionome.lab.bootstrap import cluster_distribution, percentile_interval
from audionome.lab.compare import difference, verdicts
from audionome.lab.metrics import confusion_matrix
from audionome.lab.study_claims._base import FAILS, HOLDS, OPEN

__all__ = ["WELL", "Recalls", "recalls"]

#: Share of a genre's windows that counts as doing well on it.
WELL = 0.8
_WORDS = {"worse": HOLDS, "better": FAILS}


@dataclass(frozen=True)
class Recalls:
    """What a model finds of each genre.

    Attributes
    ----------
    table : DataFrame
        One row per genre: ``genre``, ``n`` (windows), ``hits`` (the diagonal of the matrix),
        ``recall`` with ``low`` and ``high``, ``beside`` (recall minus the mean recall) with
        ``beside_low`` and ``beside_high``, and ``struggles``: whether it holds that the model
        struggles with the genre.
    counts : DataFrame
        True genre (rows) by answer (columns).
    mean : float
        Mean recall over the genres.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    mean: float

    def by_genre(self, column: str) -> dict[str, Any]:
        """Return a column of the table by genre."""
        return dict(zip(self.table["genre"], self.table[column], strict=True))

    def struggles(self, genres: Sequence[str]) -> dict[str, str]:
        """Verdict on each of some genres."""
        words = self.by_genre("struggles")
        return {genre: words[genre] for genre in genres}

    @property
    def missed(self) -> list[str]:
        """Genres that the model struggles with, the worst first."""
        rows = self.table[(self.table["struggles"] == HOLDS).to_numpy(dtype=bool)]
        return rows.sort_values("recall", kind="stable")["genre"].to_list()

    @property
    def done_well(self) -> list[str]:
        """Genres that the model does well on."""
        return self.table.loc[self.table["low"] >= WELL, "genre"].to_list()


def recalls(y_true: ArrayLike, y_pred: ArrayLike, artists: ArrayLike) -> Recalls:
    """Measure the recall of every genre, and set it beside the mean.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted genre.
    artists : array-like of shape (n,)
        Artist of each answer.

    Returns
    -------
    Recalls
    """
    y_true, y_pred = np.asarray(y_true, dtype=str), np.asarray(y_pred, dtype=str)
    artists, k = np.asarray(artists), len(GENRES)
    # Hits and windows of each genre, per artist: a resample adds up those of its artists.
    names = np.unique(artists)
    number = np.stack([_counts(y_true[artists == a], y_pred[artists == a]) for a in names])

    def resampled(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        hits, sizes = weights @ number[:, 0], weights @ number[:, 1]
        recall = hits / np.where(sizes > 0, sizes, np.nan)
        return np.concatenate([recall, recall - np.nanmean(recall, axis=1, keepdims=True)], axis=1)

    def beside(weights: NDArray[np.float64], i: int) -> NDArray[np.float64]:
        found: NDArray[np.float64] = resampled(weights)[:, k + i]
        return found

    low, high = percentile_interval(cluster_distribution(resampled, names))
    point = resampled(np.ones((1, len(names))))[0]
    family = verdicts([difference(partial(beside, i=i), names) for i in range(k)])
    table = pd.DataFrame({"genre": list(GENRES)})
    table["n"] = number[:, 1].sum(axis=0).astype(int)
    table["hits"] = number[:, 0].sum(axis=0).astype(int)
    for i, name in enumerate(("recall", "beside")):
        part = slice(i * k, (i + 1) * k)
        prefix = "" if name == "recall" else f"{name}_"
        table[name] = point[part]
        table[f"{prefix}low"], table[f"{prefix}high"] = low[part], high[part]
    table["struggles"] = [_WORDS.get(v.word, OPEN) for v in family]
    counts = pd.DataFrame(
        confusion_matrix(y_true, y_pred).astype(int),
        index=pd.Index(GENRES, name="genre"),
        columns=pd.Index(GENRES, name="predicted"),
    )
    return Recalls(table, counts, float(np.nanmean(point[:k])))


def _counts(y_true: NDArray[np.str_], y_pred: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return hits and windows of each genre."""
    right = y_true == y_pred
    found = [[(y_true[part] == g).sum() for g in GENRES] for part in (right, slice(None))]
    return np.array(found, dtype=np.float64)
