"""How often the estimated key is right, beside Essentia's, on the clips of GTZAN that have a key.

``audionome lab key CLIPS ANNOTATIONS`` writes ``data/research/key_tracks.parquet``. The annotations
are those of A. Lerch (https://github.com/alexanderlerch/gtzan_key; no classical music); they are
stored only as what estimates are to them. Ours was chosen and its threshold set on one half of the
artists (``benchmarks/key.py``), so only the other half, ``"reporting"``, is fair to both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from audionome import audio, files
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.errors import AudionomeError
from audionome.features.frames import PITCH_CLASSES
from audionome.features.key import Key, estimate_key
from audionome.lab.store import missing

__all__ = ["MIREX", "halves", "key_number", "load", "measure", "read_annotations", "relation"]

SOURCE = "https://github.com/alexanderlerch/gtzan_key"
#: What an estimate is worth by how it lies to the true key, as in the contests of MIREX.
MIREX: dict[str, float] = {
    "exact": 1.0,
    "fifth up": 0.5,
    "fifth down": 0.5,
    "relative": 0.3,
    "parallel": 0.2,
    "other": 0.0,
}
_FLATS = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}


def read_annotations(folder: Path) -> dict[str, int]:
    """Read the annotated keys.

    Parameters
    ----------
    folder : Path
        With files such as ``blues.00000.lerch.txt``, anywhere below it.

    Returns
    -------
    dict of str to int
        Track to 0 to 11 for C to B major, 12 to 23 for C to B minor; pieces without one key are
        left out.

    Raises
    ------
    audionome.errors.AudionomeError
        If there is none.
    """
    keys = {}
    for path in sorted(folder.rglob("*.lerch.txt")):
        number = int(path.read_text())  # from A major upwards, then from A minor; -1: no one key
        if number >= 0:
            keys[path.name.removesuffix(".lerch.txt")] = (number + 9) % 12 + 12 * (number >= 12)
    if not keys:
        raise AudionomeError(f'There are no files *.lerch.txt in "{folder}"; get them at {SOURCE}.')
    return keys


def halves(tracks: pd.DataFrame) -> pd.Series:
    """Divide the artists in two halves, genre by genre.

    Parameters
    ----------
    tracks : DataFrame
        ``artist`` and ``genre``.

    Returns
    -------
    Series of int
        For each row 0 (choosing) or 1 (reporting): artists in random order to the lighter side.
    """
    load = {genre: [0, 0] for genre in gtzan.GENRES}
    side = {}
    for artist in np.random.default_rng(0).permutation(np.sort(tracks["artist"].unique())):
        rows = tracks[tracks["artist"] == artist]
        of_genre = load[rows["genre"].mode()[0]]
        side[artist] = int(of_genre[1] < of_genre[0])
        of_genre[side[artist]] += len(rows)
    return tracks["artist"].map(side)


def relation(estimate: int, truth: int) -> str:
    """Name how an estimated key lies to the true one.

    Parameters
    ----------
    estimate, truth : int
        As `read_annotations` numbers them.

    Returns
    -------
    str
        A key of `MIREX`.

    Examples
    --------
    >>> relation(0, 0), relation(7, 0), relation(21, 0)
    ('exact', 'fifth up', 'relative')
    """
    step = (estimate - truth) % 12
    if estimate // 12 == truth // 12:
        return {0: "exact", 7: "fifth up", 5: "fifth down"}.get(step, "other")
    relative = 9 if truth < 12 else 3
    return {0: "parallel", relative: "relative"}.get(step, "other")


def key_number(name: str) -> int:
    """Return the number of a key.

    Parameters
    ----------
    name : str
        Such as ``"Bb minor"``, with ``#`` or ``b``.

    Returns
    -------
    int
        As `read_annotations` numbers them.

    Examples
    --------
    >>> key_number("C major"), key_number("Bb minor"), key_number("F# major")
    (0, 22, 6)
    """
    tonic, mode = name.split()
    return PITCH_CLASSES.index(_FLATS.get(tonic, tonic)) + 12 * (mode == "minor")


def _number(key: Key) -> int:
    return key.tonic + 12 * (key.mode == "minor")


def measure(
    clips: Path,
    annotated: dict[str, int],
    peers: pd.DataFrame,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Estimate the key of every annotated clip.

    Parameters
    ----------
    clips : Path
        Folder of GTZAN's audio.
    annotated : dict of str to int
        From `read_annotations`.
    peers : DataFrame
        From `audionome.lab.studies.peers.measure`.
    progress : callable, optional
        Called with the numbers of clips done and to do.

    Returns
    -------
    DataFrame
        One row per track: ``track``, ``artist``, ``genre``, ``half`` ("choosing" or "reporting"),
        ``reliable`` (whether ours says so), and how the estimates lie to the annotation:
        ``audionome`` and ``essentia`` (empty where it was not asked).
    """
    paths = [path for path in files.scan(clips).files if path.stem in annotated]
    rows = []
    for done, path in enumerate(paths):
        truth, found = annotated[path.stem], estimate_key(audio.load(path))
        asked = path.stem in peers.index
        other = relation(key_number(peers["essentia_key"][path.stem]), truth) if asked else ""
        rows.append((path.stem, found.reliable, relation(_number(found), truth), other))
        if progress is not None:
            progress(done + 1, len(paths))
    table = pd.DataFrame(rows, columns=["track", "reliable", "audionome", "essentia"])
    tracks = gtzan.load().tracks.set_index("track")[["artist", "genre"]].loc[table["track"]]
    tracks = tracks.astype({"genre": str})
    side = halves(tracks).map({0: "choosing", 1: "reporting"})
    for place, (name, values) in enumerate({**tracks, "half": side}.items(), start=1):
        table.insert(place, name, values.to_numpy())
    return table


def load() -> pd.DataFrame:
    """Return the committed table.

    Returns
    -------
    DataFrame
        See `measure`.

    Raises
    ------
    StaleResultsError
        If there is none.
    """
    path = data_path("research", "key_tracks.parquet")
    if not path.is_file():
        raise missing(path, "audionome lab key CLIPS ANNOTATIONS")
    return pd.read_parquet(path)
