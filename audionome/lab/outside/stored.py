"""The table of predictions about music from outside, on disk, and the cards that follow from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from audionome import files
from audionome._paths import data_path
from audionome.lab.store import StaleResultsError, missing

__all__ = ["OUTSIDE_PREDICTIONS", "load", "load_cards", "write"]

#: The table, in the folder of results.
OUTSIDE_PREDICTIONS = "outside_predictions.parquet"

#: Beside it: the recipe, and the hashes of the models that were asked.
OUTSIDE_STAMPS = "outside.json"

#: Changes when the same clips and models would give other rows.
RECIPE = 1


def write(
    predictions: pd.DataFrame,
    cards: Mapping[str, Mapping[str, Any]],
    *,
    models: Path,
    results: Path,
) -> None:
    """Write predictions, and what was set on them into the models' cards.

    Parameters
    ----------
    predictions : DataFrame
        Of one or more models; those of other models that are there are kept.
    cards : mapping of str to mapping
        Per model: entries of its card, see `calibrate`. An entry ``calibrations`` of the card
        keeps what was set on GTZAN beside them.
    models, results : Path
        Folders of the cards and of ``outside_predictions.parquet``.

    Raises
    ------
    audionome.files.OutputError
        If the folders cannot be written to, or hold another table of that name.
    """
    path = results / OUTSIDE_PREDICTIONS
    old = files.own_table(path, ["model", "protocol", "source", "excerpt"])
    if old is not None:
        predictions = pd.concat(
            [old[~old["model"].isin(predictions["model"].unique())], predictions]
        )
    order = ["model", "protocol", "clip", "excerpt", "start"]
    predictions = predictions.sort_values(order, ignore_index=True, kind="stable")
    with files.written_whole(path) as unfinished:
        predictions.to_parquet(unfinished, index=False, compression="zstd")
    for name, found in cards.items():
        place = models / f"{name}.json"
        card = json.loads(place.read_text())
        card |= found
        card["calibrations"] = card.get("calibrations", {}) | {"outside": dict(found)}
        files.write_text(place, json.dumps(card, indent=1) + "\n")
    stamps = results / OUTSIDE_STAMPS
    record = json.loads(stamps.read_text()) if stamps.is_file() else {}
    of_models = record.get("models", {}) | {
        name: hashlib.sha256((models / f"{name}.npz").read_bytes()).hexdigest()[:16]
        for name in predictions["model"].unique()
        if (models / f"{name}.npz").is_file()
    }
    record = {"recipe": RECIPE, "models": of_models}
    files.write_text(stamps, json.dumps(record, indent=1) + "\n")


def load(*, models: Path | None = None, results: Path | None = None) -> pd.DataFrame:
    """Load the stored predictions.

    Parameters
    ----------
    models, results : Path, optional
        Default: ``data/models`` and ``data/results``.

    Returns
    -------
    DataFrame
        As the conventions of this module say.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If they are missing, or were made by another recipe or by other models.
    """
    models, results = models or data_path("models"), results or data_path("results")
    path, stamps = results / OUTSIDE_PREDICTIONS, results / OUTSIDE_STAMPS
    if not (path.is_file() and stamps.is_file()):
        raise missing(path, "audionome lab outside")
    record = json.loads(stamps.read_text())
    same = record.get("recipe") == RECIPE
    for name, digest in record.get("models", {}).items():
        arrays = models / f"{name}.npz"
        same &= arrays.is_file() and (
            hashlib.sha256(arrays.read_bytes()).hexdigest()[:16] == digest
        )
    if not same:
        raise StaleResultsError(
            f"The predictions in {path} are of other models or of another recipe; run "
            "`audionome lab outside` to renew them."
        )
    return pd.read_parquet(path)


def load_cards(names: Iterable[str], *, models: Path | None = None) -> dict[str, dict[str, Any]]:
    """Load the cards of models, which tell what temperatures and thresholds were set on.

    Parameters
    ----------
    names : iterable of str
    models : Path, optional
        Default: ``data/models``.

    Returns
    -------
    dict of str to dict
        By the name of the model.
    """
    folder = models or data_path("models")
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in names}
