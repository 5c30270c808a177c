"""Charts of the prediction sets: their threshold, what was promised and what was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import genre_name, listed
from audionome.charts._base import (
    INK,
    PARTS,
    TEMPLATE,
    Chart,
    menu,
    nothing,
    percent,
    rounded,
    spans,
    tenths,
)
from audionome.lab.conformal import COVERAGE

__all__ = ["LENGTH_NAMES", "nearness_of_the_truth", "promise_kept"]

#: How the lengths of `audionome.lab.outside` are written.
LENGTH_NAMES = {3: "3 s", 10: "10 s", 0: "whole clips"}

_BINS = 40
_WORDS = {"kept": "as promised", "missed": "less", "exceeded": "more"}


def nearness_of_the_truth(tables: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw how near the true genre comes to the most probable one, with the threshold of the sets.

    Parameters
    ----------
    tables
        Name of a model to its whole clips: ``of_truth``, and ``threshold`` (the same in all rows).

    Returns
    -------
    Chart
        A histogram with a menu of models.
    """
    caption = (
        "How near the true genre comes to the most probable one: the threshold leaves the lowest "
        "tenth to its left"
    )
    found = {name: rows for name, rows in tables.items() if len(rows)}
    if not found:
        return nothing(caption)
    edges = np.linspace(0, 1, _BINS + 1)
    centres = rounded((edges[:-1] + edges[1:]) / 2)

    def bars(rows: pd.DataFrame) -> list[int]:
        counts, _ = np.histogram(rows["of_truth"].to_numpy(np.float64), edges)
        return [int(n) for n in counts]

    def limit(rows: pd.DataFrame) -> float:
        return float(rows["threshold"].iloc[0])

    def lines(rows: pd.DataFrame) -> list[dict[str, Any]]:
        return [
            {"type": "line", "x0": limit(rows), "x1": limit(rows), "y0": 0, "y1": 1,
             "yref": "paper", "line": {"color": INK, "width": 2, "dash": "dash"}}
        ]  # fmt: skip

    name, first = next(iter(found.items()))
    figure = go.Figure(
        go.Bar(
            x=centres,
            y=bars(first),
            width=1 / _BINS,
            marker={"color": PARTS[0][0]},
            hovertemplate="about %{x:.0%}: %{y} clips<extra></extra>",
        )
    )
    choices = {n: ({"y": [bars(t)]}, {"shapes": lines(t)}) for n, t in found.items()}
    figure.update_layout(
        template=TEMPLATE,
        height=360,
        bargap=0.05,
        showlegend=False,
        shapes=lines(first),
        xaxis={"title": {"text": "Probability of the true genre over the largest"}, "range": [0, 1],
               "tickformat": ".0%"},
        yaxis={"title": {"text": "Clips", "standoff": 10}},
        **menu("Model", choices),
    )  # fmt: skip
    rows = [
        {
            "model": n,
            "clips": len(t),
            "threshold": tenths(limit(t)),
            "true genre reaches it": tenths(float((t["of_truth"] >= limit(t)).mean())),
            "it is the most probable": tenths(float((t["of_truth"] == 1).mean())),
        }
        for n, t in found.items()
    ]
    return Chart(
        figure=figure,
        alt=f"Histogram of the probability of the true genre over the largest one, of {len(first)} "
        f"clips by the model {name}; the dashed line stands at {percent(limit(first))}. A menu "
        "chooses the model.",
        table=pd.DataFrame(rows),
        caption=caption,
    )


def promise_kept(tables: Mapping[str, pd.DataFrame], group: str) -> Chart:
    """Draw how often the prediction sets hold the true genre, beside the promise.

    Parameters
    ----------
    tables
        Name of a model to a table from `audionome.lab.promises.kept`.
    group
        Column of what is told apart: ``excerpt``, ``genre`` or ``collection``.

    Returns
    -------
    Chart
        One marker with its interval for each group, with a menu of models.
    """
    what = {"excerpt": "length", "genre": "genre", "collection": "source"}[group]
    caption = (
        f"Promised (dashed) and kept, by {what}, with 95 % intervals over artists: an interval "
        "that crosses the line is as good as the promise"
    )
    found = {name: rows for name, rows in tables.items() if len(rows)}
    if not found:
        return nothing(caption)

    def names(rows: pd.DataFrame) -> list[str]:
        if group == "excerpt":
            return [LENGTH_NAMES[int(v)] for v in rows[group]]
        return [genre_name(str(v)) for v in rows[group]]

    def marks(rows: pd.DataFrame) -> dict[str, list[Any]]:
        value = rows["coverage"]
        return {
            "x": [rounded(value)],
            "y": [names(rows)],
            "customdata": [[[int(n), f"{s:.1f}"] for n, s in zip(rows["n"], rows["size"],
                                                                strict=True)]],
            "error_x.array": [rounded(rows["coverage_high"] - value)],
            "error_x.arrayminus": [rounded(value - rows["coverage_low"])],
        }  # fmt: skip

    name, first = next(iter(found.items()))
    shown = marks(first)
    figure = go.Figure(
        go.Scatter(
            x=shown["x"][0],
            y=shown["y"][0],
            customdata=shown["customdata"][0],
            mode="markers",
            marker={"size": 11, "symbol": "square", "color": PARTS[0][0]},
            error_x={
                "array": shown["error_x.array"][0],
                "arrayminus": shown["error_x.arrayminus"][0],
                "thickness": 2,
                "width": 4,
            },
            hovertemplate="%{y}: %{x:.1%} of %{customdata[0]} answers hold the right genre; "
            "%{customdata[1]} genres on average<extra></extra>",
        )
    )
    figure.add_vline(x=COVERAGE, line={"color": INK, "width": 1.5, "dash": "dash"})
    figure.update_layout(
        template=TEMPLATE,
        height=140 + 34 * max(len(t) for t in found.values()),
        showlegend=False,
        xaxis={"title": {"text": "Answers that include the right genre"}, "range": [0, 1.02],
               "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array",
               "categoryarray": list(dict.fromkeys(n for t in found.values() for n in names(t)))},
        **menu("Model", {n: (marks(t), {}) for n, t in found.items()}),
    )  # fmt: skip
    told = [f"{n} {percent(v)}" for n, v in zip(names(first), first["coverage"], strict=True)]
    return Chart(
        figure=figure,
        alt=f"Share of answers that include the right genre, model {name}, beside the promise of "
        f"{percent(COVERAGE)}: {listed(told)}. A menu chooses the model.",
        table=pd.concat([_rows(n, t, names(t), what) for n, t in found.items()]),
        caption=caption,
    )


def _rows(name: str, table: pd.DataFrame, groups: list[str], what: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": name,
            what: groups,
            "answers": table["n"],
            "artists": table["artists"],
            "kept": [tenths(v) for v in table["coverage"]],
            "interval of kept": spans(table["coverage_low"], table["coverage_high"]),
            "against the promise": [_WORDS[str(v)] for v in table["verdict"]],
            "genres on average": [f"{v:.2f}" for v in table["size"]],
            "one genre": [tenths(v) for v in table["one"]],
            "one genre and right": [tenths(v) for v in table["one_right"]],
            "unlike anything": [tenths(v) for v in table["strange"]],
        }
    )
