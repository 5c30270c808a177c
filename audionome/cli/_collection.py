"""``audionome classify DIR --out TABLE``: a whole collection, with its progress and summary."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from audionome import files
from audionome._words import counted, genre_name, long_time, printable
from audionome.cli._common import FAILED, console, escape, quiet_libraries
from audionome.errors import AudionomeError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from audionome.collection.answers import Answered
    from audionome.collection.work import Progress

__all__ = ["Told", "classify_all", "going_on", "nameless", "require_dask", "tell_errors"]

_WINDOW = 300.0  # s that a rate is measured over
_EVERY = 30.0  # s between lines where there is no terminal
_SHOWN = 5  # errors that are printed
_STEPS = {
    "looking": "Looking for recordings",
    "comparing": "Comparing what was moved or changed",
    "working": "Working",
}


class Told:
    """Shows how far a run is: a bar on a terminal, elsewhere a line now and then."""

    def __init__(self) -> None:
        self.last: Progress | None = None
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._times: deque[tuple[float, int]] = deque()
        self._printed = time.monotonic()

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, state: Progress) -> None:
        """Take the next state of the run."""
        if self.last is None or self.last.step != state.step:
            self._times.clear()
        self.last = state
        now = time.monotonic()
        if not self._times or now - self._times[-1][0] > 1 or state.done == state.total:
            self._times.append((now, state.done))
            while now - self._times[0][0] > _WINDOW:
                self._times.popleft()
        if console(stderr=True).is_terminal:
            self._draw(state)
        elif now - self._printed >= _EVERY and state.done:
            self._printed = now
            console(stderr=True).print(f"{_STEPS[state.step]}: {self.text}.", markup=False)

    @property
    def text(self) -> str:
        """How far it is, as a person says it."""
        if self.last is None:
            return ""
        done, total = self.last.done, self.last.total
        if not total:
            return counted(done, "file")
        parts = [f"{done:,} of {counted(total, 'file')}"]
        (begin, first), (end, last) = self._times[0], self._times[-1]
        if last > first and end > begin:
            rate = (last - first) / (end - begin)
            parts.append(f"{rate:.3g} files/s" if rate < 1000 else f"{rate:,.0f} files/s")
            if total > done:
                parts.append(f"about {long_time((total - done) / rate)} left")
        if self.last.failed:
            parts.append(f"{self.last.failed:,} failed")
        return ", ".join(parts)

    def _draw(self, state: Progress) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        if self._bar is None:
            told = TextColumn("{task.fields[told]}")
            columns = (TextColumn("{task.description}"), BarColumn(), told)
            # Where what is printed goes into a file, it must not come to the terminal instead.
            to_terminal = sys.stdout is not None and sys.stdout.isatty()
            self._bar = Progress(
                *columns, console=console(stderr=True), redirect_stdout=to_terminal
            )
            self._task = self._bar.add_task("", total=None, told="")
            self._bar.start()
        assert self._task is not None
        self._bar.update(
            self._task,
            description=_STEPS[state.step],
            completed=state.done,
            total=state.total or None,
            told=self.text,
        )


@contextlib.contextmanager
def going_on(told: Told) -> Iterator[None]:
    """Print, when a run ends before its time, how it can go on."""
    try:
        yield
    except BaseException as error:
        done = told.last.done if told.last is not None and told.last.step == "working" else 0
        kept = f"{counted(done, 'file')} of this run {'is' if done == 1 else 'are'} kept"
        if done:
            ended = f"{kept}; give the same command again to go on."
        else:
            ended = "No file was done yet." if told.last is not None else ""
        if not isinstance(error, AudionomeError):
            ended = f"Stopped. {ended}"
        elif not done:
            ended = ""  # it was refused
        if ended:
            console(stderr=True).print(ended)
        raise


def classify_all(
    sources: Sequence[str],
    out: Path,
    *,
    model: str | None,
    jobs: int | None,
    dask: str | None,
    min_confidence: float | None,
    save_plot: Path | None,
    forget: Sequence[str] | None,
) -> None:
    """Classify a collection into a table, and say what came of it."""
    from audionome.collection import answers

    if "-" in sources:
        raise AudionomeError(
            "Standard input has no name to go on with: save it to a file, or leave out --out."
        )
    if dask is not None:
        require_dask(dask)
    if save_plot is not None:
        from audionome.collection import overview  # needs what a plain installation lacks

        overview.require(save_plot)
    if min_confidence is None:
        min_confidence = answers.MIN_CONFIDENCE
    with quiet_libraries(), Told() as told, going_on(told):
        found = answers.classify(
            [source or nameless() for source in sources],
            out,
            model=model,
            jobs=-1 if jobs is None else jobs,
            cluster=dask,
            min_confidence=min_confidence,
            progress=told,
            forget=[name or nameless() for name in forget or ()],
        )
    _tell(found, out)
    if save_plot is not None:
        overview.write(save_plot, found.table, errors=found.errors, min_confidence=min_confidence)
        console().print(f"The overview is in {printable(str(save_plot))}.", markup=False)
    if found.done.failed:
        raise typer.Exit(FAILED)


def require_dask(address: str) -> None:
    """Refuse a cluster that cannot do the work, before the files are looked for."""
    from audionome.collection.cluster import require_cluster

    require_cluster(address, tell=lambda told: console(stderr=True).print(told, markup=False))


def nameless() -> str:
    """Refuse an empty name, which would stand for the current folder."""
    raise AudionomeError(files.refuse_source(""))


def _tell(found: Answered, out: Path) -> None:
    """Print the files by genre, and what was done."""
    from rich.table import Table

    if found.n_answers:
        shown = Table(show_edge=False, pad_edge=False)
        shown.add_column("likeliest genre")
        for heading in ("files", "sure"):
            shown.add_column(heading, justify="right")
        total = found.sure + found.unsure
        for genre, n in sorted(total.items(), key=lambda item: (-item[1], item[0])):
            shown.add_row(escape(genre_name(genre)), f"{n:,}", f"{found.sure[genre]:,}")
        console().print(shown)
    done = found.done
    parts = [f"{counted(done.computed, 'file')} classified"]
    parts += [f"{done.kept:,} done before"] if done.kept else []
    parts += [f"{done.reused:,} known by their content"] if done.reused else []
    parts += [f"{done.gone:,} dropped as they are gone"] if done.gone else []
    elsewhere = found.n_answers - done.computed - done.kept - done.reused
    parts += [f"{elsewhere:,} kept that were not looked for or not in reach"] if elsewhere else []
    console().print(f"{', '.join(parts)}.", markup=False)
    console().print(f"{counted(found.n_answers, 'row')} in {printable(str(out))}.", markup=False)
    if left_out := files.describe_skipped(done.skipped):
        console(stderr=True).print(left_out, markup=False)
    if found.errors is not None:
        tell_errors(found.errors, found.n_errors)


def tell_errors(path: Path, n: int) -> None:
    """Print the first rows of a table of errors, and where all are."""
    from itertools import islice

    from audionome.collection import table

    for row in islice(table.read(path, needed=["file", "error"]), _SHOWN):
        where = escape(row["file"])
        console(stderr=True).print(f"[bold red]no answer:[/] {where}: {escape(row['error'])}")
    more = f"{n - _SHOWN:,} more; all" if n > _SHOWN else "All"
    console(stderr=True).print(
        f"{more} files without an answer, and why: {printable(str(path))}", markup=False
    )
