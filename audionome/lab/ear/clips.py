"""What the ear hears of every clip that the head learns from or is judged by, as one table.

Conventions
-----------
A clip is heard whole and as short excerpts (`audionome.lab.outside.excerpts`). The table has one
row per clip and excerpt:

- ``clip``, ``genre`` (``""`` for what is no music), ``source`` (``"GTZAN"``; ``"S01"`` ... for
  music from outside; the kind of sound for what is no music), ``trust`` (``"G"`` for GTZAN; A, B
  or C from outside; ``"N"`` for what is no music),
- ``artist``: GTZAN's group numbers; artists from outside that GTZAN has too share them, others are
  numbered from `FIRST_OUTSIDE` on,
- ``excerpt`` (3 or 10 s, 0 for the whole clip), ``start`` (s), ``seconds`` (of sound, without
  silence), ``windows``,
- ``m0`` ... and ``s0`` ...: mean and standard deviation of the embedding over the windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio, batch, files
from audionome.datasets import gtzan
from audionome.errors import AudionomeError
from audionome.lab import outside
from audionome.models.ear import Ear

__all__ = [
    "FIRST_OUTSIDE",
    "TABLE",
    "gtzan_clips",
    "heard",
    "measure",
    "music_clips",
    "other_sounds",
    "rows_of",
]

#: The table, in the folder of research.
TABLE = "ear_clips.parquet"

#: Number of the first artist that GTZAN does not have.
FIRST_OUTSIDE = 10_000

_KEYS = ["clip", "genre", "source", "trust", "artist"]
_SUFFIXES = {".wav", ".ogg", ".mp3", ".flac"}

Progress = Callable[[int, int], None]
#: Of one excerpt: seconds of it, start, seconds of sound, windows, mean and spread.
Heard = tuple[int, float, float, int, NDArray[np.float32], NDArray[np.float32]]


# -- the clips ----------------------------------------------------------------------------


def gtzan_clips(dataset: gtzan.Gtzan, folder: Path) -> pd.DataFrame:
    """Return the clips of GTZAN that have audio.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
    folder : Path
        GTZAN's audio.

    Returns
    -------
    DataFrame
        ``path``, ``clip``, ``genre``, ``source``, ``trust`` and ``artist``.

    Raises
    ------
    audionome.datasets.gtzan.DatasetError
        If audio is missing.
    """
    paths = {p.stem: p for p in files.scan(folder).files}
    tracks = dataset.tracks[dataset.tracks["measured"]].sort_values("track")
    missing = [name for name in tracks["track"] if name not in paths]
    if missing:
        raise gtzan.DatasetError(
            f"{folder} lacks {len(missing)} of the {len(tracks)} clips that the head learns from "
            f"({', '.join(missing[:3])}); give the folder that holds GTZAN's audio."
        )
    return pd.DataFrame(
        {
            "path": [paths[name] for name in tracks["track"]],
            "clip": tracks["track"].to_numpy(dtype=str),
            "genre": tracks["genre"].to_numpy(dtype=str),
            "source": "GTZAN",
            "trust": "G",
            "artist": tracks["artist"].to_numpy(np.int32),
        }
    )


def music_clips(dataset: gtzan.Gtzan, folder: Path, labels: Path) -> pd.DataFrame:
    """Return clips from outside GTZAN, with artists numbered together with GTZAN's.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
    folder, labels : Path
        As for `audionome.lab.outside.clips`; ``artist_in_gtzan`` lists the artist's tracks.

    Returns
    -------
    DataFrame
        As `gtzan_clips` returns.
    """
    table = outside.clips(folder, labels)
    known = dataset.tracks.set_index("track")["artist"]
    listed = pd.read_csv(labels, dtype=str, keep_default_na=False)["artist_in_gtzan"]
    artists = table["artist"].to_numpy() + FIRST_OUTSIDE
    for number, text in zip(table["artist"], listed, strict=True):
        tracks = [name for name in text.partition(":")[2].split() if name in known.index]
        if tracks:
            artists[table["artist"] == number] = known[tracks[0]]
    return table.assign(artist=artists.astype(np.int32))[["path", *_KEYS]]


def other_sounds(*folders: Path) -> pd.DataFrame:
    """Return sounds that are no music.

    Parameters
    ----------
    *folders : Path
        Each with a folder per kind of sound: speech, noise, tones.

    Returns
    -------
    DataFrame
        As `gtzan_clips` returns; every sound is an artist of its own.
    """
    paths = []
    for folder in folders:
        found = sorted(p for p in folder.glob("*/*") if p.suffix in _SUFFIXES)
        if not found:
            raise AudionomeError(f"{folder} holds no folders of sounds.")
        paths += found
    return pd.DataFrame(
        {
            "path": paths,
            # Numbers: the files may be called after those who speak.
            "clip": [f"{p.parent.name}/{k:03d}" for k, p in enumerate(paths, 1)],
            "genre": "",
            "source": [p.parent.name for p in paths],
            "trust": "N",
            "artist": np.arange(2 * FIRST_OUTSIDE, 2 * FIRST_OUTSIDE + len(paths), dtype=np.int32),
        }
    )


# -- what the ear hears -------------------------------------------------------------------


@lru_cache(maxsize=1)
def _ear() -> Ear:
    return Ear.load()


def heard(path: Path) -> list[Heard]:
    """Hear a clip and its excerpts.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of tuple
        One per excerpt; excerpts of silence are left out.
    """
    ear = _ear()
    found: list[Heard] = []
    for excerpt in outside.excerpts(audio.load(path)):
        stream = audio.WindowStream(excerpt.sound)
        try:
            rows = np.concatenate(list(ear.measure(stream.pieces())))[:, : ear.embedding_size]
        except audio.AudioError:
            continue
        sound = stream.duration - stream.silence
        mean, spread = rows.mean(axis=0), rows.std(axis=0)
        found.append((excerpt.seconds, excerpt.start, sound, len(rows), mean, spread))
    return found


def measure(
    table: pd.DataFrame, *, jobs: int = 1, progress: Progress | None = None
) -> pd.DataFrame:
    """Hear clips.

    Parameters
    ----------
    table : DataFrame
        From `gtzan_clips`, `music_clips` or `other_sounds`.
    jobs : int
        Processes.
    progress : callable, optional
        Called with (clips heard, clips in all).

    Returns
    -------
    DataFrame
        As the conventions of this module say.

    Raises
    ------
    AudionomeError
        If a clip cannot be read.
    """
    measured: list[list[Heard]] = []
    for found in batch.for_each(heard, table["path"].tolist(), jobs=jobs):
        if isinstance(found, batch.Failure):
            raise AudionomeError(f"A clip to learn from cannot be used: {found}")
        measured.append(found)
        if progress is not None:
            progress(len(measured), len(table))
    return rows_of(table, measured)


def rows_of(table: pd.DataFrame, measured: Iterable[list[Heard]]) -> pd.DataFrame:
    """Return the table of what was heard.

    Parameters
    ----------
    table : DataFrame
        As for `measure`.
    measured : iterable of list
        Of every clip, from `heard`.

    Returns
    -------
    DataFrame
        As the conventions of this module say.
    """
    parts = list(measured)
    rows = table[_KEYS].iloc[np.repeat(np.arange(len(table)), [len(part) for part in parts])]
    seconds, starts, sound, windows, means, spreads = zip(
        *(one for part in parts for one in part), strict=True
    )
    rows = rows.reset_index(drop=True).assign(
        excerpt=np.array(seconds, np.int16),
        start=np.array(starts, np.float32),
        seconds=np.array(sound, np.float32),
        windows=np.array(windows, np.int16),
    )
    numbers = {
        f"{letter}{k}": column
        for letter, values in (("m", means), ("s", spreads))
        for k, column in enumerate(np.stack(values).astype(np.float16).T)
    }
    return pd.concat([rows, pd.DataFrame(numbers)], axis="columns")
