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
) -> None:
    """Start the dashboard, and serve it to browsers until Ctrl-C."""
    from audionome.app import server

    server.run(host=host, port=port, base_url=base_url)
