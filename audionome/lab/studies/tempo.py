"""Which candidate is the tempo: the trees that tell, and how often they are right.

``audionome lab tempo CLIPS ANNOTATIONS`` measures the candidates of every annotated clip of GTZAN
(`measure`), fits the trees (`fit`), estimates every clip's tempo with trees that have heard nothing
by its artist (`out_of_fold`), and writes ``data/models/tempo.npz``, ``tempo.json`` and, below
``data/research/``, ``tempo_candidates.parquet`` and ``tempo.parquet``. The annotations are those of
https://github.com/TempoBeatDownbeat/gtzan_tempo_beat; they are stored only as what estimates are
to them.

Conventions
-----------
*Accuracy 1* is the share of clips whose estimate lies within 4 % of the annotation, *accuracy 2*
that of those which do up to a factor of two or three (Gouyon et al. 2006). A clip for which no beat
is told counts as wrong.

References
----------
.. [1] Gouyon et al., An experimental comparison of audio tempo induction algorithms (IEEE TASLP 14,
       2006).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from audionome import audio, files
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.errors import AudionomeError
from audionome.features.onsets import DESCRIPTION, Rhythm
from audionome.features.tempo import (
    ALTERNATIVE_FROM,
    TOLERANCE,
    Ranker,
    Tempo,
    combine,
    has_beat,
    share_out,
)
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.store import missing

if TYPE_CHECKING:
    from sklearn.ensemble import GradientBoostingClassifier

__all__ = [
    "METHODS",
    "RELATIONS",
    "calibrate",
    "candidates",
    "estimates",
    "fit",
    "load",
    "measure",
    "out_of_fold",
    "ranker",
    "read_annotations",
    "relation",
    "train",
]

Array64 = NDArray[np.float64]
Progress = Callable[[int, int], None]

COMMAND = "audionome lab tempo CLIPS ANNOTATIONS"
SOURCE = "https://github.com/TempoBeatDownbeat/gtzan_tempo_beat"
PROTOCOL = "artist-grouped"
#: How an estimate lies to the annotation, and by which factor.
RELATIONS: dict[str, float] = {
    "right": 1.0,
    "half": 1 / 2,
    "double": 2.0,
    "third": 1 / 3,
    "triple": 3.0,
}
#: Whose estimates are compared: a column of `estimates`, and its name in words.
METHODS: dict[str, str] = {
    "audionome": "Audionome",
    "windows": "the median of 3 s windows",
    "librosa": "librosa.feature.tempo",
    "librosa_beats": "librosa.beat.beat_track",
    "essentia": "Essentia's RhythmExtractor2013",
}
_SETTINGS: dict[str, Any] = {
    "n_estimators": 120,
    "learning_rate": 0.06,
    "max_depth": None,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 40,
    "max_features": 0.3,
    "subsample": 0.7,
    "random_state": 0,
}


def read_annotations(folder: Path) -> dict[str, float]:
    """Read the annotated tempi.

    Parameters
    ----------
    folder : Path
        With files such as ``gtzan_blues_00000.bpm``, anywhere below it.

    Returns
    -------
    dict of str to float
        Track to beats per minute.

    Raises
    ------
    audionome.errors.AudionomeError
        If there is none.
    """
    found = {}
    for path in sorted(folder.rglob("gtzan_*.bpm")):
        genre, number = path.stem.split("_")[1:]
        found[f"{genre}.{number}"] = float(path.read_text())
    if not found:
        raise AudionomeError(f'There are no files gtzan_*.bpm in "{folder}"; get them at {SOURCE}.')
    return found


def relation(bpm: float, annotated: float) -> str:
    """Name how an estimate lies to an annotation.

    Parameters
    ----------
    bpm, annotated : float

    Returns
    -------
    str
        A key of `RELATIONS`, or ``"other"``.

    Examples
    --------
    >>> relation(61.0, 120.0), relation(119.0, 120.0), relation(0.0, 120.0)
    ('half', 'right', 'other')
    """
    near = {name: abs(bpm / annotated / factor - 1) for name, factor in RELATIONS.items()}
    name = min(near, key=near.__getitem__)
    return name if near[name] <= TOLERANCE else "other"


def measure(
    clips: Path, annotated: dict[str, float], *, progress: Progress | None = None
) -> pd.DataFrame:
    """Measure the candidates of every annotated clip.

    Parameters
    ----------
    clips : Path
        Folder of GTZAN's audio.
    annotated : dict of str to float
        From `read_annotations`.
    progress : callable, optional
        Called with the numbers of clips done and to do.

    Returns
    -------
    DataFrame
        One row per candidate: ``track``, ``bpm``, ``beat`` (whether the clip has one), ``relation``
        and the columns of `DESCRIPTION`, float32.
    """
    paths = [path for path in files.scan(clips).files if path.stem in annotated]
    if not paths:
        raise AudionomeError(f'No clip in "{clips}" is annotated; give the folder of GTZAN.')
    parts = []
    for done, path in enumerate(paths):
        rhythm = Rhythm.of(audio.load(path))
        part = pd.DataFrame(rhythm.describe().astype(np.float32), columns=list(DESCRIPTION))
        part.insert(0, "track", path.stem)
        part.insert(1, "bpm", rhythm.bpm)
        part.insert(2, "beat", has_beat(rhythm))
        part.insert(3, "relation", [relation(b, annotated[path.stem]) for b in rhythm.bpm])
        parts.append(part)
        if progress is not None:
            progress(done + 1, len(paths))
    return pd.concat(parts, ignore_index=True)


def _rows(table: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rows = table[list(DESCRIPTION)].to_numpy(np.float32)
    return rows, (table["relation"] == "right").to_numpy()


def fit(table: pd.DataFrame) -> GradientBoostingClassifier:
    """Fit the trees: is this candidate the annotated tempo?

    Parameters
    ----------
    table : DataFrame
        From `measure`.

    Returns
    -------
    GradientBoostingClassifier
    """
    from sklearn.ensemble import GradientBoostingClassifier

    rows, right = _rows(table)
    return GradientBoostingClassifier(**_SETTINGS).fit(rows, right)


def out_of_fold(table: pd.DataFrame, *, folds: Sequence[int] | None = None) -> Array64:
    """Score each candidate with trees that have learned from other artists.

    Parameters
    ----------
    table : DataFrame
        From `measure`.
    folds : sequence of int, optional
        Which of the ten. Default: all.

    Returns
    -------
    ndarray of shape (candidates,), float64
        Log-odds; NaN in other folds.
    """
    names = table["track"].unique()
    tracks = gtzan.load().tracks.set_index("track").loc[names].reset_index()
    tracks = tracks.assign(domain="gtzan")
    scores = np.full(len(table), np.nan)
    for number, (learned, tested) in enumerate(PROTOCOLS[PROTOCOL].splits(tracks)):
        if folds is not None and number not in folds:
            continue
        known = table[table["track"].isin(names[learned])]
        new = table["track"].isin(names[tested]).to_numpy()
        scores[new] = fit(known).decision_function(_rows(table[new])[0])
    return scores


def calibrate(table: pd.DataFrame) -> tuple[float, float]:
    """Find how the scores of a clip's candidates become probabilities.

    Parameters
    ----------
    table : DataFrame
        From `measure`, with `out_of_fold` as ``score``.

    Returns
    -------
    scale, none : float
        Those of `audionome.features.tempo.Ranker`, of the highest likelihood.
    """
    codes, tracks = pd.factorize(table["track"])
    scores = table["score"].to_numpy()
    right = _rows(table)[1]
    some = np.bincount(codes, right, minlength=len(tracks)) > 0

    def cost(values: Array64) -> float:
        scale, none = values
        odds = np.exp(scale * scores)
        total = np.bincount(codes, odds) + np.exp(none)
        hit = np.bincount(codes, odds * right)
        return -float(np.mean(np.log(np.where(some, hit, np.exp(none)) / total)))

    scale, none = minimize(cost, (1.0, -2.0), method="Nelder-Mead").x
    return float(scale), float(none)


def ranker(model: GradientBoostingClassifier, scale: float, none: float) -> Ranker:
    """Turn fitted trees into plain arrays.

    Parameters
    ----------
    model : GradientBoostingClassifier
        From `fit`.
    scale, none : float
        From `calibrate`.

    Returns
    -------
    Ranker
    """
    trees = [stage.tree_ for stage in model.estimators_[:, 0]]
    shape = len(trees), max(tree.node_count for tree in trees)
    own = np.tile(np.arange(shape[1]), (shape[0], 1))
    column, threshold, value = np.zeros(shape, int), np.full(shape, np.inf), np.zeros(shape)
    left, right = own.copy(), own.copy()
    for k, tree in enumerate(trees):
        there = slice(tree.node_count)
        inner = tree.children_left >= 0
        column[k, there] = np.where(inner, tree.feature, 0)
        threshold[k, there] = np.where(inner, tree.threshold, np.inf)
        left[k, there] = np.where(inner, tree.children_left, own[k, there])
        right[k, there] = np.where(inner, tree.children_right, own[k, there])
        value[k, there] = np.where(inner, 0, model.learning_rate * tree.value[:, 0, 0])
    found = Ranker(column, threshold, left, right, value, np.array(0.0), scale, none)
    some = np.zeros((1, len(DESCRIPTION)))
    bias = model.decision_function(some.astype(np.float32)) - found.scores(some)
    return Ranker(column, threshold, left, right, value, np.array(bias[0]), scale, none)


def estimates(
    table: pd.DataFrame, annotated: dict[str, float], *, scale: float, none: float
) -> pd.DataFrame:
    """Estimate the tempo of every clip from the scores of its candidates.

    Parameters
    ----------
    table : DataFrame
        From `measure`, with `out_of_fold` as ``score``.
    annotated : dict of str to float
        From `read_annotations`.
    scale, none : float
        From `calibrate`.

    Returns
    -------
    DataFrame
        One row per track: ``track``, ``artist``, ``genre``, ``bpm``, ``probability``,
        ``alternative`` (BPM or NaN), ``covered`` (whether a candidate is right), and how the
        estimates lie to the annotation: ``audionome``, ``alternative_relation``, ``windows``.
    """
    dataset = gtzan.load()
    artists = dataset.tracks.set_index("track")["artist"]
    beats = dataset.windows[dataset.windows["tempo"] > 0]
    medians = beats.groupby(beats["track"].astype(str))["tempo"].median()
    rows = []
    for track, own in table.groupby("track", sort=True):
        bpm = own["bpm"].to_numpy()
        probability = share_out(own["score"].to_numpy(), scale=scale, none=none)
        told = combine([(1.0, bpm, probability)]) if own["beat"].all() else Tempo(0.0, 0.0, None)
        truth = annotated[str(track)]
        other = told.alternative
        rows.append(
            {
                "track": track,
                "artist": artists[track],
                "genre": str(track).split(".")[0],
                "bpm": told.bpm,
                "probability": told.probability,
                "alternative": np.nan if other is None else other,
                "covered": bool((own["relation"] == "right").any()),
                "audionome": relation(told.bpm, truth),
                "alternative_relation": "" if other is None else relation(other, truth),
                "windows": relation(float(medians.get(track, 0.0)), truth),
            }
        )
    return pd.DataFrame(rows)


def train(
    clips: Path,
    annotated: dict[str, float],
    models: Path,
    research: Path,
    *,
    peers: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Fit and judge the trees, and write all four files.

    Parameters
    ----------
    clips : Path
        Folder of GTZAN's audio.
    annotated : dict of str to float
        From `read_annotations`.
    models, research : Path
        Folders to write to.
    peers : DataFrame, optional
        From `audionome.lab.studies.peers.measure`: other programs' estimates, by track.
    progress : callable, optional
        Called with the numbers of clips done and to do.

    Returns
    -------
    DataFrame
        From `estimates`, with a column of relations for each of `METHODS`.
    """
    table = measure(clips, annotated, progress=progress)
    table.insert(4, "score", out_of_fold(table))
    scale, none = calibrate(table)
    told = estimates(table, annotated, scale=scale, none=none)
    if peers is not None:
        for name in ("librosa", "librosa_beats", "essentia"):
            known = peers[name].reindex(told["track"])
            told[name] = [
                relation(bpm, annotated[track]) if np.isfinite(bpm) else ""
                for track, bpm in zip(told["track"], known, strict=True)
            ]
    _write(ranker(fit(table), scale, none), models, tracks=len(told))
    for name, part in (("tempo_candidates", table), ("tempo", told)):
        with files.written_whole(research / f"{name}.parquet") as unfinished:
            part.to_parquet(unfinished, index=False, compression="zstd")
    return told


def _write(trees: Ranker, folder: Path, *, tracks: int) -> None:
    arrays = io.BytesIO()
    np.savez_compressed(
        arrays,
        column=trees.column.astype(np.int16),
        threshold=trees.threshold,
        left=trees.left.astype(np.int16),
        right=trees.right.astype(np.int16),
        value=trees.value,
        bias=trees.bias,
    )
    card = {
        "name": "tempo",
        "summary": "Boosted trees that tell which candidate of a clip is its tempo.",
        "data": f"{tracks} clips of GTZAN; tempi of {SOURCE}",
        "settings": _SETTINGS,
        "scale": trees.scale,
        "none": trees.none,
        "alternative_from": ALTERNATIVE_FROM,
        "description": list(DESCRIPTION),
        "arrays_sha256": hashlib.sha256(arrays.getvalue()).hexdigest(),
    }
    with files.written_whole(folder / "tempo.npz") as unfinished:
        unfinished.write_bytes(arrays.getvalue())
    files.write_text(folder / "tempo.json", json.dumps(card, indent=1) + "\n")


def candidates() -> pd.DataFrame:
    """Return the committed candidates.

    Returns
    -------
    DataFrame
        See `measure`.

    Raises
    ------
    StaleResultsError
        If there are none.
    """
    return _stored("tempo_candidates")


def load() -> pd.DataFrame:
    """Return the committed estimates.

    Returns
    -------
    DataFrame
        See `estimates`.

    Raises
    ------
    StaleResultsError
        If there are none.
    """
    return _stored("tempo")


def _stored(name: str) -> pd.DataFrame:
    path = data_path("research", f"{name}.parquet")
    if not path.is_file():
        raise missing(path, COMMAND)
    return pd.read_parquet(path)
