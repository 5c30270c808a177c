"""What every chart shares: the look of a genre, the template, and small helpers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

# Chosen for a contrast of at least 3:1 on white and on a near-black page, and to stay apart for
# the common kinds of colour blindness; tests/test_charts.py holds both.
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
        "xaxis": {"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID},
        "yaxis": {"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID, "ticksuffix": " "},
        "legend": {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"},
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


# Shades for the parts of a bar, told apart by pattern as well.
PARTS = (
    ("#3f5eb9", ""),
    ("#af7208", "/"),
    ("#0da580", "."),
    ("#8b929c", "x"),
    ("#c5077d", "-"),
    ("#039fd8", "+"),
    ("#b63424", "|"),
    ("#850eff", "\\"),
)
# Symbols for lines that are told apart by more than their colour.
MARKS = (
    "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down", "pentagon",
    "hexagram", "bowtie", "hourglass", "circle",
)  # fmt: skip


def nothing(caption: str) -> Chart:
    """Stand in for a chart whose results do not exist yet."""
    words = "There are no results for this chart yet."
    figure = go.Figure()
    figure.add_annotation(text=words, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    figure.update_layout(
        template=TEMPLATE, height=160, xaxis={"visible": False}, yaxis={"visible": False}
    )
    return Chart(figure, f"{caption}: {words}", pd.DataFrame({"results": ["none yet"]}), caption)


def menu(name: str, choices: Mapping[str, tuple[dict, dict]]) -> dict[str, Any]:
    """Layout of a menu that updates traces and layout; none where there is nothing to choose."""
    if len(choices) < 2:
        return {}
    buttons = [
        {"label": label, "method": "update", "args": [traces, layout]}
        for label, (traces, layout) in choices.items()
    ]
    menu = {"type": "dropdown", "name": name, "active": 0, "buttons": buttons, "x": 0,
            "xanchor": "left", "y": 1.02, "yanchor": "bottom"}  # fmt: skip
    return {"updatemenus": [menu], "margin": {"t": 56}}


def chance_line(figure: go.Figure) -> None:
    figure.add_vline(
        x=1 / len(PALETTE),
        line={"color": INK, "width": 1, "dash": "dot"},
        annotation={"text": "guessing", "font": {"size": 11}},
        annotation_position="bottom right",
    )


def bars_x(values: pd.Series, low: pd.Series, high: pd.Series) -> dict[str, Any]:
    return {
        "error_x": {
            "array": rounded(high - values),
            "arrayminus": rounded(values - low),
            "thickness": 2,
            "width": 4,
        }
    }


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
