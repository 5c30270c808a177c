"""What each algorithm makes of two features, for several settings of its main hyperparameter."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import Verdict, paired_difference, verdicts
from audionome.lab.confusion import Confusion, confusion
from audionome.lab.estimators import MODELS
from audionome.lab.exploration.projection import halves
from audionome.lab.names import titled
from audionome.lab.protocols import PROTOCOLS

__all__ = [
    "DIALS",
    "FEATURES",
    "SOME_GENRES",
    "Dial",
    "Regions",
    "Step",
    "own_confusions",
    "own_scores",
    "regions",
]

#: Two features that do not depend on loudness, and four genres that a plane can hold.
FEATURES = ("chroma_stft_mean", "spectral_bandwidth_mean")
SOME_GENRES = ("blues", "classical", "metal", "pop")
_CELLS = 60


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
    train, test : float
        Accuracy on the points that it learned from, and on tracks by other artists.
    low, high : float
        95 % interval of ``test``, over artists.
    verdict : Verdict or None
        Of ``test``, set beside the best step; None for the best step itself.
    """

    value: float
    cells: NDArray[np.int8]
    train: float
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


def regions(
    tracks: pd.DataFrame,
    model: str,
    *,
    features: tuple[str, str] = FEATURES,
    genres: tuple[str, ...] = SOME_GENRES,
    cells: int = _CELLS,
) -> Regions:
    """Fit the study's pipeline on two features for every step of its dial.

    Parameters
    ----------
    tracks : DataFrame
        From `track_means`. Half of the artists are learned from, the others are tested.
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
    artists = rows["artist"].to_numpy()[test]
    steps, correct = [], []
    for value in dial.settings:
        predict = _fitted(model, dial, value, X[train], y[train])
        predictions = np.array([number[g] for g in predict(grid)], dtype=np.int8)
        correct.append(predict(X[test]) == y[test])
        found = mean_interval(correct[-1], artists)
        own = float(np.mean(predict(X[train]) == y[train]))
        cells_of_step = predictions.reshape(cells, cells)
        steps.append(Step(value, cells_of_step, own, found.estimate, found.low, found.high))
    top = max(range(len(steps)), key=lambda k: steps[k].test)
    others = [k for k in range(len(steps)) if k != top]
    family = verdicts([paired_difference(correct[k], correct[top], artists) for k in others])
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
    )


def _fitted(
    model: str, dial: Dial, value: float, X: NDArray[np.float64], y: NDArray[np.str_]
) -> Callable[[NDArray[np.float64]], NDArray[Any]]:
    from sklearn.exceptions import ConvergenceWarning

    pipeline = MODELS[model].make("study")
    pipeline.set_params(**{f"classify__{dial.parameter}": value})
    with warnings.catch_warnings():
        # A learning rate that never settles is part of what the slider shows.
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline.fit(X, y)
    predict: Callable[[NDArray[np.float64]], NDArray[Any]] = pipeline.predict
    return predict


def own_scores(scores: pd.DataFrame, model: str) -> pd.DataFrame:
    """Test scores of one model per track, from the first rung of the ladder to the last.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    model : str

    Returns
    -------
    DataFrame
        With the readable ``title`` and ``protocol_title``; empty if there are none.
    """
    wanted = {"model": model, "split": "test", "level": "track"}
    rows = scores[np.all([scores[k] == v for k, v in wanted.items()], axis=0)]
    rung = rows["protocol"].map({name: i for i, name in enumerate(PROTOCOLS)})
    return titled(rows.loc[rung.sort_values(kind="stable").index])


def own_confusions(predictions: pd.DataFrame, model: str) -> dict[str, Confusion]:
    """Confusions of one model per track with artists kept apart, the tuned variant first.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model : str

    Returns
    -------
    dict of str to Confusion
        Settings in words to what `audionome.lab.confusion.confusion` counts; only what has results.
    """
    named = {"tuned": "tuned", "the study's": "study"}
    found = {
        words: confusion(predictions, model=model, variant=variant)
        for words, variant in named.items()
    }
    return {words: one for words, one in found.items() if one.counts.to_numpy().any()}
