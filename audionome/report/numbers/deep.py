"""Numbers of the chapter on deep learning: the small network, the ear, and what both cost.

Conventions
-----------
Models from scratch learned from GTZAN alone; pretrained ones learned to hear from other music. Two
families are compared only where the words say what flatters which.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from audionome._words import duration, listed, points, share, span
from audionome.lab.deep.opened import OpenedCNN
from audionome.lab.deep.results import (
    EAR,
    OUTSIDE,
    RUNGS,
    STUDY,
    DeepResults,
    training_cost,
    watched,
)
from audionome.lab.deep.settings import WATTS_PER_CORE
from audionome.lab.estimators import MODELS
from audionome.lab.model_card import Comparison
from audionome.lab.protocols import PROTOCOLS

__all__ = [
    "answers",
    "clips",
    "compared",
    "cost",
    "cost_apart",
    "families",
    "layers",
    "learned",
    "on_the_split",
    "shipped",
    "trained",
]


def layers(network: OpenedCNN) -> dict[str, str]:
    """Count filters and numbers of the small network.

    Parameters
    ----------
    network : OpenedCNN
        From `audionome.lab.deep.opened.load_network`.

    Returns
    -------
    dict of str to str
        ``filters`` of the layers, in order; ``parameters``, all numbers that training found.
    """
    shapes = [weights.shape for weights in network.weights.values() if weights.ndim == 3]
    return {
        "filters": listed([str(shape[0]) for shape in shapes]),
        "parameters": f"{network.parameters:,}",
    }


def learned(found: DeepResults) -> dict[str, str]:
    """Tell where the losses of training and validation ended.

    Parameters
    ----------
    found : DeepResults

    Returns
    -------
    dict of str to str
        ``windows_train`` and ``windows_valid`` with random windows, ``split_train`` and
        ``split_valid`` on the fault-filtered split.
    """
    ends = {title: losses[-1] for title, losses in watched(found).items()}
    titles = {"windows": "random-windows", "split": "fault-filtered-nine-genres"}
    return {
        f"{name}_{part}": f"{ends[PROTOCOLS[protocol].title][i]:.2f}"
        for name, protocol in titles.items()
        for i, part in enumerate(("train", "valid"))
    }


def trained(found: DeepResults) -> dict[str, str]:
    """Tell how long the trainings took, and what energy that is.

    Parameters
    ----------
    found : DeepResults

    Returns
    -------
    dict of str to str
        ``n_trainings``; ``minutes`` of one core together and ``each``, the median training;
        ``watt_hours`` at an assumed ``watts`` per busy core; ``n_measured``, the clips with audio.
    """
    cost = training_cost(found)
    tested = found.predictions[found.predictions["protocol"] == "artist-grouped"]
    return {
        "n_trainings": str(int(cost["trainings"].sum())),
        "minutes": f"{cost['seconds'].sum() / 60:.1f}",
        "each": duration(float(found.runs["seconds"].median())),
        "watt_hours": f"{cost['watt_hours'].sum():.1f}",
        "watts": f"{WATTS_PER_CORE:.0f}",
        "n_measured": str(tested["track"].nunique()),
    }


def clips(found: DeepResults) -> pd.DataFrame:
    """Put into a table what each training of the small network learned from and was tested on.

    Parameters
    ----------
    found : DeepResults

    Returns
    -------
    DataFrame
        One row per protocol.
    """
    rows = []
    for name in (p for p in PROTOCOLS if p in set(found.runs["protocol"])):
        runs = found.runs[found.runs["protocol"] == name]
        tested = found.predictions[found.predictions["protocol"] == name]
        by_window = PROTOCOLS[name].level == "window"
        unit = "patches" if by_window else "tracks"
        low, high = runs[f"train_{unit}"].min(), runs[f"train_{unit}"].max()
        rows.append(
            {
                "protocol": PROTOCOLS[name].title,
                "trainings": len(runs),
                "learned from": f"{low:,} to {high:,}" if low < high else f"{low:,}",
                "watched on": f"{runs[f'valid_{unit}'].max():,}",
                "tested on": f"{len(tested) if by_window else tested['track'].nunique():,} "
                + ("windows" if by_window else "clips"),
            }
        )
    return pd.DataFrame(rows)


def compared(found: Mapping[str, Comparison]) -> dict[str, str]:
    """Tell which of two models from scratch is right more often, clip by clip.

    Parameters
    ----------
    found : mapping
        Protocol to the comparison of the small network with the extended model; the first is told.

    Returns
    -------
    dict of str to str
        ``cnn`` and ``extended``, the accuracies; ``n`` clips by ``artists``; ``told``, a
        clause ("the small network is worse by 11.0 points", with the interval); ``answer`` to
        whether its features beat the chosen ones; ``everywhere``, a sentence about the
        other protocols.
    """
    first, *others = found.values()
    words = {"worse": "no", "better": "yes", "cannot be told apart": "not that we can tell"}
    same = all(one.verdict.word == first.verdict.word for one in others)
    interval = first.verdict.interval
    return {
        "cnn": share(first.accuracy_a.estimate),
        "extended": share(first.accuracy_b.estimate),
        "n": f"{interval.n:,}",
        "artists": f"{interval.clusters:,}",
        "told": _told(first, "the small network"),
        "answer": words[first.verdict.word],
        "everywhere": "The other split says the same." if same else "The other split disagrees.",
    }


def families(found: Mapping[str, Comparison]) -> dict[str, str]:
    """Tell how a pretrained model does beside one from scratch, by rung.

    Parameters
    ----------
    found : mapping
        From `audionome.lab.deep.results.across_families`.

    Returns
    -------
    dict of str to str
        For the rungs ``split``, ``artist`` and ``outside``: ``_pretrained`` and ``_scratch``, the
        accuracies; ``_n``, the clips; ``_told``, a clause: "the ear is better by 7.0 points
        (95 % interval 2.8 to 11.2)", say. Every text is "not measured" where there are not
        both. ``pretrained_answer`` to whether the pretrained model is better on new artists.
    """
    rungs = {
        "split": "fault-filtered-nine-genres",
        "artist": "artist-grouped",
        "outside": "outside",
    }
    out: dict[str, str] = {}
    for name, protocol in rungs.items():
        one = found.get(RUNGS[protocol])
        told = dict.fromkeys(("pretrained", "scratch", "n", "told"), "not measured")
        if one is not None:
            told = {
                "pretrained": share(one.accuracy_a.estimate),
                "scratch": share(one.accuracy_b.estimate),
                "n": f"{one.verdict.interval.n:,}",
                "told": _told(one, "the ear"),
            }
        out |= {f"{name}_{part}": text for part, text in told.items()}
    words = {one.verdict.word for rung, one in found.items() if rung in _NEW_ARTISTS}
    answer = "yes" if words == {"better"} else "in part" if "better" in words else "not that we see"
    return out | {"pretrained_answer": answer}


#: Rungs that ask about artists whom no model has heard.
_NEW_ARTISTS = (RUNGS["artist-grouped"], RUNGS["outside"])


def shipped(table: pd.DataFrame) -> dict[str, str]:
    """Tell how often the ear that ships is right.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.deep.results.deep_ladder`.

    Returns
    -------
    dict of str to str
        ``shipped_artist`` on clips by new artists of GTZAN, ``shipped_outside`` outside GTZAN.
    """
    right = table[table["model"] == EAR].set_index("rung")["accuracy"]
    rungs = {"artist": RUNGS["artist-grouped"], "outside": RUNGS[OUTSIDE]}
    return {f"shipped_{name}": share(float(right[rung])) for name, rung in rungs.items()}


def on_the_split(ours: pd.DataFrame) -> dict[str, str]:
    """Tell how often models of ours are right on the fault-filtered split, with and without disco.

    Parameters
    ----------
    ours : DataFrame
        From `audionome.lab.literature.ours`.

    Returns
    -------
    dict of str to str
        ``our_extended``, on nine genres; the study's model on nine, ``study_nine``, and on all
        ten, ``study_all``; ``study_reported``, what its authors give, on random windows.
    """
    right = ours.set_index(["protocol", "model"])["accuracy"]
    nine = "fault-filtered-nine-genres"
    return {
        "our_extended": share(float(right[nine, "extended"])),
        "study_nine": share(float(right[nine, STUDY])),
        "study_all": share(float(right["fault-filtered", STUDY])),
        "study_reported": f"{100 * (MODELS['svc'].study_accuracy or 0.0):.2f}\N{NO-BREAK SPACE}%",
    }


def _told(one: Comparison, subject: str) -> str:
    gap, word = one.verdict.interval, one.verdict.word
    if word == "cannot be told apart":
        apart = f"{points(gap.estimate)} points, {span(gap.low, gap.high)}"
        return f"the two cannot be told apart (difference {apart})"
    sign = 1 if word == "better" else -1
    low, high = sorted((sign * gap.low, sign * gap.high))
    return f"{subject} is {word} by {points(sign * gap.estimate)} points ({span(low, high)})"


def answers(likely: Mapping[str, tuple[str, float]]) -> dict[str, str]:
    """Count what the small network makes of the synthetic pieces.

    Parameters
    ----------
    likely : mapping
        Genre that a piece imitates to the answer and its probability.

    Returns
    -------
    dict of str to str
        ``n_named`` as they were meant, of ``n_pieces``; ``named``, which in brackets.
    """
    right = [genre for genre, (said, _) in likely.items() if said == genre]
    return {
        "n_pieces": str(len(likely)),
        "n_named": str(len(right)),
        "named": f" ({listed(right)})" if right else "",
    }


def cost(table: pd.DataFrame) -> pd.DataFrame:
    """Put what an answer of each model costs into a table.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.deep.cost.load_cost`.

    Returns
    -------
    DataFrame
        One row per model.
    """
    return pd.DataFrame(
        {
            "model": table["model"],
            "family": table["family"],
            "parameters": [f"{n:,}" for n in table["parameters"]],
            "30 s of music, one core": [duration(v) for v in table["seconds"]],
            "energy (mWh, estimate)": [f"{v:.2f}" for v in table["milliwatt_hours"]],
        }
    )


def cost_apart(table: pd.DataFrame) -> dict[str, str]:
    """Set the dearest answer beside the cheapest.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.deep.cost.load_cost`.

    Returns
    -------
    dict of str to str
        ``quick`` and ``slow`` model, each with ``_time`` for 30 s of music; ``factor`` between
        them; ``per_watt_hour``, answers of the slow one at an assumed ``watts`` per busy core.
    """
    rows = table.sort_values("seconds", ignore_index=True)
    low, high = (float(seconds) for seconds in rows["seconds"].iloc[[0, -1]])
    return {
        "quick": str(rows["model"].iloc[0]),
        "slow": str(rows["model"].iloc[-1]),
        "quick_time": duration(low),
        "slow_time": duration(high),
        "factor": f"{high / low:.0f}",
        "watts": f"{WATTS_PER_CORE:.0f}",
        "per_watt_hour": f"{1000 / rows['milliwatt_hours'].iloc[-1]:,.0f}",
    }
