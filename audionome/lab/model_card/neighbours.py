"""What the released models' indexes find: repetitions, doubts, neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.datasets.gtzan import GENRES
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import paired_difference, verdicts
from audionome.lab.model_card.released import ReleasedModels
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.models.neighbors import Index

__all__ = ["Map", "indexes", "neighbour_gains", "neighbours", "track_map", "twins"]


def twins(found: ReleasedModels, songs: pd.DataFrame, *, model: str = "extended") -> pd.DataFrame:
    """Find each track's nearest and look both up in the list of artists and titles.

    Parameters
    ----------
    found : ReleasedModels
    songs : DataFrame
        From `audionome.datasets.gtzan.load_songs`.
    model : str
        Whose predictions and index.

    Returns
    -------
    DataFrame
        One row per track: ``track``, ``genre``, ``predicted``, ``p_genre`` (probability of the
        filed genre), ``p_predicted``, ``twin`` (the nearest track, by any artist),
        ``cosine``, ``repeated`` (some other track of the index has its artist and title),
        ``same_song`` (the nearest has) and ``known`` (artist and title of both are); the largest
        ``cosine`` comes first.
    """
    rows = found.of(model, "artist-grouped").set_index("track")
    index = found.indexes[model]
    rows = rows.loc[index.tracks.astype(str)]
    values = rows[PROBABILITY_COLUMNS].to_numpy(np.float64)
    filed = np.array([GENRES.index(g) for g in rows["genre"]])
    cosine = _cosines(index)
    twin = cosine.argmax(axis=1)
    song = songs.set_index("track")["song"].reindex(rows.index)
    known = song.notna().to_numpy()
    number = song.to_numpy(np.float64, na_value=np.nan)  # no number equals a missing one
    table = pd.DataFrame(
        {
            "track": rows.index.to_numpy(dtype=str),
            "genre": rows["genre"].to_numpy(dtype=str),
            "predicted": rows["predicted"].to_numpy(dtype=str),
            "p_genre": values[np.arange(len(values)), filed],
            "p_predicted": values.max(axis=1),
            "twin": index.tracks.astype(str)[twin],
            "cosine": cosine.max(axis=1),
            "repeated": (song.duplicated(keep=False) & song.notna()).to_numpy(),
            "same_song": number == number[twin],
            "known": known & known[twin],
        }
    )
    return table.sort_values("cosine", ascending=False, kind="stable", ignore_index=True)


# -- neighbours ---------------------------------------------------------------------------


def _cosines(index: Index) -> NDArray[np.float64]:
    """Return the cosine of every two tracks; a track is no neighbour of itself."""
    vectors = index.vectors.astype(np.float64)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosine = np.asarray(unit @ unit.T)
    np.fill_diagonal(cosine, -np.inf)
    return cosine


@dataclass(frozen=True)
class Map:
    """The tracks on the two axes along which they differ most.

    Attributes
    ----------
    tracks : DataFrame
        ``track``, ``genre``, ``x``, ``y`` and ``near``: numbers of the rows of the nearest tracks
        by other artists, the nearest first; ``similarity``: their cosines.
    shown : float
        Share of the index's variance that lies on the two axes.
    """

    tracks: pd.DataFrame
    shown: float


def track_map(index: Index, *, n: int = 5) -> Map:
    """Lay out the tracks of an index and find each one's neighbours.

    Parameters
    ----------
    index : audionome.models.neighbors.Index
        Its axes are sorted by variance.
    n : int
        Neighbours by other artists.

    Returns
    -------
    Map
    """
    cosine = _cosines(index)
    cosine[index.artists[:, None] == index.artists[None, :]] = -np.inf
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :n]
    vectors = index.vectors.astype(np.float64)
    variance = vectors.var(axis=0)
    table = pd.DataFrame(
        {
            "track": index.tracks.astype(str),
            "genre": index.genres.astype(str),
            "x": vectors[:, 0],
            "y": vectors[:, 1],
            "near": near.tolist(),
            "similarity": np.take_along_axis(cosine, near, axis=1).tolist(),
        }
    )
    return Map(table, float(variance[:2].sum() / variance.sum()))


def indexes(found: ReleasedModels, windows: pd.DataFrame) -> dict[str, Index]:
    """Return indexes over the tracks that every model has, and over plain features.

    Parameters
    ----------
    found : ReleasedModels
    windows : DataFrame
        From `audionome.datasets.gtzan.load`.

    Returns
    -------
    dict of str to Index
        Per model, and ``"plain"``: means of the 57 classic columns over a track, standardised,
        as recommenders built on the published table use them.
    """
    common = set(windows["track"])
    for index in found.indexes.values():
        common &= set(index.tracks.astype(str))
    out = {}
    for name, index in found.indexes.items():
        keep = np.isin(index.tracks.astype(str), sorted(common))
        out[name] = Index(
            index.tracks[keep], index.genres[keep], index.artists[keep],
            index.axes, index.vectors[keep],
        )  # fmt: skip
    keys = ["track", "window", "genre", "source"]
    means = windows.drop(columns=keys[1:]).groupby("track").mean()
    first = next(iter(out.values()))
    values = means.loc[first.tracks.astype(str)].to_numpy(np.float64)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    out["plain"] = Index(first.tracks, first.genres, first.artists, np.eye(values.shape[1]), values)
    return out


def neighbours(found: Mapping[str, Index], *, nearest: Sequence[int] = (5, 10)) -> pd.DataFrame:
    """Return the share of the nearest tracks that have the same genre.

    Parameters
    ----------
    found : mapping
        From `indexes`.
    nearest : sequence of int
        How many neighbours are counted.

    Returns
    -------
    DataFrame
        ``index``, ``k``, ``other_artist`` (the track's own artist is left out), ``precision``,
        ``low``, ``high``, ``n`` (tracks), ``chance`` (tracks drawn blindly from those allowed).
    """
    out = []
    for name, index in found.items():
        for other in (True, False):
            chance = _chance(index, other_artist=other)
            for k in nearest:
                each = mean_interval(index.precision(k, other_artist=other), index.artists)
                out.append((name, k, other, each.estimate, each.low, each.high, each.n, chance))
    columns = ["index", "k", "other_artist", "precision", "low", "high", "n", "chance"]
    return pd.DataFrame(out, columns=columns)


def _chance(index: Index, *, other_artist: bool) -> float:
    alone = ~np.eye(len(index.tracks), dtype=bool)
    allowed = index.artists[:, None] != index.artists[None, :] if other_artist else alone
    same = (index.genres[:, None] == index.genres[None, :]) & allowed
    return float(np.mean(same.sum(axis=1) / np.maximum(allowed.sum(axis=1), 1)))


def neighbour_gains(
    found: Mapping[str, Index], *, a: str = "extended", nearest: Sequence[int] = (5, 10)
) -> pd.DataFrame:
    """Compare the precision of an index with that of the others, other artists only.

    Parameters
    ----------
    found : mapping
        From `indexes`.
    a : str
        Name of the index.
    nearest : sequence of int
        How many neighbours are counted.

    Returns
    -------
    DataFrame
        ``against``, ``k``, ``difference`` (paired by track), ``low``, ``high``, ``verdict``.
    """
    pairs = [(name, k) for name in found if name != a and a in found for k in nearest]
    differences = [
        paired_difference(found[a].precision(k), found[name].precision(k), found[a].artists)
        for name, k in pairs
    ]
    out = [
        (name, k, v.interval.estimate, v.interval.low, v.interval.high, v.word)
        for (name, k), v in zip(pairs, verdicts(differences) if differences else [], strict=True)
    ]
    columns = ["against", "k", "difference", "low", "high", "verdict"]
    return pd.DataFrame(out, columns=columns)
