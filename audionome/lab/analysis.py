"""What the results say: costs, comparisons, confusions, hard tracks, calibration.

Conventions
-----------
Every function takes the frames of `audionome.lab.store.load` and returns numbers; nothing is fitted
or drawn here. An *answer* is one prediction that is judged: at level ``"window"`` the stored
``predicted``, at level ``"track"`` the genre with the
largest mean of the windows' probabilities. Shares and differences lie in [0, 1]. Intervals are 95 %
percentile bootstrap intervals over tracks, because the windows of one track are not independent.
Music of an unknown genre has no right answer and is left out everywhere but in `unknown_genre`.

Results may be incomplete: a model or protocol that is missing is missing from what is returned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome._words import points, probability, span
from audionome.datasets.gtzan import GENRES

__all__ = [
    "Comparison",
    "Confusion",
    "Hardest",
    "Unknown",
    "answers",
    "best",
    "compare",
    "compare_all",
    "confusion",
    "finished",
    "gaps",
    "genre_measures",
    "hardest_tracks",
    "holm",
    "ladder",
    "ladders",
    "metrics",
    "missing",
    "model_title",
    "parameter_table",
    "per_genre",
    "protocol_definitions",
    "protocol_title",
    "reliability",
    "score_table",
    "study_table",
    "titled",
    "unknown_genre",
]

#: The floor: it listens to nothing, so it is no witness to which clips are hard.
FLOOR = "dummy"
SIGNIFICANT = 0.05
TOLERANCE = 0.02
_PROBABILITIES = [f"p_{genre}" for genre in GENRES]
_KEYS = ["model", "variant", "protocol"]
_RESAMPLES = 2000


# -- names --------------------------------------------------------------------------------


def model_title(model: str, variant: str | None = None) -> str:
    """Name a model for a reader, with its variant where it has more than one."""
    from audionome.lab.estimators import MODELS

    title = MODELS[model].title if model in MODELS else model
    if variant is None or (model in MODELS and len(MODELS[model].variants) == 1):
        return title
    return f"{title} ({variant})"


def titled(frame: pd.DataFrame) -> pd.DataFrame:
    """Add readable names to a frame of results.

    Returns
    -------
    DataFrame
        With ``title`` of the model, ``protocol_title`` of the protocol and ``label`` of the
        group of features, as far as it has those columns.
    """
    frame = frame.copy()
    if "group" in frame:
        frame["label"] = [_group_label(str(g)) for g in frame["group"]]
    if "model" in frame:
        frame["title"] = [model_title(str(m)) for m in frame["model"]]
    if "protocol" in frame:
        frame["protocol_title"] = [protocol_title(str(p)) for p in frame["protocol"]]
    return frame


def _group_label(group: str) -> str:
    first, *others = group.split(",")
    found = [re.fullmatch(r"mfcc(\d+)_(mean|var)", name) for name in (first, *others)]
    numbers = [int(match[1]) for match in found if match]
    kinds = {match[2] for match in found if match}
    if others and len(kinds) == 1 and numbers == list(range(numbers[0], numbers[0] + len(found))):
        return f"mfcc {numbers[0]} to {numbers[-1]} ({kinds.pop()})"
    return f"{first} and {len(others)} more" if others else first


def protocol_definitions() -> pd.DataFrame:
    """List the protocols in ladder order: title, name and what may leak."""
    from audionome.lab.protocols import LADDER

    return pd.DataFrame(
        [(p.title, name, p.leaks) for name, p in LADDER.items()],
        columns=["protocol", "name", "what may leak"],
    )


def protocol_title(protocol: str) -> str:
    """Name a protocol for a reader."""
    from audionome.lab.protocols import PROTOCOLS

    return PROTOCOLS[protocol].title if protocol in PROTOCOLS else protocol


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort rows as the report lists models and protocols."""
    from audionome.lab.estimators import MODELS
    from audionome.lab.protocols import PROTOCOLS

    order = {"model": list(MODELS), "protocol": list(PROTOCOLS)}
    keys = pd.DataFrame(
        {
            column: [names.index(str(v)) if str(v) in names else len(names) for v in frame[column]]
            for column, names in order.items()
            if column in frame
        },
        index=frame.index,
    )
    columns = [str(name) for name in keys.columns]
    places = keys.sort_values(columns, kind="stable").index
    return frame.loc[places].reset_index(drop=True)


# -- answers ------------------------------------------------------------------------------


def answers(
    predictions: pd.DataFrame, *, level: str = "track", unknown: bool = False
) -> pd.DataFrame:
    """Turn stored probabilities into judged answers.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`: one row per window with ``p_blues`` ... ``p_rock``.
    level : {"track", "window"}
        What counts as one answer.
    unknown : bool
        Return the music of an unknown genre instead of the known genres.

    Returns
    -------
    DataFrame
        ``model``, ``variant``, ``protocol``, ``track``, ``genre``, ``predicted``,
        ``confidence`` (probability of the likeliest genre) and ``correct``.
    """
    if level not in {"track", "window"}:
        raise ValueError(f'level is "track" or "window", not "{level}"')
    known = predictions["genre"].isin(GENRES)
    rows = predictions[~known if unknown else known]
    names = [*_KEYS, "track", "genre"]
    if level == "window":
        out = rows[names].astype(str).reset_index(drop=True)
        out["predicted"] = rows["predicted"].to_numpy(dtype=str)
        out["confidence"] = rows[_PROBABILITIES].to_numpy(np.float64).max(axis=1)
    else:
        keys = rows[names].astype(str)
        values = rows[_PROBABILITIES].astype(np.float64)
        mean = pd.concat([keys, values], axis=1).groupby(names, sort=True, as_index=False).mean()
        out = mean[names].copy()
        means = mean[_PROBABILITIES].to_numpy()
        out["predicted"] = np.array(GENRES)[means.argmax(axis=1)] if len(means) else ""
        out["confidence"] = means.max(axis=1) if len(means) else 0.0
    out["correct"] = out["predicted"] == out["genre"]
    return out


def finished(predictions: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Keep the predictions that have a score: of an interrupted evaluation, whole results."""
    whole = {tuple(key) for key in scores.loc[scores["split"] == "test", _KEYS].to_numpy(dtype=str)}
    runs = predictions.groupby(_KEYS, sort=False, observed=True).ngroup().to_numpy()
    first = predictions[_KEYS].drop_duplicates().to_numpy(dtype=str)
    keep = np.array([tuple(key) in whole for key in first], dtype=bool)
    return predictions[keep[runs]]


def _select(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    mask = np.ones(len(frame), dtype=bool)
    for column, value in wanted.items():
        mask &= (frame[column] == value).to_numpy(dtype=bool)
    return frame[mask]


def _one_variant(frame: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Keep one variant of each model: the wanted one, or the other where it does not exist."""
    wanted = frame["variant"] == variant
    has = set(frame.loc[wanted, "model"].to_numpy(dtype=str))
    return frame[wanted | ~frame["model"].isin(has)]


@lru_cache(maxsize=16)
def _draws(n: int, resamples: int, seed: int = 0) -> NDArray[np.float64]:
    """How often each of n tracks comes in each bootstrap resample."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)


def _per_track(rows: pd.DataFrame) -> pd.DataFrame:
    """Number of right answers and of answers per track."""
    return rows.groupby("track")["correct"].agg(["sum", "size"]).astype(np.float64)


def _accuracy_difference(
    one: pd.DataFrame, other: pd.DataFrame, *, resamples: int = _RESAMPLES
) -> tuple[float, float]:
    """Interval of accuracy(one) - accuracy(other); a track in both is drawn for both at once."""
    sides = [_per_track(one).add_suffix("_a"), _per_track(other).add_suffix("_b")]
    both = pd.concat(sides, axis="columns").fillna(0.0)
    sums = _draws(len(both), resamples) @ both.to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3]
    low, high = np.nanquantile(difference, [0.025, 0.975])
    return float(low), float(high)


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; unlike a bootstrap it is not empty at 0 or 1."""
    z2 = 1.959964**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return float(middle - half), float(middle + half)


# -- the ladder ---------------------------------------------------------------------------


def ladders(scores: pd.DataFrame, *, level: str = "track", variant: str = "tuned") -> pd.DataFrame:
    """Test accuracy of every model under every protocol, one variant of each model.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    level : {"track", "window"}
        What counts as one answer.
    variant : {"tuned", "study"}
        The wanted settings; a model that has none such is shown with the others it has.

    Returns
    -------
    DataFrame
        ``model``, ``title``, ``variant``, ``protocol``, ``protocol_title``, ``accuracy``,
        ``low``, ``high``, ``n``.
    """
    rows = _one_variant(_select(scores, level=level, split="test"), variant)
    rows = rows.rename(columns={"accuracy_low": "low", "accuracy_high": "high"})
    columns = ["model", "title", "variant", "protocol", "protocol_title"]
    return _in_order(titled(rows))[[*columns, "accuracy", "low", "high", "n"]]


def ladder(
    scores: pd.DataFrame,
    predictions: pd.DataFrame | None = None,
    *,
    model: str,
    variant: str = "tuned",
    level: str = "track",
) -> pd.DataFrame:
    """Accuracy of one model on each rung of the ladder, and what the rung costs.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    predictions : DataFrame, optional
        For the intervals of the costs; without it they are missing.
    model, variant : str
        Which model.
    level : {"track", "window"}
        What counts as one answer.

    Returns
    -------
    DataFrame
        One row per protocol that has a result, in ladder order: ``protocol``,
        ``protocol_title``, ``accuracy``, ``low``, ``high``, ``n``; ``cost`` (accuracy of the
        rung before minus this one) with ``cost_low`` and ``cost_high``; ``shared``, the number
        of tracks that both rungs test. The interval draws tracks of either rung, each for both
        rungs at once: where they test the same tracks, it is a paired interval.
    """
    rows = _select(scores, model=model, variant=variant, level=level, split="test")
    rows = rows.rename(columns={"accuracy_low": "low", "accuracy_high": "high"})
    steps = _in_order(titled(rows))[
        ["protocol", "protocol_title", "accuracy", "low", "high", "n"]
    ].copy()
    steps["cost"] = -steps["accuracy"].diff()
    steps["cost_low"] = np.nan
    steps["cost_high"] = np.nan
    steps["shared"] = 0
    if predictions is None:
        return steps
    judged = answers(_select(predictions, model=model, variant=variant), level=level)
    by_rung = {str(p): _select(judged, protocol=str(p)) for p in steps["protocol"]}
    for i in range(1, len(steps)):
        above, here = (by_rung[str(steps.loc[j, "protocol"])] for j in (i - 1, i))
        if above.empty or here.empty:
            continue
        steps.loc[i, ["cost_low", "cost_high"]] = _accuracy_difference(above, here)
        steps.loc[i, "shared"] = len(set(above["track"]) & set(here["track"]))
    return steps


def study_table(
    scores: pd.DataFrame, *, models: Mapping[str, Any] | None = None, tolerance: float = TOLERANCE
) -> pd.DataFrame:
    """Set the figures that Stijnen and Delaere report beside ours.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`; ours are the windows of ``random-windows``, study variant.
    models : mapping, optional
        Name to a specification with ``title`` and ``study_accuracy``; default: ours.
    tolerance : float
        How far apart two figures may be to count as the same.

    Returns
    -------
    DataFrame
        One row per published figure: ``model``, ``title``, ``study``, ``ours``, ``low``,
        ``high``, ``difference`` (ours minus the study's) and ``within`` (missing where ours is).
    """
    if models is None:
        from audionome.lab.estimators import MODELS

        models = MODELS
    ours = _select(
        scores, variant="study", protocol="random-windows", level="window", split="test"
    ).set_index("model")
    published = {name: m for name, m in models.items() if m.study_accuracy is not None}
    table = pd.DataFrame(
        {
            "model": list(published),
            "title": [m.title for m in published.values()],
            "study": [m.study_accuracy for m in published.values()],
        }
    )
    for column, name in (("ours", "accuracy"), ("low", "accuracy_low"), ("high", "accuracy_high")):
        table[column] = ours[name].reindex(list(published)).to_numpy(np.float64)
    table["difference"] = table["ours"] - table["study"]
    # A difference of exactly the tolerance counts as within, whatever the rounding.
    within = table["difference"].abs() <= tolerance + 1e-9
    table["within"] = within.astype("boolean").mask(table["ours"].isna())
    return table


def gaps(
    scores: pd.DataFrame,
    *,
    protocol: str = "artist-grouped",
    level: str = "track",
    variant: str = "tuned",
) -> pd.DataFrame:
    """Accuracy on the rows a model learned from, on those held out, and the gap.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    protocol, level : str
        Which results.
    variant : {"tuned", "study"}
        The wanted settings; a model that has none such is shown with the others it has.

    Returns
    -------
    DataFrame
        One row per model: ``model``, ``title``, ``variant``, ``train``, ``valid``, ``test``
        (missing where the protocol has none) and ``gap`` (train minus test).
    """
    rows = _one_variant(_select(scores, protocol=protocol, level=level), variant)
    table = rows.pivot_table(
        index=["model", "variant"], columns="split", values="accuracy", observed=True
    )
    table = table.reindex(columns=["train", "valid", "test"]).reset_index()
    table["gap"] = table["train"] - table["test"]
    table = _in_order(titled(table.rename_axis(columns=None)))
    return table[["model", "title", "variant", "train", "valid", "test", "gap"]]


def metrics(
    scores: pd.DataFrame,
    *,
    protocol: str = "artist-grouped",
    level: str = "track",
    variant: str = "tuned",
) -> pd.DataFrame:
    """Several measures of the same answers, for each model.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    protocol, level : str
        Which results.
    variant : {"tuned", "study"}
        As for `gaps`.

    Returns
    -------
    DataFrame
        One row per model: ``model``, ``title``, ``variant``, ``accuracy``, ``macro_f1``, ``ece``
        and ``log_loss``.
    """
    rows = _select(scores, protocol=protocol, level=level, split="test")
    table = _in_order(titled(_one_variant(rows, variant)))
    return table[["model", "title", "variant", "accuracy", "macro_f1", "ece", "log_loss"]]


# -- errors -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Confusion:
    """Which genre is taken for which.

    Attributes
    ----------
    counts : DataFrame
        True genre (rows) by predicted genre (columns).
    shares : DataFrame
        The same, each row divided by its sum (missing where a genre has no answers).
    pairs : DataFrame
        The confusions, worst first: ``genre``, ``predicted``, ``count``, ``share``.
    """

    counts: pd.DataFrame
    shares: pd.DataFrame
    pairs: pd.DataFrame


def confusion(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "artist-grouped",
    level: str = "track",
) -> Confusion:
    """Count which genre is taken for which.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model, variant, protocol, level : str
        Which answers.

    Returns
    -------
    Confusion
    """
    wanted = _select(predictions, model=model, variant=variant, protocol=protocol)
    rows = answers(wanted, level=level)
    counts = pd.crosstab(rows["genre"], rows["predicted"]).reindex(
        index=list(GENRES), columns=list(GENRES), fill_value=0
    )
    counts = counts.rename_axis(index="genre", columns="predicted").astype(int)
    sizes = counts.sum(axis="columns").astype(np.float64)
    shares = counts.div(sizes.mask(sizes == 0), axis="index")
    number, part = counts.to_numpy(), shares.to_numpy()
    mistaken = [(i, j) for i, j in np.argwhere(number > 0) if i != j]
    pairs = pd.DataFrame(
        [(GENRES[i], GENRES[j], int(number[i, j]), float(part[i, j])) for i, j in mistaken],
        columns=["genre", "predicted", "count", "share"],
    )
    pairs = pairs.sort_values(["share", "count"], ascending=False, kind="stable")
    return Confusion(counts, shares, pairs.reset_index(drop=True))


def per_genre(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "artist-grouped",
    level: str = "track",
    resamples: int = _RESAMPLES,
) -> pd.DataFrame:
    """Precision, recall and F1 of each genre with intervals.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model, variant, protocol, level : str
        Which answers.
    resamples : int
        Bootstrap resamples.

    Returns
    -------
    DataFrame
        One row per genre: ``genre``, ``n`` (answers of that genre) and ``precision``,
        ``recall``, ``f1``, each with ``_low`` and ``_high``. A measure that would divide by
        zero is missing.
    """
    wanted = _select(predictions, model=model, variant=variant, protocol=protocol)
    rows = answers(wanted, level=level)
    if rows.empty:
        measures = [f"{m}{e}" for m in ("precision", "recall", "f1") for e in ("", "_low", "_high")]
        return pd.DataFrame(columns=["genre", "n", *measures])
    return genre_measures(
        rows["genre"].to_numpy(dtype=str),
        rows["predicted"].to_numpy(dtype=str),
        rows["track"].to_numpy(dtype=str),
        resamples=resamples,
    )


def genre_measures(
    truth: NDArray[np.str_],
    given: NDArray[np.str_],
    units: NDArray[Any],
    *,
    resamples: int = _RESAMPLES,
) -> pd.DataFrame:
    """Precision, recall and F1 of each genre, as `per_genre` returns them.

    Parameters
    ----------
    truth, given : ndarray of shape (answers,)
        True and given genre.
    units : ndarray of shape (answers,)
        What the bootstrap draws: tracks, or artists.
    resamples : int
        Bootstrap resamples.
    """
    unit = np.unique(units, return_inverse=True)[1]
    genres = np.array(GENRES)
    true, said = truth[:, None] == genres, given[:, None] == genres
    # Per unit and genre: right answers, answers of the genre, answers that name the genre.
    sums = np.zeros((3, unit.max() + 1, len(genres)))
    for k, hit in enumerate((true & said, true, said)):
        np.add.at(sums[k], unit, hit)
    draws = _draws(sums.shape[1], resamples)

    def measures_of(right: NDArray, real: NDArray, named: NDArray) -> dict[str, NDArray]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "precision": right / named,
                "recall": right / real,
                "f1": 2 * right / (real + named),
            }

    points = measures_of(*sums.sum(axis=1))
    spread = measures_of(*(draws @ s for s in sums))
    table = pd.DataFrame({"genre": genres, "n": true.sum(axis=0)})
    for name, values in points.items():
        table[name] = values
        # A genre that no answer names has no precision: quantiles of nothing stay missing.
        some = np.isfinite(spread[name]).any(axis=0)
        bounds = np.full((2, len(genres)), np.nan)
        bounds[:, some] = np.nanquantile(spread[name][:, some], [0.025, 0.975], axis=0)
        table[f"{name}_low"], table[f"{name}_high"] = bounds
    return table


@dataclass(frozen=True)
class Hardest:
    """The tracks that models get wrong.

    Attributes
    ----------
    tracks : DataFrame
        One row per track, hardest first: ``track``, ``genre``, ``wrong`` (number of models),
        ``share`` (of the models) and ``said`` (the commonest answer).
    n_models : int
        Models that were asked.
    n_all_wrong : int
        Tracks that every model gets wrong.
    """

    tracks: pd.DataFrame
    n_models: int
    n_all_wrong: int


def hardest_tracks(
    predictions: pd.DataFrame, *, protocol: str = "artist-grouped", variant: str = "tuned"
) -> Hardest:
    """Count how many models get each track wrong.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`. One variant of each model is asked; the floor is not.
    protocol : str
        Which answers; each track must be tested once, so not ``random-windows``.
    variant : {"tuned", "study"}
        The wanted settings; a model that has none such is asked with the others it has.

    Returns
    -------
    Hardest
        About the tracks that all those models have answered.
    """
    rows = _select(predictions, protocol=protocol)
    rows = answers(_one_variant(rows[rows["model"] != FLOOR], variant))
    n_models = rows["model"].nunique()
    by_track = rows.groupby("track")
    table = pd.DataFrame(
        {
            "genre": by_track["genre"].first(),
            "models": by_track["model"].nunique(),
            "wrong": by_track["correct"].agg(lambda right: int((~right).sum())),
            "said": by_track["predicted"].agg(lambda said: said.mode().iloc[0]),
        }
    )
    table = table[table["models"] == n_models].drop(columns="models")
    table["wrong"] = table["wrong"].astype(int)
    table["share"] = table["wrong"] / max(n_models, 1)
    table = table.rename_axis("track").reset_index()
    table = table.sort_values(["wrong", "track"], ascending=[False, True], ignore_index=True)
    return Hardest(
        tracks=table[["track", "genre", "wrong", "share", "said"]],
        n_models=n_models,
        n_all_wrong=int((table["wrong"] == n_models).sum()),
    )


# -- comparisons --------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """One model against another on the same answers.

    Attributes
    ----------
    a, b : (str, str)
        Model and variant.
    level : str
        ``"track"`` or ``"window"``.
    n : int
        Tracks that both have answered.
    accuracy_a, accuracy_b : float
        On those tracks.
    difference, low, high : float
        accuracy(a) - accuracy(b) with its 95 % bootstrap interval over tracks.
    only_a, only_b : int
        Answers that only a (only b) gets right.
    p_value : float
        Of the hypothesis that neither is better: exact McNemar test for tracks; for windows,
        whose answers depend on one another, its generalisation that swaps the two models'
        answers on whole tracks.
    """

    a: tuple[str, str]
    b: tuple[str, str]
    level: str
    n: int
    accuracy_a: float
    accuracy_b: float
    difference: float
    low: float
    high: float
    only_a: int
    only_b: int
    p_value: float

    @property
    def differs(self) -> bool:
        """True when the interval excludes 0 and p < 0.05."""
        return (self.low > 0 or self.high < 0) and self.p_value < SIGNIFICANT

    @property
    def verdict(self) -> str:
        """One sentence; it says "better" only when the difference holds."""
        return _verdict(
            model_title(*self.a), model_title(*self.b), self.differs, self.difference,
            self.low, self.high, probability(self.p_value), self.n,
        )  # fmt: skip


def compare(
    predictions: pd.DataFrame,
    a: tuple[str, str],
    b: tuple[str, str],
    *,
    protocol: str = "artist-grouped",
    level: str = "track",
) -> Comparison:
    """Compare two models on the tracks that both have answered.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    a, b : (str, str)
        Model and variant.
    protocol, level : str
        Which answers.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the two have no track in common.

    References
    ----------
    .. [1] Dietterich, Approximate statistical tests for comparing supervised classification
           learning algorithms (Neural Computation 10, 1998).
    """
    wanted = _select(predictions, protocol=protocol)
    one, other = (answers(_select(wanted, model=m, variant=v), level=level) for m, v in (a, b))
    return _compared(one, other, a, b, level)


def _compared(
    one: pd.DataFrame, other: pd.DataFrame, a: tuple[str, str], b: tuple[str, str], level: str
) -> Comparison:
    from scipy.stats import binomtest

    common = np.intersect1d(one["track"].to_numpy(dtype=str), other["track"].to_numpy(dtype=str))
    if not len(common):
        raise ValueError(f"{model_title(*a)} and {model_title(*b)} have no track in common")
    one, other = (rows[rows["track"].isin(common)].sort_values("track", kind="stable")
                  for rows in (one, other))  # fmt: skip
    right_a, right_b = (rows["correct"].to_numpy(dtype=bool) for rows in (one, other))
    if len(right_a) != len(right_b):
        raise ValueError(f"{model_title(*a)} and {model_title(*b)} answered different windows")
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    if level == "track":
        p = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    else:
        p = _swap_test(right_a.astype(int) - right_b, one["track"].to_numpy(dtype=str))
    low, high = _accuracy_difference(one, other)
    return Comparison(
        a=a, b=b, level=level, n=len(common),
        accuracy_a=float(right_a.mean()), accuracy_b=float(right_b.mean()),
        difference=float(right_a.mean() - right_b.mean()), low=low, high=high,
        only_a=only_a, only_b=only_b, p_value=float(p),
    )  # fmt: skip


def _verdict(
    one: str, other: str, differs: bool, difference: float, low: float, high: float, p: str, n: int
) -> str:
    if differs and difference < 0:
        one, other, difference, low, high = other, one, -difference, -high, -low
    facts = f"{points(difference)} points, {span(low, high)}, {p}, {n:,} tracks"
    if not differs:
        return f"{one} and {other} cannot be told apart ({facts})."
    return f"{one} is better than {other} (by {facts})."


def _swap_test(differences: NDArray, tracks: NDArray, *, swaps: int = 9999) -> float:
    """Two-sided p when the two models' answers are swapped on random whole tracks."""
    sums = np.bincount(np.unique(tracks, return_inverse=True)[1], differences)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(swaps, sums.size))
    as_far = np.abs(signs @ sums) >= abs(sums.sum()) - 1e-9
    return float((as_far.sum() + 1) / (swaps + 1))


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Holm's correction of p values for the number of comparisons.

    References
    ----------
    .. [1] Holm, A simple sequentially rejective multiple test procedure (1979).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    out = np.empty_like(p)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def compare_all(
    predictions: pd.DataFrame,
    *,
    protocol: str = "artist-grouped",
    reference: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Compare every model and variant with one of them, at track level.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    protocol : str
        Which answers.
    reference : (str, str), optional
        Model and variant to compare with; default: the one with the highest accuracy.

    Returns
    -------
    DataFrame
        Highest accuracy first: ``model``, ``variant``, ``title``, ``accuracy``, ``reference``
        (true in its own row), and against the reference ``difference``, ``low``, ``high``,
        ``p_value``, ``p_holm`` (corrected for the number of comparisons), ``differs`` (the
        interval excludes 0 and ``p_holm`` < 0.05) and ``verdict``.
    """
    columns = ["model", "variant", "title", "accuracy", "reference", "difference", "low", "high",
               "p_value", "p_holm", "differs", "verdict"]  # fmt: skip
    judged = answers(_select(predictions, protocol=protocol))
    groups = {
        (str(m), str(v)): rows for (m, v), rows in judged.groupby(["model", "variant"], sort=True)
    }
    if not groups:
        return pd.DataFrame(columns=columns)
    accuracy = {key: float(rows["correct"].mean()) for key, rows in groups.items()}
    if reference is None:
        reference = max(accuracy, key=accuracy.__getitem__)
    others = [key for key in groups if key != reference]
    compared = [_compared(groups[k], groups[reference], k, reference, "track") for k in others]
    corrected = holm([c.p_value for c in compared])
    rows: list[list[Any]] = [
        [*reference, model_title(*reference), accuracy[reference], True, 0.0, 0.0, 0.0, np.nan,
         np.nan, False, f"{model_title(*reference)} is what the others are compared with."]
    ]  # fmt: skip
    for c, p in zip(compared, corrected, strict=True):
        differs = bool((c.low > 0 or c.high < 0) and p < SIGNIFICANT)
        verdict = _verdict(
            model_title(*c.a), model_title(*c.b), differs, c.difference, c.low, c.high,
            f"{probability(float(p))} after Holm's correction", c.n,
        )  # fmt: skip
        rows.append([*c.a, model_title(*c.a), accuracy[c.a], False, c.difference, c.low, c.high,
                     c.p_value, float(p), differs, verdict])  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("accuracy", ascending=False, kind="stable", ignore_index=True)


def best(
    scores: pd.DataFrame, *, protocol: str = "artist-grouped", level: str = "track"
) -> tuple[str, str]:
    """Choose the model with the highest validation accuracy, or test accuracy if there is none.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    protocol, level : str
        Which results; where the protocol has none, the first one in ladder order that has.

    Returns
    -------
    (str, str)
        Model and variant; of equals the first in the order of the report.

    Raises
    ------
    ValueError
        If there is no result at all.
    """
    rows = _select(scores[scores["model"] != FLOOR], level=level)
    if rows.empty:
        raise ValueError("there are no results to choose a model from")
    here = _select(rows, protocol=protocol)
    if here.empty:
        here = _select(rows, protocol=str(_in_order(rows).loc[0, "protocol"]))
    valid = _select(here, split="valid").dropna(subset="accuracy")
    test = _select(here, split="test")
    # A model without a validation score cannot compete fairly, so all use what all have.
    rows = _in_order(valid if len(valid) == len(test) else test)
    top = rows.iloc[int(rows["accuracy"].to_numpy().argmax())]
    return str(top["model"]), str(top["variant"])


# -- confidence ---------------------------------------------------------------------------


def reliability(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "artist-grouped",
    level: str = "track",
    bins: int = 10,
) -> pd.DataFrame:
    """Hold the confidence of answers against how often they are right.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    model, variant, protocol, level : str
        Which answers.
    bins : int
        Equally wide bins of confidence from 0 to 1.

    Returns
    -------
    DataFrame
        One row per bin that has answers: ``from``, ``to``, ``n``, ``confidence`` (mean),
        ``accuracy``, ``low``, ``high`` (Wilson's interval; for windows as if each track had
        given one answer).

    References
    ----------
    .. [1] Guo et al., On calibration of modern neural networks (ICML 2017).
    """
    wanted = _select(predictions, model=model, variant=variant, protocol=protocol)
    rows = answers(wanted, level=level)
    which = np.minimum((rows["confidence"].to_numpy() * bins).astype(int), bins - 1)
    out = []
    for k, group in rows.groupby(which):
        share = float(group["correct"].mean())
        bounds = _wilson(share, group["track"].nunique())
        row = (k / bins, (k + 1) / bins, len(group), float(group["confidence"].mean()), share)
        out.append((*row, *bounds))
    return pd.DataFrame(out, columns=["from", "to", "n", "confidence", "accuracy", "low", "high"])


@dataclass(frozen=True)
class Unknown:
    """How sure a model is of music whose genre it has never met.

    Attributes
    ----------
    table : DataFrame
        ``kind`` (right, wrong, unknown), ``n``, ``mean``, ``p25``, ``p50``, ``p75`` of the
        confidence.
    auc, low, high : float
        Probability that a track of a known genre gets more confidence than one of an unknown
        genre (0.5: confidence tells nothing), with its interval.
    said : Series
        Share of the unknown tracks that were called each genre, most frequent first.
    """

    table: pd.DataFrame
    auc: float
    low: float
    high: float
    said: pd.Series


def unknown_genre(
    predictions: pd.DataFrame,
    *,
    model: str,
    variant: str = "tuned",
    protocol: str = "wild",
    resamples: int = 500,
) -> Unknown | None:
    """Compare the confidence on known genres with that on a genre never learned.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`; a truth outside the ten genres is unknown.
    model, variant, protocol : str
        Which answers, at track level.
    resamples : int
        Bootstrap resamples.

    Returns
    -------
    Unknown or None
        None when there is no music of an unknown genre.
    """
    wanted = _select(predictions, model=model, variant=variant, protocol=protocol)
    known, unknown = answers(wanted), answers(wanted, unknown=True)
    if known.empty or unknown.empty:
        return None
    right = known["correct"].to_numpy(dtype=bool)
    confidence = known["confidence"].to_numpy()
    strange = unknown["confidence"].to_numpy()
    kinds = {"right": confidence[right], "wrong": confidence[~right], "unknown": strange}
    table = pd.DataFrame(
        [
            (kind, len(v), v.mean(), *np.quantile(v, [0.25, 0.5, 0.75]))
            for kind, v in kinds.items()
            if len(v)
        ],
        columns=["kind", "n", "mean", "p25", "p50", "p75"],
    )
    # All pairs once, ties as one half; a resample weights the pairs.
    above = (confidence[:, None] > strange) + 0.5 * (confidence[:, None] == strange)
    weights = _draws(len(confidence), resamples) @ above
    spread = (weights * _draws(len(strange), resamples, 1)).sum(axis=1) / above.size
    low, high = np.quantile(spread, [0.025, 0.975])
    said = unknown["predicted"].value_counts(normalize=True)
    return Unknown(table, float(above.mean()), float(low), float(high), said)


# -- completeness and the whole table -----------------------------------------------------


def missing(
    scores: pd.DataFrame,
    *,
    models: Mapping[str, Any] | None = None,
    protocols: Sequence[str] | None = None,
) -> pd.DataFrame:
    """List the test results that should exist and do not.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    models : mapping, optional
        Name to a specification with ``variants``; default: ours.
    protocols : sequence of str, optional
        Default: ours.

    Returns
    -------
    DataFrame
        ``model``, ``variant``, ``protocol``.
    """
    if models is None:
        from audionome.lab.estimators import MODELS

        models = MODELS
    if protocols is None:
        from audionome.lab.protocols import LADDER

        protocols = list(LADDER)
    tested = scores.loc[scores["split"] == "test", _KEYS].astype(str)
    have = {tuple(key) for key in tested.to_numpy()}
    wanted = [(m, v, p) for m, spec in models.items() for v in spec.variants for p in protocols]
    return pd.DataFrame([key for key in wanted if key not in have], columns=_KEYS)


def score_table(scores: pd.DataFrame, *, level: str = "track") -> pd.DataFrame:
    """Format the test results of every model and protocol for printing, the best first."""
    rows = _select(scores, level=level, split="test").sort_values("accuracy", ascending=False)
    # Sorting by protocol keeps the order within: the best first.
    order = {name: i for i, name in enumerate(_in_order(rows[["protocol"]])["protocol"].unique())}
    rows = titled(rows.sort_values("protocol", key=lambda p: p.map(order), kind="stable"))

    def column(name: str, digits: int) -> list[str]:
        return ["" if pd.isna(v) else f"{v:.{digits}f}" for v in rows[name]]

    interval = [
        f"{100 * low:.1f} to {100 * high:.1f}".replace(" ", "\N{NO-BREAK SPACE}")
        for low, high in rows[["accuracy_low", "accuracy_high"]].to_numpy()
    ]
    return pd.DataFrame(
        {
            "protocol": rows["protocol_title"],
            "model": rows["title"],
            "settings": rows["variant"].to_numpy(dtype=str),
            "accuracy (%)": [f"{100 * a:.1f}" for a in rows["accuracy"]],
            "95 % interval": interval,
            "macro F1": column("macro_f1", 3),
            "log loss": column("log_loss", 2),
            "calibration error": column("ece", 3),
            "answers": rows["n"],
            "fit (s)": column("fit_seconds", 1),
            "predict (s)": column("predict_seconds", 2),
        }
    )


def parameter_table(params: pd.DataFrame) -> pd.DataFrame:
    """Format the hyperparameters that tuning chose, and in how many folds.

    Parameters
    ----------
    params : DataFrame
        From `audionome.lab.store`: ``model``, ``variant``, ``protocol``, ``fold`` and ``params``,
        the chosen hyperparameters as JSON.
    """
    rows = _in_order(titled(params[~params["params"].isin(["", "{}"])]))
    rows["chosen"] = [_settings(str(text)) for text in rows["params"]]
    keys = ["protocol_title", "title", "chosen"]
    counts = rows.groupby(keys, sort=False).size().rename("folds").reset_index()
    names = {"protocol_title": "protocol", "title": "model"}
    return counts.rename(columns=names)[["model", "protocol", "chosen", "folds"]]


def _settings(text: str) -> str:
    values = json.loads(text)
    return ", ".join(f"{name.split('__')[-1]} = {value}" for name, value in sorted(values.items()))
