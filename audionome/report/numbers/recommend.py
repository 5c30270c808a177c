"""Numbers of the chapter on tracks that sound alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from audionome._words import duration, genre_name, listed, points, share
from audionome.collection.near import MANY
from audionome.lab.compare import SAME
from audionome.report.numbers.model import interval

__all__ = ["doubts", "gains", "neighbours", "repetitions", "search", "vectors"]

_INDEXES = {
    "ear": "the ear",
    "extended": "the extended model",
    "classic": "the classic model",
    "plain": "plain features",
}


def neighbours(table: pd.DataFrame, index: str = "ear", *, k: int = 5) -> dict[str, str]:
    """Tell how often the nearest tracks have the same genre.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.neighbours`.
    index : str
        Whose neighbours.
    k : int
        How many of the nearest.

    Returns
    -------
    dict of str to str
        ``same_genre`` with ``same_genre_interval``: by other artists; ``own_artist``: what it
        would seem to be with the artist's own tracks; ``chance``: of tracks drawn at random;
        ``n_tracks``.
    """
    rows = table[((table["index"] == index) & (table["k"] == k)).to_numpy(dtype=bool)]
    others = rows[rows["other_artist"].to_numpy(dtype=bool)].iloc[0]
    anyone = rows[~rows["other_artist"].to_numpy(dtype=bool)].iloc[0]
    return {
        "same_genre": share(others["precision"]),
        "same_genre_interval": interval(others["low"], others["high"]),
        "own_artist": share(anyone["precision"]),
        "chance": share(others["chance"]),
        "n_tracks": f"{others['n']:,}",
    }


def gains(table: pd.DataFrame, name: str, *, k: int = 5) -> dict[str, str]:
    """Tell from which other indexes one can be told apart.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.neighbour_gains`.
    name : str
        What the clauses are called.
    k : int
        How many of the nearest.

    Returns
    -------
    dict of str to str
        ``name``: "does better than the classic model (by 16.0 points) and plain features (by 18.3
        points)", and so on for every verdict.
    """
    rows = table[table["k"] == k]
    words = {"better": "does better than {}", "worse": "does worse than {}",
             SAME: f"{SAME} from {{}}"}  # fmt: skip
    parts = []
    for verdict, clause in words.items():
        some = rows[rows["verdict"] == verdict]
        named = [
            _INDEXES[r["against"]]
            + ("" if verdict == SAME else f" (by {points(abs(r['difference']))} points)")
            for r in some.to_dict("records")
        ]
        if named:
            parts.append(clause.format(listed(named)))
    return {name: listed(parts)}


def repetitions(tracks: pd.DataFrame, *, first: int = 50) -> dict[str, str]:
    """Tell whether the nearest track is another clip of the same song.

    Parameters
    ----------
    tracks : DataFrame
        From `audionome.lab.model_card.twins`.
    first : int
        How many of the tracks that are most like their nearest.

    Returns
    -------
    dict of str to str
        ``n_sound``: tracks; ``n_repeated``: those that share artist and title with another;
        ``n_nearest``: those of them whose nearest is such a one; ``n_first`` and
        ``n_first_same``: of the tracks most like their nearest, how many share artist and title.
    """
    top = tracks.head(first)
    again = tracks[tracks["repeated"].to_numpy(dtype=bool)]
    return {
        "n_sound": f"{len(tracks):,}",
        "n_repeated": str(len(again)),
        "n_nearest": str(int(again["same_song"].sum())),
        "n_first": str(len(top)),
        "n_first_same": str(int(top["same_song"].sum())),
    }


def doubts(tracks: pd.DataFrame, *, first: int = 15) -> dict[str, str]:
    """Count the genres of the tracks whose genre the model finds least probable.

    Parameters
    ----------
    tracks : DataFrame
        From `audionome.lab.model_card.twins`.
    first : int
        How many tracks.

    Returns
    -------
    dict of str to str
        ``n_doubted``, ``by_genre`` ("8 reggae, 3 hip-hop and 2 jazz").
    """
    counts = tracks.sort_values("p_genre").head(first)["genre"].value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return {
        "n_doubted": str(int(counts.sum())),
        "by_genre": listed([f"{n} {genre_name(str(g))}" for g, n in ordered]),
    }


def vectors(found: Mapping[str, Any]) -> dict[str, str]:
    """Tell which numbers an index of one's own collection holds, and what they find.

    Parameters
    ----------
    found : mapping
        From `audionome.lab.studies.similar.load`.

    Returns
    -------
    dict of str to str
        ``n_nearest``; ``reference`` and ``chosen`` in words, ``n_reference`` and ``n_chosen``
        numbers of a track, ``bytes_chosen`` in single precision; for
        ``gtzan`` and ``outside``: ``SET``, ``SET_interval``, ``SET_chance``, ``SET_loss`` (points
        lost against the reference at the worst), ``SET_clips``, ``SET_artists``; ``margin`` in
        points; ``against``: clauses on the indexes that exist, as `gains` has them.
    """
    table = found["vectors"].set_index(["vector", "set"])
    chosen, reference = found["chosen"], found["reference"]
    told = {
        "n_nearest": str(found["nearest"]),
        "margin": f"{100 * found['margin']:g}",
        "bytes_chosen": str(4 * int(table.loc[(chosen, "gtzan"), "numbers"])),
    }
    for name, vector in (("chosen", chosen), ("reference", reference)):
        row = table.loc[(vector, "gtzan")]
        told |= {name: str(row["words"]), f"n_{name}": str(row["numbers"])}
    for place in ("gtzan", "outside"):
        row = table.loc[(chosen, place)]
        loss = 0.0 if pd.isna(row["difference_low"]) else max(0.0, -float(row["difference_low"]))
        told |= {
            place: share(row["precision"]),
            f"{place}_interval": interval(row["low"], row["high"]),
            f"{place}_chance": share(row["chance"]),
            f"{place}_loss": points(loss),
            f"{place}_clips": f"{row['n']:,}",
            f"{place}_artists": f"{row['artists']:,}",
        }
    others = found["existing"][found["existing"]["index"] != "ear"]
    others = others.rename(columns={"index": "against"}).assign(k=found["nearest"])
    return told | gains(others, "against", k=found["nearest"])


def search(machine: Mapping[str, Any], rows: pd.DataFrame) -> dict[str, str]:
    """Tell what the search of large indexes costs.

    Parameters
    ----------
    machine : mapping
    rows : DataFrame
        Both from `audionome.lab.store.load_search`.

    Returns
    -------
    dict of str to str
        ``many``: tracks up to which a search is exact. Of the largest index: ``n_largest`` tracks,
        ``largest_recall``, ``largest_first`` and ``largest_each`` (times), ``largest_memory``.
        ``search_machine`` in words.
    """
    last = rows.sort_values("tracks").iloc[-1]
    return {
        "many": f"{MANY:,}",
        "n_largest": f"{last['tracks']:,}",
        "largest_recall": share(last["recall"]),
        "largest_first": duration(last["first_seconds"]),
        "largest_each": duration(last["each_seconds"]),
        "largest_memory": f"{last['peak_mb']:,.0f}\N{NO-BREAK SPACE}MB",
        "search_machine": f"{machine['processor']}, {machine['cores']} cores",
    }
