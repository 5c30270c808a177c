"""The memory of a run over many files: one SQLite file that a crash cannot spoil.

A file is known by its *name* (absolute path or URL). Of each the store keeps what the last walk saw
of it, and what a piece of work made of it: a row of values, or the sentence that says why there is
none. Every row is safe as soon as `Store.put` and `Store.commit` have returned, and one store has
one writer at a time: the system itself takes the lock from a process that dies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audionome.collection._database import Database
from audionome.collection.sources import is_url
from audionome.files import Entry

__all__ = ["Row", "Store", "packed", "unpacked"]

# Done: there is a row of this work, and the file is as it was then.
_DONE = "work = :work AND bytes = found_bytes AND modified = found_modified"
_LEFT = f"found = :run AND tried <> :run AND NOT coalesce({_DONE}, 0)"
_MOVED = -1  # stands for the run that found a file which has another name now
# May have the content of a row: its own, or that of a file of this size that is gone or was
# changed.
_ALIKE = """(row IS NOT NULL AND work = :work OR EXISTS (
    SELECT 1 FROM files AS other WHERE other.bytes = files.found_bytes AND other.row IS NOT NULL
    AND other.work = :work AND (other.found <> :run OR other.bytes <> other.found_bytes
    OR other.modified <> other.found_modified)))"""


@dataclass(frozen=True)
class Row:
    """What a piece of work made of a file.

    Attributes
    ----------
    name : str
        Absolute path, or URL.
    content : str
        Hash of its content; see `audionome.audio.content_hash`.
    work : str
        Which work made it; see `audionome.collection.work.Work`.
    bytes, modified : int
        Size of the file and time of its last change (ns) when it was read.
    values : dict
        Texts, finite numbers, truth values, None, lists of these; and `bytes`, which stay as they
        are.
    """

    name: str
    content: str
    work: str
    bytes: int
    modified: int
    values: Mapping[str, Any]


def packed(values: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return values as the store keeps them: JSON, and the bytes among them joined.

    Parameters
    ----------
    values : mapping

    Returns
    -------
    text : str
    data : bytes

    Raises
    ------
    ValueError
        If a number is not finite.
    TypeError
        If a value is of a kind that cannot be kept.
    """
    blobs = {key: value for key, value in values.items() if isinstance(value, bytes)}
    plain = {key: None if key in blobs else value for key, value in values.items()}
    sizes = {key: len(value) for key, value in blobs.items()}
    text = json.dumps([plain, sizes], allow_nan=False, separators=(",", ":"))
    return text, b"".join(blobs.values())


def unpacked(text: str, data: bytes) -> dict[str, Any]:
    """Return values of the form in which the store keeps them.

    Parameters
    ----------
    text : str
    data : bytes
        From `packed`.

    Returns
    -------
    dict
    """
    values, sizes = json.loads(text)
    at = 0
    for key, size in sizes.items():
        values[key] = data[at : at + size]
        at += size
    found: dict[str, Any] = values
    return found


class Store(Database):
    """A file of rows, one per recording.

    Parameters
    ----------
    path : Path
        Made if it does not exist.
    writing : bool
        False: only read, as several may at once.

    Raises
    ------
    OutputError
        If another run is writing to it, or it is no file of ours, or it cannot be read or written.
        So do all methods.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Store(Path(folder.name, "rows")) as store:
    ...     store.put(Row("/music/a.mp3", "0f", "count", 10, 0, {"n": 3, "vector": b"abc"}))
    ...     [dict(row.values) for row in store.rows("count")]
    [{'n': 3, 'vector': b'abc'}]
    >>> folder.cleanup()
    """

    # -- notes ----------------------------------------------------------------------------

    def note(self, key: str, value: str) -> None:
        """Keep a word about all of it, such as which kind of rows it holds.

        Parameters
        ----------
        key, value : str
        """
        self._do("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, value))

    def noted(self, key: str) -> str | None:
        """Return what was noted under a key.

        Parameters
        ----------
        key : str

        Returns
        -------
        str or None
            None if nothing was.
        """
        found = self._ask("SELECT value FROM notes WHERE key = ?", (key,))
        return found[0][0] if found else None

    # -- rows -----------------------------------------------------------------------------

    def put(self, row: Row, *, made: tuple[str, bytes] | None = None) -> None:
        """Keep a row; one of the same name is replaced, and so is its failure.

        Parameters
        ----------
        row : Row
        made : (str, bytes), optional
            Its values as `packed` gives them, where another process has packed them.
        """
        text, data = packed(row.values) if made is None else made
        self._do(
            "INSERT INTO files (name, bytes, modified, content, work, row, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
            "bytes = excluded.bytes, modified = excluded.modified, content = excluded.content, "
            "work = excluded.work, row = excluded.row, data = excluded.data, error = NULL",
            (_key(row.name), row.bytes, row.modified, row.content, row.work, text, data),
        )

    def fail(self, name: str, sentence: str, *, run: int = 0) -> None:
        """Keep why there is no row for a file; a row that it had is gone.

        Parameters
        ----------
        name, sentence : str
        run : int
            The run that tried it; see `begin_run`.
        """
        self._do(
            "INSERT INTO files (name, error, tried) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
            "SET error = excluded.error, tried = excluded.tried, bytes = NULL, modified = NULL, "
            "content = NULL, work = NULL, row = NULL, data = NULL",
            (_key(name), _encoded(sentence), run),
        )

    def rows(self, work: str | None = None) -> Iterator[Row]:
        """Yield the rows, by name.

        Parameters
        ----------
        work : str, optional
            Only those of this work.

        Yields
        ------
        Row
            Memory does not grow with their number.
        """
        question = (
            "SELECT name, content, work, bytes, modified, row, data FROM files WHERE name > :after "
            "AND row IS NOT NULL AND (:work IS NULL OR work = :work) ORDER BY name LIMIT :page"
        )
        for name, content, done, size, modified, text, data in self._paged(question, work=work):
            yield Row(name, content, done, size, modified, unpacked(text, data))

    def failures(self) -> Iterator[tuple[str, str]]:
        """Yield each file without a row, by name, and the sentence that says why.

        Yields
        ------
        name, sentence : str
        """
        question = (
            "SELECT name, error FROM files WHERE name > :after AND error IS NOT NULL "
            "ORDER BY name LIMIT :page"
        )
        for name, sentence in self._paged(question):
            yield name, str(sentence)

    def count(self, work: str | None = None) -> int:
        """Return how many rows there are.

        Parameters
        ----------
        work : str, optional
            Only those of this work.

        Returns
        -------
        int
        """
        question = (
            "SELECT count(*) FROM files WHERE row IS NOT NULL AND (:work IS NULL OR work = :work)"
        )
        return int(self._ask(question, {"work": work})[0][0])

    def forget(self, names: Iterable[str]) -> None:
        """Drop all that is known of some files.

        Parameters
        ----------
        names : iterable of str
        """
        for name in names:
            self._do("DELETE FROM files WHERE name = ?", (_key(name),))

    def clear(self) -> None:
        """Drop everything."""
        self._do("DELETE FROM files")
        self._do("DELETE FROM notes")
        self.commit()

    # -- what a run asks ------------------------------------------------------------------

    def begin_run(self) -> int:
        """Return the number of a new run."""
        run = int(self.noted("run") or 0) + 1
        self.note("run", str(run))
        self.commit()
        return run

    def found(self, entry: Entry, *, run: int) -> None:
        """Keep that a walk came by a file.

        Parameters
        ----------
        entry : audionome.files.Entry
        run : int
        """
        self._do(
            "INSERT INTO files (name, found, found_bytes, found_modified) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET found = excluded.found, "
            "found_bytes = excluded.found_bytes, found_modified = excluded.found_modified",
            (_key(entry.name), run, entry.bytes, entry.modified),
        )

    def todo(self, run: int, work: str, *, alike: bool = False) -> Iterator[str]:
        """Yield the files that a run found and that are neither done nor tried in it, by name.

        Parameters
        ----------
        run : int
        work : str
        alike : bool
            Only those that may have the content of a row whose file was moved, touched or tagged.

        Yields
        ------
        str
        """
        question = (
            f"SELECT name FROM files WHERE name > :after AND {_LEFT} "
            f"{f'AND {_ALIKE}' if alike else ''} ORDER BY name LIMIT :page"
        )
        return (name for (name,) in self._paged(question, run=run, work=work))

    def count_alike(self, run: int, work: str) -> int:
        """Return how many files `todo` yields of those that are alike.

        Parameters
        ----------
        run : int
        work : str

        Returns
        -------
        int
        """
        question = f"SELECT count(*) FROM files WHERE {_LEFT} AND {_ALIKE}"
        return int(self._ask(question, {"run": run, "work": work})[0][0])

    def counts(self, run: int, work: str) -> tuple[int, int]:
        """Return how many files a run found, and how many of them are done.

        Parameters
        ----------
        run : int
        work : str

        Returns
        -------
        found, done : int
        """
        question = (
            f"SELECT count(*), coalesce(sum(coalesce({_DONE}, 0)), 0) FROM files WHERE found = :run"
        )
        n, done = self._ask(question, {"run": run, "work": work})[0]
        return int(n), int(done)

    def last_seen(self, name: str) -> Entry:
        """Return a file as the last walk saw it.

        Parameters
        ----------
        name : str

        Returns
        -------
        audionome.files.Entry
        """
        question = "SELECT found_bytes, found_modified FROM files WHERE name = ?"
        size, modified = self._ask(question, (_key(name),))[0]
        return Entry(name, int(size), int(modified))

    def reuse(self, seen: Entry, content: str, work: str) -> bool:
        """Give a file the row of another with the same content.

        Parameters
        ----------
        seen : audionome.files.Entry
            The file as it is.
        content, work : str

        Returns
        -------
        bool
            Whether there was one.
        """
        found = self._ask(
            "SELECT row, data FROM files WHERE content = ? AND work = ? AND row IS NOT NULL "
            "LIMIT 1",
            (content, work),
        )
        if found:
            self.put(Row(seen.name, content, work, seen.bytes, seen.modified, {}), made=found[0])
        return bool(found)

    def moved(self, name: str, content: str, *, run: int) -> None:
        """Note that a file has the content of others; those that are gone were moved to it.

        A folder that cannot be read, and a file that the run found, are not gone. The rows of those
        that are go with `unseen`, when every file that has the same content has got its row.

        Parameters
        ----------
        name, content : str
        run : int
        """
        question = (
            "SELECT name FROM files WHERE content = ? AND name <> ? AND found NOT IN (?, ?) "
            "AND tried <> ?"
        )
        for (other,) in self._ask(question, (content, _key(name), run, _MOVED, run)):
            if _is_gone(os.fsdecode(other)):
                self._do("UPDATE files SET found = ? WHERE name = ?", (_MOVED, other))

    def names(self) -> Iterator[str]:
        """Yield every file that something is known of, by name.

        Yields
        ------
        str
        """
        question = "SELECT name FROM files WHERE name > :after ORDER BY name LIMIT :page"
        return (name for (name,) in self._paged(question))

    def unseen(self, run: int) -> Iterator[tuple[str, str | None, bool]]:
        """Yield the files that a run did not find, by name.

        Parameters
        ----------
        run : int

        Yields
        ------
        name : str
        work : str or None
            Of its row.
        moved : bool
            Whether it has another name now; see `moved`.
        """
        question = (
            "SELECT name, work, found FROM files WHERE name > :after AND found <> :run "
            "AND tried <> :run ORDER BY name LIMIT :page"
        )
        for name, work, found in self._paged(question, run=run):
            yield name, work, found == _MOVED


def _key(name: str) -> bytes:
    return os.fsencode(name)


def _is_gone(name: str) -> bool:
    """Return whether a file of this machine is certainly not there."""
    try:
        os.lstat(name)
    except (FileNotFoundError, NotADirectoryError):
        return not is_url(name)
    except (OSError, ValueError):
        return False
    return False


def _encoded(sentence: str) -> str:
    """Return a sentence that SQLite takes; it may name a file with bytes that are no UTF-8."""
    return sentence.encode("utf-8", "backslashreplace").decode()
