"""Charts of the source study: what it reported, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from audionome.charts._base import (
    OTHER,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    joined,
    menu,
    nothing,
    points,
    rounded,
    spans,
    tenths,
    unique,
)

__all__ = ["metric_comparison", "study_and_ours", "train_valid_test"]

#: Whose figures stand beside ours.
STUDY = "Stijnen and Delaere"


def study_and_ours(table: pd.DataFrame) -> Chart:
    """Draw the accuracies that Stijnen and Delaere report beside ours.

    Parameters
    ----------
    table
        From `audionome.lab.ladder.study_table`.

    Returns
    -------
    Chart
        One row per model: a diamond for the study, a circle with its interval for ours.
    """
    names = table["title"].to_list()
    figure = go.Figure()
    have = table.dropna(subset="ours")
    figure.add_scatter(
        **joined(have["title"], have["study"], have["ours"]), mode="lines",
        line={"color": OTHER, "width": 2}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for name, column, color, symbol in (
        (STUDY, "study", PARTS[1][0], "diamond"),
        ("ours", "ours", PARTS[0][0], "circle"),
    ):
        rows = table.dropna(subset=column)
        bounds = {} if column == "study" else bars_x(rows["ours"], rows["low"], rows["high"])
        figure.add_scatter(
            x=rounded(rows[column]),
            y=rows["title"].to_list(),
            name=name,
            mode="markers",
            marker={"size": 11, "symbol": symbol, "color": color},
            hovertemplate="%{y}, " + name + ": %{x:.1%}<extra></extra>",
            **bounds,
        )
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        xaxis={"title": {"text": "Accuracy per window, random windows"}, "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )
    far = have["difference"].abs().max() if len(have) else 0.0
    within = ["" if pd.isna(w) else ("yes" if w else "no") for w in table["within"]]
    printed = pd.DataFrame(
        {
            "model": names,
            STUDY: [tenths(v) for v in table["study"]],
            "ours": [tenths(v) for v in table["ours"]],
            "95 % interval": spans(table["low"], table["high"]),
            "difference (points)": [points(v) for v in table["difference"]],
            "within 2 points": within,
        }
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(table)} models as reported by {STUDY} and here, both with windows "
        f"split at random; {within.count('yes')} of {len(have)} agree within 2 points, the largest "
        f"difference is {100 * far:.1f} points.",
        table=printed,
        caption=f"The figures of {STUDY} and ours, by their rule: marks that "
        "meet say that a figure can be repeated",
    )


def train_valid_test(protocols: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw how well each model knows its training music, held-out music and test music.

    Parameters
    ----------
    protocols
        Title of a protocol to a table from `audionome.lab.ladder.gaps`; a menu chooses.

    Returns
    -------
    Chart
        One row per model with three markers; the length of the line is the gap.
    """
    tables = {name: t for name, t in protocols.items() if len(t)}
    if not tables:
        return nothing("Accuracy on training, validation and test music")
    names = unique([n for t in tables.values() for n in t["title"]])
    marks = {
        "train": ("training", PARTS[1][0], "triangle-up"),
        "valid": ("validation", PARTS[2][0], "square"),
        "test": ("test", PARTS[0][0], "circle"),
    }

    def values(table: pd.DataFrame) -> dict[str, list[Any]]:
        rows = table.set_index("title").reindex(names)
        lines = joined(names, rows["train"], rows["test"])
        return {
            "x": [lines["x"], *(rounded(rows[part]) for part in marks)],
            "y": [lines["y"], *([names] * len(marks))],
        }

    first = values(next(iter(tables.values())))
    figure = go.Figure()
    figure.add_scatter(
        x=first["x"][0], y=first["y"][0], mode="lines", line={"color": OTHER, "width": 2},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for i, (name, color, symbol) in enumerate(marks.values(), 1):
        figure.add_scatter(
            x=first["x"][i],
            y=first["y"][i],
            name=name,
            mode="markers",
            marker={"size": 10, "symbol": symbol, "color": color},
            hovertemplate="%{y}, " + name + ": %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=480,
        xaxis={"title": {"text": "Accuracy"}, "range": [0, 1.03], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
        **menu("Protocol", {name: (values(t), {}) for name, t in tables.items()}),
    )
    name, table = next(iter(tables.items()))
    widest = table.dropna(subset="gap").sort_values("gap", kind="stable")
    told = "there are no training scores"
    if len(widest):
        last = widest.iloc[-1]
        told = f"the gap is widest for {last['title']}, {100 * last['gap']:.1f} points"
    printed = pd.concat(
        [
            pd.DataFrame(
                {
                    "protocol": protocol,
                    "model": t["title"],
                    "training": [tenths(v) for v in t["train"]],
                    "validation": [tenths(v) for v in t["valid"]],
                    "test": [tenths(v) for v in t["test"]],
                    "gap (points)": [points(v) for v in t["gap"]],
                }
            )
            for protocol, t in tables.items()
        ]
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(table)} models on training, validation and test music, protocol "
        f"{name}: {told}. A menu chooses the protocol.",
        table=printed,
        caption="Training music and new music: the longer the line, the less "
        "the first says about the second",
    )


def metric_comparison(protocols: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw three measures of the same answers, with a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a table from `audionome.lab.ladder.measures`.

    Returns
    -------
    Chart
        One row per model with three markers; the table adds the log loss.
    """
    caption = "The same answers by three measures: accuracy and F1 high, calibration error low"
    tables = {name: t for name, t in protocols.items() if len(t)}
    if not tables:
        return nothing(caption)
    names = unique([n for t in tables.values() for n in t["title"]])
    marks = {
        "accuracy": ("accuracy", PARTS[0][0], "circle"),
        "macro_f1": ("macro F1", PARTS[1][0], "diamond"),
        "ece": ("calibration error (less is better)", PARTS[2][0], "x"),
    }

    def values(table: pd.DataFrame) -> dict[str, list[Any]]:
        rows = table.set_index("title").reindex(names)
        return {"x": [rounded(rows[measure]) for measure in marks]}

    name, first = next(iter(tables.items()))
    figure = go.Figure()
    for x, (words, color, symbol) in zip(values(first)["x"], marks.values(), strict=True):
        figure.add_scatter(
            x=x,
            y=names,
            name=words,
            mode="markers",
            marker={"size": 10, "symbol": symbol, "color": color},
            hovertemplate="%{y}, " + words + ": %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=150 + 30 * len(names),
        showlegend=True,
        xaxis={"title": {"text": "Share"}, "range": [-0.02, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
        **menu("Protocol", {n: (values(t), {}) for n, t in tables.items()}),
    )
    best = first.sort_values("accuracy", kind="stable").iloc[-1]
    return Chart(
        figure=figure,
        alt=f"Accuracy, macro F1 and calibration error of {len(first)} models, protocol {name}. "
        f"{best['title']} is right most often: accuracy {tenths(best['accuracy'])}, macro F1 "
        f"{tenths(best['macro_f1'])}, calibration error {tenths(best['ece'])}. A menu chooses the "
        "protocol.",
        table=pd.concat(
            [
                pd.DataFrame(
                    {
                        "protocol": protocol,
                        "model": t["title"],
                        "accuracy": [tenths(v) for v in t["accuracy"]],
                        "macro F1": [tenths(v) for v in t["macro_f1"]],
                        "calibration error": [tenths(v) for v in t["ece"]],
                        "log loss": ["" if pd.isna(v) else f"{v:.2f}" for v in t["log_loss"]],
                    }
                )
                for protocol, t in tables.items()
            ]
        ),
        caption=caption,
    )
