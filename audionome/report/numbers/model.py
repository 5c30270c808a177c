"""Numbers of the model card, of what `audionome.lab.model_card` found."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from audionome._words import genre_name, listed, points, share
from audionome.lab.compare import SAME
from audionome.lab.model_card import ELSEWHERE, Comparison, ReleasedModels

__all__ = [
    "accuracy",
    "artists",
    "calibration",
    "counted",
    "coverage",
    "difference",
    "doubt",
    "genres",
    "interval",
    "learned",
    "lengths",
    "named",
    "ranking",
]

_PLACES = {"elsewhere": ELSEWHERE[0], "gtzan": "artist-grouped"}


def interval(low: float, high: float) -> str:
    """Write the ends of a 95 % interval of shares, without the words around them."""
    return f"{points(low)} to {points(high)}"


def counted(n: int, word: str) -> str:
    """Write a number of things, one of them without its "s"."""
    return f"{n:,} {word}" + ("" if n == 1 else "s")


def learned(found: ReleasedModels) -> dict[str, str]:
    """Tell what the models learned from.

    Parameters
    ----------
    found : ReleasedModels

    Returns
    -------
    dict of str to str
        ``ear_gtzan``, ``ear_elsewhere``: clips that the ear's classifier learned from;
        ``extended_tracks`` and ``classic_tracks``, each also with ``_artists``; ``scarce``: the
        genres of which less than half has sound, with their numbers.
    """
    ear = found.cards["ear"]["data"]
    told = {
        "ear_gtzan": f"{ear['gtzan']:,}",
        "ear_elsewhere": f"{ear['outside']:,}",
    }
    for model in ("extended", "classic"):
        index = found.indexes[model]
        told[f"{model}_tracks"] = f"{len(index.tracks):,}"
        told[f"{model}_artists"] = f"{len(set(index.artists.tolist())):,}"
    counts = pd.Series(found.indexes["extended"].genres).value_counts()
    few = counts[counts < counts.max() / 2]
    return told | {"scarce": listed([f"{n} {genre_name(str(g))}" for g, n in few.items()])}


def accuracy(table: pd.DataFrame) -> dict[str, str]:
    """Tell how often models are right on the same clips.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.on_same_tracks`.

    Returns
    -------
    dict of str to str
        Of each model, as ``ear_elsewhere`` and ``ear_gtzan``: the accuracy; with ``_interval`` and
        ``_top3`` (the genre is among the first three). ``n_elsewhere``, ``artists_elsewhere``,
        ``n_gtzan``, ``artists_gtzan``: clips and artists.
    """
    told = {}
    for name, protocol in _PLACES.items():
        rows = table[(table["protocol"] == protocol).to_numpy(dtype=bool)]
        told[f"n_{name}"] = f"{rows['n'].iloc[0]:,}"
        told[f"artists_{name}"] = f"{rows['artists'].iloc[0]:,}"
        for row in rows.to_dict("records"):
            key = f"{row['model']}_{name}"
            told[key] = share(row["accuracy"])
            told[f"{key}_interval"] = interval(row["low"], row["high"])
            told[f"{key}_top3"] = share(row["top3"])
    return told


def difference(found: Comparison) -> dict[str, str]:
    """Tell what one model is beside another.

    Parameters
    ----------
    found : Comparison

    Returns
    -------
    dict of str to str
        ``a_right``, ``b_right``: accuracies; ``verdict``: "is better than", "is worse than" or
        "cannot be told apart from"; ``apart``: the difference in points, without a sign;
        ``apart_interval``: its interval, the larger minus the smaller; ``only_a``, ``only_b``:
        clips that one alone gets right; ``tracks`` and ``artists``.
    """
    gap = found.verdict.interval
    ends = (gap.low, gap.high) if gap.estimate >= 0 else (-gap.high, -gap.low)
    return {
        "a_right": share(found.accuracy_a.estimate),
        "a_interval": interval(found.accuracy_a.low, found.accuracy_a.high),
        "b_right": share(found.accuracy_b.estimate),
        "b_interval": interval(found.accuracy_b.low, found.accuracy_b.high),
        "verdict": _beside(found),
        "apart": points(abs(gap.estimate)),
        "apart_interval": interval(*ends),
        "only_a": f"{found.only_a:,}",
        "only_b": f"{found.only_b:,}",
        "tracks": f"{gap.n:,}",
        "artists": f"{gap.clusters:,}",
    }


def _beside(found: Comparison) -> str:
    if not found.verdict.differs:
        return f"{SAME} from"
    return f"is {found.verdict.word} than"


def ranking(found: Mapping[tuple[str, str, str], Comparison], a: str, b: str) -> dict[str, str]:
    """Tell whether one model is better than another wherever both were compared.

    Parameters
    ----------
    found : mapping of (str, str, str) to Comparison
        From `audionome.lab.model_card.comparisons`.
    a, b : str
        Names of the models.

    Returns
    -------
    dict of str to str
        ``ear_extended`` (by the names): "is better than the extended model in all 3 comparisons",
        or how many of them have which verdict.
    """
    words = [_beside(c) for (_, one, other), c in found.items() if (one, other) == (a, b)]
    parts = []
    for word in dict.fromkeys(words):
        n = words.count(word)
        where = f"in all {n} comparisons" if n == len(words) else f"in {n} of {len(words)}"
        parts.append(f"{word} the {b} model {where}")
    return {f"{a}_{b}": listed(parts)}


def named(counts: pd.DataFrame) -> dict[str, str]:
    """Count the clips of a genre that each model gets right.

    Parameters
    ----------
    counts : DataFrame
        From `audionome.lab.model_card.named`.

    Returns
    -------
    dict of str to str
        ``n`` and, for each model, ``ear_right`` and so on.
    """
    told = {f"{r['model']}_right": str(r["right"]) for r in counts.to_dict("records")}
    return told | {"n": str(counts["n"].iloc[0])}


def lengths(table: pd.DataFrame) -> dict[str, str]:
    """Tell what a shorter excerpt costs.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.excerpts`.

    Returns
    -------
    dict of str to str
        ``whole``, ``ten``, ``three``: accuracies by length; ``ten_cost`` and ``three_cost``: a
        clause with the difference, or that there is none to be told.
    """
    names = {0: "whole", 10: "ten", 3: "three"}
    told = {}
    for row in table.to_dict("records"):
        name = names[int(row["seconds"])]
        told[name] = share(row["accuracy"])
        told[f"{name}_cost"] = (
            "cannot be told apart from the whole clip"
            if row["verdict"] == SAME
            else f"costs {points(row['cost'])} points "
            f"({interval(row['cost_low'], row['cost_high'])})"
        )
    return told


def genres(table: pd.DataFrame, few: pd.DataFrame, *, below: float = 0.6) -> dict[str, str]:
    """Name the genres that a model misses.

    Parameters
    ----------
    table, few : DataFrame
        From `audionome.lab.model_card.per_genre` and `audionome.lab.model_card.few_clips`.
    below : float
        A recall under which a genre is missed.

    Returns
    -------
    dict of str to str
        ``missed``: genres with their recall, the worst first, or "none of them"; ``best``: the
        genre that is found most often; ``few``: genres with too few clips to say.
    """
    told = table[~table["genre"].isin(few["genre"]).to_numpy()].sort_values("recall")
    missed = told[told["recall"] < below]
    parts = [f"{genre_name(r['genre'])} ({share(r['recall'])})" for r in missed.to_dict("records")]
    best = told.iloc[-1]
    return {
        "missed": listed(parts) if parts else "none of the others",
        "best": f"{genre_name(str(best['genre']))} ({share(float(best['recall']))})",
        "few": listed([f"{genre_name(r['genre'])} ({r['n']})" for r in few.to_dict("records")]),
    }


def calibration(table: pd.DataFrame, model: str) -> dict[str, str]:
    """Tell how far a model's confidence is from the truth.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.on_same_tracks`.
    model : str

    Returns
    -------
    dict of str to str
        ``error_elsewhere``, ``error_gtzan`` (in points), each also with ``_luck``: what perfectly
        honest confidences would show.
    """
    rows = table[(table["model"] == model).to_numpy(dtype=bool)]
    error, luck = (
        dict(zip(rows["protocol"], rows[f"calibration_{c}"], strict=True))
        for c in ("error", "luck")
    )
    told = {}
    for name, protocol in _PLACES.items():
        told[f"error_{name}"] = points(error[protocol])
        told[f"error_{name}_luck"] = points(luck[protocol])
    return told


def coverage(table: pd.DataFrame) -> dict[str, str]:
    """Tell how right the surest half of the answers is.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.coverage`, with the shares 0.5 and 1.

    Returns
    -------
    dict of str to str
        ``half``, ``half_interval``, ``every``.
    """
    rows = table.set_index("coverage").to_dict("index")
    return {
        "half": share(rows[0.5]["accuracy"]),
        "half_interval": interval(rows[0.5]["low"], rows[0.5]["high"]),
        "every": share(rows[1.0]["accuracy"]),
    }


def doubt(table: pd.DataFrame, task: str, sign: str = "entropy") -> dict[str, str]:
    """Tell how well a sign tells trouble.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.separation`.
    task, sign : str
        Which row of it.

    Returns
    -------
    dict of str to str
        ``auc``, ``auc_interval``; ``auc_verdict``: "better than chance", "no better than chance"
        or "worse than chance".
    """
    wanted = (table["task"] == task) & (table["sign"] == sign)
    (row,) = table[wanted.to_numpy(dtype=bool)].to_dict("records")
    words = {"better": "better than chance", "worse": "worse than chance"}
    return {
        "auc": f"{row['auc']:.2f}",
        "auc_interval": f"{row['low']:.2f} to {row['high']:.2f}",
        "auc_verdict": words.get(row["verdict"], "no better than chance"),
    }


def artists(tracks: pd.DataFrame) -> dict[str, str]:
    """Tell how much of a genre one artist makes up.

    Parameters
    ----------
    tracks : DataFrame
        Of `audionome.datasets.gtzan.load`.

    Returns
    -------
    dict of str to str
        ``largest``: the four largest shares; ``fewest`` and ``most``: genres with the number of
        their artists.
    """
    largest = tracks.groupby("genre")["artist"].agg(lambda a: a.value_counts(normalize=True).max())
    top = largest.sort_values(ascending=False, kind="stable").head(4)
    each = tracks.groupby("genre")["artist"].nunique().sort_values(kind="stable")
    return {
        "largest": listed([f"{share(v)} of {genre_name(str(g))}" for g, v in top.items()]),
        "fewest": f"{genre_name(str(each.index[0]))} from {each.iloc[0]}",
        "most": f"{genre_name(str(each.index[-1]))} from {each.iloc[-1]}",
    }
