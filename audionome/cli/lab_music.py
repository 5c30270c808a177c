"""``audionome lab peers``, ``tempo``, ``key`` and ``similar``: studies of music."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from audionome import files
from audionome.cli._common import advance, console, progress, quiet_libraries

__all__ = ["key", "peers", "similar", "tempo"]

_CLIPS = Annotated[Path, typer.Argument(help="Folder of GTZAN's audio.", metavar="CLIPS")]
_OUT = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Where to write.", show_default="data in a checkout"
    ),
]


def peers(clips: _CLIPS, out: _OUT = None) -> None:
    """Write research/peers.csv: tempo and key by librosa and Essentia, which it needs.

    Finished clips are kept: an interrupted run goes on where it stopped.
    """
    from audionome.lab.studies import peers as study

    path = _folder(out, "research") / "peers.csv"
    with quiet_libraries(), progress() as bar:
        task = bar.add_task("Asking", total=None)
        table = study.measure(clips, path, progress=partial(advance, bar, task))
    console().print(f"{len(table)} clips.")


def tempo(
    clips: _CLIPS,
    annotations: Annotated[
        Path, typer.Argument(help="Folder with gtzan_*.bpm files.", metavar="ANNOTATIONS")
    ],
    out: _OUT = None,
) -> None:
    """Fit and judge what chooses the tempo; write models/tempo.* and research/tempo*.parquet."""
    from audionome.lab.studies import beside
    from audionome.lab.studies import peers as others
    from audionome.lab.studies import tempo as study

    annotated = study.read_annotations(annotations)
    models, research = _folder(out, "models"), _folder(out, "research")
    with progress() as bar:
        task = bar.add_task("Measuring", total=None)
        table = study.train(
            clips,
            annotated,
            models,
            research,
            peers=others.load(),
            progress=partial(advance, bar, task),
        )
    for row in beside.tempo_accuracies(table).itertuples():
        console().print(f"{row.name}: {row.accuracy1:.1%} / {row.accuracy2:.1%} of {row.n} clips")


def key(
    clips: _CLIPS,
    annotations: Annotated[
        Path, typer.Argument(help="Folder with *.lerch.txt files.", metavar="ANNOTATIONS")
    ],
    out: _OUT = None,
) -> None:
    """Write research/key_tracks.parquet: the key of each annotated clip, and Essentia's."""
    from audionome.lab.studies import key as study
    from audionome.lab.studies import peers as others

    annotated = study.read_annotations(annotations)
    path = _folder(out, "research") / "key_tracks.parquet"
    with progress() as bar:
        task = bar.add_task("Measuring", total=None)
        table = study.measure(clips, annotated, others.load(), progress=partial(advance, bar, task))
    files.write_table(table, path)
    console().print(f"{len(table)} clips.")


def similar(out: _OUT = None) -> None:
    """Judge which numbers of the ear find the best neighbours; write results/similar.json."""
    from audionome.lab.studies import similar as study

    found = study.write(_folder(out, "results"))
    for row in found["vectors"]:
        console().print(
            f"{row['set']}: {row['words']}: {row['precision']:.1%} [{row['low']:.1%}, "
            f"{row['high']:.1%}] of {row['n']} clips",
            markup=False,
        )
    console().print(f"Chosen: {study.VECTORS[found['chosen']].words}.")


def _folder(out: Path | None, part: str) -> Path:
    from audionome._paths import output_path

    folder = output_path(part) if out is None else out / part
    files.require_output_folder(folder)
    return folder
