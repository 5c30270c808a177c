"""A store whose rows hold a vector each, by their numbers and their content."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome.collection.store import Row, Store, unpacked
from audionome.files import OutputError

__all__ = ["VectorStore"]

_PAGE = 20_000  # vectors read at a time
_ASKED = 500  # rows asked for at a time
_COLUMNS = "name, content, work, bytes, modified, row, data"


class VectorStore(Store):
    """A `Store` whose only bytes in a row are a vector of float32.

    A row has a number, which stays the same while the row is there.
    """

    def get(self, name: str) -> Row | None:
        """Return the row of a file.

        Parameters
        ----------
        name : str

        Returns
        -------
        Row or None
            None if there is none.
        """
        question = f"SELECT {_COLUMNS} FROM files WHERE name = ? AND row IS NOT NULL"
        return next(map(_row, self._ask(question, (os.fsencode(name),))), None)

    def with_content(self, content: str, work: str) -> Row | None:
        """Return a row of some content.

        Parameters
        ----------
        content, work : str

        Returns
        -------
        Row or None
            The first by name; None if there is none.
        """
        question = (
            f"SELECT {_COLUMNS} FROM files WHERE content = ? AND work = ? AND row IS NOT NULL "
            "ORDER BY name LIMIT 1"
        )
        return next(map(_row, self._ask(question, (content, work))), None)

    def numbered(self, numbers: Sequence[int]) -> dict[int, Row]:
        """Return rows by their numbers.

        Parameters
        ----------
        numbers : sequence of int

        Returns
        -------
        dict of int to Row
            Those that are there.
        """
        found: dict[int, Row] = {}
        for at in range(0, len(numbers), _ASKED):
            some = tuple(map(int, numbers[at : at + _ASKED]))
            marks = ",".join("?" * len(some))
            question = (
                f"SELECT rowid, {_COLUMNS} FROM files WHERE rowid IN ({marks}) AND row IS NOT NULL"
            )
            found |= {number: _row(rest) for number, *rest in self._ask(question, some)}
        return found

    def vectors(
        self, work: str, size: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yield numbers and vectors of the rows of a work, some at a time.

        Parameters
        ----------
        work : str
        size : int
            Numbers of a vector.

        Yields
        ------
        numbers : ndarray of shape (n,)
        vectors : ndarray of shape (n, size)

        Raises
        ------
        OutputError
            If a vector has another size.
        """
        question = (
            "SELECT rowid, data FROM files WHERE rowid > ? AND work = ? AND row IS NOT NULL "
            f"ORDER BY rowid LIMIT {_PAGE}"
        )
        after = -1
        while page := self._ask(question, (after, work)):
            numbers = np.array([number for number, _ in page], dtype=np.int64)
            joined = b"".join(data for _, data in page)
            if len(joined) != 4 * size * len(page):
                raise OutputError(f'"{self.path}" is damaged; delete it, and index again.')
            yield numbers, np.frombuffer(joined, dtype="<f4").reshape(len(page), size)
            after = page[-1][0]


def _row(found: Sequence[Any]) -> Row:
    name, content, work, size, modified, text, data = found
    return Row(os.fsdecode(name), content, work, size, modified, unpacked(text, data))
