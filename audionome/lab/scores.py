"""From runs, predictions and tallies to ``scores.parquet``: every measure with its interval.

Conventions
-----------
Of what was tested, every prediction is stored, and every measure of `audionome.lab.metrics.METRICS`
is taken from those. Of what was trained on or validated, only counts are stored: a *tally* per run
and level. The accuracy has an interval over artists and its design effect, see
`audionome.lab.bootstrap`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import files
from audionome.datasets.gtzan import GENRES
from audionome.errors import AudionomeError
from audionome.lab import binning, metrics
from audionome.lab.bootstrap import (
    ConfidenceInterval,
    design_effect,
    effective_sample_size,
    mean_interval,
)
from audionome.lab.names import KEYS, select
from audionome.lab.predictions import PROBABILITY_COLUMNS, judge
from audionome.lab.protocols import PROTOCOLS

__all__ = ["COSTS", "LEVELS", "MEASURES", "RECIPE", "renew", "score", "tally"]

#: Raise it when a change to how predictions are scored changes a score, and run ``audionome lab
#: score`` again: it fits nothing.
RECIPE = 1

LEVELS = ("track", "window")
COSTS = ["tune_seconds", "fit_seconds", "predict_seconds", "peak_mb"]
#: What a row of scores says of the accuracy besides it.
_ACCURACY = ["accuracy_low", "accuracy_high", "n", "tracks", "artists", "design_effect",
             "effective_n"]  # fmt: skip
#: Columns of a row of scores that are measured, in order.
MEASURES = [*metrics.METRICS, *_ACCURACY]


def tally(
    y_true: NDArray[np.str_],
    y_pred: NDArray[np.str_],
    probabilities: NDArray[np.floating],
    tracks: NDArray[np.str_],
) -> dict[str, Any]:
    """Count predictions, so that every measure follows from the counts; tallies of folds add up.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n,)
        True and predicted genre.
    probabilities : ndarray of shape (n, genres)
    tracks : ndarray of shape (n,)
        Track that each prediction is about.

    Returns
    -------
    dict
        ``confusion`` (flattened), ``log_loss`` (sum), ``confidence``, ``right`` and ``count`` per
        bin of confidence, and ``track``, ``track_right``, ``track_n``: right predictions and
        predictions about each track.
    """
    right = (y_true == y_pred).astype(np.float64)
    confidence = np.asarray(probabilities, dtype=np.float64).max(axis=1)
    bins = binning.confidence_bins(confidence)
    names, of_track = np.unique(tracks, return_inverse=True)

    def per_bin(values: NDArray[np.float64]) -> list[float]:
        return [float(v) for v in np.bincount(bins, values, minlength=binning.N_BINS)]

    return {
        "confusion": metrics.confusion_matrix(y_true, y_pred).astype(int).ravel().tolist(),
        "log_loss": float(metrics.negative_log_likelihood(y_true, probabilities).sum()),
        "confidence": per_bin(confidence),
        "right": per_bin(right),
        "count": per_bin(np.ones_like(right)),
        "track": names.tolist(),
        "track_right": np.bincount(of_track, right).astype(np.int16).tolist(),
        "track_n": np.bincount(of_track).astype(np.int16).tolist(),
    }


def score(
    runs: pd.DataFrame, predictions: pd.DataFrame, tallies: pd.DataFrame, artists: pd.Series
) -> pd.DataFrame:
    """Measure every result whose folds are all there.

    Parameters
    ----------
    runs, predictions, tallies : DataFrame
        See `audionome.lab.store`.
    artists : Series
        Index: track; its artist's group.

    Returns
    -------
    DataFrame
        One row per model, variant, protocol, level (``track``, ``window``) and split (``test``,
        ``train``, ``valid``): the measures, ``accuracy_low`` and ``accuracy_high`` over artists,
        ``n`` (predictions), ``tracks``, ``artists``, ``design_effect``, ``effective_n``, and the
        mean cost of a fold.

    Raises
    ------
    KeyError
        If a track has no artist.
    """
    predictions = predictions.assign(artist=artists.loc[predictions["track"]].to_numpy())
    tested, counted = _by_result(predictions), _by_result(tallies)
    out = []
    for key, done in _by_result(runs).items():
        model, variant, protocol = key
        if len(done) < PROTOCOLS[protocol].n_folds:
            continue  # some folds are still to be done
        costs = {name: float(done[name].mean()) for name in COSTS}
        identity = {"model": model, "variant": variant, "protocol": protocol}
        for level in LEVELS:
            found = {"test": _of_predictions(judge(tested[key], level=level))}
            rows = select(counted[key], level=level) if key in counted else tallies.iloc[:0]
            for split in ("train", "valid"):
                some = select(rows, split=split)
                if len(some):
                    found[split] = _of_tallies(some.itertuples(), artists)
            out += [
                {**identity, "level": level, "split": split, **measured, **costs}
                for split, measured in found.items()
            ]
    columns = [*KEYS, "level", "split", *MEASURES, *COSTS]
    return pd.DataFrame(out, columns=columns)


def renew(folder: Path) -> pd.DataFrame:
    """Measure the stored predictions again, with every measure that there is now.

    Parameters
    ----------
    folder : Path
        Holds ``runs``, ``predictions``, ``tallies`` and ``artists`` as Parquet. ``scores.parquet``
        and the number of the recipe in ``evaluation.json`` are renewed.

    Returns
    -------
    DataFrame
        See `score`.

    Raises
    ------
    audionome.errors.AudionomeError
        If a file is missing.
    """
    tables = {}
    for name in ("runs", "predictions", "tallies", "artists"):
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise AudionomeError(
                f'"{path.name}" is missing in {folder}; run `audionome lab evaluate`.'
            )
        table = pd.read_parquet(path)
        tables[name] = table.astype(dict.fromkeys(table.select_dtypes("category"), str))
    artists = tables["artists"].set_index("track")["artist"]
    table = score(tables["runs"], tables["predictions"], tables["tallies"], artists)
    words = dict.fromkeys([*KEYS, "level", "split"], "category")
    with files.written_whole(folder / "scores.parquet") as unfinished:
        table.astype(words).to_parquet(
            unfinished, index=False, compression="zstd", compression_level=19
        )
    record = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    text = json.dumps(record | {"scores": RECIPE}, indent=1) + "\n"
    files.write_text(folder / "evaluation.json", text)
    return table


def _by_result(table: pd.DataFrame) -> dict[tuple[str, str, str], pd.DataFrame]:
    return {
        (str(model), str(variant), str(protocol)): rows
        for (model, variant, protocol), rows in table.groupby(KEYS, observed=True)
    }


def _of_predictions(rows: pd.DataFrame) -> dict[str, float]:
    """Measure predictions that are stored one by one."""
    y_true, y_pred = (rows[c].to_numpy(dtype=str) for c in ("genre", "predicted"))
    probabilities = rows[PROBABILITY_COLUMNS].to_numpy(np.float64)
    measured = {
        name: float(measure(y_true, y_pred, probabilities, None))
        for name, measure in metrics.METRICS.items()
    }
    correct, artists = rows["correct"].to_numpy(np.float64), rows["artist"].to_numpy()
    found = mean_interval(correct, artists)
    effect = design_effect(correct, artists), effective_sample_size(correct, artists)
    return measured | _accuracy(found, rows["track"].nunique(), effect)


def _accuracy(
    found: ConfidenceInterval, tracks: int, effect: tuple[float, float]
) -> dict[str, float]:
    values = (found.low, found.high, found.n, tracks, found.clusters, *effect)
    return dict(zip(_ACCURACY, values, strict=True))


def _of_tallies(rows: Iterable[Any], artists: pd.Series) -> dict[str, float]:
    """Measure predictions that are stored as counts: what each measure needs, summed over folds."""
    each = list(rows)
    k = len(GENRES)
    confusion = np.sum([np.asarray(row.confusion) for row in each], axis=0).reshape(k, k)
    gap = np.sum([np.asarray(row.confidence) - np.asarray(row.right) for row in each], axis=0)
    n = int(confusion.sum())
    measured = {name: float("nan") for name in metrics.METRICS} | {
        "accuracy": float(np.trace(confusion) / n),
        "macro_f1": float(metrics.macro_f1_of_confusion(confusion)),
        "log_loss": float(np.sum([row.log_loss for row in each]) / n),
        "ece": float(binning.calibration_error_of_bins(gap, float(n))),
    }
    # One row per prediction again, for a track is asked about as often as it was trained on.
    tracks = np.concatenate([np.asarray(row.track, dtype=str) for row in each])
    asked = np.concatenate([np.asarray(row.track_n, dtype=int) for row in each])
    right = np.concatenate([np.asarray(row.track_right, dtype=int) for row in each])
    outcomes = np.stack([right, asked - right], axis=1).ravel()
    correct = np.repeat(np.tile([1.0, 0.0], len(tracks)), outcomes)
    groups = np.repeat(artists.loc[tracks].to_numpy(), asked)
    found = mean_interval(correct, groups)
    effect = design_effect(correct, groups), effective_sample_size(correct, groups)
    return measured | _accuracy(found, len(np.unique(tracks)), effect)
