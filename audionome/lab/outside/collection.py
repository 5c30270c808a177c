"""Clips from outside, what a list says of them, and the excerpts that are cut from each."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio
from audionome.datasets import gtzan
from audionome.datasets.artists import artist_groups
from audionome.errors import AudionomeError

__all__ = ["Excerpt", "OutsideError", "clips", "excerpts"]

_PLACES = {10: (1 / 3, 2 / 3), 3: (1 / 4, 2 / 4, 3 / 4)}  # share of what an excerpt leaves out
_LEAST_OF_10 = 12.0  # s: what is shorter is nearly the whole clip

_LABELS = ("file", "genre", "artist", "source", "trust", "artist_in_gtzan")


class OutsideError(AudionomeError):
    """A folder of clips, or a list of them, that cannot be used."""


def clips(folder: Path, labels: Path) -> pd.DataFrame:
    """Return the clips of a folder with what a list says of them.

    Parameters
    ----------
    folder : Path
        Holds the files that the list names.
    labels : Path
        CSV file: ``file`` (relative to the folder), ``genre``, ``artist``, ``source`` (up to an
        ``@``: the collection), ``trust`` and ``artist_in_gtzan`` (begins with ``yes`` if GTZAN has
        other songs by the artist).

    Returns
    -------
    DataFrame
        ``path``, ``clip``, ``genre``, ``source``, ``trust``, ``artist`` and ``in_gtzan``.

    Raises
    ------
    OutsideError
        If the list or a clip is missing, or the list lacks a column.
    """
    if not labels.is_file():
        raise OutsideError(f'There is no list of clips "{labels}"; give it as --labels.')
    table = pd.read_csv(labels, dtype=str, keep_default_na=False)
    if missing := [name for name in _LABELS if name not in table.columns]:
        raise OutsideError(f'"{labels}" lacks the columns {", ".join(missing)}.')
    strange = table.loc[~table["genre"].isin(gtzan.GENRES), "genre"]
    if len(strange):
        raise OutsideError(f'"{labels}" names the genre "{strange.iloc[0]}", none of the ten.')
    paths = [folder / name for name in table["file"]]
    absent = [path.name for path in paths if not path.is_file()]
    if absent:
        raise OutsideError(
            f"{folder} lacks {len(absent)} of the {len(paths)} clips that {labels.name} lists."
        )
    collections = table["source"].str.split("@").str[0]
    numbers = pd.factorize(collections)[0] + 1
    return pd.DataFrame(
        {
            "path": paths,
            "clip": [str(Path(name).with_suffix("")) for name in table["file"]],
            "genre": table["genre"],
            "source": [f"S{number:02d}" for number in numbers],
            "trust": table["trust"],
            "artist": np.array(artist_groups(table["artist"].tolist()), dtype=np.int32),
            "in_gtzan": table["artist_in_gtzan"].str.startswith("yes"),
        }
    )


@dataclass(frozen=True)
class Excerpt:
    """A part of a clip.

    Attributes
    ----------
    seconds : int
        3 or 10; 0 for the whole clip.
    start : float
        Where it begins (s).
    sound : bytes
        A WAV file.
    """

    seconds: int
    start: float
    sound: bytes


def excerpts(samples: NDArray[np.float32]) -> Iterator[Excerpt]:
    """Yield a clip and its excerpts, at places that depend on nothing but its length.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz.

    Yields
    ------
    Excerpt
        The whole clip, two of 10 s where it is longer than 12 s, three of 3 s.
    """
    yield Excerpt(0, 0.0, _wav(samples))
    for seconds, places in _PLACES.items():
        if seconds == 10 and samples.size < _LEAST_OF_10 * audio.SAMPLE_RATE:
            continue
        n = seconds * audio.SAMPLE_RATE
        for place in places:
            start = int(place * (samples.size - n))
            yield Excerpt(seconds, start / audio.SAMPLE_RATE, _wav(samples[start : start + n]))


def _wav(samples: NDArray[np.float32]) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, audio.SAMPLE_RATE, format="WAV", subtype="FLOAT")
    return buffer.getvalue()
