"""The chart of what a protocol can tell apart."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import OTHER, PARTS, TEMPLATE, Chart, joined, nothing, rounded

__all__ = ["resolution"]


def resolution(table: pd.DataFrame) -> Chart:
    """Draw how wide the interval of an accuracy is under each protocol.

    Parameters
    ----------
    table
        From `audionome.lab.ladder.resolution`.

    Returns
    -------
    Chart
        One row per protocol: a diamond as if every clip were independent, a circle when whole
        artists are drawn.
    """
    caption = (
        "How exactly each test measures an accuracy (±), with clips counted and with artists drawn"
    )
    if table.empty:
        return nothing(caption)
    names = table["protocol_title"].to_list()
    figure = go.Figure()
    figure.add_scatter(
        **joined(names, table["half_width_independent"], table["half_width"]), mode="lines",
        line={"color": OTHER, "width": 2}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for name, column, color, symbol in (
        ("as if clips were independent", "half_width_independent", PARTS[1][0], "diamond"),
        ("whole artists drawn", "half_width", PARTS[0][0], "circle"),
    ):
        figure.add_scatter(
            x=rounded(table[column]),
            y=names,
            name=name,
            mode="markers",
            marker={"size": 11, "symbol": symbol, "color": color},
            hovertemplate="%{y}, " + name + ": ±%{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=330,
        xaxis={"title": {"text": "An accuracy is known to ±"}, "tickformat": ".0%",
               "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )  # fmt: skip
    told = [
        f"{row['protocol_title']} ±{100 * row['half_width']:.1f} instead of "
        f"±{100 * row['half_width_independent']:.1f}"
        for row in table.to_dict("records")
    ]
    return Chart(
        figure=figure,
        alt=f"Half the width of the 95 % interval of an accuracy, in points, when whole artists "
        f"are drawn and when clips count as independent: {listed(told)}.",
        table=pd.DataFrame(
            {
                "protocol": names,
                "tracks": table["tracks"],
                "artists": table["artists"],
                "design effect": [f"{v:.1f}" for v in table["design_effect"]],
                "independent tracks": [f"{v:.0f}" for v in table["effective_n"]],
                "half width (points)": [f"{100 * v:.1f}" for v in table["half_width"]],
                "as if independent": [f"{100 * v:.1f}" for v in table["half_width_independent"]],
            }
        ),
        caption=caption,
    )
