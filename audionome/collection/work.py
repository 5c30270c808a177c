"""The same piece of work for many files, so that it can be ended at any moment and goes on.

A run has up to three steps. It *looks*: every file that is there is written into the store, so that
memory does not grow with their number. It *compares*, if rows are left over whose file was moved,
touched or tagged: such a file costs a hash of its content. Then it *works* on what is left.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from audionome import audio, batch, files
from audionome.collection import store as stores
from audionome.collection.store import Row, Store
from audionome.errors import AudionomeError, UnreadableFileError
from audionome.files import Scan

__all__ = ["BEGUN", "Done", "Progress", "Work", "inside", "named", "process", "require_sources"]

#: Note of a store: the work that has begun to fill it.
BEGUN = "begun"
_TRYING = "trying"
_BATCH = 10_000  # files of a walk that are kept at a time


@dataclass(frozen=True)
class Work:
    """A piece of work for a file.

    Attributes
    ----------
    id : str
        Says what it does and with which model: a row of another work is made again.
    do : callable
        Takes the file as a local path, and its name (the path, or the URL it is a copy of); returns
        the values of its row, see `audionome.collection.store.Row`. It must be picklable, and what
        it does may hang on nothing but the content of the file.
    same : callable, optional
        Called on every machine of a cluster: must return the same everywhere.
    """

    id: str
    do: Callable[[Path, str], dict[str, Any]]
    same: Callable[[], object] | None = None


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    step : {"looking", "comparing", "working"}
    done : int
        Files that this step is done with; those that failed are among them.
    total : int
        Files of this step; 0 where it is not known yet.
    failed : int
    """

    step: Literal["looking", "comparing", "working"]
    done: int
    total: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Done:
    """What a run did.

    Attributes
    ----------
    files : int
        Found in all.
    kept : int
        Were done before, and have not changed.
    reused : int
        Got the row of a file with the same content.
    computed : int
    failed : int
        Have no row: files, and folders that could not be read.
    gone : int
        Rows that were dropped, since their file is no longer there.
    skipped : Counter of str
        Left out by the walk; see `audionome.files.Scan`.
    """

    files: int = 0
    kept: int = 0
    reused: int = 0
    computed: int = 0
    failed: int = 0
    gone: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Made:
    """What a process sends back: a row, packed; without values if only the hash was asked for."""

    content: str
    seen: files.Entry | None  # the file as it was when it was read; None of a copy of a URL
    packed: tuple[str, bytes] | None = None


def named(source: str | Path) -> str:
    """Return the name under which a file or a folder stands in every table.

    Parameters
    ----------
    source : str or Path
        A path or a URL.

    Returns
    -------
    str
        Its absolute path, links as they are and ``~`` as the home; a URL as it is.
    """
    from audionome.collection.sources import is_url

    text = os.fspath(source)
    if is_url(text):
        return text
    if text.startswith("~") and not os.path.lexists(text):
        text = os.path.expanduser(text)
    return os.path.abspath(text)


def require_sources(names: Sequence[str], store: Store | None = None) -> None:
    """Require, before long work, that sources are there.

    Parameters
    ----------
    names : sequence of str
        From `named`.
    store : Store, optional
        If it holds something of a source that is not there, the text says how to forget it.

    Raises
    ------
    AudionomeError
        If one does not exist, or is no file that can be read to its end.
    """
    from audionome.collection.sources import is_url

    for name in names:
        if is_url(name):
            continue
        if not os.path.lexists(name):
            raise UnreadableFileError(f'"{name}" does not exist; {_what_to_do(name, store)}.')
        if not os.path.isdir(name) and (why := files.refuse_source(name)):
            raise AudionomeError(why)


def _what_to_do(name: str, store: Store | None) -> str:
    if store is None or not _holds(store, name):
        return "check the path"
    return "connect its disk, or drop what is known of it with --forget"


def _holds(store: Store, source: str) -> bool:
    return any(map(inside([source]), store.names()))


def _forgot(name: str) -> str:
    """Return the key of the note that a source was forgotten."""
    return f"forgot {name.encode('utf-8', 'backslashreplace').decode()}"


def inside(sources: Sequence[str]) -> Callable[[str], bool]:
    """Return a function that says whether a file is one of some sources, or lies in one.

    Parameters
    ----------
    sources : sequence of str
        From `named`.

    Returns
    -------
    callable

    Examples
    --------
    >>> lies_in = inside(["/", "memory://music"])
    >>> lies_in("/music/a.mp3"), lies_in("memory://music/a.mp3"), lies_in("memory://b.mp3")
    (True, True, False)
    """
    from audionome.collection.sources import is_url, within

    urls = [source for source in sources if is_url(source)]
    exactly = set(sources)
    # What is no file now was a folder, or may have been one.
    folders = (source for source in exactly.difference(urls) if not os.path.isfile(source))
    below = tuple(folder.rstrip(os.sep) + os.sep for folder in folders)
    return lambda name: (
        name in exactly or name.startswith(below) or any(within(name, url) for url in urls)
    )


def process(
    sources: Iterable[str | Path],
    store: Store,
    work: Work,
    *,
    jobs: int = -1,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    forget: Iterable[str | Path] = (),
) -> Done:
    """Do a piece of work for every recording, and keep the rows in a store.

    What is done is not done again: a file whose size and time of change are as they were is not
    even opened, and one that was moved, touched or tagged costs a hash of its content. What failed
    is tried again. Rows of files that the sources no longer hold are dropped. Rows of files that
    lie elsewhere stay, as their disk may only not be connected; but where a new file has the
    content of one that is gone, the old row goes.

    Parameters
    ----------
    sources : iterable of str or Path
        Files, folders and URLs.
    store : Store
    work : Work
    jobs : int
        Processes; -1 for one per core, 1 for this process alone.
    cluster : str, optional
        Address of a Dask scheduler, whose workers do it instead.
    progress : callable, optional
        Called with a `Progress` after every file.
    forget : iterable of str or Path
        Files, folders and URLs, there or not, whose rows are dropped, but for those of files that
        the sources hold.

    Returns
    -------
    Done

    Raises
    ------
    AudionomeError
        If a source does not exist or holds no recording, or nothing is known of what shall be
        forgotten: nothing is dropped then.
    audionome.files.OutputError
        If the store cannot be written. Rows that were committed stay.
    """
    batch.require_jobs(jobs)
    return _Run(store, work, jobs=jobs, cluster=cluster, tell=progress or (lambda _: None)).run(
        list(dict.fromkeys(map(named, sources))), list(dict.fromkeys(map(named, forget)))
    )


class _Run:
    def __init__(
        self,
        store: Store,
        work: Work,
        *,
        jobs: int,
        cluster: str | None,
        tell: Callable[[Progress], None],
    ) -> None:
        self._store = store
        self._work = work
        self._jobs = jobs
        self._cluster = cluster
        self._tell = tell
        self._failed = 0
        self._scan = Scan()

    def run(self, names: Sequence[str], forget: Sequence[str]) -> Done:
        require_sources(names, self._store)
        self._require_known(forget)
        if self._cluster is not None:
            from audionome.collection.cluster import require_cluster

            require_cluster(self._cluster, same=self._work.same)
        self._number = self._store.begin_run()
        self._look(names)
        total, kept = self._store.counts(self._number, self._work.id)
        reused = self._compare()
        computed = self._finish(total - kept - reused)
        return Done(
            files=total,
            kept=kept,
            reused=reused,
            computed=computed,
            failed=self._failed,
            gone=self._drop(names, forget),
            skipped=self._scan.skipped,
        )

    def _require_known(self, forget: Sequence[str]) -> None:
        for name in forget:
            # The same command goes on after it was ended, also when it had forgotten already.
            if self._store.noted(_forgot(name)) is None and not _holds(self._store, name):
                raise AudionomeError(
                    f'Nothing of "{name}" is known, so that nothing can be forgotten; '
                    "check the path."
                )

    # -- looking --------------------------------------------------------------------------

    def _look(self, names: Sequence[str]) -> None:
        seen = 0
        for name in names:
            before = seen + len(self._scan.unreadable)
            for entry in _entries(name, self._scan):
                self._store.found(entry, run=self._number)
                seen += 1
                if seen % _BATCH == 0:
                    self._store.commit()
                    self._tell(Progress("looking", seen))
            if seen + len(self._scan.unreadable) == before:
                left_out = files.describe_skipped(self._scan.skipped)
                what = _what_to_do(name, self._store)
                hint = f" {what[0].upper()}{what[1:]}." if "--forget" in what else ""
                raise UnreadableFileError(
                    f'"{name}" holds no audio file.{hint} {left_out}'.rstrip()
                )
        for folder, sentence in self._scan.unreadable.items():
            self._fail(str(folder), sentence)
        self._store.commit()
        self._tell(Progress("looking", seen))

    def _drop(self, names: Sequence[str], forget: Sequence[str]) -> int:
        """Drop the rows of files that are gone, and return how many there were."""
        lies_in = inside([*names, *forget])
        unread = tuple(str(folder) + os.sep for folder in self._scan.unreadable)
        gone = 0
        for name, work, moved in self._store.unseen(self._number):
            if moved or (lies_in(name) and not name.startswith(unread)):
                self._store.forget([name])
                gone += work is not None
        for name in forget:
            self._store.note(_forgot(name), "")
        self._store.commit()
        return gone

    # -- comparing and working ------------------------------------------------------------

    def _compare(self) -> int:
        """Give rows to files whose content was there under another name or date."""
        total = self._store.count_alike(self._number, self._work.id)
        reused = 0
        for k, (name, made) in enumerate(self._results(_hashed, total, alike=True), 1):
            # What cannot be read is told when it is worked on.
            if isinstance(made, _Made):
                seen = made.seen or self._store.last_seen(name)
                if self._store.reuse(seen, made.content, self._work.id):
                    self._store.moved(name, made.content, run=self._number)
                    reused += 1
            if k % _BATCH == 0:
                self._store.commit()
            self._tell(Progress("comparing", k, total))
        self._store.commit()
        return reused

    def _finish(self, total: int) -> int:
        computed = 0
        if total:
            self._store.note(BEGUN, self._work.id)
        self._tell(Progress("working", 0, total, self._failed))
        results = self._results(partial(_worked, do=self._work.do), total)
        for k, (name, made) in enumerate(results, 1):
            if isinstance(made, _Made):
                # As read: a file that was changed between the walk and now is not done twice.
                seen = made.seen or self._store.last_seen(name)
                self._store.found(seen, run=self._number)
                row = Row(name, made.content, self._work.id, seen.bytes, seen.modified, {})
                self._store.put(row, made=made.packed)
                self._store.moved(name, made.content, run=self._number)
                computed += 1
            else:
                self._fail(name, made)
            self._store.commit()
            self._tell(Progress("working", k, total, self._failed))
        return computed

    def _fail(self, name: str, sentence: str) -> None:
        self._failed += 1
        self._store.fail(name, sentence, run=self._number)

    def _results(
        self, function: Callable[[str], _Made], total: int, *, alike: bool = False
    ) -> Iterator[tuple[str, _Made | batch.Failure]]:
        names = self._store.todo(self._number, self._work.id, alike=alike)
        if not total:
            return
        if self._cluster is None:
            if self._jobs == 1:
                yield from self._here(function, names)
                return
            jobs = batch.processes(self._jobs, total)
            yield from batch.as_completed(function, names, jobs=jobs)
        else:
            from audionome.collection.cluster import for_each_on

            yield from for_each_on(function, names, address=self._cluster, same=self._work.same)

    def _here(
        self, function: Callable[[str], _Made], names: Iterator[str]
    ) -> Iterator[tuple[str, _Made | batch.Failure]]:
        """Work in this process, and elsewhere on the file at which it died the last time."""
        deadly = self._store.noted(_TRYING)
        for name in names:
            text = name.encode("utf-8", "backslashreplace").decode()
            self._store.note(_TRYING, text)
            self._store.commit()
            if text == deadly:
                yield from batch.one_by_one(function, [name])
            else:
                yield name, batch.guarded(function, name)
        self._store.note(_TRYING, "")


def _entries(name: str, scan: Scan) -> Iterator[files.Entry]:
    from audionome.collection.sources import find, is_url

    if is_url(name):
        yield from (files.Entry(e.name, e.bytes, e.modified) for e in find(name))
    elif os.path.isdir(name):
        yield from files.walk(name, scan)
    else:
        yield files.entry(name)


def _hashed(name: str) -> _Made:
    return _worked(name, do=None)


def _worked(name: str, *, do: Callable[[Path, str], dict[str, Any]] | None) -> _Made:
    """Return the row of a file, made on any machine."""
    from audionome.collection.sources import is_url, opened

    with opened(name) as path:
        before = files.entry(path)
        content = audio.content_hash(path)
        made = None if do is None else _packed(do(path, name), name)
        if files.entry(path) != before:
            raise UnreadableFileError(
                f'"{Path(name).name}" was changed while it was read; run the command again.'
            )
    return _Made(content, None if is_url(name) else replace(before, name=name), made)


def _packed(values: dict[str, Any], name: str) -> tuple[str, bytes]:
    try:
        return stores.packed(values)
    except ValueError as error:
        raise AudionomeError(
            f'"{Path(name).name}" could not be analysed: the result is not a finite number.'
        ) from error
