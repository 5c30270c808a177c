"""Charts of what goes wrong: confusions, genres, hard clips, confidence, features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import counted, genre_name, listed
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
    error_bars,
    highlighting,
    interval_note,
    menu,
    nothing,
    pattern,
    percent,
    points,
    rounded,
    spans,
    tenths,
    wrapped,
)

if TYPE_CHECKING:
    from audionome.lab.confusion import Confusion, Hardest

__all__ = [
    "confusion_matrix",
    "hard_tracks",
    "importance_bars",
    "learning_curve",
    "recall_by_genre",
    "reliability_diagram",
]


def confusion_matrix(
    protocols: Mapping[str, Confusion], *, choice: str = "Protocol", unit: str = "track"
) -> Chart:
    """Draw which genre is taken for which, as a heat map with a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a result of `audionome.lab.confusion.confusion`.
    choice
        What the menu chooses, if it is not protocols.
    unit
        What is counted: ``"track"`` or ``"window"``.

    Returns
    -------
    Chart
        True genre in rows, answer in columns, in per cent of the row; the table holds the numbers
        of tracks as well.
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
        hover=f"%{{y}} heard as %{{x}}: %{{z:.0%}} (%{{customdata}} {unit}s)",
    )
    notes = {
        name: f"Most often: {c.pairs['genre'].iloc[0]} taken for {c.pairs['predicted'].iloc[0]}, "
        f"{c.pairs['count'].iloc[0]} of {c.counts.loc[c.pairs['genre'].iloc[0]].sum()} {unit}s."
        for name, c in found.items()
        if len(c.pairs)
    }
    figure.update_layout(
        meta={"notes": notes}, **menu(choice, {name: (cells(c), {}) for name, c in found.items()})
    )
    name, result = next(iter(found.items()))
    hits = int(np.trace(result.counts.to_numpy()))
    table = pd.concat([_printed(c, unit).assign(**{choice.lower(): n}) for n, c in found.items()])
    table.insert(0, choice.lower(), table.pop(choice.lower()))
    return Chart(
        figure=figure,
        alt=f"Confusion matrix of ten genres, {choice.lower()} {name}: {hits:,} of "
        f"{int(result.counts.to_numpy().sum()):,} {unit}s are given their genre. "
        f"{notes.get(name, '')}"
        + (f" A menu chooses the {choice.lower()}." if len(found) > 1 else ""),
        table=table,
        caption=f"Which genre is taken for which, in per cent of the true genre's {unit}s: off the "
        "diagonal lie the mistakes",
    )


def _printed(result: Confusion, unit: str) -> pd.DataFrame:
    """Return a confusion matrix as words: the number of each cell, and its share of the row."""
    table = pd.DataFrame({"true genre": [str(genre) for genre in result.counts.index]})
    table[f"{unit}s"] = result.counts.sum(axis="columns").to_numpy()
    for answer in result.counts:
        table[f"as {answer}"] = [
            f"{count} ({share:.0%})" if count else "0"
            for count, share in zip(result.counts[answer], result.shares[answer], strict=True)
        ]
    return table


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

    def named(table: pd.DataFrame) -> list[str]:
        few = zip(table["genre"], table["n"], table["recall"].isna(), strict=True)
        return [genre_name(str(g)) + (f" ({n}: too few)" if none else "") for g, n, none in few]

    def bars(table: pd.DataFrame) -> dict[str, list[Any]]:
        recall = table["recall"]
        return {
            "x": [rounded(recall)],
            # Where there are too few to say, the row says so: an empty one reads as none.
            "y": [named(table)],
            "error_x.array": [rounded(table["recall_high"] - recall)],
            "error_x.arrayminus": [rounded(recall - table["recall_low"])],
        }

    name, first = next(iter(found.items()))
    genres = [str(g) for g in first["genre"]]
    figure = go.Figure(
        go.Bar(
            y=named(first),
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
        caption="How much of each genre is found, with 95 % intervals over artists",
    )


def hard_tracks(result: Hardest) -> Chart:
    """Draw how many models get a clip wrong.

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
    caption = "How many models get a clip wrong: the last bar counts the clips that none gets right"
    if tracks.empty:
        return nothing(caption)
    steps = list(range(result.n_models + 1))
    counts = [int(n) for n in tracks["wrong"].value_counts().reindex(steps, fill_value=0)]
    told = [
        f"{counted(count, 'clip')}: {counted(step, 'model')} wrong"
        for step, count in zip(steps, counts, strict=True)
    ]
    figure = go.Figure()
    figure.add_bar(
        x=steps,
        y=counts,
        marker={"color": PARTS[0][0]},
        customdata=told,
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=360,
        bargap=0.2,
        xaxis={
            "title": {"text": f"Models that get the clip wrong, of {result.n_models}"},
            "dtick": 1,
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={"title": {"text": "Clips", "standoff": 10}},
    )
    return Chart(
        figure=figure,
        alt=f"Of {counted(len(tracks), 'clip')}, no model gets {counts[0]:,} wrong. "
        f"All {counted(result.n_models, 'model')} get {counts[-1]:,} wrong.",
        table=pd.DataFrame({"models that get it wrong": steps, "clips": counts}),
        caption=caption,
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
        caption="How often an answer of a given confidence is right: below the diagonal the model "
        "is too sure of itself, above it too modest",
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
    told, notes = [], {}
    for i, (name, rows) in enumerate(curve.groupby("title", sort=False)):
        rows = rows.sort_values("tracks")
        # Intervals side by side: each model a little to the right of the one before.
        aside = 1.03 ** (i - (curve["title"].nunique() - 1) / 2)
        figure.add_scatter(
            x=[round(aside * int(n), 1) for n in rows["tracks"]],
            y=rounded(rows["accuracy"]),
            customdata=[f"{int(n):,}" for n in rows["tracks"]],
            name=str(name),
            mode="lines+markers",
            line={"color": PARTS[i % len(PARTS)][0], "width": 2},
            marker={"size": 9, "symbol": MARKS[i % len(MARKS)]},
            error_y=error_bars(rows["accuracy"], rows["low"], rows["high"], thickness=1.5, width=3),
            hovertemplate=f"{name}<br>%{{customdata}} tracks: %{{y:.1%}}<extra></extra>",
        )
        told.append(
            f"{name} from {percent(rows['accuracy'].iloc[0])} to "
            f"{percent(rows['accuracy'].iloc[-1])}"
        )
        notes[str(name)] = interval_note(
            [f"{int(n):,} tracks" for n in rows["tracks"]],
            rows["accuracy"].map(tenths),
            spans(rows["low"], rows["high"]),
        )
    sizes = sorted({int(n) for n in curve["tracks"]})
    figure.update_layout(
        template=TEMPLATE,
        height=440,
        xaxis={"title": {"text": "Tracks learned from (logarithmic)"}, "type": "log",
               "tickvals": sizes, "ticktext": [f"{n:,}" for n in sizes]},
        yaxis={"title": {"text": "Accuracy per track", "standoff": 10}, "tickformat": ".0%"},
        **highlighting(figure, notes=notes),
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Accuracy with {sizes[0]:,} to {sizes[-1]:,} training tracks: {listed(told)}. A menu "
        "highlights a model.",
        table=pd.DataFrame(
            {
                "model": curve["title"],
                "tracks": curve["tracks"],
                "accuracy": [tenths(v) for v in curve["accuracy"]],
                "95 % interval": spans(curve["low"], curve["high"]),
            }
        ),
        caption="Accuracy by number of training tracks, with 95 % intervals over artists",
    )


def importance_bars(table: pd.DataFrame, *, most: int = 15) -> Chart:
    """Draw how much accuracy is lost when a group of features is shuffled.

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
        alt=f"Accuracy lost, in points, when a group of features is shuffled; the first "
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
        caption="Accuracy lost when a group of features is shuffled, with 95 % intervals "
        "before Holm's correction",
    )
