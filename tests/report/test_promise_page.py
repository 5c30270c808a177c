"""The chapter on promises: its charts and sentences say what the tables say."""

from __future__ import annotations

import pandas as pd
import pytest

from audionome.report import charts
from audionome.report.sentences import promises as told


def kept(coverage: float, low: float, high: float, verdict: str, **more: object) -> pd.DataFrame:
    row = {
        "family": "from scratch", "model": "extended", "protocol": "released", "excerpt": 0,
        "n": 100, "artists": 80, "strange": 0.02, "coverage": coverage, "coverage_low": low,
        "coverage_high": high, "size": 3.24, "size_low": 3.0, "size_high": 3.5, "one": 0.25,
        "one_low": 0.2, "one_high": 0.3, "one_right": 0.88, "one_right_low": 0.8,
        "one_right_high": 0.95, "verdict": verdict,
    }  # fmt: skip
    return pd.DataFrame([row | more])


def test_what_was_kept_is_told_by_length() -> None:
    table = pd.concat([
        kept(0.91, 0.88, 0.94, "kept"),
        kept(0.84, 0.80, 0.88, "missed", excerpt=3),
    ])  # fmt: skip
    said = told.kept_by_length(table)
    assert said.startswith(
        "**Extended** (from scratch): the answer included the right genre for 91.0"
    )
    assert "84.0\N{NO-BREAK SPACE}% of excerpts of 3 s (95" in said
    assert "For excerpts of 3 s that is less than promised" in said
    assert "No interval lies below" in told.kept_by_length(table.head(1))
    assert "3.2 genres on average; 25.0" in told.sizes(table)
    none = kept(0.9, 0.8, 1.0, "kept", one=0.0, one_right=float("nan"))
    assert "of those are right" not in told.sizes(none)


def test_the_music_is_counted_by_clips() -> None:
    rows = pd.DataFrame(
        {
            "clip": ["a", "b", "c", "a"], "genre": ["rock", "rock", "hiphop", "rock"],
            "artist": [1, 1, 2, 1], "source": ["S01", "S02", "S02", "S01"],
            "in_gtzan": [True, False, False, True], "excerpt": [0, 0, 0, 3],
            "seconds": [30.0, 12.0, 60.0, 3.0],
        }
    )  # fmt: skip
    said = told.music(rows)
    assert said.startswith(
        "3 clips by 2 artists, out of 2 public collections: 2 of rock and 1 of hip"
    )
    assert (
        "from 12\N{NO-BREAK SPACE}s to 60\N{NO-BREAK SPACE}s of sound, half of them more than 30"
        in said
    )
    assert "1 of them are other songs" in said


def test_genres_that_miss_the_promise_are_named() -> None:
    table = pd.concat([
        kept(0.7, 0.5, 0.85, "missed", genre="hiphop", n=20),
        kept(0.99, 0.95, 1.0, "exceeded", genre="jazz", n=30),
        kept(0.9, 0.8, 0.95, "kept", genre="rock"),
    ])  # fmt: skip
    said = told.kept_by_group(table, "genre")
    assert "less than promised was kept for hip-hop (70.0" in said
    assert "more than promised was kept for jazz" in said
    assert "rock" not in said
    assert "no interval of the 1 genres misses" in told.kept_by_group(table.tail(1), "genre")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.1, 0.2, "claims too much"), (-0.2, -0.1, "claims too little"), (-0.1, 0.1, "be luck")],
)
def test_what_is_claimed_is_judged_by_its_interval(low: float, high: float, said: str) -> None:
    row = {
        "family": "from scratch", "model": "classic", "excerpt": 0, "confidence": 0.6,
        "right": 0.5, "right_low": 0.45, "right_high": 0.55, "third": 0.8,
        "surplus": (low + high) / 2, "surplus_low": low, "surplus_high": high, "error": 0.05,
        "error_low": 0.03, "error_high": 0.09,
    }  # fmt: skip
    table = pd.DataFrame([row, row | {"excerpt": 3, "confidence": 0.4, "right": 0.3}])
    text = told.claimed(table)
    assert said in text
    assert "40.0\N{NO-BREAK SPACE}% and 30.0\N{NO-BREAK SPACE}% for excerpts of 3 s" in text


def test_what_was_claimed_before_is_told_without_a_verdict_that_is_not_there() -> None:
    row = {
        "family": "from scratch", "model": "classic", "excerpt": 0, "gtzan_surplus": 0.011,
        "gtzan_surplus_low": -0.04, "gtzan_surplus_high": 0.06,
    }  # fmt: skip
    short = {"excerpt": 3, "gtzan_surplus_low": 0.01}
    assert "too much" not in told.claimed_before(pd.DataFrame([row]))
    said = told.claimed_before(pd.DataFrame([row, row | short]))
    assert said.endswith("that is too much for excerpts of 3 s.")
    no = told.claimed_before(pd.DataFrame([row | {"gtzan_surplus": float("nan")}]))
    assert "no temperature of it was set on GTZAN" in no


def test_the_chart_shows_promise_and_kept() -> None:
    table = pd.concat([kept(0.91, 0.88, 0.94, "kept"), kept(0.84, 0.8, 0.88, "missed", excerpt=3)])
    chart = charts.promise_kept({"extended": table, "classic": table.head(1)}, "excerpt")
    assert list(chart.figure.data[0].x) == [0.91, 0.84]
    assert list(chart.figure.data[0].y) == ["whole clips", "3 s"]
    assert "beside the promise of 90%: whole clips 91% and 3 s 84%" in chart.alt
    assert len(chart.figure.layout.updatemenus[0].buttons) == 2
    assert chart.table["against the promise"].to_list() == ["as promised", "less", "as promised"]
    assert "no results" in charts.promise_kept({}, "genre").alt


def test_the_histogram_shows_the_threshold() -> None:
    table = pd.DataFrame({"of_truth": [0.01, 0.5, 0.9, 1.0], "threshold": 0.3})
    chart = charts.nearness_of_the_truth({"extended": table})
    assert sum(chart.figure.data[0].y) == 4
    assert chart.figure.layout.shapes[0].x0 == 0.3
    assert chart.table["true genre reaches it"].to_list() == ["75.0%"]


def test_thresholds_and_temperatures_are_told_with_what_set_them() -> None:
    card = {
        "calibrations": {
            "gtzan": {"temperature": 6.0, "set_thresholds": [[10, 0.2]]},
            "outside": {
                "temperature": 9.0,
                "temperatures": [[1, 20.0], [10 / 3, 12.0], [10, 9.0]],
                "set_thresholds": [[1, 0.05], [10 / 3, 0.08], [10, 0.1]],
            },
        }
    }
    table = told.set_on({"extended": card})
    assert table["length"].to_list() == ["30 s and more", "3 s", "10 s", "30 s and more"]
    assert table["temperature"].to_list() == ["6.00", "20.00", "12.00", "9.00"]
    assert table["set on"].to_list() == ["GTZAN, artists apart", *["music from outside"] * 3]
