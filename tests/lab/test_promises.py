"""Promises and what was kept: sets by hand, and thresholds that no source sets for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audionome.datasets.gtzan import GENRES
from audionome.lab import promises


def row(
    truth: float, *, source: str, best: float = 0.0, excerpt: int = 0, **more: Any
) -> dict[str, Any]:
    """A clip of jazz: jazz gets `truth`, blues `best`, the other eight share the rest."""
    rest = (1 - truth - best) / 8
    return {
        "family": "from scratch", "model": "m", "protocol": "released", "clip": "jazz/1",
        "genre": "jazz", "source": source, "trust": "A", "artist": 0, "in_gtzan": False,
        "excerpt": excerpt, "start": 0.0, "seconds": 30.0 if not excerpt else float(excerpt),
        **{f"p_{g}": rest for g in GENRES}, "p_jazz": truth, "p_blues": best,
        "temperature": 1.0, "distance": 0.5, "gtzan_confidence": 0.75, **more,
    }  # fmt: skip


def all_lengths(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The same clips as excerpts of every length."""
    short = [r | {"excerpt": e, "seconds": float(e)} for r in rows for e in (3, 10)]
    return pd.DataFrame([*rows, *short])


@pytest.fixture
def two_sources() -> pd.DataFrame:
    """Truth over the largest: 0.05, 0.1, ... 0.95 in nineteen clips of S1, half of it in S2.

    Every clip is by an artist of its own.
    """
    rows = [
        row(k * step / 2, source=source, best=0.5, artist=100 * s + k, clip=f"{k}")
        for s, (source, step) in enumerate({"S1": 0.05, "S2": 0.025}.items())
        for k in range(1, 20)
    ]
    return all_lengths(rows)


def test_the_threshold_of_a_source_comes_from_the_others(two_sources: pd.DataFrame) -> None:
    got = promises.judged(two_sources)
    # The second lowest of nineteen.
    assert set(got.loc[got["source"] == "S1", "threshold"].round(6)) == {0.05}
    assert set(got.loc[got["source"] == "S2", "threshold"].round(6)) == {0.1}
    table = promises.kept(promises.by_source(got), ["collection"])
    whole = table[table["excerpt"] == 0].set_index("collection")
    # In S2 the truth is at 0.025, 0.05, 0.075 of the largest three times.
    assert whole.loc["S1", "coverage"] == 1
    assert whole.loc["S2", "coverage"] == pytest.approx(16 / 19)
    assert whole.loc["S1", "verdict"] == "kept"  # nineteen of nineteen prove no more
    assert whole.loc["S2", "coverage_low"] < 16 / 19 < whole.loc["S2", "coverage_high"]
    of_all = promises.thresholds(two_sources)
    # The third lowest of 38: 0.025, 0.05, 0.05.
    assert of_all == [[1.0, 0.05], [pytest.approx(10 / 3), 0.05], [10.0, 0.05]]


def test_what_a_source_holds_does_not_move_its_own_threshold(two_sources: pd.DataFrame) -> None:
    changed = two_sources.copy()
    mine = (changed["source"] == "S2").to_numpy()
    changed.loc[mine, "p_jazz"] /= 100
    before, after = (promises.judged(t) for t in (two_sources, changed))
    same = before["source"] == "S2"
    pd.testing.assert_series_equal(after.loc[same, "threshold"], before.loc[same, "threshold"])
    assert (after.loc[~same, "threshold"] < before.loc[~same, "threshold"]).all()


def test_doubtful_and_strange_clips_set_no_threshold(two_sources: pd.DataFrame) -> None:
    more = pd.DataFrame(
        [row(0.001, source="S1", trust="C", artist=500 + k) for k in range(20)]
        + [row(0.001, source="S1", distance=2.0, artist=600 + k) for k in range(19)]
    )
    table = pd.concat([two_sources, more], ignore_index=True)
    assert promises.thresholds(table) == promises.thresholds(two_sources)
    got = promises.kept(promises.judged(table))
    (whole,) = got[got["excerpt"] == 0].to_dict("records")
    assert whole["n"] == 38
    assert whole["strange"] == pytest.approx(19 / (38 + 19))


def test_sets_are_counted() -> None:
    """One genre for two of four clips, one of them right; the others name two and ten."""
    rows = [
        row(0.9, source="S1", artist=1), row(0.03, best=0.93, source="S1", artist=2),
        row(0.45, best=0.5, source="S1", artist=3), row(0.1, best=0.1, source="S1", artist=4),
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    got = promises._with_sets(table, np.array([0.1, 0.1, 0.1, 0.1]))
    assert got["size"].tolist() == [1, 1, 2, 10]
    assert got["held"].tolist() == [True, False, True, True]
    assert got["third"].tolist() == [True, True, True, True]
    (record,) = promises.kept(got).to_dict("records")
    assert record["coverage"] == 0.75
    assert record["size"] == 3.5
    assert record["one"] == 0.5
    assert record["one_right"] == 0.5
    assert (record["one_right_low"], record["one_right_high"]) == (0, 1)
    (claim,) = promises.claims(got).to_dict("records")
    assert claim["right"] == 0.25
    assert claim["third"] == 1
    assert claim["confidence"] == pytest.approx((0.9 + 0.93 + 0.5 + 0.1) / 4)
    assert claim["surplus"] == pytest.approx(claim["confidence"] - 0.25)
    assert claim["gtzan_surplus"] == pytest.approx(0.75 - 0.25)


def test_the_promise_is_kept_where_sources_are_alike() -> None:
    rng = np.random.default_rng(0)
    rows = [
        row(float(p), source=f"S{k % 25:02d}", artist=k)
        for k, p in enumerate(rng.uniform(0, 0.09, 1000))
    ]
    table = all_lengths(rows)
    got = promises.judged(table)
    whole = got[got["excerpt"] == 0]
    held = whole["held"].sum()
    low, high = stats.binom.interval(0.999, 1000, 0.9)
    assert low <= held <= high
    found = promises.kept(got)
    assert set(found["verdict"]) == {"kept"}


def test_a_few_clips_that_all_hold_prove_little() -> None:
    few, many = ([row(0.9, source="S1", artist=k) for k in range(n)] for n in (3, 40))
    for rows, verdict in ((few, "kept"), (many, "exceeded")):
        table = pd.DataFrame(rows)
        (got,) = promises.kept(promises._with_sets(table, np.full(len(rows), 0.1))).to_dict(
            "records"
        )
        exact = stats.binomtest(len(rows), len(rows)).proportion_ci(0.95)
        assert got["coverage"] == got["coverage_high"] == 1
        assert got["coverage_low"] == pytest.approx(exact.low)
        assert got["verdict"] == verdict


def test_small_sources_are_put_together() -> None:
    rows = [row(0.5, source="S1", clip=str(k)) for k in range(10)]
    rows += [row(0.5, source=s, clip=f"{s}{k}") for s in ("S2", "S3") for k in range(9)]
    got = promises.by_source(pd.DataFrame(rows))
    assert got["collection"].value_counts().to_dict() == {"S1": 10, "2 small sources": 18}


def test_answers_of_one_genre_are_told_from_those_of_many() -> None:
    rows = pd.DataFrame(
        [
            # size, held, right, artist, strange
            (1, True, True, 0, False), (1, False, False, 1, False), (2, True, False, 2, False),
            (3, True, True, 3, False), (4, False, False, 4, False), (1, True, True, 5, True),
        ],
        columns=["size", "held", "right", "artist", "strange"],
    ).assign(family="f", model="m", protocol="p", excerpt=0)  # fmt: skip
    got = promises.by_status(rows).set_index("status")
    assert got.index.to_list() == ["one", "few", "many"]
    assert got["n"].to_list() == [2, 2, 1]  # the strange one is no answer
    assert got["share"].to_list() == pytest.approx([0.4, 0.4, 0.2])
    assert got["held"].to_list() == [0.5, 1.0, 0.0]
    assert got["right"].to_list() == [0.5, 0.5, 0.0]
    assert got.loc["few", "held_low"] < 1  # two of two prove no certainty


def test_gtzan_is_judged_by_the_threshold_of_its_length() -> None:
    rows = pd.DataFrame([row(0.2, source="", best=0.5), row(0.2, source="", best=0.5)])
    rows["protocol"] = ["artist-grouped", "artist-grouped-3s"]
    rows = pd.concat([rows, rows.head(1).assign(protocol="fault-filtered")])
    # Jazz has two fifths of the largest.
    got = promises.in_gtzan(rows, [(1.0, 0.3), (10.0, 0.6)], family="f")
    assert got["excerpt"].to_list() == [0, 3]
    assert got["threshold"].to_list() == [0.6, 0.3]
    assert got["held"].to_list() == [False, True]
