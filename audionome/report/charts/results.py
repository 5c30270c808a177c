"""Charts of the ladder: every rung, what a rung is made of, and comparisons of models."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from audionome._words import counted, listed
from audionome.charts._base import (
    HIGHLIGHT,
    INK,
    MARKS,
    OTHER,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    chance_line,
    highlighting,
    interval_note,
    menus,
    nothing,
    p_value,
    percent,
    points,
    rounded,
    spans,
    tenths,
    unique,
)
from audionome.lab.compare import SAME

__all__ = [
    "comparison_forest",
    "ladder",
]


def ladder(levels: Mapping[str, pd.DataFrame], *, selected: str) -> Chart:
    """Draw the accuracy of every model under every protocol, one line per model.

    Parameters
    ----------
    levels
        Name of a way to count (``"per track"``) to a table from `audionome.lab.ladder.ladders`; a
        menu chooses, the first one is shown first.
    selected
        Model whose line comes first to the front, with its intervals; a second menu, a click on a
        line or on its name chooses another, or all of them.

    Returns
    -------
    Chart
        One rung per protocol from top to bottom.
    """
    first = next(iter(levels.values()), pd.DataFrame())
    if first.empty:
        return nothing("Accuracy on every rung of the ladder")
    rungs = unique([p for t in levels.values() for p in t["protocol_title"]])
    models = unique([m for t in levels.values() for m in t["model"]])
    names = {m: n for t in levels.values() for m, n in zip(t["model"], t["title"], strict=True)}

    def lines(table: pd.DataFrame) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {"x": [], "y": [], "customdata": []}
        plus, minus = [], []
        for model in models:
            rows = table[table["model"] == model].set_index("protocol_title").reindex(rungs)
            rows = rows.dropna(subset="accuracy")
            out["x"].append(rounded(rows["accuracy"]))
            out["y"].append(rows.index.to_list())
            out["customdata"].append(
                [[percent(a), percent(b)] for a, b in rows[["low", "high"]].to_numpy()]
            )
            plus.append(rounded(rows["high"] - rows["accuracy"]))
            minus.append(rounded(rows["accuracy"] - rows["low"]))
        return out | {"error_x.array": plus, "error_x.arrayminus": minus}

    # Grey is for what stands back.
    colours = [colour for colour, _ in PARTS if colour != OTHER]

    def highlight(chosen: str | None) -> dict[str, list[Any]]:
        """Return the looks of all lines; of all alike for none."""
        own = [model == chosen for model in models]
        front = [it or chosen is None for it in own]
        return {
            "line.width": [3 if it else 1.5 if chosen is None else 1 for it in own],
            "line.color": [
                colours[i % len(colours)] if it else OTHER for i, it in enumerate(front)
            ],
            "marker.size": [10 if it else 7 for it in own],
            "opacity": [1 if it else 0.5 for it in front],
            "error_x.visible": own,
            "zorder": [int(it) for it in own],
        }

    def note(table: pd.DataFrame, model: str) -> str:
        rows = table[table["model"] == model].dropna(subset="accuracy")
        accuracy, interval = rows["accuracy"].map(tenths), spans(rows["low"], rows["high"])
        return interval_note(rows["protocol_title"], accuracy, interval) or "No result."

    shown, look = lines(first), highlight(selected if selected in models else None)
    figure = go.Figure()
    for i, model in enumerate(models):
        figure.add_scatter(
            x=shown["x"][i],
            y=shown["y"][i],
            customdata=shown["customdata"][i],
            name=names[model],
            mode="lines+markers",
            line={"width": look["line.width"][i], "color": look["line.color"][i]},
            marker={"size": look["marker.size"][i], "symbol": MARKS[i % len(MARKS)]},
            opacity=look["opacity"][i],
            zorder=look["zorder"][i],
            error_x={
                "array": shown["error_x.array"][i],
                "arrayminus": shown["error_x.arrayminus"][i],
                "visible": look["error_x.visible"][i],
                "thickness": 2,
                "width": 5,
            },
            hovertemplate=f"{names[model]}<br>%{{y}}: %{{x:.1%}} "
            "(%{customdata[0]} to %{customdata[1]})<extra></extra>",
        )
    chance_line(figure)
    figure.update_layout(
        template=TEMPLATE,
        height=560,
        xaxis={"title": {"text": "Test accuracy"}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": rungs},
        meta={
            "highlight": HIGHLIGHT,
            "notes": {
                "all models": "Choose a model to see its 95 % intervals.",
                **{
                    f"{name} | {names[model]}": note(table, model)
                    for name, table in levels.items()
                    for model in models
                },
            },
        },
        **menus(
            {
                "Count": {name: (lines(table), {}) for name, table in levels.items()},
                HIGHLIGHT: {
                    "all models": (highlight(None), {}),
                    **{names[model]: (highlight(model), {}) for model in models},
                },
            },
            active={HIGHLIGHT: models.index(selected) + 1 if selected in models else 0},
        ),
    )
    best = first[first["model"] == selected].set_index("protocol_title")["accuracy"]
    best = best.reindex([r for r in rungs if r in best.index])
    told = [f"{rung} {percent(a)}" for rung, a in best.items()]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "counted": name,
                    "protocol": t["protocol_title"],
                    "model": t["title"],
                    "variant": t["variant"],
                    "accuracy": [percent(a) for a in t["accuracy"]],
                    "95 % interval": spans(t["low"], t["high"]),
                    "answers": t["n"],
                }
            )
            for name, t in levels.items()
        ]
    )
    return Chart(
        figure=figure,
        alt=f"Test accuracy of {counted(len(models), 'model')} under "
        f"{counted(len(rungs), 'protocol')}. {names.get(selected, selected)}, "
        f"{next(iter(levels))}: {listed(told) if told else 'no result'}. Menus choose what is "
        "counted, and the model that is highlighted.",
        table=table,
        caption="Accuracy on every rung of the ladder, with 95 % intervals over artists for the "
        "highlighted model",
    )


# What changes between the third rung and the fourth, as the rows of a chart.
_STEPS = {
    "tested": "other tracks tested",
    "listed": "without the left-out clips",
    "size": "fewer tracks to learn from",
    "choice": "the published training tracks",
    "all": "all four together",
}


def decomposition(table: pd.DataFrame) -> Chart:
    """Draw what each part of the step to the fault-filtered split costs.

    Parameters
    ----------
    table
        From `audionome.lab.studies.decomposition.summarise`, with ``title``.

    Returns
    -------
    Chart
        One row per part, one marker with its interval per model; filled where the part is told
        from chance.
    """
    caption = "From the third rung to the fourth, one change at a time: accuracy that each costs"
    if table.empty:
        return nothing(caption)
    rows = [_STEPS[step] for step in _STEPS]
    figure = go.Figure()
    models = list(table.groupby("title", sort=False))
    notes = {}
    for i, (name, part) in enumerate(models):
        part = part.set_index("step").loc[list(_STEPS)]
        ends = part[["low", "high"]].map(points)
        note = interval_note(rows, part["cost"].map(points), ends["low"] + " to " + ends["high"])
        notes[str(name)] = note.replace("With", "Points of accuracy lost, with", 1)
        color, symbol = PARTS[i % len(PARTS)][0], MARKS[i % len(MARKS)]
        # Each model a little lower than the one before.
        shift = (i - (len(models) - 1) / 2) * 0.22
        differs = (part["verdict"] != SAME).to_numpy(dtype=bool)
        figure.add_scatter(
            x=rounded(part["cost"]),
            y=[at + shift for at in range(len(rows))],
            customdata=rows,
            name=str(name),
            mode="markers",
            marker={
                "size": 10,
                "symbol": [symbol if it else f"{symbol}-open" for it in differs],
                "color": color,
                "line": {"width": 2, "color": color},
            },
            hovertemplate=f"{name}, %{{customdata}}: %{{x:.1%}}<extra></extra>",
            **bars_x(part["cost"], part["low"], part["high"]),
        )
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    figure.update_layout(
        template=TEMPLATE,
        height=440,
        showlegend=True,
        xaxis={"title": {"text": "Accuracy that is lost"}, "tickformat": ".0%", "nticks": 6},
        yaxis={
            "autorange": "reversed",
            "tickvals": list(range(len(rows))),
            "ticktext": ["<br>".join(wrap(row, 15)) for row in rows],
            "showgrid": False,
            "zeroline": False,
        },
        **highlighting(figure, notes=notes),
    )
    name, part = models[0]
    costs = {str(step): float(cost) for step, cost in part.set_index("step")["cost"].items()}
    told = [f"{words} {points(costs[step])}" for step, words in _STEPS.items()]
    return Chart(
        figure=figure,
        alt=f"Accuracy lost, in points, from artist-grouped folds to the fault-filtered split. "
        f"{name!s}: {'; '.join(told)}. A hollow marker cannot be told from zero. A menu "
        "highlights a model.",
        table=pd.DataFrame(
            {
                "model": table["title"],
                "change": [_STEPS[str(step)] for step in table["step"]],
                "training tracks before": [f"{n:.0f}" for n in table["before"]],
                "after": [f"{n:.0f}" for n in table["after"]],
                "lost (points)": [points(v) for v in table["cost"]],
                "95 % interval": [
                    f"{points(a)} to {points(b)}" for a, b in table[["low", "high"]].to_numpy()
                ],
                "told from chance": ["no" if v == SAME else "yes" for v in table["verdict"]],
            }
        ),
        caption=caption,
    )


def comparison_forest(table: pd.DataFrame) -> Chart:
    """Draw the difference of every model from the reference, with intervals.

    Parameters
    ----------
    table
        From `audionome.lab.ladder.compare_models`.

    Returns
    -------
    Chart
        A filled marker differs from the reference, a hollow one cannot be told from it.
    """
    empty = nothing("Each model against one of them")
    if table.empty:
        return empty
    # The floor lies so far away that it would press all others together.
    others = table[~table["reference"].to_numpy(dtype=bool) & (table["model"] != "dummy")]
    if others.empty:
        return empty
    best = table[table["reference"].to_numpy(dtype=bool)].iloc[0]["title"]
    names = others["title"].to_list()
    figure = go.Figure()
    for name, differs, color, symbol in (
        ("differs", True, PARTS[6][0], "circle"),
        (SAME, False, PARTS[0][0], "circle-open"),
    ):
        rows = others[(others["verdict"] != SAME).to_numpy(dtype=bool) == differs]
        figure.add_scatter(
            x=rounded(rows["difference"]),
            y=rows["title"].to_list(),
            customdata=[p_value(p) for p in rows["p_holm"]],
            name=name,
            mode="markers",
            marker={
                "size": 10,
                "symbol": symbol,
                "color": color,
                "line": {"width": 2, "color": color},
            },
            hovertemplate="%{y}: %{x:.1%}, %{customdata}<extra></extra>",
            **bars_x(rows["difference"], rows["low"], rows["high"]),
        )
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    figure.update_layout(
        template=TEMPLATE,
        height=140 + 29 * len(names),
        showlegend=True,
        xaxis={
            "title": {"text": "Difference in accuracy"},
            "tickformat": "+.0%",
            "nticks": 5,
            "tickangle": 0,
        },
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )
    same = int((others["verdict"] == SAME).sum())
    return Chart(
        figure=figure,
        alt=f"Difference in accuracy of {counted(len(others), 'model')} from {best}, with 95 % "
        f"intervals: {same} of them cannot be told apart from it.",
        table=pd.DataFrame(
            {
                "model": table["title"],
                "accuracy": [tenths(v) for v in table["accuracy"]],
                "difference (points)": [points(v) for v in table["difference"]],
                "95 % interval": [
                    f"{points(a)} to {points(b)}" for a, b in table[["low", "high"]].to_numpy()
                ],
                "p after Holm": ["" if pd.isna(p) else p_value(p) for p in table["p_holm"]],
            }
        ),
        caption=f"Each model against {best}, on the same tracks: 95 % intervals before Holm's "
        "correction; filled where the difference counts after it",
    )
