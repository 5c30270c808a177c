"""``audionome dashboard``: the page in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["dashboard"]


def dashboard(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets the network in.")
    ] = "localhost",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8866,
    base_url: Annotated[
        str, typer.Option(help="Path below which a proxy shows the page.", metavar="PATH")
    ] = "/",
    certificate: Annotated[
        str, typer.Option(help="Certificate for https, in PEM form.", metavar="FILE")
    ] = "",
    key: Annotated[str, typer.Option(help="Private key of the certificate.", metavar="FILE")] = "",
    report: Annotated[
        str,
        typer.Option(
            help="Report that answers link to, served below the page; by default the one that "
            "was built here.",
            metavar="FOLDER|URL",
        ),
    ] = "",
    model: Annotated[
        str,
        typer.Option(
            help="Model of your own that answers, as `audionome train` writes it.", metavar="FILE"
        ),
    ] = "",
) -> None:
    """Start the dashboard, and serve it to browsers until Ctrl-C."""
    from audionome.app import server

    server.run(
        host=host,
        port=port,
        base_url=base_url,
        certificate=certificate,
        key=key,
        report=report,
        model=model,
    )
