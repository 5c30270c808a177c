"""Do one thing to many files, so that a bad file costs no more than itself."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from audionome.errors import AudionomeError
from audionome.files import reason_of

__all__ = [
    "DEBUG_VARIABLE",
    "Failure",
    "ProcessesWarning",
    "as_completed",
    "for_each",
    "guarded",
    "one_by_one",
    "processes",
    "require_jobs",
    "unexpected",
]

#: Environment variable: when it is set, what was not expected is printed with its traceback.
DEBUG_VARIABLE = "AUDIONOME_DEBUG"
_PER_CORE = 4  # more processes than that only cost memory
_AHEAD = 2  # files per process that are handed out at a time
_LOOK = 0.5  # s between looks at whether the first process is still there
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")

Result = TypeVar("Result")
Name = TypeVar("Name", Path, str)


class Failure(str):
    """Why there is no result for a file: one sentence."""

    __slots__ = ()


class ProcessesWarning(RuntimeWarning):
    """The work goes on in this process alone, as no other can be started."""


class _UnableError(Exception):
    """No other process can be started here."""


_proven = False  # a process gave a result here
_unable = False  # none could be started: nothing more is tried


def for_each(
    function: Callable[[Path], Result], paths: Sequence[Path], *, jobs: int = 1
) -> Iterator[Result | Failure]:
    """Call a function with each path, in this process or in several.

    Parameters
    ----------
    function : callable
        Takes a path. With several processes it, and what it returns, must be picklable.
    paths : sequence of Path
    jobs : int
        1: in this process. Otherwise that many processes (joblib: -1 for all cores; a Dask
        backend is used when active), and one that dies costs no more than the file that killed
        it. Where none can be started, a `ProcessesWarning` says so and all is done in this one.

    Yields
    ------
    object or Failure
        What the function returned, or why it did not, in the order of the paths.

    Raises
    ------
    AudionomeError
        If ``jobs`` is not a number of processes.
    """
    if jobs == 1:
        yield from (guarded(function, path) for path in paths)
        return
    from joblib import Parallel, delayed

    global _proven
    n = processes(jobs, len(paths))
    done = 0
    while done < len(paths) and not _unable:
        tasks = (delayed(guarded)(function, path) for path in paths[done:])
        try:
            results = Parallel(n_jobs=n, return_as="generator")(tasks)
            with _closed_quietly(results):
                for result in results:
                    done += 1
                    _proven = True
                    yield result
        except BrokenExecutor:
            # One of the files that were being worked on killed its process: each of them is
            # done alone, so that the one that did it is known.
            tried = islice(paths, done, done + 2 * abs(n))
            for _, result in one_by_one(function, tried, here=True):
                done += 1
                yield result
        except OSError as error:  # none of a file: those are guarded
            if not _only_this_machine():
                raise
            _go_on_here(error)
    yield from (guarded(function, path) for path in paths[done:])


def as_completed(
    function: Callable[[Name], Result], names: Iterable[Name], *, jobs: int = 1
) -> Iterator[tuple[Name, Result | Failure]]:
    """Call a function with each name, and give each result as soon as it is there.

    Memory does not grow with the number of names: they are asked for as processes get free, by
    whoever asks for the results.

    Parameters
    ----------
    function : callable
        Takes a name. With several processes it, and what it returns, must be picklable.
    names : iterable of Path or str
    jobs : int
        1: in this process. Otherwise that many processes (-1: a process per core), and one that
        dies costs no more than the file that killed it.

    Yields
    ------
    name : Path or str
    result : object or Failure
        What the function returned, or why it did not.

    Raises
    ------
    AudionomeError
        If ``jobs`` is not a number of processes.

    See Also
    --------
    for_each : In the order of the names.
    """
    if require_jobs(jobs) == 1:
        yield from ((name, guarded(function, name)) for name in names)
        return
    left = iter(names)
    again = True
    while again and not _unable:
        again, lost = False, []
        try:
            for name, result in _pooled(function, left, jobs=jobs):
                if isinstance(result, BrokenExecutor):
                    again = True
                    lost.append(name)
                else:
                    yield name, result
        except _UnableError as error:
            _go_on_here(error)
        # One of them killed its process: each is done alone, so that it is known which.
        yield from one_by_one(function, lost, here=True)
    yield from ((name, guarded(function, name)) for name in left)


def _pooled(
    function: Callable[[Name], Result], left: Iterator[Name], *, jobs: int
) -> Iterator[tuple[Name, Result | Failure | BrokenExecutor]]:
    """Work in a pool until nothing is left, or until one of its processes dies."""
    global _proven
    n = _on_this_machine(jobs, sys.maxsize)
    pool = _pool(n)
    waiting: dict[Future[Any], Name] = {}
    try:
        broken = False
        while True:
            for name in islice(left, 0 if broken else _AHEAD * n - len(waiting)):
                try:
                    waiting[pool.submit(guarded, function, name)] = name
                except (BrokenExecutor, OSError) as error:
                    broken = True
                    yield name, BrokenExecutor(str(error))
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                name, wrong = waiting.pop(future), future.exception()
                if isinstance(wrong, OSError):  # of the pool: those of a file are guarded
                    wrong = BrokenExecutor(str(wrong))
                broken = broken or isinstance(wrong, BrokenExecutor)
                if wrong is None:
                    _proven = True
                    yield name, future.result()
                elif isinstance(wrong, BrokenExecutor):
                    yield name, wrong
                elif isinstance(wrong, Exception):  # such as a result that cannot be pickled
                    yield name, _strange(name, wrong)
                else:
                    raise wrong
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _pool(n: int) -> Any:
    """Return processes of our own: those that joblib keeps for others end with no parent."""
    try:
        from joblib.externals.loky import ProcessPoolExecutor

        return ProcessPoolExecutor(
            max_workers=n,
            env=dict.fromkeys(_THREADS, "1"),
            initializer=_end_with,
            initargs=(os.getpid(),),
        )
    except (OSError, ImportError) as error:  # as where there are no semaphores
        raise _UnableError(str(error)) from error


def _works() -> bool:
    """Return whether any process can be started."""
    try:
        with _pool(1) as pool:
            pool.submit(os.getpid).result()
    except (BrokenExecutor, OSError, _UnableError):
        return False
    return True


def _go_on_here(error: Exception | None = None) -> None:
    """Print once that the rest is done in this process."""
    global _unable
    _unable = True
    why = f" ({reason_of(error)})" if isinstance(error, OSError) else ""
    warnings.warn(
        f"No other process can be started here{why}, so everything runs in this one, as with "
        "--jobs 1.",
        ProcessesWarning,
        stacklevel=2,
    )


def _end_with(parent: int) -> None:
    """End this process soon after the one that started it: that one may be killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    if os.getppid() == parent:  # on other systems it may be hidden
        threading.Thread(target=watch, daemon=True).start()


def require_jobs(jobs: int) -> int:
    """Return a number of processes as a person may give it.

    Parameters
    ----------
    jobs : int

    Returns
    -------
    int
        As given.

    Raises
    ------
    AudionomeError
        If it is neither 1 or more nor -1 for all cores.
    """
    if jobs < 1 and jobs != -1:
        raise AudionomeError(
            f"{jobs} is not a number of processes; give 1 or more, or -1 for all cores."
        )
    return jobs


def processes(jobs: int, tasks: int) -> int:
    """Return how many processes to start: no more than there are tasks, and a few per core.

    Parameters
    ----------
    jobs : int
        1 or more, or -1 for all cores.
    tasks : int

    Returns
    -------
    int
        For joblib. Never 1: it would stay in this process, where a crash ends everything.
    """
    require_jobs(jobs)
    if not _only_this_machine():
        return jobs  # other machines have other cores
    return _on_this_machine(jobs, tasks)


def _only_this_machine() -> bool:
    from joblib.parallel import get_active_backend

    return type(get_active_backend()[0]).__name__ == "LokyBackend"


def _on_this_machine(jobs: int, tasks: int) -> int:
    from joblib import cpu_count

    cores = cpu_count()
    found: int = max(2, min(cores if jobs == -1 else jobs, tasks, _PER_CORE * cores))
    return found


@contextlib.contextmanager
def _closed_quietly(results: Generator[object, None, None]) -> Iterator[None]:
    """End the work when nobody wants the rest, without joblib's advice about it."""
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.close()


def one_by_one(
    function: Callable[[Name], Result], names: Iterable[Name], *, here: bool = False
) -> Iterator[tuple[Name, Result | Failure]]:
    """Call a function with each name in another process, so that it is known which one kills it.

    Parameters
    ----------
    function : callable
        As for `for_each`.
    names : iterable of Path or str
    here : bool
        Whether they are done in this process where no other can be started.

    Yields
    ------
    name : Path or str
    result : object or Failure
    """
    global _proven
    pool: Any = None
    try:
        for name in names:
            if pool is None and not _unable:
                pool = _pool_or_none()
            try:
                if pool is not None:
                    yield name, pool.submit(guarded, function, name).result()
                    _proven = True
                    continue
                why = "it may end its process, and no other can be started here."
            except (BrokenExecutor, OSError):
                pool.shutdown(wait=True, kill_workers=True)
                pool = None
                why = "its process was ended, by a fault in the file or for lack of memory."
                if not (_proven or _works()):
                    _go_on_here()
            if _unable and here:
                yield name, guarded(function, name)
            else:
                yield name, Failure(f'"{Path(name).name}" could not be analysed: {why}')
    finally:
        if pool is not None:
            pool.shutdown(wait=True, kill_workers=True)


def _pool_or_none() -> Any:
    try:
        return _pool(1)
    except _UnableError as error:
        _go_on_here(error)
        return None


def guarded(function: Callable[[Name], Result], name: Name) -> Result | Failure:
    """Call a function with a name, and turn what goes wrong into a sentence.

    Parameters
    ----------
    function : callable
    name : Path or str
        Of a file; the sentence calls it by its last part.

    Returns
    -------
    object or Failure
    """
    called = Path(name).name
    try:
        with warnings.catch_warnings():
            if DEBUG_VARIABLE not in os.environ:
                warnings.simplefilter("ignore")
            return function(name)
    except AudionomeError as error:
        return Failure(error)
    except MemoryError:
        return Failure(f'"{called}" could not be analysed: it needs more memory than is free.')
    except OSError as error:
        return Failure(f'"{called}" cannot be read: {reason_of(error)}.')
    except Exception as error:
        return _strange(name, error)


def _strange(name: Path | str, error: Exception) -> Failure:
    return Failure(f'"{Path(name).name}" could not be analysed: {unexpected(error)}')


def unexpected(error: Exception) -> str:
    """Return the sentence about a failure that nobody thought of; see `DEBUG_VARIABLE`.

    Parameters
    ----------
    error : Exception

    Returns
    -------
    str
    """
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    return (
        f"something unexpected went wrong ({type(error).__name__}). Set {DEBUG_VARIABLE}=1 to see "
        "where, and please report it."
    )
