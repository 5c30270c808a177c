"""What each algorithm makes of two features, for several settings of its main hyperparameter."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import Verdict, paired_difference, verdicts
from audionome.lab.estimators import MODELS
from audionome.lab.exploration.projection import halves
from audionome.lab.names import select, titled
from audionome.lab.protocols import PROTOCOLS

__all__ = [
    "DIALS",
    "FEATURES",
    "SOME_GENRES",
    "Dial",
    "Regions",
    "Step",
    "own_scores",
    "regions",
]

#: Two features that do not depend on loudness, and four genres that a plane can hold.
FEATURES = ("chroma_stft_mean", "spectral_bandwidth_mean")
SOME_GENRES = ("blues", "classical", "metal", "pop")
_CELLS = 90
_FOLDS = 5
_SEED = 0


@dataclass(frozen=True)
class Dial:
    """The main hyperparameter of a model.

    Attributes
    ----------
    parameter, words : str
        Its name in scikit-learn; what it is called on the slider.
    settings : tuple
        Steps of the slider.
    start : int
        Number of the step that is shown first.
    """

    parameter: str
    words: str
    settings: tuple[float, ...]
    start: int = 2


#: One dial for each of the seven models of the source study.
DIALS: dict[str, Dial] = {
    "logistic": Dial("C", "C", (0.001, 0.01, 0.1, 1, 100)),
    "sgd": Dial("eta0", "Learning rate", (0.0001, 0.001, 0.01, 0.1, 1)),
    "forest": Dial("n_estimators", "Trees", (1, 3, 10, 30, 81)),
    "svc": Dial("C", "C", (0.1, 1, 10, 100, 1000)),
    "knn": Dial("n_neighbors", "Neighbours", (1, 3, 6, 25, 100)),
    "tree": Dial("max_depth", "Depth", (1, 2, 4, 8, 15)),
    "boosting": Dial("n_estimators", "Trees per genre", (1, 5, 20, 100, 300)),
}


@dataclass(frozen=True)
class Step:
    """One setting of the dial.

    Attributes
    ----------
    value : float
    cells : ndarray of shape (rows, columns)
        Prediction at each point of the grid, as a number of the list of genres; the first row is
        the lowest value of the second feature.
    train, valid, test : float
        Accuracy on the tracks that it learned from; on the same tracks when their artists were
        held out, fold by fold; and on tracks by the other artists.
    low, high : float
        95 % interval of ``test``, over artists.
    verdict : Verdict or None
        Of ``test``, set beside the chosen step; None for the chosen step itself.
    """

    value: float
    cells: NDArray[np.int8]
    train: float
    valid: float
    test: float
    low: float
    high: float
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Regions:
    """Regions of a plane where a model predicts one genre.

    Attributes
    ----------
    model, title : str
        Its name, and that for a reader.
    dial : Dial
    features : tuple of str
        On the two axes.
    genres : tuple of str
    x, y : ndarray
        Centres of the cells.
    points : DataFrame
        Tracks that the model learned from: ``track``, ``genre`` and the two features.
    steps : list of Step
    n_test : int
        Tracks by other artists.
    chosen : int
        Number of the step that is best in validation; the test has no say in it.
    """

    model: str
    title: str
    dial: Dial
    features: tuple[str, str]
    genres: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    points: pd.DataFrame
    steps: list[Step]
    n_test: int
    chosen: int


def regions(
    tracks: pd.DataFrame,
    model: str,
    *,
    features: tuple[str, str] = FEATURES,
    genres: tuple[str, ...] = SOME_GENRES,
    cells: int = _CELLS,
) -> Regions:
    """Fit the study's pipeline on two features for every step of its dial.

    Half of the artists are learned from and the others are tested. The step is chosen by
    cross-validation inside the learning half, with artists kept apart.

    Parameters
    ----------
    tracks : DataFrame
        From `track_means`.
    model : str
        A name in `DIALS`.
    features : (str, str)
        Columns of the table.
    genres : tuple of str
        The other tracks are left out.
    cells : int
        Points of the grid along each axis.

    Returns
    -------
    Regions
    """
    rows = tracks[tracks["genre"].isin(genres)].reset_index(drop=True)
    train, test = halves(rows)
    X = rows[list(features)].to_numpy(np.float64)
    y = rows["genre"].to_numpy(dtype=str)
    # A margin of 4 % on each side; a few extreme tracks of the test may lie outside.
    low, high = X[train].min(axis=0), X[train].max(axis=0)
    edge = 0.04 * (high - low)
    axes = np.linspace(low - edge, high + edge, cells)
    grid = np.stack(np.meshgrid(axes[:, 0], axes[:, 1]), axis=-1).reshape(-1, 2)
    number = {genre: i for i, genre in enumerate(genres)}
    dial = DIALS[model]
    artists = rows["artist"].to_numpy()
    steps, correct = [], []
    for value in dial.settings:
        pipeline = MODELS[model].make("study").set_params(**{f"classify__{dial.parameter}": value})
        valid, predict = _fitted(pipeline, X[train], y[train], artists[train])
        predictions = np.array([number[g] for g in predict(grid)], dtype=np.int8)
        correct.append(predict(X[test]) == y[test])
        found = mean_interval(correct[-1], artists[test])
        own = float(np.mean(predict(X[train]) == y[train]))
        cells_of_step = predictions.reshape(cells, cells)
        steps.append(Step(value, cells_of_step, own, valid, found.estimate, found.low, found.high))
    chosen = max(range(len(steps)), key=lambda k: steps[k].valid)
    others = [k for k in range(len(steps)) if k != chosen]
    family = verdicts(
        [paired_difference(correct[k], correct[chosen], artists[test]) for k in others]
    )
    for k, judged in zip(others, family, strict=True):
        steps[k] = replace(steps[k], verdict=judged)
    return Regions(
        model,
        MODELS[model].title,
        dial,
        features,
        tuple(genres),
        axes[:, 0],
        axes[:, 1],
        rows.iloc[train][["track", "genre", *features]].reset_index(drop=True),
        steps,
        n_test=len(test),
        chosen=chosen,
    )


def _fitted(
    pipeline: Any, X: NDArray[np.float64], y: NDArray[np.str_], artists: NDArray[Any]
) -> tuple[float, Callable[[NDArray[np.float64]], NDArray[Any]]]:
    """Return the accuracy in folds that keep artists apart, and the fitted model's answers."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
    with warnings.catch_warnings():
        # A learning rate that never settles is part of what the slider shows.
        warnings.simplefilter("ignore", ConvergenceWarning)
        held_out = cross_val_predict(pipeline, X, y, groups=artists, cv=folds)
        pipeline.fit(X, y)
    predict: Callable[[NDArray[np.float64]], NDArray[Any]] = pipeline.predict
    return float(np.mean(held_out == y)), predict


def own_scores(scores: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Test scores of some models per track, from the first rung of the ladder to the last.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    models : sequence of str

    Returns
    -------
    DataFrame
        In the order of the models, with the readable ``title`` and ``protocol_title``; empty if
        there are none.
    """
    rows = select(scores, split="test", level="track")
    rows = rows[rows["model"].isin(list(models))]
    order = {"model": list(models), "protocol": list(PROTOCOLS)}
    place = {key: rows[key].map({n: i for i, n in enumerate(order[key])}) for key in order}
    return titled(rows.loc[pd.DataFrame(place).sort_values(list(order), kind="stable").index])
