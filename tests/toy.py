"""Data that is made up, for what would else need music that may not be passed on.

Its truth is known: how much a genre, an artist and a recording move a feature is written here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.lab import crossval

TRACKS = 6  # of each genre
WINDOWS = 4
#: Three artists per genre with two tracks each; the last two tracks are one recording twice.
ARTIST = (0, 0, 1, 1, 2, 2)
#: The repetition is left out, as the published split leaves out most of them.
MEMBER = ("train", "train", "test", "test", "valid", "")
GENRE, SINGER, RECORDING, WINDOW = 1.0, 1.2, 0.8, 0.3


def _values(
    rng: np.random.Generator, genre: int, singer: int, recording: int, far: float = 1
) -> np.ndarray:
    """Windows of one track, about the size of real features: never negative."""
    # The same number always moves a feature the same way: a repetition is the same recording.
    of = [
        scale * np.random.default_rng([kind, seed]).normal(size=len(COLUMNS))
        for kind, (scale, seed) in enumerate(
            [(GENRE, genre), (far * SINGER, singer), (RECORDING, recording)]
        )
    ]
    noise = rng.normal(0, WINDOW, (WINDOWS, len(COLUMNS)))
    return np.asarray(np.exp(0.2 * (sum(of) + noise)), dtype=np.float32)


def dataset() -> gtzan.Gtzan:
    """Sixty tracks: ten genres, thirty artists, ten recordings that come twice."""
    rng = np.random.default_rng(0)
    tracks, windows = [], []
    for g, genre in enumerate(gtzan.GENRES):
        for i in range(TRACKS):
            track = f"{genre}.{i:05d}"
            singer = 100 * g + ARTIST[i]
            recording = 100 * g + min(i, TRACKS - 2)
            tracks.append(
                {
                    "track": track,
                    "genre": genre,
                    "artist": len(set(ARTIST)) * g + ARTIST[i],
                    "known_fault": "" if MEMBER[i] else "left out by the fault filter",
                    "fault_filtered": MEMBER[i],
                    "measured": True,
                    "n_windows": WINDOWS,
                }
            )
            table = pd.DataFrame(_values(rng, g, singer, recording), columns=list(COLUMNS))
            table.insert(0, "track", track)
            table.insert(1, "window", np.arange(WINDOWS, dtype=np.int16))
            table.insert(2, "genre", genre)
            table.insert(3, "source", "measured")
            windows.append(table)
    return gtzan.Gtzan(pd.concat(windows, ignore_index=True), pd.DataFrame(tracks), "Made up.")


def wild() -> pd.DataFrame:
    """Music from elsewhere: two tracks of each genre and of soul, by other and odder artists."""
    rng = np.random.default_rng(1)
    tables = []
    for g, label in enumerate((*gtzan.GENRES, "soul")):
        for i in range(2):
            number = 10_000 + 10 * g + i
            table = pd.DataFrame(_values(rng, g, number, number, far=2.5), columns=list(COLUMNS))
            table.insert(0, "label", label)
            table.insert(1, "track", f"elsewhere-{label}-{i}")
            table.insert(2, "artist", f"Somebody {number}")
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def rows() -> pd.DataFrame:
    """Return the rows of every protocol, made as ``audionome lab evaluate`` makes them."""
    return crossval.evaluation_rows(dataset(), wild())


def published() -> pd.DataFrame:
    """Return a table with the columns and file names of the published 3-second table.

    The tracks of the repository have their own rows in it; each track that the repository lacks
    has the rows of another of its genre, a little off.
    """
    ours = gtzan.load_windows().drop(columns="source")
    have = dict(iter(ours.groupby("track")))
    by_genre = {genre: sorted(set(own["track"])) for genre, own in ours.groupby("genre")}
    rng = np.random.default_rng(2)
    tables = []
    for genre in gtzan.GENRES:
        for i in range(100):
            track = f"{genre}.{i:05d}"
            table = have.get(track)
            if table is None:
                table = have[by_genre[genre][i % len(by_genre[genre])]].copy()
                table[list(COLUMNS)] *= rng.normal(1, 0.01, (len(table), 1))
            names = [f"{track}.{window}.wav" for window in table["window"]]
            table = table.assign(filename=names, length=66149, label=genre)
            tables.append(table[["filename", "length", *COLUMNS, "label"]])
    return pd.concat(tables, ignore_index=True)


def music(n: int, genres: tuple[str, ...], columns: int, *, apart: float) -> pd.DataFrame:
    """Make tracks of noise around centres that lie ``apart``; three tracks per artist."""
    genre = np.array([genres[(i // 3) % len(genres)] for i in range(n)])
    rng = np.random.default_rng(columns)  # the same music in any order of the tests
    centre = rng.normal(size=(len(genres), columns))
    centre *= apart / np.linalg.norm(centre, axis=1, keepdims=True)
    values = centre[[genres.index(g) for g in genre]] + rng.normal(size=(n, columns))
    keys = {"track": [f"t{i}" for i in range(n)], "genre": genre, "artist": np.arange(n) // 3}
    return pd.DataFrame(keys | {f"f{j}_mean": values[:, j] for j in range(columns)})
