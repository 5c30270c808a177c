"""Load the released models: their predictions, cards and indexes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from audionome._paths import data_path
from audionome.datasets.gtzan import GENRES
from audionome.lab import outside as sounds
from audionome.lab.ear import training as ear
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.store import StaleResultsError, missing
from audionome.lab.training import PREDICTIONS
from audionome.models.calibration import normalized_entropy
from audionome.models.neighbors import Index

__all__ = ["ELSEWHERE", "VARIANT", "ReleasedModels", "judged", "load", "load_tries"]

#: What stands in the column ``variant``, for functions that read the ladder's predictions too.
VARIANT = "released"

#: Protocols of clips from outside GTZAN, by the seconds that are heard (0: all of the clip).
ELSEWHERE = {0: "elsewhere", 10: "elsewhere-10s", 3: "elsewhere-3s"}

_ORDER = ("ear", "extended", "classic")


@dataclass(frozen=True)
class ReleasedModels:
    """The predictions, cards and indexes of every released model.

    Attributes
    ----------
    predictions : DataFrame
        One row per prediction: ``model``, ``protocol``, ``track``, ``genre``, ``artist``,
        ``fold``, ``p_blues`` ... ``p_rock``, ``temperature``, ``distance``; ``predicted``,
        ``confidence``, ``entropy`` (of the probabilities, in [0, 1]), ``known`` (the genre is one
        of the ten), ``correct``; ``variant``, always ``"released"``. The protocols are those of
        `audionome.lab.protocols` and of `ELSEWHERE`; there, ``distance`` counts in thresholds.
    cards : dict of str to dict
        Per model: temperature, thresholds, data, evaluation.
    indexes : dict of str to audionome.models.neighbors.Index
        Per model: its training tracks by their sound.
    """

    predictions: pd.DataFrame
    cards: dict[str, dict[str, Any]]
    indexes: dict[str, Index]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, the default first."""
        return tuple(self.cards)

    def of(self, model: str, protocol: str, *, known: bool = True) -> pd.DataFrame:
        """Return a model's predictions under a protocol.

        Parameters
        ----------
        model, protocol : str
        known : bool
            About the ten genres, or else about others.

        Returns
        -------
        DataFrame
            Rows of `predictions`.
        """
        rows = self.predictions
        mask = (rows["model"] == model) & (rows["protocol"] == protocol) & (rows["known"] == known)
        return rows[mask.to_numpy(dtype=bool)]


def load(*, models: Path | None = None, results: Path | None = None) -> ReleasedModels:
    """Load what ``audionome lab train`` and ``audionome lab ear train`` wrote.

    Parameters
    ----------
    models, results : Path, optional
        Folders of the models, and of ``model_predictions.parquet`` and ``ear_predictions.parquet``;
        default: ``data/models`` and
        ``data/results``.

    Returns
    -------
    ReleasedModels

    Raises
    ------
    StaleResultsError
        If a file is missing, or the predictions are not those that the cards tell of.
    """
    models, results = models or data_path("models"), results or data_path("results")
    path = results / PREDICTIONS
    if not path.is_file():
        raise missing(path, "audionome lab train")
    tables = [pd.read_parquet(path)]
    if (of_heads := results / ear.PREDICTIONS).is_file():
        heads = pd.read_parquet(of_heads)
        tables.append(heads[heads["model"] == ear.NAME])
    predictions = judged(pd.concat(tables, ignore_index=True))
    cards, found = {}, {}
    for name in sorted(set(predictions["model"]), key=_place):
        card, arrays = models / f"{name}.json", models / f"{name}.npz"
        if not (card.is_file() and arrays.is_file()):
            raise StaleResultsError(
                f"The model {name} is missing in {models}; "
                f"run `audionome lab train --model {name}`."
            )
        cards[name] = json.loads(card.read_text())
        _require_same(name, cards[name], predictions[predictions["model"] == name], arrays)
        with np.load(arrays, allow_pickle=False) as file:
            found[name] = Index(**{part: file[part] for part in Index.__dataclass_fields__})
    if (results / sounds.OUTSIDE_PREDICTIONS).is_file():
        clips = _elsewhere(sounds.load(models=models, results=results), list(cards))
        predictions = pd.concat([predictions, judged(clips)], ignore_index=True)
    return ReleasedModels(predictions, cards, found)


def _elsewhere(table: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """Return the rows of `audionome.lab.outside` that count, as rows of predictions."""
    rows = table[sounds.trusted(table) & table["model"].isin(models).to_numpy(dtype=bool)]
    protocol = rows["excerpt"].map(ELSEWHERE)
    # Every excerpt of a clip is a prediction about that clip.
    named = rows.assign(protocol=protocol, track=rows["clip"].astype(str), fold=0)
    return named[["model", "protocol", "track", "genre", "artist", "fold", *PROBABILITY_COLUMNS,
                  "temperature", "distance"]]  # fmt: skip


def load_tries() -> pd.DataFrame:
    """Return the notes of the exploratory runs behind the models, as text.

    Returns
    -------
    DataFrame
        See ``data/README.md``.

    Raises
    ------
    StaleResultsError
        If they are missing.
    """
    path = data_path("research", "tries.csv")
    if not path.is_file():
        raise missing(path, "git restore data/research/tries.csv")
    return pd.read_csv(path, dtype=str).fillna("")


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), name


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """Add what follows from the probabilities to rows of ``model_predictions.parquet``.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    DataFrame
        See `ReleasedModels`.
    """
    values = table[PROBABILITY_COLUMNS].to_numpy(np.float64)
    genre = table["genre"].to_numpy(dtype=str)
    predicted = np.array(GENRES)[values.argmax(axis=1)]
    return table.assign(
        variant=VARIANT,
        predicted=predicted,
        confidence=values.max(axis=1),
        entropy=normalized_entropy(values),
        known=np.isin(genre, GENRES),
        correct=predicted == genre,
    )


def _require_same(name: str, card: dict[str, Any], predictions: pd.DataFrame, arrays: Path) -> None:
    """Refuse a card that tells of another model or of other predictions."""
    same = card["arrays_sha256"] == hashlib.sha256(arrays.read_bytes()).hexdigest()
    told = card["evaluation"]
    rows = predictions[predictions["known"].to_numpy(dtype=bool)]
    counted = rows.groupby("protocol")["correct"].agg(["mean", "size"])
    # What was judged on music from outside GTZAN has a table of its own.
    same &= set(counted.index) <= set(told)
    same = same and all(
        told[p]["n"] == size and abs(told[p]["accuracy"] - mean) < 1e-9
        for p, mean, size in counted.itertuples()
    )
    if not same:
        raise StaleResultsError(
            f"The card, the arrays and the predictions of the model {name} do not belong "
            f"together; run `audionome lab train --model {name}`."
        )
