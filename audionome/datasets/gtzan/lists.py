"""The tables of tracks and songs, made from the public lists of artists, titles and splits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audionome._paths import data_path, in_checkout
from audionome.datasets.artists import artist_groups
from audionome.datasets.gtzan.reading import (
    DatasetError,
    read_parquet,
    read_table,
    require,
    require_tables,
)
from audionome.datasets.gtzan.table import CORRUPT, GENRES, KEYS, TRACK_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "NAMES_VARIABLE",
    "REASONS",
    "build_songs",
    "build_tracks",
    "left_out",
    "load_names",
    "load_songs",
    "near_repetitions",
]

#: Environment variable that names a person's own list of artists and titles.
NAMES_VARIABLE = "AUDIONOME_GTZAN_ARTISTS"

#: What `left_out` can say of a clip.
REASONS: tuple[str, ...] = (
    "artist and title of another clip",
    "no other clip of the song known",
    "audio damaged in every public copy",
)


def build_tracks(folder: str | Path, windows: pd.DataFrame) -> pd.DataFrame:
    """Build the table of all 1 000 tracks from the public lists.

    Parameters
    ----------
    folder : path
        Holds ``artists.csv`` (clip, artist, title), ``exact_repetitions.csv`` (clip_a,
        clip_b) and ``splits/{train,valid,test}_filtered.txt``.
    windows : DataFrame
        Window rows (see `Gtzan.windows`): they say which tracks are measured, and near
        repetitions are found in them.

    Returns
    -------
    DataFrame
        `TRACK_COLUMNS`, sorted by track.

    Raises
    ------
    DatasetError
        If a list is missing or is another one.
    """
    require_tables()
    import pandas as pd

    names = [f"{genre}.{i:05d}" for genre in GENRES for i in range(100)]
    tracks = pd.DataFrame({"track": names, "genre": [n.split(".")[0] for n in names]})
    artists, exact, split = _read_lists(Path(folder), names)
    repeated = exact + near_repetitions(windows)
    at = {name: i for i, name in enumerate(names)}
    known = [artist if isinstance(artist, str) else None for artist in artists]
    groups = artist_groups(known, same=[(at[a], at[b]) for a, b in repeated])
    tracks["artist"] = np.array(groups, dtype=np.int16)
    tracks["fault_filtered"] = split.to_numpy()
    tracks["known_fault"] = [
        CORRUPT.get(n) or ("" if split[n] else "left out by the fault filter") for n in names
    ]
    counts = windows.loc[windows["source"] == "measured", "track"].value_counts()
    tracks["n_windows"] = tracks["track"].map(counts).fillna(0).astype(np.int16)
    tracks["measured"] = tracks["n_windows"] > 0
    return tracks[list(TRACK_COLUMNS)]


def _read_lists(
    folder: Path, names: list[str]
) -> tuple[pd.Series, list[tuple[str, str]], pd.Series]:
    require_tables()
    import pandas as pd

    """Artist of every track, pairs of equal recordings, and part of the split of every track."""
    require(folder.is_dir(), f'"{folder}" is not a folder; give the one that holds artists.csv.')
    wanted = "give the folder that holds GTZAN's lists"
    artists = read_table(folder / "artists.csv", wanted)
    exact = read_table(folder / "exact_repetitions.csv", wanted)
    for table, name, columns in (
        (artists, "artists.csv", ["clip", "artist"]),
        (exact, "exact_repetitions.csv", ["clip_a", "clip_b"]),
    ):
        missing = [c for c in columns if c not in table.columns]
        require(not missing, f'"{folder / name}" lacks the column {", ".join(missing)}.')
        of_tracks = [c for c in columns if c.startswith("clip")]
        known = table[of_tracks].isin(names).all(axis=None)
        require(bool(known), f'"{folder / name}" names clips that are not GTZAN\'s.')
    require(not artists["clip"].duplicated().any(), f'"{folder / "artists.csv"}" has a clip twice.')
    split = pd.Series("", index=names)
    for part in ("train", "valid", "test"):
        path = folder / "splits" / f"{part}_filtered.txt"
        try:
            stems = [Path(line).stem for line in path.read_text(encoding="utf-8").split()]
        except (OSError, ValueError) as error:
            raise DatasetError(f'"{path}" is missing or cannot be read; {wanted}.') from error
        require(
            bool(stems) and set(stems) <= set(names), f'"{path}" is no list of GTZAN\'s tracks.'
        )
        split.loc[stems] = part
    pairs = [(str(a), str(b)) for a, b in exact[["clip_a", "clip_b"]].to_numpy()]
    return artists.set_index("clip")["artist"].reindex(names), pairs, split


def build_songs(folder: str | Path) -> pd.DataFrame:
    """Number the songs of the public index, so that clips of one song share a number.

    Parameters
    ----------
    folder : path
        Holds ``artists.csv`` (clip, artist, title).

    Returns
    -------
    DataFrame
        ``track`` and ``song``, sorted by track; clips whose artist or title nobody knows are not
        in it. Two clips of one song may be one recording twice, two parts of it, or two versions.

    Raises
    ------
    DatasetError
        If the list is missing, is no table or lacks a column.
    """
    require_tables()
    import pandas as pd

    path = Path(folder) / "artists.csv"
    index = read_table(path, "give the folder that holds GTZAN's lists")
    missing = [c for c in ("clip", "artist", "title") if c not in index.columns]
    require(not missing, f'"{path}" lacks the column {", ".join(missing)}.')
    index = index.dropna(subset=["artist", "title"])
    names = _spelling(index["artist"]) + " " + _spelling(index["title"])
    songs = pd.DataFrame({"track": index["clip"], "names": names}).sort_values("track")
    return pd.DataFrame(
        {"track": songs["track"], "song": pd.factorize(songs["names"])[0]}
    ).reset_index(drop=True)


def load_songs() -> pd.DataFrame:
    """Return the committed output of `build_songs`.

    Returns
    -------
    DataFrame

    Raises
    ------
    DatasetError
        If the file is missing or damaged.
    """
    return read_parquet(data_path("gtzan", "songs.parquet"))


def load_names(*, nearby: bool = False) -> dict[str, str]:
    """Return artist and title of tracks, from the list that ``AUDIONOME_GTZAN_ARTISTS`` names.

    Nobody licensed such a list to be passed on, so none ships with Audionome.

    Parameters
    ----------
    nearby : bool
        Where the variable names none: look for ``shared/gtzan/artists.csv`` beside the checkout.

    Returns
    -------
    dict of str to str
        Track to "Artist: Title", where both are known; empty without a list.

    Raises
    ------
    DatasetError
        If the list is missing, is no table or lacks a column.
    """
    place = os.environ.get(NAMES_VARIABLE) or (_beside_checkout() if nearby else "")
    if not place:
        return {}
    columns = ["clip", "artist", "title"]
    wanted = f"set {NAMES_VARIABLE} to a table with the columns {', '.join(columns)}"
    table = read_table(Path(place), wanted)
    missing = [c for c in columns if c not in table.columns]
    require(not missing, f'"{place}" lacks the column {", ".join(missing)}.')
    known = table[columns].dropna().astype(str)
    return {clip: f"{artist}: {title}" for clip, artist, title in known.to_numpy()}


def _beside_checkout() -> str:
    path = data_path().parent.parent / "shared" / "gtzan" / "artists.csv"
    return str(path) if in_checkout() and path.is_file() else ""


def left_out(tracks: pd.DataFrame, songs: pd.DataFrame) -> pd.DataFrame:
    """Return what our lists know of every clip that the fault-filtered split leaves out.

    Parameters
    ----------
    tracks : DataFrame
        See `Gtzan.tracks`.
    songs : DataFrame
        From `load_songs`.

    Returns
    -------
    DataFrame
        ``track``, ``genre`` and ``reason``, one of `REASONS`; the last is the clip that the
        published split holds, but that has no sound.
    """
    require_tables()
    import pandas as pd

    rows = tracks[tracks["known_fault"] != ""]
    song = songs.set_index("track")["song"]
    shared = song[song.duplicated(keep=False)].index
    repeats, other, unheard = REASONS
    reason = np.where(rows["track"].isin(shared), repeats, other)
    reason = np.where(rows["track"].isin(list(CORRUPT)), unheard, reason)
    return pd.DataFrame({"track": rows["track"], "genre": rows["genre"], "reason": reason})


def near_repetitions(windows: pd.DataFrame, *, distance: float = 1.0) -> list[tuple[str, str]]:
    """Find pairs of tracks whose windows are nearly the same: one recording twice.

    Parameters
    ----------
    windows : DataFrame
        Window rows.
    distance : float
        Two tracks are the same recording when at least half of the windows that both have
        lie closer than this, as Euclidean distance over the 57 standardised columns.

    Returns
    -------
    list of (str, str)
    """
    columns = [c for c in windows.columns if c not in KEYS]
    values = windows[columns].to_numpy(np.float64)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    place = {
        track: dict(zip(group["window"], group.index, strict=True))
        for track, group in windows.reset_index(drop=True).groupby("track")
    }
    means = np.stack([values[list(rows.values())].mean(axis=0) for rows in place.values()])
    names = list(place)
    # Nearly equal windows have nearly equal means: only such pairs are looked at closely.
    square = np.sum(means**2, axis=1)
    apart = square[:, None] + square[None, :] - 2 * means @ means.T
    pairs = []
    for i, j in np.argwhere(np.triu(apart < (2 * distance) ** 2, 1)):
        first, second = place[names[i]], place[names[j]]
        both = sorted(first.keys() & second.keys())
        if not both:
            continue
        rows = [first[w] for w in both], [second[w] for w in both]
        gaps = np.linalg.norm(values[rows[0]] - values[rows[1]], axis=1)
        if np.mean(gaps < distance) >= 0.5:
            pairs.append((names[i], names[j]))
    return pairs


def _spelling(names: pd.Series) -> pd.Series:
    """Return names without what people write differently: capitals, "the", signs and spaces."""
    return names.str.lower().str.replace(r"^the |[^a-z0-9]", "", regex=True)
