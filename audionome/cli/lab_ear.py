"""``audionome lab ear``: the network of the ear."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audionome._extras import require_extra
from audionome.cli._common import console, escape, fail

__all__ = ["app"]

app = typer.Typer(help="Make the network that hears tags.", no_args_is_help=True)


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
