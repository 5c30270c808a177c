"""The GTZAN dataset as data: tracks, artists, songs, splits and the feature table.

Conventions
-----------
A *track* is named like ``blues.00042``; a *window* is one of its ten 3-second pieces.
``data/gtzan/features.parquet`` holds what our extractor measured from the clips whose audio
can be had; rows of the published Kaggle table may not be shipped, so the tracks without
audio are missing until a copy of that table completes them (`load`).

References
----------
.. [1] Tzanetakis and Cook, Musical genre classification of audio signals (2002).
.. [2] Sturm, The GTZAN dataset: its contents, its faults ... (arXiv:1306.1461, 2013).
.. [3] Kereliuk, Sturm and Larsen, Deep learning and music adversaries (2015): the
       fault-filtered split.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from audionome._paths import data_path, not_installed
from audionome.datasets.artists import artist_groups
from audionome.errors import AudionomeError
from audionome.features.registry import COLUMNS
from audionome.files import reason_of

__all__ = [
    "COMPLETION_VARIABLE",
    "GENRES",
    "N_TRACKS",
    "REASONS",
    "TRACK_COLUMNS",
    "DatasetError",
    "Gtzan",
    "build_songs",
    "build_tracks",
    "left_out",
    "load",
    "load_songs",
    "load_summary",
    "load_windows",
    "near_repetitions",
    "read_published",
    "read_wild",
    "summarise",
]

GENRES: tuple[str, ...] = (
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
)
N_TRACKS = 1000
#: Environment variable with the path of a copy of the published 3-second table.
COMPLETION_VARIABLE = "AUDIONOME_GTZAN_TABLE"
TRACK_COLUMNS: tuple[str, ...] = (
    "track",
    "genre",
    "artist",
    "known_fault",
    "fault_filtered",
    "measured",
    "n_windows",
)
_KEYS = ("track", "window", "genre", "source")
_CORRUPT = {"jazz.00054": "audio corrupt in every public copy"}
#: What `left_out` can say of a clip.
REASONS: tuple[str, ...] = (
    "artist and title of another clip",
    "left out for another reason",
    "audio corrupt in every public copy",
)


class DatasetError(AudionomeError):
    """A table that is not what it should be; the text says what is wrong and what to do."""


@dataclass(frozen=True)
class Gtzan:
    """The dataset.

    Attributes
    ----------
    windows : DataFrame
        One row per window: ``track``, ``window``, ``genre``, ``source`` (``"measured"`` by
        our extractor or ``"published"``) and the 57 classic columns.
    tracks : DataFrame
        One row per track, all 1 000: `TRACK_COLUMNS`. ``artist`` is a group id (tracks of
        one artist, and repetitions of one recording, share it); ``fault_filtered`` is
        ``"train"``, ``"valid"``, ``"test"`` or ``""`` (left out; see `left_out`).
    note : str
        One sentence: what is incomplete, and how to complete it.
    """

    windows: pd.DataFrame
    tracks: pd.DataFrame
    note: str

    @property
    def feature_columns(self) -> list[str]:
        """Names of the 57 classic columns."""
        return [c for c in self.windows.columns if c not in _KEYS]

    @property
    def complete(self) -> bool:
        """True when every one of the 1 000 tracks has windows."""
        return self.windows["track"].nunique() == N_TRACKS


def load(*, complete_with: str | Path | None = None) -> Gtzan:
    """Load and validate the dataset.

    Parameters
    ----------
    complete_with : path, optional
        A copy of the published 3-second table (Kaggle's ``features_3_sec.csv``, or Parquet).
        Its rows are added for tracks without audio, flagged ``"published"``. Default: the
        file that the environment variable ``AUDIONOME_GTZAN_TABLE`` names, if any.

    Returns
    -------
    Gtzan

    Raises
    ------
    DatasetError
        If a file is missing, is not the one that was committed, or misses columns, tracks or
        values.
    """
    tracks = _read_parquet(data_path("gtzan", "tracks.parquet"))
    _validate_tracks(tracks)
    windows = load_windows(complete_with=complete_with)
    genre = windows["track"].map(tracks.set_index("track")["genre"])
    _require(
        bool((genre == windows["genre"]).all()),
        "The feature table names tracks or genres that are not GTZAN's.",
    )
    return Gtzan(windows, tracks, _note(windows, tracks))


def load_windows(*, complete_with: str | Path | None = None) -> pd.DataFrame:
    """Window rows alone, validated; see `load` for the argument and the errors."""
    folder = data_path("gtzan")
    record = _read_json(folder / "features.json")
    windows = _read_parquet(folder / "features.parquet")
    _require(
        _sha256(folder / "features.parquet") == record["sha256"],
        "data/gtzan/features.parquet is not the file that data/gtzan/features.json describes; "
        "restore both from the repository or run `audionome features` again.",
    )
    _require(
        len(windows) == record["rows"] and windows["track"].nunique() == len(record["clips"]),
        "data/gtzan/features.parquet has other rows than data/gtzan/features.json says.",
    )
    windows.insert(3, "source", "measured")
    _validate_windows(windows, "data/gtzan/features.parquet")

    path = complete_with or os.environ.get(COMPLETION_VARIABLE)
    if not path:
        return windows
    published = read_published(path, [c for c in windows.columns if c not in _KEYS])
    _validate_windows(published, str(path))
    absent = published[~published["track"].isin(windows["track"])]
    windows = pd.concat([windows, absent], ignore_index=True)
    count = windows["track"].nunique()
    _require(
        count == N_TRACKS,
        f'"{path}" does not complete the table: {count} of {N_TRACKS} tracks.',
    )
    return windows.sort_values(["track", "window"], ignore_index=True)


def read_published(path: str | Path, columns: list[str]) -> pd.DataFrame:
    """Read a copy of the published 3-second table.

    Parameters
    ----------
    path : path
        CSV or Parquet with ``filename`` (``blues.00000.0.wav``), ``label`` and the features.
    columns : list of str
        Feature columns to keep.

    Returns
    -------
    DataFrame
        ``track``, ``window``, ``genre``, ``source`` and ``columns`` as float32.

    Raises
    ------
    DatasetError
        If the file is missing, is another table, or lacks columns.
    """
    path = Path(path)
    table = _read_table(path, "give the path of Kaggle's features_3_sec.csv")
    missing = [c for c in ["filename", "label", *columns] if c not in table.columns]
    _require(
        not missing,
        f'"{path}" is not the published 3-second table: it lacks {", ".join(missing[:3])}.',
    )
    names = table["filename"].astype(str).str.extract(r"^([a-z]+\.\d{5})\.(\d)\.wav$")
    _require(
        bool(names.notna().all(axis=None)),
        f'"{path}" is not the 3-second table: its file names should look like blues.00000.0.wav.',
    )
    keys = pd.DataFrame(
        {
            "track": names[0],
            "window": names[1].astype(np.int16),
            "genre": table["label"].astype(str),
            "source": "published",
        }
    )
    return pd.concat([keys, _numbers(table, columns, str(path)).astype(np.float32)], axis=1)


def read_wild(path: str | Path) -> pd.DataFrame:
    """Read a table of windows from outside GTZAN.

    Parameters
    ----------
    path : path
        CSV or Parquet with ``label``, ``track``, ``artist`` and the 57 classic columns, one row
        per window.

    Returns
    -------
    DataFrame

    Raises
    ------
    DatasetError
        If the file is missing, is no such table, or knows none of the ten genres.
    """
    path = Path(path)
    table = _read_table(path, "give a table of windows from outside GTZAN")
    missing = [c for c in ["label", "track", "artist", *COLUMNS] if c not in table.columns]
    _require(
        not missing,
        f'"{path}" is not a table of windows: it lacks {len(missing)} columns '
        f"({', '.join(missing[:3])}).",
    )
    names = ["label", "track", "artist"]
    _require(
        not table[names].isna().any(axis=None),
        f'"{path}" has rows without label, track or artist.',
    )
    _require(
        bool(table["label"].isin(GENRES).any()),
        f'"{path}" has no row whose label is one of the ten genres: {", ".join(GENRES)}.',
    )
    numbers = _numbers(table, list(COLUMNS), str(path))
    _require(
        bool(np.isfinite(numbers.to_numpy(np.float64)).all()),
        f'"{path}" has values that are missing or infinite.',
    )
    return pd.concat([table[names].astype(str), numbers], axis=1)


# -- validation ---------------------------------------------------------------------------


def _require_file(path: Path) -> None:
    told = not_installed(path) or f'"{path}" is missing; restore it from the repository.'
    _require(path.is_file(), told)


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise DatasetError(sentence)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_parquet(path: Path) -> pd.DataFrame:
    _require_file(path)
    try:
        return pd.read_parquet(path)
    except Exception as error:  # Arrow has many of its own
        raise DatasetError(f'"{path}" is damaged; restore it from the repository.') from error


def _read_json(path: Path) -> dict:
    _require_file(path)
    try:
        record = json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        raise DatasetError(f'"{path}" is damaged; restore it from the repository.') from error
    _require(
        isinstance(record, dict) and {"sha256", "rows", "clips"} <= set(record),
        f'"{path}" is not what `audionome features` writes; restore it from the repository.',
    )
    return record


def _read_table(path: Path, wanted: str) -> pd.DataFrame:
    """Read a person's table; whatever it holds instead ends in one sentence."""
    _require(not path.is_dir(), f'"{path}" is a folder; {wanted}.')
    _require(path.is_file(), f'"{path}" does not exist or is not a file; {wanted}.')
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except OSError as error:
        raise DatasetError(f'"{path}" cannot be read: {reason_of(error)}.') from error
    except Exception as error:  # pandas and Arrow have many of their own
        raise DatasetError(f'"{path}" is neither CSV nor Parquet; {wanted}.') from error


def _numbers(table: pd.DataFrame, columns: list[str], name: str) -> pd.DataFrame:
    """Columns of a person's table as numbers."""
    for column in columns:
        try:
            pd.to_numeric(table[column])
        except (ValueError, TypeError) as error:
            raise DatasetError(f'"{name}" has text in column {column}.') from error
    return table[columns].apply(pd.to_numeric)


def _validate_tracks(tracks: pd.DataFrame) -> None:
    name = "data/gtzan/tracks.parquet"
    _require(tuple(tracks.columns) == TRACK_COLUMNS, f"{name} has other columns than expected.")
    counts = tracks.groupby("genre")["track"].nunique()
    _require(
        len(tracks) == N_TRACKS and counts.to_dict() == dict.fromkeys(GENRES, 100),
        f"{name} should list 1 000 tracks, 100 of each genre.",
    )
    _require(not tracks.isna().any(axis=None), f"{name} has empty cells.")


def _validate_windows(table: pd.DataFrame, name: str) -> None:
    numbers = table.drop(columns=[c for c in _KEYS if c in table])
    _require(numbers.shape[1] == 57, f"{name} should have 57 feature columns.")
    _require(
        bool(np.isfinite(numbers.to_numpy()).all()),
        f"{name} has values that are missing or infinite.",
    )
    _require(not table.duplicated(["track", "window"]).any(), f"{name} has a window twice.")


def _note(windows: pd.DataFrame, tracks: pd.DataFrame) -> str:
    have = windows.drop_duplicates("track")["source"].value_counts()
    missing = N_TRACKS - int(have.sum())
    if not missing:
        return (
            f"All {N_TRACKS} tracks: {have.get('measured', 0)} measured from audio by Audionome, "
            f"{have.get('published', 0)} as published."
        )
    absent = tracks.loc[~tracks["track"].isin(windows["track"]), "genre"].value_counts()
    which = ", ".join(f"{n} {genre}" for genre, n in absent.items())
    return (
        f"{missing} of {N_TRACKS} tracks are missing, because their audio cannot be had ({which}): "
        f"set {COMPLETION_VARIABLE} to your copy of Kaggle's features_3_sec.csv to complete "
        "the table."
    )


# -- the tracks table ---------------------------------------------------------------------


def build_tracks(folder: str | Path, windows: pd.DataFrame) -> pd.DataFrame:
    """Make the table of all 1 000 tracks from the public lists.

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
        _CORRUPT.get(n) or ("" if split[n] else "left out by the fault filter") for n in names
    ]
    counts = windows.loc[windows["source"] == "measured", "track"].value_counts()
    tracks["n_windows"] = tracks["track"].map(counts).fillna(0).astype(np.int16)
    tracks["measured"] = tracks["n_windows"] > 0
    return tracks[list(TRACK_COLUMNS)]


def _read_lists(
    folder: Path, names: list[str]
) -> tuple[pd.Series, list[tuple[str, str]], pd.Series]:
    """Artist of every track, pairs of equal recordings, and part of the split of every track."""
    _require(folder.is_dir(), f'"{folder}" is not a folder; give the one that holds artists.csv.')
    wanted = "give the folder that holds GTZAN's lists"
    artists = _read_table(folder / "artists.csv", wanted)
    exact = _read_table(folder / "exact_repetitions.csv", wanted)
    for table, name, columns in (
        (artists, "artists.csv", ["clip", "artist"]),
        (exact, "exact_repetitions.csv", ["clip_a", "clip_b"]),
    ):
        missing = [c for c in columns if c not in table.columns]
        _require(not missing, f'"{folder / name}" lacks the column {", ".join(missing)}.')
        of_tracks = [c for c in columns if c.startswith("clip")]
        known = table[of_tracks].isin(names).all(axis=None)
        _require(bool(known), f'"{folder / name}" names clips that are not GTZAN\'s.')
    _require(
        not artists["clip"].duplicated().any(), f'"{folder / "artists.csv"}" has a clip twice.'
    )
    split = pd.Series("", index=names)
    for part in ("train", "valid", "test"):
        path = folder / "splits" / f"{part}_filtered.txt"
        try:
            stems = [Path(line).stem for line in path.read_text(encoding="utf-8").split()]
        except (OSError, ValueError) as error:
            raise DatasetError(f'"{path}" is missing or cannot be read; {wanted}.') from error
        _require(
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
    path = Path(folder) / "artists.csv"
    index = _read_table(path, "give the folder that holds GTZAN's lists")
    missing = [c for c in ("clip", "artist", "title") if c not in index.columns]
    _require(not missing, f'"{path}" lacks the column {", ".join(missing)}.')
    index = index.dropna(subset=["artist", "title"])
    names = _spelling(index["artist"]) + " " + _spelling(index["title"])
    songs = pd.DataFrame({"track": index["clip"], "names": names}).sort_values("track")
    return pd.DataFrame(
        {"track": songs["track"], "song": pd.factorize(songs["names"])[0]}
    ).reset_index(drop=True)


def load_songs() -> pd.DataFrame:
    """Return the committed output of `build_songs`."""
    return _read_parquet(data_path("gtzan", "songs.parquet"))


def left_out(tracks: pd.DataFrame, songs: pd.DataFrame) -> pd.DataFrame:
    """Say of every clip that the fault-filtered split leaves out what our lists know of it.

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
    rows = tracks[tracks["known_fault"] != ""]
    song = songs.set_index("track")["song"]
    shared = song[song.duplicated(keep=False)].index
    repeats, other, unheard = REASONS
    reason = np.where(rows["track"].isin(shared), repeats, other)
    reason = np.where(rows["track"].isin(list(_CORRUPT)), unheard, reason)
    return pd.DataFrame({"track": rows["track"], "genre": rows["genre"], "reason": reason})


def near_repetitions(windows: pd.DataFrame, *, distance: float = 1.0) -> list[tuple[str, str]]:
    """Pairs of tracks whose windows are nearly the same: one recording twice.

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
    columns = [c for c in windows.columns if c not in _KEYS]
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
    """Names without what people write differently: capitals, "the", signs and spaces."""
    return names.str.lower().str.replace(r"^the |[^a-z0-9]", "", regex=True)


# -- the summary that the book shows ------------------------------------------------------

_QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


def summarise(dataset: Gtzan) -> pd.DataFrame:
    """Spread of every feature in every genre.

    Parameters
    ----------
    dataset : Gtzan
        Usually the complete one.

    Returns
    -------
    DataFrame
        One row per genre and feature: ``genre``, ``feature``, ``n_windows``,
        ``n_measured``, ``mean``, ``std``, ``min``, ``p05``, ``p25``, ``p50``, ``p75``,
        ``p95``, ``max``.
    """
    rows = []
    for genre, group in dataset.windows.groupby("genre"):
        for feature in dataset.feature_columns:
            values = group[feature].to_numpy(np.float64)
            quantiles = np.quantile(values, _QUANTILES)
            rows.append(
                {
                    "genre": genre,
                    "feature": feature,
                    "n_windows": len(group),
                    "n_measured": int((group["source"] == "measured").sum()),
                    "mean": values.mean(),
                    "std": values.std(),
                    "min": values.min(),
                    **{f"p{q * 100:02.0f}": v for q, v in zip(_QUANTILES, quantiles, strict=True)},
                    "max": values.max(),
                }
            )
    return pd.DataFrame(rows)


def load_summary() -> pd.DataFrame:
    """Return the committed output of `summarise` over the complete table.

    Returns
    -------
    DataFrame

    Raises
    ------
    DatasetError
        If the file is missing or damaged.
    """
    path = data_path("results", "gtzan_summary.csv")
    _require_file(path)
    try:
        # As text first: pandas' own parser of numbers may be wrong in the last bit.
        text = pd.read_csv(path, dtype=str)
        counts = dict.fromkeys(("n_windows", "n_measured"), np.int64)
        kinds = {name: counts.get(name, np.float64) for name in text.columns[2:]}
        return text.astype(kinds)
    except (ValueError, TypeError) as error:
        raise DatasetError(f'"{path}" is damaged; restore it from the repository.') from error
