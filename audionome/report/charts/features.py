"""Charts of the example pieces: a feature over time under its waveform, a piece from a menu."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    INK,
    OTHER,
    PALETTE,
    PARTS,
    TEMPLATE,
    Chart,
    answer_map,
    menu,
    percent,
)
from audionome.charts.clip import (
    VIEWS,
    View,
    colorbar,
    in_digits,
    means_in_words,
    means_of,
    packed,
    rows_axis,
    thin,
)
from audionome.report.charts.dataset import feature_distribution

if TYPE_CHECKING:
    from audionome.features import Feature
    from audionome.features.frames import Frames

__all__ = ["family_spread", "feature_over_time", "genres_of_examples", "tempo_strength"]

_DASHES = ("solid", "dash", "dot")


def feature_over_time(pieces: Mapping[str, Frames], view: str) -> Chart:
    """Draw a family of features over time, under the waveform, with a menu of pieces.

    Parameters
    ----------
    pieces
        Genre to the frames of its piece (`audionome.features.frames.frame_features`), at least
        one.
    view
        A key of `VIEWS`.

    Returns
    -------
    Chart
        A heat map or lines of one piece; the menu changes the piece. The table lists means.

    Raises
    ------
    ValueError
        If there is no such view or no piece.
    """
    if view not in VIEWS:
        raise ValueError(f"There is no view {view!r}; there are: {', '.join(VIEWS)}.")
    if not pieces:
        raise ValueError("A chart over time needs at least one piece.")
    v = VIEWS[view]
    first, step = next(iter(pieces)), v.step
    hop = float(pieces[first].times[1] - pieces[first].times[0])
    # A point stands in the middle of its frames.
    grid = {"x0": round((step - 1) / 2 * hop, 6), "dx": round(step * hop, 6)}

    def traces(genre: str) -> dict[str, list[Any]]:
        """What the menu changes, a value per trace; ``None`` leaves nothing behind."""
        frames, colour = pieces[genre], PALETTE.get(genre, OTHER)
        low = thin(frames.waveform[:, :1], step, np.min)[:, 0]
        high = thin(frames.waveform[:, 1:], step, np.max)[:, 0]
        values = thin(v.scale * v.values(frames), step, v.thin)
        waves = [packed(100 * low, "i1"), packed(100 * high, "i1")]
        found: dict[str, list[Any]] = {"line.color": [colour] * 2, "fillcolor": [None, colour]}
        if v.heat:
            return {"y": [*waves, None], "z": [None, None, packed(values.T, v.dtype)]} | {
                key: [*change, None] for key, change in found.items()
            }
        dtype = "f4" if v.digits else "i2"
        found["y"] = [*waves, *(packed(line, dtype) for line in values.T)]
        colours = _line_colours(v, colour)
        return found | {
            "line.color": [colour, colour, *colours],
            "fillcolor": [None, colour, *(None for _ in colours)],
        }

    shown = traces(first)
    figure = go.Figure()
    for i in range(2):
        figure.add_scatter(
            y=shown["y"][i],
            yaxis="y2",
            mode="lines",
            line={"width": 0.5, "color": shown["line.color"][i]},
            fill="tonexty" if i else None,
            fillcolor=shown["fillcolor"][i],
            hoverinfo="skip",
            showlegend=False,
            **grid,
        )
    if v.heat:
        number = "%{z}" if v.divisor == 1 else f"%{{z}}/{v.divisor}"
        figure.add_heatmap(
            z=shown["z"][2],
            zmin=v.span[0],
            zmax=v.span[1],
            colorscale=v.colours,
            colorbar=colorbar(v),
            hovertemplate=f"%{{x:.1f}} s: {number} {v.unit}<extra></extra>",
            **grid,
        )
    else:
        for i, name in enumerate(v.rows):
            figure.add_scatter(
                y=shown["y"][2 + i],
                name=name,
                mode="lines",
                line={
                    "width": 1.5,
                    "color": shown["line.color"][2 + i],
                    "dash": _DASHES[i],
                },
                hovertemplate=f"%{{x:.1f}} s: %{{y:,.{v.digits}f}} {v.unit}",
                **grid,
            )
    means = means_of(pieces, v)
    tops = {g: 1.05 * float(thin(v.scale * v.values(f), step, v.thin).max())
            for g, f in pieces.items()}  # fmt: skip
    ranges = {g: {"yaxis.range": [0, round(top, 1)]} for g, top in tops.items()}
    top = tops[first] if v.own_range else max(tops.values())
    longest = max(float(frames.times[-1]) for frames in pieces.values())
    figure.update_layout(
        template=TEMPLATE,
        height=460 if v.heat else 400,
        showlegend=len(v.rows) > 1 and not v.heat,
        legend={"traceorder": "normal"},
        xaxis={"title": {"text": "Time (s)"}, "range": [0, round(longest, 1)], "showgrid": False},
        yaxis={"domain": [0, 0.8], **rows_axis(v, top)},
        yaxis2={"domain": [0.84, 1], "range": [-100, 100], "visible": False, "fixedrange": True},
        **menu("Piece", {g: (traces(g), ranges[g] if v.own_range else {}) for g in pieces}),
    )
    # The site moves a line along the time axis while a piece plays.
    figure.update_layout(
        meta={"overTime": True, "notes": {g: means_in_words(means, g, v) for g in pieces}}
    )
    return Chart(
        figure=figure,
        alt=f"{v.title} over time of one of {len(pieces)} synthetic pieces, chosen from a menu, "
        f"with the waveform above. At first {first}. {means_in_words(means, first, v)} "
        f"{_extremes(means, v)}".strip(),
        table=_table(means, v),
        caption=f"{v.title}: {v.see}",
    )


def _line_colours(v: View, colour: str) -> list[str]:
    return [colour] if len(v.rows) == 1 else [PARTS[i][0] for i in (0, 1, 4)][: len(v.rows)]


def _table(means: pd.DataFrame, v: View) -> pd.DataFrame:
    table = means.map(lambda value: in_digits(value, v.digits))
    table = table.rename(
        columns={name: f"{name} ({v.unit})" for name in table} if not v.heat else {}
    )
    return table.rename_axis("piece").reset_index()


def _extremes(means: pd.DataFrame, v: View) -> str:
    """Which pieces have the highest and the lowest mean."""
    if v.heat or len(means) < 2:
        return ""
    name = str(means.columns[0])
    column = means[name]
    return (
        f"The mean {name} is highest in {column.idxmax()} ({in_digits(column.max(), v.digits)}) "
        f"and lowest in {column.idxmin()} ({in_digits(column.min(), v.digits)})."
    )


def tempo_strength(pieces: Mapping[str, Frames], written: Mapping[str, float]) -> Chart:
    """Draw how strongly each piece repeats itself at each pace, with a menu of pieces.

    Parameters
    ----------
    pieces
        Genre to the frames of its piece, at least one.
    written
        Genre to the tempo of its score (BPM).

    Returns
    -------
    Chart
        One curve; dotted lines mark the measured and the written tempo.
    """
    first = next(iter(pieces))

    def traces(genre: str) -> dict[str, list[Any]]:
        frames, colour = pieces[genre], PALETTE.get(genre, OTHER)
        return {
            "x": [packed(frames.tempo_bpm, "f4"), [round(frames.tempo, 1)] * 2,
                  [written[genre]] * 2],
            "y": [packed(frames.tempo_strength, "f4"), [-1, 1], [-1, 1]],
            "line.color": [colour, colour, INK],
        }  # fmt: skip

    def note(genre: str) -> str:
        measured, score = pieces[genre].tempo, written[genre]
        return f"Measured {measured:.0f} BPM, written {score:.0f} BPM."

    shown = traces(first)
    figure = go.Figure()
    for i, (name, dash) in enumerate((("how strongly it repeats", "solid"), ("measured", "dash"),
                                      ("written in the score", "dot"))):  # fmt: skip
        figure.add_scatter(
            x=shown["x"][i],
            y=shown["y"][i],
            name=name,
            mode="lines",
            line={"width": 2 if i == 0 else 1.5, "dash": dash, "color": shown["line.color"][i]},
            hovertemplate="%{x:.0f} BPM: %{y:.2f}<extra></extra>" if i == 0 else None,
            hoverinfo=None if i == 0 else "skip",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=380,
        xaxis={
            "title": {"text": "Tempo (beats per minute)"},
            "type": "log",
            "range": [np.log10(30), np.log10(320)],
            "tickvals": [30, 40, 60, 80, 120, 160, 240, 320],
        },
        yaxis={"title": {"text": "Autocorrelation", "standoff": 14}, "range": [-0.5, 1]},
        meta={"notes": {genre: note(genre) for genre in pieces}},
        **menu("Piece", {genre: (traces(genre), {}) for genre in pieces}),
    )
    table = pd.DataFrame(
        {
            "piece": list(pieces),
            "measured (BPM)": [f"{frames.tempo:.1f}" for frames in pieces.values()],
            "written (BPM)": [f"{written[genre]:.0f}" for genre in pieces],
        }
    )
    return Chart(
        figure=figure,
        alt=f"How strongly one of {len(pieces)} pieces repeats itself at each tempo from 30 to 320 "
        f"beats per minute, chosen from a menu. At first {first}: {note(first)}",
        table=table,
        caption="Tempo: peaks where the piece repeats itself, at the beat, its half and its double",
    )


def family_spread(summary: pd.DataFrame, registry: Mapping[str, Feature], *families: str) -> Chart:
    """Draw how the columns of some families are spread in each genre of GTZAN.

    Parameters
    ----------
    summary
        From `audionome.datasets.gtzan.load_summary`.
    registry
        `audionome.features.REGISTRY`.
    *families
        Beginnings of column names, such as ``"rms"``.

    Returns
    -------
    Chart
        `feature_distribution` of those columns; without a menu where there is one.
    """
    chosen = {name: f for name, f in registry.items() if name.startswith(families)}
    chart = feature_distribution(summary, chosen, first=next(iter(chosen)))
    names = {name.removesuffix("_mean").removesuffix("_var") for name in chosen}
    what = next(iter(names)) if len(names) == 1 else "a chosen feature"
    return replace(
        chart,
        caption=f"Spread of {what} in the genres of GTZAN: a box holds the middle half of the "
        "windows (the table lists the medians)",
    )


def genres_of_examples(answers: Mapping[str, Mapping[str, float]]) -> Chart:
    """Draw what the classifier says about each piece.

    Parameters
    ----------
    answers
        Genre of a piece to the probability of each genre, at least one.

    Returns
    -------
    Chart
        Pieces in rows, answers in columns.
    """
    rows = pd.DataFrame(answers).T
    genres = [str(genre) for genre in rows.columns]
    z = rows.to_numpy(dtype=float)
    figure = answer_map(
        {
            "z": np.round(z, 3).tolist(),
            "text": [[f"{100 * p:.0f}" if p >= 0.05 else "" for p in row] for row in z],
        },
        answers=genres,
        rows=[str(piece) for piece in rows.index],
        side="Piece in the style of",
        hover="%{y} piece heard as %{x}: %{z:.0%}",
    )
    best = rows.idxmax(axis="columns")
    hits = [str(piece) for piece, said in best.items() if piece == said]
    table = rows.map(percent).rename_axis("piece", axis="index").reset_index()
    table.insert(1, "likeliest", best.to_numpy(dtype=str))
    return Chart(
        figure=figure,
        alt=f"Probability of each genre for each of {len(rows)} synthetic pieces. "
        f"{len(hits)} of them are heard as the genre that they imitate"
        + (f": {listed(hits)}." if hits else "."),
        table=table.rename_axis(columns=None),
        caption="What the classifier says of the pieces that a program made (per cent)",
    )
