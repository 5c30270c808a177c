"""A chart of what others report beside what is measured here."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    INK,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    highlighting,
    nothing,
    percent,
    rounded,
    spans,
    tenths,
    unique,
)

__all__ = ["beside_others"]

_GROUPS = {
    "fault-filtered": "Fault-filtered",
    "fault-filtered-nine-genres": "Without disco",
    "ten random folds": "Ten random folds",
    "one of ten random folds": "One random fold",
}


def beside_others(others: pd.DataFrame, ours: pd.DataFrame) -> Chart:
    """Draw the accuracies that others report and ours, protocol by protocol.

    Parameters
    ----------
    others
        From `audionome.lab.literature.accuracies`.
    ours
        From `audionome.lab.literature.ours`.

    Returns
    -------
    Chart
        Open marks for what learned from GTZAN alone, filled ones for what was pretrained; diamonds
        are ours.
    """
    caption = (
        "Reported by others (circles) and measured here (diamonds); open marks learned from GTZAN "
        "alone, filled ones from other music first"
    )
    both = pd.concat([others.assign(whose="others"), ours.assign(whose="ours")], ignore_index=True)
    both = both[both["protocol"].isin(list(_GROUPS))]
    if both.empty:
        return nothing(caption)
    order = both["protocol"].map({name: i for i, name in enumerate(_GROUPS)})
    both = both.assign(place=order).sort_values(["place", "accuracy"], kind="stable")
    labels, places = [], []
    for protocol in unique(both["protocol"]):
        labels.append(f"<b>{_GROUPS[protocol]}</b>")
        for row in both[both["protocol"] == protocol].to_dict("records"):
            places.append(len(labels))
            labels.append(f"ours: {row['model']}" if row["whose"] == "ours" else str(row["model"]))
    both = both.assign(y=places)
    figure = go.Figure()
    for whose, colour in (("others", INK), ("ours", PARTS[0][0])):
        for family in ("from scratch", "pretrained"):
            rows = both[(both["whose"] == whose) & (both["family"] == family)]
            shape = "diamond" if whose == "ours" else "circle"
            told = zip(rows["model"], rows["low"], rows["high"], rows["n"], strict=True)
            figure.add_scatter(
                x=rounded(rows["accuracy"]),
                y=rows["y"].to_list(),
                customdata=[[m, percent(a), percent(b), f"{n:,}"] for m, a, b, n in told],
                name=f"{whose}, {family}",
                mode="markers",
                marker={
                    "size": 10,
                    "symbol": shape if family == "pretrained" else f"{shape}-open",
                    "color": colour,
                    "line": {"width": 2, "color": colour},
                },
                hovertemplate="%{customdata[0]}: %{x:.1%} of %{customdata[3]} clips "
                "(%{customdata[1]} to %{customdata[2]})<extra></extra>",
                **bars_x(rows["accuracy"], rows["low"], rows["high"]),
            )
    figure.update_layout(
        template=TEMPLATE,
        height=130 + 21 * len(labels),
        xaxis={"title": {"text": "Accuracy"}, "range": [0.38, 1.0], "tickformat": ".0%"},
        yaxis={
            "range": [len(labels) - 0.4, -0.6],
            "tickvals": list(range(len(labels))),
            "ticktext": labels,
            "zeroline": False,
        },
        **highlighting(figure),
    )
    told_by = []
    for protocol in unique(both["protocol"]):
        for whose in ("others", "ours"):
            rows = both[(both["protocol"] == protocol) & (both["whose"] == whose)]
            values = zip(rows["model"], rows["accuracy"], strict=True)
            if len(rows):
                named = listed([f"{model} {percent(value)}" for model, value in values])
                told_by.append(f"{_GROUPS[protocol]}, {whose}: {named}")
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(both)} models. {'; '.join(told_by)}.",
        table=pd.DataFrame(
            {
                "protocol": [_GROUPS[p] for p in both["protocol"]],
                "model": both["model"],
                "whose": both["whose"],
                "family": both["family"],
                "clips": [f"{n:,}" for n in both["n"]],
                "accuracy": [tenths(v) for v in both["accuracy"]],
                "95 % interval": spans(both["low"], both["high"]),
                "interval over": both["whose"].map(
                    {"others": "clips, as if independent", "ours": "artists"}
                ),
            }
        ),
        caption=caption,
    )
