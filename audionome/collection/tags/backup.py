"""The list that undoes a run: what each file was before, written before the file is replaced.

One JSON object per line and file. A list may come from anywhere: an entry is followed only if the
file is, to the last byte, the one that was written, if what comes out is the one that was
there before, and if it sounds the same. So no list can put anything else into a file.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from audionome import files
from audionome.collection.tags import difference, rewriting, tagfile
from audionome.collection.tags.rewriting import Prepared
from audionome.collection.tags.values import TagError, Values
from audionome.errors import AudionomeError

__all__ = ["Backup", "BackupError", "Entry", "Undone", "entries", "undo"]

_FORMAT = "audionome tag backup 1"
_LONGEST = 64 << 20  # bytes of a line


class BackupError(AudionomeError):
    """A list that cannot be used; the text says why in one plain sentence."""


@dataclass(frozen=True)
class Entry:
    """How one file was changed.

    Attributes
    ----------
    file : str
        Its absolute path.
    was, now : audionome.collection.tags.values.Values
    bytes, sha256 : int, str
        Of the file that was written.
    old_bytes, old_sha256, modified : int, str, int
        Of the file before; the last is when it had been changed (ns).
    parts : list or None
        How it is made again; None where only the values can come back.
    """

    file: str
    was: Values
    now: Values
    bytes: int
    sha256: str
    old_bytes: int
    old_sha256: str
    modified: int
    parts: difference.Parts | None

    @classmethod
    def of(cls, prepared: Prepared, was: Values, now: Values) -> Self:
        """Return the entry about a file that will be replaced.

        Parameters
        ----------
        prepared : audionome.collection.tags.rewriting.Prepared
        was, now : audionome.collection.tags.values.Values

        Returns
        -------
        Entry
        """
        return cls(
            file=str(prepared.path),
            was=was,
            now=now,
            bytes=prepared.bytes,
            sha256=prepared.sha256,
            old_bytes=prepared.old_bytes,
            old_sha256=prepared.old_sha256,
            modified=prepared.modified,
            parts=prepared.parts,
        )


class Backup:
    """A new list, which grows by an entry before each file is replaced.

    Parameters
    ----------
    path : Path
        It must not exist: no list is ever overwritten.
    begun : callable, optional
        Called when it has its first entry, before the first file is replaced.

    Raises
    ------
    audionome.files.OutputError
        If it exists, does not end in ``.jsonl``, or cannot be written.
    """

    def __init__(self, path: Path, *, begun: Callable[[], None] | None = None) -> None:
        self.path = path
        self._begun = begun
        files.require_output_file(path, {".jsonl"})
        if os.path.lexists(path):
            raise files.OutputError(
                f'"{path}" is there already, and may be needed to undo an earlier run; give '
                "another name."
            )
        try:
            self._file = path.open("x", encoding="utf-8")
        except OSError as error:
            raise files.OutputError(
                f'"{path}" cannot be written: {files.reason_of(error)}.'
            ) from error
        self.entries = 0
        self._write({"format": _FORMAT})

    def add(self, entry: Entry) -> None:
        """Write an entry, and see that it reaches the disk."""
        self._write(asdict(entry))
        self.entries += 1
        if self.entries == 1 and self._begun is not None:
            self._begun()

    def _write(self, record: dict[str, Any]) -> None:
        try:
            print(json.dumps(record), file=self._file, flush=True)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise files.OutputError(
                f'"{self.path}" cannot be written: {files.reason_of(error)}; no further file is '
                "changed."
            ) from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the list; one without an entry is deleted."""
        with contextlib.suppress(OSError):
            self._file.close()
            if not self.entries:
                self.path.unlink()


# -- reading ------------------------------------------------------------------------------


def entries(path: Path) -> Iterator[Entry]:
    """Read a list.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Entry
        In the order in which the files were changed. A last line that a crash cut short is left
        out: its file was not replaced.

    Raises
    ------
    BackupError
        If it cannot be read, or is no such list.
    """
    try:
        with path.open("rb") as file:
            head = _record(file.readline(_LONGEST))
            if head is None or head.get("format") != _FORMAT:
                raise BackupError(
                    f'"{path.name}" is no backup list of "audionome tag"; give the one that the '
                    "run named at its end."
                )
            for number, line in enumerate(_lines(file), start=2):
                record = _record(line)
                entry = None if record is None else _entry(record)
                if entry is None:
                    if not line.endswith(b"\n"):
                        return
                    raise BackupError(
                        f'Line {number} of "{path.name}" is not what "audionome tag" wrote; undo '
                        "with an unchanged copy of it."
                    )
                yield entry
    except OSError as error:
        raise BackupError(f'"{path}" cannot be read: {files.reason_of(error)}.') from error


def _lines(file: Any) -> Iterator[bytes]:
    while line := file.readline(_LONGEST):
        yield line


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _entry(record: dict[str, Any]) -> Entry | None:
    """Return the entry that a record is, if all of it has the right type."""
    try:
        was, now = _values(record.pop("was")), _values(record.pop("now"))
        entry = Entry(was=was, now=now, **record)
    except (KeyError, TypeError, ValueError):
        return None
    numbers = (entry.bytes, entry.old_bytes, entry.modified)
    words = (entry.file, entry.sha256, entry.old_sha256)
    sound = (
        all(type(number) is int and 0 <= number < 1 << 63 for number in numbers)
        and all(isinstance(word, str) and "\0" not in word for word in words)
        and isinstance(entry.parts, list | None)
        and entry.old_bytes <= entry.bytes + _LONGEST
        and os.path.isabs(entry.file)
    )
    return entry if sound else None


def _values(record: dict[str, Any]) -> Values:
    genres, tempo, ear = record["genres"], record["tempo"], record["ear"]
    if not all(isinstance(word, str) for word in [*genres, *ear]):
        raise TypeError
    if tempo is not None and type(tempo) is not int:
        raise TypeError
    return Values(tuple(genres), tempo, tuple(ear))


# -- undoing ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Undone:
    """What became of one entry.

    Attributes
    ----------
    entry : Entry
    how : {"bytes", "values", "before", "refused"}
        The old file is back to the last byte, or its values alone are; it was as before already;
        or nothing was done.
    why : str
        A sentence, if nothing was done.
    """

    entry: Entry
    how: Literal["bytes", "values", "before", "refused"]
    why: str = ""


def undo(path: Path, moved: Iterable[Path] = (), *, separate: bool = False) -> Iterator[Undone]:
    """Bring back what the files of a list were before, the last one first.

    Parameters
    ----------
    path : Path
        The list; it stays as it is.
    moved : iterable of Path
        Files among which those are looked for that are no longer where they were.
    separate : bool
        As for `audionome.collection.tags.rewriting.prepare`.

    Yields
    ------
    Undone

    Raises
    ------
    BackupError
        If the list cannot be used; nothing has been changed then.
    """
    found = list(entries(path))
    by_size: dict[int, list[Path]] = {}
    for candidate in moved:
        with contextlib.suppress(OSError):
            by_size.setdefault(candidate.stat().st_size, []).append(candidate)
    for entry in reversed(found):
        try:
            yield Undone(entry, _undo(entry, by_size, separate=separate))
        except AudionomeError as error:
            yield Undone(entry, "refused", str(error))
        except OSError as error:
            name = os.path.basename(entry.file)
            why = f'"{name}" cannot be read: {files.reason_of(error)}.'
            yield Undone(entry, "refused", why)


def _undo(
    entry: Entry, by_size: dict[int, list[Path]], *, separate: bool
) -> Literal["bytes", "values", "before"]:
    place, seen = _found(entry, by_size)
    if seen == (entry.old_bytes, entry.old_sha256):
        return "before"
    if entry.parts is None:
        was = entry.was

        def make(source: Path, target: Path) -> None:
            tagfile.write(source, target, was)

        rewriting.prepare(place, make, separate=separate, undoable=False).replace()
        return "values"
    prepared = rewriting.prepare(place, _maker(entry), separate=separate, undoable=False)
    prepared.replace(modified=entry.modified)
    return "bytes"


def _maker(entry: Entry) -> Any:
    def make(source: Path, target: Path) -> None:
        made = ""
        with target.open("wb") as out, contextlib.suppress(AudionomeError):
            made = difference.rebuild(source, entry.parts or [], out, size=entry.old_bytes)
        if made != entry.old_sha256:
            raise TagError(
                f'"{source.name}" is left as it is: the list does not give the file that it says.'
            )

    return make


def _found(entry: Entry, by_size: dict[int, list[Path]]) -> tuple[Path, tuple[int, str]]:
    """Return where the file lies now, with its size and digest: of those after or before."""
    known = [(entry.bytes, entry.sha256), (entry.old_bytes, entry.old_sha256)]
    place = Path(entry.file)
    there = place.is_file()
    places = [place] if there else []
    places += [candidate for size, _ in known for candidate in by_size.get(size, [])]
    for candidate in places:
        seen = candidate.stat().st_size, difference.digest(candidate)
        if seen in known:
            return candidate, seen
    if there:
        raise TagError(
            f'"{place.name}" was changed since, so it is left as it is; {_told(entry.was)}.'
        )
    where = "" if by_size else "; if it was moved, name the folder where it lies now, too"
    raise TagError(f'"{place.name}" is no longer in "{place.parent}"{where}.')


def _told(was: Values) -> str:
    if was.genres:
        return f'its genre was "{"; ".join(was.genres)}"'
    return "it had no genre"
