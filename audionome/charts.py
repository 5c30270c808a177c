"""Charts as plain Plotly figures, each with a text alternative and its data as a table.

Conventions
-----------
Every builder takes results that are already computed and returns a `Chart`. No builder computes a
statistic; counting rows and sorting is all they do. Backgrounds are transparent and the text is a
grey that can be read on white and on black, so that one figure serves a light page, a dark page and
the dashboard. A genre has one colour, one marker symbol and one fill pattern everywhere: colours
alone are never needed to tell two genres apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

if TYPE_CHECKING:
    from audionome.classifier import WindowPrediction

__all__ = [
    "PALETTE",
    "PATTERNS",
    "SYMBOLS",
    "Chart",
    "probability_bars",
    "timeline",
]

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
PATTERNS: dict[str, str] = {
    "blues": "",
    "classical": "/",
    "country": ".",
    "disco": "x",
    "hiphop": "\\",
    "jazz": "-",
    "metal": "",
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
        "yaxis": {"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID},
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


def probability_bars(probabilities: Mapping[str, float]) -> Chart:
    """Draw the probability of each genre as horizontal bars, the likeliest first.

    Parameters
    ----------
    probabilities
        Genre to probability, summing to 1.

    Returns
    -------
    Chart
        One bar per genre.
    """
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])
    genres = [genre for genre, _ in ranked]
    values = [round(float(p), 4) for _, p in ranked]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=genres,
            orientation="h",
            marker={
                "color": [PALETTE.get(g, OTHER) for g in genres],
                "pattern": _pattern([PATTERNS.get(g, "") for g in genres]),
            },
            text=[_percent(v) for v in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=360,
        bargap=0.25,
        showlegend=False,
        xaxis={
            "title": {"text": "Probability"},
            # Room for the label beside the longest bar.
            "range": [0, min(1.12, max(values, default=1.0) * 1.2 + 0.02)],
            "tickformat": ".0%",
        },
        yaxis={"autorange": "reversed"},
    )
    first, *rest = [f"{g} {_percent(v)}" for g, v in zip(genres, values, strict=True)]
    return Chart(
        figure=figure,
        alt=f"Probability of each genre: {first} is the likeliest, then {_listed(rest[:2])}; "
        f"the other {len(rest[2:])} share {_percent(sum(values[3:]))}.",
        table=pd.DataFrame({"genre": genres, "probability": [_percent(v) for v in values]}),
        caption="Probability of each genre",
    )


def timeline(windows: Sequence[WindowPrediction]) -> Chart:
    """Draw how the genre probabilities change over a piece, as stacked areas.

    Parameters
    ----------
    windows
        The windows of a prediction in order of time, at least one.

    Returns
    -------
    Chart
        One area per genre; the genre with the largest share lies at the bottom.
    """
    if not windows:
        raise ValueError("A timeline needs at least one window.")
    rows = pd.DataFrame([w.probabilities for w in windows])
    order = rows.sum().sort_values(ascending=False, kind="stable").index
    # A step holds from the start of a window to its end, so the last value is drawn twice.
    times = [round(w.start, 2) for w in windows] + [round(windows[-1].end, 2)]
    figure = go.Figure()
    for genre in order:
        values = [round(float(p), 4) for p in rows[genre]]
        color = PALETTE.get(genre, OTHER)
        figure.add_scatter(
            x=times,
            y=[*values, values[-1]],
            name=genre,
            mode="lines",
            stackgroup="genres",
            line={"shape": "hv", "width": 1, "color": color},
            fillcolor=color,
            fillpattern={**_pattern(PATTERNS.get(genre, "")), "bgcolor": color},
            hovertemplate="%{y:.0%}",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=380,
        hovermode="x unified",
        xaxis={"title": {"text": "Time (s)"}, "range": [times[0], times[-1]], "showgrid": False},
        yaxis={"title": {"text": "Probability"}, "range": [0, 1], "tickformat": ".0%"},
        legend={"traceorder": "normal"},
    )
    best = rows.idxmax(axis="columns")
    table = pd.DataFrame(
        {
            "from (s)": [f"{w.start:.0f}" for w in windows],
            "to (s)": [f"{w.end:.0f}" for w in windows],
            "likeliest": best.to_numpy(dtype=str),
            **{genre: [_percent(float(p)) for p in rows[genre]] for genre in order},
        }
    )
    counts = best.value_counts()
    shares = [f"{genre} in {n}" for genre, n in counts.items()]
    plural = "windows" if len(windows) > 1 else "window"
    return Chart(
        figure=figure,
        alt=f"Genre over {times[-1]:.0f} seconds in {len(windows)} {plural}; "
        f"the likeliest genre is {_listed(shares)}.",
        table=table,
        caption="Genre over time",
    )


def _pattern(shape: str | list[str]) -> dict[str, object]:
    # White lines over the full colour: the fill keeps its contrast with the page.
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.55)",
            "size": 7, "solidity": 0.2}  # fmt: skip


def _percent(value: float) -> str:
    return f"{value:.0%}" if value >= 0.095 else f"{value:.1%}"


def _listed(items: Sequence[str]) -> str:
    """Join words as in a sentence: 'a', 'a and b', 'a, b and c'."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
