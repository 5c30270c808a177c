"""Fit the head of the ear: genres from what it hears of clips, and what is no music.

The weights are the sum of two linear models, as for the classic columns: multinomial logistic
regression, and Fisher's discriminant with a shrunk covariance. Both see whole clips and, with less
weight, excerpts of them, so that a short recording is no stranger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome.datasets.gtzan import GENRES
from audionome.models.head import Head
from audionome.models.linear import Linear

__all__ = ["RECIPE", "Heard", "Recipe", "clip_weights", "fit", "fit_genres"]

Array = NDArray[np.float64]

_OTHER_C = 0.01
_TINY = 1e-9
#: Log odds from which on a sound counts as no music; 0 would be as likely one as the other, if half
#: of all sounds were music.
_OTHER_FROM = 0.5


@dataclass(frozen=True)
class Recipe:
    """What is chosen of a head.

    Attributes
    ----------
    name : str
    spread : bool
        Whether the spread over the windows is used, beside the mean.
    regression : float
        C of the logistic regression; 0 for none.
    discriminant : float
        Weight of the discriminant's scores.
    shrinkage : float
        Of its covariance, in [0, 1].
    steadiness : float
        See `audionome.models.head.Head`.
    excerpts : float
        Weight of a clip's excerpts of 10 s together, and of those of 3 s; the clip weighs the rest.
    balance : float
        0 leaves genres as heavy as their clips, 1 makes them equal.
    outside : float
        Weight of a clip from outside GTZAN whose source has ten clips; it falls with the root of
        their number.
    limit : float
        Standard deviations at which values are clipped: no music comes near, broken sound may.
    """

    name: str = "ear"
    spread: bool = True
    regression: float = 0.01
    discriminant: float = 0.2
    shrinkage: float = 0.3
    steadiness: float = 2.0
    excerpts: float = 0.1
    balance: float = 0.5
    outside: float = 2.0
    limit: float = 10.0


#: The head that ships.
RECIPE = Recipe()


@dataclass(frozen=True)
class Heard:
    """The table of `audionome.lab.ear.clips` as arrays.

    Attributes
    ----------
    rows : DataFrame
        ``clip``, ``genre``, ``source``, ``trust``, ``artist``, ``excerpt``, ``start``, ``seconds``
        and ``windows``.
    mean, spread : ndarray of shape (rows, e)
    """

    rows: pd.DataFrame
    mean: NDArray[np.floating]
    spread: NDArray[np.floating]

    @classmethod
    def of(cls, table: pd.DataFrame) -> Heard:
        """Take a table apart."""
        names = [str(name) for name in table.columns]
        size = sum(name[0] == "m" and name[1:].isdigit() for name in names)
        mean, spread = (
            table[[f"{letter}{k}" for k in range(size)]].to_numpy(np.float64) for letter in "ms"
        )
        return cls(table[[name for name in names if not name[1:].isdigit()]], mean, spread)

    @property
    def music(self) -> NDArray[np.bool_]:
        """Which rows are music."""
        return np.asarray(self.column("trust") != "N")

    def column(self, name: str) -> NDArray[np.str_]:
        """Return a column of words."""
        return self.rows[name].to_numpy(dtype=str)

    def vectors(self, head: Head, at: NDArray[np.bool_] | NDArray[np.integer]) -> Array:
        """Return rows as `Head.clip_vector` would give them."""
        windows = self.rows["windows"].to_numpy()[at]
        return np.concatenate([self.mean[at], head.steady(self.spread[at], windows)], axis=1)


def clip_weights(rows: pd.DataFrame, recipe: Recipe = RECIPE) -> Array:
    """Return how much each of the given clips weighs.

    Parameters
    ----------
    rows : DataFrame
        One per clip that is learned from: ``genre``, ``source`` and ``trust``.
    recipe : Recipe

    Returns
    -------
    ndarray of shape (rows,)
    """
    of_source = rows["source"].map(rows["source"].value_counts()).to_numpy(np.float64)
    outside = (rows["trust"] != "G").to_numpy(dtype=bool)
    weights = np.where(outside, recipe.outside * np.sqrt(10 / of_source), 1.0)
    total = pd.Series(weights).groupby(rows["genre"].to_numpy()).transform("sum").to_numpy()
    found: Array = weights * (total.mean() / total) ** recipe.balance
    return found


def fit(
    heard: Heard,
    train: NDArray[np.bool_],
    recipe: Recipe = RECIPE,
    *,
    genres: Sequence[str] = GENRES,
    least: Array | None = None,
    use: NDArray[np.bool_] | None = None,
) -> Head:
    """Fit a head.

    Parameters
    ----------
    heard : Heard
    train : ndarray of bool, shape (rows,)
        What is learned from: music, whole clips and excerpts, and sounds that are none.
    recipe : Recipe
    genres : sequence of str
        All that there are. One that is not among the clips scores minus infinity.
    least : ndarray of shape (2 e,), optional
        Smallest standard deviation that a column is divided by.
    use : ndarray of bool, shape (2 e,), optional
        Columns that may have weights; default: all.

    Returns
    -------
    Head
    """
    music = np.flatnonzero(train & heard.music)
    # The matrices are small: threads would only wait for each other.
    with threadpool_limits(1, user_api="blas"):
        head, weights = _standard(heard, music, recipe, genres, least)
        linear = fit_genres(
            head.seen(heard.vectors(head, music)),
            heard.column("genre")[music],
            weights,
            recipe,
            like=head.linear,
            use=use,
        )
        other, bias = _fit_other(heard, train, head)
    return Head(linear, head.steadiness, other, bias)


def _standard(
    heard: Heard,
    music: NDArray[np.integer],
    recipe: Recipe,
    genres: Sequence[str] = GENRES,
    least: Array | None = None,
) -> tuple[Head, Array]:
    """Return a head that standardises and knows nothing else, and the weights of the rows."""
    rows = heard.rows.iloc[music]
    excerpt, clip = rows["excerpt"].to_numpy(), rows["clip"].to_numpy(dtype=str)
    whole = excerpt == 0
    of_clip = dict(zip(clip[whole], clip_weights(rows[whole], recipe), strict=True))
    count = rows.groupby(["clip", "excerpt"])["clip"].transform("size").to_numpy(np.float64)
    share = np.where(whole, 1 - 2 * recipe.excerpts, recipe.excerpts)
    weights = np.array([of_clip[name] for name in clip]) * share / count
    e = heard.mean.shape[1]
    values = np.concatenate([heard.mean[music][whole], heard.spread[music][whole]], axis=1)
    own = weights[whole] / weights[whole].sum()
    mean = own @ values
    scale = np.sqrt(own @ np.square(values - mean))
    if least is not None:
        scale = np.maximum(scale, least)
    scale[scale == 0] = 1.0  # of a column that never changes
    n = len(genres)
    blank = Linear(np.array(genres), np.zeros(2 * e, bool), mean, scale, recipe.limit,
                   np.zeros((2 * e, n)), np.zeros(n))  # fmt: skip
    return Head(blank, recipe.steadiness, np.zeros(e), 0.0), weights


def fit_genres(
    values: Array,
    genres: NDArray[np.str_],
    weights: Array,
    recipe: Recipe,
    *,
    like: Linear,
    use: NDArray[np.bool_] | None = None,
) -> Linear:
    """Choose the weights of the genres.

    Parameters
    ----------
    values : ndarray of shape (rows, 2 e)
        From `audionome.models.head.Head.seen`.
    genres : ndarray of shape (rows,)
        At least two of them.
    weights : ndarray of shape (rows,)
    recipe : Recipe
    like : Linear
        What standardised the values; it also says which genres there are.
    use : ndarray of bool, shape (2 e,), optional
        Columns that may have weights; default: all.

    Returns
    -------
    Linear

    References
    ----------
    .. [1] Friedman, Regularized discriminant analysis (1989).
    """
    from sklearn.linear_model import LogisticRegression

    columns = np.ones(values.shape[1], dtype=bool) if use is None else use.copy()
    if not recipe.spread:
        columns[len(columns) // 2 :] = False
    used = values if columns.all() else values[:, columns]
    place = {str(name): k for k, name in enumerate(like.classes)}
    code, n = np.array([place[str(genre)] for genre in genres]), len(place)
    present = np.unique(code)
    chosen, bias = np.zeros((used.shape[1], n)), np.full(n, -np.inf)
    bias[present] = 0.0
    if recipe.regression:
        model = LogisticRegression(C=recipe.regression, max_iter=500, tol=1e-5)
        model.fit(used, code, sample_weight=weights)
        coefficients, intercept = model.coef_, model.intercept_
        if len(present) == 2:  # one row of scores, for the second against the first
            sides = np.array([[-0.5], [0.5]])
            coefficients, intercept = sides * coefficients, sides[:, 0] * intercept
        chosen[:, present] += coefficients.T
        bias[present] += intercept
    if recipe.discriminant:
        share = weights / weights.sum()
        prior = np.bincount(code, share, n)
        means = np.zeros((n, used.shape[1]))
        np.add.at(means, code, share[:, None] * used)
        means[present] /= prior[present, None]
        rest = (used - means[code]) * np.sqrt(share)[:, None]
        within = (1 - recipe.shrinkage) * (rest.T @ rest)
        most = max(float(np.sum(rest**2)), _TINY)  # of clips that are all alike, nothing is left
        within[np.diag_indices_from(within)] += recipe.shrinkage * most / len(within)
        solved = np.linalg.solve(within, means.T)
        own = np.log(prior[present]) - 0.5 * np.sum(means.T * solved, axis=0)[present]
        chosen[:, present] += recipe.discriminant * solved[:, present]
        bias[present] += recipe.discriminant * own
    chosen[:, present] -= chosen[:, present].mean(axis=1, keepdims=True)
    bias[present] -= bias[present].mean()
    full = np.zeros((values.shape[1], n))
    full[columns] = chosen
    return Linear(like.classes, like.logged, like.mean, like.scale, like.limit, full, bias)


def _fit_other(heard: Heard, train: NDArray[np.bool_], head: Head) -> tuple[Array, float]:
    """Fit what tells sounds that are no music: whole ones and excerpts of 3 s."""
    from sklearn.linear_model import LogisticRegression

    rows = np.flatnonzero(train & np.isin(heard.rows["excerpt"].to_numpy(), (0, 3)))
    strange = ~heard.music[rows]
    if strange.all() or not strange.any():
        return np.zeros(head.size), -1.0
    values = head.standardised(heard.vectors(head, rows))[:, : head.size]
    model = LogisticRegression(C=_OTHER_C, max_iter=500, tol=1e-5, class_weight="balanced")
    model.fit(values, strange)
    return model.coef_[0], float(model.intercept_[0]) - _OTHER_FROM
