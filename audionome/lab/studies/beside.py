"""Tempo and key beside other programs, on the same clips: how often right, and which is better.

Conventions
-----------
The tables are those of `audionome.lab.studies.tempo.load` and `audionome.lab.studies.key.load`. A
comparison is made on the clips that every program was asked about. Intervals and the one rule by
which a difference counts are those of `audionome.lab.bootstrap` and `audionome.lab.compare`, over
artists.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.lab.bootstrap import ConfidenceInterval, mean_interval
from audionome.lab.compare import Verdict, paired_difference, verdicts
from audionome.lab.studies.key import MIREX
from audionome.lab.studies.tempo import METHODS

__all__ = [
    "Doubt",
    "KeyComparison",
    "compare_keys",
    "compare_tempi",
    "doubt",
    "tempo_accuracies",
]

_MEASURES = ("accuracy1", "accuracy2")


def _right(relations: pd.Series, measure: str) -> NDArray[np.bool_]:
    same = relations == "right" if measure == "accuracy1" else relations != "other"
    return same.to_numpy(dtype=bool)


def tempo_accuracies(table: pd.DataFrame, *, common: bool = False) -> pd.DataFrame:
    """Measure how often every program's tempo is right.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.tempo.load`.
    common : bool
        Only on the clips that all were asked about. Default: on all of each.

    Returns
    -------
    DataFrame
        One row per program: ``method``, ``name``, ``n`` (clips), ``artists``, and ``accuracy1`` and
        ``accuracy2`` with ``_low`` and ``_high``.
    """
    there = [name for name in METHODS if name in table]
    if common:
        table = _asked(table, there)
    rows = []
    for method in there:
        own = _asked(table, [method])
        row: dict[str, object] = {"method": method, "name": METHODS[method]}
        for measure in _MEASURES:
            got = mean_interval(_right(own[method], measure), own["artist"])
            row |= {"n": got.n, "artists": got.clusters, measure: got.estimate}
            row |= {f"{measure}_low": got.low, f"{measure}_high": got.high}
        rows.append(row)
    return pd.DataFrame(rows)


def _asked(table: pd.DataFrame, methods: list[str]) -> pd.DataFrame:
    return table[(table[methods] != "").all(axis=1)]


def compare_tempi(table: pd.DataFrame) -> dict[str, dict[str, Verdict]]:
    """Compare our tempo with the other programs', clip by clip.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.tempo.load`.

    Returns
    -------
    dict of str to dict of str to Verdict
        Program, then ``"accuracy1"`` and ``"accuracy2"``; all are one family.
    """
    others = [name for name in METHODS if name in table and name != "audionome"]
    common = _asked(table, ["audionome", *others])
    pairs = [(other, measure) for other in others for measure in _MEASURES]
    found = verdicts(
        [
            paired_difference(
                _right(common["audionome"], measure),
                _right(common[other], measure),
                common["artist"],
            )
            for other, measure in pairs
        ]
    )
    told: dict[str, dict[str, Verdict]] = {other: {} for other in others}
    for (other, measure), judged in zip(pairs, found, strict=True):
        told[other][measure] = judged
    return told


@dataclass(frozen=True)
class Doubt:
    """What the probability of a tempo and the other level are worth.

    Attributes
    ----------
    sure, unsure : ConfidenceInterval
        Accuracy 1 of the clips whose tempo is told with a probability of one half and more, and of
        the others.
    doubtful : ConfidenceInterval
        Share of the clips for which another level is told.
    first, either : ConfidenceInterval
        Of those: how often the tempo is right, and how often it or the other level.
    no_beat : int
        Clips for which no beat is told.
    covered : float
        Share of the clips whose tempo is among the candidates.
    """

    sure: ConfidenceInterval
    unsure: ConfidenceInterval
    doubtful: ConfidenceInterval
    first: ConfidenceInterval
    either: ConfidenceInterval
    no_beat: int
    covered: float


def doubt(table: pd.DataFrame) -> Doubt:
    """Measure what probability and alternative are worth.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.tempo.load`.

    Returns
    -------
    Doubt
    """
    right = _right(table["audionome"], "accuracy1")
    other = _right(table["alternative_relation"], "accuracy1")
    sure = (table["probability"] >= 0.5).to_numpy()
    doubtful = table["alternative"].notna().to_numpy()

    def among(values: NDArray[np.bool_], rows: NDArray[np.bool_]) -> ConfidenceInterval:
        return mean_interval(values[rows], table["artist"].to_numpy()[rows])

    return Doubt(
        sure=among(right, sure),
        unsure=among(right, ~sure),
        doubtful=mean_interval(doubtful, table["artist"]),
        first=among(right, doubtful),
        either=among(right | other, doubtful),
        no_beat=int((table["bpm"] == 0).sum()),
        covered=float(table["covered"].mean()),
    )


@dataclass(frozen=True)
class KeyComparison:
    """Our key and Essentia's on the clips of the reporting half.

    Attributes
    ----------
    exact, mirex : dict of str to ConfidenceInterval
        Share that is exactly right, and mean worth by the rules of MIREX: ``"audionome"`` and
        ``"essentia"``.
    verdicts : dict of str to Verdict
        Ours set beside Essentia's: ``"exact"`` and ``"mirex"``.
    """

    exact: dict[str, ConfidenceInterval]
    mirex: dict[str, ConfidenceInterval]
    verdicts: dict[str, Verdict]


def compare_keys(table: pd.DataFrame) -> KeyComparison:
    """Compare our key with Essentia's, clip by clip.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.key.load`.

    Returns
    -------
    KeyComparison
        On the half of the artists on which ours was not chosen.
    """
    programs = ["audionome", "essentia"]
    rows = _asked(table[table["half"] == "reporting"], programs)
    artists = rows["artist"]
    exact = {name: (rows[name] == "exact").to_numpy() for name in programs}
    mirex = {name: rows[name].map(MIREX).to_numpy(dtype=float) for name in programs}
    judged = verdicts(
        [
            paired_difference(values["audionome"], values["essentia"], artists)
            for values in (exact, mirex)
        ]
    )
    return KeyComparison(
        {name: mean_interval(values, artists) for name, values in exact.items()},
        {name: mean_interval(values, artists) for name, values in mirex.items()},
        dict(zip(("exact", "mirex"), judged, strict=True)),
    )
