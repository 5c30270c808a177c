"""The dataset itself: window rows and tracks, validated; and tables that complete it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audionome._paths import data_path
from audionome.datasets.gtzan.reading import (
    numbers,
    read_json,
    read_parquet,
    read_table,
    require,
    require_tables,
    sha256,
)
from audionome.features.registry import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COMPLETION_VARIABLE",
    "CORRUPT",
    "GENRES",
    "KEYS",
    "N_TRACKS",
    "TRACK_COLUMNS",
    "Gtzan",
    "load",
    "load_windows",
    "read_published",
    "read_wild",
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
#: Columns of a window row that are no features.
KEYS = ("track", "window", "genre", "source")
#: Clips that cannot be heard, and why.
CORRUPT = {"jazz.00054": "audio corrupt in every public copy"}


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
        return [c for c in self.windows.columns if c not in KEYS]

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
    tracks = read_parquet(data_path("gtzan", "tracks.parquet"))
    _validate_tracks(tracks)
    windows = load_windows(complete_with=complete_with)
    genre = windows["track"].map(tracks.set_index("track")["genre"])
    require(
        bool((genre == windows["genre"]).all()),
        "The feature table names tracks or genres that are not GTZAN's.",
    )
    return Gtzan(windows, tracks, _note(windows, tracks))


def load_windows(*, complete_with: str | Path | None = None) -> pd.DataFrame:
    """Load and validate the window rows alone.

    Parameters
    ----------
    complete_with : path, optional
        As for `load`.

    Returns
    -------
    DataFrame
        See `Gtzan.windows`.

    Raises
    ------
    DatasetError
        As `load` does.

    See Also
    --------
    load : The rows with the table of tracks.
    """
    require_tables()
    import pandas as pd

    folder = data_path("gtzan")
    record = read_json(folder / "features.json")
    windows = read_parquet(folder / "features.parquet")
    require(
        sha256(folder / "features.parquet") == record["sha256"],
        "data/gtzan/features.parquet is not the file that data/gtzan/features.json describes; "
        "restore both from the repository or run `audionome features` again.",
    )
    require(
        len(windows) == record["rows"] and windows["track"].nunique() == len(record["clips"]),
        "data/gtzan/features.parquet has other rows than data/gtzan/features.json says.",
    )
    windows.insert(3, "source", "measured")
    _validate_windows(windows, "data/gtzan/features.parquet")

    path = complete_with or os.environ.get(COMPLETION_VARIABLE)
    if not path:
        return windows
    published = read_published(path, [c for c in windows.columns if c not in KEYS])
    _validate_windows(published, str(path))
    absent = published[~published["track"].isin(windows["track"])]
    windows = pd.concat([windows, absent], ignore_index=True)
    count = windows["track"].nunique()
    require(
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
    require_tables()
    import pandas as pd

    path = Path(path)
    table = read_table(path, "give the path of Kaggle's features_3_sec.csv")
    missing = [c for c in ["filename", "label", *columns] if c not in table.columns]
    require(
        not missing,
        f'"{path}" is not the published 3-second table: it lacks {", ".join(missing[:3])}.',
    )
    names = table["filename"].astype(str).str.extract(r"^([a-z]+\.\d{5})\.(\d)\.wav$")
    require(
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
    return pd.concat([keys, numbers(table, columns, str(path)).astype(np.float32)], axis=1)


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
    require_tables()
    import pandas as pd

    path = Path(path)
    table = read_table(path, "give a table of windows from outside GTZAN")
    missing = [c for c in ["label", "track", "artist", *COLUMNS] if c not in table.columns]
    require(
        not missing,
        f'"{path}" is not a table of windows: it lacks {len(missing)} columns '
        f"({', '.join(missing[:3])}).",
    )
    names = ["label", "track", "artist"]
    require(
        not table[names].isna().any(axis=None),
        f'"{path}" has rows without label, track or artist.',
    )
    require(
        bool(table["label"].isin(GENRES).any()),
        f'"{path}" has no row whose label is one of the ten genres: {", ".join(GENRES)}.',
    )
    values = numbers(table, list(COLUMNS), str(path))
    require(
        bool(np.isfinite(values.to_numpy(np.float64)).all()),
        f'"{path}" has values that are missing or infinite.',
    )
    return pd.concat([table[names].astype(str), values], axis=1)


# -- validation ---------------------------------------------------------------------------


def _validate_tracks(tracks: pd.DataFrame) -> None:
    name = "data/gtzan/tracks.parquet"
    require(tuple(tracks.columns) == TRACK_COLUMNS, f"{name} has other columns than expected.")
    counts = tracks.groupby("genre")["track"].nunique()
    require(
        len(tracks) == N_TRACKS and counts.to_dict() == dict.fromkeys(GENRES, 100),
        f"{name} should list 1 000 tracks, 100 of each genre.",
    )
    require(not tracks.isna().any(axis=None), f"{name} has empty cells.")


def _validate_windows(table: pd.DataFrame, name: str) -> None:
    values = table.drop(columns=[c for c in KEYS if c in table])
    require(values.shape[1] == 57, f"{name} should have 57 feature columns.")
    require(
        bool(np.isfinite(values.to_numpy()).all()),
        f"{name} has values that are missing or infinite.",
    )
    require(not table.duplicated(["track", "window"]).any(), f"{name} has a window twice.")


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
        f"{missing} of {N_TRACKS} tracks are missing, because we found no copy of their audio "
        f"({which}). To add them, set {COMPLETION_VARIABLE} to your copy of Kaggle's "
        "features_3_sec.csv."
    )
