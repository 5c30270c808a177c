"""Fit and calibrate the released models, and judge them.

Two models, one shape: a linear score per genre and window, a softmax with one temperature, and a
track's probabilities as the mean over its windows. ``classic`` reads the level-free classic
columns and learns from all 1 000 tracks; ``extended`` needs audio and learns from the 856 that
have it. Everything that is said about them (temperature, thresholds of the sets, how often they are
right) comes from tracks by artists that the fitted model never heard; only the distance from which
on a sound is out of distribution comes from the tracks that it learned from.

`audionome.lab.training.data` is what they learn from, `audionome.lab.training.calibration`
predicts by folds and finds the temperature, `audionome.lab.training.evaluation` goes through the
protocols. A model that was trained anew is calibrated on GTZAN alone; `audionome.lab.outside` sets
temperatures and thresholds on music from outside, which is what people bring.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import audionome
from audionome import features, files
from audionome.datasets import gtzan
from audionome.features import modulation
from audionome.lab import conformal
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.training import fitting
from audionome.lab.training.calibration import (
    Fit,
    Predictions,
    fit_temperature,
    mean_probabilities,
    track_scores,
)
from audionome.lab.training.data import (
    EXCERPTS,
    Progress,
    TrainingData,
    classic_data,
    extended_data,
    extended_rows,
    wild_data,
)
from audionome.lab.training.evaluation import (
    PROBABILITY_COLUMNS,
    card_results,
    prediction_table,
    predictions_by_setting,
)
from audionome.models import linear, neighbors

__all__ = [
    "MODELS",
    "PREDICTIONS",
    "TrainingData",
    "card_results",
    "classic_data",
    "distances_by_fold",
    "extended_data",
    "extended_rows",
    "fit_temperature",
    "set_thresholds",
    "train",
]

#: The table of every released model's predictions, in the folder of results.
PREDICTIONS = "model_predictions.parquet"

#: Predictions under this protocol calibrate a model.
CALIBRATED_BY = "artist-grouped"

_SEED = 0
_OUT_OF_DISTRIBUTION_SHARE = 0.005  # of GTZAN's tracks
_AXES = 64


# -- the two models -----------------------------------------------------------------------


def _fit_classic(data: TrainingData, tracks: NDArray[np.integer]) -> linear.Linear:
    rows = np.isin(data.fit_tracks, tracks)
    return fitting.fit_classic(
        data.fit_rows[rows],
        data.genres[data.fit_tracks[rows]],
        list(features.COLUMNS),
        use=list(features.LEVEL_FREE),
        seed=_SEED,
    )


def _fit_extended(data: TrainingData, tracks: NDArray[np.integer]) -> linear.Linear:
    rows = np.isin(data.fit_tracks, tracks)
    return fitting.fit_extended(
        data.fit_rows[rows],
        data.genres[data.fit_tracks[rows]],
        data.fit_weights[rows],
        data.fit_tracks[rows],
    )


@dataclass(frozen=True)
class Recipe:
    """How a released model is made.

    Attributes
    ----------
    fit : callable
        Fits the model on the tracks of given numbers.
    estimator : str
        For the card.
    extractor : {"gtzan57", "modulation-covariance"}
        What the model reads.
    columns : tuple of str or None
        The columns of it that the model uses; None for all.
    companion : str or None
        The model that classifies tables of classic features for this one, and tells for it what
        is out of distribution. A model without one measures that itself.
    """

    fit: Fit
    estimator: str
    extractor: str
    columns: tuple[str, ...] | None = None
    companion: str | None = None


_RECIPES = {
    "classic": Recipe(
        _fit_classic,
        "Mean of Fisher's discriminant and multinomial logistic regression on windows, both with "
        "a simulated roll-off of the top end as nuisance",
        "gtzan57",
        columns=tuple(features.LEVEL_FREE),
    ),
    "extended": Recipe(
        _fit_extended,
        "Fisher's discriminant with shrinkage and corrected bias on log-covariances per "
        "modulation band",
        "modulation-covariance",
        companion="classic",
    ),
}

#: What can be trained.
MODELS = tuple(_RECIPES)


def train(
    dataset: gtzan.Gtzan,
    folder: Path,
    results: Path,
    *,
    name: str = "classic",
    clips: Path | None = None,
    wild: pd.DataFrame | None = None,
    jobs: int = -1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a model, judge it, and write it with its card.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
        The complete dataset (1 000 tracks).
    folder : Path
        Where ``<name>.npz`` and ``<name>.json`` are written.
    results : Path
        Where ``model_predictions.parquet`` is written: every prediction that the evaluation is
        made of. Those of the other model are kept.
    name : {"classic", "extended"}
        Which model.
    clips : Path, optional
        Folder with GTZAN's audio; ``extended`` needs it.
    wild : DataFrame, optional
        Windows from outside GTZAN (see `audionome.datasets.gtzan.read_wild`), for ``classic``.
    jobs : int
        Processes that measure audio.
    progress : callable, optional
        Called with (clips measured, clips in all).

    Returns
    -------
    dict
        The card.

    Raises
    ------
    audionome.datasets.gtzan.DatasetError
        If the dataset is not complete, or audio is missing.
    audionome.files.OutputError
        If the folders cannot be written to, or hold another ``model_predictions.parquet``.
    """
    if not dataset.complete:
        raise gtzan.DatasetError(f"Training needs all tracks. {dataset.note}")
    for place in (folder, results):
        files.require_output_folder(place)
    _stored_predictions(results / PREDICTIONS)
    # The matrices are small, and sums in another order would differ in the last digit.
    with threadpool_limits(1, user_api="blas"):
        return _train(dataset, folder, results, name, clips, wild, jobs, progress)


def _train(
    dataset: gtzan.Gtzan,
    folder: Path,
    results: Path,
    name: str,
    clips: Path | None,
    wild: pd.DataFrame | None,
    jobs: int,
    progress: Progress | None,
) -> dict[str, Any]:
    recipe = _RECIPES[name]
    if recipe.extractor == "gtzan57":
        data = classic_data(dataset)
    elif clips is None:
        raise gtzan.DatasetError("The extended model learns from audio: give --clips FOLDER.")
    else:
        data = extended_data(dataset, clips, jobs=jobs, progress=progress)

    model = recipe.fit(data, np.arange(len(data.tracks)))
    whitening = None if recipe.companion else _whitening(model, data)
    learned = _distances(model, whitening, data)
    unheard = None if whitening is None else distances_by_fold(model, data)
    found = predictions_by_setting(data, recipe.fit)
    temperature = found[CALIBRATED_BY].temperature
    tables = [
        prediction_table(name, p, data, each, *((unheard, learned) if p == CALIBRATED_BY else ()))
        for p, each in found.items()
    ]
    if wild is not None and recipe.extractor == "gtzan57":
        tables += _of_other_music(name, model, temperature, whitening, data, wild)
    table = pd.concat(tables, ignore_index=True)

    arrays = folder / f"{name}.npz"
    with files.written_whole(arrays) as unfinished:
        more = {} if whitening is None else {"whitening": whitening}
        _slim(model).save(unfinished, **more, **_index(model, data))
    card: dict[str, Any] = {
        "name": name,
        "arrays_sha256": hashlib.sha256(arrays.read_bytes()).hexdigest(),
        "audionome": audionome.__version__,
        "estimator": recipe.estimator,
        "extractor": recipe.extractor,
        **({} if recipe.columns is None else {"features": list(recipe.columns)}),
        **({} if recipe.companion is None else {"companion": recipe.companion}),
        "genres": list(gtzan.GENRES),
        "coverage": conformal.COVERAGE,
    }
    calibration: dict[str, Any] = {"temperature": temperature}
    if data.excerpts:
        calibration["temperatures"] = _temperatures(found)
    calibration["set_thresholds"] = set_thresholds(table)
    card |= calibration | {"calibrations": {"gtzan": calibration}}
    if learned is not None:
        card["out_of_distribution_threshold"] = float(
            np.quantile(learned, 1 - _OUT_OF_DISTRIBUTION_SHARE)
        )
    card["data"] = {
        "tracks": len(data.tracks),
        "rows": len(data.fit_rows),
        "measured_tracks": int(dataset.tracks["measured"].sum()),
        "sha256": data.sha256(),
    }
    card["evaluation"] = card_results(table)
    files.write_text(folder / f"{name}.json", json.dumps(card, indent=1) + "\n")
    _merge(table, name, results / PREDICTIONS)
    return card


def _of_other_music(
    name: str,
    model: linear.Linear,
    temperature: float,
    whitening: NDArray[np.float64] | None,
    data: TrainingData,
    wild: pd.DataFrame,
) -> list[pd.DataFrame]:
    """Classify music from outside GTZAN with the released model itself, which learned from all."""
    other = wild_data(wild, first_artist=int(data.artists.max()) + 1)
    n = len(other.tracks)
    probabilities = mean_probabilities(track_scores(model, other.windows), temperature)
    found = Predictions(
        np.arange(n), np.zeros(n, dtype=int), probabilities, np.full(n, temperature), temperature
    )
    distance = _distances(model, whitening, other)
    return [
        prediction_table(name, protocol.name, other, found, distance)
        for protocol in PROTOCOLS.values()
        if protocol.needs_other_music
    ]


def _temperatures(found: dict[str, Predictions]) -> list[list[float]]:
    """Return lengths in windows of 3 s, and the temperature of each.

    A short recording tells less than its score claims: less than ten windows, more doubt.
    """
    return [[n, found[name].temperature] for n, name in _by_windows(found)]


def set_thresholds(table: pd.DataFrame) -> list[list[float]]:
    """Return lengths in windows of 3 s, and the threshold of the prediction sets of each.

    Parameters
    ----------
    table : DataFrame
        Rows of ``model_predictions.parquet`` of one model.

    Returns
    -------
    list of [int, float]
        Rising lengths; see `audionome.lab.conformal.threshold`.
    """
    out: list[list[float]] = []
    for n, protocol in _by_windows(table["protocol"].unique()):
        rows = table[table["protocol"] == protocol]
        y_true = pd.Categorical(rows["genre"], categories=gtzan.GENRES).codes
        values = rows[PROBABILITY_COLUMNS].to_numpy(np.float64)
        out.append([n, conformal.threshold(conformal.truth_shares(values, y_true))])
    return out


def _by_windows(protocols: Iterable[str]) -> list[tuple[int, str]]:
    """Return the protocols that calibrate a model, each with its length in windows of 3 s."""
    setting = PROTOCOLS[CALIBRATED_BY].setting
    of = {name: PROTOCOLS[name] for name in protocols}
    return sorted(
        (modulation.BLOCK // EXCERPTS[p.excerpt_seconds] if p.excerpt_seconds else modulation.BLOCK,
         name)
        for name, p in of.items()
        if p.setting == setting
    )  # fmt: skip


def _index(model: linear.Linear, data: TrainingData) -> dict[str, NDArray[Any]]:
    """Return the arrays of `audionome.models.neighbors.Index`."""
    vectors = np.stack([model.transformed(rows).mean(axis=0) for rows in data.windows])
    axes = neighbors.principal_axes(vectors, _AXES)
    return {
        "tracks": data.tracks["track"].to_numpy(dtype=str),
        "genres": data.genres,
        "artists": data.artists,
        "axes": axes.astype(np.float32),
        "vectors": (vectors @ axes).astype(np.float16),
    }


def _whitening(model: linear.Linear, data: TrainingData) -> NDArray[np.float64]:
    """Return the matrix that turns standardised rows into independent ones of variance 1."""
    return _decorrelating(np.concatenate([model.standardised(r) for r in data.windows]))


def _decorrelating(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    return np.asarray(vectors / np.sqrt(values))


def _distances(
    model: linear.Linear, whitening: NDArray[np.float64] | None, data: TrainingData
) -> NDArray[np.float64] | None:
    """Return the median squared distance of each track's windows to the training windows' mean."""
    if whitening is None:
        return None
    return np.array(
        [_median_distance(model.standardised(rows), whitening) for rows in data.windows]
    )


def _median_distance(rows: NDArray[np.float64], whitening: NDArray[np.float64]) -> float:
    return float(np.median(np.sum((rows @ whitening) ** 2, axis=1)))


def distances_by_fold(model: linear.Linear, data: TrainingData) -> NDArray[np.float64]:
    """Return how far each track is from the tracks of other folds, which have other artists.

    Parameters
    ----------
    model : Linear
        Says which columns are logarithms. Mean, scale and covariance are those of the other folds.
    data : TrainingData

    Returns
    -------
    ndarray of shape (tracks,), float64
        Median squared Mahalanobis distance of a track's windows.
    """
    rows = [model.standardised(each) for each in data.windows]
    found = np.full(len(rows), np.nan)
    for train, test in PROTOCOLS[CALIBRATED_BY].splits(data.tracks):
        learned = np.concatenate([rows[i] for i in train])
        mean, whitening = learned.mean(axis=0), _decorrelating(learned)
        found[test] = [_median_distance(rows[i] - mean, whitening) for i in test]
    return found


def _slim(model: linear.Linear) -> linear.Linear:
    """Return the same numbers with half the digits where there are thousands."""
    if len(model.mean) < 1000:
        return model
    short = {n: getattr(model, n).astype(np.float32) for n in ("mean", "scale", "weights")}
    return linear.Linear(**{**vars(model), **short})


def _merge(table: pd.DataFrame, name: str, path: Path) -> None:
    """Replace a model's predictions in the file of all."""
    old = _stored_predictions(path)
    if old is not None:
        table = pd.concat([old[old["model"] != name], table], ignore_index=True)
    table = table.sort_values(["model", "protocol", "track"], ignore_index=True, kind="stable")
    with files.written_whole(path) as unfinished:
        table.to_parquet(unfinished, index=False, compression="zstd")


def _stored_predictions(path: Path) -> pd.DataFrame | None:
    return files.own_table(path, ["model", "protocol", "track"])
