"""What the results say, in sentences.

Conventions
-----------
Every function takes what `audionome.lab` computed and returns Markdown. Every number in it and
every verdict ("better", "cannot be told apart") comes from there; only the words around them are
from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.features import COLUMNS
from audionome.lab import ladder as rungs_of
from audionome.lab.calibration import Overconfidence, Unknown
from audionome.lab.compare import SAME
from audionome.lab.confusion import Confusion, Hardest
from audionome.lab.estimators import MODELS
from audionome.lab.names import FLOOR, model_title, protocol_title
from audionome.lab.protocols import LADDER

__all__ = [
    "best",
    "choice",
    "confusion",
    "genres",
    "hardest",
    "importance",
    "ladder",
    "learning",
    "missing",
    "reliability",
    "resolution",
    "shipped",
    "unknown",
]

# What each rung changes against the one above it, as the subject of a sentence.
_RUNGS = {
    "track-grouped": "keeping the windows of a track together",
    "artist-grouped": "keeping the tracks of an artist together",
    "fault-filtered": "going to the published split, which has fewer tracks and lacks the listed "
    "repetitions,",
    "wild": "listening to music from outside GTZAN",
}


def missing(scores: pd.DataFrame) -> str:
    """Write which results are not there, or that none is missing."""
    lacking = rungs_of.missing(scores)
    if lacking.empty:
        return "Every model has a result under every protocol."
    parts = []
    for protocol, rows in lacking.groupby("protocol", sort=False):
        names = [
            model_title(str(model), variants.iloc[0] if len(variants) == 1 else None)
            for model, variants in rows.groupby("model", sort=False)["variant"]
        ]
        whole = len(rows) == sum(len(spec.variants) for spec in MODELS.values())
        parts.append(
            f"under *{protocol_title(str(protocol))}* "
            + ("every model" if whole else listed(names))
        )
    plural = "results are" if len(lacking) > 1 else "result is"
    return (
        f"**{len(lacking)} {plural} not computed yet** and not in the charts: {'; '.join(parts)}."
    )


def ladder(steps: pd.DataFrame, name: str) -> str:
    """Write how accuracy falls from rung to rung."""
    if steps.empty:
        return f"There is no result for {name} yet."
    first, last = steps.iloc[0], steps.iloc[-1]
    if len(steps) == 1:
        return f"**{name}** scores {share(first['accuracy'])} under *{first['protocol_title']}*."
    text = [
        f"**{name}** scores **{share(first['accuracy'])}** under *{first['protocol_title']}* and "
        f"**{share(last['accuracy'])}** under *{last['protocol_title']}*."
    ]
    rungs = list(LADDER)
    for (_, above), (_, step) in pairwise(steps.iterrows()):
        rung = _RUNGS.get(step["protocol"], f"the step to *{step['protocol_title']}*")
        if rungs.index(step["protocol"]) != rungs.index(above["protocol"]) + 1:
            # A rung between them is missing, so the step is not that rung's alone.
            rung = f"the way from *{above['protocol_title']}* to *{step['protocol_title']}*"
        rung = f"{rung[:1].upper()}{rung[1:]}"
        cost, low, high = (float(step[c]) for c in ("cost", "cost_low", "cost_high"))
        if step["verdict"] == SAME:
            text.append(
                f"{rung} makes no difference that can be told from chance "
                f"({points(-cost)} points, {span(-high, -low)})."
            )
            continue
        verb, sign = ("costs", 1) if cost > 0 else ("gains", -1)
        bounds = sorted((sign * low, sign * high))
        within = "" if pd.isna(low) else f" ({span(*bounds)})"
        text.append(f"{rung} {verb} **{points(sign * cost)} points**{within}.")
    return " ".join(text)


def resolution(table: pd.DataFrame) -> str:
    """Write how little the clips resolve once it counts that artists have several."""
    if table.empty:
        return "There are no results to measure yet."
    rows = table.set_index("protocol").to_dict("index")
    text = []
    for name in ("artist-grouped", "fault-filtered"):
        if row := rows.get(name):
            text.append(
                f"The {row['n']:,} tracks of *{row['protocol_title']}* are by {row['artists']:,} "
                f"artists and are worth about **{row['effective_n']:.0f} independent ones**: the "
                f"interval of an accuracy is **±{points(row['half_width'])} points**, not "
                f"±{points(row['half_width_independent'])}."
            )
    return (
        " ".join(text) + " Accuracies that lie closer together than that say nothing by "
        "themselves; models are compared on the same tracks, artist by artist."
    )


def confusion(result: Confusion) -> str:
    """Name the commonest confusions."""
    if result.pairs.empty:
        some = result.counts.to_numpy().sum() > 0
        return "No genre is taken for another." if some else "There are no answers to compare yet."
    parts = [
        f"{row['genre']} heard as {row['predicted']} ({share(row['share'])} of {row['genre']})"
        for _, row in result.pairs.head(3).iterrows()
    ]
    return f"The commonest confusions: {listed(parts)}."


def genres(table: pd.DataFrame) -> str:
    """Write which genres are found and which are missed."""
    have = table[table["recall"].notna()] if len(table) else table
    if have.empty:
        return "There are no answers to count yet."
    order = have.sort_values("recall", ascending=False, kind="stable")
    top, low = order.iloc[0], order.iloc[-1]
    text = (
        f"{str(top['genre']).capitalize()} is found most often ({share(top['recall'])}, "
        f"{span(top['recall_low'], top['recall_high'])}), {low['genre']} least often "
        f"({share(low['recall'])}, {span(low['recall_low'], low['recall_high'])})."
    )
    if low["verdict"] == SAME:
        text += f" Even these two {SAME}, so the order is not certain."
    return text


def hardest(result: Hardest) -> str:
    """Write how many clips every model gets wrong, and of which genres they are."""
    if not result.n_models or result.tracks.empty:
        return "There are no answers to compare yet."
    text = (
        f"**{result.n_all_wrong} of {len(result.tracks):,} clips** are wrong for every one of "
        f"{result.n_models} models."
    )
    genres = result.tracks.loc[result.tracks["wrong"] == result.n_models, "genre"].value_counts()
    if genres.empty:
        return text
    parts = [f"{n} of {genre}" for genre, n in genres.sort_index().items()]
    return f"{text} By genre: {listed(parts)}."


def best(table: pd.DataFrame) -> str:
    """Write which models are worse than the reference and which cannot be told from it."""
    if table.empty:
        return "There are no answers to compare yet."
    top = table[table["reference"]].iloc[0]
    others = table[~table["reference"] & (table["model"] != FLOOR)]
    text = f"**{top['title']}** has {share(top['accuracy'])}."
    better, worse, same = (
        others[(others["verdict"] == word).to_numpy(dtype=bool)]
        for word in ("better", "worse", SAME)
    )
    for rows, words in (
        (better, "Better: {}."),
        (worse, "It is better than {}."),
        (same, "It and {} **cannot be told apart**: a difference this small can be luck."),
    ):
        if not rows.empty:
            named = listed(rows["title"].to_list())
            # A long list is easier to see in the chart.
            text += " " + words.format(named if len(rows) < 6 else f"{len(rows)} others")
    return text


def choice(scores: pd.DataFrame, table: pd.DataFrame, *, model: str, variant: str) -> str:
    """Write which model was chosen by `audionome.lab.ladder.best`, and how sure that choice is."""
    name = model_title(model, variant)
    rows = scores[
        (scores["model"] == model)
        & (scores["variant"] == variant)
        & (scores["protocol"] == "artist-grouped")
        & (scores["level"] == "track")
    ].set_index("split")["accuracy"]
    if "valid" not in rows:
        return f"Our choice on this page is **{name}**, for want of results with artists apart."
    text = (
        f"Our choice on this page is **{name}**: with artists kept apart, of all models it has the "
        f"highest validation accuracy per track, {share(rows['valid'])}."
    )
    others = table[~table["reference"].to_numpy(dtype=bool)] if len(table) else table
    if others.empty:
        return text
    same = int((others["verdict"] == SAME).sum())
    if not same:
        return f"{text} On test music it is told apart from every other."
    models = f"{same} others" if same > 1 else "one other"
    return (
        f"{text} On test music it cannot be told apart from {models}, so among those the choice "
        "may as well go by speed, size and honest probabilities."
    )


def shipped(card: Mapping[str, Any]) -> str:
    """Write what ships instead, and how often it is right."""
    of = card["evaluation"]["artist-grouped"]
    return (
        f"What ships with Audionome is none of these: it hears more than the {len(COLUMNS)} "
        f"features ({card['estimator']}) and is right in {share(of['accuracy'])} of "
        f"{of['n']} tracks by artists it never heard ({span(of['low'], of['high'])}). The chapter "
        "on the model we ship compares the two on the same tracks."
    )


def reliability(bins: pd.DataFrame, found: Overconfidence | None) -> str:
    """Write whether the confidence of a model may be believed; ``it`` is the model."""
    if bins.empty or found is None:
        return "there are no answers to count yet."
    gap = found.verdict.interval
    if found.verdict.differs:
        word = "too sure of itself" if gap.estimate > 0 else "too modest"
        bounds = sorted((abs(gap.low), abs(gap.high)))
        told = f"{word}, by {points(abs(gap.estimate))} points ({span(*bounds)}). "
    else:
        told = (
            f"the two {SAME} (they are {points(abs(gap.estimate))} points apart, "
            f"{span(gap.low, gap.high)}). "
        )
    known = bins.dropna(subset=["low", "high"])
    inside = (known["low"] <= known["confidence"]) & (known["confidence"] <= known["high"])
    return (
        f"it claims {share(found.confidence)} on average and is right in {share(found.accuracy)}: "
        f"{told}In {int(inside.sum())} of {len(known)} steps of confidence the claim lies inside "
        "the interval of what is found."
    )


def unknown(result: Unknown | None) -> str:
    """Write whether the model notices music of a genre that it has never met."""
    if result is None:
        return "There are no answers about music of an unknown genre yet."
    table = result.table.set_index("kind")
    mean, n = table["mean"], int(table["n"]["unknown"])
    named = [f"{genre} ({share(part)})" for genre, part in result.predicted.head(3).items()]
    text = (
        f"{n} tracks are soul, a genre that it never learned. It calls them {listed(named)}, with "
        f"a mean confidence of {share(mean['unknown'])}"
    )
    if {"right", "wrong"} <= set(mean.index):
        text += (
            f" ({share(mean['right'])} when it is right about a known genre, "
            f"{share(mean['wrong'])} when it is wrong)"
        )
    text += "."
    text += (
        f" A track of a known genre gets more confidence than a soul track in "
        f"{share(result.auc.estimate)} of pairs ({span(result.auc.low, result.auc.high)}); "
    )
    if result.verdict.word != "better":
        return f"{text}blind would be half of them, so whether it notices cannot be told."
    how_much = _how_much(result.auc.estimate)
    return f"{text}blind would be half of them, so it does notice, {how_much}."


def _how_much(auc: float) -> str:
    if auc < 0.7:
        return "but only a little"
    return "in part" if auc < 0.9 else "nearly always"


def learning(curve: pd.DataFrame) -> str:
    """Write whether more tracks would help; ``title`` names the models."""
    told: list[str] = []
    rising: list[str] = []
    unsure: list[str] = []
    for title, rows in curve.groupby("title", sort=False) if len(curve) else ():
        rows = rows.sort_values("tracks")
        first, last = rows.iloc[0], rows.iloc[-1]
        told.append(
            f"{title} goes from {share(first['accuracy'])} with {first['tracks']:,} tracks to "
            f"{share(last['accuracy'])} with {last['tracks']:,}"
        )
        gain = f"{points(last['gain'])} points, {span(last['gain_low'], last['gain_high'])}"
        (rising if last["verdict"] == "better" else unsure).append(f"{title} ({gain})")
    if not told:
        return "There is no learning curve yet."
    text = f"{listed(told)}."
    if rising:
        text += f" In the last step the curve still rises for {listed(rising)}."
    if unsure:
        text += (
            f" For {listed(unsure)} the last two sizes {SAME}: whether the last step still brings "
            "anything is open."
        )
    return text


def importance(table: pd.DataFrame) -> str:
    """Write which groups of features are needed; ``label`` names them."""
    if table.empty:
        return "The importance of the features is not computed yet."
    rows = table.sort_values("drop", ascending=False, kind="stable")
    top = rows.iloc[0]
    text = (
        f"Scrambling {top['label']} costs most: {points(top['drop'])} points "
        f"({span(top['low'], top['high'])})."
    )
    needed = int((rows["verdict"] == "better").sum())
    if needed == len(rows):
        return f"{text} It is better with each of the groups: this model relies on all of them."
    return (
        f"{text} For {len(rows) - needed} of {len(rows)} groups the model with them and the model "
        f"without them {SAME}."
    )
