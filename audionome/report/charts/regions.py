"""Charts of the algorithms: decision regions, and the results of one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    OTHER,
    PALETTE,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    digits,
    genre_marks,
    nothing,
    percent,
    rounded,
    spans,
    tenths,
    unique,
)

if TYPE_CHECKING:
    from audionome.lab.exploration import Regions

__all__ = ["decision_regions", "model_results"]


def decision_regions(found: Regions) -> Chart:
    """Draw which answer a model gives at every point of two features, with a slider.

    Parameters
    ----------
    found
        From `audionome.lab.exploration.regions`.

    Returns
    -------
    Chart
        A coloured plane with the tracks that the model learned from.
    """
    colors = [PALETTE.get(genre, OTHER) for genre in found.genres]
    n = len(colors)
    scale = [[(i + side) / n, color] for i, color in enumerate(colors) for side in (0, 1)]
    x0, dx = float(found.x[0]), float(found.x[1] - found.x[0])
    y0, dy = float(found.y[0]), float(found.y[1] - found.y[0])
    figure = go.Figure()
    for k, step in enumerate(found.steps):
        shown = k == found.dial.start
        figure.add_heatmap(
            z=step.cells, x0=x0, dx=dx, y0=y0, dy=dy, zmin=-0.5, zmax=n - 0.5, colorscale=scale,
            showscale=False, opacity=0.35, hoverinfo="skip", visible=shown,
        )  # fmt: skip
    one, other = found.features
    for genre, points in found.points.groupby("genre", sort=True):
        figure.add_scatter(
            x=digits(points[one]),
            y=digits(points[other]),
            text=points["track"].to_list(),
            hovertemplate="%{text}<extra></extra>",
            **genre_marks(str(genre), size=6),
        )
    # The names lie on top of the points.
    for k, step in enumerate(found.steps):
        rows, columns, names = _labels(step.cells, found.genres)
        figure.add_scatter(
            x=digits(found.x[columns]), y=digits(found.y[rows]), text=names, mode="text",
            textfont={"size": 15, "weight": 700, "shadow": "auto"}, hoverinfo="skip",
            showlegend=False, visible=k == found.dial.start,
        )  # fmt: skip
    labels = [f"{step.value:g}" for step in found.steps]
    n_steps = len(labels)
    always = [True] * (len(figure.data) - 2 * n_steps)
    steps = [
        {
            "label": label,
            "method": "update",
            "args": [{"visible": [*_only(k, n_steps), *always, *_only(k, n_steps)]}, {}],
        }
        for k, label in enumerate(labels)
    ]
    n_train = len(found.points)
    notes = {
        label: f"Right on {percent(step.train)} of the {n_train} tracks that it learned from and "
        f"on {percent(step.test)} of {found.n_test} tracks by other artists "
        f"(95 % interval {spans([step.low], [step.high])[0]})."
        for label, step in zip(labels, found.steps, strict=True)
    }
    figure.update_layout(
        template=TEMPLATE,
        height=500,
        showlegend=True,
        meta={"notes": notes},
        sliders=[
            {
                "name": found.dial.words,
                "active": found.dial.start,
                "currentvalue": {"prefix": f"{found.dial.words}: "},
                "steps": steps,
                "pad": {"t": 60},
            }
        ],
        xaxis={"title": {"text": one}, "range": [x0, x0 + dx * (len(found.x) - 1)]},
        yaxis={"title": {"text": other, "standoff": 8},
               "range": [y0, y0 + dy * (len(found.y) - 1)]},
    )  # fmt: skip
    best = max(range(len(labels)), key=lambda k: found.steps[k].test)
    return Chart(
        figure=figure,
        alt=f"Regions of the plane of {one} and {other} where {found.title.lower()} answers "
        f"{listed(list(found.genres))}, for {len(labels)} values of {found.dial.words}, chosen "
        f"with a slider. On tracks by other artists {labels[best]} is best, "
        f"{percent(found.steps[best].test)} right.",
        table=pd.DataFrame(
            {
                found.dial.words: labels,
                "right on its own tracks": [tenths(s.train) for s in found.steps],
                "right on other artists": [tenths(s.test) for s in found.steps],
                "95 % interval": spans([s.low for s in found.steps], [s.high for s in found.steps]),
            }
        ),
        caption=f"What it makes of two features, by {found.dial.words.lower()}"
        if len(found.dial.words) > 1
        else f"What it makes of two features, by {found.dial.words}",
    )


def model_results(table: pd.DataFrame) -> Chart:
    """Draw the accuracy of one model under every protocol, in each of its variants.

    Parameters
    ----------
    table
        From `audionome.lab.exploration.own_scores`.

    Returns
    -------
    Chart
        One row per protocol.
    """
    caption = (
        "Accuracy per track under every protocol, with 95 % intervals over artists: how far does "
        "it fall?"
    )
    if table.empty:
        return nothing(caption)
    rungs = unique(table["protocol_title"])
    looks = {
        "study": ("the study's settings", PARTS[1][0], "diamond", -0.14),
        "tuned": ("tuned", PARTS[0][0], "circle", 0.14),
    }
    figure = go.Figure()
    told = []
    for variant, (name, color, symbol, aside) in looks.items():
        rows = table[table["variant"] == variant]
        if rows.empty:
            continue
        figure.add_scatter(
            x=rounded(rows["accuracy"]),
            # A little apart, so that one does not hide the other.
            y=[rungs.index(rung) + aside for rung in rows["protocol_title"]],
            customdata=rows["protocol_title"].to_list(),
            name=name,
            mode="markers",
            marker={"size": 10, "symbol": symbol, "color": color},
            hovertemplate="%{customdata}, " + name + ": %{x:.1%}<extra></extra>",
            **bars_x(rows["accuracy"], rows["accuracy_low"], rows["accuracy_high"]),
        )
        first, last = rows.iloc[0], rows.iloc[-1]
        told.append(
            f"{name} from {tenths(first['accuracy'])} ({first['protocol_title']}) to "
            f"{tenths(last['accuracy'])} ({last['protocol_title']})"
        )
    figure.update_layout(
        template=TEMPLATE,
        height=330,
        showlegend=True,
        xaxis={"title": {"text": "Test accuracy per track"}, "range": [0, 1.02],
               "tickformat": ".0%"},
        yaxis={"range": [len(rungs) - 0.5, -0.5], "tickvals": list(range(len(rungs))),
               "ticktext": rungs, "zeroline": False},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"{table['title'].iloc[0]} under {len(rungs)} protocols: {listed(told)}.",
        table=pd.DataFrame(
            {
                "protocol": table["protocol_title"],
                "settings": [looks[str(v)][0] for v in table["variant"]],
                "accuracy": [tenths(v) for v in table["accuracy"]],
                "95 % interval": spans(table["accuracy_low"], table["accuracy_high"]),
                "tracks": table["n"],
            }
        ),
        caption=caption,
    )


# -- helpers ------------------------------------------------------------------------------


def _only(k: int, n: int) -> list[bool]:
    return [j == k for j in range(n)]


def _labels(
    cells: np.ndarray, genres: Sequence[str], *, least: float = 0.02
) -> tuple[list[int], list[int], list[str]]:
    """Where to write the name of each genre: as deep inside its region as can be."""
    from scipy.ndimage import distance_transform_edt

    rows, columns, names = [], [], []
    for i, genre in enumerate(genres):
        inside = cells == i
        if inside.mean() < least:
            continue
        # The frame counts as a border, or a name at the edge would be cut off; and a name is wide,
        # so it needs more room to its sides than above.
        depth = distance_transform_edt(np.pad(inside, 1), sampling=(1, 0.4))[1:-1, 1:-1]
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        rows.append(int(row))
        columns.append(int(column))
        names.append(genre)
    return rows, columns, names
