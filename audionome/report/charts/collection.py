"""The chart of the memory that a run over very many files takes."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from audionome.charts._base import PARTS, TEMPLATE, Chart, nothing

__all__ = ["memory"]


def memory(table: pd.DataFrame) -> Chart:
    """Draw the resident memory of a run against the files that it has done.

    Parameters
    ----------
    table
        From `audionome.report.numbers.collection.memory`.

    Returns
    -------
    Chart
    """
    caption = "Memory of the process that walks, keeps and writes, while a collection grows"
    if table.empty:
        return nothing(caption)
    figure = go.Figure()
    figure.add_scatter(
        x=table["files"].to_list(),
        y=table["mib"].to_list(),
        mode="lines+markers",
        line={"color": PARTS[0][0], "width": 2},
        hovertemplate="%{x:,} files: %{y:.0f} MiB<extra></extra>",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=300,
        xaxis={"title": {"text": "files done"}, "tickformat": ","},
        yaxis={"title": {"text": "memory (MiB)"}, "rangemode": "tozero"},
    )
    first, last = table.iloc[0], table.iloc[-1]
    return Chart(
        figure=figure,
        alt=f"Memory against the number of files: {first['mib']:.0f} MiB after "
        f"{first['files']:,.0f} files, {last['mib']:.0f} MiB after {last['files']:,.0f}.",
        table=pd.DataFrame(
            {
                "files": [f"{n:,}" for n in table["files"]],
                "memory (MiB)": [f"{v:.0f}" for v in table["mib"]],
            }
        ),
        caption=caption,
    )
