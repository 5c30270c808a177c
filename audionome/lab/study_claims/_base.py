"""What a claim is, what may become of it, and where it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audionome._words import points, share
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import SAME, Verdict

if TYPE_CHECKING:
    from audionome.lab.study_claims.evidence import Evidence

__all__ = [
    "ANSWERED",
    "FAILS",
    "HOLDS",
    "OPEN",
    "PART",
    "READ",
    "TESTED",
    "UNCHECKED",
    "VERDICTS",
    "Answer",
    "Claim",
    "Judge",
    "Place",
    "answered",
    "between",
    "by_reading",
    "holds_if",
    "in_words",
    "overall",
    "unchecked",
    "within",
]

HOLDS = "holds"
PART = "holds in part"
FAILS = "does not hold"
OPEN = "cannot be decided"
READ = "from the documentation"
UNCHECKED = "cannot be checked"
ANSWERED = "answered by us"
#: What may become of a claim. The first four are computed, the others are decided by reading.
#: "Cannot be decided": our interval leaves both open. "From the documentation": a definition or a
#: manual decides, and no number. "Cannot be checked": nothing that we have bears on it. "Answered
#: by us": it is an aim or a plan, and the report says what became of it here.
VERDICTS = (HOLDS, PART, FAILS, OPEN, READ, UNCHECKED, ANSWERED)
#: Those that a rule and a number decide.
TESTED = VERDICTS[:4]


@dataclass(frozen=True)
class Place:
    """Where the report answers.

    Attributes
    ----------
    page : str
        As in the table of contents: ``"notebooks/pca"``.
    heading : str
        A heading on that page.
    """

    page: str
    heading: str


@dataclass(frozen=True)
class Answer:
    """What became of a claim.

    Attributes
    ----------
    verdict : str
        One of `VERDICTS`, on the study's own terms.
    numbers : str
        What decides it.
    apart : str
        The verdict when artists are kept apart; empty where that is no other question.
    numbers_apart : str
        What decides that.
    """

    verdict: str
    numbers: str
    apart: str = ""
    numbers_apart: str = ""

    def __post_init__(self) -> None:
        """Refuse a verdict that is none."""
        for word in (self.verdict, self.apart or HOLDS):
            if word not in VERDICTS:
                raise ValueError(f"{word!r} is no verdict")


Judge = Callable[["Evidence"], Answer]


@dataclass(frozen=True)
class Claim:
    """Something that the study says.

    Attributes
    ----------
    key : str
        A name of its own.
    section : str
        One of `audionome.lab.study_claims.SECTIONS`.
    words : str
        What it says, in our words.
    place : Place
        Where the report answers it.
    judge : callable
        Computes the answer.
    """

    key: str
    section: str
    words: str
    place: Place
    judge: Judge


def answered(numbers: str | Callable[[Evidence], str]) -> Judge:
    """Judge an aim or a plan: the report says what became of it."""
    return lambda e: Answer(ANSWERED, numbers if isinstance(numbers, str) else numbers(e))


def by_reading(says: str | Callable[[Evidence], str]) -> Judge:
    """Judge what a definition or a manual decides: "right: ..." or "misleading: ..."."""
    return lambda e: Answer(READ, says if isinstance(says, str) else says(e))


def unchecked(why: str) -> Judge:
    """Judge what nothing here bears on."""
    return lambda _: Answer(UNCHECKED, why)


def holds_if(true: bool, numbers: str, *, partly: bool = False) -> Answer:
    """Answer what a count decides without doubt."""
    return Answer(HOLDS if true else PART if partly else FAILS, numbers)


def in_words(verdict: Verdict, *, wanted: str = "better") -> str:
    """Translate a comparison into a verdict on the claim that it comes out as ``wanted``."""
    if verdict.word == SAME:
        return OPEN
    return HOLDS if verdict.word == wanted else FAILS


def overall(words: Mapping[str, str]) -> str:
    """Return the verdict on a claim about several things, from the verdict on each.

    Examples
    --------
    >>> overall({"country": "holds", "disco": "cannot be decided"})
    'holds in part'
    >>> overall({"country": "does not hold", "disco": "cannot be decided"})
    'does not hold'
    """
    found = list(words.values())
    if found.count(HOLDS) == len(found):
        return HOLDS
    if {HOLDS, PART} & set(found):
        return PART
    return FAILS if FAILS in found else OPEN


def within(interval: ConfidenceInterval) -> str:
    """Write a share with its interval."""
    return f"{share(interval.estimate)} ({points(interval.low)} to {points(interval.high)})"


def between(interval: ConfidenceInterval) -> str:
    """Write a difference of shares with its interval."""
    return f"{points(interval.estimate)} points ({points(interval.low)} to {points(interval.high)})"
