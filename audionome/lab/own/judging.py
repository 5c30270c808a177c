"""Judge a person's own model on files that it has not learned from.

Conventions
-----------
Two ways to test are set beside each other. *Random files*: the files of a fold are drawn from all
of a genre. *Other groups*: nothing by the artist (or of the album) of a tested file is learned
from. New music is by other artists, so the second is what a person will see; the first flatters by
what a model can recognise of artists and recordings.

A genre with one group cannot be tested the second way: its only group would be missing from what
is learned from. Its files are learned from in every fold, and not judged.

What a model listens with (`audionome.lab.own.fitting.INPUTS`) is chosen by other groups. The choice
of each fold is made on the other folds, so that the figures do not profit from it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome.lab import conformal
from audionome.lab.binning import confidence_bins
from audionome.lab.bootstrap import N_RESAMPLES, ConfidenceInterval, mean_interval
from audionome.lab.compare import Verdict, paired_difference, verdict
from audionome.lab.ear.heads import Heard
from audionome.lab.metrics import confusion_matrix, expected_calibration_error, log_loss
from audionome.lab.own import fitting
from audionome.lab.own.fitting import INPUTS
from audionome.lab.splitters import GroupedFolds
from audionome.models.prediction import status_of

__all__ = ["FOLDS", "Judged", "interval", "judge"]

FOLDS = 5
_FOLDS_OF_FEW, _FEW = 10, 300  # folds of a folder with so many files at most
_LEAST_GROUPS = 10  # of which resampling can tell an interval
_MOST_DRAWN = 10_000_000  # resamples times groups

Array = NDArray[np.float64]
Rows = NDArray[np.bool_]
Codes = NDArray[np.integer]


@dataclass(frozen=True)
class Judged:
    """What a model got right of files that it had not learned from.

    Attributes
    ----------
    inputs : str
        What the model listens with: chosen on all folds.
    compared : dict of str to float
        Share that is right, genres equally heavy, of each of `audionome.lab.own.fitting.INPUTS`.
    other_groups, random_files : ConfidenceInterval
        Share of files that are right.
    flattery : Verdict
        The share of random files minus that of other groups, on the same files.
    balanced : float
        Mean over the genres of the share that is right, by other groups.
    measures : dict of str to float
        ``top3``, ``log_loss``, ``ece`` (by other groups) and ``guessing``, what always naming the
        largest genre would get right.
    genres : DataFrame
        A row per genre that was judged: ``genre``, ``n``, ``groups``, ``recall`` with ``low`` and
        ``high``, ``precision``.
    confusion : ndarray of shape (genres, genres)
        Files by true and named genre, of all genres of the model.
    pairs : DataFrame
        ``genre``, ``predicted``, ``count`` and ``share``, the commonest first.
    reliability : DataFrame
        ``from``, ``to``, ``n``, ``groups``, ``confidence``, ``accuracy``, ``low``, ``high``.
    kept : ConfidenceInterval
        Share of prediction sets that held the true genre.
    answers : DataFrame
        By ``status``: ``held`` with ``low`` and ``high``, ``right``, ``n`` and ``groups``.
    refused : float
        Share of the files that were taken for no music. They have no set, and are in neither of
        the two above.
    calibration : dict
        Of the model, as cards have it.
    fold : ndarray of shape (rows,)
        Of each row of what was heard; -1 where it was not tested.
    """

    inputs: str
    compared: dict[str, float]
    other_groups: ConfidenceInterval
    random_files: ConfidenceInterval
    flattery: Verdict
    balanced: float
    measures: dict[str, float]
    genres: pd.DataFrame
    confusion: Array
    pairs: pd.DataFrame
    reliability: pd.DataFrame
    kept: ConfidenceInterval
    answers: pd.DataFrame
    refused: float
    calibration: dict[str, Any]
    fold: Codes


def interval(right: NDArray[Any], groups: NDArray[Any]) -> ConfidenceInterval:
    """Return a share with its 95 % interval over groups.

    Parameters
    ----------
    right : ndarray of bool, shape (n,)
    groups : ndarray of shape (n,)

    Returns
    -------
    ConfidenceInterval
        By resampling groups. Of fewer than ten groups, and where all files are alike, that tells
        too little: then it is at least as wide as the exact interval of so many independent files
        as there are groups.

    Examples
    --------
    >>> found = interval(np.ones(6, bool), np.arange(6))
    >>> found.estimate, round(found.low, 2), found.high
    (1.0, 0.54, 1.0)
    """
    from scipy.stats import beta

    n = len(np.unique(groups))
    resamples = int(np.clip(_MOST_DRAWN // n, 200, N_RESAMPLES))
    found = mean_interval(right, groups, n_resamples=resamples)
    if n >= _LEAST_GROUPS and found.high > found.low:
        return found
    hits = found.estimate * n
    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return ConfidenceInterval(
        found.estimate, min(low, found.low), max(high, found.high), found.n, n
    )


# -- folds --------------------------------------------------------------------------------


def _folds(genres: NDArray[np.str_], groups: Codes, tested: Rows) -> Codes:
    """Return the fold of each file; -1 where it is not tested."""
    fold = np.full(len(genres), -1)
    at = np.flatnonzero(tested)
    most = max(len(np.unique(groups[tested & (genres == genre)])) for genre in set(genres[tested]))
    n = min(_FOLDS_OF_FEW if tested.sum() <= _FEW else FOLDS, most)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of genres that are not in every fold
        splits = GroupedFolds("group", n).split(None, genres[at], groups[at])
        for k, (_, test) in enumerate(splits):
            fold[at[test]] = k
    return _apart(fold, genres, groups, n)


def _apart(fold: Codes, genres: NDArray[np.str_], groups: Codes, n: int) -> Codes:
    """Move a group of each genre that lies in one fold alone, so that the others learn of it."""
    for genre in sorted(set(genres[fold >= 0])):
        of_genre = (genres == genre) & (fold >= 0)
        own = np.unique(groups[of_genre])
        if len(own) > 1 and len(np.unique(fold[of_genre])) == 1:
            moved = groups == own[-1]
            fold = np.where(moved & (fold >= 0), (fold + 1) % n, fold)
    return fold


@dataclass(frozen=True)
class _Data:
    """What is judged: the rows of all files and excerpts, and the genres as numbers."""

    heard: Heard
    genres: list[str]
    embedding: int
    code: Codes
    group: Codes
    file: Codes
    whole: Rows

    @classmethod
    def of(cls, heard: Heard, genres: Sequence[str], embedding: int) -> _Data:
        place = {genre: k for k, genre in enumerate(genres)}
        code = np.array([place[genre] for genre in heard.column("genre")])
        file = pd.factorize(heard.rows["clip"])[0]
        whole = (heard.rows["excerpt"] == 0).to_numpy()
        group = heard.rows["artist"].to_numpy()
        return cls(heard, list(genres), embedding, code, group, file, whole)

    def folds(self, groups: Codes) -> Codes:
        """Return the fold of each row, if files of these groups (one per file) stay together."""
        genres = np.array(self.genres)[self.code[self.whole]]
        table = pd.DataFrame({"genre": genres, "group": groups})
        n = table.groupby("genre")["group"].transform("nunique").to_numpy()
        found: Codes = _folds(genres, groups, n > 1)[self.file]
        return found

    def scores(self, fold: Codes, inputs: str, *, apart: Codes) -> tuple[Array, Array]:
        """Return scores and distances of tested rows by heads that met nothing ``apart``."""
        scores = np.full((len(fold), len(self.genres)), np.nan)
        distance = np.zeros(len(fold))
        for k in np.unique(fold[fold >= 0]):
            test = fold == k
            train = ~test & ~np.isin(apart, apart[test])
            present = np.unique(self.code[train])
            if len(present) < 2:  # nothing to choose from
                scores[test] = np.where(np.isin(np.arange(len(self.genres)), present), 0, -np.inf)
                continue
            head = fitting.fit(
                self.heard, train, genres=self.genres, inputs=inputs, embedding=self.embedding
            )
            head = fitting.with_limit(self.heard, head, np.flatnonzero(train & self.whole))
            at = np.flatnonzero(test)
            for part in np.array_split(at, max(1, len(at) // 5000)):
                vectors = self.heard.vectors(head, part)
                scores[part], distance[part] = head.scores(vectors), head.distances(vectors)
        return scores, distance


# -- the figures --------------------------------------------------------------------------


def judge(
    heard: Heard,
    *,
    genres: Sequence[str],
    embedding: int,
    progress: Any = None,
) -> Judged:
    """Judge models of a table, and choose what the one to keep listens with.

    Parameters
    ----------
    heard : Heard
        From `audionome.lab.own.measuring.heard_of`. At least two genres have two groups.
    genres : sequence of str
    embedding : int
        Columns of the ear.
    progress : callable, optional
        Called with (models fitted, models in all), in rounds.

    Returns
    -------
    Judged
    """
    with threadpool_limits(1, user_api="blas"):
        data = _Data.of(heard, genres, embedding)
        tell = progress or (lambda done, total: None)
        fold = data.folds(data.group[data.whole])
        by_inputs = {}
        for k, name in enumerate(INPUTS):
            tell(k, len(INPUTS) + 1)
            by_inputs[name], distance = data.scores(fold, name, apart=data.group)
        tell(len(INPUTS), len(INPUTS) + 1)
        scores, inputs, compared = _chosen(data, fold, by_inputs)
        at_random = data.folds(np.arange(int(data.whole.sum())))
        random, _ = data.scores(at_random, inputs, apart=data.file)
        tell(len(INPUTS) + 1, len(INPUTS) + 1)
        return _figures(data, fold, scores, distance > 1, inputs, compared, random)


def _balanced(data: _Data, right: Rows, at: Rows) -> float:
    code = data.code[at]
    return float(np.mean([right[at][code == k].mean() for k in np.unique(code)]))


def _chosen(
    data: _Data, fold: Codes, by_inputs: dict[str, Array]
) -> tuple[Array, str, dict[str, float]]:
    """Return scores whose inputs were chosen on other folds, and the choice of all folds."""
    tested = data.whole & (fold >= 0)
    right = {name: scores.argmax(axis=1) == data.code for name, scores in by_inputs.items()}
    out = np.full_like(next(iter(by_inputs.values())), np.nan)

    def best(at: Rows) -> str:
        shares = {name: _balanced(data, right[name], at) for name in INPUTS}
        return max(shares, key=shares.__getitem__)

    for k in np.unique(fold[fold >= 0]):
        others = tested & (fold != k)
        test = fold == k
        out[test] = by_inputs[best(others)][test]
    compared = {name: _balanced(data, right[name], tested) for name in INPUTS}
    return out, best(tested), compared


def _figures(
    data: _Data,
    fold: Codes,
    scores: Array,
    far: Rows,
    inputs: str,
    compared: dict[str, float],
    random: Array,
) -> Judged:
    calibration, held = fitting.curves(data.heard, scores, data.code, fold)
    at = data.whole & (fold >= 0)
    code, group, p = data.code[at], data.group[at], held[at]
    named = scores[at].argmax(axis=1)
    right = named == code
    by_chance = random[at].argmax(axis=1) == code
    sets = _sets(data, held, fold)[at] & ~far[at, None]
    held_truth, answered = sets[np.arange(len(code)), code], ~far[at]
    if not answered.any():  # cannot be: the limit is set on such files
        answered[:] = True
    names = np.array(data.genres)
    confusion = confusion_matrix(names[code], names[named], labels=data.genres)
    confidence = p.max(axis=1)
    third = (scores[at] > scores[at][np.arange(len(code)), code][:, None]).sum(axis=1) < 3
    counts = np.bincount(code)
    return Judged(
        inputs=inputs,
        compared=compared,
        other_groups=interval(right, group),
        random_files=interval(by_chance, group),
        flattery=verdict(paired_difference(by_chance, right, group)),
        balanced=float(np.mean([right[code == k].mean() for k in np.unique(code)])),
        measures={
            "top3": float(third.mean()),
            "log_loss": float(log_loss(names[code], p, labels=data.genres)),
            "ece": float(expected_calibration_error(confidence, right)),
            "guessing": float(counts.max() / counts.sum()),
        },
        genres=_by_genre(data, code, named, group, confusion),
        confusion=confusion,
        pairs=_pairs(data.genres, confusion),
        reliability=_reliability(confidence, right, group),
        kept=interval(held_truth[answered], group[answered]),
        answers=_answers(sets, held_truth, right, group),
        refused=float(1 - answered.mean()),
        calibration=calibration,
        fold=fold,
    )


def _sets(data: _Data, held: Array, fold: Codes) -> Rows:
    """Return which genres the prediction set of each row holds; thresholds of other folds."""
    windows = data.heard.rows["seconds"].to_numpy(np.float64) / conformal.WINDOW_SECONDS
    found = np.zeros(held.shape, dtype=bool)
    for k in np.unique(fold[fold >= 0]):
        others = np.where(fold == k, -1, fold)
        # Without other folds nothing but all genres keeps a promise.
        known = (others >= 0).any()
        curve = fitting.thresholds(data.heard, held, data.code, others) if known else [[1.0, 0.0]]
        lengths, values = np.array(curve).T
        at = fold == k
        limits = np.interp(np.log(windows[at]), np.log(lengths), values)
        found[at] = conformal.in_sets(held[at], limits)
    return found


def _by_genre(
    data: _Data, code: Codes, named: Codes, group: Codes, confusion: Array
) -> pd.DataFrame:
    rows = []
    for k in np.unique(code):
        at = code == k
        found = interval(named[at] == k, group[at])
        calls = confusion[:, k].sum()
        rows.append(
            {
                "genre": data.genres[k],
                "n": found.n,
                "groups": found.clusters,
                "recall": found.estimate,
                "low": found.low,
                "high": found.high,
                "precision": confusion[k, k] / calls if calls else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _pairs(genres: Sequence[str], confusion: Array) -> pd.DataFrame:
    rows = [
        (genres[i], genres[j], int(confusion[i, j]), float(confusion[i, j] / confusion[i].sum()))
        for i, j in np.argwhere(confusion > 0)
        if i != j
    ]
    table = pd.DataFrame(rows, columns=["genre", "predicted", "count", "share"])
    return table.sort_values(["count", "share"], ascending=False, kind="stable", ignore_index=True)


def _reliability(confidence: Array, right: Rows, group: Codes) -> pd.DataFrame:
    rows = []
    which = confidence_bins(confidence)
    for k in np.unique(which):
        at = which == k
        found = interval(right[at], group[at])
        sure = float(confidence[at].mean())
        rows.append((k / 10, (k + 1) / 10, found.n, found.clusters, sure, found.estimate,
                     found.low, found.high))  # fmt: skip
    columns = ["from", "to", "n", "groups", "confidence", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _answers(sets: Rows, held: Rows, right: Rows, group: Codes) -> pd.DataFrame:
    n = sets.shape[1]
    names = [str(k) for k in range(n)]
    of_size = np.array([status_of(names[:size], genres=n) for size in range(n + 1)])
    status = of_size[sets.sum(axis=1)]
    rows = []
    for name in ("one", "few", "many"):
        at = status == name
        if at.any():
            found = interval(held[at], group[at])
            rows.append((name, found.estimate, found.low, found.high, float(right[at].mean()),
                         found.n, found.clusters))  # fmt: skip
    columns = ["status", "held", "low", "high", "right", "n", "groups"]
    return pd.DataFrame(rows, columns=columns)
