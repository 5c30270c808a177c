"""Why a model gave its answer: what each group of features added to the probability.

The scores are linear, so each group of columns has a share in every genre's score. From the
shares to the probability there is a curve; it is followed in small steps from the model's answer
to an average sound, where all shares are zero, to the answer given (integrated gradients). What
the groups added along the way sums to the difference of the two probabilities.

References
----------
.. [1] Sundararajan, Taly and Yan, Axiomatic attribution for deep networks (ICML 2017).
.. [2] Aumann and Shapley, Values of non-atomic games (1974), for the same rule of sharing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audionome.features.groups import Groups
from audionome.models.linear import Linear, softmax

__all__ = [
    "Reason",
    "attribute",
    "reasons",
    "sentences",
    "shares",
    "without",
]

_STEPS = 32
_USUAL = 0.25  # standard deviations


@dataclass(frozen=True)
class Reason:
    """What one group of features did to the answer.

    Attributes
    ----------
    group : str
        Its name.
    words : str
        What was heard, as a person would say it.
    contribution : float
        What it added to the probability of the genre that was named; negative if it spoke
        against it.
    """

    group: str
    words: str
    contribution: float


def shares(model: Linear, rows: NDArray[np.floating], groups: Groups) -> NDArray[np.float64]:
    """Return what each group adds to each genre's score.

    Parameters
    ----------
    model : Linear
    rows : ndarray of shape (windows, features)
        As `Linear.transformed` gives them.
    groups : Groups

    Returns
    -------
    ndarray of shape (windows, groups, genres)
        Summed over the groups, with the bias, these are the scores.
    """
    each = [(rows * weights) @ groups.share for weights in model.weights.T]
    return np.stack(each, axis=2)


def without(
    model: Linear, rows: NDArray[np.floating], groups: Groups, names: Sequence[str]
) -> NDArray[np.float64]:
    """Return the scores when the named groups sound like the average.

    Parameters
    ----------
    model, rows, groups
        As for `shares`.
    names : sequence of str
        Of groups.

    Returns
    -------
    ndarray of shape (windows, genres)
    """
    left = [i for i, name in enumerate(groups.names) if name not in names]
    return np.asarray(shares(model, rows, groups)[:, left].sum(axis=1) + model.bias)


def attribute(
    parts: NDArray[np.float64],
    bias: NDArray[np.float64],
    *,
    temperature: float,
    genre: int,
) -> NDArray[np.float64]:
    """Return what each group added to the mean probability of a genre.

    Parameters
    ----------
    parts : ndarray of shape (windows, groups, genres)
        From `shares`.
    bias : ndarray of shape (genres,)
    temperature : float
    genre : int

    Returns
    -------
    ndarray of shape (groups,)
        They sum to the genre's probability minus its probability for an average sound.
    """
    # Gauss and Legendre's points and weights, from [-1, 1] to [0, 1].
    points, weights = np.polynomial.legendre.leggauss(_STEPS)
    parts = parts / temperature
    total = parts.sum(axis=1)
    added = np.zeros(parts.shape[1])
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        p = softmax(bias / temperature + point * total)
        own = p[:, None, genre] * (parts[:, :, genre] - np.einsum("wgk,wk->wg", parts, p))
        added += weight * own.mean(axis=0)
    return added


def reasons(
    contributions: NDArray[np.float64], mean_row: NDArray[np.float64], groups: Groups
) -> tuple[Reason, ...]:
    """Put contributions into words, the largest first.

    Parameters
    ----------
    contributions : ndarray of shape (groups,)
        From `attribute`.
    mean_row : ndarray of shape (features,)
        Mean of the transformed windows.
    groups : Groups

    Returns
    -------
    tuple of Reason
    """
    levels = mean_row @ groups.level
    # More than usual, less than usual, about as usual.
    which = np.where(np.abs(levels) < _USUAL, 2, (levels < 0).astype(int))
    return tuple(
        Reason(groups.names[i], groups.words[i][which[i]], float(contributions[i]))
        for i in np.argsort(-np.abs(contributions), kind="stable")
    )


def sentences(found: Sequence[Reason], genre: str, *, most: int = 3) -> list[str]:
    """Return the weightiest reasons as sentences, those for the genre first.

    One of less than half a point is not worth a word.

    Parameters
    ----------
    found : sequence of Reason
        The weightiest first.
    genre : str
        The genre that was named.
    most : int

    Returns
    -------
    list of str
        At least one.

    Examples
    --------
    >>> sentences([Reason("tempo", "a slow tempo", 0.12)], "blues")
    ['A slow tempo: 12 points towards blues.']
    """
    lines = []
    for reason in sorted(found[:most], key=lambda reason: reason.contribution < 0):
        points = round(100 * abs(reason.contribution))
        unit = "points" if points > 1 else "point"
        side = "towards" if reason.contribution >= 0 else "away from"
        if points:
            words = reason.words[0].upper() + reason.words[1:]
            lines.append(f"{words}: {points} {unit} {side} {genre}.")
    return lines or ["Nothing that was heard moved the answer by as much as one point."]
