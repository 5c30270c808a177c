"""How tracks and genres lie on the plane of the first two principal components.

Conventions
-----------
The plane is taken as given: intervals draw whole artists, and the components stay as they are.
Distances are in units of the components. The *spread* of a genre is the mean squared distance of
its tracks from their centroid. Tracks in the *middle* are those nearer to the common centre than
half of all tracks. *Groups* are those of DBSCAN: dense places that touch are one group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.lab.bootstrap import (
    ConfidenceInterval,
    Statistic,
    cluster_distribution,
    mean_interval,
    percentile_interval,
)
from audionome.lab.compare import (
    SAME,
    Difference,
    Verdict,
    accuracy_difference,
    difference,
    paired_difference,
    verdicts,
)
from audionome.lab.exploration.projection import Principal

__all__ = ["DENSE", "REACH", "TOO_FEW", "Spread", "spread"]

_NEIGHBOURS = 10
#: A group: within this part of the root mean square distance from the centre ...
REACH = 0.15
#: ... a track has this many tracks, itself among them.
DENSE = 5
_DRAWS = 20
#: Genres with fewer tracks are not judged: a handful of artists says little about a spread.
_LEAST = 50
#: What is said of them.
TOO_FEW = "too few tracks"


@dataclass(frozen=True)
class Spread:
    """How tracks and genres lie on the plane of the first two components.

    Attributes
    ----------
    together : ConfidenceInterval
        Share of the tracks in the largest group. Islands are groups of their own.
    one_cloud : float
        The same share in a normal cloud of as many tracks with the same variances, which has no
        islands: the mean of a few draws.
    genres : DataFrame
        One row per genre, the widest first: ``genre``, ``spread`` on the plane with ``low`` and
        ``high``, ``verdict`` (``"wider"`` or ``"narrower"`` than the mean of the judged genres,
        ``"cannot be told apart"`` from it, or ``"too few tracks"``), ``everywhere`` (the spread
        over all features), ``tracks`` and ``artists``.
    ranks : Difference
        Rank correlation of the two spreads over the judged genres: does a genre that is wide on
        the plane vary much in its features?
    alike : dict of (str, str) to ConfidenceInterval
        For the tracks in the ``"middle"`` and at the ``"edge"``: share of the nearest tracks by
        other artists that have the track's genre, measured on the ``"plane"`` and over ``"all"``
        features.
    mixed, mixed_everywhere : Verdict
        Of that share in the middle, set beside the edge: on the plane, and over all features.
    flattened : Verdict
        Of that share on the plane, set beside that over all features, in the middle.
    k : int
        Nearest tracks that are looked at.
    """

    together: ConfidenceInterval
    one_cloud: float
    genres: pd.DataFrame
    ranks: Difference
    alike: dict[tuple[str, str], ConfidenceInterval]
    mixed: Verdict
    mixed_everywhere: Verdict
    flattened: Verdict
    k: int

    @property
    def observed(self) -> dict[str, str]:
        """Verdicts on what the source study says of its plot.

        ``"together"`` (most tracks lie in one group), ``"spread"`` (some genres spread more than
        others), ``"variable"`` (those vary more in their features), ``"mixed"`` (genres overlap
        most in the middle) and ``"similar"`` (genres in the middle have similar features), each
        ``"holds"``, ``"fails"`` or ``"open"``.
        """
        words = {"worse": "holds", "better": "fails", SAME: "open"}
        return {
            "together": _side(self.together.low - 0.5, self.together.high - 0.5),
            "spread": "holds" if self.genres["verdict"].isin(["wider", "narrower"]).any()
            else "open",
            "variable": _side(self.ranks.interval.low, self.ranks.interval.high),
            "mixed": words[self.mixed.word],
            "similar": words[self.mixed_everywhere.word],
        }  # fmt: skip


def _side(low: float, high: float) -> str:
    return "holds" if low > 0 else "fails" if high < 0 else "open"


def spread(found: Principal) -> Spread:
    """Measure whether tracks lie together, which genres spread, and where genres overlap.

    Parameters
    ----------
    found : Principal
        From `principal`; standardised features.

    Returns
    -------
    Spread
    """
    genres = found.points["genre"].to_numpy(dtype=str)
    artists = found.points["artist"].to_numpy()
    everywhere = found.points[list(found.loadings.columns)].to_numpy(np.float64)
    plane = everywhere[:, :2]
    squares = np.sum((plane - plane.mean(axis=0)) ** 2, axis=1)
    inner = squares < np.median(squares)
    alike, rows = {}, {}
    for space, values in (("plane", plane), ("all", everywhere)):
        same = (genres[_nearest(values, artists)] == genres[:, None]).mean(axis=1)
        for place, chosen in (("middle", inner), ("edge", ~inner)):
            rows[place, space] = same[chosen], artists[chosen]
            alike[place, space] = mean_interval(*rows[place, space])
    mixed, mixed_everywhere, flattened = verdicts(
        [
            accuracy_difference(*rows["middle", "plane"], *rows["edge", "plane"]),
            accuracy_difference(*rows["middle", "all"], *rows["edge", "all"]),
            paired_difference(rows["middle", "plane"][0], *rows["middle", "all"]),
        ]
    )
    table, ranks = _of_genres(plane, everywhere, genres, artists)
    return Spread(
        together=mean_interval(_largest_group(plane), artists),
        one_cloud=_one_cloud(plane),
        genres=table,
        ranks=ranks,
        alike=alike,
        mixed=mixed,
        mixed_everywhere=mixed_everywhere,
        flattened=flattened,
        k=_NEIGHBOURS,
    )


def _largest_group(plane: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say of each row whether it belongs to the largest group."""
    from sklearn.cluster import DBSCAN

    away = plane - plane.mean(axis=0)
    reach = REACH * np.sqrt(np.mean(np.sum(away**2, axis=1)))
    groups = DBSCAN(eps=float(reach), min_samples=DENSE).fit_predict(away)
    sizes = np.bincount(groups[groups >= 0], minlength=1)
    found: NDArray[np.bool_] = groups == sizes.argmax()
    return found


def _one_cloud(plane: NDArray[np.float64]) -> float:
    """Return the mean share of the largest group in normal clouds of this size and shape."""
    rng = np.random.default_rng(0)
    clouds = [rng.normal(0, plane.std(axis=0), plane.shape) for _ in range(_DRAWS)]
    return float(np.mean([_largest_group(cloud).mean() for cloud in clouds]))


def _nearest(xy: NDArray[np.float64], artists: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the row numbers of each row's nearest rows by other artists."""
    from scipy.spatial.distance import cdist

    distance = cdist(xy, xy)
    distance[artists[:, None] == artists[None, :]] = np.inf
    return np.argsort(distance, axis=1, kind="stable")[:, :_NEIGHBOURS]


def _of_genres(
    plane: NDArray[np.float64],
    everywhere: NDArray[np.float64],
    genres: NDArray[np.str_],
    artists: NDArray[np.intp],
) -> tuple[pd.DataFrame, Difference]:
    names = np.unique(genres)
    member = (genres[:, None] == names[None, :]).astype(np.float64)
    tracks = member.sum(axis=0)
    judged = np.flatnonzero(tracks >= _LEAST)

    def spreads(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _spreads(plane, member, weights)

    def ranks(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        both = [_spreads(v, member[:, judged], weights) for v in (plane, everywhere)]
        return _rank_correlation(*both)

    one = np.ones((1, len(plane)))
    low, high = percentile_interval(cluster_distribution(spreads, artists))
    words = np.full(len(names), TOO_FEW, dtype=object)
    told = {"better": "wider", "worse": "narrower", SAME: SAME}
    family = verdicts([difference(_apart(spreads, i, judged), artists) for i in judged.tolist()])
    words[judged] = [told[found.word] for found in family]
    table = pd.DataFrame(
        {
            "genre": names,
            "spread": spreads(one)[0],
            "low": low,
            "high": high,
            "verdict": words,
            "everywhere": _spreads(everywhere, member, one)[0],
            "tracks": tracks.astype(int),
            "artists": [len(set(artists[genres == name])) for name in names],
        }
    )
    table = table.sort_values("spread", ascending=False, kind="stable", ignore_index=True)
    return table, difference(ranks, artists)


def _spreads(
    values: NDArray[np.float64], member: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the spread of each genre in each resample: the mean square minus the squared mean."""
    count = weights @ member
    square = weights @ (member * np.sum(values**2, axis=1)[:, None]) / count
    means = [weights @ (member * column[:, None]) / count for column in values.T]
    found: NDArray[np.float64] = square - np.sum(np.square(means), axis=0)
    return found


def _apart(spreads: Statistic, i: int, judged: NDArray[np.intp]) -> Statistic:
    """Return by how much the spread of genre i is above the mean of the judged genres."""

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        found = spreads(weights)
        above: NDArray[np.float64] = found[:, i] - found[:, judged].mean(axis=1)
        return above

    return statistic


def _rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's correlation of each row with the same row of the other."""
    ranks = [np.argsort(np.argsort(values, axis=1), axis=1) for values in (one, other)]
    n = one.shape[1]
    apart = np.sum((ranks[0] - ranks[1]) ** 2, axis=1)
    found: NDArray[np.float64] = 1 - 6 * apart / (n * (n**2 - 1))
    return found
