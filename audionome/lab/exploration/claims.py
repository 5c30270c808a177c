"""What is said about correlations: the source study's five observations, and five others.

Conventions
-----------
A claim says between which two numbers the correlation of every one of its pairs lies. A pair
*holds* when its whole interval lies between them, *fails* when all of it lies outside on one side,
and is *open* otherwise. Where words had to become numbers, "high" is 0.5 and more and "low" is up
to 0.3 either way: what Cohen's rule of thumb calls large, and less than medium.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import pandas as pd

from audionome.features import COLUMNS
from audionome.lab.exploration.correlation import Correlations

__all__ = [
    "CLAIMS",
    "FIRST_GROUP",
    "HIGH",
    "LOW",
    "STUDY_CLAIMS",
    "Claim",
    "Observation",
    "Observed",
    "Tested",
    "check",
    "observe",
]

HIGH, LOW = 0.5, 0.3
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Claim:
    """Something that is said about the correlations of some pairs.

    Attributes
    ----------
    title, words : str
        A heading; the claim as a sentence.
    pairs : tuple of (str, str)
        The pairs of features that it is about.
    at_least, at_most : float
        Between which the correlation of every pair should lie.
    """

    title: str
    words: str
    pairs: tuple[tuple[str, str], ...]
    at_least: float = -1.0
    at_most: float = 1.0


@dataclass(frozen=True)
class Tested:
    """A claim compared with the numbers.

    Attributes
    ----------
    claim : Claim
    table : DataFrame
        One row per pair, the farthest from the claim first: ``one``, ``other``, ``r``, ``low``,
        ``high``, ``verdict`` (``"holds"``, ``"fails"`` or ``"open"``).
    """

    claim: Claim
    table: pd.DataFrame

    def count(self, verdict: str) -> int:
        """Pairs with a verdict."""
        return int((self.table["verdict"] == verdict).sum())

    @property
    def verdict(self) -> str:
        """``"holds"``, ``"holds in part"``, ``"fails"`` or ``"open"``."""
        return _overall([self])


@dataclass(frozen=True)
class Observation:
    """An observation of the source study on its correlation matrix.

    Attributes
    ----------
    key : str
        A short name of it.
    words : str
        What it says, in our words.
    claims : tuple of Claim
        What it comes to in numbers, one for each group of features that it may be about.
    beside : tuple of Claim
        What it does not say, but what explains the verdict.
    mirrored : bool
        True when its claims are about r(x, y) minus r(y, x).
    by_definition : bool
        True when it holds of any data.
    """

    key: str
    words: str
    claims: tuple[Claim, ...]
    beside: tuple[Claim, ...] = ()
    mirrored: bool = False
    by_definition: bool = False


@dataclass(frozen=True)
class Observed:
    """An observation compared with the numbers.

    Attributes
    ----------
    observation : Observation
    tested, beside : tuple of Tested
        Its claims, and what stands beside them.
    """

    observation: Observation
    tested: tuple[Tested, ...]
    beside: tuple[Tested, ...]

    @property
    def verdict(self) -> str:
        """``"holds"``, ``"holds in part"``, ``"fails"`` or ``"open"``, of all pairs together."""
        return _overall(self.tested)


def _overall(tested: Sequence[Tested]) -> str:
    n = sum(len(one.table) for one in tested)
    holds, fails = (sum(one.count(word) for one in tested) for word in ("holds", "fails"))
    if holds:
        return "holds" if holds == n else "holds in part"
    return "fails" if fails else "open"


def check(found: Correlations, claim: Claim) -> Tested:
    """Compare a claim with the numbers.

    Parameters
    ----------
    found : Correlations
    claim : Claim

    Returns
    -------
    Tested
    """
    rows = []
    for one, other in claim.pairs:
        r, low, high = (
            float(getattr(found, part).loc[one, other]) for part in ("r", "low", "high")
        )
        if claim.at_least <= low and high <= claim.at_most:
            verdict = "holds"
        elif high < claim.at_least or low > claim.at_most:
            verdict = "fails"
        else:
            verdict = "open"
        lacks = max(claim.at_least - r, r - claim.at_most)
        rows.append((one, other, r, low, high, verdict, lacks))
    names = ["one", "other", "r", "low", "high", "verdict", "lacks"]
    table = pd.DataFrame(rows, columns=names).sort_values(
        "lacks", ascending=False, kind="stable", ignore_index=True
    )
    return Tested(claim, table.drop(columns="lacks"))


def observe(found: Correlations, observation: Observation) -> Observed:
    """Compare an observation of the source study with the numbers.

    Parameters
    ----------
    found : Correlations
        Over windows or over tracks.
    observation : Observation
        One of `STUDY_CLAIMS`.

    Returns
    -------
    Observed
    """
    if observation.mirrored:
        one, low, high = (part - part.T for part in (found.r, found.low, found.high))
        found = Correlations(one, low, high, one, found.n_rows, found.n_artists)
    return Observed(
        observation,
        tuple(check(found, claim) for claim in observation.claims),
        tuple(check(found, claim) for claim in observation.beside),
    )


def _mfccs(part: str) -> tuple[str, ...]:
    return tuple(c for c in COLUMNS if c.startswith("mfcc") and c.endswith(f"_{part}"))


def _apart(part: str, steps: int) -> tuple[tuple[str, str], ...]:
    names = _mfccs(part)
    return tuple(zip(names, names[steps:], strict=False))


#: The features of level and brightness that the study calls the first group.
FIRST_GROUP: tuple[str, ...] = (
    "chroma_stft_mean",
    "rms_mean",
    "spectral_centroid_mean",
    "spectral_bandwidth_mean",
    "rolloff_mean",
    "zero_crossing_rate_mean",
)

#: The study's observations, in its order.
STUDY_CLAIMS: tuple[Observation, ...] = (
    Observation(
        "diagonal",
        "Each feature correlates perfectly with itself.",
        (Claim("Diagonal", "r is 1.", tuple((c, c) for c in COLUMNS), at_least=1 - _ROUNDING),),
        by_definition=True,
    ),
    Observation(
        "symmetry",
        "The matrix is symmetrical.",
        (
            Claim("Mirrored pairs", "Both orders of a pair give the same r.",
                  tuple(combinations(COLUMNS, 2)), at_least=-_ROUNDING, at_most=_ROUNDING),
        ),
        mirrored=True,
        by_definition=True,
    ),
    Observation(
        "first group",
        "The six features of level and brightness all rise together.",
        (Claim("First six", "r is above 0.", tuple(combinations(FIRST_GROUP, 2)),
               at_least=0),),
    ),
    Observation(
        "neighbours",
        "Neighbouring MFCCs are highly correlated.",
        (
            Claim("Neighbouring MFCCs, means", f"r is at least {HIGH}.",
                  tuple(pairwise(_mfccs("mean"))), at_least=HIGH),
            Claim("Neighbouring MFCCs, variances", f"r is at least {HIGH}.",
                  tuple(pairwise(_mfccs("var"))), at_least=HIGH),
        ),
        beside=(
            Claim("MFCCs two apart, means", f"r is at least {HIGH}.", _apart("mean", 2),
                  at_least=HIGH),
        ),
    ),
    Observation(
        "mfcc2",
        "The second MFCC has a low correlation with the first group.",
        (
            Claim("MFCC 2 and the first six", f"r lies between −{LOW} and {LOW}.",
                  tuple(("mfcc2_mean", c) for c in FIRST_GROUP), at_least=-LOW, at_most=LOW),
        ),
        beside=(
            Claim("MFCC 2 below zero", "r is below 0.",
                  tuple(("mfcc2_mean", c) for c in FIRST_GROUP), at_most=0),
        ),
    ),
)  # fmt: skip

_LONERS = ("harmony_mean", "perceptr_mean", "tempo")

#: Claims of our own, of the kind that other reports make.
CLAIMS: tuple[Claim, ...] = (
    Claim(
        "Centroid, bandwidth and roll-off are one thing",
        "The means of centroid, bandwidth and roll-off correlate above 0.9.",
        tuple(
            combinations(
                ("spectral_centroid_mean", "spectral_bandwidth_mean", "rolloff_mean"), 2
            )
        ),
        at_least=0.9,
    ),
    Claim(
        "The second MFCC falls as the sound gets brighter",
        "The mean of the second MFCC correlates below −0.8 with those of centroid, roll-off and "
        "zero crossings.",
        tuple(
            ("mfcc2_mean", name)
            for name in ("spectral_centroid_mean", "rolloff_mean", "zero_crossing_rate_mean")
        ),
        at_most=-0.8,
    ),
    Claim(
        "Everything loud goes together",
        "Mean RMS correlates above 0.7 with its own variance, with the variances of the harmonic "
        "and percussive parts, and with the first MFCC.",
        tuple(("rms_mean", name) for name in ("rms_var", "harmony_var", "perceptr_var",
                                              "mfcc1_mean")),
        at_least=0.7,
    ),
    Claim(
        "Three features stand alone",
        "The means of the harmonic and percussive parts and the tempo correlate with nothing "
        "beyond ±0.2.",
        tuple(
            (one, other)
            for i, one in enumerate(_LONERS)
            for other in COLUMNS
            if other != one and other not in _LONERS[:i]
        ),
        at_least=-0.2,
        at_most=0.2,
    ),
    Claim(
        "MFCCs are decorrelated",
        "No two of the twenty means correlate beyond ±0.3.",
        tuple(combinations(_mfccs("mean"), 2)),
        at_least=-0.3,
        at_most=0.3,
    ),
)  # fmt: skip
