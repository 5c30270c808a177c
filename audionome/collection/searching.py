"""The search of an index: what sounds like a track."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from audionome import audio, files
from audionome.collection import naming, near
from audionome.collection.listening import AXES, identity, listen, names
from audionome.collection.sources import is_url, opened
from audionome.collection.store import Row
from audionome.collection.vectors import VectorStore
from audionome.collection.work import named
from audionome.errors import AudionomeError

__all__ = ["FIRST", "KIND", "Found", "Index", "Track"]

#: What the notes of a store call an index.
KIND = "index"
#: Tracks that a search looks at first.
FIRST = 64


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
        Other files of the index with the same content, as far as they are there.
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
        return _is_there(self.file)


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
    doubtful : int
        Tracks that would be among these but for other artists being asked for: nobody knows who
        made them, and they lie in the folder of a file whose artist is known.
    """

    tracks: tuple[Track, ...]
    seeds: tuple[Track, ...] = ()
    unknown: tuple[str, ...] = ()
    doubtful: int = 0


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
        if not self.path.is_file():
            raise files.OutputError(
                f'There is no index "{self.path}"; `audionome index FOLDER --out {self.path.name}` '
                "makes one."
            )
        self._work = identity()
        self._store = VectorStore(self.path, writing=False)
        try:
            self._size = self._require()
        except BaseException:
            self._store.close()
            raise

    def _require(self) -> int:
        again = f"run `audionome index FOLDER --out {self.path.name}`"
        if self._store.noted("kind") != KIND:
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
            Leave out the artists of what was asked about. Where nobody knows the artist of that or
            of a track, the track is left out if both lie in one folder.

        Returns
        -------
        Found
            Files with the same content count once, under a name that is there if one is.

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
        k = max(FIRST, 4 * n)
        while True:
            tracks, doubtful = self._told(vector, k, seeds, other_artists=other_artists)
            if len(tracks) >= n or k >= len(self):
                break
            k *= 8
        if not tracks and other_artists:
            raise AudionomeError(self._nobody_else(seeds, len(doubtful)))
        unknown = [s.track.file for s in seeds if not s.artists] if other_artists else []
        least = tracks[n - 1].similarity if len(tracks) >= n else -np.inf
        return Found(
            tuple(tracks[:n]),
            tuple(seed.track for seed in seeds),
            tuple(unknown),
            sum(cosine > least for cosine in doubtful),
        )

    def _nobody_else(self, seeds: Sequence[_Seed], doubtful: int) -> str:
        for name in (seed.track.file for seed in seeds if not seed.artists):
            return (
                f'The tags of "{os.path.basename(name)}" name no artist, and all other tracks of '
                f'"{self.path}" lie in its folder: nobody knows which are by others.'
            )
        but = f", but for {doubtful} in the same folder that name nobody" if doubtful else ""
        return f'"{self.path}" holds no track by another artist, as far as its tags say{but}.'

    @cached_property
    def _finder(self) -> near.Exact | near.Graph:
        return near.finder(self._store, self._work, AXES)

    @property
    def graph_lost(self) -> bool:
        """Whether a search looks at very many tracks one by one, as the graph is no good."""
        many = len(self) > near.MANY and near.has_engine()
        return many and not isinstance(self._finder, near.Graph)

    def _told(
        self,
        vector: NDArray[np.float32],
        k: int,
        seeds: Sequence[_Seed],
        *,
        other_artists: bool,
    ) -> tuple[list[Track], list[float]]:
        """Return what may be told of the ``k`` nearest, the most alike first.

        And how alike those are that may be by another artist than that of a file in their folder,
        but nobody knows.
        """
        found: dict[str, list[Row]] = {}
        asked = {seed.content for seed in seeds}
        called = {seed.track.file for seed in seeds}
        for row in self._store.numbered(self._finder.nearest(vector, k)).values():
            if row.work == self._work and row.content not in asked and row.name not in called:
                found.setdefault(row.content, []).append(row)
        tracks, doubtful = [], []
        for rows in found.values():
            first, *others = _those_there(rows)
            cosine = float(_vector(first) @ vector)
            whose = [_by_artist(row, seeds) for row in rows] if other_artists else []
            if not any(whose):
                tracks.append(_track(first, cosine, tuple(row.name for row in others)))
            elif set(whose) <= {"nobody knows", None}:
                doubtful.append(cosine)
        return sorted(tracks, key=lambda track: (-track.similarity, track.file)), doubtful

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
            values = names(path, name)
            values |= (
                listen(path, name)
                if same is None
                else {key: same.values[key] for key in ("vector", "seconds")}
            )
        return _seed_of(Row(name, content, self._work, 0, 0, values))


def _is_there(name: str) -> bool:
    return is_url(name) or os.path.exists(name)


def _those_there(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, by name, whose files are there; all of them if none is."""
    rows = sorted(rows, key=lambda row: row.name)
    if len(rows) == 1:
        return rows
    return [row for row in rows if _is_there(row.name)] or rows


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


def _by_artist(
    row: Row, seeds: Iterable[_Seed]
) -> Literal["by one", "of one folder", "nobody knows"] | None:
    """Return why a track may be by an artist of what was asked about; None if it is not."""
    artists = naming.artist_key(row.values["artist"])
    folder = os.path.dirname(row.name)
    found: Literal["nobody knows"] | None = None
    for seed in seeds:
        if seed.artists and artists:
            if seed.artists & artists:
                return "by one"
        elif seed.folder == folder:
            if not seed.artists:
                return "of one folder"  # which is told of the whole folder
            found = "nobody knows"
    return found
