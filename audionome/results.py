"""The committed results of the ladder, refused when they are stale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from audionome._paths import data_path
from audionome.errors import AudionomeError

__all__ = ["Benchmark", "Results", "StaleResultsError", "load", "load_benchmark", "sources"]


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


@dataclass(frozen=True)
class Benchmark:
    """What ``make bench`` measured, as tables for a reader.

    Attributes
    ----------
    machine : str
        One sentence: what it was measured on.
    extractors, lengths, workers, answers : DataFrame
        Side by side on one clip; by length; by processes; first and later answers.
    """

    machine: str
    extractors: pd.DataFrame
    lengths: pd.DataFrame
    workers: pd.DataFrame
    answers: pd.DataFrame


_EXTRACTORS = {
    "audionome": "Audionome",
    "librosa": "librosa, called as the study did",
    "essentia": "essentia MusicExtractor",
}
_ANSWERS = {
    "first": "first ever call, new environment",
    "second": "the next calls",
    "warm": "in a process that is already running",
    "ten_minute_mp3": "a ten-minute stereo MP3",
}


def load_benchmark() -> Benchmark:
    """The committed output of ``make bench``."""
    record = json.loads(data_path("results", "benchmark.json").read_text())
    where = record["machine"]

    def table(name: str, rows: dict[str, str]) -> pd.DataFrame:
        frame = pd.DataFrame(record[name]).T.reindex(list(rows)).rename(index=rows)
        return frame.rename_axis("").reset_index().rename(columns=_COLUMNS).round(2)

    return Benchmark(
        machine=f"{where['processor']}, {where['cores']} cores, {where['system']}, "
        f"Python {where['python']}",
        extractors=table("extractors", _EXTRACTORS),
        lengths=pd.DataFrame(record["lengths"]).rename(columns=_COLUMNS).round(2),
        workers=pd.DataFrame(record["workers"]).rename(columns=_COLUMNS).round(2),
        answers=table("answers", _ANSWERS),
    )


_COLUMNS = {
    "length": "length (s)",
    "seconds": "time (s)",
    "peak_mb": "peak memory (MB)",
    "ratio": "times ours",
    "clips_per_second": "clips per second",
    "workers": "processes",
}


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
