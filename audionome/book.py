"""What the notebooks of the book call to show a chart, a table or a sentence with numbers.

While the book is built (its Sphinx extension sets ``AUDIONOME_BOOK``), a chart becomes HTML that
the site's own script draws: a figure with a caption, a text alternative and its data as a table.
Anywhere else (Jupyter, Colab, VS Code) the same call shows the Plotly figure itself.
"""

from __future__ import annotations

import html
import os
import re
from typing import Any

import pandas as pd

from audionome.charts import Chart

__all__ = ["Shown", "figure_html", "say", "show", "table_html"]


class Shown:
    """Something that a notebook displays by its MIME bundle."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self._bundle = bundle

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self._bundle


def show(item: Chart | pd.DataFrame) -> Any:
    """Show a chart with its text alternative and data, or a plain table.

    Parameters
    ----------
    item
        A chart from `audionome.charts`, or a table; its index is not shown.

    Returns
    -------
    object
        To be the last expression of a notebook cell: it displays itself.
    """
    if isinstance(item, pd.DataFrame):
        return Shown({"text/html": table_html(item)})
    if "AUDIONOME_BOOK" in os.environ:
        return Shown({"text/html": figure_html(item), "text/plain": item.alt})
    return item.figure


def say(markdown: str) -> Shown:
    """Show a paragraph of Markdown whose numbers were computed in the cell."""
    return Shown({"text/markdown": markdown, "text/plain": markdown})


def figure_html(chart: Chart) -> str:
    """Return a chart as HTML without any script: figure, caption, text alternative and table.

    Parameters
    ----------
    chart
        The chart to show.

    Returns
    -------
    str
        A ``<figure>``; ``book/_static/audionome.js`` finds it and lets Plotly draw.
    """
    # "<" cannot end the script element early when it is written as an escape.
    data = chart.figure.to_json().replace("<", "\\u003c")
    # Plotly escapes slashes too, of which base64 is full: six characters for each.
    data = data.replace("\\u002f", "/")
    height = int(chart.figure.layout.height or 400)
    return (
        '<figure class="audionome-chart">'
        f"<figcaption>{html.escape(chart.caption)}</figcaption>"
        f'<div class="plotly-graph-div" role="img" aria-label="{html.escape(chart.alt)}" '
        f'style="min-height:{height}px"></div>'
        f'<script type="application/json" class="audionome-figure">{data}</script>'
        f"<noscript><p>{html.escape(chart.alt)}</p></noscript>"
        f"<details><summary>The data as a table</summary>{table_html(chart.table)}</details>"
        "</figure>"
    )


def table_html(table: pd.DataFrame) -> str:
    """Return a table as HTML that scrolls by itself when it is wider than the page."""
    body = table.to_html(index=False, border=0, classes="audionome-table", justify="left")
    # Indentation would be a fifth of the page.
    body = re.sub(r"\n\s*", "", body)
    return f'<div class="audionome-scroll" tabindex="0">{body}</div>'
