"""What is measured of each file that a person's own model learns from.

Conventions
-----------
A file is heard once, in windows of three seconds. Of the windows come the file as a whole and
excerpts of it, so that the model also meets short recordings: two of 10 s where there are more than
12 s of sound, and up to three of 3 s. Of each of them is kept the mean of the columns over its
windows, and their standard deviation (the *spread*).

The columns are the ear's embedding, then the classic features that do not hang on loudness, skewed
ones as their logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome.lab.ear.heads import Heard
from audionome.models.concepts import tag_logits
from audionome.models.ear import Ear
from audionome.models.own_ear import OwnEar

__all__ = ["EXCERPTS", "Measured", "heard_of", "listener", "measure", "places"]

#: Lengths of excerpts (s), each with its windows; 0 is the whole file.
EXCERPTS = {0: 0, 10: 3, 3: 1}

_PLACES = {10: (1 / 3, 2 / 3), 3: (1 / 4, 2 / 4, 3 / 4)}  # share of what an excerpt leaves out
_HALF = np.dtype("<f2")
_LEAST_OF_10 = 4  # windows: what is shorter is nearly the whole file


@lru_cache(maxsize=1)
def listener() -> OwnEar:
    """Return what measures a recording, as it will be measured when the model answers."""
    return OwnEar(Ear.load())


def places(windows: int) -> list[tuple[int, int, int]]:
    """Return which windows the file and its excerpts are made of.

    Parameters
    ----------
    windows : int
        Of the file.

    Returns
    -------
    list of (int, int, int)
        Seconds of the excerpt (0 for the whole file), first window, and the one after the last.

    Examples
    --------
    >>> places(2)
    [(0, 0, 2), (3, 0, 1)]
    >>> places(10)
    [(0, 0, 10), (10, 2, 5), (10, 4, 7), (3, 2, 3), (3, 4, 5), (3, 6, 7)]
    """
    found = [(0, 0, windows)]
    for seconds, shares in _PLACES.items():
        length = EXCERPTS[seconds]
        if seconds == 10 and windows <= _LEAST_OF_10:
            continue
        starts = dict.fromkeys(int(share * (windows - length)) for share in shares)
        found += [(seconds, start, start + length) for start in starts]
    return found


def measure(path: Path, name: str = "") -> dict[str, Any]:
    """Measure a file.

    Parameters
    ----------
    path : Path
    name : str
        What the file is called elsewhere; not used.

    Returns
    -------
    dict
        ``seconds`` of sound, ``windows``, and as bytes of numbers in half precision ``values``,
        mean and spread of the file and of its excerpts, and ``tags``, the mean log odds of the
        ear's tags.

    Raises
    ------
    audionome.audio.AudioError
        If it cannot be used.
    """
    with threadpool_limits(1, user_api="blas"):
        stream = audio.WindowStream(path)
        rows = np.concatenate(list(listener().measure(stream.pieces())))
    size = listener().size
    parts = [rows[a:b, :size] for _, a, b in places(len(rows))]
    values = np.stack([np.concatenate([r.mean(axis=0), r.std(axis=0)]) for r in parts])
    return {
        "seconds": round(stream.duration - stream.silence, 2),
        "windows": len(rows),
        "values": values.astype(_HALF).tobytes(),
        "tags": tag_logits(rows[:, size:]).astype(_HALF).tobytes(),
    }


@dataclass(frozen=True)
class Measured:
    """What was measured of files.

    Attributes
    ----------
    heard : audionome.lab.ear.heads.Heard
        A row per file and excerpt.
    tags : ndarray of shape (files, tags)
        Mean log odds of the ear's tags.
    """

    heard: Heard
    tags: NDArray[np.float64]


def heard_of(table: pd.DataFrame, found: Sequence[Mapping[str, Any]]) -> Measured:
    """Return what was measured of files as the table that heads are fitted to.

    Parameters
    ----------
    table : DataFrame
        A row per file: ``file``, ``genre`` and ``group``.
    found : sequence of dict
        Of each file, from `measure`; ``values`` may stop after the file itself.

    Returns
    -------
    Measured
        The source of each row is its group: files of one group weigh less, the more there are.
    """
    size = listener().size
    one = 2 * size
    arrays = [np.frombuffer(file["values"], _HALF).reshape(-1, one) for file in found]
    flat = [
        (i, *place)
        for i, (file, values) in enumerate(zip(found, arrays, strict=True))
        for place in places(int(file["windows"]))[: len(values)]
    ]
    of_file, excerpt, first, last = np.array(flat, dtype=np.int64).T
    windows = last - first
    whole = np.array([float(file["seconds"]) for file in found])[of_file]
    rows = pd.DataFrame(
        {
            "clip": table["file"].to_numpy(dtype=str)[of_file],
            "genre": table["genre"].to_numpy(dtype=str)[of_file],
            "source": table["group"].to_numpy().astype(str)[of_file],
            "trust": "A",
            "artist": table["group"].to_numpy()[of_file],
            "excerpt": excerpt.astype(np.int16),
            "start": (3.0 * first).astype(np.float32),
            "seconds": np.where(excerpt == 0, whole, 3.0 * windows).astype(np.float32),
            "windows": windows.astype(np.int32),
        }
    )
    values = np.concatenate(arrays).astype(np.float32)
    tags = np.stack([np.frombuffer(file["tags"], _HALF) for file in found]).astype(np.float64)
    return Measured(Heard(rows, values[:, :size], values[:, size:]), tags)
