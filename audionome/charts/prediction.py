"""Charts of one answer: how likely each genre is, and how that changes over a piece."""

from __future__ import annotations

import textwrap
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
    from audionome.classifier import Reason, WindowPrediction

__all__ = [
    "probability_bars",
    "reason_bars",
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


def reason_bars(reasons: Sequence[Reason], genre: str, *, most: int = 6) -> Chart:
    """Draw what spoke for a genre and what against it.

    Parameters
    ----------
    reasons
        Of a prediction, the weightiest first.
    genre
        The genre that was named.
    most
        Number of reasons that are shown; the rest is one more bar.

    Returns
    -------
    Chart
        One bar per reason, in points of probability.
    """
    rest = float(sum(r.contribution for r in reasons[most:]))
    told = [(r.words, r.contribution) for r in reasons[:most]]
    if len(reasons) > most:
        told.append((f"the other {len(reasons) - most} together", rest))
    points = [round(100 * value, 1) for _, value in told]
    labels = ["<br>".join(textwrap.wrap(words, 30)) for words, _ in told]
    color = PALETTE.get(genre, OTHER)
    figure = go.Figure(
        go.Bar(
            x=points,
            y=labels,
            orientation="h",
            marker={
                "color": [color if p >= 0 else OTHER for p in points],
                "pattern": pattern(["" if p >= 0 else "/" for p in points]),
            },
            text=[f"{p:+.0f}" for p in points],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:+.1f} points<extra></extra>",
        )
    )
    low, high = min(0.0, *points), max(0.0, *points)
    room = 0.15 * max(high - low, 1)
    figure.update_layout(
        template=TEMPLATE,
        height=110 + 48 * len(told),
        bargap=0.35,
        showlegend=False,
        xaxis={"title": {"text": f"Points towards {genre}"}, "range": [low - room, high + room]},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    first = told[0]
    side = "towards" if first[1] >= 0 else "away from"
    return Chart(
        figure=figure,
        alt=f"What spoke for {genre} and against it, in points of probability. Weightiest: "
        f"{first[0]}, {abs(points[0]):.0f} points {side} {genre}.",
        table=pd.DataFrame({"what was heard": [w for w, _ in told], "points": points}),
        caption=f"Why {genre}: what spoke for it and against it",
    )
