"""``audionome lab ear``: the network of the ear, and the head that names genres."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from audionome._extras import require_extra
from audionome.cli._common import (
    JOBS,
    advance,
    console,
    escape,
    fail,
    progress,
    quiet_libraries,
)

__all__ = ["app"]

app = typer.Typer(
    help="Make the network that hears tags, and the head that names genres.", no_args_is_help=True
)


@app.command()
def build(
    wheel: Annotated[
        Path, typer.Argument(help="Of pip download --no-deps musicnn==0.1.0", metavar="WHEEL")
    ],
    network: Annotated[str, typer.Option(help="MSD_musicnn or MTT_musicnn.")] = "MSD_musicnn",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where to write.", show_default="data/models in a checkout"
        ),
    ] = None,
) -> None:
    """Write musicnn.onnx, its card and its licence, held against a second computation."""
    require_extra("lab", "onnx", who="The network")
    from audionome._paths import output_path
    from audionome.lab import ear

    if network not in ear.NETWORKS:
        fail(f'there is no network "{network}"; there are: {", ".join(ear.NETWORKS)}.')
    built = ear.build(wheel, output_path("models", out=out), network=network)
    console().print(
        f"{escape(str(built.graph))}: {built.graph.stat().st_size / 1e6:.2f} MB. Largest "
        f"difference from the reference: {built.tags_difference:.0e} (tags), "
        f"{built.embedding_difference:.0e} (embedding)."
    )


@app.command()
def listen(
    clips: Annotated[Path, typer.Argument(help="Folder of GTZAN's audio.")],
    outside: Annotated[Path, typer.Option(help="Folder of clips from outside GTZAN.")],
    labels: Annotated[Path, typer.Option(help="Their list, as for `audionome lab outside`.")],
    others: Annotated[
        Path, typer.Option(help="Folder with a folder per kind of sound that is no music.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where to write.", show_default="data/research in a checkout"
        ),
    ] = None,
    jobs: JOBS = -1,
) -> None:
    """Write ear_clips.parquet: what the ear hears of all that the head learns from."""
    import pandas as pd

    from audionome import files
    from audionome._paths import output_path
    from audionome.datasets import gtzan
    from audionome.lab.ear import clips as room
    from audionome.lab.ear import noises

    folder = output_path("research", out=out)
    files.require_output_folder(folder)
    dataset = gtzan.load()
    with TemporaryDirectory() as made:
        noises.write(Path(made))
        table = pd.concat(
            [
                room.gtzan_clips(dataset, clips),
                room.music_clips(dataset, outside, labels),
                room.other_sounds(others, Path(made)),
            ],
            ignore_index=True,
        )
        with quiet_libraries(), progress() as bar:
            task = bar.add_task("Listening", total=None)
            heard = room.measure(table, jobs=jobs, progress=partial(advance, bar, task))
    files.write_table(heard, folder / room.TABLE)
    console().print(f"{len(table)} clips, {len(heard)} rows: {escape(str(folder / room.TABLE))}")


@app.command()
def train(
    compare: Annotated[bool, typer.Option(help="Judge other heads as well.")] = True,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write.", show_default="data in a checkout"),
    ] = None,
) -> None:
    """Fit, calibrate and judge the head; write models/ear.* and what was found to results/."""
    from audionome import files
    from audionome._paths import output_path
    from audionome.datasets import gtzan
    from audionome.lab.ear import training

    folder = output_path(out=out)
    for name in ("models", "results"):
        files.require_output_folder(folder / name)
    card = training.train(
        gtzan.load(),
        folder,
        compare=compare,
        progress=lambda step: console(stderr=True).print(step),
    )
    for name, result in card["evaluation"].items():
        console().print(
            f"{name}: {result['accuracy']:.1%} of {result['n']} "
            f"[{result['low']:.1%}, {result['high']:.1%}], in the first three "
            f"{result['top3']:.1%}, genres equally heavy {result['balanced']:.1%}",
            markup=False,
        )
