"""The nearest of many vectors: exactly, and beyond `MANY` with a graph (usearch) beside the index.

The vectors have length 1, so that their product is the cosine. The graph is a file that can be made
again at any time; the notes of the index say which one belongs to it. What the graph proposes is
ranked by the vectors themselves.

References
----------
.. [1] Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using
       hierarchical navigable small world graphs (TPAMI 42, 2020), which usearch implements.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome import files
from audionome._extras import MissingExtraError, require_extra
from audionome.collection.vectors import VectorStore

__all__ = ["MANY", "Exact", "Graph", "arrange", "finder", "graph_of", "put_up", "take_down"]

#: Tracks up to which every search looks at all of them.
MANY = 100_000
#: Candidates from which on it does so even beyond.
_DEEP = 10_000

_NOTE = "graph"
_CONNECTIVITY = 16
_ADDING, _SEARCHING = 64, 256  # candidates that the graph keeps
_HEAD = 1 << 20  # bytes at either end that tell two graphs apart


class Exact:
    """Looks at every vector.

    Parameters
    ----------
    store : VectorStore
    work : str
    size : int
        Numbers of a vector.
    """

    def __init__(self, store: VectorStore, work: str, size: int) -> None:
        parts = list(store.vectors(work, size))
        self._numbers = np.concatenate([np.empty(0, np.int64), *(n for n, _ in parts)])
        self._vectors = np.concatenate([np.empty((0, size), np.float32), *(v for _, v in parts)])

    def nearest(self, vector: NDArray[np.floating], k: int) -> list[int]:
        """Return the numbers of the nearest rows.

        Parameters
        ----------
        vector : ndarray of shape (size,)
            Of length 1.
        k : int

        Returns
        -------
        list of int
            In any order; all of them if there are no more than ``k``.
        """
        cosine = self._vectors @ np.asarray(vector, dtype=np.float32)
        if k >= len(cosine):
            return [int(n) for n in self._numbers]
        return [int(n) for n in self._numbers[np.argpartition(-cosine, k)[:k]]]


class Graph:
    """Looks where the graph leads.

    Parameters
    ----------
    path : Path
        Of the graph; it stays on the disk.
    store, work, size
        As for `Exact`, which does the searches that want very many.
    """

    def __init__(self, path: Path, store: VectorStore, work: str, size: int) -> None:
        from usearch.index import Index

        self._index = Index.restore(str(path), view=True)
        self._index.expansion_search = _SEARCHING
        self._everything = (store, work, size)

    def nearest(self, vector: NDArray[np.floating], k: int) -> list[int]:
        """Return the numbers of the nearest rows; a few may be missed.

        Parameters
        ----------
        vector : ndarray of shape (size,)
            Of length 1.
        k : int

        Returns
        -------
        list of int
            In any order.
        """
        if k > _DEEP:
            return Exact(*self._everything).nearest(vector, k)
        found = self._index.search(np.asarray(vector, dtype=np.float32), k)
        return [int(n) for n in found.keys]


def graph_of(index: Path) -> Path:
    """Return the file of the graph beside an index.

    Parameters
    ----------
    index : Path

    Returns
    -------
    Path
        It need not exist.

    Examples
    --------
    >>> graph_of(Path("my.index")).name
    'my.index.graph'
    """
    return index.with_name(f"{index.name}.graph")


def finder(store: VectorStore, work: str, size: int) -> Exact | Graph:
    """Return what finds the nearest rows of a store.

    Parameters
    ----------
    store : VectorStore
    work : str
    size : int
        Numbers of a vector.

    Returns
    -------
    Exact or Graph
        The graph if there is one, and it belongs to these rows.
    """
    path = graph_of(store.path)
    if store.noted(_NOTE) and _stamp(path) == store.noted(_NOTE) and _has_engine():
        return Graph(path, store, work, size)
    return Exact(store, work, size)


def take_down(store: VectorStore) -> str:
    """Mark the graph as one that belongs to the rows no more, as they may change now.

    Parameters
    ----------
    store : VectorStore

    Returns
    -------
    str
        What `put_up` wants if nothing has changed.
    """
    before = store.noted(_NOTE) or ""
    store.note(_NOTE, "")
    return before


def put_up(store: VectorStore, before: str) -> bool:
    """Mark the graph as the one that belongs to the rows: nothing has changed since `take_down`.

    Parameters
    ----------
    store : VectorStore
    before : str
        From `take_down`.

    Returns
    -------
    bool
        Whether the graph is there and belongs to the rows again.
    """
    good = bool(before) and _stamp(graph_of(store.path)) == before
    if good:
        store.note(_NOTE, before)
        store.commit()
    return good


def arrange(store: VectorStore, work: str, size: int) -> bool:
    """Make the graph of a store that holds many rows, and remove it from one that does not.

    Parameters
    ----------
    store : VectorStore
    work : str
    size : int
        Numbers of a vector.

    Returns
    -------
    bool
        Whether there is a graph now. There is none if its engine is not installed.

    Raises
    ------
    audionome.files.OutputError
        If it cannot be written.
    """
    path = graph_of(store.path)
    if store.count(work) <= MANY or not _has_engine():
        path.unlink(missing_ok=True)
        return False
    index = _empty(size)
    for numbers, vectors in _larger(store.vectors(work, size)):
        index.add(numbers, vectors)
    with files.written_whole(path) as unfinished:
        index.save(str(unfinished))
    store.note(_NOTE, _stamp(path))
    store.commit()
    return True


def _empty(size: int) -> Any:
    from usearch.index import Index

    return Index(
        ndim=size,
        metric="cos",
        dtype="f16",
        connectivity=_CONNECTIVITY,
        expansion_add=_ADDING,
        expansion_search=_SEARCHING,
    )


def _larger(
    parts: Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return vectors in portions that keep all cores busy."""
    kept: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
    for part in parts:
        kept.append(part)
        if sum(len(numbers) for numbers, _ in kept) >= MANY:
            yield _joined(kept)
            kept = []
    if kept:
        yield _joined(kept)


def _joined(
    parts: list[tuple[NDArray[np.int64], NDArray[np.float32]]],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return np.concatenate([n for n, _ in parts]), np.concatenate([v for _, v in parts])


def _has_engine() -> bool:
    try:
        require_extra("collections", "usearch", who="The search of many tracks")
    except MissingExtraError:
        return False
    return True


def _stamp(path: Path) -> str:
    """Return what tells a graph from another, or from half of one: its size and its ends."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_HEAD))
            file.seek(max(0, size - _HEAD), os.SEEK_SET)
            digest.update(file.read(_HEAD))
    except OSError:
        return "none"
    return f"{size}-{digest.hexdigest()[:32]}"
