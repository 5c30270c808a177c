"""What the ear hears over time: one row per tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from audionome.charts._base import TEMPLATE, Chart, length_words, moment, time_axis, time_columns

if TYPE_CHECKING:
    from audionome.models.prediction import Tag, WindowPrediction

__all__ = ["tags_over_time"]

_GAP = 0.5  # s between two windows that is drawn as one


def tags_over_time(tags: Sequence[Tag], windows: Sequence[WindowPrediction]) -> Chart:
    """Draw how strongly each tag is heard in each window, as a heat map.

    Parameters
    ----------
    tags
        Of a prediction, at least one; each has a strength for every window.
    windows
        The windows of that prediction, in order of time.

    Returns
    -------
    Chart
        A row per tag, the first on top.
    """
    if not tags:
        raise ValueError("A chart of tags needs at least one tag.")
    edges: list[float] = []
    columns: list[int | None] = []  # numbers of windows; none for silence
    for k, window in enumerate(windows):
        if edges and window.start - windows[k - 1].end > _GAP:
            edges.append(round(windows[k - 1].end, 2))
            columns.append(None)
        edges.append(round(window.start, 2))
        columns.append(k)
    edges.append(round(windows[-1].end, 2))
    names = [tag.name for tag in tags]
    figure = go.Figure(
        go.Heatmap(
            x=edges,
            y=names,
            z=[
                [None if k is None else round(tag.over_time[k], 3) for k in columns] for tag in tags
            ],
            zmin=0,
            zmax=max(max(tag.over_time) for tag in tags),  # few tags come near 1
            # Transparent where nothing is heard, on a light page and on a dark one.
            colorscale=[[0, "rgba(63,94,185,0.06)"], [1, "rgba(63,94,185,1)"]],
            xgap=1,
            ygap=3,
            showscale=False,
            hovertemplate="%{y} %{z:.2f}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=110 + 34 * len(tags),
        meta={"overTime": True},
        xaxis=time_axis(edges[0], edges[-1]),
        yaxis={"autorange": "reversed", "showgrid": False, "type": "category"},
    )
    told = []
    for tag in tags[:3]:
        loudest = windows[max(range(len(windows)), key=tag.over_time.__getitem__)]
        at = moment(loudest.start, last=edges[-1])
        told.append(f"{tag.name} {tag.strength:.2f}, most at {at}")
    more = len(tags) - len(told)
    return Chart(
        figure=figure,
        alt=f"What it hears over {length_words(edges[-1])}: the fuller the colour, the stronger. "
        f"On average, of 1: {'; '.join(told)}{f'; and {more} more' if more else ''}.",
        table=pd.DataFrame(
            {
                **time_columns([(w.start, w.end) for w in windows]),
                **{tag.name: [f"{v:.2f}" for v in tag.over_time] for tag in tags},
            }
        ),
        caption="What it hears over time",
    )
