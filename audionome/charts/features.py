"""Charts of the example pieces: a feature over time under its waveform, a piece from a menu."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from audionome.charts.dataset import feature_distribution

if TYPE_CHECKING:
    from audionome.features import Feature
    from audionome.features.frames import Frames

__all__ = [
    "VIEWS",
    "family_spread",
    "feature_of_clip",
    "feature_over_time",
    "genres_of_examples",
    "tempo_strength",
]

_DIVERGING = [[0.0, "#3f5eb9"], [0.5, "#f4f4f4"], [1.0, "#af7208"]]
_DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True)
class _View:
    """How one family of features is drawn."""

    title: str
    see: str
    unit: str
    values: Callable[[Frames], NDArray[Any]]
    rows: tuple[str, ...]
    span: tuple[float, float]  # of the colours; lines take what they need
    heat: bool = True
    step: int = 4  # frames per point: 93 ms, a few pixels
    dtype: str = "i1"  # whole numbers in one byte, where they fit
    colours: Any = "Cividis"
    axis: str = ""
    scale: float = 1.0  # drawn numbers per number measured
    divisor: int = 1  # drawn numbers per unit, where whole numbers are drawn to save space
    digits: int = 0
    thin: Callable[..., Any] = np.mean  # how the frames of a point are joined
    own_range: bool = False  # an axis for each piece, where one would flatten most
    ticks: tuple[float, ...] = ()  # rows with a label; all, unless given


def _columns(*names: str) -> Callable[[Frames], NDArray[Any]]:
    return lambda f: np.stack([getattr(f, name) for name in names], axis=1)


def _mel_rows() -> tuple[str, ...]:
    from audionome.features.frames import mel_frequencies

    centres = mel_frequencies().reshape(-1, 2).mean(axis=1)
    return tuple(f"{hz:.0f} Hz" if hz < 1000 else f"{hz / 1000:.1f} kHz" for hz in centres)


def _bands() -> tuple[str, ...]:
    from audionome.features.frames import CONTRAST_BANDS

    return tuple(f"{low / 1000:g}-{high / 1000:.3g} kHz" for low, high in CONTRAST_BANDS)


_PITCHES = tuple("C C# D D# E F F# G G# A A# B".split())
_CIRCLES = tuple(f"{name} {axis}" for name in ("fifths", "minor thirds", "major thirds")
                 for axis in "xy")  # fmt: skip

#: What `feature_over_time` can draw.
VIEWS: dict[str, _View] = {
    "spectrogram": _View(
        "Mel spectrogram",
        "bright is strong; a held note is a level line with its overtones above it, "
        "a drum an upright one",
        "dB below the peak",
        lambda f: (f.mel_db - f.mel_db.max()).reshape(len(f.mel_db), -1, 2).mean(axis=2),
        _mel_rows(),
        (-80, 0),
        axis="Frequency",
        ticks=(4, 12, 20, 28, 36, 44, 52, 60),
    ),
    "mfcc": _View(
        "MFCC 2 to 13",
        "each row one wave across the spectrum, brown where the spectrum has it, blue where it has "
        "the reverse; a steady sound draws level stripes",
        "dB",
        lambda f: f.mfcc[:, 1:13],
        tuple(f"MFCC {i}" for i in range(2, 14)),
        (-50, 50),
        step=5,
        dtype="i2",
        colours=_DIVERGING,
    ),
    "chroma": _View(
        "Chroma",
        "bright rows are the notes that sound, whatever their octave; when all rows of a column "
        "change together, the chord does",
        "% of the strongest",
        lambda f: f.chroma,
        _PITCHES,
        (0, 100),
        scale=100,
    ),
    "brightness": _View(
        "Spectral centroid, bandwidth and roll-off",
        "all three jump at drums and cymbals and sink when only a bass is left",
        "Hz",
        _columns("centroid", "bandwidth", "rolloff"),
        ("centroid", "bandwidth", "roll-off"),
        (0, 0),
        heat=False,
        step=3,
    ),
    "contrast": _View(
        "Spectral contrast",
        "bright where single tones stand out of their octave, dark where it is filled with noise",
        "dB",
        lambda f: f.contrast,
        _bands(),
        (0, 40),
        digits=1,
    ),
    "tonnetz": _View(
        "Tonnetz",
        "stripes that last as long as a chord; a change of colour is a change of harmony",
        "distance from the centre",
        lambda f: f.tonnetz,
        _CIRCLES,
        (-70, 70),
        colours=_DIVERGING,
        scale=100,
        divisor=100,
        digits=2,
    ),
    "zero crossings": _View(
        "Zero-crossing rate",
        "peaks at hi-hats, cymbals and hiss, valleys at bass notes",
        "crossings per second",
        lambda f: f.zero_crossing_rate[:, None],
        ("zero-crossing rate",),
        (0, 0),
        heat=False,
        step=3,
        scale=22050,
    ),
    "rms": _View(
        "Loudness (RMS)",
        "the outline of the waveform; even in a mix that is pressed flat, lively where it breathes",
        "thousandths of full scale",
        lambda f: f.rms[:, None],
        ("RMS",),
        (0, 0),
        heat=False,
        step=3,
        scale=1000,
    ),
    "harmonic and percussive": _View(
        "Harmonic and percussive loudness",
        "the percussive line spikes at every stroke, the harmonic one follows the held notes",
        "thousandths of full scale",
        _columns("harmonic", "percussive"),
        ("harmonic", "percussive"),
        (0, 0),
        heat=False,
        step=3,
        scale=1000,
    ),
    "onsets": _View(
        "Onset strength",
        "a peak wherever something begins; evenly spaced peaks are a beat",
        "dB of rise",
        lambda f: f.onset_strength[:, None],
        ("onset strength",),
        (0, 0),
        heat=False,
        step=3,
        digits=1,
        thin=np.max,
        own_range=True,
    ),
}


def _packed(values: NDArray[Any], dtype: str) -> dict[str, str]:
    """Numbers as Plotly reads them in base64: a third of their length in digits."""
    if dtype.startswith(("i", "u")):
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    raw = np.ascontiguousarray(values, dtype=f"<{dtype}")
    spec = {"dtype": dtype, "bdata": base64.b64encode(raw.tobytes()).decode("ascii")}
    return spec | {"shape": ", ".join(map(str, raw.shape))} if raw.ndim > 1 else spec


def _thin(values: NDArray[Any], step: int, how: Callable[..., Any] = np.mean) -> NDArray[Any]:
    """One row for every ``step`` frames."""
    n = len(values) // step * step
    return np.asarray(how(values[:n].reshape(-1, step, values.shape[1]), axis=1))


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace("-", "−")


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
        low = _thin(frames.waveform[:, :1], step, np.min)[:, 0]
        high = _thin(frames.waveform[:, 1:], step, np.max)[:, 0]
        values = _thin(v.scale * v.values(frames), step, v.thin)
        waves = [_packed(100 * low, "i1"), _packed(100 * high, "i1")]
        found: dict[str, list[Any]] = {"line.color": [colour] * 2, "fillcolor": [None, colour]}
        if v.heat:
            return {"y": [*waves, None], "z": [None, None, _packed(values.T, v.dtype)]} | {
                key: [*change, None] for key, change in found.items()
            }
        dtype = "f4" if v.digits else "i2"
        found["y"] = [*waves, *(_packed(line, dtype) for line in values.T)]
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
            colorbar=_colorbar(v),
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
    means = _means(pieces, v)
    tops = {g: 1.05 * float(_thin(v.scale * v.values(f), step, v.thin).max())
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
        yaxis={"domain": [0, 0.8], **_rows_axis(v, top)},
        yaxis2={"domain": [0.84, 1], "range": [-100, 100], "visible": False, "fixedrange": True},
        **menu("Piece", {g: (traces(g), ranges[g] if v.own_range else {}) for g in pieces}),
    )
    # The site moves a line along the time axis while a piece plays.
    figure.update_layout(meta={"overTime": True, "notes": {g: _said(means, g, v) for g in pieces}})
    return Chart(
        figure=figure,
        alt=f"{v.title} over time of one of {len(pieces)} synthetic pieces, chosen from a menu, "
        f"with the waveform above. At first {first}. {_said(means, first, v)} "
        f"{_extremes(means, v)}".strip(),
        table=_table(means, v),
        caption=f"{v.title}: {v.see}",
    )


def feature_of_clip(frames: Frames, view: str, *, start: float = 0.0) -> Chart:
    """Draw a family of features of one clip over time, as a heat map.

    Parameters
    ----------
    frames
        From `audionome.features.frames.frame_features`.
    view
        A key of `VIEWS` that is drawn as a heat map.
    start
        Where in its recording the clip begins (s).

    Returns
    -------
    Chart

    Raises
    ------
    ValueError
        If the view is none, or is drawn as lines.
    """
    v = VIEWS.get(view)
    if v is None or not v.heat:
        raise ValueError(f"There is no heat map {view!r}.")
    hop = float(frames.times[1] - frames.times[0])
    number = "%{z}" if v.divisor == 1 else f"%{{z}}/{v.divisor}"
    figure = go.Figure(
        go.Heatmap(
            z=_packed(_thin(v.scale * v.values(frames), v.step, v.thin).T, v.dtype),
            x0=round(start + (v.step - 1) / 2 * hop, 6),
            dx=round(v.step * hop, 6),
            zmin=v.span[0],
            zmax=v.span[1],
            colorscale=v.colours,
            colorbar=_colorbar(v) | {"y": -0.28},
            hovertemplate=f"%{{x:.1f}} s: {number} {v.unit}<extra></extra>",
        )
    )
    end = start + float(frames.times[-1])
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        xaxis={"title": {"text": "Time (s)"}, "range": [start, end], "showgrid": False},
        yaxis=_rows_axis(v, 0),
    )
    means = _means({view: frames}, v)
    said = [_number(float(x), v.digits) for x in means.to_numpy()[0]]
    table = pd.DataFrame({"row": means.columns, f"mean ({v.unit})": said})
    return Chart(
        figure=figure,
        alt=f"{v.see[0].upper()}{v.see[1:]}. From {start:.0f} to {end:.0f} seconds. "
        f"{_said(means, view, v)}",
        table=table,
        caption=v.title,
    )


def _line_colours(v: _View, colour: str) -> list[str]:
    return [colour] if len(v.rows) == 1 else [PARTS[i][0] for i in (0, 1, 4)][: len(v.rows)]


def _colorbar(v: _View) -> dict[str, Any]:
    bar: dict[str, Any] = {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": -0.2,
        "yanchor": "top",
        "thickness": 10,
        "len": 1,
        "outlinewidth": 0,
        "title": {"text": v.unit, "side": "bottom", "font": {"size": 12}},
        "tickfont": {"color": INK},
    }
    if v.divisor > 1:
        marks = (v.span[0], 0, v.span[1])
        bar |= {"tickvals": marks, "ticktext": [_number(m / v.divisor, 1) for m in marks]}
    return bar


def _rows_axis(v: _View, top: float) -> dict[str, Any]:
    if not v.heat:
        return {"title": {"text": v.unit, "standoff": 14}, "range": [0, round(top, 1)]}
    ticks = [int(t) for t in v.ticks] or list(range(len(v.rows)))
    return {
        "tickvals": ticks,
        "ticktext": [v.rows[t] for t in ticks],
        "showgrid": False,
        "zeroline": False,
        "range": [-0.5, len(v.rows) - 0.5],
    }


def _means(pieces: Mapping[str, Frames], v: _View) -> pd.DataFrame:
    """Mean over each piece; neighbouring rows of a long picture together."""
    means = pd.DataFrame({g: v.values(f).mean(axis=0) for g, f in pieces.items()}, index=v.rows).T
    if len(v.rows) > 20:
        groups = np.array_split(np.arange(len(v.rows)), 8)
        parts = {f"{v.rows[g[0]]} to {v.rows[g[-1]]}": means.iloc[:, g].mean(axis=1)
                 for g in groups}  # fmt: skip
        means = pd.DataFrame(parts)
    return means * (v.scale / v.divisor)


def _table(means: pd.DataFrame, v: _View) -> pd.DataFrame:
    table = means.map(lambda value: _number(value, v.digits))
    table = table.rename(
        columns={name: f"{name} ({v.unit})" for name in table} if not v.heat else {}
    )
    return table.rename_axis("piece").reset_index()


def _said(means: pd.DataFrame, genre: str, v: _View) -> str:
    """The means of one piece in a sentence."""
    row = dict(zip(means.columns.astype(str), means.loc[[genre]].to_numpy()[0], strict=True))
    if v.heat:
        signed = v.span[0] < 0 < v.span[1]
        top = sorted(row, key=lambda name: -(abs(row[name]) if signed else row[name]))[:3]
        return f"{'Furthest from zero' if signed else 'Strongest'} on average: {listed(top)}."
    parts = [f"{name} {_number(value, v.digits)}" for name, value in row.items()]
    return f"On average: {listed(parts)} ({v.unit})."


def _extremes(means: pd.DataFrame, v: _View) -> str:
    """Which pieces have the highest and the lowest mean."""
    if v.heat or len(means) < 2:
        return ""
    name = str(means.columns[0])
    column = means[name]
    return (
        f"The mean {name} is highest in {column.idxmax()} ({_number(column.max(), v.digits)}) "
        f"and lowest in {column.idxmin()} ({_number(column.min(), v.digits)})."
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
            "x": [_packed(frames.tempo_bpm, "f4"), [round(frames.tempo, 1)] * 2,
                  [written[genre]] * 2],
            "y": [_packed(frames.tempo_strength, "f4"), [-1, 1], [-1, 1]],
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
        From `audionome.gtzan.load_summary`.
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
