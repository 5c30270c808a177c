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

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome import files
from audionome._extras import MissingExtraError, require_extra
from audionome.collection.vectors import VectorStore

__all__ = [
    "MANY",
    "Exact",
    "Graph",
    "arrange",
    "finder",
    "graph_of",
    "has_engine",
    "put_up",
    "take_down",
]

#: Tracks up to which every search looks at all of them.
MANY = 100_000
#: Candidates from which on it does so even beyond.
_DEEP = 10_000

_NOTE = "graph"
_LAST = "last graph"  # the note of the graph that belonged to the rows before they changed
_WORN = "vectors taken out of the graph"  # the note of how many, since it was made anew
_MOST_WORN = 0.2  # of all tracks; and so many may be new
_CONNECTIVITY = 16
_ADDING, _SEARCHING = 64, 256  # candidates that the graph keeps
_READ = 1 << 20  # bytes read at a time


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

    Raises
    ------
    audionome.files.OutputError
        If it cannot be read.
    """

    def __init__(self, path: Path, store: VectorStore, work: str, size: int) -> None:
        self._index = _restored(path, view=True)
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
    if has_engine() and _is_that(path, store.noted(_NOTE)):
        with contextlib.suppress(files.OutputError):
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
    if before:
        store.note(_LAST, before)
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
    good = _is_that(graph_of(store.path), before)
    if good:
        store.note(_NOTE, before)
        store.commit()
    return good


def arrange(store: VectorStore, work: str, size: int) -> bool:
    """Make the graph of a store that holds many rows, and remove it from one that does not.

    A graph that belonged to the rows before they changed is mended where little is new: what is
    in it is compared with the rows, so that nothing hangs on what was done in between.

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
    if store.count(work) <= MANY or not has_engine():
        path.unlink(missing_ok=True)
        return False
    if (mended := _mended(store, work, size)) is not None:
        index, worn = mended
    else:
        index, worn = _empty(size), 0
        for numbers, vectors in _larger(store.vectors(work, size)):
            index.add(numbers, vectors)
    with files.written_whole(path) as unfinished:
        index.save(str(unfinished))
    store.note(_NOTE, _stamp(path))
    store.note(_WORN, str(worn))
    store.commit()
    return True


def _mended(store: VectorStore, work: str, size: int) -> tuple[Any, int] | None:
    """Return the last graph with what is new in it and without what is gone.

    And how many vectors were taken out of it since it was made. None if there is none that belonged
    to the rows, or it is better made anew: what was taken out leaves marks, and what is put into
    its place is found a little worse. (Of 60 000 made-up vectors, 0.999 of the ten nearest were
    found when a fifth had been exchanged, and 0.992 when that had been done eight times.)
    """
    path = graph_of(store.path)
    if not _is_that(path, store.noted(_LAST)):
        return None
    try:
        index = _restored(path)
    except files.OutputError:
        return None
    if index.ndim != size or str(index.dtype) != str(_empty(size).dtype):
        return None
    total = store.count(work)
    known = [np.empty(0, np.int64)]
    added, n_new = [], 0
    for numbers, vectors in _larger(store.vectors(work, size)):
        inside = np.asarray(index.contains(numbers), dtype=bool)
        same = inside.copy()
        if inside.any():
            held = np.asarray(index.get(numbers[inside]), dtype=np.float16)
            same[inside] = (held == vectors[inside].astype(np.float16)).all(axis=1)
        known.append(numbers[same])
        n_new += int((~same).sum())
        if n_new > _MOST_WORN * total:
            return None
        added.append((numbers[~same], vectors[~same]))
    gone = np.setdiff1d(np.asarray(index.keys, dtype=np.int64), np.concatenate(known))
    worn = int(store.noted(_WORN) or 0) + len(gone)
    if worn > _MOST_WORN * total:
        return None
    if len(gone):
        index.remove(gone)
    index.expansion_add = _ADDING
    numbers, vectors = _joined(added)
    if len(numbers):
        index.add(numbers, vectors)
    return (index, worn) if len(index) == total else None


def _restored(path: Path, *, view: bool = False) -> Any:
    """Return a graph that was saved; with ``view`` it stays on the disk, and only reads."""
    from usearch.index import Index

    try:
        index = Index.restore(str(path), view=view)
    except Exception as error:  # the engine has errors of its own
        raise files.OutputError(f'"{path}" is damaged; index again.') from error
    if index is None:
        raise files.OutputError(f'"{path}" is damaged; index again.')
    return index


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


def has_engine() -> bool:
    """Return whether the package is installed that makes and reads graphs."""
    try:
        require_extra("collections", "usearch", who="The search of many tracks")
    except MissingExtraError:
        return False
    return True


def _stamp(path: Path) -> str:
    """Return what tells a graph from another, and from a damaged one: its size, time and hash."""
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}-{_hashed(path)}"


def _is_that(path: Path, stamp: str | None) -> bool:
    """Return whether a graph is there as it was written.

    A damaged one may end the whole process, as the engine trusts it. All of it is read only if
    its time is another: it was copied, or changed.
    """
    size, _, rest = (stamp or "").partition("-")
    modified, _, digest = rest.partition("-")
    try:
        status = path.stat()
        if not digest or str(status.st_size) != size:
            return False
        return str(status.st_mtime_ns) == modified or _hashed(path) == digest
    except OSError:
        return False


def _hashed(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ):
            digest.update(block)
    return digest.hexdigest()[:32]
