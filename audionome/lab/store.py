"""The committed results: the ladder's, refused when they are stale, and the measured speed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from audionome._paths import data_path, not_installed
from audionome.errors import AudionomeError

__all__ = [
    "Benchmark",
    "Results",
    "StaleResultsError",
    "changed",
    "load",
    "load_benchmark",
    "load_search",
    "seal",
    "sources",
]

_SEALED = ("gtzan", "models", "research", "results")
_SEAL = "SHA256SUMS"


class StaleResultsError(AudionomeError):
    """Results of other data, or of another recipe, than what is here."""


@dataclass(frozen=True)
class Results:
    """What ``audionome lab evaluate`` wrote.

    Attributes
    ----------
    scores : DataFrame
        One row per model, variant, protocol, level and split.
    predictions : DataFrame
        One row per run and tested window, which the model had not met: ``model``, ``variant``,
        ``protocol``, ``fold``, ``track``, ``window``, ``genre`` (true), ``predicted``,
        ``p_blues`` ... ``p_rock``, and ``artist``, the number of the track's group.
    validation : DataFrame
        Tracks of the validation part that are predicted right, per run: ``model``, ``variant``,
        ``protocol``, ``fold``, ``right`` and ``n``. Nothing was fitted on them.
    params : DataFrame
        Hyperparameters that were chosen, per run, as JSON.
    importance, learning_curve, decomposition : DataFrame
        See the modules of `audionome.lab.studies`.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    validation: pd.DataFrame
    params: pd.DataFrame
    importance: pd.DataFrame
    learning_curve: pd.DataFrame
    decomposition: pd.DataFrame


@dataclass(frozen=True)
class Benchmark:
    """What ``make bench`` measured.

    Attributes
    ----------
    machine : dict
        ``processor``, ``cores``, ``memory_gb``, ``system``, ``python``.
    extractors : DataFrame
        Index: ``audionome`` (all 57 features), ``level_free``, ``extended`` (what the extended
        model needs), ``ear``, ``librosa``, ``essentia``; ``seconds`` for a 30 s clip on one core,
        ``peak_mb`` of the process.
    lengths : DataFrame
        ``length`` of a recording (s), ``seconds`` to its answer in a warm process on one core,
        ``peak_mb``.
    workers : DataFrame
        ``clips_per_second`` by the number of ``clips`` and ``workers``.
    answers : DataFrame
        Index: ``first`` command in a new environment, ``second``, ``warm`` process (a 30 s
        clip), ``warm_extended`` without the ear, ``ten_minutes`` and ``two_hours`` (stereo MP3);
        ``seconds`` and ``peak_mb``.
    formats : DataFrame
        A row per ``format`` (``wav``, ``flac``, ``mp3``), ``length`` (s) and ``program``
        (``classify``, ``classify_extended``, ``index``, ``essentia``): ``seconds`` per file on one
        core, decoding included, and ``peak_mb``.
    scale : dict
        ``row_bytes``: what a further row takes in a table, by its suffix without the dot;
        ``tasks_per_second``: through a Dask scheduler with two workers on this machine.
    """

    machine: dict[str, Any]
    extractors: pd.DataFrame
    lengths: pd.DataFrame
    workers: pd.DataFrame
    answers: pd.DataFrame
    formats: pd.DataFrame
    scale: dict[str, Any]


def missing(path: Path, command: str) -> StaleResultsError:
    """Return the error about a file of results that is not there; the command makes it."""
    return StaleResultsError(
        not_installed(path) or f'"{path.name}" is missing in {path.parent}; run `{command}`.'
    )


def sources() -> dict[str, str]:
    """Return the hashes of the committed tables that results depend on.

    Returns
    -------
    dict of str to str
        File name to the first 16 digits of its SHA-256.
    """
    return {
        name: hashlib.sha256(data_path("gtzan", name).read_bytes()).hexdigest()[:16]
        for name in ("features.parquet", "tracks.parquet")
    }


def seal(folder: Path | None = None) -> Path:
    """Write the SHA-256 of every file that a command made, so that a change by hand is found.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data``.

    Returns
    -------
    Path
        ``SHA256SUMS`` in the folder, in the form that ``sha256sum --check`` reads.
    """
    folder = folder or data_path()
    path = folder / _SEAL
    path.write_text("".join(f"{digest}  {name}\n" for name, digest in _digests(folder).items()))
    return path


def changed(folder: Path | None = None) -> list[str]:
    """Return the files of data that are not as they were sealed, or are new, or gone.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data``.

    Returns
    -------
    list of str
        Names below the folder; empty if all is as a command wrote it.
    """
    folder = folder or data_path()
    path = folder / _SEAL
    lines = path.read_text().splitlines() if path.is_file() else []
    sealed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    here = _digests(folder)
    return sorted(n for n in {*sealed, *here} if sealed.get(n) != here.get(n))


def _digests(folder: Path) -> dict[str, str]:
    paths = sorted(p for name in _SEALED for p in (folder / name).rglob("*") if p.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
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
        If they are missing, or were made from other data or by another recipe.
    """
    from audionome.lab import crossval, scores, studies

    folder = folder or data_path("results")
    made = _fresh(folder / "evaluation.json", "audionome lab evaluate")
    _require(made.get("recipe") == crossval.RECIPE, folder, "audionome lab evaluate")
    _require(made.get("scores") == scores.RECIPE, folder, "audionome lab score")
    made = _fresh(folder / "studies.json", "audionome lab analyse")
    recipes = {name: made.get(name, {}).get("recipe") for name in studies.RECIPES}
    _require(recipes == studies.RECIPES, folder, "audionome lab analyse")

    def read(name: str) -> pd.DataFrame:
        table = pd.read_parquet(folder / f"{name}.parquet")
        for column in table.select_dtypes("category"):
            table[column] = table[column].astype(str)
        return table

    predictions = read("predictions")
    numbers = predictions.select_dtypes("float16").columns
    artists = read("artists").set_index("track")["artist"]
    predictions["artist"] = artists.loc[predictions["track"]].to_numpy()
    return Results(
        scores=read("scores"),
        predictions=predictions.astype(dict.fromkeys(numbers, "float32")),
        validation=_validation(folder / "tallies.parquet"),
        params=read("runs")[["model", "variant", "protocol", "fold", "params"]],
        importance=read("importance"),
        learning_curve=read("learning_curve"),
        decomposition=read("decomposition"),
    )


def _validation(path: Path) -> pd.DataFrame:
    """Read how many validation tracks each run predicts right."""
    names = ["model", "variant", "protocol", "fold"]
    table = pd.read_parquet(
        path,
        columns=[*names, "track_right", "track_n"],
        filters=[("split", "==", "valid"), ("level", "==", "track")],
    ).astype(dict.fromkeys(names[:3], str))
    counts = {"right": "track_right", "n": "track_n"}
    table = table.assign(**{name: [int(sum(v)) for v in table[of]] for name, of in counts.items()})
    return table[[*names, *counts]]


def load_benchmark(*, folder: Path | None = None) -> Benchmark:
    """Load the committed timings.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    Benchmark

    Raises
    ------
    StaleResultsError
        If there are none, or a part is missing.
    """
    path = (folder or data_path("results")) / "benchmark.json"
    if not path.is_file():
        raise missing(path, "make bench")
    record = json.loads(path.read_text())
    if not {field.name for field in fields(Benchmark)} <= set(record):
        raise StaleResultsError(f"{path} lacks a part; run `make bench`.")
    return Benchmark(
        machine=record["machine"],
        extractors=pd.DataFrame.from_dict(record["extractors"], orient="index"),
        lengths=pd.DataFrame(record["lengths"]),
        workers=pd.DataFrame(record["workers"]),
        answers=pd.DataFrame.from_dict(record["answers"], orient="index"),
        formats=pd.DataFrame(record["formats"]),
        scale=record["scale"],
    )


def load_search(*, folder: Path | None = None) -> tuple[dict[str, Any], pd.DataFrame]:
    """Load what the search of large indexes costs.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    machine : dict
        As in `Benchmark`.
    rows : DataFrame
        ``tracks`` of an index, ``index_mb``; ``graph``, whether there is one, and of it
        ``graph_mb``, ``graph_core_seconds`` to make it (of all cores together) and ``recall``, the
        share of the ten nearest that it finds; ``first_seconds`` from opening the index to the
        first answer, ``each_seconds`` of a further one, ``peak_mb`` of the process.

    Raises
    ------
    StaleResultsError
        If it was never measured.
    """
    path = (folder or data_path("results")) / "search.json"
    if not path.is_file():
        raise missing(path, "python benchmarks/search.py")
    record = json.loads(path.read_text(encoding="utf-8"))
    return record["machine"], pd.DataFrame(record["rows"])


def _fresh(path: Path, command: str) -> dict[str, Any]:
    """Read what is told of results, and refuse those of other data."""
    if not path.is_file():
        raise missing(path, command)
    record: dict[str, Any] = json.loads(path.read_text())
    _require(record.get("sources") == sources(), path.parent, command)
    return record


def _require(same: bool, folder: Path, command: str) -> None:
    if not same:
        raise StaleResultsError(
            f"The results in {folder} are of other data or of another recipe; run `{command}` to "
            "renew them."
        )
