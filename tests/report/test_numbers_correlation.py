"""What the chapter on correlation is told: made-up correlations of each verdict."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from audionome.features import COLUMNS
from audionome.lab import exploration
from audionome.lab.exploration import STUDY_CLAIMS, Claim, Correlations, check, observe
from audionome.report import tables
from audionome.report.numbers import correlation


def matrix(value: Callable[[str, str], float], *, width: float = 0.01) -> Correlations:
    """Correlations of all columns by a rule, with intervals of one width."""
    r = np.array([[1.0 if a == b else value(a, b) for b in COLUMNS] for a in COLUMNS])
    frame = pd.DataFrame(r, index=COLUMNS, columns=COLUMNS)
    none = pd.DataFrame(np.eye(len(COLUMNS)), index=COLUMNS, columns=COLUMNS)
    within = frame * 0.5
    return Correlations(frame, frame - width * (1 - none), frame + width * (1 - none), within,
                        1200, 30)  # fmt: skip


def test_the_strongest_pair_and_the_weak_ones() -> None:
    def strong(a: str, b: str) -> float:
        return -0.95 if {a, b} == {"tempo", "rms_mean"} else 0.05

    told = correlation.strongest(matrix(strong))
    assert {told["one"], told["other"]} == {"`tempo`", "`rms_mean`"}
    assert (told["r"], told["interval"]) == ("−0.95", "−0.96 to −0.94")
    assert (told["n_pairs"], told["n_strong"]) == ("1,596", "1")
    assert told["weak_share"] == "99.9\N{NO-BREAK SPACE}%"
    counted = correlation.corpus(matrix(strong), pd.DataFrame({"track": range(120)}))
    assert counted == {"n_windows": "1,200", "n_tracks": "120", "n_artists": "30"}


def test_the_pair_that_the_genres_make() -> None:
    def strong(a: str, b: str) -> float:
        return 0.8 if {a, b} == {"tempo", "rms_mean"} else 0.1

    told = correlation.between_genres(matrix(strong))
    assert {told["one"], told["other"]} == {"`tempo`", "`rms_mean`"}
    assert (told["overall"], told["within"]) == ("0.80", "0.40")


def observed(value: float, *, width: float = 0.01) -> list[exploration.Observed]:
    found = matrix(lambda *_: value, width=width)
    return [observe(found, one) for one in STUDY_CLAIMS]


def test_every_observation_gets_a_verdict_word() -> None:
    high = correlation.observations(observed(0.7))
    assert (high["diagonal"], high["symmetry"]) == ("holds", "holds")
    assert (high["six"], high["means"], high["variances"]) == ("holds", "holds", "holds")
    assert (high["mfcc2"], high["below"]) == ("fails", "fails")
    assert high["mfcc2_fails"] == high["mfcc2_n"] == "6"
    assert correlation.limits() == {"high": "0.5", "low": "0.3"}
    assert (high["hold"], high["fail"]) == ("four hold", "one fails")
    low = correlation.observations(observed(-0.1))
    assert (low["six"], low["means"], low["mfcc2"], low["below"]) == (
        "fails", "fails", "holds", "holds"
    )  # fmt: skip
    assert (low["means_lowest"], low["means_highest"]) == ("−0.10", "−0.10")
    assert (low["hold"], low["in_part"], low["fail"]) == ("three hold", "none holds", "two fail")
    unsure = correlation.observations(observed(0.5, width=0.3))
    assert unsure["means"] == "remains open"
    assert unsure["remain_open"] == "two remain open"


def test_what_changes_over_tracks_is_named() -> None:
    same = correlation.per_track(observed(0.7), observed(0.7))["per_track"]
    assert same == "Over whole tracks every verdict is the same."
    moved = correlation.per_track(observed(0.45, width=0.1), observed(0.7))["per_track"]
    assert 'variances, from "remains open" to "holds"' in moved
    assert "First six" not in moved


@pytest.mark.parametrize(
    ("value", "whole", "broken"),
    [(0.1, "two hold", "none fails"), (0.95, "none holds", "two fail")],
)
def test_claims_are_counted(value: float, whole: str, broken: str) -> None:
    pairs = (("tempo", "rms_mean"), ("tempo", "mfcc1_mean"))
    claim = Claim("Weak", "Nothing beyond 0.3.", pairs, at_least=-0.3, at_most=0.3)
    tested = [check(matrix(lambda *_: value), claim)] * 2
    told = correlation.claims(tested)
    assert (told["n_claims"], told["whole"], told["broken"]) == ("2", whole, broken)
    row = tables.claim_table(tested).iloc[0]
    assert row["pairs"] == row["as said"] + row["open"] + row["not as said"] == 2
    assert row["verdict"] == ("holds" if value < 0.3 else "fails")
    assert row["farthest from it"].startswith("tempo, rms_mean: 0.")
