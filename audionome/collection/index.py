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

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio, files
from audionome.collection import naming, near, table
from audionome.collection.sources import is_url, opened
from audionome.collection.store import Row
from audionome.collection.vectors import VectorStore
from audionome.collection.work import Done, Progress, Work, named, process
from audionome.errors import AudionomeError

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

#: Numbers that an index holds of a track.
AXES = 32
#: How the name of an index ends.
SUFFIX = ".index"

_KIND = "index"
_FORM = 1  # changes when the same file would give another row
_ERRORS = {"file": str, "error": str}
_NAMES = "names"  # the note that says whether artists and titles are those of the files
_FIRST = 64  # candidates of the first look


@dataclass(frozen=True)
class Track:
    """A track of the index, as an answer tells it.

    Attributes
    ----------
    file : str
        Its absolute path, or its URL.
    artist, title : str
        From its tags; empty where nobody knows.
    seconds : float
        Its length.
    similarity : float
        Cosine with what was asked about, in [-1, 1]; 1 for the same.
    copies : tuple of str
        Other files of the index with the same content.
    """

    file: str
    artist: str
    title: str
    seconds: float
    similarity: float
    copies: tuple[str, ...] = ()

    @property
    def there(self) -> bool:
        """Whether the file is still there; of a URL, nobody knows."""
        return is_url(self.file) or os.path.exists(self.file)


@dataclass(frozen=True)
class Found:
    """What an index answers.

    Attributes
    ----------
    tracks : tuple of Track
        The most alike first.
    seeds : tuple of Track
        What was asked about.
    unknown : tuple of str
        Files that were asked about and whose artist nobody knows: of these, tracks in the same
        folder were left out in place of the artist's.
    """

    tracks: tuple[Track, ...]
    seeds: tuple[Track, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Built:
    """What `build` did.

    Attributes
    ----------
    done : audionome.collection.work.Done
    path : Path
    tracks : int
        That can be searched.
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


# -- listening ----------------------------------------------------------------------------


def _identity() -> str:
    """Return what says how a vector was made: the network, and all numbers on the way."""
    ear = _ear()
    digest = hashlib.sha256(ear.ear.card["graph_sha256"].encode())
    linear = ear.head.linear
    for values in (linear.mean, linear.scale, linear.limit, ear.head.steadiness, _axes()):
        digest.update(np.asarray(values, dtype="<f8").tobytes())
    return f"index-{_FORM}-{digest.hexdigest()[:12]}"


def _ear() -> Any:
    from audionome.models.classifier import load_classifier

    return load_classifier("ear")


def _axes() -> NDArray[np.floating]:
    axes: NDArray[np.floating] = _ear().index.axes[:, :AXES]
    return axes


def _listen(path: Path, name: str) -> dict[str, Any]:
    """Return the row of a file; see `audionome.collection.work.Work`."""
    ear = _ear()
    stream = audio.WindowStream(path)
    with threadpool_limits(1, user_api="blas"):
        rows = np.concatenate(list(ear.ear.measure(stream.pieces())))
        place = ear.head.standardised(ear.head.clip_vector(rows)) @ _axes()
    place /= max(float(np.linalg.norm(place)), 1e-12)
    vector = place.astype("<f4").tobytes()
    return {"vector": vector, "seconds": round(stream.duration, 2), **_names(path, name)}


def _names(path: Path, name: str) -> dict[str, Any]:
    """Return artist and title, and of which file, as it was when, they are."""
    found = naming.read(path)
    at = 0 if is_url(name) else os.stat(path).st_mtime_ns
    return {"artist": found.artist, "title": found.title, "named": [name, at]}


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
) -> Built:
    """Listen to a collection, and write or renew its index.

    It can be ended at any moment, and goes on where it stopped. Files that are in the index and
    have not changed are not opened again; files that are gone are dropped.

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
    out = Path(out)
    require(out)
    work = Work(_identity(), _listen, same=_identity)
    with VectorStore(out) as store:
        if (store.noted("kind") or _KIND) != _KIND or (not store.noted("kind") and store.count()):
            raise files.OutputError(f'"{out}" is no index; give another name.')
        store.note("kind", _KIND)
        before = near.take_down(store)
        whole = store.noted(_NAMES) == "whole"
        store.note(_NAMES, "begun")
        store.commit()
        done = process(sources, store, work, jobs=jobs, cluster=cluster, progress=progress)
        if done.reused or not whole:
            _renew_names(store, work.id)
        store.note(_NAMES, "whole")
        store.commit()
        tracks = store.count(work.id)
        changed = done.computed or done.reused or done.gone or done.failed
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


def _renew_names(store: VectorStore, work: str) -> None:
    """Read artist and title again of files that got the row of another, or of what they were.

    The content of a file is its sound: its tags may have changed all the same.
    """
    for k, row in enumerate(store.rows(work)):
        at = 0 if is_url(row.name) else row.modified
        if row.values.get("named") != [row.name, at]:
            with opened(row.name) as path:
                values = {**row.values, **_names(path, row.name)}
            store.put(Row(row.name, row.content, row.work, row.bytes, row.modified, values))
        if k % 10_000 == 0:
            store.commit()


# -- searching ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Seed:
    """What is asked about."""

    track: Track
    content: str
    vector: NDArray[np.float32]
    artists: frozenset[str] = field(default_factory=frozenset)

    @property
    def folder(self) -> str:
        return os.path.dirname(self.track.file)


class Index:
    """An index that is searched.

    Parameters
    ----------
    path : str or Path

    Attributes
    ----------
    path : Path
    older : int
        Tracks of an earlier version, which are not searched.

    Raises
    ------
    audionome.files.OutputError
        If there is no such file, it is no index, or it is just being written.
    AudionomeError
        If it is empty, or was made by another version of the ear.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._work = _identity()
        self._store = VectorStore(self.path, writing=False)
        try:
            self._size = self._require()
        except BaseException:
            self._store.close()
            raise

    def _require(self) -> int:
        again = f"run `audionome index FOLDER --out {self.path.name}`"
        if self._store.noted("kind") != _KIND:
            raise files.OutputError(
                f'"{self.path}" is no index; `audionome index FOLDER --out my.index` makes one.'
            )
        n, everything = self._store.count(self._work), self._store.count()
        self.older = everything - n
        if not everything:
            raise AudionomeError(f'"{self.path}" holds no track yet; {again}.')
        if not n:
            raise AudionomeError(
                f'"{self.path}" was made by another version of Audionome, which heard otherwise; '
                f"{again} again."
            )
        return n

    def __len__(self) -> int:
        """Return how many tracks can be found."""
        return self._size

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
        """Close the file."""
        self._store.close()

    def similar(
        self, like: Sequence[str | Path], *, n: int = 10, other_artists: bool = False
    ) -> Found:
        """Find the tracks that sound most like others.

        Parameters
        ----------
        like : sequence of str or Path
            Files or URLs, in the index or not; of several, the mean counts. They, and all files
            with the same content, are left out of what is found. A file of the index that is gone
            can still be asked about.
        n : int
            How many, at least 1; fewer if the index has no more.
        other_artists : bool
            Leave out the artists of what was asked about. Where nobody knows the artist, the
            tracks in the same folder are left out.

        Returns
        -------
        Found
            Files with the same content count once.

        Raises
        ------
        AudionomeError
            If a file cannot be read or heard, or no artist is left.
        """
        if n < 1:
            raise AudionomeError(f"{n} is not a number of tracks; give 1 or more.")
        seeds = [self._seed(named(name)) for name in like]
        if not seeds:
            raise AudionomeError("Nothing was asked about; give a file.")
        total = np.sum([seed.vector for seed in seeds], axis=0, dtype=np.float64)
        vector = np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), dtype=np.float32)
        k = max(_FIRST, 4 * n)
        while True:
            tracks = self._told(vector, k, seeds, other_artists=other_artists)
            if len(tracks) >= n or k >= len(self):
                break
            k *= 8
        if not tracks and other_artists:
            raise AudionomeError(
                f'"{self.path}" holds no track by another artist, as far as its tags say.'
            )
        unknown = [s.track.file for s in seeds if not s.artists] if other_artists else []
        return Found(tuple(tracks[:n]), tuple(seed.track for seed in seeds), tuple(unknown))

    @cached_property
    def _finder(self) -> near.Exact | near.Graph:
        return near.finder(self._store, self._work, AXES)

    def _told(
        self,
        vector: NDArray[np.float32],
        k: int,
        seeds: Sequence[_Seed],
        *,
        other_artists: bool,
    ) -> list[Track]:
        """Return what may be told of the ``k`` nearest, the most alike first."""
        found: dict[str, list[Row]] = {}
        asked = {seed.content for seed in seeds}
        names = {seed.track.file for seed in seeds}
        for row in self._store.numbered(self._finder.nearest(vector, k)).values():
            if row.work == self._work and row.content not in asked and row.name not in names:
                found.setdefault(row.content, []).append(row)
        tracks = []
        for rows in found.values():
            first, *others = sorted(rows, key=lambda row: row.name)
            if not (other_artists and any(_by_artist(row, seeds) for row in rows)):
                copies = tuple(row.name for row in others)
                tracks.append(_track(first, float(_vector(first) @ vector), copies))
        return sorted(tracks, key=lambda track: (-track.similarity, track.file))

    def _seed(self, name: str) -> _Seed:
        row = self._store.get(name)
        if row is not None and row.work == self._work and _unchanged(row):
            return _seed_of(row)
        if os.path.isdir(name):
            raise AudionomeError(f'"{name}" is a folder; give a file.')
        if not is_url(name) and (why := files.refuse_source(name)):
            raise AudionomeError(why)
        with opened(name) as path:
            content = audio.content_hash(path)
            same = self._store.with_content(content, self._work)
            values = _names(path, name)
            values |= (
                _listen(path, name)
                if same is None
                else {key: same.values[key] for key in ("vector", "seconds")}
            )
        return _seed_of(Row(name, content, self._work, 0, 0, values))


def _unchanged(row: Row) -> bool:
    """Return whether a file is as the index knows it; one that is gone has not changed."""
    if is_url(row.name):
        return True
    try:
        status = os.stat(row.name)
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) == (row.bytes, row.modified)


def _seed_of(row: Row) -> _Seed:
    artists = naming.artist_key(row.values["artist"])
    return _Seed(_track(row, 1.0), row.content, _vector(row), artists)


def _track(row: Row, similarity: float, copies: tuple[str, ...] = ()) -> Track:
    values = row.values
    cosine = min(1.0, max(-1.0, float(similarity)))
    return Track(row.name, values["artist"], values["title"], values["seconds"], cosine, copies)


def _vector(row: Row) -> NDArray[np.float32]:
    return np.frombuffer(row.values["vector"], dtype="<f4")


def _by_artist(row: Row, seeds: Iterable[_Seed]) -> bool:
    """Return whether a track may be by an artist of what was asked about."""
    artists = naming.artist_key(row.values["artist"])
    folder = os.path.dirname(row.name)
    return any(
        bool(seed.artists & artists) if seed.artists and artists else seed.folder == folder
        for seed in seeds
    )
