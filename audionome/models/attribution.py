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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audionome._words import sentence_case
from audionome.features.groups import Groups
from audionome.models.linear import Linear, softmax

__all__ = [
    "REST",
    "Reason",
    "Sides",
    "attribute",
    "lost_without",
    "reasons",
    "sentences",
    "shares",
    "without",
]

#: Name of the reason that stands for all that no words are said of.
REST = "everything else"

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


def lost_without(
    parts: NDArray[np.float64],
    bias: NDArray[np.float64],
    *,
    temperature: float,
    genre: int,
) -> NDArray[np.float64]:
    """Return how much of a genre's mean probability is lost without each group.

    Parameters
    ----------
    parts, bias, temperature, genre
        As for `attribute`.

    Returns
    -------
    ndarray of shape (groups,)
        The probability that was answered minus the one when this group alone sounds like the
        average: positive where the group spoke for the genre, negative where it spoke against it.

    See Also
    --------
    without : The scores when several groups sound like the average.
    """
    scores = parts.sum(axis=1) + bias

    def mean_probability(of: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(softmax(of / temperature)[..., genre].mean(axis=0))

    return mean_probability(scores) - mean_probability(scores[:, None] - parts)


def reasons(
    contributions: NDArray[np.float64],
    mean_row: NDArray[np.float64],
    groups: Groups,
    *,
    lost: NDArray[np.float64],
) -> tuple[Reason, ...]:
    """Put contributions into words, the largest first.

    A group is named only if deleting it bears out what is said of it: without a reason for the
    genre its probability falls, and without a reason against it rises. All other groups are one
    reason, the last one, so that the contributions still sum to the same.

    Parameters
    ----------
    contributions : ndarray of shape (groups,)
        From `attribute`.
    mean_row : ndarray of shape (features,)
        Mean of the transformed windows.
    groups : Groups
    lost : ndarray of shape (groups,)
        From `lost_without`.

    Returns
    -------
    tuple of Reason
    """
    levels = mean_row @ groups.level
    # More than usual, less than usual, about as usual.
    which = np.where(np.abs(levels) < _USUAL, 2, (levels < 0).astype(int))
    confirmed = contributions * lost > 0
    found = [
        Reason(groups.names[i], groups.words[i][which[i]], float(contributions[i]))
        for i in np.argsort(-np.abs(contributions), kind="stable")
        if confirmed[i]
    ]
    if not confirmed.all():
        rest = float(contributions[~confirmed].sum())
        found.append(Reason(REST, "everything else", rest))
    return tuple(found)


class Sides(NamedTuple):
    """What spoke for a genre and what spoke against it, each the weightiest first."""

    supporting: list[str]
    opposing: list[str]


def sentences(found: Sequence[Reason], *, most: int = 3) -> Sides:
    """Return the weightiest reasons for the genre that was named, and those against it.

    A point is a percentage point of the genre's probability. A reason of less than half a point
    is not worth a word.

    Parameters
    ----------
    found : sequence of Reason
        The weightiest first.
    most : int
        Reasons on each side.

    Returns
    -------
    Sides
        Both lists are empty if nothing weighed as much as half a point.

    Examples
    --------
    >>> sentences([Reason("tempo", "a slow tempo", 0.12), Reason("loudness", "loud", -0.04)])
    Sides(supporting=['A slow tempo (12 points)'], opposing=['Loud (4 points)'])
    """
    sides = Sides([], [])
    for reason in found:
        points = round(100 * abs(reason.contribution))
        side = sides.supporting if reason.contribution > 0 else sides.opposing
        if points and reason.group != REST and len(side) < most:
            words = sentence_case(reason.words)
            side.append(f"{words} ({points} point{'s' if points > 1 else ''})")
    return sides
