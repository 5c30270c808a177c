"""What the chapter on results says of made-up results: a table for each verdict."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from made_results import KNN, SVC, pair, rows, score

from audionome.lab import choice, ladder, names
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import Verdict
from audionome.lab.estimators import MODELS
from audionome.lab.protocols import LADDER
from audionome.report import charts
from audionome.report.numbers import results as numbers


def plain(found: dict[str, str]) -> dict[str, str]:
    """Texts with the spaces of a keyboard."""
    return {key: text.replace("\N{NO-BREAK SPACE}", " ") for key, text in found.items()}


def steps(artists: int, *, lost: int = 20) -> pd.DataFrame:
    """A hundred tracks on two rungs; the second loses some."""
    truth = ["jazz"] * 100
    here = rows(truth, ["jazz"] * (100 - lost) + ["rock"] * lost)
    frame = pd.concat([rows(truth, truth, protocol="track-grouped"), here])
    frame["artist"] = frame["artist"] % artists
    scores = [score(protocol="track-grouped", accuracy=1.0), score(accuracy=1 - lost / 100)]
    return ladder.ladder(pd.DataFrame(scores), frame, model="svc")


def test_a_step_costs_only_what_is_told_from_chance() -> None:
    said = plain(numbers.ladder(steps(100)))
    assert said["artist_grouped"] == "80.0 %"
    assert said["artist_grouped_n"] == "100"
    assert said["artist_grouped_step"] == "costs 20.0 points"
    assert said["track_grouped_step"] == said["wild_step"] == "is not computed"
    assert said["wild"] == "not computed"
    few = steps(100).assign(verdict=["", "cannot be told apart"])
    said = plain(numbers.ladder(few))["artist_grouped_step"]
    assert said.startswith("costs 20.0 points, which may be chance (95 % interval ")
    gained = steps(100).assign(cost=[np.nan, -0.1])
    assert numbers.ladder(gained)["artist_grouped_step"] == "gains 10.0 points"


def test_a_missing_rung_is_not_blamed_on_the_next() -> None:
    scores = [score(protocol="random-windows", accuracy=0.9), score(protocol="wild", accuracy=0.3)]
    said = numbers.ladder(ladder.ladder(pd.DataFrame(scores), model="svc"))
    assert said["wild_step"] == "is not computed"


def test_the_published_split_is_counted() -> None:
    tracks = pd.DataFrame({"fault_filtered": ["train", "train", "valid", "test", "", ""]})
    assert numbers.published(tracks) == {
        "n_train": "2", "n_valid": "1", "n_test": "1", "n_listed": "2"
    }  # fmt: skip


def test_the_decomposition_says_for_how_many_models() -> None:
    table = pd.DataFrame(
        [
            {"model": model, "variant": "study", "step": step, "before": 799.6, "after": 442.0,
             "cost": 0.05, "low": 0.01, "high": 0.09, "verdict": word}
            for model, words in (("svc", ("better", "cannot be told apart")),
                                 ("knn", ("worse", "cannot be told apart")))
            for step, word in zip(("size", "listed", "all"), (*words, "better"), strict=True)
        ]
    )  # fmt: skip
    said = plain(numbers.decomposition(table, model="svc", variant="study"))
    assert (said["size"], said["size_interval"]) == ("costs 5.0 points", "95 % interval 1.0 to 9.0")
    assert (said["n_parts"], said["n_models"], said["n_told"]) == ("4", "2", "2")
    assert said["repetitions"] == "the repetitions do not explain the fourth rung"
    assert (said["n_whole"], said["n_small"]) == ("800", "442")
    table["verdict"] = "better"
    said = numbers.decomposition(table, model="svc", variant="study")
    assert said["repetitions"] == "the repetitions explain a part of the fourth rung"


def test_resolution_is_told_by_protocol() -> None:
    more = {"design_effect": 4.0, "effective_n": 25.0}
    scores = [
        score(accuracy=0.5, **more),
        score(model="knn", accuracy=0.5, accuracy_low=0.3, accuracy_high=0.7, **more),
    ]
    table = ladder.resolution(pd.DataFrame(scores))
    said = numbers.resolution(table)
    assert said["artist_grouped_effective"] == "25"
    assert said["artist_grouped_half_width"] == "12.5"
    assert said["artist_grouped_independent"] == "9.8"
    chart = charts.resolution(table)
    assert "By artist ±12.5 instead of ±9.8" in chart.alt
    assert [list(trace.x) for trace in chart.figure.data[1:]] == [[0.098], [0.125]]
    assert chart.table["design effect"].to_list() == ["4.0"]
    assert "no results" in charts.resolution(table.iloc[:0]).alt


def test_artists_on_two_sides_are_counted() -> None:
    tracks = pd.DataFrame(
        {
            "track": list("abcd"),
            "genre": ["pop", "pop", "jazz", "rock"],
            "artist": [0, 0, 1, 2],
            "fault_filtered": ["train", "test", "train", "test"],
            "known_fault": [""] * 4,
        }
    )
    found = ladder.two_sided_artists(tracks)
    assert plain(numbers.two_sided(found, tracks)) == {
        "two_sided": "1 group of artists",
        "two_sided_tracks": "2 tracks",
        "known_tests": "1",
        "n_tests": "2",
    }
    assert plain(numbers.two_sided(found.iloc[:0], tracks))["two_sided"] == "0 groups of artists"


def test_a_comparison_counts_every_verdict() -> None:
    same = plain(numbers.comparison(ladder.compare_models(pair(9, 5, 86), reference=SVC)))
    assert (same["n_others"], same["n_same"]) == ("1", "1")
    assert same["worse"] == same["better"] == "none"
    worse = numbers.comparison(ladder.compare_models(pair(30, 1, 69), reference=SVC))
    assert worse["worse"] == names.model_title(*KNN)
    assert worse["n_same"] == "0"
    better = numbers.comparison(ladder.compare_models(pair(30, 1, 69), reference=KNN))
    assert better["better"] == better["highest"] == "support vector machine (tuned)"
    assert better["highest_difference"] == "29.0"


@pytest.fixture
def nested() -> choice.NestedChoice:
    interval = ConfidenceInterval(-0.03, -0.06, 0.001, 100, 40)
    folds = pd.DataFrame({"fold": range(3), "title": ["A", "B", "B"], "n_valid": [9, 10, 11]})
    return choice.NestedChoice(
        folds=folds,
        accuracy=ConfidenceInterval(0.57, 0.5, 0.64, 100, 40),
        fixed=Verdict("cannot be told apart", interval, 0.06),
        highest=Verdict("worse", replace(interval, high=-0.01), 0.01),
        reference="C",
        top="D",
        n_candidates=17,
    )


def test_a_nested_choice_says_what_was_picked_and_what_that_costs(
    nested: choice.NestedChoice,
) -> None:
    said = plain(numbers.nested(nested))
    assert said["nested_accuracy"] == "57.0 %"
    assert (said["n_picked"], said["n_valid"]) == ("2 different models", "10")
    assert (said["fixed"], said["fixed_chance"]) == ("3.0 points below", "which may be chance")
    assert said["highest_chance"] == "more than chance explains"
    alike = replace(nested, folds=nested.folds.assign(title="A"))
    assert numbers.nested(alike)["n_picked"] == "the same model"


def test_what_is_missing_is_named() -> None:
    every = [
        score(model=m, variant=v, protocol=p)
        for (m, spec), p in product(MODELS.items(), LADDER)
        for v in spec.variants
    ]
    said = numbers.missing(pd.DataFrame(every))["missing"]
    assert said == "Every model has a result under every protocol."
    said = plain(numbers.missing(pd.DataFrame(every[1:])))["missing"]
    assert said.startswith("**1 result is not computed yet:** under *Random windows*")
    assert names.model_title(every[0]["model"], every[0]["variant"]) in said
    without = [row for row in every if row["protocol"] != "wild"]
    said = numbers.missing(pd.DataFrame(without))["missing"]
    assert "under *In the wild* every model" in said
