"""Correlations and what is said about them: truths known beforehand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audionome import features
from audionome.datasets import gtzan
from audionome.lab import exploration
from audionome.lab.exploration import Claim, Observation, correlate

RNG = np.random.default_rng(7)


def correlated(frame: dict[str, Any], genres: Any = None, artists: Any = None) -> Any:
    values = pd.DataFrame(frame)
    n = len(values)
    return correlate(
        values,
        np.repeat("blues", n) if genres is None else genres,
        np.arange(n) if artists is None else artists,
        resamples=200,
    )


def test_correlations_of_lines_and_of_strangers() -> None:
    x = np.tile([-1.0, 1.0, -1.0, 1.0], 10)
    y = np.tile([-1.0, -1.0, 1.0, 1.0], 10)
    found = correlated({"x": x, "double": 2 * x + 1000, "minus": -x, "y": y})
    assert found.r.loc["x", "double"] == pytest.approx(1)
    assert found.r.loc["x", "minus"] == pytest.approx(-1)
    assert found.low.loc["x", "minus"] == pytest.approx(-1)
    assert found.r.loc["x", "y"] == pytest.approx(0)
    assert found.low.loc["x", "y"] < 0 < found.high.loc["x", "y"]
    assert (found.n_rows, found.n_artists) == (40, 40)
    pairs = found.pairs()
    assert len(pairs) == 6
    assert pairs["r"].abs().is_monotonic_decreasing


def test_correlations_are_pearsons() -> None:
    values = RNG.normal(size=(50, 3)) @ RNG.normal(size=(3, 3))
    found = correlated(dict(zip("abc", values.T, strict=True)))
    np.testing.assert_allclose(found.r, np.corrcoef(values.T), atol=1e-12)


def test_intervals_do_not_shrink_when_windows_are_repeated() -> None:
    x, y = RNG.normal(size=30), RNG.normal(size=30)
    artists = np.arange(30)
    once = correlated({"x": x, "y": y}, artists=artists)
    many = correlated(
        {"x": np.repeat(x, 10), "y": np.repeat(y, 10)}, artists=np.repeat(artists, 10)
    )
    assert many.low.loc["x", "y"] == pytest.approx(once.low.loc["x", "y"])
    assert many.high.loc["x", "y"] == pytest.approx(once.high.loc["x", "y"])


def test_inside_genres_a_correlation_may_turn_round() -> None:
    x = np.array([0.0, 1, 2, 10, 11, 12])
    y = np.array([2.0, 1, 0, 12, 11, 10])
    found = correlated({"x": x, "y": y}, genres=["blues"] * 3 + ["rock"] * 3)
    assert found.r.loc["x", "y"] > 0.9
    assert found.within.loc["x", "y"] == pytest.approx(-1)


def test_similar_features_become_neighbours() -> None:
    a, b = RNG.normal(size=(2, 60))
    near = RNG.normal(scale=0.1, size=60)
    order = correlated({"a": a, "b": b, "minus a": -a + near, "near b": b + near}).clustered()
    assert abs(order.index("a") - order.index("minus a")) == 1
    assert abs(order.index("b") - order.index("near b")) == 1


def frame(value: float) -> pd.DataFrame:
    return pd.DataFrame([[1, value], [value, 1]], index=["x", "y"], columns=["x", "y"])


def between(low: float, high: float) -> exploration.Correlations:
    """One pair with a known interval."""
    mean = frame((low + high) / 2)
    return exploration.Correlations(mean, frame(low), frame(high), mean, 10, 10)


@pytest.mark.parametrize(
    ("limits", "interval", "verdict"),
    [
        ((0.9, 1), (0.92, 0.98), "holds"),
        ((0.9, 1), (0.88, 0.98), "open"),
        ((0.9, 1), (0.80, 0.89), "fails"),
        ((-1, -0.8), (-0.95, -0.85), "holds"),
        ((-1, -0.8), (0.85, 0.95), "fails"),
        ((-0.2, 0.2), (-0.1, 0.15), "holds"),
        ((-0.2, 0.2), (-0.5, -0.3), "fails"),
        ((-0.2, 0.2), (-0.3, 0.1), "open"),
        ((-0.2, 0.2), (-0.9, 0.9), "open"),
    ],
)
def test_a_claim_is_judged_by_its_interval(
    limits: tuple[float, float], interval: tuple[float, float], verdict: str
) -> None:
    tested = exploration.check(between(*interval), Claim("Title", "Words.", (("x", "y"),), *limits))
    assert tested.count(verdict) == 1
    assert tested.verdict == verdict


def test_an_observation_is_judged_by_all_of_its_pairs() -> None:
    high = Claim("High", "Words.", (("x", "y"),), at_least=0.5)
    low = Claim("Low", "Words.", (("x", "y"),), at_most=0.5)
    found = between(0.6, 0.7)
    assert exploration.observe(found, Observation("a", "", (high,), (low,))).verdict == "holds"
    assert exploration.observe(found, Observation("b", "", (low,), (high,))).verdict == "fails"
    both = exploration.observe(found, Observation("c", "", (high, low)))
    assert both.verdict == "holds in part"
    assert exploration.observe(between(0.4, 0.6), Observation("d", "", (high,))).verdict == "open"


def test_a_matrix_that_is_not_symmetrical_is_found_out() -> None:
    (symmetry,) = (o for o in exploration.STUDY_CLAIMS if o.key == "symmetry")
    (claim,) = symmetry.claims
    symmetry = replace(symmetry, claims=(replace(claim, pairs=(("x", "y"),)),))
    found = between(0.4, 0.6)
    assert exploration.observe(found, symmetry).verdict == "holds"
    crooked = found.r.copy()
    crooked.loc["x", "y"] += 0.01
    crooked = replace(found, r=crooked, low=crooked, high=crooked)
    assert exploration.observe(crooked, symmetry).verdict == "fails"


def test_the_claims_are_about_features_that_exist() -> None:
    assert len(exploration.CLAIMS) == 5
    observed = [c for o in exploration.STUDY_CLAIMS for c in (*o.claims, *o.beside)]
    for claim in (*exploration.CLAIMS, *observed):
        assert {name for pair in claim.pairs for name in pair} <= set(features.COLUMNS)
        assert len({frozenset(pair) for pair in claim.pairs}) == len(claim.pairs)
    mfcc = exploration.CLAIMS[-1].pairs
    assert len(mfcc) == 20 * 19 // 2


def test_the_studys_five_observations_are_all_there() -> None:
    keys = [o.key for o in exploration.STUDY_CLAIMS]
    assert keys == ["diagonal", "symmetry", "first group", "neighbours", "mfcc2"]
    sizes = [sum(len(c.pairs) for c in o.claims) for o in exploration.STUDY_CLAIMS]
    assert sizes == [57, 57 * 56 // 2, 6 * 5 // 2, 19 + 19, 6]
    (means, variances), (two,) = (
        exploration.STUDY_CLAIMS[3].claims, exploration.STUDY_CLAIMS[3].beside
    )  # fmt: skip
    assert means.pairs == tuple(pairwise(f"mfcc{i}_mean" for i in range(1, 21)))
    assert variances.pairs[-1] == ("mfcc19_var", "mfcc20_var")
    assert two.pairs[0] == ("mfcc1_mean", "mfcc3_mean")
    assert len(two.pairs) == 18


@pytest.mark.parametrize("per", ["window", "track"])
def test_what_the_table_says_about_the_observations(per: Any) -> None:
    """The verdicts that the pages report, on the committed table."""
    found = exploration.correlations(gtzan.load(), per=per)
    seen = {o.key: exploration.observe(found, o) for o in exploration.STUDY_CLAIMS}
    assert {key: one.verdict for key, one in seen.items()} == {
        "diagonal": "holds",
        "symmetry": "holds",
        "first group": "holds",
        "neighbours": "holds in part",
        "mfcc2": "fails",
    }
    means, variances = seen["neighbours"].tested
    assert means.verdict == "fails"
    assert variances.count("fails") == 0
    assert means.table["r"].max() < 0.5 < variances.table["r"].median()
    assert seen["mfcc2"].beside[0].verdict == "holds"
    assert seen["mfcc2"].tested[0].table["r"].max() < -0.4
