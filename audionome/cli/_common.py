"""What the commands share: the console, the progress bar, options and exit codes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from audionome import batch
from audionome._words import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

__all__ = ["FAILED", "JOBS", "advance", "console", "escape", "fail", "progress", "quiet_libraries"]

#: Exit code when something that was asked for could not be done.
FAILED = 2
JOBS = Annotated[
    int, typer.Option(callback=batch.require_jobs, help="Parallel processes; -1 for all cores.")
]


def fail(sentence: str) -> NoReturn:
    """Print why a command cannot go on, and end it."""
    print(f"audionome: {printable(sentence)}", file=sys.stderr, flush=True)
    raise SystemExit(FAILED)


def console(*, stderr: bool = False) -> Console:
    """Return a console that writes what it is given, without colours of its own."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def escape(text: str) -> str:
    """Return a text that neither steers the terminal nor is read as markup."""
    from rich.markup import escape

    return escape(printable(text))


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep from the terminal what C libraries write to it; what Python writes still comes."""
    try:
        if os.environ.get(batch.DEBUG_VARIABLE) or sys.stderr.fileno() != 2:
            raise OSError
        terminal = os.dup(2)
    except (OSError, AttributeError, ValueError):
        yield
        return
    before = sys.stderr
    before.flush()
    with open(
        terminal, "w", encoding=before.encoding, errors=before.errors, buffering=1
    ) as sys.stderr:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            sys.stderr = before


def advance(bar: Progress, task: Any, done: int, total: int) -> None:
    """Show how much of a task is done; the bar appears with the first step."""
    bar.start()
    bar.update(task, completed=done, total=total)


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """Yield a bar that appears when the work begins: what is refused before needs none."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console(stderr=True))
    try:
        yield bar
    finally:
        if bar.live.is_started:
            bar.stop()
