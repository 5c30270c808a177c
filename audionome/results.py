"""The committed results of the ladder, refused when they are stale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from audionome._paths import data_path
from audionome.errors import AudionomeError

__all__ = ["Results", "StaleResultsError", "load", "sources"]


class StaleResultsError(AudionomeError):
    """Results of other data or other code than what is here."""


@dataclass(frozen=True)
class Results:
    """What ``audionome evaluate`` wrote.

    Attributes
    ----------
    scores : DataFrame
        One row per model, variant, protocol, level and split.
    predictions : DataFrame
        One row per run and tested window: the answer to a window the model had not met.
    params : DataFrame
        Hyperparameters that were chosen, per run, as JSON.
    importance, learning_curve : DataFrame
        See `audionome.studies`.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    params: pd.DataFrame
    importance: pd.DataFrame
    learning_curve: pd.DataFrame


def sources() -> dict[str, str]:
    """Hashes of the committed tables that results depend on."""
    return {
        name: hashlib.sha256(data_path("gtzan", name).read_bytes()).hexdigest()[:16]
        for name in ("features.parquet", "tracks.parquet")
    }


def load(*, folder: Path | None = None) -> Results:
    """Load the committed results.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    Results

    Raises
    ------
    StaleResultsError
        If they are missing, or were made from other data or by other code.
    """
    from audionome import runs, studies

    folder = folder or data_path("results")
    _require_fresh(folder / "evaluation.json", runs.code_version(), "audionome evaluate")
    _require_fresh(folder / "studies.json", studies.studies_version(), "audionome analyse")

    def read(name: str) -> pd.DataFrame:
        table = pd.read_parquet(folder / f"{name}.parquet")
        for column in table.select_dtypes("category"):
            table[column] = table[column].astype(str)
        return table

    predictions = read("predictions")
    numbers = predictions.select_dtypes("float16").columns
    return Results(
        scores=read("scores"),
        predictions=predictions.astype(dict.fromkeys(numbers, "float32")),
        params=read("runs")[["model", "variant", "protocol", "fold", "params"]],
        importance=read("importance"),
        learning_curve=read("learning_curve"),
    )


def _require_fresh(path: Path, code: str, command: str) -> None:
    if not path.is_file():
        raise StaleResultsError(f'"{path.name}" is missing in {path.parent}; run `{command}`.')
    record = json.loads(path.read_text())
    if record["code"] != code or record["sources"] != sources():
        raise StaleResultsError(
            f"The results in {path.parent} are of other data or other code; run `{command}` to "
            "renew them."
        )
