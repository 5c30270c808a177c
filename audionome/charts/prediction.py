"""Charts of one answer: how likely each genre is, and how that changes over a piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    OTHER,
    PALETTE,
    PATTERNS,
    TEMPLATE,
    Chart,
    pattern,
    percent,
)

if TYPE_CHECKING:
    from audionome.classifier import WindowPrediction

__all__ = [
    "probability_bars",
    "timeline",
]


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
                "pattern": pattern([PATTERNS.get(g, "") for g in genres]),
            },
            text=[percent(v) for v in values],
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
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    first, *rest = [f"{g} {percent(v)}" for g, v in zip(genres, values, strict=True)]
    return Chart(
        figure=figure,
        alt=f"Probability of each genre: {first} is the likeliest, then {listed(rest[:2])}; "
        f"the other {len(rest[2:])} share {percent(sum(values[3:]))}.",
        table=pd.DataFrame({"genre": genres, "probability": [percent(v) for v in values]}),
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
            fillpattern={**pattern(PATTERNS.get(genre, "")), "bgcolor": color},
            hovertemplate="%{y:.0%}",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=380,
        hovermode="x unified",
        xaxis={"title": {"text": "Time (s)"}, "range": [times[0], times[-1]], "showgrid": False},
        yaxis={
            "title": {"text": "Probability", "standoff": 14},
            "range": [0, 1],
            "tickformat": ".0%",
        },
        legend={"traceorder": "normal"},
    )
    best = rows.idxmax(axis="columns")
    table = pd.DataFrame(
        {
            "from (s)": [f"{w.start:.0f}" for w in windows],
            "to (s)": [f"{w.end:.0f}" for w in windows],
            "likeliest": best.to_numpy(dtype=str),
            **{genre: [percent(float(p)) for p in rows[genre]] for genre in order},
        }
    )
    counts = best.value_counts()
    shares = [f"{genre} in {n}" for genre, n in counts.items()]
    plural = "windows" if len(windows) > 1 else "window"
    return Chart(
        figure=figure,
        alt=f"Genre over {times[-1]:.0f} seconds in {len(windows)} {plural}; "
        f"the likeliest genre is {listed(shares)}.",
        table=table,
        caption="Genre over time",
    )
