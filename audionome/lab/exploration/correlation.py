"""Which features say the same thing: the correlation of every pair, with intervals over artists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from audionome.datasets.gtzan import Gtzan
from audionome.lab.bootstrap import cluster_distribution, percentile_interval
from audionome.lab.exploration.projection import track_means

__all__ = ["Correlations", "correlate", "correlations"]


@dataclass(frozen=True)
class Correlations:
    """Correlation of every pair of features over all windows, or over all tracks.

    Attributes
    ----------
    r, low, high : DataFrame
        Pearson correlation with the ends of its interval; features in rows and columns.
    within : DataFrame
        The same correlation after the mean of its genre is taken from every row: what is left of
        it inside the genres.
    n_rows, n_artists : int
        Windows or tracks, and the artists who made them.
    """

    r: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    within: pd.DataFrame
    n_rows: int
    n_artists: int

    def clustered(self) -> list[str]:
        """Features in an order that puts those side by side that go together or oppose."""
        from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
        from scipy.spatial.distance import squareform

        apart = np.clip(1 - np.abs(self.r.to_numpy()), 0, None)
        np.fill_diagonal(apart, 0)
        distances = squareform((apart + apart.T) / 2, checks=False)
        tree = optimal_leaf_ordering(linkage(distances, "average"), distances)
        return [str(self.r.columns[i]) for i in leaves_list(tree)]

    def pairs(self) -> pd.DataFrame:
        """Every pair once, the strongest first: ``one``, ``other``, ``r``, ``low``, ``high``,
        ``within``.
        """
        i, j = np.triu_indices(len(self.r), 1)
        names = self.r.columns.to_numpy(dtype=str)
        columns = {
            name: getattr(self, name).to_numpy()[i, j] for name in ("r", "low", "high", "within")
        }
        table = pd.DataFrame({"one": names[i], "other": names[j], **columns})
        return table.sort_values("r", key=np.abs, ascending=False, ignore_index=True)


def correlations(data: Gtzan, *, per: Literal["window", "track"] = "window") -> Correlations:
    """Correlate every pair of features over the windows or the tracks of the dataset.

    Parameters
    ----------
    data : Gtzan
        From `audionome.datasets.gtzan.load`.
    per : {"window", "track"}
        What one row is; a track is the mean of its windows.

    Returns
    -------
    Correlations
    """
    if per == "track":
        tracks = track_means(data)
        return correlate(tracks[data.feature_columns], tracks["genre"], tracks["artist"])
    artists = data.windows["track"].map(data.tracks.set_index("track")["artist"])
    return correlate(data.windows[data.feature_columns], data.windows["genre"], artists)


def correlate(
    values: pd.DataFrame,
    genres: ArrayLike,
    artists: ArrayLike,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Correlations:
    """Correlate every pair of columns, with intervals over artists.

    Parameters
    ----------
    values : DataFrame
        One row per window or track, one column per feature; no column may be constant.
    genres, artists : array-like of shape (rows,)
        Genre and artist of each row.
    resamples : int
        How often the artists are drawn anew.
    seed : int
        Of those draws.

    Returns
    -------
    Correlations
    """
    # Standardised first: the sums below would lose digits on a column far from zero.
    X = values.to_numpy(np.float64)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    group = np.unique(np.asarray(artists), return_inverse=True)[1]
    n_groups, n_columns = int(group.max()) + 1, X.shape[1]
    # A resample only needs each artist's count, sums and sums of products.
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(n_groups))
    count = np.diff([*starts, len(X)]).astype(np.float64)
    sums = np.add.reduceat(X[order], starts, axis=0)
    products = np.stack([rows.T @ rows for rows in np.split(X[order], starts[1:])])

    def resampled(draws: NDArray[np.float64]) -> NDArray[np.float64]:
        n = draws @ count
        mean = (draws @ sums) / n[:, None]
        squares = (draws @ products.reshape(n_groups, -1)).reshape(-1, n_columns, n_columns)
        return _correlation(squares / n[:, None, None] - mean[:, :, None] * mean[:, None, :])

    low, high = percentile_interval(
        cluster_distribution(resampled, np.arange(n_groups), n_resamples=resamples, seed=seed)
    )
    of_genre = np.unique(np.asarray(genres, dtype=str), return_inverse=True)[1]
    centres = np.stack([X[of_genre == g].mean(axis=0) for g in range(int(of_genre.max()) + 1)])
    rest = X - centres[of_genre]

    def frame(matrix: NDArray[np.float64]) -> pd.DataFrame:
        return pd.DataFrame(matrix, index=values.columns, columns=values.columns)

    return Correlations(
        r=frame(_correlation(X.T @ X / len(X))),
        low=frame(low),
        high=frame(high),
        within=frame(_correlation(rest.T @ rest / len(X))),
        n_rows=len(X),
        n_artists=n_groups,
    )


def _correlation(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    scaled = covariance / (spread[..., :, None] * spread[..., None, :])
    found: NDArray[np.float64] = np.clip(scaled, -1, 1)
    return found
