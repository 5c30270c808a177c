"""Log-mel patches: what the small network sees of three seconds of sound.

Conventions
-----------
A patch is an array ``(64, 130)``: mel bands from low to high, frames of 23 ms in their order. Its
values are decibels, less their mean over the patch, in units of 15 dB: a louder copy of the same
sound gives the same patch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio, batch, files
from audionome.datasets import gtzan
from audionome.features.stft import HOP_LENGTH, mel_decibels, mel_frequencies, stft
from audionome.lab.protocols import published_parts

__all__ = [
    "BAND_FREQUENCIES",
    "FRAME_SECONDS",
    "N_BANDS",
    "N_FRAMES",
    "UNIT_DB",
    "Patches",
    "clip_patches",
    "load_patches",
    "log_mel_patches",
]

N_BANDS = 64
N_FRAMES = 130
UNIT_DB = 15.0
FRAME_SECONDS = HOP_LENGTH / audio.SAMPLE_RATE
#: Centre of each band (Hz).
BAND_FREQUENCIES: NDArray[np.float64] = mel_frequencies().reshape(N_BANDS, -1).mean(axis=1)


def log_mel_patches(blocks: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the patch of each block of three seconds.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (66150,)
        As `audionome.audio.WindowStream.pieces` yields them; a shorter one is mirrored at its end.

    Returns
    -------
    ndarray of shape (blocks, 64, 130), float32
        In units of 15 dB around the mean of the patch.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 / 22050 * np.arange(66150)).astype(np.float32)
    >>> patch, louder = log_mel_patches([0.1 * tone, 0.8 * tone])
    >>> patch.shape, round(float(BAND_FREQUENCIES[patch.mean(axis=1).argmax()]))
    ((64, 130), 451)
    >>> bool(np.allclose(patch, louder, atol=1e-3))
    True
    """
    found = []
    for block in blocks:
        whole = np.pad(block, (0, max(0, audio.WINDOW_HOP - block.size)), mode="symmetric")
        # Of unit peak: the floor of the decibels lies at the same distance for any loudness.
        peak = float(np.abs(whole).max()) or 1.0
        power = np.abs(stft(whole / np.float32(peak), precision="single")) ** 2
        decibels = mel_decibels(power)[:N_FRAMES]
        bands = decibels.reshape(N_FRAMES, N_BANDS, -1).mean(axis=2).T
        found.append((bands - bands.mean()) / np.float32(UNIT_DB))
    return np.stack(found) if found else np.empty((0, N_BANDS, N_FRAMES), np.float32)


def clip_patches(path: Path) -> NDArray[np.float16]:
    """Return the patches of a recording, in half precision.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray of shape (windows, 64, 130), float16
    """
    return log_mel_patches(audio.WindowStream(path).pieces()).astype(np.float16)


@dataclass(frozen=True)
class Patches:
    """The patches of GTZAN's clips that have audio.

    Attributes
    ----------
    tracks : DataFrame
        One row per clip, as `audionome.lab.protocols` wants them.
    log_mel : ndarray of shape (patches, 64, 130), float16
        Clip by clip.
    track : ndarray of shape (patches,)
        Number of the clip of each patch.
    """

    tracks: pd.DataFrame
    log_mel: NDArray[np.float16]
    track: NDArray[np.integer]

    @property
    def rows(self) -> pd.DataFrame:
        """One row per patch: `tracks`, repeated, with the number of its ``window``."""
        rows = self.tracks.iloc[self.track].reset_index(drop=True)
        return rows.assign(window=rows.groupby("track").cumcount())

    @property
    def genres(self) -> NDArray[np.integer]:
        """Number of each patch's genre."""
        names = self.tracks["genre"].to_numpy(dtype=str)
        codes = np.asarray(pd.Categorical(names, categories=list(gtzan.GENRES)).codes, dtype=int)
        found: NDArray[np.integer] = codes[self.track]
        return found

    def sha256(self) -> str:
        """Return the first 16 digits of the hash of clips, genres, artists and patches."""
        digest = hashlib.sha256(np.ascontiguousarray(self.log_mel).tobytes())
        digest.update(np.ascontiguousarray(self.track, dtype="<i4").tobytes())
        for column in ("track", "genre", "artist", "fault_filtered"):
            digest.update(" ".join(self.tracks[column].astype(str)).encode())
        return digest.hexdigest()[:16]


def load_patches(
    clips: Path,
    *,
    tracks: pd.DataFrame | None = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Patches:
    """Measure the patches of GTZAN's audio.

    Parameters
    ----------
    clips : Path
        Folder with GTZAN's audio.
    tracks : DataFrame, optional
        See `audionome.datasets.gtzan.Gtzan`; default: GTZAN's. Those that are ``measured`` count.
    jobs : int
        Processes.
    progress : callable, optional
        Called with (clips measured, clips in all).

    Returns
    -------
    Patches

    Raises
    ------
    audionome.datasets.gtzan.DatasetError
        If audio is missing or cannot be read.
    """
    if not clips.is_dir():
        raise gtzan.DatasetError(f'"{clips}" is not a folder; give the one with GTZAN\'s audio.')
    tracks = gtzan.load().tracks if tracks is None else tracks
    rows = tracks.assign(fault_filtered=published_parts(tracks), domain="gtzan")
    rows = rows[rows["measured"].to_numpy(dtype=bool)].sort_values("track", ignore_index=True)
    rows = rows[["track", "genre", "artist", "fault_filtered", "measured", "domain"]]
    paths = {path.stem: path for path in files.scan(clips).files}
    missing = [name for name in rows["track"] if name not in paths]
    if missing:
        raise gtzan.DatasetError(
            f"{clips} lacks {len(missing)} of the {len(rows)} clips that the network learns from "
            f"({', '.join(missing[:3])}); give the folder that holds GTZAN's audio."
        )
    found: list[NDArray[np.float16]] = []
    wanted = [paths[name] for name in rows["track"]]
    for one in batch.for_each(clip_patches, wanted, jobs=jobs):
        if isinstance(one, batch.Failure):
            raise gtzan.DatasetError(f"A clip to learn from cannot be used: {one}")
        found.append(one)
        if progress is not None:
            progress(len(found), len(wanted))
    number = np.repeat(np.arange(len(found)), [len(one) for one in found])
    return Patches(rows, np.concatenate(found), number)
