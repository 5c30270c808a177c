"""Charts of the features of one clip over time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from audionome._words import listed, sentence_case
from audionome.charts._base import (
    INK,
    PARTS,
    TEMPLATE,
    Chart,
    faded,
    in_minutes,
    stretch_words,
    time_axis,
)
from audionome.features.frames import NOTE_NAMES

if TYPE_CHECKING:
    from audionome.features.frames import Frames

__all__ = ["VIEWS", "View", "feature_of_clip"]

# In the middle almost nothing, so that the page shows through and both ends keep their hue.
DIVERGING: list[tuple[float, str]] = [
    (0.0, PARTS[0][0]),
    (0.5, faded(PARTS[0][0], 0.04)),
    (0.5, faded(PARTS[1][0], 0.04)),
    (1.0, PARTS[1][0]),
]


@dataclass(frozen=True)
class View:
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
    from audionome.features.stft import mel_frequencies

    centres = mel_frequencies().reshape(-1, 2).mean(axis=1)
    return tuple(f"{hz:.0f} Hz" if hz < 1000 else f"{hz / 1000:.1f} kHz" for hz in centres)


def _bands() -> tuple[str, ...]:
    from audionome.features.frames import CONTRAST_BANDS

    return tuple(f"{low / 1000:g}-{high / 1000:.3g} kHz" for low, high in CONTRAST_BANDS)


_CIRCLES = tuple(f"{name} {axis}" for name in ("fifths", "minor thirds", "major thirds")
                 for axis in "xy")  # fmt: skip

#: What `feature_over_time` can draw.
VIEWS: dict[str, View] = {
    "spectrogram": View(
        "Mel spectrogram",
        "bright is strong; a held note is a level line with its overtones above it, "
        "a drum stroke an upright line",
        "dB below the peak",
        lambda f: (f.mel_db - f.mel_db.max()).reshape(len(f.mel_db), -1, 2).mean(axis=2),
        _mel_rows(),
        (-80, 0),
        axis="Frequency",
        ticks=(4, 12, 20, 28, 36, 44, 52, 60),
    ),
    "mfcc": View(
        "MFCC 2 to 13",
        "each row is one cosine wave, brown where the spectrum follows it, teal where it does the "
        "opposite; a steady sound draws level stripes",
        "dB",
        lambda f: f.mfcc[:, 1:13],
        tuple(f"MFCC {i}" for i in range(2, 14)),
        (-50, 50),
        step=5,
        dtype="i2",
        colours=DIVERGING,
    ),
    "chroma": View(
        "Chroma",
        "bright rows are the notes that sound, whatever their octave; when all rows of a column "
        "change together, the chord does",
        "% of the strongest",
        lambda f: f.chroma,
        NOTE_NAMES,
        (0, 100),
        scale=100,
    ),
    "brightness": View(
        "Spectral centroid, bandwidth and roll-off",
        "all three jump at drums and cymbals and sink when only a bass is left",
        "Hz",
        _columns("centroid", "bandwidth", "rolloff"),
        ("centroid", "bandwidth", "roll-off"),
        (0, 0),
        heat=False,
        step=3,
    ),
    "contrast": View(
        "Spectral contrast",
        "bright where single tones stand out of their octave, dark where it is filled with noise",
        "dB",
        lambda f: f.contrast,
        _bands(),
        (0, 40),
        digits=1,
    ),
    "tonnetz": View(
        "Tonnetz",
        "stripes that last as long as a chord; a change of colour is a change of harmony",
        "distance from the centre",
        lambda f: f.tonnetz,
        _CIRCLES,
        (-70, 70),
        colours=DIVERGING,
        scale=100,
        divisor=100,
        digits=2,
    ),
    "zero crossings": View(
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
    "rms": View(
        "Loudness (RMS)",
        "the outline of the waveform, level where the mix is compressed, lively where it is not",
        "thousandths of full scale",
        lambda f: f.rms[:, None],
        ("RMS",),
        (0, 0),
        heat=False,
        step=3,
        scale=1000,
    ),
    "harmonic and percussive": View(
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
    "onsets": View(
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


def packed(values: NDArray[Any], dtype: str) -> dict[str, str]:
    """Return numbers as Plotly reads them in base64: a third of their length in digits."""
    if dtype.startswith(("i", "u")):
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    raw = np.ascontiguousarray(values, dtype=f"<{dtype}")
    spec = {"dtype": dtype, "bdata": base64.b64encode(raw.tobytes()).decode("ascii")}
    return spec | {"shape": ", ".join(map(str, raw.shape))} if raw.ndim > 1 else spec


def thin(values: NDArray[Any], step: int, how: Callable[..., Any] = np.mean) -> NDArray[Any]:
    """Return one row for every ``step`` frames."""
    n = len(values) // step * step
    return np.asarray(how(values[:n].reshape(-1, step, values.shape[1]), axis=1))


def in_digits(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace("-", "−")


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
    end = start + float(frames.times[-1])
    # Long recordings count minutes, which a hint cannot write.
    when = "" if in_minutes(end) else "%{x:.1f} s: "
    number = "%{z}" if v.divisor == 1 else f"%{{z}}/{v.divisor}"
    figure = go.Figure(
        go.Heatmap(
            z=packed(thin(v.scale * v.values(frames), v.step, v.thin).T, v.dtype),
            x0=round(start + (v.step - 1) / 2 * hop, 6),
            dx=round(v.step * hop, 6),
            zmin=v.span[0],
            zmax=v.span[1],
            colorscale=v.colours,
            colorbar=colorbar(v) | {"y": -0.28},
            hovertemplate=f"{when}{number} {v.unit}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        meta={"overTime": True},
        xaxis=time_axis(start, end),
        yaxis=rows_axis(v, 0),
    )
    means = means_of({view: frames}, v)
    said = [in_digits(float(x), v.digits) for x in means.to_numpy()[0]]
    table = pd.DataFrame({"row": means.columns, f"mean ({v.unit})": said})
    return Chart(
        figure=figure,
        alt=f"{v.see[0].upper()}{v.see[1:]}. {sentence_case(stretch_words(start, end))}. "
        f"{means_in_words(means, view, v)}",
        table=table,
        caption=v.title,
    )


def colorbar(v: View) -> dict[str, Any]:
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
        bar |= {"tickvals": marks, "ticktext": [in_digits(m / v.divisor, 1) for m in marks]}
    return bar


def rows_axis(v: View, top: float) -> dict[str, Any]:
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


def means_of(pieces: Mapping[str, Frames], v: View) -> pd.DataFrame:
    """Return the mean over each piece; neighbouring rows of a long picture together."""
    means = pd.DataFrame({g: v.values(f).mean(axis=0) for g, f in pieces.items()}, index=v.rows).T
    if len(v.rows) > 20:
        groups = np.array_split(np.arange(len(v.rows)), 8)
        parts = {f"{v.rows[g[0]]} to {v.rows[g[-1]]}": means.iloc[:, g].mean(axis=1)
                 for g in groups}  # fmt: skip
        means = pd.DataFrame(parts)
    return means * (v.scale / v.divisor)


def means_in_words(means: pd.DataFrame, genre: str, v: View) -> str:
    """Return the means of one piece in a sentence."""
    row = dict(zip(means.columns.astype(str), means.loc[[genre]].to_numpy()[0], strict=True))
    if v.heat:
        signed = v.span[0] < 0 < v.span[1]
        top = sorted(row, key=lambda name: -(abs(row[name]) if signed else row[name]))[:3]
        return f"{'Furthest from zero' if signed else 'Strongest'} on average: {listed(top)}."
    parts = [f"{name} {in_digits(value, v.digits)}" for name, value in row.items()]
    return f"On average: {listed(parts)} ({v.unit})."
