"""The index of a collection: what sounds like a track, by what the ear hears.

An index is a `audionome.collection.vectors.VectorStore` with a row per recording: artist, title,
length, and a vector of `AXES` numbers, the place of the recording on the principal axes of the
ear's embedding (mean and spread over the windows). `audionome.lab.studies.similar` found that no
more numbers are needed. Two tracks are as alike as the cosine of their vectors says.

>>> from audionome.collection import index
>>> index.build(["Music"], "my.index")  # doctest: +SKIP
>>> with index.Index("my.index") as mine:  # doctest: +SKIP
...     for track in mine.similar(["song.mp3"]).tracks:
...         print(track.artist, track.title)
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audionome import files
from audionome.collection import near, table
from audionome.collection.listening import AXES, identity, listen, names
from audionome.collection.searching import KIND, Found, Index, Track
from audionome.collection.sources import is_url, opened
from audionome.collection.store import Row
from audionome.collection.vectors import VectorStore
from audionome.collection.work import Done, Progress, Work, named, process, require_sources

__all__ = [
    "AXES",
    "SUFFIX",
    "Built",
    "Found",
    "Index",
    "Track",
    "build",
    "errors_beside",
    "require",
]

#: How the name of an index ends.
SUFFIX = ".index"

_ERRORS = {"file": str, "error": str}
_NAMES = "names"  # the note that says whether artists and titles are those of the files


@dataclass(frozen=True)
class Built:
    """What `build` did.

    Attributes
    ----------
    done : audionome.collection.work.Done
    path : Path
    tracks : int
        That can be searched. No new index is left where there are none.
    older : int
        Tracks of an earlier version, outside of the sources, that cannot be searched.
    fast : bool
        False if a search looks at more than `near.MANY` tracks one by one, as usearch is missing.
    errors : Path or None
        The table of files that have no row, and why: ``my.errors.csv``; None if all have one.
    n_errors : int
    """

    done: Done
    path: Path
    tracks: int
    older: int
    fast: bool
    errors: Path | None = None
    n_errors: int = 0


def require(out: Path) -> None:
    """Require, before long work, that an index can be written.

    Parameters
    ----------
    out : Path

    Raises
    ------
    audionome.files.OutputError
        If it cannot be written, or is another file.
    """
    files.require_output_file(out, {SUFFIX})
    errors = errors_beside(out)
    files.require_output_file(errors, {errors.suffix})
    if os.path.lexists(errors) and set(table.columns(errors)) != set(_ERRORS):
        raise files.OutputError(f'"{errors}" is not what this command writes; move it away.')


def errors_beside(out: Path) -> Path:
    """Return where the errors of an index are written.

    Parameters
    ----------
    out : Path

    Returns
    -------
    Path

    Examples
    --------
    >>> errors_beside(Path("my.index")).name
    'my.errors.csv'
    """
    return out.with_suffix(".errors.csv")


def build(
    sources: Iterable[str | Path],
    out: str | Path,
    *,
    jobs: int = -1,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] | None = None,
    forget: Iterable[str | Path] = (),
) -> Built:
    """Listen to a collection, and write or renew its index.

    It can be ended at any moment, and goes on where it stopped. Files that are in the index and
    have not changed are not opened again; files that the sources no longer hold are dropped, and
    so are those that have moved to them from elsewhere.

    Parameters
    ----------
    sources : iterable of str or Path
        Files, folders and URLs.
    out : str or Path
        The index, ``my.index``. Tracks of other folders that it holds stay.
    jobs : int
        Processes; -1 for one per core.
    cluster : str, optional
        Address of a Dask scheduler, whose workers listen instead.
    progress : callable, optional
        Called with a `audionome.collection.work.Progress` after every file.
    tell : callable, optional
        Called with a sentence when a step begins that takes long.
    forget : iterable of str or Path
        Files, folders and URLs, there or not, whose tracks are dropped.

    Returns
    -------
    Built

    Raises
    ------
    audionome.files.OutputError
        If the index cannot be written, is another file, or is being written by another run.
    AudionomeError
        If a source does not exist or holds no recording.
    """
    out, sources = Path(out), list(sources)
    require(out)
    new = not os.path.lexists(out)
    if new:
        require_sources([named(source) for source in sources])
    work = Work(identity(), listen, same=identity)
    with _unless_bare(out, new=new), VectorStore(out) as store:
        if (store.noted("kind") or KIND) != KIND or (not store.noted("kind") and store.count()):
            raise files.OutputError(f'"{out}" is no index; give another name.')
        store.note("kind", KIND)
        before = near.take_down(store)
        whole = store.noted(_NAMES) == "whole"
        store.note(_NAMES, "begun")
        store.commit()
        rows = store.count()
        done = process(
            sources, store, work, jobs=jobs, cluster=cluster, progress=progress, forget=forget
        )
        if done.reused or not whole:
            _renew_names(store, work.id)
        store.note(_NAMES, "whole")
        store.commit()
        tracks = store.count(work.id)
        # A file that failed and had a row has none now.
        changed = done.computed or done.reused or done.gone or store.count() != rows
        arranged = not changed and near.put_up(store, before)
        if not arranged:
            if tracks > near.MANY and tell is not None:
                tell(f"Arranging {tracks:,} tracks for the search.")
            arranged = near.arrange(store, work.id, AXES)
        return Built(
            done,
            out,
            tracks,
            store.count() - tracks,
            arranged or tracks <= near.MANY,
            *_write_errors(store, errors_beside(out)),
        )


def _write_errors(store: VectorStore, path: Path) -> tuple[Path | None, int]:
    rows = ({"file": table.text_of(name), "error": why} for name, why in store.failures())
    n = table.write(path, _ERRORS, rows)
    if not n:
        path.unlink()
    return (path, n) if n else (None, 0)


@contextlib.contextmanager
def _unless_bare(out: Path, *, new: bool) -> Iterator[None]:
    """Leave no new index behind that holds nothing, however its making ended."""
    try:
        yield
    finally:
        if new:
            with contextlib.suppress(files.OutputError):
                with VectorStore(out, writing=False) as store:
                    bare = not store.count()
                if bare:
                    out.unlink(missing_ok=True)


def _renew_names(store: VectorStore, work: str) -> None:
    """Read artist and title again of files that got the row of another, or of what they were.

    The content of a file is its sound: its tags may have changed all the same.
    """
    for k, row in enumerate(store.rows(work)):
        at = 0 if is_url(row.name) else row.modified
        if row.values.get("named") != [row.name, at]:
            with opened(row.name) as path:
                values = {**row.values, **names(path, row.name)}
            store.put(Row(row.name, row.content, row.work, row.bytes, row.modified, values))
        if k % 10_000 == 0:
            store.commit()
