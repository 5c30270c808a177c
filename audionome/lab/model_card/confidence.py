"""How well the released models know when they are right, and what they hold back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.lab import calibration, conformal
from audionome.lab.bootstrap import cluster_bootstrap, mean_interval
from audionome.lab.compare import Difference, accuracy_difference, difference, verdicts
from audionome.lab.model_card.released import ELSEWHERE, VARIANT, ReleasedModels
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.models.prediction import FEW

__all__ = ["coverage", "held_back", "many_ratios", "reliability", "separation"]


def reliability(found: ReleasedModels, model: str, protocol: str) -> pd.DataFrame:
    """Return confidence against truth, as `audionome.lab.calibration.reliability` does.

    Parameters
    ----------
    found : ReleasedModels
    model, protocol : str

    Returns
    -------
    DataFrame
    """
    return calibration.reliability(
        found.predictions, model=model, variant=VARIANT, protocol=protocol
    )


def coverage(rows: pd.DataFrame, *, shares: Sequence[float] | None = None) -> pd.DataFrame:
    """Return the accuracy of the predictions that a model is most certain of.

    Parameters
    ----------
    rows : DataFrame
        Predictions of one model, as `audionome.lab.model_card.common` returns them.
    shares : sequence of float, optional
        Shares of the predictions that are kept, those of the smallest entropy first; default:
        from 0.1 to 1 in steps of 0.05.

    Returns
    -------
    DataFrame
        ``coverage``, ``accuracy``, ``low``, ``high``, ``n`` (predictions kept), ``entropy`` (of
        the least certain prediction that is kept).

    References
    ----------
    .. [1] Geifman and El-Yaniv, Selective classification for deep neural networks (2017).
    """
    rows = rows.sort_values(["entropy", "track"], kind="stable")
    out = []
    for share in shares if shares is not None else np.linspace(0.1, 1, 19):
        n = round(float(share) * len(rows))
        if not n:
            continue
        kept = rows.head(n)
        scored = mean_interval(kept["correct"].to_numpy(dtype=bool), kept["artist"].to_numpy())
        widest = float(kept["entropy"].iloc[-1])
        out.append((float(share), scored.estimate, scored.low, scored.high, n, widest))
    return pd.DataFrame(out, columns=["coverage", "accuracy", "low", "high", "n", "entropy"])


def _groups(found: ReleasedModels, model: str) -> dict[str, pd.DataFrame]:
    """Return the predictions by what the music is to the model."""
    groups = {
        "GTZAN": found.of(model, "artist-grouped"),
        "wild": found.of(model, "wild"),
        "soul": found.of(model, "wild", known=False),
    }
    return {name: rows for name, rows in groups.items() if len(rows)}


def _signs(rows: pd.DataFrame, card: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Return which predictions are held back, by the sign that does it."""
    # The predictions have the temperature that was set on GTZAN, and so must the threshold.
    longest = card["calibrations"]["gtzan"]["set_thresholds"][-1][1]
    sizes = conformal.in_sets(rows[PROBABILITY_COLUMNS].to_numpy(), longest).sum(axis=1)
    signs = {"many": np.asarray(sizes > FEW)}
    if "out_of_distribution_threshold" in card and rows["distance"].notna().all():
        far = rows["distance"] > card["out_of_distribution_threshold"]
        signs["out-of-distribution"] = far.to_numpy(dtype=bool)
    return signs


def held_back(found: ReleasedModels, model: str) -> pd.DataFrame:
    """Return the share of the predictions that name many genres or are out of distribution.

    Parameters
    ----------
    found : ReleasedModels
    model : str

    Returns
    -------
    DataFrame
        One row per ``group`` (known genres of GTZAN; known genres and soul, which is unknown,
        from outside it) and ``sign`` (``"many"``: more than three genres in the prediction set;
        ``"out-of-distribution"`` by the distance): ``share``, ``low``, ``high``, ``n``,
        ``artists``; ``right``: the accuracy, missing for soul, which has no right answer.
    """
    out = []
    for group, rows in _groups(found, model).items():
        right = float(rows["correct"].mean()) if rows["known"].all() else np.nan
        for sign, flags in _signs(rows, found.cards[model]).items():
            got = mean_interval(flags, rows["artist"].to_numpy())
            out.append((group, sign, got.estimate, got.low, got.high, got.n, got.clusters, right))
    columns = ["group", "sign", "share", "low", "high", "n", "artists", "right"]
    return pd.DataFrame(out, columns=columns)


def many_ratios(found: ReleasedModels, model: str) -> pd.DataFrame:
    """Return how many times as often soul gets many genres as music of known genres.

    Parameters
    ----------
    found : ReleasedModels
    model : str

    Returns
    -------
    DataFrame
        ``against`` (``"GTZAN"`` or ``"wild"``), ``ratio``, ``low``, ``high``, ``verdict`` (what
        the share of soul is beside the other: "better" means larger), ``twice`` (the whole
        interval lies at 2 or above); empty without soul.
    """
    groups = _groups(found, model)
    soul = groups.pop("soul", pd.DataFrame())
    out: list[tuple[str, float, float, float]] = []
    differences: list[Difference] = []
    for name, known in groups.items() if len(soul) else ():
        sides = [(_signs(rows, found.cards[model])["many"], rows["artist"].to_numpy())
                 for rows in (soul, known)]  # fmt: skip
        differences.append(accuracy_difference(*sides[0], *sides[1]))
        ratio = _ratio_of_shares(*sides[0], *sides[1])
        out.append((name, ratio.estimate, ratio.low, ratio.high))
    table = pd.DataFrame(out, columns=["against", "ratio", "low", "high"])
    words = [v.word for v in verdicts(differences)] if differences else []
    return table.assign(verdict=words, twice=table["low"] >= 2)


def _ratio_of_shares(
    flags: NDArray[np.bool_],
    artists: NDArray[Any],
    others: NDArray[np.bool_],
    of_others: NDArray[Any],
) -> Any:
    """Return the interval of one share divided by the other."""
    both = np.concatenate([flags, others]).astype(np.float64)
    first = np.arange(both.size) < flags.size

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        one, two = (
            (weights[:, side] @ both[side]) / weights[:, side].sum(axis=1)
            for side in (first, ~first)
        )
        return np.asarray(one / two)

    return cluster_bootstrap(statistic, np.concatenate([artists, of_others]))


def separation(found: ReleasedModels, model: str) -> pd.DataFrame:
    """Return how well the entropy of the probabilities and the distance tell trouble.

    Parameters
    ----------
    found : ReleasedModels
    model : str

    Returns
    -------
    DataFrame
        One row per ``task`` (``"errors, GTZAN"``: wrong against right predictions; ``"soul,
        wild"``: soul against known music) and ``sign`` (``"entropy"``, ``"distance"``): ``auc``,
        the probability that the sign is larger for trouble (0.5: blind), with ``low`` and
        ``high``, and ``verdict``, what it is beside one that is blind.
    """
    groups = _groups(found, model)
    if len(clips := found.of(model, ELSEWHERE[0])):
        groups = {"elsewhere": clips} | groups
    tasks = {}
    for name in ("elsewhere", "GTZAN", "wild"):
        if name in groups:
            rows = groups[name]
            tasks[f"errors, {name}"] = rows, ~rows["correct"].to_numpy(dtype=bool)
    for name in ("GTZAN", "wild"):
        if name in groups and "soul" in groups:
            rows = pd.concat([groups["soul"], groups[name]])
            tasks[f"soul, {name}"] = rows, ~rows["known"].to_numpy(dtype=bool)
    out: list[tuple[str, str, float, float, float]] = []
    differences: list[Difference] = []
    for task, (rows, trouble) in tasks.items():
        for sign in ("entropy", "distance"):
            score = rows[sign].to_numpy(np.float64)
            if np.isnan(score).any() or not 0 < trouble.sum() < len(rows):
                continue
            above = _auc_above_half(score, trouble, rows["artist"].to_numpy())
            i = above.interval
            out.append((task, sign, i.estimate + 0.5, i.low + 0.5, i.high + 0.5))
            differences.append(above)
    table = pd.DataFrame(out, columns=["task", "sign", "auc", "low", "high"])
    return table.assign(verdict=[v.word for v in verdicts(differences)] if differences else [])


def _auc_above_half(
    score: NDArray[np.float64], positive: NDArray[np.bool_], artists: NDArray[Any]
) -> Difference:
    """Return the share of pairs in which the positive scores higher (ties: half), minus 0.5."""
    high, low = score[positive][:, None], score[~positive]
    above = (high > low) + 0.5 * (high == low)

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = weights[:, positive], weights[:, ~positive]
        pairs = first.sum(axis=1) * second.sum(axis=1)
        return np.asarray(((first @ above) * second).sum(axis=1) / pairs - 0.5)

    return difference(statistic, artists)
