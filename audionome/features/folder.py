"""The feature table of a whole folder of recordings, in parallel and resumable."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import audionome
from audionome import audio, batch, files
from audionome._extras import require_extra
from audionome.features import COLUMNS, extract_array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUFFIXES", "Clip", "Measured", "measure_folder", "pcm_sha256", "require_output"]

#: Formats of a table, by the suffix of its file.
SUFFIXES = (".csv", ".parquet")
_RECORD = {"sha256", "rows", "clips"}


@dataclass(frozen=True)
class Clip:
    """The rows of one recording.

    Attributes
    ----------
    track : str
        Its name.
    genre : str
        Name of the folder that it lies in.
    rows : ndarray of shape (windows, 57), float32
        The classic features.
    pcm_sha256 : str
        SHA-256 of its samples; see `pcm_sha256`.
    """

    track: str
    genre: str
    rows: NDArray[np.float32]
    pcm_sha256: str


@dataclass(frozen=True)
class Measured:
    """What `measure_folder` did.

    Attributes
    ----------
    clips : tuple of Clip
        By name.
    failed : dict of str to str
        Files and folders that could not be read, each with its sentence.
    skipped : Counter of str
        How many files were left out, by reason; see `audionome.files.Scan`.
    """

    clips: tuple[Clip, ...]
    failed: dict[str, str]
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def n_windows(self) -> int:
        """Number of rows of the table."""
        return sum(len(clip.rows) for clip in self.clips)

    @property
    def table(self) -> pd.DataFrame:
        """One row per window: ``track``, ``window``, ``genre`` and the 57 columns as float32.

        Raises
        ------
        audionome._extras.MissingExtraError
            If pandas is not installed.
        """
        return _table(self.clips)


def pcm_sha256(samples: NDArray[np.float32]) -> str:
    """Return the SHA-256 of mono samples as 16-bit PCM: the same for WAV, AU and FLAC of one clip.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Full scale [-1, 1].

    Returns
    -------
    str
        Hexadecimal digits.
    """
    return hashlib.sha256(np.round(samples * 32768).astype("<i2").tobytes()).hexdigest()


def measure_folder(
    folder: Path,
    out: Path,
    *,
    jobs: int = -1,
    progress: Callable[[int, int], None] | None = None,
) -> Measured:
    """Measure the classic features of every recording below a folder.

    Parameters
    ----------
    folder : Path
        Searched with its subfolders; a file's own folder names its genre. A track is called
        like its file without the suffix, and with its folders where two files are called the
        same.
    out : Path
        Parquet or CSV file to write; the suffix says which, and Parquet needs pandas. A JSON file
        beside it records each clip's samples (SHA-256 of the 16-bit PCM) and number of windows.
        Finished files are kept in ``<out>.unfinished`` until the table is complete, so an
        interrupted run goes on where it stopped.
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
        If the table cannot be written; raised before any file is read where that can be known.
    audionome._extras.MissingExtraError
        If what writes Parquet is not installed.
    """
    require_output(out)
    if not os.path.isdir(folder):
        raise audio.UnreadableFileError(f'"{folder}" is not a folder.')
    found = files.scan(folder)
    failed = {str(path): sentence for path, sentence in found.unreadable.items()}
    if not found.files:
        why = next(iter(failed.values()), files.describe_skipped(found.skipped))
        raise audio.UnreadableFileError(f'"{folder}" holds no audio file. {why}'.rstrip())
    names = dict(zip(found.files, _track_names(found.files, folder), strict=True))
    parts = _Parts(out)
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
    measured = _collect({p: n for p, n in names.items() if str(p) not in failed}, parts)
    if measured:
        _write(measured, out)
    parts.remove()
    return Measured(measured, failed, found.skipped)


def require_output(out: Path) -> None:
    """Require, before long work, that a table and its record can be written.

    Parameters
    ----------
    out : Path
        Its suffix is one of `SUFFIXES`.

    Raises
    ------
    audionome.files.OutputError
        If one of them cannot be written, or would replace a file that is not ours.
    audionome._extras.MissingExtraError
        If what writes Parquet is not installed.
    """
    files.require_output_file(out, SUFFIXES)
    if out.suffix == ".parquet":
        require_extra("lab", "pandas", "pyarrow", who="Writing a Parquet table")
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
    """Return the stems of the files; where two are equal, the way from the folder.

    Where these are equal too the suffix is added. Bytes that are no text become their codes.
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


def _measured(path: Path) -> tuple[NDArray[np.float32], str]:
    """Return one file's rows, and the SHA-256 of its samples."""
    samples = audio.load(path)
    rows = extract_array(samples).astype(np.float32)
    if not np.isfinite(rows).all():
        raise audio.NotFiniteError(
            f'"{path.name}" has features that are not numbers; export it again from the program '
            "that made it."
        )
    return rows, pcm_sha256(samples)


class _Parts:
    """Measured files of an unfinished table."""

    def __init__(self, out: Path) -> None:
        self._parts = files.Parts(out.with_name(f"{out.name}.unfinished"))

    def has(self, path: Path) -> bool:
        """Return whether this very file was measured by this version, and its part is whole."""
        return self.get(path) is not None

    def keep(self, path: Path, rows: NDArray[np.float32], digest: str) -> None:
        """Write a file's part; the note comes last and makes it whole."""
        with files.written_whole(self._rows(path)) as unfinished:
            np.save(unfinished, rows)
        note = {"stamp": _stamp(path), "windows": len(rows), "pcm_sha256": digest}
        files.write_text(self._rows(path).with_suffix(".json"), json.dumps(note))

    def get(self, path: Path) -> tuple[NDArray[np.float32], str] | None:
        """Return a file's rows and digest; nothing if a crash left less than that."""
        try:
            note = json.loads(self._rows(path).with_suffix(".json").read_bytes())
            rows = np.load(self._rows(path), allow_pickle=False)
            whole = note["stamp"] == _stamp(path)
            whole = whole and rows.shape == (note["windows"], len(COLUMNS))
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            return None
        return (rows, note["pcm_sha256"]) if whole else None

    def remove(self) -> None:
        """Delete the parts."""
        self._parts.remove()

    def _rows(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()[:24]
        return self._parts.folder / f"part-{name}.npy"


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


def _collect(names: dict[Path, str], parts: _Parts) -> tuple[Clip, ...]:
    clips = []
    for path, name in names.items():
        if (part := parts.get(path)) is None:
            raise audio.UnreadableFileError(
                f'"{path}" was changed while the folder was measured; run the command again.'
            )
        clips.append(Clip(name, _text(Path(os.path.abspath(path)).parent.name), *part))
    return tuple(sorted(clips, key=lambda clip: clip.track))


def _write(clips: Sequence[Clip], out: Path) -> None:
    """Write the table with its record."""
    with files.written_whole(out) as unfinished:
        if out.suffix == ".csv":
            _write_csv(clips, unfinished)
        else:
            _table(clips).to_parquet(unfinished, index=False, compression="zstd")
        digest = hashlib.sha256(unfinished.read_bytes()).hexdigest()
    record = {
        "sha256": digest,
        "rows": sum(len(clip.rows) for clip in clips),
        "clips": {
            clip.track: {"pcm_sha256": clip.pcm_sha256, "windows": len(clip.rows)} for clip in clips
        },
    }
    files.write_text(_record_path(out), json.dumps(record, indent=0) + "\n")


def _write_csv(clips: Sequence[Clip], path: Path) -> None:
    """Write the table with as many digits as it takes to read the same numbers again."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("track", "window", "genre", *COLUMNS))
        for clip in clips:
            for window, row in enumerate(clip.rows.astype(str)):
                writer.writerow((clip.track, window, clip.genre, *row))


def _table(clips: Sequence[Clip]) -> pd.DataFrame:
    require_extra("lab", "pandas", who="A table of features")
    import pandas as pd

    counts = [len(clip.rows) for clip in clips]
    rows = np.concatenate([np.empty((0, len(COLUMNS)), np.float32), *(c.rows for c in clips)])
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("genre", "track"):
        words = np.array([getattr(clip, name) for clip in clips], dtype=object)
        table.insert(0, name, np.repeat(words, counts))
    windows = [np.arange(n, dtype=np.int16) for n in (0, *counts)]
    table.insert(1, "window", np.concatenate(windows))
    return table
