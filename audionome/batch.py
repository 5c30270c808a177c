"""Do one thing to many files, so that a bad file costs no more than itself."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

from audionome.errors import AudionomeError
from audionome.files import reason_of

__all__ = ["DEBUG_VARIABLE", "Failure", "for_each", "processes", "require_jobs", "unexpected"]

#: Environment variable: when it is set, what was not expected is printed with its traceback.
DEBUG_VARIABLE = "AUDIONOME_DEBUG"
_PER_CORE = 4  # more processes than that only cost memory

Result = TypeVar("Result")


class Failure(str):
    """Why there is no result for a file: one sentence."""

    __slots__ = ()


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
        it.

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
        yield from (_guarded(function, path) for path in paths)
        return
    from joblib import Parallel, delayed

    n = processes(jobs, len(paths))
    done = 0
    while done < len(paths):
        tasks = (delayed(_guarded)(function, path) for path in paths[done:])
        results = Parallel(n_jobs=n, return_as="generator")(tasks)
        try:
            with _closed_quietly(results):
                for result in results:
                    done += 1
                    yield result
        except BrokenExecutor:
            # One of the files that were being worked on killed its process: each of them is
            # done alone, so that the one that did it is known.
            for path in islice(paths, done, done + 2 * abs(n)):
                done += 1
                yield _alone(function, path)


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
    from joblib import cpu_count
    from joblib.parallel import get_active_backend

    require_jobs(jobs)
    if type(get_active_backend()[0]).__name__ != "LokyBackend":
        return jobs  # other machines have other cores
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


def _alone(function: Callable[[Path], Result], path: Path) -> Result | Failure:
    from joblib import Parallel, delayed

    try:
        found: Result | Failure = Parallel(n_jobs=2)([delayed(_guarded)(function, path)])[0]
        return found
    except BrokenExecutor:
        return Failure(
            f'"{path.name}" could not be analysed: its process was ended, by a fault in the file '
            "or for lack of memory."
        )


def _guarded(function: Callable[[Path], Result], path: Path) -> Result | Failure:
    try:
        with warnings.catch_warnings():
            if DEBUG_VARIABLE not in os.environ:
                warnings.simplefilter("ignore")
            return function(path)
    except AudionomeError as error:
        return Failure(error)
    except MemoryError:
        return Failure(f'"{path.name}" could not be analysed: it needs more memory than is free.')
    except OSError as error:
        return Failure(f'"{path.name}" cannot be read: {reason_of(error)}.')
    except Exception as error:
        return Failure(f'"{path.name}" could not be analysed: {unexpected(error)}')


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
