"""``audionome train``: a model of one's own genres, and a report that says what it is worth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audionome._extras import require_extra
from audionome._words import counted
from audionome.cli._common import JOBS, advance, console, escape, fail, progress, quiet_libraries

if TYPE_CHECKING:
    from audionome.lab.own import Trained

__all__ = ["train"]

_SHOWN = 5  # failures, confusions


def train(
    folder: Annotated[Path, typer.Argument(help="Holds one folder per genre.", metavar="FOLDER")],
    out: Annotated[Path, typer.Option(help="The model to write: NAME.model.", metavar="FILE")],
    report: Annotated[
        Path | None,
        typer.Option(
            help="The report to write.", metavar="FILE.html", show_default="beside the model"
        ),
    ] = None,
    groups: Annotated[
        str,
        typer.Option(
            help="By what recordings are kept apart in the test: auto, or one of tag (artist), "
            "folder, name (Artist - Title) and file."
        ),
    ] = "auto",
    measured: Annotated[
        Path | None,
        typer.Option(
            help="Keep in this file what was measured, so that the next training on more files "
            "measures only those.",
            metavar="FILE",
        ),
    ] = None,
    jobs: JOBS = -1,
) -> None:
    """Train a model of your own genres: one folder per genre, any genres, any number.

    It is tested on recordings by artists, or of albums, that it has not heard, and the report says
    how far to trust it. A run that is ended goes on where it stopped. Use the model with
    audionome classify --model NAME.model, on the dashboard, and in Python.
    """
    require_extra("lab", "pandas", "pyarrow", "sklearn", who="Training")
    require_extra("collections", "plotly", who="Training")
    from audionome.charts import own_model
    from audionome.lab import own
    from audionome.lab.own.grouping import SOURCES

    if groups != "auto" and groups not in SOURCES:
        fail(f'--groups "{groups}" is not known; give auto, {", ".join(SOURCES)}.')
    own.require_model_path(out)
    page = report or out.with_suffix(".html")
    own_model.require(page)
    with quiet_libraries(), progress() as bar:
        steps: dict[str, Any] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in steps:
                for task in steps.values():
                    bar.update(task, visible=False)
                steps[step] = bar.add_task(step, total=total or None)
            advance(bar, steps[step], done, total)

        trained = own.train(
            folder,
            out,
            by=() if groups == "auto" else (groups,),
            measured=measured,
            jobs=jobs,
            progress=tell,
        )
    own_model.write(page, trained.card, notes=trained.notes, failures=trained.failures)
    for line in _told(trained):
        console().print(line)
    console().print(f"[dim]The model: {escape(str(out))}. The report: {escape(str(page))}[/]")


def _told(trained: Trained) -> Iterator[str]:
    from audionome.charts import own_model

    yield from map(escape, own_model.summary(trained.card))
    if trained.failures:
        n = counted(len(trained.failures), "file")
        verb = "was" if len(trained.failures) == 1 else "were"
        yield f"[yellow]{n} could not be used and {verb} left out:[/]"
        for name, sentence in trained.failures[:_SHOWN]:
            yield f"  [dim]{escape(name)}: {escape(sentence)}[/]"
        if len(trained.failures) > _SHOWN:
            yield "  [dim]The others stand in the report.[/]"
    yield from (f"[yellow]{escape(note)}[/]" for note in trained.notes)
    yield "What to distrust:"
    yield from (f"  {escape(limit)}" for limit in trained.card["limits"])
