"""The chart of what a large collection costs; the conventions are those of `audionome.charts`."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from audionome._words import long_time
from audionome.charts._base import MARKS, PARTS, TEMPLATE, Chart
from audionome.lab.store import Benchmark
from audionome.report.numbers.scale import CORES, costs, size

__all__ = ["collections"]

_KINDS = {"clips": "clips of 30 s", "songs": "songs of 4 min"}


def collections(found: Benchmark) -> Chart:
    """Draw how long collections take by the number of cores; the table says what they cost.

    Parameters
    ----------
    found
        From `audionome.lab.store.load_benchmark`.
    """
    figure, table, told = go.Figure(), [], []
    for i, row in enumerate(costs(found).to_dict("records")):
        name = f"{row['files'] // 1_000_000} million {_KINDS[row['kind']]}"
        seconds = float(row["core_seconds"])
        times = [seconds / n for n in CORES]
        figure.add_scatter(
            x=list(CORES),
            y=[float(f"{t / 3600:.4g}") for t in times],
            name=name,
            mode="lines+markers",
            line={"color": PARTS[i % len(PARTS)][0], "width": 3},
            marker={"symbol": MARKS[i % len(MARKS)], "size": 9},
            customdata=[long_time(t) for t in times],
            hovertemplate=f"{name}, %{{x}} cores: %{{customdata}}<extra></extra>",
        )
        table.append(
            {"collection": name, "hours of one core": f"{seconds / 3600:,.0f}"}
            | {f"on {n:,} cores": long_time(t) for n, t in zip(CORES, times, strict=True) if n > 1}
            | {"sound to read": size(row["sound_bytes"]), "table": size(row["table_bytes"])}
        )
        told.append(f"{name} {seconds / 3600:,.0f} hours of one core, {long_time(times[2])} on 64")
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        showlegend=True,
        xaxis={"title": {"text": "Cores (logarithmic)"}, "type": "log",
               "tickvals": list(CORES), "ticktext": [f"{n:,}" for n in CORES]},
        yaxis={"title": {"text": "Hours (logarithmic)", "standoff": 10}, "type": "log",
               "dtick": 1},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"How long a collection takes: {'; '.join(told)}.",
        table=pd.DataFrame(table),
        caption="Hours to classify a collection, by the cores that share the work: "
        "reckoned from one core",
    )
