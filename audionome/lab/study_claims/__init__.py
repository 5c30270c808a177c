"""Every section and every claim of the source study, with a verdict.

Conventions
-----------
A claim is told in our words. Its verdict is one of `VERDICTS`, on the study's own terms: its
shuffle of the windows, its models (`audionome.lab.studies.replay`). A claim about a model has a
second verdict: of the same model and the same rule with artists kept apart
(`audionome.lab.protocols`, "artist-grouped", per window).

"Holds", "holds in part", "does not hold" and "cannot be decided" (`TESTED`) are computed, by a rule
of ours, from tables, from the installed libraries or from arithmetic. The other words are chosen by
reading: no number decides such a claim, and it is not counted as tested.
"""

from __future__ import annotations

import pandas as pd

from audionome.lab.study_claims import aims, algorithms, data, ending, results
from audionome.lab.study_claims._base import TESTED, VERDICTS, Answer, Claim, Place
from audionome.lab.study_claims.evidence import Evidence
from audionome.lab.study_claims.results import COMMENTS

__all__ = ["CLAIMS", "COMMENTS", "SECTIONS", "TESTED", "VERDICTS", "Answer", "Claim", "Evidence",
           "Place", "check"]  # fmt: skip

#: Sections of the study that say something, in its order. Its table of contents says nothing.
SECTIONS = (
    "Title",
    "Objectives: main objective",
    "Objectives: sub-objectives",
    "Problem statement",
    "Analysis: preliminary research",
    "Analysis: data collection",
    "Analysis: data preprocessing",
    "Analysis: model selection",
    "Results: model evaluation",
    "Results: model comparison",
    "Results: model selection",
    "Conclusion",
    "Future work",
    "Tools",
    "References",
)

#: All claims, in the order of the sections.
CLAIMS: tuple[Claim, ...] = tuple(
    sorted(
        (*aims.CLAIMS, *data.CLAIMS, *algorithms.CLAIMS, *results.CLAIMS, *ending.CLAIMS),
        key=lambda claim: SECTIONS.index(claim.section),
    )
)


def check(evidence: Evidence | None = None, *, claims: tuple[Claim, ...] = CLAIMS) -> pd.DataFrame:
    """Judge claims.

    Parameters
    ----------
    evidence : Evidence, optional
        Default: what is committed.
    claims : tuple of Claim
        Default: all.

    Returns
    -------
    DataFrame
        One row per claim: ``key``, ``section``, ``claim``, ``verdict``, ``numbers``, ``apart``
        and ``numbers_apart`` (with artists kept apart; empty where that is no other question),
        ``page`` and ``heading``.
    """
    evidence = evidence or Evidence()
    rows = []
    for claim in claims:
        answer = claim.judge(evidence)
        rows.append(
            (claim.key, claim.section, claim.words, answer.verdict, answer.numbers, answer.apart,
             answer.numbers_apart, claim.place.page, claim.place.heading)
        )  # fmt: skip
    names = ["key", "section", "claim", "verdict", "numbers", "apart", "numbers_apart", "page",
             "heading"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)
