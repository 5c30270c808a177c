"""Charts of the example sounds: a feature over time under its waveform, a sound from a menu."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

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
    from audionome.report.examples import Example

__all__ = ["family_spread", "feature_over_time", "genres_of_examples", "tempo_strength"]

_SECONDS = 15.0  # about as long as a piece is
_DASHES = ("solid", "dash", "dot")


def feature_over_time(
    sounds: Mapping[str, Frames], view: str, known: Mapping[str, Example] | None = None
) -> Chart:
    """Draw a family of features over time, under the waveform, with a menu of sounds.

    Parameters
    ----------
    sounds
        Name to the frames of a sound (`audionome.features.frames.frame_features`), at least
        one. That of a genre has the genre's colour.
    view
        A key of `VIEWS`.
    known
        From `audionome.report.examples.examples`: who made each sound.

    Returns
    -------
    Chart
        A heat map or lines of one sound; the menu changes the sound. The table lists means.

    Raises
    ------
    ValueError
        If there is no such view or no sound.
    """
    if view not in VIEWS:
        raise ValueError(f"There is no view {view!r}; there are: {', '.join(VIEWS)}.")
    if not sounds:
        raise ValueError("A chart over time needs at least one sound.")
    v = VIEWS[view]
    first = next(iter(sounds))
    hop = float(sounds[first].times[1] - sounds[first].times[0])

    def step(name: str) -> int:
        """Frames per point: twice as many for twice the length, as no screen is wider."""
        return v.step * max(1, round(float(sounds[name].times[-1]) / _SECONDS))

    def line(name: str) -> NDArray[Any]:
        return thin(v.scale * v.values(sounds[name]), step(name), v.thin)

    def traces(name: str) -> dict[str, list[Any]]:
        """What the menu changes, a value per trace; ``None`` leaves nothing behind."""
        frames, colour = sounds[name], PALETTE.get(name, OTHER)
        low = thin(frames.waveform[:, :1], step(name), np.min)[:, 0]
        high = thin(frames.waveform[:, 1:], step(name), np.max)[:, 0]
        values = line(name)
        waves = [packed(100 * low, "i1"), packed(100 * high, "i1")]
        n = 3 if v.heat else 2 + len(v.rows)
        found: dict[str, list[Any]] = {
            # A point stands in the middle of its frames.
            "x0": [round((step(name) - 1) / 2 * hop, 6)] * n,
            "dx": [round(step(name) * hop, 6)] * n,
            "fillcolor": [None, colour, *[None] * (n - 2)],
        }
        if v.heat:
            return found | {
                "y": [*waves, None],
                "z": [None, None, packed(values.T, v.dtype)],
                "line.color": [colour, colour, None],
            }
        dtype = "f4" if v.digits else "i2"
        return found | {
            "y": [*waves, *(packed(row, dtype) for row in values.T)],
            "line.color": [colour, colour, *_line_colours(v, colour)],
        }

    tops = {name: 1.05 * float(line(name).max()) for name in sounds}

    def ranges(name: str) -> dict[str, Any]:
        """What the menu changes in the layout."""
        own = {"yaxis.range": [0, round(tops[name], 1)]} if v.own_range else {}
        return {"xaxis.range": [0, round(float(sounds[name].times[-1]), 1)]} | own

    shown = traces(first)
    figure = go.Figure()
    for i in range(2):
        figure.add_scatter(
            y=shown["y"][i],
            x0=shown["x0"][i],
            dx=shown["dx"][i],
            yaxis="y2",
            mode="lines",
            line={"width": 0.5, "color": shown["line.color"][i]},
            fill="tonexty" if i else None,
            fillcolor=shown["fillcolor"][i],
            hoverinfo="skip",
            showlegend=False,
        )
    if v.heat:
        number = "%{z}" if v.divisor == 1 else f"%{{z}}/{v.divisor}"
        figure.add_heatmap(
            z=shown["z"][2],
            x0=shown["x0"][2],
            dx=shown["dx"][2],
            zmin=v.span[0],
            zmax=v.span[1],
            colorscale=v.colours,
            colorbar=colorbar(v),
            hovertemplate=f"%{{x:.1f}} s: {number} {v.unit}<extra></extra>",
        )
    else:
        for i, name in enumerate(v.rows):
            figure.add_scatter(
                y=shown["y"][2 + i],
                x0=shown["x0"][2 + i],
                dx=shown["dx"][2 + i],
                name=name,
                mode="lines",
                line={
                    "width": 1.5,
                    "color": shown["line.color"][2 + i],
                    "dash": _DASHES[i],
                },
                hovertemplate=f"%{{x:.1f}} s: %{{y:,.{v.digits}f}} {v.unit}",
            )
    means = means_of(sounds, v)
    figure.update_layout(
        template=TEMPLATE,
        height=440 if v.heat else 380,
        showlegend=len(v.rows) > 1 and not v.heat,
        legend={"traceorder": "normal"},
        xaxis={"title": {"text": "Time (s)"}, "showgrid": False,
               "range": ranges(first)["xaxis.range"]},
        yaxis={"domain": [0, 0.8],
               **rows_axis(v, tops[first] if v.own_range else max(tops.values()))},
        yaxis2={"domain": [0.84, 1], "range": [-100, 100], "visible": False, "fixedrange": True},
        **menu("Sound", {name: (traces(name), ranges(name)) for name in sounds}),
    )  # fmt: skip
    told = {name: one for name, one in (known or {}).items() if name in sounds}

    def note(name: str) -> str:
        origin = f"{told[name].origin} " if name in told else ""
        return f"{origin}{means_in_words(means, name, v)}"

    # The site moves a line along the time axis while a sound plays, and groups the menu.
    figure.update_layout(
        meta={
            "overTime": True,
            "notes": {name: note(name) for name in sounds},
            "groups": {name: one.kind for name, one in told.items()},
        }
    )
    return Chart(
        figure=figure,
        alt=f"{v.title} over time of one of {len(sounds)} sounds, chosen from a menu, "
        f"with the waveform above. At first {first}. {note(first)} "
        f"{_extremes(means, v)}".strip(),
        table=_table(means, v, told),
        caption=f"{v.title}: {v.see}",
    )


def _line_colours(v: View, colour: str) -> list[str]:
    return [colour] if len(v.rows) == 1 else [PARTS[i][0] for i in (0, 1, 4)][: len(v.rows)]


def _table(means: pd.DataFrame, v: View, known: Mapping[str, Example]) -> pd.DataFrame:
    table = means.map(lambda value: in_digits(value, v.digits))
    table = table.rename(
        columns={name: f"{name} ({v.unit})" for name in table} if not v.heat else {}
    )
    table = table.rename_axis("sound").reset_index()
    if known:
        table.insert(1, "what it is", [known[name].kind.lower() for name in table["sound"]])
    return table


def _extremes(means: pd.DataFrame, v: View) -> str:
    """Which sounds have the highest and the lowest mean."""
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
        caption=f"How the genres of GTZAN differ in {what}: each box holds the middle half of the "
        "windows (the table lists the medians)",
    )


def genres_of_examples(
    answers: Mapping[str, Mapping[str, float]],
    recorded: Mapping[str, Mapping[str, float]] | None = None,
) -> Chart:
    """Draw what the classifier says about each sound.

    Parameters
    ----------
    answers
        Genre of a piece to the probability of each genre, at least one.
    recorded
        The same by the title of a recording.

    Returns
    -------
    Chart
        Sounds in rows, the pieces first; answers in columns.
    """
    pieces = [f"{genre} (program)" for genre in answers]
    both = dict(zip(pieces, answers.values(), strict=True)) | dict(recorded or {})
    rows = pd.DataFrame(both).T
    genres = [str(genre) for genre in rows.columns]
    z = rows.to_numpy(dtype=float)
    figure = answer_map(
        {
            "z": np.round(z, 3).tolist(),
            "text": [[_cell(p) for p in row] for row in z],
        },
        answers=genres,
        rows=[str(name) for name in rows.index],
        side="Sound",
        hover="%{y} heard as %{x}: %{z:.0%}",
    )
    figure.update_layout(height=180 + 30 * len(rows))
    best = rows.idxmax(axis="columns")
    said = best.to_numpy(dtype=str)[: len(answers)]
    hits = [genre for genre, answer in zip(answers, said, strict=True) if genre == answer]
    table = rows.map(percent).rename_axis("sound", axis="index").reset_index()
    table.insert(1, "likeliest", best.to_numpy(dtype=str))
    return Chart(
        figure=figure,
        alt=f"Probability of each genre for {len(answers)} synthetic pieces and "
        f"{len(recorded or {})} recordings. {len(hits)} of the pieces are heard as the genre that "
        f"they imitate" + (f": {listed(hits)}." if hits else "."),
        table=table.rename_axis(columns=None),
        caption="What the classifier says of each sound (probabilities in per cent)",
    )


def _cell(probability: float) -> str:
    """Write a probability in a cell: no model is certain."""
    if probability >= 0.995:
        return ">99"
    return f"{100 * probability:.0f}" if probability >= 0.05 else ""
