"""Feature table of a whole folder of recordings, in parallel and resumable."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import audionome
from audionome import audio, batch, files
from audionome.features import COLUMNS, extract

__all__ = ["SUFFIXES", "Measured", "measure_folder", "pcm_sha256", "require_output"]

#: Formats of a table, by the suffix of its file.
SUFFIXES = (".csv", ".parquet")
_RECORD = {"sha256", "rows", "clips"}


@dataclass(frozen=True)
class Measured:
    """What `measure_folder` did.

    Attributes
    ----------
    table : DataFrame
        One row per window: ``track``, ``window``, ``genre`` (the file's folder) and the 57
        columns as float32.
    failed : dict of str to str
        Files and folders that could not be read, each with its sentence.
    skipped : Counter of str
        How many files were left out, by reason; see `audionome.files.Scan`.
    """

    table: pd.DataFrame
    failed: dict[str, str]
    skipped: Counter[str] = field(default_factory=Counter)


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
        Searched with its subfolders; a file's own folder names its genre. A track is called
        like its file without the suffix, and with its folders where two files are called the
        same.
    out : Path
        Parquet or CSV file to write; the suffix says which. A JSON file beside it records each
        clip's samples (SHA-256 of the 16-bit PCM) and number of windows. Finished files are
        kept in ``<out>.unfinished`` until the table is complete, so an interrupted run goes on
        where it stopped.
    jobs : int
        Parallel processes (joblib: -1 for all cores; a Dask backend is used when active).
    progress : callable, optional
        Called with (files done, files in all).

    Returns
    -------
    Measured
        If no file could be read its table is empty, and nothing is written.

    Raises
    ------
    audionome.audio.UnreadableFileError
        If the folder does not exist or holds no audio file.
    audionome.files.OutputError
        If the table cannot be written; told before any file is read where that can be known.
    """
    require_output(out)
    if not os.path.isdir(folder):
        raise audio.UnreadableFileError(f'"{folder}" is not a folder.')
    found = files.scan(folder)
    failed = {str(path): sentence for path, sentence in found.unreadable.items()}
    if not found.files:
        why = next(iter(failed.values()), files.told(found.skipped))
        raise audio.UnreadableFileError(f'"{folder}" holds no audio file. {why}'.rstrip())
    names = dict(zip(found.files, _track_names(found.files, folder), strict=True))
    parts = _Clips(out)
    todo = [path for path in found.files if not parts.has(path)]
    done = len(found.files) - len(todo)
    if progress is not None:
        progress(done, len(found.files))
    for path, result in zip(todo, batch.for_each(_measured, todo, jobs=jobs), strict=True):
        if isinstance(result, batch.Failure):
            failed[str(path)] = result
        else:
            parts.keep(path, *result)
        done += 1
        if progress is not None:
            progress(done, len(found.files))
    table = _collect({p: n for p, n in names.items() if str(p) not in failed}, parts, out)
    parts.remove()
    return Measured(table, failed, found.skipped)


def require_output(out: Path) -> None:
    """Make sure, before long work, that a table and its record can be written; see `SUFFIXES`.

    Raises
    ------
    audionome.files.OutputError
        If one of them cannot be written, or would replace a file that is not ours.
    """
    files.require_output_file(out, SUFFIXES)
    record = _record_path(out)
    if os.path.lexists(record) and not _is_record(record):
        raise files.OutputError(
            f'"{record}" would be written beside the table but is not ours; move it away, or give '
            "the table another name."
        )


def _record_path(out: Path) -> Path:
    return out.with_suffix(".json" if out.suffix == ".parquet" else f"{out.suffix}.json")


def _is_record(path: Path) -> bool:
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and set(record) == _RECORD


def _track_names(paths: Sequence[Path], folder: Path) -> list[str]:
    """Stems of the files; where two are equal the way from the folder, with the suffix if need be.

    Names end in a table, which knows no bytes that are not text.
    """
    ways = [_text(path.relative_to(folder).as_posix()) for path in paths]
    choices = [
        (_text(path.stem), way.removesuffix(_text(path.suffix)), way)
        for path, way in zip(paths, ways, strict=True)
    ]
    level = [0] * len(paths)
    while True:
        names = [choice[i] for choice, i in zip(choices, level, strict=True)]
        count = Counter(names)
        again = [k for k, name in enumerate(names) if count[name] > 1 and level[k] < 2]
        if not again:
            return names
        for k in again:
            level[k] += 1


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _measured(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One file's rows, and what is recorded of it."""
    samples = audio.load(path)
    rows = extract(samples).astype(np.float32)
    if not np.isfinite(rows.to_numpy()).all():
        raise audio.NotFiniteError(
            f'"{path.name}" has features that are not numbers; export it again from the program '
            "that made it."
        )
    return rows, {"pcm_sha256": pcm_sha256(samples), "windows": len(rows)}


class _Clips:
    """Measured files of an unfinished table."""

    def __init__(self, out: Path) -> None:
        self._parts = files.Parts(out.with_name(f"{out.name}.unfinished"))

    def has(self, path: Path) -> bool:
        """Whether this very file was measured by this very version, and its part is whole."""
        return self.get(path) is not None

    def keep(self, path: Path, rows: pd.DataFrame, clip: dict[str, Any]) -> None:
        """Write a file's part; the note comes last and makes it whole."""
        with files.written_whole(self._rows(path)) as unfinished:
            rows.to_parquet(unfinished, index=False)
        note = {"stamp": _stamp(path), "clip": clip}
        files.write_text(self._rows(path).with_suffix(".json"), json.dumps(note))

    def get(self, path: Path) -> tuple[pd.DataFrame, dict[str, Any]] | None:
        """Rows of a file and what is recorded of it; nothing if a crash left less than that."""
        try:
            note = json.loads(self._rows(path).with_suffix(".json").read_bytes())
            rows = pd.read_parquet(self._rows(path))
            whole = note["stamp"] == _stamp(path) and note["clip"]["windows"] == len(rows)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return (rows, note["clip"]) if whole else None

    def remove(self) -> None:
        """Delete the parts."""
        self._parts.remove()

    def _rows(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()[:24]
        return self._parts.folder / f"part-{name}.parquet"


def _stamp(path: Path) -> dict[str, Any]:
    try:
        status = path.stat()
    except OSError:
        return {}
    return {
        "bytes": status.st_size,
        "modified": status.st_mtime_ns,
        "audionome": audionome.__version__,
    }


def _collect(names: dict[Path, str], parts: _Clips, out: Path) -> pd.DataFrame:
    """Put the parts together and write the table with its record."""
    if not names:
        return pd.DataFrame(columns=["track", "window", "genre", *COLUMNS])
    tables, clips = [], {}
    for path, name in names.items():
        if (part := parts.get(path)) is None:
            raise audio.UnreadableFileError(
                f'"{path}" was changed while the folder was measured; run the command again.'
            )
        rows, clips[name] = part
        rows.insert(0, "genre", _text(Path(os.path.abspath(path)).parent.name))
        rows.insert(0, "window", np.arange(len(rows), dtype=np.int16))
        rows.insert(0, "track", name)
        tables.append(rows)
    table = pd.concat(tables, ignore_index=True)
    table = table.sort_values(["track", "window"], ignore_index=True)
    with files.written_whole(out) as unfinished:
        if out.suffix == ".csv":
            table.to_csv(unfinished, index=False)
        else:
            table.to_parquet(unfinished, index=False, compression="zstd")
        digest = hashlib.sha256(unfinished.read_bytes()).hexdigest()
    record = {"sha256": digest, "rows": len(table), "clips": dict(sorted(clips.items()))}
    files.write_text(_record_path(out), json.dumps(record, indent=0) + "\n")
    return table
