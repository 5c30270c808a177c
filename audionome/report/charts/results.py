"""Charts of the results: the ladder, comparisons, confusions, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    INK,
    MARKS,
    OTHER,
    PALETTE,
    PARTS,
    PATTERNS,
    TEMPLATE,
    Chart,
    answer_map,
    bars_x,
    chance_line,
    error_bars,
    menu,
    nothing,
    p_value,
    pattern,
    percent,
    points,
    rounded,
    spans,
    tenths,
    unique,
    wrapped,
)
from audionome.lab.compare import SAME

if TYPE_CHECKING:
    from audionome.lab.confusion import Confusion, Hardest

__all__ = [
    "comparison_forest",
    "confusion_matrix",
    "hard_tracks",
    "importance_bars",
    "ladder",
    "learning_curve",
    "recall_by_genre",
    "reliability_diagram",
]


def ladder(levels: Mapping[str, pd.DataFrame], *, selected: str) -> Chart:
    """Draw the accuracy of every model under every protocol, one line per model.

    Parameters
    ----------
    levels
        Name of a way to count (``"per track"``) to a table from `audionome.lab.ladder.ladders`; a
        menu chooses, the first one is shown first.
    selected
        Model that is drawn in colour, with its intervals.

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
    # The last trace lies on top.
    models = [m for m in models if m != selected] + [m for m in models if m == selected]
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

    shown = lines(first)
    figure = go.Figure()
    for i, model in enumerate(models):
        chosen = model == selected
        symbol = MARKS[[m for m in names if m != selected].index(model)] if not chosen else "circle"
        figure.add_scatter(
            x=shown["x"][i],
            y=shown["y"][i],
            customdata=shown["customdata"][i],
            name=names[model],
            mode="lines+markers",
            line={"width": 3 if chosen else 1, "color": PARTS[0][0] if chosen else OTHER},
            marker={"size": 10 if chosen else 7, "symbol": symbol},
            error_x={
                "array": shown["error_x.array"][i],
                "arrayminus": shown["error_x.arrayminus"][i],
                "visible": chosen,
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
        legend={"traceorder": "reversed"},
        **menu("Count", {name: (lines(table), {}) for name, table in levels.items()}),
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
        alt=f"Test accuracy of {len(models)} model{'s' * (len(models) != 1)} under {len(rungs)} "
        f"protocols. {names.get(selected, selected)}, {next(iter(levels))}: "
        f"{listed(told) if told else 'no result'}.",
        table=table,
        caption="Accuracy on every rung of the ladder: what is learned from and tested "
        "changes (95 % intervals over artists for the coloured line)",
    )


def confusion_matrix(protocols: Mapping[str, Confusion], *, choice: str = "Protocol") -> Chart:
    """Draw which genre is taken for which, as a heat map with a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a result of `audionome.lab.confusion.confusion`.
    choice
        What the menu chooses, if it is not protocols.

    Returns
    -------
    Chart
        True genre in rows, answer in columns, in per cent of the row.
    """
    found = {name: c for name, c in protocols.items() if c.counts.to_numpy().sum()}
    if not found:
        return nothing("Which genre is taken for which")
    genres = [str(g) for g in next(iter(found.values())).counts.index]

    def cells(result: Confusion) -> dict[str, list[Any]]:
        shares = result.shares.to_numpy()
        # Cells of less than one per cent stay empty: the eye should find the rest.
        text = [[f"{100 * v:.0f}" if v >= 0.005 else "" for v in row] for row in shares]
        z = [[None if np.isnan(v) else round(float(v), 3) for v in row] for row in shares]
        return {"z": [z], "text": [text], "customdata": [result.counts.to_numpy().tolist()]}

    shown = cells(next(iter(found.values())))
    figure = answer_map(
        {key: values[0] for key, values in shown.items()},
        answers=genres,
        rows=genres,
        side="True genre",
        hover="%{y} heard as %{x}: %{z:.0%} (%{customdata})",
    )
    notes = {
        name: f"Most often: {c.pairs['genre'].iloc[0]} taken for {c.pairs['predicted'].iloc[0]}, "
        f"{c.pairs['count'].iloc[0]} of {c.counts.loc[c.pairs['genre'].iloc[0]].sum()}."
        for name, c in found.items()
        if len(c.pairs)
    }
    figure.update_layout(
        meta={"notes": notes}, **menu(choice, {name: (cells(c), {}) for name, c in found.items()})
    )
    name, result = next(iter(found.items()))
    hits = int(np.trace(result.counts.to_numpy()))
    table = pd.concat(
        [
            c.counts.rename_axis(columns=None).reset_index().assign(**{choice.lower(): n})
            for n, c in found.items()
        ]
    )
    table.insert(0, choice.lower(), table.pop(choice.lower()))
    return Chart(
        figure=figure,
        alt=f"Confusion matrix of ten genres, {choice.lower()} {name}: {hits:,} of "
        f"{int(result.counts.to_numpy().sum()):,} answers are right. {notes.get(name, '')}"
        + (f" A menu chooses the {choice.lower()}." if len(found) > 1 else ""),
        table=table.rename(columns={"genre": "true genre"}),
        caption="Which genre is taken for which (per cent of the true "
        "genre): off the diagonal lie the mistakes",
    )


def recall_by_genre(protocols: Mapping[str, pd.DataFrame], *, choice: str = "Protocol") -> Chart:
    """Draw how much of each genre is found, with intervals and a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a table from `audionome.lab.confusion.per_genre`.
    choice
        What the menu chooses, if it is not protocols.

    Returns
    -------
    Chart
        One bar per genre; the table holds precision and F1 as well.
    """
    found = {name: t for name, t in protocols.items() if len(t)}
    if not found:
        return nothing("How much of each genre is found")

    def bars(table: pd.DataFrame) -> dict[str, list[Any]]:
        recall = table["recall"]
        return {
            "x": [rounded(recall)],
            "error_x.array": [rounded(table["recall_high"] - recall)],
            "error_x.arrayminus": [rounded(recall - table["recall_low"])],
        }

    name, first = next(iter(found.items()))
    genres = [str(g) for g in first["genre"]]
    figure = go.Figure(
        go.Bar(
            y=genres,
            orientation="h",
            marker={
                "color": [PALETTE.get(g, OTHER) for g in genres],
                "pattern": pattern([PATTERNS.get(g, "") for g in genres]),
            },
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
            x=bars(first)["x"][0],
            error_x={
                "array": bars(first)["error_x.array"][0],
                "arrayminus": bars(first)["error_x.arrayminus"][0],
                "color": INK,
                "thickness": 2,
            },
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=420,
        bargap=0.25,
        showlegend=False,
        xaxis={"title": {"text": "Tracks found (recall)"},
               "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "showgrid": False},
        **menu(choice, {n: (bars(t), {}) for n, t in found.items()}),
    )  # fmt: skip
    order = first.dropna(subset="recall").sort_values("recall", kind="stable")
    low, high = order.iloc[0], order.iloc[-1]
    table = pd.concat(
        [
            pd.DataFrame(
                {choice.lower(): n, "genre": t["genre"], "tracks": t["n"]}
                | {
                    f"{words}{extra}": column
                    for measure, words in (("recall", "recall"), ("precision", "precision"),
                                           ("f1", "F1"))
                    for extra, column in (
                        ("", [tenths(v) for v in t[measure]]),
                        (" interval", spans(t[f"{measure}_low"], t[f"{measure}_high"])),
                    )
                }
            )
            for n, t in found.items()
        ]
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Share of each genre's tracks that are found, {choice.lower()} {name}: from "
        f"{percent(low['recall'])} of {low['genre']} to {percent(high['recall'])} of "
        f"{high['genre']}. A menu chooses the {choice.lower()}.",
        table=table,
        caption="How much of each genre is found, with 95 % intervals: "
        "the shortest bars are the genres to doubt",
    )


def reliability_diagram(
    protocols: Mapping[str, pd.DataFrame], *, choice: str = "Protocol"
) -> Chart:
    """Draw how often answers of a given confidence are right, with a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a table from `audionome.lab.calibration.reliability`.
    choice
        What the menu chooses, if it is not protocols.

    Returns
    -------
    Chart
        One point per step of confidence; on the diagonal the model tells the truth.
    """
    found = {name: t for name, t in protocols.items() if len(t)}
    if not found:
        return nothing("Confidence and truth")

    def dots(table: pd.DataFrame) -> dict[str, list[Any]]:
        right = table["accuracy"]
        diagonal = [0, 1]
        return {
            "x": [diagonal, rounded(table["confidence"])],
            "y": [diagonal, rounded(right)],
            "customdata": [None, [int(n) for n in table["n"]]],
            "error_y.array": [None, rounded(table["high"] - right)],
            "error_y.arrayminus": [None, rounded(right - table["low"])],
        }

    name, first = next(iter(found.items()))
    shown = dots(first)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": OTHER, "width": 2, "dash": "dash"},
        name="as right as it claims", hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=shown["x"][1],
        y=shown["y"][1],
        customdata=shown["customdata"][1],
        name="the model",
        mode="lines+markers",
        line={"color": PARTS[0][0], "width": 2},
        marker={"size": 9},
        error_y={
            "array": shown["error_y.array"][1],
            "arrayminus": shown["error_y.arrayminus"][1],
            "thickness": 2,
            "width": 4,
        },
        hovertemplate="claims %{x:.0%}, right in %{y:.0%} of %{customdata}<extra></extra>",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=440,
        xaxis={"title": {"text": "Confidence"}, "range": [-0.02, 1.02], "tickformat": ".0%"},
        yaxis={"title": {"text": "Share that is right", "standoff": 10}, "range": [0, 1.04],
               "tickformat": ".0%"},
        **menu(choice, {n: (dots(t), {}) for n, t in found.items()}),
    )  # fmt: skip
    last = first.iloc[-1]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    choice.lower(): n,
                    "confidence from": [percent(v) if v else "0%" for v in t["from"]],
                    "to": [percent(v) for v in t["to"]],
                    "answers": t["n"],
                    "mean confidence": [tenths(v) for v in t["confidence"]],
                    "right": [tenths(v) for v in t["accuracy"]],
                    "95 % interval": spans(t["low"], t["high"]),
                }
            )
            for n, t in found.items()
        ]
    )
    return Chart(
        figure=figure,
        alt=f"Confidence of answers against the share that is right, {choice.lower()} {name}: "
        f"where the model claims {percent(last['confidence'])} it is right in "
        f"{percent(last['accuracy'])} of {int(last['n']):,}. A menu chooses the {choice.lower()}.",
        table=table,
        caption="Does the confidence keep its word? Below the diagonal it "
        "promises too much, above it too little",
    )


def learning_curve(curve: pd.DataFrame) -> Chart:
    """Draw accuracy by the number of tracks that a model learns from.

    Parameters
    ----------
    curve
        From `audionome.lab.store`, with ``title``: one row per model and number of ``tracks``.

    Returns
    -------
    Chart
        One line with intervals per model.
    """
    if curve.empty:
        return nothing("Accuracy by number of training tracks")
    figure = go.Figure()
    told = []
    for i, (name, rows) in enumerate(curve.groupby("title", sort=False)):
        rows = rows.sort_values("tracks")
        figure.add_scatter(
            x=[int(n) for n in rows["tracks"]],
            y=rounded(rows["accuracy"]),
            name=str(name),
            mode="lines+markers",
            line={"color": PARTS[i % len(PARTS)][0], "width": 2},
            marker={"size": 9, "symbol": MARKS[i % len(MARKS)]},
            error_y=error_bars(rows["accuracy"], rows["low"], rows["high"], thickness=1.5, width=3),
            hovertemplate=f"{name}<br>%{{x}} tracks: %{{y:.1%}}<extra></extra>",
        )
        told.append(
            f"{name} from {percent(rows['accuracy'].iloc[0])} to "
            f"{percent(rows['accuracy'].iloc[-1])}"
        )
    sizes = sorted({int(n) for n in curve["tracks"]})
    figure.update_layout(
        template=TEMPLATE,
        height=440,
        xaxis={"title": {"text": "Tracks learned from (logarithmic)"}, "type": "log",
               "tickvals": sizes, "ticktext": [f"{n:,}" for n in sizes]},
        yaxis={"title": {"text": "Accuracy per track", "standoff": 10}, "tickformat": ".0%"},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Accuracy with {sizes[0]:,} to {sizes[-1]:,} training tracks: {listed(told)}.",
        table=pd.DataFrame(
            {
                "model": curve["title"],
                "tracks": curve["tracks"],
                "accuracy": [tenths(v) for v in curve["accuracy"]],
                "95 % interval": spans(curve["low"], curve["high"]),
            }
        ),
        caption="Accuracy by number of training tracks, with 95 % intervals: does "
        "the line still climb at its right end?",
    )


def importance_bars(table: pd.DataFrame, *, most: int = 15) -> Chart:
    """Draw how much accuracy is lost when a group of features is scrambled.

    Parameters
    ----------
    table
        From `audionome.lab.store`, with ``label``: one row per ``group`` of features.
    most
        Groups that are drawn; the table holds them all.

    Returns
    -------
    Chart
        One bar per group, the most important first.
    """
    if table.empty:
        return nothing("What the model listens to")
    table = table.sort_values("drop", ascending=False, kind="stable")
    rows = table.head(most)
    figure = go.Figure(
        go.Bar(
            x=rounded(rows["drop"]),
            y=rows["label"].to_list(),
            customdata=["<br>".join(wrapped(g.split(","))) for g in rows["group"]],
            orientation="h",
            marker={"color": PARTS[0][0]},
            hovertemplate="%{x:.1%} lost<br>%{customdata}<extra></extra>",
            error_x=error_bars(rows["drop"], rows["low"], rows["high"]) | {"color": INK},
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=120 + 26 * len(rows),
        bargap=0.25,
        showlegend=False,
        xaxis={"title": {"text": "Accuracy lost"}, "tickformat": ".1~%"},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    top = [f"{r['label']} {points(r['drop'])}" for _, r in rows.head(3).iterrows()]
    return Chart(
        figure=figure,
        alt=f"Accuracy lost, in points, when a group of features is scrambled; the first "
        f"{len(rows)} of {len(table)} groups. Most is lost by {listed(top)}.",
        table=pd.DataFrame(
            {
                "features": [g.replace(",", ", ") for g in table["group"]],
                "lost (points)": [points(v) for v in table["drop"]],
                "95 % interval": [
                    f"{points(a)} to {points(b)}" for a, b in table[["low", "high"]].to_numpy()
                ],
            }
        ),
        caption="Accuracy lost when a group of features is scrambled: where the 95 % "
        "interval reaches zero, no loss is shown",
    )


def hard_tracks(result: Hardest) -> Chart:
    """Draw how many models get a track wrong.

    Parameters
    ----------
    result
        From `audionome.lab.confusion.hardest_tracks`.

    Returns
    -------
    Chart
        A bar per number of models.
    """
    tracks = result.tracks
    caption = "How many models get a clip wrong: the last bar is what none of them hears"
    if tracks.empty:
        return nothing(caption)
    steps = list(range(result.n_models + 1))
    counts = [int(n) for n in tracks["wrong"].value_counts().reindex(steps, fill_value=0)]
    figure = go.Figure()
    figure.add_bar(
        x=steps,
        y=counts,
        marker={"color": PARTS[0][0]},
        hovertemplate="%{y} clips are wrong for %{x} models<extra></extra>",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        bargap=0.2,
        xaxis={"title": {"text": f"Models that get it wrong, of {result.n_models}"}, "dtick": 1,
               "showgrid": False, "zeroline": False},
        yaxis={"title": {"text": "Clips", "standoff": 10}},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Number of {result.n_models} models that get a clip wrong: none of them for "
        f"{counts[0]:,} of {len(tracks):,} clips, all of them for {counts[-1]:,}.",
        table=pd.DataFrame({"models that get it wrong": steps, "clips": counts}),
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
    empty = nothing("Each model against the chosen one")
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
        alt=f"Difference in accuracy of {len(others)} models from {best}, with 95 % intervals: "
        f"{same} of them cannot be told apart from it.",
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
        caption=f"Each model against {best}, on the same tracks",
    )
