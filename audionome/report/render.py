"""What the notebooks of the book call to show a chart, a table or a sentence with numbers.

A chart becomes a figure with a caption, a text alternative and its data as a table. While the book
is built (its Sphinx extension sets ``AUDIONOME_BOOK``), the site's own script draws it. Anywhere
else (JupyterLab, ``jupyter nbconvert --to html``, VS Code) it brings the script that draws it, and
the first chart of a notebook brings Plotly, so that nothing is fetched from anywhere. Where scripts
are taken out, as on GitHub, the text alternative and the table remain.
"""

from __future__ import annotations

import html
import inspect
import os
import re
import sys
import uuid
from collections.abc import Mapping
from typing import Any

import pandas as pd

from audionome._words import genre_names
from audionome.charts import Chart

__all__ = ["Shown", "code", "figure_html", "say", "show", "table_html"]


class Shown:
    """Something that a notebook displays by its MIME bundle."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self._bundle = bundle

    @property
    def markdown(self) -> str:
        """The Markdown that is shown; empty for anything else."""
        return str(self._bundle.get("text/markdown", ""))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self._bundle


class _Drawn(Shown):
    """A chart that draws itself."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # Only what is displayed may count as the notebook's first chart.
        drawn = _plotly() + _self_drawing_html(self._chart)
        return {"text/html": drawn, "text/plain": self._chart.alt}


def show(item: Chart | pd.DataFrame, *, folded: str = "") -> Any:
    """Show a chart with its text alternative and data, or a plain table.

    Parameters
    ----------
    item
        A chart from `audionome.charts`, or a table; its index is not shown.
    folded
        Of a long table: the title under which it is folded away.

    Returns
    -------
    object
        To be the last expression of a notebook cell: it displays itself.
    """
    if isinstance(item, pd.DataFrame):
        return Shown({"text/html": _folded(table_html(item), folded)})
    if "AUDIONOME_BOOK" in os.environ:
        return Shown({"text/html": figure_html(item), "text/plain": item.alt})
    if "google.colab" in sys.modules:
        return item.figure  # There, every output is a page of its own; Plotly knows how to help.
    return _Drawn(item)


def _folded(inside: str, title: str) -> str:
    if not title:
        return inside
    head = f"<summary>{html.escape(title)}</summary>"
    return f'<details class="audionome-folded">{head}{inside}</details>'


def say(text: str, *numbers: Mapping[str, str]) -> Shown:
    """Show Markdown whose numbers were computed: the sentence stands in the page.

    Parameters
    ----------
    text
        Markdown, with ``{name}`` wherever a number or a verdict belongs. Lines may be indented as
        the code around them is.
    *numbers
        What the names stand for, as `audionome.report.numbers` writes it.

    Returns
    -------
    Shown
        To be the last expression of a notebook cell: it displays itself.

    Raises
    ------
    KeyError
        If the text names a number that is not there, or two of ``numbers`` mean different things by
        one name.

    Examples
    --------
    >>> say("It is right on {accuracy} of the clips.", {"accuracy": "61.0 %"}).markdown
    'It is right on 61.0 % of the clips.'
    """
    known: dict[str, str] = {}
    for some in numbers:
        for name, value in some.items():
            if known.setdefault(name, value) != value:
                raise KeyError(f"{name!r} is both {known[name]!r} and {value!r}.")
    text = inspect.cleandoc(text)
    markdown = text.format_map(known) if numbers else text
    return Shown({"text/markdown": markdown, "text/plain": markdown})


def code(source: str) -> Shown:
    """Show Python source in colours, as it is."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    coloured = highlight(source, PythonLexer(), HtmlFormatter(cssclass="highlight"))
    return Shown({"text/html": coloured, "text/plain": source})


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
    alt = html.escape(genre_names(chart.alt))
    needs = "The chart needs JavaScript; its data are in the table."
    return _figure(chart, "", f"<noscript><p>{alt}</p><p>{needs}</p></noscript>")


def _figure(chart: Chart, inside: str, behind: str, name: str = "") -> str:
    # "<" cannot end the script element early when it is written as an escape.
    data = genre_names(chart.figure.to_json()).replace("<", "\\u003c")
    # Plotly escapes slashes too, of which base64 is full: six characters for each.
    data = data.replace("\\u002f", "/")
    height = int(chart.figure.layout.height or 400)
    return (
        f'<figure class="audionome-chart"{name}>'
        f"<figcaption>{html.escape(genre_names(chart.caption))}</figcaption>"
        '<div class="plotly-graph-div" role="img" '
        f'aria-label="{html.escape(genre_names(chart.alt))}" '
        f'style="min-height:{height}px">{inside}</div>'
        f'<script type="application/json" class="audionome-figure">{data}</script>'
        f"{behind}"
        f"<details><summary>The data as a table</summary>{table_html(chart.table)}</details>"
        "</figure>"
    )


# Outputs may be drawn in any order: a chart waits for the one that brings Plotly.
_DRAW = """
(() => {
  const figure = document.getElementById("%s");
  const draw = () => {
    const div = figure.querySelector(".plotly-graph-div");
    const chart = JSON.parse(figure.querySelector(".audionome-figure").textContent);
    div.replaceChildren();
    Plotly.newPlot(div, { ...chart, config: { responsive: true, displayModeBar: false } });
  };
  window.Plotly ? draw() : window.addEventListener("audionome-plotly", draw, { once: true });
})();
"""


def _self_drawing_html(chart: Chart) -> str:
    """Return a chart as HTML with a script that draws it where there is Plotly."""
    name = f"audionome-{uuid.uuid4().hex}"
    script = f"<script>{_DRAW % name}</script>"
    alt = html.escape(genre_names(chart.alt))
    return _figure(chart, f"<p>{alt}</p>", script, f' id="{name}"')


#: The cell whose output holds Plotly, and its latest run.
_bearer: tuple[str, int] | None = None


def _plotly() -> str:
    """Return Plotly as a script for a notebook's first chart, also when its cell runs again."""
    global _bearer
    from plotly.offline import get_plotlyjs

    here = _running()
    if _bearer is not None and (here[0] != _bearer[0] or here == _bearer):
        return ""
    _bearer = here
    told = 'window.dispatchEvent(new Event("audionome-plotly"));'
    return f"<script>{get_plotlyjs()}\n{told}</script>"


def _running() -> tuple[str, int]:
    """Name of the cell that runs, where the notebook tells it, and the number of its run."""
    if "IPython" not in sys.modules:
        return "", 0
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return "", 0
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    number = int(shell.execution_count)
    return parent.get("metadata", {}).get("cellId") or f"run {number}", number


def table_html(table: pd.DataFrame) -> str:
    """Return a table as HTML that scrolls by itself when it is wider than the page."""
    body = table.to_html(index=False, border=0, classes="audionome-table", justify="left")
    body = genre_names(body)
    # Indentation would be a fifth of the page.
    body = re.sub(r"\n\s*", "", body)
    return f'<div class="audionome-scroll" tabindex="0">{body}</div>'
