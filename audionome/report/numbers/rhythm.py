"""Numbers of the chapter on notes, loudness and rhythm: how often tempo and key are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import SAME, Verdict
from audionome.lab.studies.beside import Doubt, KeyComparison
from audionome.lab.studies.tempo import METHODS

__all__ = ["doubt", "doubt_table", "key", "key_table", "tempi", "tempo", "tempo_table"]


def tempi(beside: pd.DataFrame) -> dict[str, str]:
    """Return for how many pieces each measured tempo is the written one.

    Parameters
    ----------
    beside
        From `audionome.report.examples.tempi`.

    Returns
    -------
    dict
        ``pieces``, ``column_right`` and ``whole_right``.
    """
    column, whole = beside["tempo column"], beside["Audionome"]
    return {
        "pieces": f"{len(beside)}",
        "column_right": f"{column.str.contains('right').sum()}",
        "whole_right": f"{whole.str.contains('right').sum()}",
    }


def tempo(
    everything: pd.DataFrame, verdicts: Mapping[str, Mapping[str, Verdict]]
) -> dict[str, str]:
    """Return how often our tempo is right, and how it compares with other programs'.

    Parameters
    ----------
    everything
        From `audionome.lab.studies.beside.tempo_accuracies`: on all clips of each program.
    verdicts
        From `audionome.lab.studies.beside.compare_tempi`.

    Returns
    -------
    dict
        ``clips``, ``artists``; ``accuracy1`` (within 4 %) and ``accuracy2`` (a factor of two or
        three forgiven), each with ``_interval``; and ``compared``, a clause such as "better than
        all 4 others by both measures".
    """
    own = _rows(everything)["audionome"]
    found = {"clips": f"{own['n']}", "artists": f"{own['artists']}"}
    for measure in ("accuracy1", "accuracy2"):
        found[measure] = share(own[measure])
        found[f"{measure}_interval"] = span(own[f"{measure}_low"], own[f"{measure}_high"])
    strict, mild = (_compared(verdicts, measure) for measure in ("accuracy1", "accuracy2"))
    if strict == mild:
        return found | {"compared": f"{strict} by both measures"}
    return found | {"compared": f"{strict} within 4 %, and {mild} with a factor forgiven"}


def _compared(verdicts: Mapping[str, Mapping[str, Verdict]], measure: str) -> str:
    """Write against which programs our tempo is better, worse or neither, by one measure."""
    words = {"better": "better than", "worse": "worse than", SAME: "not told apart from"}
    names = {
        word: [METHODS[other] for other, found in verdicts.items() if found[measure].word == word]
        for word in words
    }
    if verdicts and len(names["better"]) == len(verdicts):
        return f"better than all {len(verdicts)} others"
    return listed([f"{words[word]} {listed(those)}" for word, those in names.items() if those])


def tempo_table(
    common: pd.DataFrame, verdicts: Mapping[str, Mapping[str, Verdict]]
) -> pd.DataFrame:
    """Set our tempo beside the other programs', ready to print.

    Parameters
    ----------
    common
        From `audionome.lab.studies.beside.tempo_accuracies`, on the clips that all were asked
        about.
    verdicts
        From `audionome.lab.studies.beside.compare_tempi`.

    Returns
    -------
    DataFrame
        A row per program and measure: its accuracy, how many points ours is ahead, the 95 %
        interval of that, and the verdict.
    """
    words = {"accuracy1": "within 4 %", "accuracy2": "or two or three times off"}
    shared = _rows(common)
    return pd.DataFrame(
        [
            {
                "program": METHODS[other],
                "right if": words[measure],
                "right": share(shared[other][measure]),
                "Audionome": share(shared["audionome"][measure]),
                "ahead by (points)": points(judged.interval.estimate),
                "95 % interval": f"{points(judged.interval.low)} to {points(judged.interval.high)}",
                "verdict": judged.word,
            }
            for other, found in verdicts.items()
            for measure, judged in found.items()
        ]
    )


def _rows(accuracies: pd.DataFrame) -> dict[str, dict[str, Any]]:
    rows: Any = accuracies.to_dict("records")
    return {row["method"]: row for row in rows}


def doubt(found: Doubt) -> dict[str, str]:
    """Return what the probability of a tempo is worth.

    Parameters
    ----------
    found
        From `audionome.lab.studies.beside.doubt`.

    Returns
    -------
    dict
        ``covered`` (the right tempo is a candidate); ``sure`` and ``unsure`` (right, where the
        probability is one half and more, or less), ``doubtful`` (two levels are told), of those
        ``first`` and ``either``, all shares; ``no_beat`` (clips).
    """
    return {
        "covered": share(found.covered),
        "sure": share(found.sure.estimate),
        "unsure": share(found.unsure.estimate),
        "doubtful": share(found.doubtful.estimate),
        "first": share(found.first.estimate),
        "either": share(found.either.estimate),
        "no_beat": f"{found.no_beat}",
    }


def doubt_table(found: Doubt) -> pd.DataFrame:
    """List the shares of `doubt` with their intervals, ready to print."""
    rows = {
        "right, where its probability is at least one half": found.sure,
        "right, elsewhere": found.unsure,
        "two levels of the beat are told": found.doubtful,
        "of those: the first is right": found.first,
        "of those: one of the two is right": found.either,
    }
    return pd.DataFrame(
        [
            {
                "the tempo is": name,
                "share": share(one.estimate),
                "95 % interval (%)": f"{points(one.low)} to {points(one.high)}",
                "clips": one.n,
                "artists": one.clusters,
            }
            for name, one in rows.items()
        ]
    )


def key_table(found: KeyComparison) -> pd.DataFrame:
    """List how often each program's key is right, with intervals, ready to print."""
    return pd.DataFrame(
        [
            {
                "key by": name,
                "exactly right (%)": _estimate(found.exact[program], 100, 1),
                "worth by the rules of MIREX": _estimate(found.mirex[program], 1, 2),
            }
            for program, name in (("audionome", "Audionome"), ("essentia", "Essentia"))
        ]
    )


def _estimate(one: ConfidenceInterval, scale: int, digits: int) -> str:
    value, low, high = (f"{scale * x:.{digits}f}" for x in (one.estimate, one.low, one.high))
    return f"{value} (95 % interval {low} to {high})"


def _span(interval: ConfidenceInterval) -> str:
    return span(interval.low, interval.high)


def key(found: KeyComparison) -> dict[str, str]:
    """Return how often our key is right, beside Essentia's.

    Parameters
    ----------
    found
        From `audionome.lab.studies.beside.compare_keys`.

    Returns
    -------
    dict
        ``clips``, ``artists``; ``exact`` and ``essentia_exact`` (shares), ``mirex`` and
        ``essentia_mirex`` (mean worth); ``ahead`` (points) with ``ahead_interval``; the verdicts
        ``exact_told`` and ``mirex_told``, a clause each.
    """
    own, other = found.exact["audionome"], found.exact["essentia"]
    ahead = found.verdicts["exact"]
    return {
        "clips": f"{own.n}",
        "artists": f"{own.clusters}",
        "exact": share(own.estimate),
        "essentia_exact": share(other.estimate),
        "mirex": f"{found.mirex['audionome'].estimate:.2f}",
        "essentia_mirex": f"{found.mirex['essentia'].estimate:.2f}",
        "ahead": points(ahead.interval.estimate),
        "ahead_interval": _span(ahead.interval),
        "exact_told": _told(ahead),
        "mirex_told": _told(found.verdicts["mirex"]),
    }


def _told(judged: Verdict) -> str:
    if not judged.differs:
        return "the two cannot be told apart"
    return f"{'Audionome' if judged.word == 'better' else 'Essentia'} is better"
