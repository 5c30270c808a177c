"""Feature table of a whole folder of recordings, in parallel and resumable."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio
from audionome.features import COLUMNS, extract

__all__ = ["Measured", "measure_folder", "pcm_sha256"]


@dataclass(frozen=True)
class Measured:
    """What `measure_folder` did.

    Attributes
    ----------
    table : DataFrame
        One row per window: ``track``, ``window``, ``genre`` (the file's folder) and the 57
        columns as float32.
    failed : dict of str to str
        Files that could not be read, each with its sentence.
    """

    table: pd.DataFrame
    failed: dict[str, str]


def pcm_sha256(samples: NDArray[np.float32]) -> str:
    """SHA-256 of mono samples as 16-bit PCM: the same for WAV, AU and FLAC of one clip."""
    return hashlib.sha256(np.round(samples * 32768).astype("<i2").tobytes()).hexdigest()


def measure_folder(
    folder: Path,
    out: Path,
    *,
    jobs: int = -1,
    progress: Callable[[int, int], None] | None = None,
) -> Measured:
    """Extract the classic features of every recording below a folder.

    Parameters
    ----------
    folder : Path
        Searched with its subfolders; a file's own folder names its genre.
    out : Path
        Parquet file to write. A JSON file beside it records each clip's samples (SHA-256 of
        the 16-bit PCM) and number of windows. Finished files are kept in ``<out>.parts``
        until the table is complete, so an interrupted run goes on where it stopped.
    jobs : int
        Parallel processes (joblib: -1 for all cores; a Dask backend is used when active).
    progress : callable, optional
        Called with (files done, files in all).

    Returns
    -------
    Measured

    Raises
    ------
    audionome.audio.UnreadableFileError
        If the folder does not exist or holds no audio file.
    ValueError
        If two files would have the same track name.
    """
    from joblib import Parallel, delayed

    if not folder.is_dir():
        raise audio.UnreadableFileError(f'"{folder}" is not a folder.')
    files = audio.find(folder)
    if not files:
        raise audio.UnreadableFileError(f'"{folder}" holds no audio file.')
    _require_unique_names(files)
    parts = out.with_name(out.name + ".parts")
    parts.mkdir(parents=True, exist_ok=True)
    tasks = (delayed(_measure_one)(path, parts) for path in files)
    failed: dict[str, str] = {}
    results = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    for done, (path, message) in enumerate(zip(files, results, strict=True), start=1):
        if message:
            failed[str(path)] = message
        if progress is not None:
            progress(done, len(files))
    table = _collect([p for p in files if str(p) not in failed], parts, out)
    shutil.rmtree(parts)
    return Measured(table, failed)


def _require_unique_names(files: Sequence[Path]) -> None:
    names = pd.Series([p.stem for p in files])
    twice = names[names.duplicated()].unique()
    if len(twice):
        raise ValueError(
            f"{len(twice)} track names stand for two files each ({', '.join(twice[:3])}); "
            "rename them so that every file name is unique."
        )


def _measure_one(path: Path, parts: Path) -> str:
    """Write one file's rows; return a sentence if it cannot be read."""
    part = parts / f"{path.stem}.parquet"
    note = parts / f"{path.stem}.json"
    stat = path.stat()
    stamp = {"path": str(path), "bytes": stat.st_size, "modified": stat.st_mtime_ns}
    # The note is written last: with it, the part is whole and of this very file.
    if note.exists() and json.loads(note.read_text())["stamp"] == stamp:
        return ""
    try:
        samples = audio.load(path)
    except audio.AudioError as error:
        return str(error)
    rows = extract(samples).astype(np.float32)
    rows.insert(0, "genre", path.parent.name)
    rows.insert(0, "window", np.arange(len(rows), dtype=np.int16))
    rows.insert(0, "track", path.stem)
    rows.to_parquet(part, index=False)
    clip = {"pcm_sha256": pcm_sha256(samples), "windows": len(rows)}
    note.write_text(json.dumps({"stamp": stamp, "clip": clip}))
    return ""


def _collect(files: Sequence[Path], parts: Path, out: Path) -> pd.DataFrame:
    if not files:
        return pd.DataFrame(columns=["track", "window", "genre", *COLUMNS])
    table = pd.concat(
        [pd.read_parquet(parts / f"{p.stem}.parquet") for p in files], ignore_index=True
    ).sort_values(["track", "window"], ignore_index=True)
    table.to_parquet(out, index=False, compression="zstd")
    clips = {p.stem: json.loads((parts / f"{p.stem}.json").read_text())["clip"] for p in files}
    record = {
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
        "rows": len(table),
        "clips": dict(sorted(clips.items())),
    }
    out.with_suffix(".json").write_text(json.dumps(record, indent=0) + "\n")
    return table
