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
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from audionome.features import LEVEL_FREE
from audionome.features.modulation import BANDS, CURVES, EXTENDED_COLUMNS, FAMILIES
from audionome.models.linear import Linear, softmax

__all__ = [
    "Groups",
    "Reason",
    "attribute",
    "groups_of",
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


@dataclass(frozen=True)
class Groups:
    """Columns by group.

    Attributes
    ----------
    names : tuple of str
    share : ndarray of shape (columns, groups)
        How much of a column belongs to each group; rows sum to 1.
    level : ndarray of shape (columns, groups)
        Weights of the columns whose mean tells more from less in a group; columns sum to 1.
    """

    names: tuple[str, ...]
    share: NDArray[np.float64]
    level: NDArray[np.float64]


# -- groups -------------------------------------------------------------------------------

_SPEEDS = {
    "slow": ("below 1 Hz",),
    "beat": ("1-2.5 Hz", "2.5-5 Hz"),
    "quick": ("5-10 Hz", "above 10 Hz"),
}

_EXTENDED_WORDS = {
    "timbre": "the tone colour",
    "brightness": "the brightness",
    "attack": "the attacks",
    "contrast": "how clear the tones are",
    "tones against drums": "the balance of tones and drums",
    "chords": "the chords",
}
_SPEED_WORDS = {
    "slow": "slow changes",
    "beat": "changes at the speed of a beat",
    "quick": "quick changes",
}
_CLASSIC_GROUPS = {
    "pitches": ("chroma_stft_mean", "chroma_stft_var"),
    "brightness": (
        "spectral_centroid_mean",
        "spectral_bandwidth_mean",
        "rolloff_mean",
        "zero_crossing_rate_mean",
    ),
    "changes of brightness": (
        "spectral_centroid_var",
        "spectral_bandwidth_var",
        "rolloff_var",
        "zero_crossing_rate_var",
    ),
    "tempo": ("tempo",),
    "balance of low and high": tuple(f"mfcc{i}_mean" for i in range(2, 6)),
    "fine tone colour": tuple(f"mfcc{i}_mean" for i in range(6, 21)),
    "changes of tone colour": tuple(f"mfcc{i}_var" for i in range(1, 21)),
}
#: More than usual, less than usual; about as usual.
_CLASSIC_WORDS = {
    "pitches": ("many pitches at once, or noise", "few pitches at once", "the usual pitches"),
    "brightness": ("a bright sound", "a dark sound", "a middling brightness"),
    "changes of brightness": (
        "a brightness that jumps, as with cymbals and hi-hats",
        "a steady brightness",
        "a brightness that changes as usual",
    ),
    "tempo": ("a quick tempo", "a slow tempo", "a middling tempo"),
    "balance of low and high": (
        "its balance of low and high sounds",
        "its balance of low and high sounds",
        "its balance of low and high sounds",
    ),
    "fine tone colour": ("its tone colour", "its tone colour", "its tone colour"),
    "changes of tone colour": (
        "a tone colour that changes much",
        "a steady tone colour",
        "a tone colour that changes as usual",
    ),
}


@lru_cache(maxsize=2)
def groups_of(extended: bool) -> Groups:
    """Groups of the extended columns, or of the level-free classic ones."""
    return _extended_groups() if extended else _classic_groups()


def _classic_groups() -> Groups:
    member = np.array([[c in own for own in _CLASSIC_GROUPS.values()] for c in LEVEL_FREE])
    share = member.astype(np.float64)
    return Groups(tuple(_CLASSIC_GROUPS), share, share / share.sum(axis=0))


def _extended_groups() -> Groups:
    """Family times speed. A column of two families belongs half to each."""
    family = {curve: k for k, own in enumerate(FAMILIES.values()) for curve in own}
    speed = {band: k for k, own in enumerate(_SPEEDS.values()) for band in own}
    names = tuple(f"{f}, {s}" for s in _SPEEDS for f in FAMILIES)
    first, second = np.triu_indices(len(CURVES))
    of_curve = np.array([family[c] for c in CURVES])
    share = np.zeros((len(EXTENDED_COLUMNS), len(names)))
    level = np.zeros_like(share)
    for k, (band, _, _) in enumerate(BANDS):
        rows = k * first.size + np.arange(first.size)
        start = speed[band] * len(FAMILIES)
        np.add.at(share, (rows, start + of_curve[first]), 0.5)
        np.add.at(share, (rows, start + of_curve[second]), 0.5)
        own = first == second
        level[rows[own], start + of_curve[first[own]]] = 1
    return Groups(names, share, level / level.sum(axis=0))


# -- shares -------------------------------------------------------------------------------


def shares(model: Linear, rows: NDArray[np.floating], groups: Groups) -> NDArray[np.float64]:
    """What each group adds to each genre's score.

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
    """Scores when the named groups sound like the average."""
    left = [i for i, name in enumerate(groups.names) if name not in names]
    return np.asarray(shares(model, rows, groups)[:, left].sum(axis=1) + model.bias)


def attribute(
    parts: NDArray[np.float64],
    bias: NDArray[np.float64],
    *,
    temperature: float,
    genre: int,
) -> NDArray[np.float64]:
    """What each group added to the mean probability of a genre.

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
    """
    levels = mean_row @ groups.level
    return tuple(
        Reason(groups.names[i], _words(groups.names[i], levels[i]), float(contributions[i]))
        for i in np.argsort(-np.abs(contributions), kind="stable")
    )


def sentences(found: Sequence[Reason], genre: str, *, most: int = 3) -> list[str]:
    """Tell the weightiest reasons, those for the genre first.

    One of less than half a point is not worth a word.

    Parameters
    ----------
    found : sequence of Reason
        The weightiest first.
    genre : str
        The genre that was named.
    most : int
    """
    told = []
    for reason in sorted(found[:most], key=lambda reason: reason.contribution < 0):
        points = round(100 * abs(reason.contribution))
        unit = "points" if points > 1 else "point"
        side = "towards" if reason.contribution >= 0 else "away from"
        if points:
            words = reason.words[0].upper() + reason.words[1:]
            told.append(f"{words}: {points} {unit} {side} {genre}.")
    return told or ["Nothing that was heard moved the answer by as much as one point."]


def _words(name: str, level: float) -> str:
    which = 2 if abs(level) < _USUAL else int(level < 0)
    if name in _CLASSIC_WORDS:
        return _CLASSIC_WORDS[name][which]
    family, _, speed = name.partition(", ")
    usual = (", stronger than usual", ", weaker than usual", "")[which]
    return f"{_SPEED_WORDS[speed]} of {_EXTENDED_WORDS[family]}{usual}"
