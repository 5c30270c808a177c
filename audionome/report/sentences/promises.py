"""What `audionome.lab.promises` found, in sentences.

Conventions
-----------
As in `audionome.report.sentences.verdicts`. The two families of models are never compared with each
other in a sentence: one learned from GTZAN alone, the other from much more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from audionome._words import duration, genre_name, listed, points, share, span
from audionome.lab.conformal import COVERAGE

__all__ = [
    "claimed",
    "claimed_before",
    "kept_by_group",
    "kept_by_length",
    "model_name",
    "music",
    "set_on",
    "sizes",
]

_LENGTHS = {0: "whole clips", 10: "excerpts of 10 s", 3: "excerpts of 3 s"}
_SPACE = "\N{NO-BREAK SPACE}"


def model_name(family: str, model: str) -> str:
    """Write the name of a model with its family."""
    return f"{model} ({family})"


def music(rows: pd.DataFrame) -> str:
    """Write what music judges; of `audionome.lab.promises.judged`."""
    clips = rows[(rows["excerpt"] == 0).to_numpy()].drop_duplicates("clip")
    counts = clips["genre"].value_counts()
    many, few = counts.head(2), counts.tail(2)
    known = int(clips["in_gtzan"].sum())

    def told(part: pd.Series) -> str:
        return listed([f"{n} of {genre_name(str(g))}" for g, n in part.items()])

    return (
        f"{len(clips)} clips by {clips['artist'].nunique()} artists, out of "
        f"{clips['source'].nunique()} public collections: {told(many)}, but only {told(few)}. "
        f"They hold from {duration(clips['seconds'].min())} to {duration(clips['seconds'].max())} "
        f"of sound, half of them more than {duration(clips['seconds'].median())}. {known} of them "
        "are other songs by artists of GTZAN."
    )


def kept_by_length(table: pd.DataFrame) -> str:
    """Write what was kept by length; of `audionome.lab.promises.kept`, one model."""
    by = {int(r["excerpt"]): r for r in table.to_dict("records")}
    told = [
        f"{share(by[e]['coverage'])} of {words} "
        f"({span(by[e]['coverage_low'], by[e]['coverage_high'])})"
        for e, words in _LENGTHS.items()
        if e in by
    ]
    missed = [_LENGTHS[e] for e, r in by.items() if r["verdict"] == "missed"]
    end = (
        f" For {listed(missed)} that is less than promised, by the whole interval." if missed
        else f" No interval lies below the {_percent(COVERAGE)} that were promised."
    )  # fmt: skip
    return f"{_of(table)}: the answer included the right genre for {listed(told)}.{end}"


def sizes(table: pd.DataFrame) -> str:
    """Write how many genres answers name, and how often single ones are right; one model."""
    by = {int(r["excerpt"]): r for r in table.to_dict("records")}
    parts = []
    for excerpt, words in _LENGTHS.items():
        if excerpt not in by:
            continue
        r = by[excerpt]
        text = f"about {words} it names {r['size']:.1f} genres on average; {share(r['one'])} of "
        text += "the answers name one alone"
        if r["one"] > 0:
            low, high = r["one_right_low"], r["one_right_high"]
            text += f", and {share(r['one_right'])} of those are right ({span(low, high)})"
        parts.append(text)
    return f"{_of(table)}: {'; '.join(parts)}."


def kept_by_group(table: pd.DataFrame, group: str) -> str:
    """Write for which genres or sources less or more was kept than promised; one model."""
    names = {
        word: [
            f"{genre_name(str(r[group]))} ({share(r['coverage'])} of {int(r['n'])}, "
            f"{span(r['coverage_low'], r['coverage_high'])})"
            for r in table[table["verdict"] == word].to_dict("records")
        ]
        for word in ("missed", "exceeded")
    }
    parts = [
        f"{words} for {listed(names[word])}"
        for word, words in (("missed", "less than promised was kept"),
                            ("exceeded", "more than promised was kept"))
        if names[word]
    ]  # fmt: skip
    if not parts:
        what = {"genre": "genres", "collection": "sources"}[group]
        return f"{_of(table)}: no interval of the {len(table)} {what} misses the promise."
    return f"{_of(table)}: {'; '.join(parts)}."


def claimed(table: pd.DataFrame) -> str:
    """Write what models claim and how often they are right; of `audionome.lab.promises.claims`."""
    by = {int(r["excerpt"]): r for r in table.to_dict("records")}
    r = by[0]
    shorter = [
        f"{share(by[e]['confidence'])} and {share(by[e]['right'])} for {words}"
        for e, words in _LENGTHS.items()
        if e and e in by
    ]
    surplus = r["surplus_low"], r["surplus_high"]
    verdict = (
        "The difference may be luck" if surplus[0] <= 0 <= surplus[1]
        else "It claims too much" if surplus[0] > 0 else "It claims too little"
    )  # fmt: skip
    return (
        f"{_of(table)}: about whole clips it claims {share(r['confidence'])} on average and is "
        f"right {share(r['right'])} of the time ({span(r['right_low'], r['right_high'])}); the "
        f"right genre is among its first three for {share(r['third'])}. {verdict} "
        f"({span(*surplus)} points). Claimed and right: {listed(shorter)}. The calibration error "
        f"of whole clips is {points(r['error'])} points ({span(r['error_low'], r['error_high'])})."
    )


def claimed_before(table: pd.DataFrame) -> str:
    """Write what a model claimed too much with the temperatures of GTZAN's folds; one model."""
    by = {int(r["excerpt"]): r for r in table.to_dict("records")}
    if pd.isna(by[0]["gtzan_surplus"]):
        return f"{_of(table)}: no temperature of it was set on GTZAN."
    told = [
        f"{points(by[e]['gtzan_surplus'])} points about {words} "
        f"({span(by[e]['gtzan_surplus_low'], by[e]['gtzan_surplus_high'])})"
        for e, words in _LENGTHS.items()
        if e in by
    ]
    much = [words for e, words in _LENGTHS.items() if e in by and by[e]["gtzan_surplus_low"] > 0]
    end = f" By the whole interval that is too much for {listed(much)}." if much else ""
    return (
        f"{_of(table)}: with the temperatures of GTZAN's folds, what it claims minus what is right "
        f"would be {listed(told)}.{end}"
    )


def set_on(cards: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Put temperatures and thresholds by length and by what music set them into a table.

    Parameters
    ----------
    cards
        Name of a model to its card.
    """
    names = {"gtzan": "GTZAN, artists apart", "outside": "music from outside"}
    rows = []
    for model, card in cards.items():
        for where, found in card.get("calibrations", {}).items():
            limits = found["set_thresholds"]
            temperatures = _at(found, [n for n, _ in limits])
            rows += [
                {
                    "model": model,
                    "set on": names.get(where, where),
                    "length": f"{3 * n:.0f} s" if n < 10 else "30 s and more",
                    "temperature": f"{t:.2f}",
                    "threshold": share(limit),
                }
                for (n, limit), t in zip(limits, temperatures, strict=True)
            ]
    return pd.DataFrame(rows)


def _at(found: Mapping[str, Any], lengths: Sequence[float]) -> list[float]:
    of = dict(found.get("temperatures", []))
    return [float(of.get(n, found["temperature"])) for n in lengths]


def _of(table: pd.DataFrame) -> str:
    first = table.iloc[0]
    return f"**{str(first['model']).capitalize()}** ({first['family']})"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}{_SPACE}%"
