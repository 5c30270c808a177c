"""Tables with a row per recording: Parquet, CSV or JSON lines, row by row in flat memory.

Cells of the column ``file`` are names as every reader can read them: bytes of a file's name that
are no UTF-8 stand there as their hexadecimal codes; `path_of` finds the file all the same.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from audionome._extras import require_extra
from audionome.files import OutputError, written_whole

__all__ = [
    "SUFFIXES",
    "columns",
    "name_of",
    "path_of",
    "read",
    "require_suffix",
    "text_of",
    "write",
]

#: Formats of a table, by the suffix of its file.
SUFFIXES = (".parquet", ".csv", ".jsonl")
_GROUP = 10_000  # rows written at a time
_NEEDED = ("file", "genre")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_SAFE = re.compile(r"'+[=+\-@\t\r]")
_CODE = re.compile(rb"\\x([89a-f][0-9a-f])")


def text_of(name: str) -> str:
    """Return a name as every reader can read it; bytes that are no UTF-8 as their codes.

    Parameters
    ----------
    name : str
        As Python writes a path, or a URL.

    Returns
    -------
    str
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def path_of(text: str) -> Path:
    r"""Return the file that a cell of the column ``file`` names.

    Parameters
    ----------
    text : str
        From `text_of`.

    Returns
    -------
    Path
        It need not exist.

    Examples
    --------
    >>> path_of("/music/a.mp3").as_posix()
    '/music/a.mp3'
    >>> os.fsencode(path_of(r"/no such folder/\xff.mp3"))
    b'/no such folder/\xff.mp3'
    """
    return Path(name_of(text))


def name_of(text: str) -> str:
    """Return the name that a cell of the column ``file`` stands for, as Python writes it.

    Parameters
    ----------
    text : str
        From `text_of`: a path or a URL.

    Returns
    -------
    str
    """
    raw = text.encode("utf-8", "surrogateescape")
    if not _CODE.search(raw) or os.path.lexists(text):
        return text
    return os.fsdecode(_CODE.sub(lambda code: bytes([int(code[1], 16)]), raw))


def require_suffix(path: Path, *, who: str = "A table") -> None:
    """Require a format that can be read and written here.

    Parameters
    ----------
    path : Path
    who : str
        What needs it, as a sentence begins.

    Raises
    ------
    OutputError
        If its suffix is none of `SUFFIXES`.
    audionome._extras.MissingExtraError
        If what Parquet needs is not installed.
    """
    if path.suffix not in SUFFIXES:
        raise OutputError(
            f'"{path.name}" should end in .parquet, .csv or .jsonl; that is the format it gets.'
        )
    if path.suffix == ".parquet":
        require_extra("collections", "pyarrow", who=f"{who} in Parquet")


# -- reading ------------------------------------------------------------------------------


def columns(path: Path) -> tuple[str, ...]:
    """Return the names of a table's columns.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of str
        Of JSON lines those of the first row; none if it has no rows.

    Raises
    ------
    OutputError
        If it cannot be read.
    """
    with _readable(path):
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            return tuple(pq.read_schema(path).names)
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix == ".csv":
                return tuple(map(_plain, next(csv.reader(file, delimiter=_delimiter(path)), ())))
            return tuple(next(_records(file), ()))


def read(path: str | Path, *, needed: Sequence[str] = _NEEDED) -> Iterator[dict[str, Any]]:
    """Read a table row by row: one of ours, or of another program.

    Parameters
    ----------
    path : str or Path
        Parquet, CSV or JSON lines, as its suffix says.
    needed : sequence of str
        Columns that it must have.

    Yields
    ------
    dict
        A row. Cells of CSV are numbers where they can be read as one in a column of ours that
        holds numbers, else texts; empty cells of such a column are None.

    Raises
    ------
    OutputError
        If it is missing, cannot be read, or lacks a column.
    """
    path = Path(path)
    require_suffix(path)
    found = columns(path)
    missing = [name for name in needed if name not in found]
    if missing and (found or path.suffix != ".jsonl"):
        raise OutputError(
            f'"{path}" has no column "{missing[0]}"; it needs {" and ".join(needed)}.'
        )
    with _readable(path):
        yield from _READERS[path.suffix](path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a stranger's table into a sentence."""
    try:
        yield
    except OutputError:
        raise
    except FileNotFoundError as error:
        raise OutputError(f'There is no file "{path}".') from error
    except Exception as error:  # Arrow has many of its own
        raise OutputError(f'"{path}" cannot be read as a table; is it a {path.suffix} file?') from (
            error
        )


def _read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_GROUP):
            yield from batch.to_pylist()


def _read_csv(path: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter=_delimiter(path)):
            if None in row:  # more cells than columns
                raise ValueError(row[None])
            yield {_plain(name): _cell(name, _plain(text)) for name, text in row.items()}


def _delimiter(path: Path) -> str:
    """Return what stands between the cells; spreadsheets of some countries write semicolons."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
    return max(",;\t", key=head.count)


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        yield from _records(file)


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.strip():
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError(line)
            yield record


_READERS = {".parquet": _read_parquet, ".csv": _read_csv, ".jsonl": _read_lines}

# What the cells of our columns are; those of other columns are texts.
_NUMBERS = {
    "coverage", "confidence", "distance", "tempo", "tempo_probability", "tempo_alternative",
    "duration", "bytes", "modified",
}  # fmt: skip
_MAY_LACK = {"second_opinion", "learned_from"}


def _cell(name: str, text: str) -> Any:
    if name in _NUMBERS or name.startswith("p_"):
        return _number(text)
    if name in _MAY_LACK:
        return text or None
    if name == "sure":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def _plain(text: str | None) -> str:
    """Return a text as it was before `_safe`."""
    return "" if text is None else text[1:] if _SAFE.match(text) else text


def _safe(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe makes it a text."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _number(text: str) -> int | float | str | None:
    if not text:
        return None
    for kind in (int, float):
        try:
            value: int | float = kind(text)
        except ValueError:
            continue
        return value if math.isfinite(value) else None
    return text


# -- writing ------------------------------------------------------------------------------


def write(
    path: Path,
    kinds: Mapping[str, type],
    rows: Iterable[Mapping[str, Any]],
    *,
    within: Path | None = None,
) -> int:
    """Write a table, whole or not at all.

    Parameters
    ----------
    path : Path
        Its suffix is one of `SUFFIXES`. One of this name is replaced.
    kinds : mapping of str to type
        The columns in their order, each with `str`, `float`, `int` or `bool`. A cell may be None.
    rows : iterable of mapping
        A cell for every column. They are taken as they are written.
    within : Path, optional
        Folder, on the same disk, for what is not finished. Default: its own.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    require_suffix(path)
    written = 0
    left = iter(rows)
    with written_whole(path, within=within) as unfinished:
        with ExitStack() as stack:
            writer = _WRITERS[path.suffix](unfinished, kinds, stack)
            while group := list(islice(left, _GROUP)):
                writer.write(group)
                written += len(group)
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())  # a power cut leaves the old table or the new one
    return written


class _Parquet:
    def __init__(self, path: Path, kinds: Mapping[str, type], stack: ExitStack) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
        self._schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
        self._file = stack.enter_context(pq.ParquetWriter(path, self._schema, compression="zstd"))

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        import pyarrow as pa

        self._file.write_table(pa.Table.from_pylist(list(map(dict, rows)), schema=self._schema))


class _Csv:
    def __init__(self, path: Path, kinds: Mapping[str, type], stack: ExitStack) -> None:
        file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
        self._file = csv.writer(file, lineterminator="\n")
        self._names = list(kinds)
        self._file.writerow(map(_safe, self._names))

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._file.writerows([_safe(row[name]) for name in self._names] for row in rows)


class _Lines:
    def __init__(self, path: Path, kinds: Mapping[str, type], stack: ExitStack) -> None:
        self._file = stack.enter_context(path.open("w", encoding="utf-8"))
        self._names = list(kinds)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            record = {name: row[name] for name in self._names}
            self._file.write(json.dumps(record, allow_nan=False, ensure_ascii=False) + "\n")


_WRITERS: dict[str, type[_Parquet] | type[_Csv] | type[_Lines]] = {
    ".parquet": _Parquet,
    ".csv": _Csv,
    ".jsonl": _Lines,
}
