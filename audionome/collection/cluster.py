"""Work on the machines of a Dask cluster, with the results of this one.

Two lines start a cluster: ``dask scheduler`` on one machine, and ``dask worker ADDRESS --nworkers
-1`` on each that is to work, with the same Audionome. The files lie on storage that every machine
sees under the same name, or are named by URL (`audionome.collection.sources`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import queue
import threading
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import metadata
from itertools import chain, islice
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import audionome
from audionome import batch
from audionome._extras import require_extra
from audionome.collection import sources
from audionome.errors import AudionomeError

__all__ = ["ClusterError", "for_each_on", "require_cluster"]

Result = TypeVar("Result")

_ANSWER = 5.0  # s that a scheduler has to answer
_WORKERS = 10.0  # s that the first worker has to come
_PATIENCE = 60.0  # s without any worker before the work is given up
_FETCH = 10.0  # s to bring a result; a worker that goes meanwhile takes it along
_WAITING = 3  # tasks per thread: one at work, and enough to wait that none is idle
_START = "dask worker {} --nworkers -1"
_KILLED = "every worker that tried was ended, by a fault in the file or for lack of memory."
#: The last digits of an answer hang on these.
_PACKAGES = ("numpy", "scipy", "onnxruntime", "av", "soxr", "soundfile")


class ClusterError(AudionomeError):
    """A cluster that cannot do the work; the text says why and what to do."""


def require_cluster(
    address: str,
    *,
    same: Callable[[], object] | None = None,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Require, before long work, that a cluster can do it.

    Parameters
    ----------
    address, same, tell
        As for `for_each_on`.

    Raises
    ------
    ClusterError
        If no scheduler answers, there is no worker, or one of them has no Audionome, another
        version of it, or gives something else than this machine.
    """
    with _connected(address) as client:
        _require_workers(client, address, _Check.of(same), tell)


def for_each_on(
    function: Callable[[str], Result],
    names: Iterable[str],
    *,
    address: str,
    same: Callable[[], object] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[tuple[str, Result | batch.Failure]]:
    """Call a function with each name, on the workers of a Dask cluster.

    A few tasks per worker are under way at any time, however many names there are. What a lost
    worker had to do is done again by another.

    Parameters
    ----------
    function : callable
        Takes a name. It, and what it returns, must be picklable.
    names : iterable of str
        Paths or URLs; taken one by one, when there is room.
    address : str
        Of the scheduler, such as ``"tcp://192.168.0.7:8786"``; or the file that ``dask scheduler
        --scheduler-file`` wrote.
    same : callable, optional
        Takes nothing; what it returns must be the same here and on every worker, such as the id of
        a model.
    tell : callable, optional
        Called with a sentence about what may change the last digits of a result.

    Yields
    ------
    tuple of str and (object or Failure)
        A name, and what the function returned or why it did not; in the order in which they come.

    Raises
    ------
    ClusterError
        As for `require_cluster`; and if the scheduler or the last worker is lost. What was yielded
        before stands.

    Examples
    --------
    >>> for name, answer in for_each_on(
    ...     classify_file, names, address="tcp://192.168.0.7:8786"
    ... ):  # doctest: +SKIP
    ...     print(name, answer)
    """
    waiting = iter(names)
    first = list(islice(waiting, 1))
    check = _Check.of(same)
    with _connected(address) as client:
        _require_workers(client, address, check, tell, *first)
        run = _Run(client, address, partial(_do, function, check))
        yield from run.results(chain(first, waiting))


# -- the connection -----------------------------------------------------------------------


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Give a client of the scheduler; what is still under way in the end is given up."""
    require_extra("cluster", "distributed", who="Work on a cluster")
    with _quiet():
        client = _client(address)
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):  # a scheduler that is gone has nothing to close
                client.close(timeout=_ANSWER)


def _client(address: str) -> Any:
    """Return a client of the scheduler, if it answers in time."""
    from distributed import Client, Security

    try:
        if os.path.isfile(address):
            address = str(json.loads(Path(address).read_text(encoding="utf-8"))["address"])
        # Dask's own client waits forever for a server that takes the call and says nothing, and
        # leaves a mess behind when it gives up. The thread: a notebook has a loop of its own.
        with ThreadPoolExecutor(1) as thread:
            calling = asyncio.wait_for(_identity(address, Security()), _ANSWER)
            found = thread.submit(asyncio.run, calling).result()
        if found["type"] != "Scheduler":
            raise ValueError("a worker, say")
        return Client(address, timeout=_ANSWER, set_as_default=False, name="audionome")
    except Exception as error:  # of sockets, of Dask, or of what the file holds
        raise ClusterError(
            f'No Dask scheduler answers at "{address}"; start one with "dask scheduler", and give '
            "the address that it prints, such as tcp://192.168.0.7:8786."
        ) from error


async def _identity(address: str, security: Any) -> dict[str, Any]:
    """Return what a server of Dask says of itself."""
    from distributed.core import rpc

    connection = security.get_connection_args("client")
    async with rpc(address, timeout=_ANSWER, connection_args=connection) as server:
        found: dict[str, Any] = await server.identity()
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence Dask's own log and warnings: what matters is told by our sentences."""
    if batch.DEBUG_VARIABLE in os.environ:
        yield
        return
    known = [n for n in logging.root.manager.loggerDict if n.split(".")[0] == "distributed"]
    handlers = {h: h.level for name in known for h in logging.getLogger(name).handlers}
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="distributed")
        try:
            yield
        finally:
            for handler, level in handlers.items():
                handler.setLevel(level)


def _require_workers(
    client: Any,
    address: str,
    check: _Check,
    tell: Callable[[str], None] | None,
    *names: str,
) -> None:
    """Require workers that answer as this machine would, and see the first file."""
    with contextlib.suppress(Exception):
        client.wait_for_workers(1, timeout=_WORKERS)
    look = _packed(partial(_look, check, names))
    try:
        told: dict[str, tuple[str, Any]] = client.run(_portable(), look, on_error="return")
    except Exception as error:  # of sockets, and of a client that has been closed
        raise ClusterError(
            f'The scheduler at "{address}" was there and is lost; start it and its workers again.'
        ) from error
    if not told:
        raise ClusterError(
            f'The scheduler at "{address}" has no workers; start some with '
            f'"{_START.format(address)}" on each machine.'
        )
    expected = [sources.size(name) for name in names]
    for worker, answer in sorted(told.items()):
        if isinstance(answer, BaseException):
            raise ClusterError(f"The worker {worker} does not answer: {_words(answer)}.")
        kind, found = answer
        if kind != "done":
            raise _unfit(worker, found)
        if expected != [None] and found.sizes != expected:
            raise ClusterError(
                f'The worker {worker} does not see "{Path(names[0]).name}" as this machine does; '
                "put the files on storage that all machines see under the same name, or give a "
                "URL."
            )
    _tell_packages(tell, {worker: found.packages for worker, (_, found) in told.items()})


def _tell_packages(tell: Callable[[str], None] | None, there: dict[str, dict[str, str]]) -> None:
    """Write of the first worker whose packages are other ones."""
    here = _packages()
    for worker, packages in sorted(there.items()):
        other = [
            f"{k} {v} ({here.get(k, 'none')} here)" for k, v in packages.items() if v != here.get(k)
        ]
        if other and tell is not None:
            tell(
                f"The worker {worker} has {', '.join(other)}: the last digits of its answers may "
                "differ from those of this machine."
            )
            return


def _unfit(worker: str, why: str) -> ClusterError:
    return ClusterError(f"The worker {worker} cannot do this work: {why}")


# -- on a worker --------------------------------------------------------------------------


def _portable() -> Callable[[bytes], tuple[str, Any]]:
    """Return what runs on a worker.

    It is sent as code, because it must run where Audionome is missing; and the scheduler, which
    looks into what it passes on, sees nothing of ours.
    """

    def call(work: bytes) -> tuple[str, Any]:
        import pickle

        import distributed

        # One thread at a time: two that import the same packages at once may find them half made.
        with vars(distributed).setdefault("_audionome", threading.Lock()):
            try:
                task = pickle.loads(work)
            except Exception as error:
                if (getattr(error, "name", None) or "").split(".")[0] == "audionome":
                    return "unfit", (
                        "it has no Audionome, or another version; install what is used here."
                    )
                return "unfit", f"it does not know what is used here ({error})."
        found: tuple[str, Any] = task()
        return found

    return call


def _packed(task: Callable[[], tuple[str, Any]]) -> bytes:
    from distributed.protocol.pickle import dumps  # code where there is no module to name

    packed: bytes = dumps(task)
    return packed


@dataclass(frozen=True)
class _Check:
    """What every worker has to have in common with this machine."""

    version: str
    run: str  # says which it is
    same: bytes = b""
    expected: object = None

    @classmethod
    def of(cls, same: Callable[[], object] | None) -> _Check:
        run = uuid.uuid4().hex
        if same is None:
            return cls(audionome.__version__, run)
        return cls(audionome.__version__, run, _packed(same), same())  # type: ignore[arg-type]

    def objection(self) -> str:
        """Return why this process cannot do the work, or nothing."""
        _one_thread()
        if self.version != audionome.__version__:
            return (
                f"it has Audionome {audionome.__version__}, and {self.version} is used here; "
                "install the same version."
            )
        if not self.same:
            return ""
        try:
            found = _found(self.same)
        except AudionomeError as error:
            return str(error)
        except Exception as error:
            return f"{_words(error)}."
        if found != self.expected:
            return f"it has {found}, and {self.expected} is used here; give it the same model."
        return ""


@lru_cache(maxsize=8)
def _found(same: bytes) -> object:
    import pickle

    return pickle.loads(same)()


@lru_cache(maxsize=1)
def _one_thread() -> None:
    """Let sums be in one order, as everywhere in Audionome, whatever another thread does.

    A model sets the limit while it works, and takes it away when it has done; then another thread
    of this worker may not have done yet.
    """
    import scipy.linalg  # noqa: F401  # with NumPy, all the libraries that could start threads
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


@dataclass(frozen=True)
class _Seen:
    """What a worker says of itself before the work starts."""

    sizes: list[int | None]
    packages: dict[str, str]


def _look(check: _Check, names: Sequence[str]) -> tuple[str, Any]:
    if why := check.objection():
        return "unfit", why
    return "done", _Seen([sources.size(name) for name in names], _packages())


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


_alone = threading.Lock()
_begun: set[str] = set()  # runs that have done a task in this process


def _do(function: Callable[[str], Result], check: _Check, names: Sequence[str]) -> tuple[str, Any]:
    """Do what a task asks for, in the order of its names."""
    do = partial(batch.guarded, partial(_seen, function))
    found: list[Any] = []
    if check.run not in _begun:
        # Packages are imported and models loaded now, and no other thread may come in between.
        with _alone:
            if why := check.objection():
                return "unfit", why
            if check.run not in _begun:
                found = [do(name) for name in names[:1]]
                _begun.add(check.run)
    return "done", found + [do(name) for name in names[len(found) :]]


def _seen(function: Callable[[str], Result], name: str) -> Result:
    """Call the function; a file that is not there is told as what it is, on a cluster."""
    if not sources.is_url(name) and not os.path.lexists(name):
        raise AudionomeError(
            f'"{Path(name).name}" does not exist on the worker {_me()}; put it on storage that '
            "all machines see under the same name, or give a URL."
        )
    return function(name)


def _me() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


# -- the work -----------------------------------------------------------------------------


class _Run:
    """One pass over all names, a few tasks at a time."""

    def __init__(
        self, client: Any, address: str, task: Callable[[Sequence[str]], tuple[str, Any]]
    ) -> None:
        self._client = client
        self._address = address
        self._task = task
        self._call = _portable()
        self._under_way: dict[Any, list[str]] = {}
        self._ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._suspects: deque[str] = deque()
        self._threads = 1
        self._looked = self._last_worker = 0.0

    def results(self, names: Iterator[str]) -> Iterator[tuple[str, Any]]:
        """Give every name with its result."""
        self._last_worker = monotonic()
        while True:
            self._look_at_workers()
            room, n = _WAITING * self._threads - len(self._under_way), _per_task(self._threads)
            self._submit([some for _ in range(room) if (some := list(islice(names, n)))])
            if not self._under_way:
                break
            yield from self._next()
        # Each of these was with a worker when it died, perhaps by no fault of its own.
        while self._suspects:
            self._submit([[name := self._suspects.popleft()]])
            while self._under_way:
                self._look_at_workers()
                yield from self._next(alone=name)

    def _submit(self, tasks: list[list[str]]) -> None:
        """Hand out tasks, each of some names."""
        if not tasks:
            return
        work = [_packed(partial(self._task, names)) for names in tasks]
        try:
            futures = self._client.map(self._call, work, pure=False)
        except Exception:  # of a client that has been closed, and of sockets
            self._require_scheduler()
            raise
        for future, names in zip(futures, tasks, strict=True):
            self._under_way[future] = names
            future.add_done_callback(self._ready.put)

    def _next(self, *, alone: str | None = None) -> Iterator[tuple[str, Any]]:
        """Give what tasks that are finished bring; nothing if none is finished for a while."""
        ready = []
        with contextlib.suppress(queue.Empty):
            ready.append(self._ready.get(timeout=1))
            while True:
                ready.append(self._ready.get_nowait())
        fetched = self._fetched([future for future in ready if future.status == "finished"])
        for future in ready:
            if future in fetched:
                names = self._under_way.pop(future)
                kind, found = fetched[future]
                if kind != "done":
                    raise ClusterError(f"A worker that came late cannot do this: {found}")
                yield from zip(names, found, strict=True)
            elif future.status in ("error", "cancelled"):
                yield from self._failed(future, alone)
            else:
                self._ready.put(future)  # done again elsewhere, or still on its way
        if ready and not fetched:
            sleep(0.1)

    def _fetched(self, futures: list[Any]) -> dict[Any, tuple[str, Any]]:
        """Bring what finished tasks returned; nothing if a worker is lost meanwhile."""
        if not futures:
            return {}
        bring = self._client.gather(futures, errors="skip", asynchronous=True)
        coming = asyncio.run_coroutine_threadsafe(bring, self._client.loop.asyncio_loop)
        try:
            brought = coming.result(_FETCH)
        except (TimeoutError, CancelledError, OSError):  # the last: of a connection that ended
            coming.cancel()
            return {}
        # Of those that were lost on the way nothing is there, and it is not told which they are.
        return dict(zip(futures, brought, strict=True)) if len(brought) == len(futures) else {}

    def _failed(self, future: Any, alone: str | None) -> Iterator[tuple[str, batch.Failure]]:
        """Give why there is no result, or let its names be tried again."""
        from distributed.scheduler import KilledWorker

        names = self._under_way.pop(future)
        if future.status == "cancelled":
            self._require_scheduler()
            self._submit([names])  # it is there again, but has forgotten what it had to do
        elif alone is None:
            self._suspects.extend(names)
        else:
            error = future.exception(timeout=_FETCH)
            why = _KILLED if isinstance(error, KilledWorker) else f"{_words(error)}."
            yield alone, batch.Failure(f'"{Path(alone).name}" could not be analysed: {why}')

    def _look_at_workers(self) -> None:
        """Count the threads of the cluster, every second or so; give up where none has come."""
        now = monotonic()
        if now - self._looked < 1:
            return
        try:
            threads = sum(self._client.nthreads().values())
        except Exception:  # of its own, and of sockets
            self._require_scheduler()
            return
        self._looked = monotonic()
        if threads:
            self._threads, self._last_worker = threads, self._looked
        elif now - self._last_worker > _PATIENCE:
            raise ClusterError(
                f'The scheduler at "{self._address}" has had no workers for a minute; start some '
                f'with "{_START.format(self._address)}".'
            )

    def _require_scheduler(self) -> None:
        """Require that the scheduler is there, or there again in a few seconds."""
        end = monotonic() + 2 * _ANSWER
        while self._client.status == "connecting" and monotonic() < end:
            sleep(0.1)
        if self._client.status != "running":
            raise ClusterError(
                f'The scheduler at "{self._address}" is lost; start it and its workers again.'
            )


def _per_task(threads: int) -> int:
    """Return how many files a task has: a scheduler passes on some thousand tasks a second."""
    return 1 + threads // 32
