"""Pages of charts and tables that one HTML file holds: it needs no server and no internet.

Conventions
-----------
Plotly lies in the file, and a policy in its head forbids the browser to fetch anything. Every text
is escaped, so that the name of a file or of a genre stays a name; a chart escapes its own with
`label`, as Plotly reads some HTML. Each chart has its text
alternative and its data as a table, as `audionome.charts.Chart` gives them; without JavaScript,
these remain. The page follows the reader's choice of light or dark.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from audionome import files
from audionome._words import printable
from audionome.charts._base import Chart

__all__ = ["PAGE_SUFFIXES", "Bullets", "Part", "Section", "Table", "label", "page", "write_page"]

#: How the name of a page may end.
PAGE_SUFFIXES = frozenset({".html", ".htm"})

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
_NUMBER = re.compile(r"[<>]?[−+-]?\d[\d,.]*(e[+-]?\d+)?\s?%?")


@dataclass(frozen=True)
class Bullets:
    """A list of sentences.

    Attributes
    ----------
    items : tuple of str
    """

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table as it is printed.

    Attributes
    ----------
    rows : DataFrame
        Its index is not shown; missing values are empty cells. A column of numbers, or of texts
        that are numbers ("61.0%"), is aligned right.
    caption : str
    searchable : bool
        Offer a search over all cells, and sorting by a click on a heading. Good for a few thousand
        rows.
    """

    rows: pd.DataFrame
    caption: str = ""
    searchable: bool = False


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it.

    Attributes
    ----------
    heading : str
    parts : tuple
        See `Part`.
    """

    heading: str
    parts: tuple[Chart | Table | Bullets | str, ...]


#: What a page consists of; a text is a paragraph.
Part = Chart | Table | Bullets | Section | str


def label(text: str) -> str:
    """Return a name for a figure, where Plotly reads ``<b>`` and links.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> label("drum & <b>ass")
    'drum &amp; &lt;b&gt;ass'
    """
    return html.escape(printable(text), quote=False)


def page(title: str, parts: Iterable[Part], *, lead: str = "") -> str:
    """Return a page as HTML.

    Parameters
    ----------
    title : str
    parts : iterable of Part
        In the order in which they are read. Texts are plain: nothing in them is read as HTML.
    lead : str
        The first sentences, a little larger.

    Returns
    -------
    str
        A whole document of about 5 MB, most of it Plotly; much less without a chart.

    See Also
    --------
    write_page : For a file.

    Examples
    --------
    >>> page("A <b>", ["One & two."]).partition("<main>")[2][:45]
    '<h1>A &lt;b&gt;</h1><p>One &amp; two.</p><foo'
    """
    import audionome

    inside = "".join(map(_html, parts))
    first = f'<p class="lead">{_text(lead)}</p>' if lead else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_static('page.css')}</style></head>\n"
        f"<body><main><h1>{_text(title)}</h1>{first}{inside}"
        f"<footer><p>Made by Audionome {audionome.__version__}.</p></footer></main>\n"
        f"{_scripts(inside)}</body></html>\n"
    )


def write_page(path: Path, title: str, parts: Iterable[Part], *, lead: str = "") -> None:
    """Write a page to a file, whole or not at all.

    Parameters
    ----------
    path : Path
    title, parts, lead
        As for `page`.

    Raises
    ------
    audionome.files.OutputError
        If it cannot be written. `audionome.files.require_output_file` with `PAGE_SUFFIXES` tells
        so before long work.
    """
    files.write_text(path, page(title, parts, lead=lead))


def _html(part: Part) -> str:
    if isinstance(part, str):
        return f"<p>{_text(part)}</p>"
    if isinstance(part, Bullets):
        return f"<ul>{''.join(f'<li>{_text(item)}</li>' for item in part.items)}</ul>"
    if isinstance(part, Table):
        return _table_html(part)
    if isinstance(part, Chart):
        return _chart_html(part)
    inside = "".join(map(_html, part.parts))
    return f"<section><h2>{_text(part.heading)}</h2>{inside}</section>"


def _text(text: object) -> str:
    """Return a text for HTML; what is not printable, such as half a character, as its code."""
    return html.escape(printable(str(text)))


def _chart_html(chart: Chart) -> str:
    # "<" cannot end the script element early when it is written as an escape.
    data = chart.figure.to_json().replace("<", "\\u003c").replace("\\u002f", "/")
    height = int(chart.figure.layout.height or 400)
    # A chart that is illegible when it is narrow asks for a width; a narrow page then scrolls it.
    width = int((chart.figure.layout.meta or {}).get("min_width", 0))
    least = f";min-width:{width}px" if width else ""
    holder = '<div class="wide" tabindex="0">' if width else "<div>"
    alt = _text(chart.alt)
    return (
        f"<figure><figcaption>{_text(chart.caption)}</figcaption>"
        f'{holder}<div class="chart" role="img" aria-label="{alt}" '
        f'style="min-height:{height}px{least}">'
        f"<p>{alt}</p></div></div>"
        f'<script type="application/json" class="figure">{data}</script>'
        "<details><summary>The data as a table</summary>"
        f"{_table_html(Table(chart.table))}</details></figure>"
    )


def _table_html(table: Table) -> str:
    rows = table.rows
    columns = [_cells(rows.iloc[:, k]) for k in range(rows.shape[1])]
    classes = [
        ' class="number"' if _are_numbers(rows.iloc[:, k], cells) else ' dir="auto"'
        for k, cells in enumerate(columns)
    ]
    head = "".join(
        f'<th scope="col"{kind}>{_text(name)}</th>'
        for name, kind in zip(rows.columns, classes, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{_text(v)}</td>" for kind, v in zip(classes, row, strict=True))
        + "</tr>"
        for row in zip(*columns, strict=True)
    )
    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    found = (
        f'<div class="scroll" tabindex="0"><table>{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    if not table.searchable:
        return found
    search = (
        '<div class="search" hidden><label>Search <input type="search" autocomplete="off"></label>'
        '<output aria-live="polite"></output></div>'
    )
    return f'<div class="searchable">{search}{found}</div>'


def _cells(column: pd.Series) -> list[str]:
    if pd.api.types.is_float_dtype(column):
        return ["" if pd.isna(v) else f"{v:.4g}" for v in column]
    return ["" if v is None or v is pd.NA or v != v else str(v) for v in column]


def _are_numbers(column: pd.Series, cells: list[str]) -> bool:
    if pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return True
    said = [cell for cell in cells if cell]
    return bool(said) and all(map(_NUMBER.fullmatch, said))


def _scripts(inside: str) -> str:
    """Return the scripts that the page needs: Plotly only for a chart."""
    needed = []
    if 'class="figure"' in inside:
        from plotly.offline import get_plotlyjs

        needed.append(get_plotlyjs())
    if needed or 'class="searchable"' in inside:
        needed.append(_static("page.js"))
    return "".join(f"<script>{script}</script>" for script in needed)


def _static(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
