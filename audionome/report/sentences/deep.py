"""What the chapter on deep learning says, in sentences.

Conventions
-----------
As in `findings`: every function returns Markdown, and every number and every verdict in it comes
from what the lab holds.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

import audionome.lab.deep as room
from audionome._words import duration, listed, points, share, span
from audionome.lab.deep.opened import OpenedCNN
from audionome.lab.deep.results import (
    OUTSIDE,
    PRETRAINED,
    RUNGS,
    SCRATCH,
    DeepResults,
    training_cost,
    watched,
)
from audionome.lab.deep.settings import WATTS_PER_CORE
from audionome.lab.model_card import Comparison
from audionome.lab.protocols import PROTOCOLS

__all__ = [
    "answers",
    "best_from_scratch",
    "clips",
    "code",
    "cost",
    "cost_told",
    "families",
    "layers",
    "learned",
    "trained",
]


#: What a model is called in a sentence.
NAMES = {"extended": "extended model", "small CNN": "small network"}


def code(name: str, module: str = "network") -> str:
    """Return the source of a class or function of `audionome.lab.deep`, as it runs.

    Parameters
    ----------
    name, module : str
        The module is read, not imported, for it may need PyTorch.
    """
    path = Path(room.__path__[0]) / f"{module}.py"
    text = path.read_text(encoding="utf-8")
    (node,) = [
        n for n in ast.parse(text).body
        if isinstance(n, (ast.ClassDef, ast.FunctionDef)) and n.name == name
    ]  # fmt: skip
    return ast.get_source_segment(text, node) or ""


def clips(found: DeepResults) -> str:
    """Return how many clips were learned from and tested under each protocol."""
    parts = []
    for name in (p for p in PROTOCOLS if p in set(found.runs["protocol"])):
        runs = found.runs[found.runs["protocol"] == name]
        first = runs.iloc[0]
        tested = found.predictions[found.predictions["protocol"] == name]
        if PROTOCOLS[name].level == "window":
            parts.append(
                f"**{PROTOCOLS[name].title}**: {first['train_patches']:,} windows train, "
                f"{first['valid_patches']:,} validate, {len(tested):,} are tested"
            )
        elif len(runs) == 1:
            parts.append(
                f"**{PROTOCOLS[name].title}**: {first['train_tracks']} clips train, "
                f"{first['valid_tracks']} validate, {first['test_tracks']} are tested"
            )
        else:
            low, high = runs["train_tracks"].min(), runs["train_tracks"].max()
            span_of = f"{low} to {high}" if low < high else f"{low}"
            parts.append(
                f"**{PROTOCOLS[name].title}**: {len(runs)} networks, each learning from "
                f"{span_of} clips; all {tested['track'].nunique()} are tested"
            )
    measured = found.predictions.loc[
        found.predictions["protocol"] == "artist-grouped", "track"
    ].nunique()
    return (
        f"Of GTZAN's clips, {measured} have audio that can be had, and a network that learns from "
        "sound can use no others. " + "; ".join(parts) + "."
    )


def layers(network: OpenedCNN) -> str:
    """Return how many filters each layer has and how many numbers were learned."""
    shapes = [v.shape for k, v in network.weights.items() if v.ndim == 3]
    told = [f"{n} filters over {c} × {w} inputs" for n, c, w in shapes]
    return (
        f"The three layers have {listed(told)}. With the scales of the normalisation and the last "
        f"sum that is **{network.parameters:,} numbers**, all of them found by training."
    )


def learned(found: DeepResults) -> str:
    """Return where the losses of training and validation ended, where both were watched."""
    told = [
        f"{title.lower()}: training {losses[-1][0]:.2f}, validation **{losses[-1][1]:.2f}**"
        for title, losses in watched(found).items()
    ]
    return f"Where the losses ended: {'; '.join(told)}."


def trained(found: DeepResults) -> str:
    """Return how long the trainings took, what energy that is, and what that rests on."""
    cost = training_cost(found)
    runs, seconds, energy = (cost[c].sum() for c in ("trainings", "seconds", "watt_hours"))
    each = found.runs["seconds"].median()
    return (
        f"The {runs} trainings took {seconds / 60:.1f} minutes of one processor core together, "
        f"{each:.0f} s in the middle one. The machine has no meter that a program may read, so the "
        f"energy is an estimate: at an assumed {WATTS_PER_CORE:.0f} W for a busy core it is "
        f"{energy:.1f} Wh, and it grows and shrinks with that assumption."
    )


def best_from_scratch(compared: Mapping[str, Comparison]) -> str:
    """Return whether the small network or the extended model is the better one from scratch.

    Parameters
    ----------
    compared : mapping
        Protocol to the comparison of the small network with the extended model.
    """
    out = []
    for name, one in compared.items():
        gap = one.verdict.interval
        text = (
            f"On the same {gap.n} clips by {gap.clusters} artists, {PROTOCOLS[name].summary}, the "
            f"small network is right about **{share(one.accuracy_a.estimate)}** "
            f"({span(one.accuracy_a.low, one.accuracy_a.high)}) and the extended model about "
            f"**{share(one.accuracy_b.estimate)}** "
            f"({span(one.accuracy_b.low, one.accuracy_b.high)}). "
        )
        if not one.verdict.differs:
            text += (
                f"They cannot be told apart: the difference is {points(gap.estimate)} points "
                f"({span(gap.low, gap.high)}, paired)."
            )
        else:
            ahead, behind, low, high = one.a, one.b, gap.low, gap.high
            if one.verdict.word == "worse":
                ahead, behind, low, high = one.b, one.a, -gap.high, -gap.low
            text += (
                f"The {NAMES.get(ahead, ahead)} is better than the {NAMES.get(behind, behind)} by "
                f"{points(abs(gap.estimate))} points ({span(low, high)}, paired)."
            )
        out.append(text)
    ahead_of = {one.verdict.word for one in compared.values()}
    if "better" not in ahead_of:
        out.append(
            "So the best that we have **from scratch** is still the [extended model](model.ipynb)."
        )
    return "\n\n".join(out)


def answers(likely: Mapping[str, tuple[str, float]]) -> str:
    """Return what the small network calls the pieces.

    Parameters
    ----------
    likely : mapping
        Genre that a piece imitates to the answer and its probability.
    """
    right = [genre for genre, (said, _) in likely.items() if said == genre]
    return (
        f"Of the {len(likely)} pieces it names {len(right)} as they were meant"
        + (f" ({listed(right)})" if right else "")
        + ". It never heard such sounds; the pieces are there to point at things."
    )


def families(table: pd.DataFrame) -> str:
    """Return the best of each family on each rung where there are both, with the caveat.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.deep.results.deep_ladder`.
    """
    out = []
    for rung, rows in table.groupby("rung", sort=False):
        ordered = rows.sort_values("accuracy", kind="stable")
        best = {str(f): own.iloc[-1] for f, own in ordered.groupby("family")}
        if set(best) == {SCRATCH, PRETRAINED}:
            told = [
                f"{family}, {best[family]['model']} **{share(best[family]['accuracy'])}** "
                f"({span(best[family]['low'], best[family]['high'])})"
                for family in (SCRATCH, PRETRAINED)
            ]
            known = "" if rung == RUNGS[OUTSIDE] else ", which may know some of these songs"
            out.append(f"- {rung}: {'; '.join(told)}{known}.")
    if not out:
        return "The pretrained ear has not been judged yet."
    return "\n".join(out)


def cost(table: pd.DataFrame) -> pd.DataFrame:
    """Return what an answer of each model costs, ready to print.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.deep.cost.load_cost`.
    """
    return pd.DataFrame(
        {
            "model": table["model"],
            "family": table["family"],
            "numbers that were learned": [f"{n:,}" for n in table["parameters"]],
            "30 s of music, one core": [duration(v) for v in table["seconds"]],
            "energy (mWh, estimate)": [f"{v:.2f}" for v in table["milliwatt_hours"]],
        }
    )


def cost_told(table: pd.DataFrame) -> str:
    """Return what the dearest answer costs beside the cheapest, and what the energy rests on."""
    rows = table.sort_values("seconds", ignore_index=True)
    quick, slow = rows["model"].iloc[[0, -1]]
    low, high = (float(seconds) for seconds in rows["seconds"].iloc[[0, -1]])
    answers_per_wh = 1000 / rows["milliwatt_hours"].iloc[-1]
    return (
        f"Between the quickest ({quick}: {duration(low)} for 30 s of music on one core) and the "
        f"slowest ({slow}: {duration(high)}) lies a factor of {high / low:.0f}. Energy is that "
        f"time at an assumed {WATTS_PER_CORE:.0f} W per busy core: at that rate, one watt-hour is "
        f"enough for {answers_per_wh:,.0f} answers of the slowest. What the ear's own training "
        "cost its authors do not say."
    )
