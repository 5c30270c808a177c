"""How many tracks there are to learn from: accuracy by the size of the training set.

What is measured is stored per track (``learning_curve_tracks.parquet``), and the table of the
report follows from it by `summarise`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from audionome.lab import estimators
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import Difference, paired_difference, verdicts
from audionome.lab.studies import _fits

__all__ = ["RECIPE", "outcomes", "stamp", "summarise"]

#: Raise it when a change to how the study splits, draws, fits or counts changes its table, and run
#: ``audionome lab analyse`` again.
RECIPE = 2

MODELS = (("logistic", "study"), ("svc", "study"), ("lda", "tuned"))
SIZES = (50, 100, 200, 400, 600, 800)
_SEED = 0


def stamp() -> dict[str, Any]:
    """Return what the study is made of.

    Returns
    -------
    dict
        The number of its recipe, its models and its parameters.
    """
    made: dict[str, Any] = {"recipe": RECIPE, "models": {}, "sizes": list(SIZES)}
    for chosen in MODELS:
        made["models"] |= _fits.settings(*chosen)
    return made


def outcomes(
    rows: pd.DataFrame,
    *,
    sizes: Sequence[int] = SIZES,
    models: Sequence[tuple[str, str]] = MODELS,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Train on some tracks of each fold's training part, and classify the tracks of its test part.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.crossval.evaluation_rows`.
    sizes : sequence of int
        Numbers of training tracks, drawn at random; a larger set holds the smaller ones.
    models : sequence of (str, str)
        Models and variants; tuned ones keep their default hyperparameters.
    progress : callable, optional
        Called with (fits done, fits in all).

    Returns
    -------
    DataFrame
        One row per model, size and track: ``model``, ``variant``, ``tracks`` (the size),
        ``track``, ``artist`` and ``correct`` (1 or 0).
    """
    data = _fits.Rows.of(rows)
    splits = _fits.folds(rows)
    # One order per fold: a larger training set holds the smaller ones.
    orders = [
        np.random.default_rng([_SEED, k]).permutation(np.unique(data.tracks[pool]))
        for k, (pool, _) in enumerate(splits)
    ]
    tables = []
    total = len(models) * len(sizes)
    for done, (name, variant, size) in enumerate(((m, v, s) for m, v in models for s in sizes), 1):
        parts = []
        for order, (pool, test) in zip(orders, splits, strict=True):
            train = pool[np.isin(data.tracks[pool], order[:size])]
            fitted = estimators.MODELS[name].make(variant).fit(data.X[train], data.genres[train])
            parts.append(_fits.correct(fitted, data.X[test], data.genres[test], data.tracks[test]))
        right = pd.concat(parts)
        table = {"model": name, "variant": variant, "tracks": size, "track": right.index}
        table |= {"artist": data.artists.loc[right.index].to_numpy(), "correct": right.to_numpy()}
        tables.append(pd.DataFrame(table))
        if progress is not None:
            progress(done, total)
    return pd.concat(tables, ignore_index=True)


def summarise(found: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy per track on artists that were not trained on, by the number of tracks.

    Parameters
    ----------
    found : DataFrame
        From `outcomes`.

    Returns
    -------
    DataFrame
        ``model``, ``variant``, ``tracks``, ``accuracy`` and its 95 % interval ``low``, ``high``
        over artists; ``gain`` over the next smaller number of tracks with ``gain_low``,
        ``gain_high`` and ``verdict`` ("better", "worse" or "cannot be told apart"; all steps of
        all models are one family). A model's smallest number has no gain.
    """
    out: list[dict[str, Any]] = []
    steps: dict[int, Difference] = {}
    for (model, variant), rows in found.groupby(["model", "variant"], sort=False, observed=True):
        before = None
        for size in sorted({int(n) for n in rows["tracks"]}):
            part = rows[rows["tracks"] == size].sort_values("track")
            i = mean_interval(part["correct"], part["artist"])
            if before is not None:
                steps[len(out)] = paired_difference(part["correct"], before, part["artist"])
            before = part["correct"].to_numpy()
            out.append({"model": str(model), "variant": str(variant), "tracks": size,
                        "accuracy": i.estimate, "low": i.low, "high": i.high,
                        "gain": np.nan, "gain_low": np.nan, "gain_high": np.nan,
                        "verdict": ""})  # fmt: skip
    for at, v in zip(steps, verdicts(list(steps.values())), strict=True):
        out[at] |= {"gain": v.interval.estimate, "gain_low": v.interval.low,
                    "gain_high": v.interval.high, "verdict": v.word}  # fmt: skip
    return pd.DataFrame(out)
