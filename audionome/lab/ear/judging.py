"""Judge heads of the ear: by folds of GTZAN's artists, and with whole sources left out.

Nothing by an artist who is tested is learned from, on either side. Temperatures are always set on
music from outside GTZAN, on other sources than the one that is judged, as for the head that ships.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.datasets import gtzan
from audionome.lab.bootstrap import mean_interval
from audionome.lab.ear import heads
from audionome.lab.ear.clips import FIRST_OUTSIDE
from audionome.lab.ear.heads import Heard, Recipe
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.protocols import PROTOCOLS, Protocol, published_parts
from audionome.models.calibration import Calibration
from audionome.models.linear import softmax

__all__ = [
    "GTZAN_PROTOCOLS",
    "LEAVE_ONE_OUT",
    "LEAVE_ONE_OUT_SUMMARY",
    "Scored",
    "leave_sources_out",
    "on_gtzan",
    "outside_rows",
    "sources_left_out",
    "summarise",
]

Rows = NDArray[np.bool_]

#: The name of the second way to judge.
LEAVE_ONE_OUT = "leave-one-source-out"

#: What it does, in the manner of `audionome.lab.protocols.Protocol.summary`.
LEAVE_ONE_OUT_SUMMARY = (
    "on recordings from outside GTZAN; nothing from a recording's own source was learned from"
)

#: Protocols of GTZAN's clips, with the excerpts that each tests.
GTZAN_PROTOCOLS = {
    "artist-grouped": 0,
    "artist-grouped-10s": 10,
    "artist-grouped-3s": 3,
    "fault-filtered": 0,
    "fault-filtered-nine-genres": 0,
    "fault-filtered-nine-genres-more": 0,
}

_FEWEST = 5  # clips of a source that is left out alone
_BUNDLES = 6  # of sources that have fewer

#: Scores of rows by heads that had not met them, and how far from music each is.
Scored = tuple[NDArray[np.float64], NDArray[np.float64]]


def _learned(heard: Heard, test: Rows, *, outside: bool = True) -> Rows:
    """Return what may be learned from: no clip and no artist of the test."""
    trusts = ("G", "A", "B", "N") if outside else ("G", "N")
    allowed = np.isin(heard.column("trust"), trusts) & ~test
    artists = heard.rows["artist"].to_numpy()
    found: Rows = allowed & ~np.isin(artists, artists[test])
    return found


def _scored(heard: Heard, splits: Iterator[tuple[Rows, Rows]], recipe: Recipe) -> Scored:
    scores = np.full((len(heard.rows), len(gtzan.GENRES)), np.nan)
    distance = np.full(len(heard.rows), np.nan)
    for train, test in splits:
        head = heads.fit(heard, train, recipe)
        vectors = heard.vectors(head, test)
        scores[test], distance[test] = head.scores(vectors), head.distances(vectors)
    return scores, distance


# -- music from outside -------------------------------------------------------------------


def sources_left_out(rows: pd.DataFrame) -> list[list[str]]:
    """Return which sources are left out together: small ones are, to save time.

    Parameters
    ----------
    rows : DataFrame
        One per clip: ``source`` and ``trust``.

    Returns
    -------
    list of list of str
    """
    from_outside = rows[rows["trust"].isin(["A", "B", "C"])]
    counts = from_outside["source"].value_counts().sort_index()
    alone = [[name] for name in counts.index[counts >= _FEWEST]]
    small = list(counts.index[counts < _FEWEST])
    return alone + [small[k::_BUNDLES] for k in range(min(_BUNDLES, len(small)))]


def leave_sources_out(heard: Heard, recipe: Recipe) -> Scored:
    """Score music from outside by heads that have learned from no clip of its source.

    Parameters
    ----------
    heard : Heard
    recipe : Recipe

    Returns
    -------
    scores : ndarray of shape (rows, 10)
    distance : ndarray of shape (rows,)
        NaN for rows that are not from outside.
    """
    sources = heard.column("source")

    def splits() -> Iterator[tuple[Rows, Rows]]:
        for names in sources_left_out(heard.rows[heard.rows["excerpt"] == 0]):
            test = np.isin(sources, names) & heard.music
            yield _learned(heard, test), test

    return _scored(heard, splits(), recipe)


def outside_rows(
    heard: Heard, scored: Scored, *, model: str, protocol: str
) -> tuple[pd.DataFrame, list[NDArray[np.float64]]]:
    """Return what `audionome.lab.outside` asks for: rows, and the scores of each.

    Parameters
    ----------
    heard : Heard
    scored : tuple
        Scores and distances of the rows.
    model, protocol : str

    Returns
    -------
    rows : DataFrame
        The excerpts from outside.
    scores : list of ndarray of shape (1, 10)
    """
    at = np.isin(heard.column("trust"), ["A", "B", "C"])
    rows = heard.rows[at].reset_index(drop=True)
    rows = rows.assign(
        family="pretrained",
        model=model,
        protocol=protocol,
        in_gtzan=(rows["artist"] < FIRST_OUTSIDE).to_numpy(dtype=bool),
        distance=scored[1][at].astype(np.float32),
    )
    return rows, [row[None] for row in scored[0][at]]


# -- GTZAN --------------------------------------------------------------------------------


def _tracks(heard: Heard, dataset: gtzan.Gtzan) -> pd.DataFrame:
    """Return GTZAN's clips as protocols want them."""
    names = heard.rows["clip"][(heard.rows["trust"] == "G") & (heard.rows["excerpt"] == 0)]
    tracks = dataset.tracks
    rows = tracks.assign(fault_filtered=published_parts(tracks), domain="gtzan")
    return rows.set_index("track").loc[names.tolist()].reset_index()


def on_gtzan(
    heard: Heard,
    dataset: gtzan.Gtzan,
    recipe: Recipe,
    *,
    model: str,
    outside: bool,
    calibration: Calibration,
    protocols: Sequence[str] = tuple(GTZAN_PROTOCOLS),
) -> pd.DataFrame:
    """Classify GTZAN's clips under protocols.

    Parameters
    ----------
    heard : Heard
    dataset : audionome.datasets.gtzan.Gtzan
    recipe : Recipe
    model : str
        For the table.
    outside : bool
        Whether music from outside is learned from as well.
    calibration : audionome.models.calibration.Calibration
    protocols : sequence of str

    Returns
    -------
    DataFrame
        ``model``, ``protocol``, ``track``, ``genre``, ``artist``, ``fold``, ``p_blues`` ...
        ``p_rock``, ``temperature`` and ``distance``.
    """
    tracks = _tracks(heard, dataset)
    of_gtzan = heard.column("trust") == "G"
    clip, excerpt = heard.column("clip"), heard.rows["excerpt"].to_numpy()
    done: dict[object, list[tuple[int, Rows, Scored]]] = {}
    parts = []
    for name in protocols:
        protocol = PROTOCOLS[name]
        if protocol.setting not in done:
            done[protocol.setting] = [
                (fold, test, _scored(heard, iter([(train, test)]), recipe))
                for fold, train, test in _folds(heard, tracks, protocol, clip, outside)
            ]
        for fold, test, (scores, distance) in done[protocol.setting]:
            at = test & of_gtzan & (excerpt == GTZAN_PROTOCOLS[name])
            rows = heard.rows[at]
            lengths = rows["windows"].to_numpy(np.float64)
            temperatures = np.array([calibration.temperature_for(n) for n in lengths])
            table = pd.DataFrame(
                {
                    "model": model,
                    "protocol": name,
                    "track": rows["clip"].to_numpy(dtype=str),
                    "genre": rows["genre"].to_numpy(dtype=str),
                    "artist": rows["artist"].to_numpy(np.int32),
                    "fold": np.int8(fold),
                }
            )
            values = softmax(scores[at] / temperatures[:, None])
            table[PROBABILITY_COLUMNS] = values.astype(np.float32)
            table["temperature"] = temperatures.astype(np.float32)
            table["distance"] = distance[at].astype(np.float32)
            parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _folds(
    heard: Heard, tracks: pd.DataFrame, protocol: Protocol, clip: NDArray[np.str_], outside: bool
) -> Iterator[tuple[int, Rows, Rows]]:
    names = tracks["track"].to_numpy(dtype=str)
    from_gtzan = heard.column("trust") == "G"
    for fold, (train, test) in enumerate(protocol.splits(tracks)):
        tested = np.isin(clip, names[test])
        learned = _learned(heard, tested, outside=outside)
        yield fold, learned & (~from_gtzan | np.isin(clip, names[train])), tested


# -- in numbers ---------------------------------------------------------------------------


def summarise(rows: pd.DataFrame) -> dict[str, float]:
    """Return how good predictions are.

    Parameters
    ----------
    rows : DataFrame
        ``genre``, ``artist`` and ``p_blues`` ... ``p_rock``, one row per recording.

    Returns
    -------
    dict of str to float
        ``top1`` with the ends ``low`` and ``high`` of its 95 % interval over artists, ``top3``,
        ``balanced`` (mean over genres), ``log_loss``, ``n`` and ``artists``.
    """
    values = rows[PROBABILITY_COLUMNS].to_numpy(np.float64)
    code = pd.Categorical(rows["genre"], categories=list(gtzan.GENRES)).codes.astype(int)
    of_truth = values[np.arange(len(values)), code]
    right = values.argmax(axis=1) == code
    third = (values > of_truth[:, None]).sum(axis=1) < 3
    interval = mean_interval(right, rows["artist"].to_numpy())
    return {
        "top1": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "top3": float(third.mean()),
        "balanced": float(np.mean([right[code == k].mean() for k in np.unique(code)])),
        "log_loss": float(-np.log(np.maximum(of_truth, 1e-12)).mean()),
        "n": interval.n,
        "artists": interval.clusters,
    }
