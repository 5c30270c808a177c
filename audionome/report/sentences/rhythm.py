"""What the comparisons of tempo and key say, in sentences.

The conventions are those of `audionome.report.sentences.findings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import SAME, Verdict
from audionome.lab.studies.beside import Doubt, KeyComparison
from audionome.lab.studies.tempo import METHODS

__all__ = ["key", "tempo", "tempo_doubt"]


def tempo(
    everything: pd.DataFrame, common: pd.DataFrame, verdicts: Mapping[str, Mapping[str, Verdict]]
) -> str:
    """Write how often our tempo is right, and what it is beside the other programs'.

    Parameters
    ----------
    everything, common : DataFrame
        From `audionome.lab.studies.beside.tempo_accuracies`: on all clips of each program, and on
        those that all were asked about.
    verdicts : mapping of str to mapping of str to Verdict
        From `audionome.lab.studies.beside.compare_tempi`.

    Returns
    -------
    str
    """
    own = _rows(everything)["audionome"]
    parts = [
        f"On {own['n']} clips of GTZAN, each estimated by trees that had learned from other "
        f"artists, the tempo lies within 4 % of the annotation for **{share(own['accuracy1'])}** "
        f"({span(own['accuracy1_low'], own['accuracy1_high'])}), and for "
        f"**{share(own['accuracy2'])}** ({span(own['accuracy2_low'], own['accuracy2_high'])}) if "
        "it may be two or three times too fast or too slow."
    ]
    shared = _rows(common)
    if verdicts:
        parts.append(
            f"On the {shared['audionome']['n']} clips that all programs were asked about, by "
            f"{shared['audionome']['artists']} artists, in accuracy within 4 %:"
        )
        lines = [
            f"- it {_verdict(found['accuracy1'])} **{METHODS[other]}** "
            f"({share(shared[other]['accuracy1'])}; {_gap(found['accuracy1'])}); with a factor "
            f"of two or three forgiven, it {_verdict(found['accuracy2'])} it "
            f"({share(shared[other]['accuracy2'])}; {_gap(found['accuracy2'])})."
            for other, found in verdicts.items()
        ]
        return f"{' '.join(parts)}\n\n" + "\n".join(lines)
    return " ".join(parts)


def _rows(accuracies: pd.DataFrame) -> dict[str, dict[str, Any]]:
    rows: Any = accuracies.to_dict("records")
    return {row["method"]: row for row in rows}


def _verdict(found: Verdict) -> str:
    return "cannot be told apart from" if found.word == SAME else f"is {found.word} than"


def _gap(found: Verdict) -> str:
    return f"{points(found.interval.estimate)} points, {_span(found.interval)}"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _span(interval: ConfidenceInterval) -> str:
    return span(interval.low, interval.high)


def tempo_doubt(found: Doubt) -> str:
    """Write what the probability of a tempo is worth.

    Parameters
    ----------
    found : Doubt
        From `audionome.lab.studies.beside.doubt`.

    Returns
    -------
    str
    """
    clips = found.doubtful.n
    return (
        f"The right tempo is among the candidates of {share(found.covered)} of the clips. Where "
        f"one is called at least as probable as not, it is right {share(found.sure.estimate)} of "
        f"the time ({_span(found.sure)}), otherwise {share(found.unsure.estimate)} "
        f"({_span(found.unsure)}). Another level of the beat is told for "
        f"{share(found.doubtful.estimate)} of the clips: the first tempo is right for "
        f"{share(found.first.estimate)} of them, one of the two for "
        f"**{share(found.either.estimate)}** ({_span(found.either)}). For {found.no_beat} of "
        f"{clips} clips no beat is told, which counts as wrong."
    )


def key(found: KeyComparison) -> str:
    """Write how often our key is right, beside Essentia's.

    Parameters
    ----------
    found : KeyComparison
        From `audionome.lab.studies.beside.compare_keys`.

    Returns
    -------
    str
    """
    own, other = found.exact["audionome"], found.exact["essentia"]
    told = [
        f"{found.mirex[program].estimate:.2f} ({found.mirex[program].low:.2f} to "
        f"{found.mirex[program].high:.2f}) for {name}"
        for program, name in (("audionome", "ours"), ("essentia", "Essentia’s"))
    ]
    exact, mirex = found.verdicts["exact"], found.verdicts["mirex"]
    return (
        f"On {own.n} clips by {own.clusters} artists that had no part in choosing our method, the "
        f"key is exactly right for {share(own.estimate)} ({_span(own)}), and Essentia’s "
        f"KeyExtractor is for {share(other.estimate)} ({_span(other)}): ours "
        f"{_verdict(exact)} it ({_gap(exact)}). With half a point for a fifth, and less for the "
        f"relative and the parallel key, the mean is {listed(told)}; there ours {_verdict(mirex)} "
        f"it (difference {_signed(mirex.interval.estimate)}, 95 % interval "
        f"{_signed(mirex.interval.low)} to {_signed(mirex.interval.high)})."
    )
