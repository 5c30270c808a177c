"""What librosa and Essentia say of GTZAN's clips: tempo and key, to compare ours with.

``audionome lab peers CLIPS`` writes ``data/research/peers.csv``, a line per clip as it is done: an
interrupted run goes on where it stopped. Each program gets the whole clip, at the sample rate that
its documentation asks for, with its default settings. Essentia is needed for this alone:
``pip install essentia`` (AGPL 3).

Conventions
-----------
Clips are taken in four rounds: every fourth one, then those after them, and so on. What a run had
no time for is missing evenly, and every table says how many clips it compares.

References
----------
.. [1] McFee et al., librosa: audio and music signal analysis in Python (SciPy 2015).
.. [2] Bogdanov et al., Essentia: an audio analysis library for music information retrieval
       (ISMIR 2013).
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soxr
from numpy.typing import NDArray

from audionome import audio, files
from audionome._paths import data_path
from audionome.errors import AudionomeError
from audionome.lab.store import missing

__all__ = ["COLUMNS", "estimate", "load", "measure"]

#: Of the table: tempi in BPM, and Essentia's key such as ``"A minor"``.
COLUMNS = ("track", "librosa", "librosa_beats", "essentia", "essentia_key")
_ROUNDS = 4
_ESSENTIA_RATE = 44_100  # Hz, which RhythmExtractor2013 and KeyExtractor are made for


def estimate(samples: NDArray[np.float32]) -> dict[str, Any]:
    """Ask both programs about a clip.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz.

    Returns
    -------
    dict
        The columns of `COLUMNS` but ``track``.

    Raises
    ------
    audionome.errors.AudionomeError
        If one of them is not installed.
    """
    _require()
    import essentia
    from librosa.beat import beat_track
    from librosa.feature import tempo

    essentia.log.infoActive = essentia.log.warningActive = False
    import essentia.standard

    rate = audio.SAMPLE_RATE
    doubled = soxr.resample(samples, rate, _ESSENTIA_RATE).astype(np.float32)
    key, scale, _ = essentia.standard.KeyExtractor()(doubled)
    return {
        "librosa": float(tempo(y=samples, sr=rate)[0]),
        "librosa_beats": float(np.ravel(beat_track(y=samples, sr=rate)[0])[0]),
        "essentia": float(essentia.standard.RhythmExtractor2013()(doubled)[0]),
        "essentia_key": f"{key} {scale}",
    }


def _require() -> None:
    wanted = [name for name in ("librosa", "essentia") if not importlib.util.find_spec(name)]
    if wanted:
        raise AudionomeError(
            f"The comparison needs {' and '.join(wanted)}; run: pip install {' '.join(wanted)}"
        )


def measure(
    clips: Path, out: Path, *, progress: Callable[[int, int], None] | None = None
) -> pd.DataFrame:
    """Ask about every clip that the table lacks, and add it to the table.

    Parameters
    ----------
    clips : Path
        Folder of GTZAN's audio.
    out : Path
        The table, a CSV file; it need not exist.
    progress : callable, optional
        Called with the numbers of clips done and to do.

    Returns
    -------
    DataFrame
        The whole table, by track.

    Raises
    ------
    audionome.errors.AudionomeError
        If one of the programs is not installed.
    """
    _require()
    paths = files.scan(clips).files
    paths = [path for first in range(_ROUNDS) for path in paths[first::_ROUNDS]]
    files.own_table(out, COLUMNS)
    done = set(_read(out).index) if out.is_file() else set()
    with out.open("a", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if not done:
            rows.writeheader()
        for number, path in enumerate(paths):
            if path.stem not in done:
                rows.writerow({"track": path.stem, **estimate(audio.load(path))})
                file.flush()
            if progress is not None:
                progress(number + 1, len(paths))
    return _read(out)


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"track": str, "essentia_key": str}).set_index("track")


def load() -> pd.DataFrame:
    """Return the committed table.

    Returns
    -------
    DataFrame
        By track: `COLUMNS`.

    Raises
    ------
    StaleResultsError
        If there is none.
    """
    path = data_path("research", "peers.csv")
    if not path.is_file():
        raise missing(path, "audionome lab peers CLIPS")
    return _read(path)
