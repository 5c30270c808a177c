"""What the released models learn from, track by track."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio, batch, features, files
from audionome.datasets import gtzan
from audionome.datasets.artists import artist_groups
from audionome.features import modulation
from audionome.lab.protocols import published_parts

__all__ = [
    "EXCERPTS",
    "TrainingData",
    "classic_data",
    "extended_data",
    "extended_rows",
    "wild_data",
]

Progress = Callable[[int, int], None]

#: Seconds of an excerpt, and how many of them a clip of 30 s is cut into.
EXCERPTS: dict[int, int] = {10: 3, 3: 10}
_PER_CLIP = (1, *EXCERPTS.values())


@dataclass(frozen=True)
class TrainingData:
    """Rows to fit on and rows to classify, track by track.

    Attributes
    ----------
    tracks : DataFrame
        One row per track, as `audionome.lab.protocols` wants them: ``track``, ``genre``,
        ``artist``, ``fault_filtered``, ``measured``, ``domain``.
    fit_rows : ndarray of shape (rows, features)
    fit_tracks : ndarray of shape (rows,)
        Number of the track of each row.
    fit_weights : ndarray of shape (rows,)
        How much each row counts.
    windows : list of ndarray of shape (windows, features)
        Per track: what the classifier sees of it.
    excerpts : dict of int to list of ndarray of shape (excerpts, features)
        Per length in seconds and track: excerpts that are classified one by one.
    """

    tracks: pd.DataFrame
    fit_rows: NDArray[np.floating]
    fit_tracks: NDArray[np.integer]
    fit_weights: NDArray[np.floating]
    windows: list[NDArray[np.floating]]
    excerpts: dict[int, list[NDArray[np.floating]]] = field(default_factory=dict)

    @property
    def genres(self) -> NDArray[np.str_]:
        """Genre of each track."""
        return self.tracks["genre"].to_numpy(dtype=str)

    @property
    def artists(self) -> NDArray[np.integer]:
        """Group of each track's artist."""
        return self.tracks["artist"].to_numpy()

    @property
    def y_true(self) -> NDArray[np.integer]:
        """Number of each track's genre; -1 for a genre that GTZAN lacks."""
        return pd.Categorical(self.genres, categories=list(gtzan.GENRES)).codes.astype(int)

    def sha256(self) -> str:
        """Return the hash of rows, artists and genres."""
        digest = hashlib.sha256(np.ascontiguousarray(self.fit_rows, dtype="<f4").tobytes())
        digest.update(np.ascontiguousarray(self.artists, dtype="<i2").tobytes())
        digest.update(" ".join(self.genres).encode())
        return digest.hexdigest()


def _track_rows(tracks: pd.DataFrame, names: NDArray[np.str_]) -> pd.DataFrame:
    """Return the rows of GTZAN's tracks of these names, as protocols want them."""
    rows = tracks.assign(fault_filtered=published_parts(tracks), domain="gtzan")
    rows = rows.set_index("track").loc[names.tolist()].reset_index()
    found: pd.DataFrame = rows[["track", "genre", "artist", "fault_filtered", "measured", "domain"]]
    return found


def _by_track(
    windows: pd.DataFrame, columns: tuple[str, ...]
) -> tuple[NDArray[np.str_], NDArray[np.float64], NDArray[np.integer]]:
    """Return the names of the tracks, their windows one after the other, and whose each is."""
    names, number = np.unique(windows["track"].to_numpy(dtype=str), return_inverse=True)
    order = np.argsort(number, kind="stable")
    return names, windows[list(columns)].to_numpy(np.float64)[order], number[order]


def _split(rows: NDArray[np.float64], number: NDArray[np.integer]) -> list[NDArray[np.floating]]:
    return np.split(rows, np.flatnonzero(np.diff(number)) + 1)


def classic_data(dataset: gtzan.Gtzan) -> TrainingData:
    """Return the windows of GTZAN's table, all weighing the same.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan

    Returns
    -------
    TrainingData
        Fitted on all 57 classic columns; classified by those that do not depend on the level.

    See Also
    --------
    extended_data : The same from audio.
    """
    names, rows, number = _by_track(dataset.windows, features.COLUMNS)
    keep = [features.COLUMNS.index(c) for c in features.LEVEL_FREE]
    return TrainingData(
        tracks=_track_rows(dataset.tracks, names),
        fit_rows=rows,
        fit_tracks=number,
        fit_weights=np.ones(len(rows)),
        windows=_split(rows[:, keep], number),
    )


def wild_data(wild: pd.DataFrame, *, first_artist: int) -> TrainingData:
    """Return windows from outside GTZAN, to classify alone.

    Parameters
    ----------
    wild : DataFrame
        From `audionome.datasets.gtzan.read_wild`.
    first_artist : int
        Artists are numbered from here on.

    Returns
    -------
    TrainingData
    """
    names, rows, number = _by_track(wild, features.LEVEL_FREE)
    first = wild.groupby("track", sort=True)[["label", "artist"]].first().loc[names.tolist()]
    known = first["label"].isin(gtzan.GENRES)
    tracks = pd.DataFrame(
        {
            "track": names,
            "genre": first["label"].to_numpy(dtype=str),
            "artist": first_artist + np.array(artist_groups(first["artist"].astype(str).tolist())),
            "fault_filtered": "",
            "measured": False,
            "domain": np.where(known, "wild", "unknown"),
        }
    )
    return TrainingData(tracks, rows, number, np.ones(len(rows)), _split(rows, number))


def extended_rows(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the extended features of a clip, to fit on and to classify.

    Parameters
    ----------
    path : Path
        A recording of at most 30 s; what is longer is left out.

    Returns
    -------
    fit : ndarray of shape (14, 3900), float32
        The whole clip, its thirds and its tenths.
    windows : ndarray of shape (windows, 3900), float32
        One row per 3-second window, as `audionome.features.ModulationCovariance` measures them.
    """
    samples = audio.load(path)[: modulation.BLOCK * audio.WINDOW_HOP]
    edges = [np.linspace(0, samples.size, n + 1).astype(int) for n in _PER_CLIP]
    cuts = np.concatenate([np.stack([e[:-1], e[1:]], axis=1) for e in edges])
    windows = modulation.extract_extended(samples).to_numpy(np.float32)
    return modulation.excerpt_rows(samples, cuts), windows


def extended_data(
    dataset: gtzan.Gtzan, clips: Path, *, jobs: int = -1, progress: Progress | None = None
) -> TrainingData:
    """Measure GTZAN's audio.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
    clips : Path
        Folder with GTZAN's audio.
    jobs : int
        Processes.
    progress : callable, optional
        Called with (clips measured, clips in all).

    Returns
    -------
    TrainingData
        A clip, its thirds together and its tenths together weigh the same.

    Raises
    ------
    audionome.datasets.gtzan.DatasetError
        If audio is missing or cannot be read.

    See Also
    --------
    classic_data : The same from the table.
    """
    if not clips.is_dir():
        raise gtzan.DatasetError(f'"{clips}" is not a folder; give the one with GTZAN\'s audio.')
    tracks = dataset.tracks
    paths = {p.stem: p for p in files.scan(clips).files}
    measured = tracks.loc[tracks["measured"], "track"].tolist()
    missing = [name for name in measured if name not in paths]
    if missing:
        raise gtzan.DatasetError(
            f"{clips} lacks {len(missing)} of the {len(measured)} clips that the model learns "
            f"from ({', '.join(missing[:3])}); give the folder that holds GTZAN's audio."
        )
    pairs = []
    for pair in batch.for_each(extended_rows, [paths[name] for name in measured], jobs=jobs):
        if isinstance(pair, batch.Failure):
            raise gtzan.DatasetError(f"A clip to learn from cannot be used: {pair}")
        pairs.append(pair)
        if progress is not None:
            progress(len(pairs), len(measured))
    per_clip = np.concatenate([np.full(n, 1 / n) for n in _PER_CLIP])
    _, *excerpts = np.split(np.arange(per_clip.size), np.cumsum(_PER_CLIP)[:-1])
    return TrainingData(
        tracks=_track_rows(tracks, np.array(measured)),
        fit_rows=np.concatenate([fit for fit, _ in pairs]),
        fit_tracks=np.repeat(np.arange(len(measured)), per_clip.size),
        fit_weights=np.tile(per_clip, len(measured)),
        windows=[windows for _, windows in pairs],
        excerpts={
            seconds: [fit[rows] for fit, _ in pairs]
            for seconds, rows in zip(EXCERPTS, excerpts, strict=True)
        },
    )
