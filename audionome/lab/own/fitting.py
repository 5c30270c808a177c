"""Fit a head to a person's own genres, and find what makes its answers honest.

The recipe is that of the ear (`audionome.lab.ear.heads`), with every genre equally heavy however
many files it has, and files of one group the lighter, the more there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome._paths import data_path
from audionome.lab import conformal
from audionome.lab.ear import heads
from audionome.lab.ear.heads import Heard
from audionome.lab.training.calibration import fit_temperature
from audionome.models import head as head_files
from audionome.models.head import Head
from audionome.models.linear import softmax
from audionome.models.own_ear import not_music

__all__ = [
    "INPUTS",
    "MOST_ROWS",
    "RECIPE",
    "curves",
    "fit",
    "learned",
    "probabilities",
    "thresholds",
]

#: What a model may listen with: name to whether it uses the ear and the classic features.
INPUTS: dict[str, tuple[bool, bool]] = {
    "both": (True, True),
    "ear": (True, False),
    "features": (False, True),
}

#: Files weigh as the root of their group's size asks; a file that is a group of its own weighs 2.
RECIPE = replace(heads.RECIPE, name="own", outside=2 / np.sqrt(10), balance=1.0, limit=40.0)

#: Files and excerpts that one model learns from at most; more change little and take long.
MOST_ROWS = 40_000

_LEAST_SCALE = 0.25  # of the ear's, so that a few files that are all alike do not stretch a column
_LONG = 20.0  # s: a file from here on stands for long recordings
_LONG_WINDOWS = 10.0
# Of a threshold. Where all tested files are right it would be 1, and an answer of 40 % against 39 %
# would name one genre. A larger set keeps no less of the promise.
_SMALLEST, _LARGEST = 1e-6, 0.5

Array = NDArray[np.float64]
Rows = NDArray[np.bool_]


@lru_cache(maxsize=1)
def _least(size: int) -> Array:
    """Return the smallest scale of every column: a part of the ear's, nearly 0 for the others."""
    found = head_files.read(data_path("models"), "ear").head.linear.scale
    e = len(found) // 2
    least = np.full(2 * size, 1e-3)
    least[:e], least[size : size + e] = _LEAST_SCALE * found[:e], _LEAST_SCALE * found[e:]
    return least


def _used(heard: Heard, inputs: str, embedding: int) -> Rows:
    ear, features = INPUTS[inputs]
    size = heard.mean.shape[1]
    one = np.zeros(size, dtype=bool)
    one[:embedding], one[embedding:] = ear, features
    return np.concatenate([one, one])


def learned(heard: Heard, train: Rows, *, most: int = MOST_ROWS, seed: int = 0) -> Rows:
    """Return which rows are learned from: all, or as many as are of use.

    Parameters
    ----------
    heard : Heard
    train : ndarray of bool, shape (rows,)
        What may be learned from.
    most : int
    seed : int

    Returns
    -------
    ndarray of bool, shape (rows,)
        Whole files come before excerpts; then genres, and in them groups, take turns.
    """
    if train.sum() <= most:
        return train
    rows = heard.rows[train]
    order = np.random.default_rng(seed).permutation(len(rows))
    table = rows.iloc[order][["clip", "genre", "artist", "excerpt"]].reset_index()
    files = table[table["excerpt"] == 0]
    files = files.assign(turn=files.groupby(["genre", "artist"]).cumcount())
    files = files.sort_values("turn", kind="stable")
    files = files.assign(turn=files.groupby("genre").cumcount()).sort_values("turn", kind="stable")
    place = {name: k for k, name in enumerate(files["clip"])}
    kept = files["clip"].iloc[: most // 2]
    chosen = np.zeros(len(train), dtype=bool)
    chosen[files["index"].iloc[: len(kept)]] = True
    rest = table[(table["excerpt"] != 0) & table["clip"].isin(set(kept))]
    rest = rest.assign(turn=rest["clip"].map(place)).sort_values("turn", kind="stable")
    chosen[rest["index"].iloc[: most - len(kept)]] = True
    return chosen


def fit(heard: Heard, train: Rows, *, genres: Sequence[str], inputs: str, embedding: int) -> Head:
    """Fit a head.

    Parameters
    ----------
    heard : Heard
    train : ndarray of bool, shape (rows,)
        What may be learned from, of at least two genres; see `learned`.
    genres : sequence of str
    inputs : str
        One of `INPUTS`.
    embedding : int
        Columns of the ear.

    Returns
    -------
    Head
        Its ``other`` tells nothing yet.
    """
    return heads.fit(
        heard,
        learned(heard, train),
        RECIPE,
        genres=genres,
        least=_least(heard.mean.shape[1]),
        use=_used(heard, inputs, embedding),
    )


def with_limit(heard: Heard, head: Head, at: NDArray[np.integer]) -> Head:
    """Return a head that tells what is no music; files it learned from are music.

    Parameters
    ----------
    heard : Heard
    head : Head
    at : ndarray of int
        Rows of whole files.

    Returns
    -------
    Head
        See `audionome.models.own_ear.not_music`.
    """
    parts = np.array_split(at, max(1, len(at) // 20_000))[0]
    return Head(head.linear, head.steadiness, *not_music(head, heard.vectors(head, parts)))


# -- honest answers -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Length:
    windows: float
    rows: Rows


def _lengths(heard: Heard, judged: Rows) -> list[_Length]:
    """Return the rows that stand for each length of a recording, the shortest first."""
    excerpt = heard.rows["excerpt"].to_numpy()
    seconds = heard.rows["seconds"].to_numpy()
    whole = judged & (excerpt == 0)
    found = [_Length(1.0, judged & (excerpt == 3)), _Length(10 / 3, judged & (excerpt == 10))]
    long = whole & (seconds >= _LONG)
    if long.any():
        found.append(_Length(_LONG_WINDOWS, long))
    else:
        windows = float(np.median(seconds[whole])) / conformal.WINDOW_SECONDS
        found = [one for one in found if one.windows < 0.9 * windows]
        found.append(_Length(windows, whole))
    return [one for one in found if one.rows.any()]


def curves(
    heard: Heard,
    scores: Array,
    code: NDArray[np.integer],
    fold: NDArray[np.integer],
) -> tuple[dict[str, Any], Array]:
    """Set temperatures and thresholds of prediction sets by length, on files not learned from.

    As `audionome.lab.outside.calibrate` does for music from outside: the thresholds are set on
    probabilities whose temperature comes from other folds.

    Parameters
    ----------
    heard : Heard
    scores : ndarray of shape (rows, genres)
        By heads that had not met the rows.
    code : ndarray of shape (rows,)
        Number of each row's genre.
    fold : ndarray of shape (rows,)
        -1 for rows without scores.

    Returns
    -------
    card : dict
        ``temperature``, ``temperatures`` and ``set_thresholds``, as a model's card has them.
    held : ndarray of shape (rows, genres)
        Probabilities with the temperature of the other folds; NaN without scores.
    """
    groups = heard.rows["artist"].to_numpy()
    judged = fold >= 0
    lengths = _lengths(heard, judged)
    temperatures = [[one.windows, _temperature(scores, code, groups, one.rows)] for one in lengths]
    windows = heard.rows["seconds"].to_numpy(np.float64) / conformal.WINDOW_SECONDS
    held = np.full(scores.shape, np.nan)
    for k in np.unique(fold[judged]):
        others = [
            [one.windows, _temperature(scores, code, groups, one.rows & (fold != k))]
            for one in lengths
            if (one.rows & (fold != k)).any()
        ]
        at = np.flatnonzero(fold == k)
        held[at] = probabilities(scores[at], windows[at], others or temperatures)
    card = {
        "temperature": temperatures[-1][1],
        "temperatures": temperatures,
        "set_thresholds": thresholds(heard, held, code, fold),
        "coverage": conformal.COVERAGE,
    }
    return card, held


def thresholds(
    heard: Heard, held: Array, code: NDArray[np.integer], fold: NDArray[np.integer]
) -> list[list[float]]:
    """Set the thresholds of prediction sets by length.

    Parameters
    ----------
    heard : Heard
    held : ndarray of shape (rows, genres)
        From `curves`.
    code, fold : ndarray of shape (rows,)
        As for `curves`.

    Returns
    -------
    list of [float, float]
        Length in windows of 3 s, and the share of the largest probability.
    """
    return [[one.windows, _threshold(held, code, one.rows)] for one in _lengths(heard, fold >= 0)]


def probabilities(
    scores: Array, windows: NDArray[np.floating], temperatures: Sequence[Sequence[float]]
) -> Array:
    """Return the probabilities of recordings of known lengths.

    Parameters
    ----------
    scores : ndarray of shape (rows, genres)
    windows : ndarray of shape (rows,)
        Lengths in windows of 3 s.
    temperatures : sequence of (float, float)
        By length.

    Returns
    -------
    ndarray of shape (rows, genres)
    """
    lengths, values = np.array(temperatures, dtype=np.float64).T
    found: Array = np.interp(np.log(windows), np.log(lengths), values)
    return softmax(scores / found[:, None])


def _temperature(
    scores: Array, code: NDArray[np.integer], groups: NDArray[np.integer], at: Rows
) -> float:
    # Of n groups, n right answers do not promise that the next one is right as well.
    doubt = 2 * at.sum() / len(np.unique(groups[at]))
    return fit_temperature(scores[at][:, None], code[at], doubt=float(doubt))


def _threshold(held: Array, code: NDArray[np.integer], at: Rows) -> float:
    found = conformal.threshold(conformal.truth_shares(held[at], code[at]))
    return float(np.clip(found, _SMALLEST, _LARGEST))
