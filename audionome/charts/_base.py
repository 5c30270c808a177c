"""What every chart shares: the look of a genre, the template, and small helpers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from audionome._words import clock, genre_name

if TYPE_CHECKING:
    from audionome.features import Feature

# Chosen for a contrast of at least 3:1 on white and on a near-black page, and to stay apart for
# the common kinds of colour blindness; tests/report/test_charts.py holds both.
PALETTE: dict[str, str] = {
    "blues": "#3f5eb9",
    "classical": "#af7208",
    "country": "#0da580",
    "disco": "#fe48c5",
    "hiphop": "#850eff",
    "jazz": "#039fd8",
    "metal": "#b63424",
    "pop": "#fb5f75",
    "reggae": "#2e7220",
    "rock": "#c5077d",
}
SYMBOLS: dict[str, str] = {
    "blues": "circle",
    "classical": "diamond",
    "country": "square",
    "disco": "star",
    "hiphop": "cross",
    "jazz": "triangle-up",
    "metal": "x",
    "pop": "pentagon",
    "reggae": "triangle-down",
    "rock": "hexagram",
}
# Plotly has eight patterns; two genres that share one differ in lightness.
PATTERNS: dict[str, str] = {
    "blues": "",
    "classical": "\\",
    "country": "/",
    "disco": "x",
    "hiphop": ".",
    "jazz": "",
    "metal": "-",
    "pop": "|",
    "reggae": "+",
    "rock": "/",
}

INK = "#757b84"  # 4.3:1 on white, 4.4:1 on near-black
GRID = "rgba(128,128,128,0.25)"
OTHER = "#8b929c"
_CLEAR = "rgba(0,0,0,0)"

# Plotly's default template is 7 kB in every figure; this one holds only what is used.
TEMPLATE = go.layout.Template(
    layout={
        "font": {"color": INK, "family": "system-ui, sans-serif", "size": 13},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "xaxis": {
            "automargin": True,
            "gridcolor": GRID,
            "zerolinecolor": GRID,
            "title": {"standoff": 8},
        },
        "yaxis": {"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID, "ticksuffix": " "},
        # At the foot of the chart, however tall that is and however many lines the names need.
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"},
        "hoverlabel": {"align": "left"},
    }
)


@dataclass(frozen=True)
class Chart:
    """One chart with what a reader needs who cannot see it.

    Attributes
    ----------
    figure
        The Plotly figure. It has no title: `caption` is for the place that shows it.
    alt
        One or two sentences that say what the chart shows, computed from its data.
    table
        The data behind the chart, ready to print.
    caption
        A short heading.
    """

    figure: go.Figure
    alt: str
    table: pd.DataFrame
    caption: str = ""


_LONG = 120.0  # s from which on times are minutes and seconds
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)  # s between two ticks


def in_minutes(last: float) -> bool:
    """Return whether a chart that ends at ``last`` seconds counts minutes."""
    return last >= _LONG


def moment(seconds: float, *, last: float) -> str:
    """Return a place in a recording, for a chart that ends at ``last`` seconds."""
    return clock(seconds) if in_minutes(last) else f"{seconds:.0f} s"


def stretch_words(first: float, last: float) -> str:
    """Return from where to where a chart goes: 'from 0 to 30 seconds', 'from 1:40 to 2:10'."""
    if in_minutes(last):
        return f"from {clock(first)} to {clock(last)}"
    return f"from {first:.0f} to {last:.0f} seconds"


def length_words(seconds: float) -> str:
    """Return how long a chart is: '30 seconds', '40:00 minutes'."""
    return f"{clock(seconds)} minutes" if in_minutes(seconds) else f"{seconds:.0f} seconds"


def time_columns(spans: Sequence[tuple[float, float]]) -> dict[str, list[str]]:
    """Return the first columns of a table over time, from starts and ends in seconds."""
    if in_minutes(spans[-1][1]):
        return {"from": [clock(a) for a, _ in spans], "to": [clock(b) for _, b in spans]}
    return {"from (s)": [f"{a:.0f}" for a, _ in spans], "to (s)": [f"{b:.0f}" for _, b in spans]}


def time_axis(first: float, last: float) -> dict[str, Any]:
    """Return the layout of an axis of seconds; a long one has ticks of minutes and seconds."""
    axis = {"title": {"text": "Time (s)"}, "range": [first, last], "showgrid": False}
    if not in_minutes(last):
        return axis
    step = next((step for step in _STEPS if (last - first) / step <= 6), _STEPS[-1])
    ticks = list(range(step * math.ceil(first / step), math.floor(last) + 1, step))
    marks = {"tickvals": ticks, "ticktext": [clock(at) for at in ticks]}
    return axis | marks | {"title": {"text": "Time (min:s)"}}


# Shades of what is no genre (models, protocols, parts of a bar), told apart by pattern as well.
PARTS = (
    ("#147a80", ""),
    ("#a0623f", "/"),
    ("#8d8400", "."),
    ("#8b929c", "x"),
    ("#a77bbd", "-"),
    ("#5f7890", "+"),
    ("#996b7d", "|"),
    ("#6a8f00", "\\"),
)
# Symbols for lines that are told apart by more than their colour.
MARKS = (
    "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down", "pentagon",
    "hexagram", "bowtie", "hourglass", "circle",
)  # fmt: skip


def nothing(caption: str) -> Chart:
    """Return what stands in for a chart whose results do not exist yet."""
    words = "There are no results for this chart yet."
    figure = go.Figure()
    figure.add_annotation(text=words, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    figure.update_layout(
        template=TEMPLATE, height=160, xaxis={"visible": False}, yaxis={"visible": False}
    )
    return Chart(figure, f"{caption}: {words}", pd.DataFrame({"results": ["none yet"]}), caption)


# What a choice in a menu changes: in the traces, and in the layout.
Choices = Mapping[str, tuple[dict[str, Any], dict[str, Any]]]


def menu(name: str, choices: Choices, *, active: int = 0) -> dict[str, Any]:
    """Return the layout of a menu; none where there is nothing to choose."""
    return menus({name: choices}, active={name: active}) if len(choices) > 1 else {}


def menus(
    named: Mapping[str, Choices], *, active: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Return the layout of menus side by side; each choice updates traces and layout."""
    return {
        "updatemenus": [
            {
                "type": "dropdown",
                "name": name,
                "active": (active or {}).get(name, 0),
                "buttons": [
                    {"label": label, "method": "update", "args": [traces, layout]}
                    for label, (traces, layout) in choices.items()
                ],
                "x": 0.5 * i,
                "xanchor": "left",
                "y": 1.02,
                "yanchor": "bottom",
            }
            for i, (name, choices) in enumerate(named.items())
        ],
        "margin": {"t": 56},
    }


#: The menu that brings one trace forward; in ``meta.highlight`` of a layout, it lets the site's
#: script offer the same by a click.
HIGHLIGHT = "Highlight"


def highlights(
    names: Sequence[str], *, everything: str, of: str = "opacity", faint: float = 0.15,
    beside: int = 0,
) -> Choices:  # fmt: skip
    """Return the choices of `HIGHLIGHT`: all traces alike, then each with the others faint.

    Parameters
    ----------
    names
        Of the traces, in their order.
    everything
        What the first choice is called.
    of, faint
        What makes a trace faint, and how faint.
    beside
        Traces after those, which stay as they are.
    """
    looks = {everything: [1.0] * len(names)}
    looks |= {name: [1.0 if name == other else faint for other in names] for name in names}
    return {name: ({of: [*look, *[1.0] * beside]}, {}) for name, look in looks.items()}


def highlighting(
    figure: go.Figure, *, everything: str = "all models", notes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the layout of a figure of lines or marks whose only menu is `HIGHLIGHT`.

    What stands back is grey. For a single trace there is no menu.

    Parameters
    ----------
    figure
        With all its traces.
    everything
        What the first choice is called.
    notes
        Name of a trace to what is told when it is chosen.
    """
    names = [str(trace.name) for trace in figure.data]
    if len(names) < 2:
        return {}
    own = [trace.line.color or trace.marker.color for trace in figure.data]
    choices = highlights(names, everything=everything, faint=0.5)
    for chosen, (look, _) in choices.items():
        front = [chosen in {name, everything} for name in names]
        colours = [c if it else OTHER for c, it in zip(own, front, strict=True)]
        look |= dict.fromkeys(("line.color", "marker.color", "marker.line.color"), colours)
        look["zorder"] = [int(chosen == name) for name in names]
    told = {everything: "Choose one to read its numbers.", **notes} if notes else {}
    meta = {"highlight": HIGHLIGHT} | ({"notes": told} if told else {})
    return {"meta": meta, **menu(HIGHLIGHT, choices)}


def interval_note(names: Iterable[str], values: Iterable[str], spans: Iterable[str]) -> str:
    """Return the sentence that tells values with their intervals; empty for no value."""
    told = [f"{name} {v} ({span})" for name, v, span in zip(names, values, spans, strict=True)]
    return f"With 95 % intervals: {', '.join(told)}." if told else ""


def genre_highlights(
    genres: Iterable[str], *, of: str = "marker.opacity", beside: int = 0
) -> Choices:
    """Return the choices of `HIGHLIGHT` in a cloud of points, a trace per genre."""
    names = [genre_name(genre) for genre in genres]
    # Fainter than lines: there are a thousand points.
    return highlights(names, everything="all genres", of=of, faint=0.07, beside=beside)


def chance_line(figure: go.Figure) -> None:
    figure.add_vline(
        x=1 / len(PALETTE),
        line={"color": INK, "width": 1, "dash": "dot"},
        annotation={"text": "guessing", "font": {"size": 11}},
        annotation_position="bottom right",
    )


def error_bars(
    values: pd.Series, low: pd.Series, high: pd.Series, *, thickness: float = 2, width: int = 4
) -> dict[str, Any]:
    """Return the error bars of an interval."""
    return {
        "array": rounded(high - values),
        "arrayminus": rounded(values - low),
        "thickness": thickness,
        "width": width,
    }


def bars_x(values: pd.Series, low: pd.Series, high: pd.Series) -> dict[str, Any]:
    return {"error_x": error_bars(values, low, high)}


def joined(
    names: Iterable[str], first: Iterable[float], second: Iterable[float]
) -> dict[str, list[Any]]:
    """Return a line from one end to the other for each name, as one trace with gaps."""
    found: dict[str, list[Any]] = {"x": [], "y": []}
    for name, one, other in zip(names, first, second, strict=True):
        found["x"] += [*rounded([one, other]), None]
        found["y"] += [name, name, None]
    return found


def faded(colour: str, opacity: float) -> str:
    return f"rgba({','.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))},{opacity})"


def genre_marks(genre: str, *, size: float = 7) -> dict[str, Any]:
    """Return how the scatter of one genre looks."""
    return {
        "name": genre_name(genre),
        "mode": "markers",
        "marker": {
            "color": PALETTE.get(genre, OTHER),
            "symbol": SYMBOLS.get(genre, "circle"),
            "size": size,
            "opacity": 1,
        },
    }


def by_genre(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(genre): group for genre, group in rows.groupby("genre", sort=True)}


# No genre's colour, and pale enough for the numbers, which have the colour of the page's text.
_SHADE = "20,122,128"
_PALEST, _DARKEST = 0.04, 0.65


def answer_map(
    cells: Mapping[str, Any], *, answers: list[str], rows: list[str], side: str, hover: str
) -> go.Figure:
    """Return a heat map of shares: what was played in rows, what was heard in columns."""
    figure = go.Figure(
        go.Heatmap(
            x=[genre_name(answer) for answer in answers],
            y=[genre_name(row) for row in rows],
            zmin=0,
            zmax=1,
            colorscale=[[0, f"rgba({_SHADE},{_PALEST})"], [1, f"rgba({_SHADE},{_DARKEST})"]],
            texttemplate="%{text}",
            xgap=1,
            ygap=1,
            showscale=False,
            hovertemplate=f"{hover}<extra></extra>",
            **cells,
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=480,
        xaxis={"title": {"text": "Answer"}, "tickangle": -60, "showgrid": False},
        yaxis={
            "title": {"text": side, "standoff": 16},
            "autorange": "reversed",
            "showgrid": False,
        },
    )
    return figure


def axis_title(feature: Feature) -> str:
    return feature.name if feature.unit in {"", "1"} else f"{feature.name} ({feature.unit})"


def digits(values: Iterable[float], n: int = 4) -> list[float]:
    # A few digits are finer than a pixel and keep the page small.
    return [float(f"{v:.{n}g}") for v in values]


def rounded(values: Iterable[float]) -> list[float | None]:
    # Four digits are finer than a pixel; a missing value is a gap.
    return [None if pd.isna(v) else round(float(v), 4) for v in values]


def unique(names: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(n) for n in names))


def wrapped(words: Sequence[str], per_line: int = 4) -> list[str]:
    return [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]


def tenths(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.1%}"


def points(value: float) -> str:
    return "" if pd.isna(value) else f"{100 * value:+.1f}".replace("-", "−")


def p_value(value: float) -> str:
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def spans(low: Iterable[float], high: Iterable[float]) -> list[str]:
    return [
        "" if pd.isna(a) or pd.isna(b) else f"{100 * a:.1f} to {b:.1%}"
        for a, b in zip(low, high, strict=True)
    ]


def pattern(shape: str | list[str]) -> dict[str, object]:
    # White lines over the full colour: the fill keeps its contrast with the page.
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.55)",
            "size": 7, "solidity": 0.2}  # fmt: skip


def percent(value: float) -> str:
    return f"{value:.0%}" if value >= 0.095 else f"{value:.1%}"
