"""Charts of the chapter on deep learning: filters, what they answer, what the answer hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from audionome._words import listed
from audionome.charts._base import (
    MARKS,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    chance_line,
    digits,
    highlighting,
    interval_note,
    menu,
    nothing,
    percent,
    rounded,
    spans,
    tenths,
    unique,
)
from audionome.charts.clip import DIVERGING, packed

__all__ = [
    "Playing",
    "activations",
    "deep_ladder",
    "filter_gallery",
    "learning",
    "occlusion_map",
    "rhythm_filters",
]

Values = NDArray[np.floating[Any]]

_BRIGHT = 0.995  # of the values of a piece are below the brightest colour


@dataclass(frozen=True)
class Playing:
    """What something answers while a piece plays.

    Attributes
    ----------
    strength : ndarray of shape (rows, steps)
    step : float
        Seconds from one column to the next; the first begins with the piece.
    """

    strength: Values
    step: float


def _hertz(value: float) -> str:
    return f"{value:.0f} Hz" if value < 1000 else f"{value / 1000:.1f} kHz"


def filter_gallery(
    filters: Values, frequencies: Sequence[float], *, seconds: float, caption: str
) -> Chart:
    """Draw filters of a first layer side by side, as pictures of a piece of spectrogram.

    Parameters
    ----------
    filters
        Of shape (filters, bands, frames), low bands first; each is drawn on its own scale.
    frequencies
        Of each band (Hz); or the number of each, where a filter may lie anywhere.
    seconds
        From one frame to the next.
    caption
        Of the chart.

    Returns
    -------
    Chart
        Brown where a filter wants sound, teal where it wants none.
    """
    if not len(filters):
        return nothing(caption)
    n, bands, frames = filters.shape
    scaled = filters / np.maximum(np.abs(filters).max(axis=(1, 2), keepdims=True), 1e-12)
    rows = 2 if n > 12 else 1
    per_row = -(-n // rows)
    gap_x, gap_y = 2, max(2, bands // 12)
    wide, high = per_row * (frames + gap_x) - gap_x, rows * (bands + gap_y) - gap_y
    picture = np.full((high, wide), -128.0)
    for i, one in enumerate(scaled):
        row, column = divmod(i, per_row)
        top = (rows - 1 - row) * (bands + gap_y)
        left = column * (frames + gap_x)
        picture[top : top + bands, left : left + frames] = 127 * one
    # -128 stands for the ground between two filters, which is drawn in no colour.
    clear, least, middle = "rgba(0,0,0,0)", 0.5 / 255, 128 / 255
    colours = [(0.0, clear), (least, clear)]
    colours += [(float(np.interp(at, (0, 0.5, 1), (least, middle, 1))), c) for at, c in DIVERGING]
    figure = go.Figure(
        go.Heatmap(
            z=packed(picture, "i1"),
            zmin=-128,
            zmax=127,
            colorscale=colours,
            showscale=False,
            hoverinfo="skip",
        )
    )
    tops = [(rows - 1 - row) * (bands + gap_y) for row in range(rows)]
    marks = [0, bands // 2, bands - 1]
    absolute = max(frequencies) > bands
    names = [_hertz(frequencies[m]) if absolute else f"band {m + 1}" for m in marks]
    figure.update_layout(
        template=TEMPLATE,
        height=300 if rows == 1 else 420,
        xaxis={"visible": False},
        yaxis={
            "tickvals": [top + m for top in tops for m in marks],
            "ticktext": names * rows,
            "showgrid": False,
            "zeroline": False,
        },
    )
    loudest = np.abs(scaled).sum(axis=2).argmax(axis=1)
    places = [_hertz(frequencies[b]) if absolute else f"band {b + 1}" for b in loudest]
    change = np.abs(np.diff(scaled, axis=2)).mean(axis=(1, 2)) if frames > 1 else np.zeros(n)
    return Chart(
        figure=figure,
        alt=f"{n} filters, each a picture of {bands} mel bands and {frames} frames "
        f"({frames * seconds:.2f} s). Brown is where a filter wants sound, teal where it wants "
        f"none. The heaviest bands lie between {places[int(loudest.argmin())]} and "
        f"{places[int(loudest.argmax())]}.",
        table=pd.DataFrame(
            {
                "filter": range(1, n + 1),
                "heaviest band": places,
                "change from frame to frame": [f"{v:.2f}" for v in change],
            }
        ),
        caption=caption,
    )


def rhythm_filters(filters: Mapping[str, Values], *, seconds: float) -> Chart:
    """Draw filters that look along time only, as lines, with a menu of their lengths.

    Parameters
    ----------
    filters
        Name of a shape to filters of shape (filters, 1, frames), at least one shape.
    seconds
        From one frame to the next.

    Returns
    -------
    Chart
        Six filters of each shape above each other.
    """
    shown = 6
    names = list(filters)

    def traces(name: str) -> dict[str, list[Any]]:
        lines = filters[name][:shown, 0, :]
        times = np.arange(lines.shape[1]) * seconds
        return {
            "x": [digits(times)] * len(lines),
            "y": [digits(line / np.abs(line).max() / 2.2 + shown - i) for i, line in
                  enumerate(lines)],
        }  # fmt: skip

    first = traces(names[0])
    figure = go.Figure()
    for i, (x, y) in enumerate(zip(first["x"], first["y"], strict=True)):
        figure.add_scatter(x=x, y=y, mode="lines", line={"width": 1.5, "color": PARTS[0][0]},
                           name=f"filter {i + 1}", hoverinfo="skip", showlegend=False)  # fmt: skip
    lengths = {name: filters[name].shape[2] * seconds for name in names}
    figure.update_layout(
        template=TEMPLATE,
        height=420,
        xaxis={"title": {"text": "Time (s)"}, "autorange": True},
        yaxis={"tickvals": list(range(1, shown + 1)), "showgrid": True,
               "ticktext": [f"filter {shown - i}" for i in range(shown)], "zeroline": False},
        meta={"notes": {n: f"{lengths[n]:.2f} s long." for n in names}},
        **menu("Length", {name: (traces(name), {}) for name in names}),
    )  # fmt: skip
    told = [f"{length:.2f} s" for length in lengths.values()]
    table = pd.DataFrame(
        {
            "shape (frames × bands)": names,
            "filters drawn": [len(filters[n][:shown]) for n in names],
            "length": told,
        }
    )
    return Chart(
        figure=figure,
        alt=f"{shown} filters that see one mel band for {listed(told)}, chosen from a menu: each "
        "is a line, high where the filter wants sound and low where it wants none.",
        table=table,
        caption="Horizontal filters of the ear: what comes after what in one band",
    )


def activations(
    pieces: Mapping[str, Playing],
    rows: Sequence[str],
    *,
    caption: str,
    what: str,
    ticks: int = 1,
    colours: str = "Cividis",
) -> Chart:
    """Draw answers over time, with a menu of pieces; on the site a line moves as a piece plays.

    Parameters
    ----------
    pieces
        Genre of a piece to what was answered while it plays, at least one.
    rows
        Name of each row of the values.
    caption, what
        Of the chart; of one row, for the text alternative.
    ticks
        One row in so many is named.
    colours
        Colour scale.

    Returns
    -------
    Chart
        Bright is much; each piece on its own scale.
    """
    first = next(iter(pieces))

    def traces(genre: str) -> dict[str, list[Any]]:
        one = pieces[genre]
        # The few largest would darken all others.
        top = float(np.quantile(one.strength, _BRIGHT)) or 1.0
        shades = np.minimum(100 * one.strength / top, 100)
        return {
            "z": [packed(shades, "i1")],
            "dx": [round(one.step, 6)],
            "x0": [round(one.step / 2, 6)],
        }

    def strongest(genre: str) -> str:
        means = pieces[genre].strength.mean(axis=1)
        return listed([rows[i] for i in np.argsort(-means, kind="stable")[:3]])

    shown = traces(first)
    figure = go.Figure(
        go.Heatmap(
            z=shown["z"][0], x0=shown["x0"][0], dx=shown["dx"][0], zmin=0, zmax=100,
            colorscale=colours, showscale=False, customdata=None,
            hovertemplate="%{y} at %{x:.1f} s<extra></extra>",
        )
    )  # fmt: skip
    longest = max(one.strength.shape[1] * one.step for one in pieces.values())
    named = list(range(0, len(rows), ticks))
    figure.update_layout(
        template=TEMPLATE,
        height=180 + max(12, 16 // ticks) * len(rows),
        xaxis={"title": {"text": "Time (s)"}, "range": [0, round(longest, 1)], "showgrid": False},
        yaxis={"tickvals": named, "ticktext": [rows[i] for i in named], "showgrid": False,
               "zeroline": False, "range": [-0.5, len(rows) - 0.5]},
        meta={"overTime": True, "notes": {g: f"Most in {g}: {strongest(g)}." for g in pieces}},
        **menu("Piece", {g: (traces(g), {}) for g in pieces}),
    )  # fmt: skip
    table = pd.DataFrame({"piece": list(pieces), f"most {what}": [strongest(g) for g in pieces]})
    return Chart(
        figure=figure,
        alt=f"{len(rows)} {what} over time of one of {len(pieces)} synthetic pieces, chosen from a "
        f"menu. At first {first}: most are {strongest(first)}.",
        table=table,
        caption=caption,
    )


def occlusion_map(
    pieces: Mapping[str, tuple[str, float, Values]],
    frequencies: Sequence[float],
    *,
    start: float,
    seconds: float,
) -> Chart:
    """Draw what hiding a part of the spectrogram does to the answer, with a menu of pieces.

    Parameters
    ----------
    pieces
        Genre that a piece imitates to: the network's answer, its probability, and by how much that
        changes when each part is hidden (rows: bands from low to high; columns: time).
    frequencies
        Centre of each row (Hz).
    start, seconds
        Where the window begins in the piece, and how long it is.

    Returns
    -------
    Chart
        Brown where the part speaks for the answer, teal where it speaks against it.
    """
    first = next(iter(pieces))
    columns = pieces[first][2].shape[1]
    width = seconds / columns

    def worst(genre: str) -> tuple[int, int, float]:
        change = pieces[genre][2]
        i, k = np.unravel_index(int(change.argmin()), change.shape)
        return int(i), int(k), float(change.min())

    def note(genre: str) -> str:
        answer, likely, _ = pieces[genre]
        i, k, drop = worst(genre)
        told = f"Heard as {answer} ({percent(likely)}). "
        if drop > -0.005:
            return told + "No single part matters."
        at = start + k * width
        return told + (
            f"Most is lost without the sound around {_hertz(frequencies[i])} from {at:.1f} to "
            f"{at + width:.1f} s: {percent(max(0.0, likely + drop))} is left."
        )

    def traces(genre: str) -> dict[str, list[Any]]:
        change = -pieces[genre][2]
        top = float(np.abs(change).max()) or 1.0
        return {"z": [packed(100 * change / top, "i1")],
                "customdata": [np.round(-100 * change, 1).tolist()]}  # fmt: skip

    shown = traces(first)
    figure = go.Figure(
        go.Heatmap(
            z=shown["z"][0], customdata=shown["customdata"][0], x0=round(start + width / 2, 4),
            dx=round(width, 4), zmin=-100, zmax=100, colorscale=DIVERGING, showscale=False,
            hovertemplate="hidden: %{customdata} points<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=330,
        xaxis={"title": {"text": "Time (s)"}, "showgrid": False,
               "range": [start, round(start + seconds, 2)]},
        yaxis={"tickvals": list(range(len(frequencies))), "showgrid": False, "zeroline": False,
               "ticktext": [_hertz(f) for f in frequencies], "title": {"text": "Around"}},
        meta={"overTime": True, "notes": {genre: note(genre) for genre in pieces}},
        **menu("Piece", {genre: (traces(genre), {}) for genre in pieces}),
    )  # fmt: skip
    table = pd.DataFrame(
        {
            "piece": list(pieces),
            "answer": [answer for answer, _, _ in pieces.values()],
            "probability": [percent(likely) for _, likely, _ in pieces.values()],
            "most important part": [
                f"{_hertz(frequencies[worst(g)[0]])}, {start + worst(g)[1] * width:.1f} s"
                for g in pieces
            ],
            "without it": [percent(max(0.0, p + worst(g)[2])) for g, (_, p, _) in pieces.items()],
        }
    )
    return Chart(
        figure=figure,
        alt=f"What the small network's answer loses when a part of the spectrogram is hidden, for "
        f"{seconds:.0f} s of one of {len(pieces)} pieces. At first {first}. {note(first)}",
        table=table,
        caption="Occlusion map: brown parts speak for the answer, teal ones against it",
    )


def learning(runs: Mapping[str, Sequence[tuple[float, float]]]) -> Chart:
    """Draw how the loss falls while a network learns, with a menu of trainings.

    Parameters
    ----------
    runs
        Name of a training to the losses (training, validation) of its epochs, at least one.

    Returns
    -------
    Chart
    """
    first = next(iter(runs))

    def traces(name: str) -> dict[str, list[Any]]:
        train, valid = np.asarray(runs[name], dtype=float).T
        epochs = list(range(1, len(train) + 1))
        return {"x": [epochs, epochs], "y": [digits(train), digits(valid)]}

    def note(name: str) -> str:
        (_, before), (train, valid) = runs[name][0], runs[name][-1]
        return (
            f"After {len(runs[name])} epochs the training loss is {train:.2f}; the validation loss "
            f"went from {before:.2f} to {valid:.2f}."
        )

    shown = traces(first)
    figure = go.Figure()
    for i, (label, dash) in enumerate(
        (("training, changed and mixed", "solid"), ("validation", "dash"))
    ):
        figure.add_scatter(
            x=shown["x"][i],
            y=shown["y"][i],
            name=label,
            mode="lines+markers",
            line={"width": 2, "dash": dash, "color": PARTS[i][0]},
            marker={"size": 7, "symbol": MARKS[i]},
            hovertemplate="epoch %{x}: %{y:.2f}<extra></extra>",
        )
    highest = max(max(pair) for losses in runs.values() for pair in losses)
    figure.update_layout(
        template=TEMPLATE,
        height=330,
        xaxis={"title": {"text": "Epoch"}},
        yaxis={"title": {"text": "Loss", "standoff": 12}, "range": [0, round(1.05 * highest, 1)]},
        meta={"notes": {name: note(name) for name in runs}},
        **menu("Training", {name: (traces(name), {}) for name in runs}),
    )
    table = pd.DataFrame(
        {
            "training": list(runs),
            "epochs": [len(losses) for losses in runs.values()],
            "training loss": [f"{losses[-1][0]:.2f}" for losses in runs.values()],
            "validation loss": [f"{losses[-1][1]:.2f}" for losses in runs.values()],
        }
    )
    return Chart(
        figure=figure,
        alt=f"The loss of {len(runs)} trainings by epoch, one at a time. {first}: {note(first)}",
        table=table,
        caption="Learning: the loss of each epoch, a pass through all training patches",
    )


def deep_ladder(table: pd.DataFrame) -> Chart:
    """Draw the accuracy of models from scratch and of pretrained ones on the same rungs.

    Parameters
    ----------
    table
        One row per model and rung: ``family``, ``model``, ``rung``, ``accuracy``, ``low``,
        ``high``, ``n``, ``unit``, ``artists``; the first rung comes first.

    Returns
    -------
    Chart
        Open marks for what learned from GTZAN alone, filled ones for what was pretrained.
    """
    caption = (
        "From scratch (open) and pretrained (filled: may know some of GTZAN's songs), with 95 % "
        "intervals over artists"
    )
    if table.empty:
        return nothing(caption)
    rungs = unique(table["rung"])
    figure = go.Figure()
    told, notes = [], {}
    for i, ((family, model), rows) in enumerate(table.groupby(["family", "model"], sort=False)):
        look = PARTS[i % len(PARTS)][0]
        open_mark = "" if family == "pretrained" else "-open"
        figure.add_scatter(
            x=rounded(rows["accuracy"]),
            y=rows["rung"].to_list(),
            customdata=[[percent(a), percent(b), f"{n:,} {u}"] for a, b, n, u in
                        zip(rows["low"], rows["high"], rows["n"], rows["unit"], strict=True)],
            name=f"{model} ({family})",
            mode="markers",
            marker={"size": 11, "symbol": MARKS[i] + open_mark, "color": look,
                    "line": {"width": 2, "color": look}},
            hovertemplate=f"{model}, {family}, %{{y}}: %{{x:.1%}} (%{{customdata[0]}} to "
            "%{customdata[1]} of %{customdata[2]})<extra></extra>",
            orientation="h",
            **bars_x(rows["accuracy"], rows["low"], rows["high"]),
        )  # fmt: skip
        parts = [f"{r} {percent(a)}" for r, a in zip(rows["rung"], rows["accuracy"], strict=True)]
        told.append(f"{model} ({family}): {listed(parts)}")
        notes[f"{model} ({family})"] = interval_note(
            rows["rung"], rows["accuracy"].map(tenths), spans(rows["low"], rows["high"])
        )
    chance_line(figure)
    figure.update_layout(
        template=TEMPLATE,
        height=220 + 74 * len(rungs),
        scattermode="group",
        scattergap=0.4,
        xaxis={"title": {"text": "Accuracy"}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": rungs},
        **highlighting(figure, notes=notes),
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(told)} models on {len(rungs)} rungs. {'; '.join(told)}. A menu "
        "highlights a model.",
        table=pd.DataFrame(
            {
                "family": table["family"],
                "model": table["model"],
                "rung": table["rung"],
                "accuracy": [tenths(v) for v in table["accuracy"]],
                "95 % interval": spans(table["low"], table["high"]),
                "predictions": [f"{n:,} {u}" for n, u in zip(table["n"], table["unit"],
                                                             strict=True)],
                "artists": table["artists"],
            }
        ),
        caption=caption,
    )  # fmt: skip
