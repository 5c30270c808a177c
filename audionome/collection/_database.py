"""An SQLite file of ours: one writer at a time, safe from crashes, and sentences where it fails."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audionome.files import OutputError, reason_of

__all__ = ["Database"]

_KIND = 0x41554449  # stands in the head of our files: "AUDI"
_FORM = 1
_PAGE = 1000  # rows in memory at a time
_CACHE = 8 << 10  # KiB
_PATIENCE = 1.0  # s for one who reads to come to an end
_TABLES = """
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    name BLOB PRIMARY KEY,
    found INTEGER NOT NULL DEFAULT 0, found_bytes INTEGER, found_modified INTEGER,
    bytes INTEGER, modified INTEGER, content TEXT, work TEXT, row TEXT, data BLOB,
    error TEXT, tried INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX by_content ON files (content, work);
CREATE INDEX by_size ON files (bytes) WHERE row IS NOT NULL;
"""


class Database:
    """A file with notes, and a row per recording; see `audionome.collection.store.Store`."""

    def __init__(self, path: Path, *, writing: bool = True) -> None:
        self.path = path
        self._writing = writing
        with self._sentences():
            if not writing and not path.is_file():
                raise OutputError(f'There is no file "{path}".')
            self._open()

    def _open(self) -> None:
        self._link = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            self._link.execute(f"PRAGMA cache_size = -{_CACHE}")
            if self._writing:
                self._require_ours()
                self._link.execute("PRAGMA locking_mode = EXCLUSIVE")
                # A killed process loses nothing, and a power cut at most the last rows.
                self._link.execute("PRAGMA journal_mode = WAL")
                self._link.execute("PRAGMA synchronous = NORMAL")
                self._link.execute("BEGIN IMMEDIATE")
                if not self._known():
                    self._begin()
            else:
                self._require_ours()
                if not self._known():
                    raise OutputError(f'"{self.path}" is empty: nothing was written to it yet.')
        except BaseException:
            self._link.close()
            raise

    def _require_ours(self) -> None:
        """Require one of our files, or a new one, before anything is written to it."""
        kind = self._link.execute("PRAGMA application_id").fetchone()[0]
        form = self._link.execute("PRAGMA user_version").fetchone()[0]
        if kind != _KIND and (kind or self._link.execute("SELECT 1 FROM sqlite_master").fetchone()):
            raise OutputError(f'"{self.path}" is not a file of Audionome; give another name.')
        if kind == _KIND and form != _FORM:
            raise OutputError(
                f'"{self.path}" was written by another version of Audionome; move it away.'
            )

    def _known(self) -> bool:
        found = self._link.execute("SELECT 1 FROM sqlite_master WHERE name = 'files'").fetchone()
        return found is not None

    def _begin(self) -> None:
        for statement in _TABLES.split(";"):
            self._link.execute(statement)
        self._link.execute(f"PRAGMA application_id = {_KIND}")
        self._link.execute(f"PRAGMA user_version = {_FORM}")
        self.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Keep what was put, and let others write."""
        try:
            if self._writing:
                with self._sentences():
                    if self._link.in_transaction:
                        self._link.execute("COMMIT")
                    # All of it in one file again, which can be copied and read anywhere.
                    self._link.execute("PRAGMA journal_mode = DELETE")
        finally:
            self._link.close()

    def commit(self) -> None:
        """Make what was put safe."""
        with self._sentences():
            if self._link.in_transaction:
                self._link.execute("COMMIT")
            self._link.execute("BEGIN IMMEDIATE")

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turn what SQLite says into a sentence for whoever can mend it."""
        try:
            yield
        except OSError as error:
            raise OutputError(f'"{self.path}" cannot be used: {reason_of(error)}.') from error
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                text = f'Another run is writing to "{self.path}"; wait for it, or end it.'
            elif name.startswith("SQLITE_FULL"):
                text = f'"{self.path}" cannot be written: the disk is full.'
            elif name.startswith("SQLITE_NOTADB"):
                text = f'"{self.path}" is not a file of Audionome; give another name.'
            elif name.startswith("SQLITE_CORRUPT"):
                text = f'"{self.path}" is damaged; delete it, and begin again.'
            elif name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
                text = f'"{self.path}" cannot be opened; may you write to its folder?'
            else:
                text = f'"{self.path}" cannot be used ({error}).'
            raise OutputError(text) from error

    def _do(self, statement: str, values: Mapping[str, Any] | tuple[Any, ...] = ()) -> int:
        with self._sentences():
            return self._link.execute(statement, values).rowcount

    def _ask(self, question: str, values: Mapping[str, Any] | tuple[Any, ...] = ()) -> list[Any]:
        with self._sentences():
            return self._link.execute(question, values).fetchall()

    def _paged(self, question: str, **values: Any) -> Iterator[tuple[Any, ...]]:
        """Yield what is found page by page, so that others may write in between."""
        after = b""
        while page := self._ask(question, {**values, "after": after, "page": _PAGE}):
            for name, *rest in page:
                yield (os.fsdecode(name), *rest)
            after = page[-1][0]
