"""A closer look at one recording: its outline, its most telling stretch, and how usual it is.

What an answer alone does not show. `audionome.classify` hears a recording window by window and
keeps no sound; here it is decoded once more, and again only the outline and thirty seconds stay.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio
from audionome._paths import data_path
from audionome._words import share, span
from audionome.datasets.gtzan import load_summary
from audionome.features.frames import Frames, frame_features
from audionome.features.key import Key, estimate_key

if TYPE_CHECKING:
    from audionome.models.classifier import Prediction, WindowPrediction
    from audionome.models.neighbors import Index

__all__ = ["TYPICAL", "Look", "key_words", "look", "most_telling", "tracks_around", "typical"]

_POINT = 2205  # samples of a point of the outline
_MOST_WINDOWS = 10

#: The classic features that a person can name, in plain words.
TYPICAL: dict[str, str] = {
    "tempo": "tempo",
    "spectral_centroid_mean": "brightness (spectral centroid)",
    "rolloff_mean": "top end (roll-off)",
    "spectral_bandwidth_mean": "width of the spectrum",
    "zero_crossing_rate_mean": "hiss and edge (zero crossings)",
    "chroma_stft_mean": "pitches at once (chroma)",
}


@dataclass(frozen=True)
class Look:
    """What a closer look shows.

    Attributes
    ----------
    outline : ndarray of shape (points, 2), float32
        Lowest and highest sample of equal parts of the recording (full scale).
    start : float
        Where the stretch begins (s).
    frames : Frames
        The features of the stretch, frame by frame; its times begin at 0.
    key : Key
        The key of the stretch.
    """

    outline: NDArray[np.float32]
    start: float
    frames: Frames
    key: Key


def most_telling(
    windows: Sequence[WindowPrediction], genre: str, *, most: int = _MOST_WINDOWS
) -> tuple[int, int]:
    """Find the stretch of windows that sounds most like a genre.

    Parameters
    ----------
    windows
        Of a prediction, at least one.
    genre
        A genre of the prediction.
    most
        Length of the stretch; a shorter recording is taken whole.

    Returns
    -------
    first, last : int
        Numbers of the windows, the last one not included; of equal stretches, the earliest.
    """
    n = min(most, len(windows))
    said = np.array([window.probabilities[genre] for window in windows])
    sums = np.convolve(said, np.ones(n), mode="valid")
    first = int(np.argmax(np.round(sums, 9)))
    return first, first + n


def look(
    source: str | Path | bytes | BinaryIO, prediction: Prediction, *, points: int = 800
) -> Look:
    """Take a closer look at a recording that was classified.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        As for `audionome.classify`.
    prediction : Prediction
        The answer about this source.
    points : int
        Most points of the outline.

    Returns
    -------
    Look

    Raises
    ------
    AudioError
        As `audionome.audio.load`.
    """
    first, last = most_telling(prediction.windows, prediction.genre)
    outline: list[NDArray[np.float32]] = []
    rest = np.empty(0, np.float32)

    def draw(block: NDArray[np.float32]) -> None:
        nonlocal rest
        rest = np.concatenate([rest, block])
        whole = rest.size // _POINT
        outline.append(_outline(rest[: whole * _POINT].reshape(whole, _POINT)))
        rest = rest[whole * _POINT :]

    # The sound that the windows are made of: silence is in the outline alone.
    pieces = enumerate(audio.WindowStream(source, on_block=draw).pieces())
    stretch = [piece for k, piece in pieces if first <= k < last]
    if rest.size:
        outline.append(_outline(rest[None]))
    samples = np.concatenate(stretch)
    return Look(
        outline=_coarser(np.concatenate(outline), points),
        start=prediction.windows[first].start,
        frames=frame_features(samples),
        key=estimate_key(samples),
    )


def _outline(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([parts.min(axis=1), parts.max(axis=1)], axis=1)


def key_words(key: Key) -> str:
    """Name a key, and say how often such a key is right; or say that there is none to rely on."""
    if not key.reliable:
        return "No key can be told from it with any certainty."
    record = json.loads(data_path("research", "key.json").read_text(encoding="utf-8"))
    right = record["reporting"]["exact_if_reliable"]
    return (
        f"The key is probably {key.name}: of the keys that we could tell so clearly in GTZAN, "
        f"{share(right['value'])} were exactly right ({span(right['low'], right['high'])})."
    )


def _coarser(outline: NDArray[np.float32], points: int) -> NDArray[np.float32]:
    """Join neighbouring parts until there are at most so many."""
    starts = np.unique(np.linspace(0, len(outline), points, endpoint=False).astype(int))
    return np.stack(
        [
            np.minimum.reduceat(outline[:, 0], starts),
            np.maximum.reduceat(outline[:, 1], starts),
        ],
        axis=1,
    )


@lru_cache(maxsize=1)
def _summary() -> pd.DataFrame:
    return load_summary().set_index(["genre", "feature"])


def typical(prediction: Prediction, *, genre: str | None = None) -> pd.DataFrame:
    """Hold the features of a recording against those of a genre's windows in GTZAN.

    Parameters
    ----------
    prediction : Prediction
    genre : str, optional
        By default the genre that was named.

    Returns
    -------
    DataFrame
        A row per feature of `TYPICAL` (without a beat none for the tempo): ``feature``,
        ``words``, ``value`` (mean over the recording), ``low``, ``middle`` and ``high`` (5th, 50th
        and 95th percentile of the genre's windows), ``least`` and ``most`` (of all genres' 5th and
        95th percentiles), and ``verdict``: "usual", "lower than usual" or "higher than usual".
    """
    genre = genre or prediction.genre
    table = _summary()
    rows = []
    for feature, words in TYPICAL.items():
        every = table.xs(feature, level="feature")
        low, middle, high = every.loc[genre, ["p05", "p50", "p95"]].to_numpy(dtype=float)
        # The tempo that is told elsewhere: windows without a beat do not count.
        value = prediction.tempo if feature == "tempo" else prediction.features[feature]
        if feature == "tempo" and not value:
            continue  # no beat is no slow one
        verdict = "usual" if low <= value <= high else "lower" if value < low else "higher"
        rows.append(
            {
                "feature": feature,
                "words": words,
                "value": value,
                "low": low,
                "middle": middle,
                "high": high,
                "least": float(every["p05"].min()),
                "most": float(every["p95"].max()),
                "verdict": verdict if verdict == "usual" else f"{verdict} than usual",
            }
        )
    return pd.DataFrame(rows)


def tracks_around(index: Index) -> pd.DataFrame:
    """The tracks of an index on its first two axes: ``track``, ``genre``, ``x``, ``y``."""
    return pd.DataFrame(
        {
            "track": index.tracks.astype(str),
            "genre": index.genres.astype(str),
            "x": index.vectors[:, 0].astype(np.float64),
            "y": index.vectors[:, 1].astype(np.float64),
        }
    )
