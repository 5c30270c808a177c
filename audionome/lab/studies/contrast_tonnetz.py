"""How spectral contrast and tonnetz, which the published tables lack, are distributed in GTZAN.

``python -m audionome.lab.studies.contrast_tonnetz FOLDER`` measures the windows of every clip in a
folder with a subfolder for each genre, and writes ``data/research/contrast_tonnetz.parquet``; the
report reads that file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import fft

from audionome import audio
from audionome._paths import data_path, output_path
from audionome.datasets.gtzan import GENRES
from audionome.features import Feature, stft
from audionome.features.frames import CONTRAST_BANDS, TONNETZ_AXES, spectral_contrast, tonnetz
from audionome.files import require_output_folder, written_whole
from audionome.lab.store import missing

__all__ = ["FEATURES", "load", "measure", "summarise"]


def _contrast(low: float, high: float) -> Feature:
    return Feature(
        f"contrast {low:.0f} to {high:.0f} Hz",
        "dB",
        0,
        float("inf"),
        f"Mean over the window: strongest against weakest tones between {low:.0f} and "
        f"{high:.0f} Hz; high for single tones, low for noise.",
        "Jiang et al. (2002)",
    )


def _tonnetz(axis: str) -> Feature:
    reach = 0.5 if axis.startswith("major") else 1.0
    return Feature(
        f"tonnetz {axis}",
        "1",
        -reach,
        reach,
        f"Mean over the window: where the harmony lies on the circle of {axis.split(',')[0]}; "
        "near zero when many notes or many keys are mixed.",
        "Harte et al. (2006)",
    )


#: Name to description, in the order of `measure`'s columns.
FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        *(_contrast(*band) for band in CONTRAST_BANDS),
        *(_tonnetz(axis) for axis in TONNETZ_AXES),
    )
}


def measure(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Measure the windows of a clip.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, full scale [-1, 1].

    Returns
    -------
    ndarray of shape (windows, 13)
        Means over the frames of a window, in the order of `FEATURES`.
    """
    rows = []
    for window in audio.windows(samples):
        padded = np.pad(window.astype(np.float64), stft.N_FFT // 2, mode="reflect")
        magnitude = np.abs(fft.rfft(stft.frame(padded) * stft.HANN, axis=1))
        magnitude = magnitude.astype(np.float32)
        chroma = stft.chroma(np.square(magnitude))
        parts = spectral_contrast(magnitude), tonnetz(chroma)
        rows.append(np.concatenate([part.mean(axis=0, dtype=np.float64) for part in parts]))
    return np.array(rows).reshape(-1, len(FEATURES))


def summarise(clips: list[Path], *, jobs: int = 1) -> pd.DataFrame:
    """Measure clips, and return how each feature is distributed in each genre.

    Parameters
    ----------
    clips : list of Path
        Each in a folder that is named after its genre.
    jobs : int
        Processes.

    Returns
    -------
    DataFrame
        One row per genre and feature: ``genre``, ``feature``, ``n_clips``, ``n_windows``,
        ``mean``, ``p05``, ``p25``, ``p50``, ``p75``, ``p95``.
    """
    measured = joblib.Parallel(jobs)(joblib.delayed(_file)(path) for path in clips)
    rows = []
    for genre in GENRES:
        own = [found for path, found in zip(clips, measured, strict=True)
               if path.parent.name == genre]  # fmt: skip
        if not own:
            continue
        values = np.concatenate(own)
        for column, feature in zip(values.T, FEATURES, strict=True):
            quantiles = np.quantile(column, (0.05, 0.25, 0.5, 0.75, 0.95))
            row = {"genre": genre, "feature": feature, "n_clips": len(own)}
            row |= {"n_windows": len(values), "mean": column.mean()}
            rows.append(
                row | dict(zip(("p05", "p25", "p50", "p75", "p95"), quantiles, strict=True))
            )
    return pd.DataFrame(rows)


def _file(path: Path) -> NDArray[np.float64]:
    return measure(audio.load(path))


def load() -> pd.DataFrame:
    """Return the committed output of `summarise` over the GTZAN clips with audio.

    Returns
    -------
    DataFrame
        See `summarise`.

    Raises
    ------
    StaleResultsError
        If there is none.
    """
    path = data_path("research", "contrast_tonnetz.parquet")
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.studies.contrast_tonnetz FOLDER")
    return pd.read_parquet(path)


def main(folder: str) -> None:
    """Measure a folder and write the file."""
    clips = sorted(path for path in Path(folder).glob("*/*") if path.parent.name in GENRES)
    path = output_path("research") / "contrast_tonnetz.parquet"
    require_output_folder(path.parent)
    table = summarise(clips, jobs=-1)
    with written_whole(path) as unfinished:
        table.to_parquet(unfinished, index=False, compression="zstd")


if __name__ == "__main__":
    main(sys.argv[1])
