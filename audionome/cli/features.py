"""``audionome features``: the feature table of a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from audionome import files
from audionome.cli._common import (
    FAILED,
    JOBS,
    advance,
    console,
    escape,
    fail,
    progress,
    quiet_libraries,
)

__all__ = ["features"]


def features(
    folder: Annotated[Path, typer.Argument(help="Folder of recordings, one subfolder a genre.")],
    out: Annotated[Path, typer.Option(help="Table to write: .parquet or .csv.", metavar="TABLE")],
    jobs: JOBS = -1,
) -> None:
    """Measure the 57 classic features of every 3-second window of a folder's recordings.

    An interrupted run goes on where it stopped. Exit code 2 if a file could not be read; the
    others are still measured.
    """
    from audionome.features.folder import measure_folder

    with quiet_libraries(), progress() as bar:
        task = bar.add_task("Measuring", total=None)
        measured = measure_folder(
            folder,
            out,
            jobs=jobs,
            progress=partial(advance, bar, task),
        )
    for message in measured.failed.values():
        console(stderr=True).print(f"[bold red]left out:[/] {escape(message)}")
    if left_out := files.describe_skipped(measured.skipped):
        console(stderr=True).print(left_out)
    if not measured.clips:
        fail(f'no recording could be measured; "{out}" was not written.')
    console().print(
        f"{measured.n_windows} windows of {len(measured.clips)} recordings "
        f"written to {escape(str(out))}."
    )
    if measured.failed:
        raise typer.Exit(FAILED)
