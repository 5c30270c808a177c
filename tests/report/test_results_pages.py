"""What the results chapters conclude in their own words holds for the stored results."""

from __future__ import annotations

from functools import cache

import pytest

from audionome.lab import calibration, choice, ladder, store
from audionome.lab.compare import SAME
from audionome.lab.names import FLOOR
from audionome.lab.predictions import finished

EXAMPLE = ("svc", "study")


@cache
def results() -> store.Results:
    return store.load()


def test_no_model_wins() -> None:
    predictions = finished(results().predictions, results().scores)
    table = ladder.compare_models(predictions, reference=EXAMPLE)
    others = table[~table["reference"] & (table["model"] != FLOOR)]
    assert not (others["verdict"] == "better").any()
    assert (others["verdict"] == SAME).sum() > 5
    picks = choice.nested(predictions, results().validation, reference=EXAMPLE)
    assert picks.folds["title"].nunique() > 2
    assert picks.fixed.word != "better"
    assert picks.accuracy.estimate < table["accuracy"].max()


def test_the_floor_is_below_guessing_where_the_pages_say_so() -> None:
    scores = results().scores
    rows = scores[(scores["model"] == FLOOR) & (scores["split"] == "test")]
    right = rows.groupby(rows["protocol"].astype(str))["accuracy"].max()
    assert (right[["artist-grouped", "wild"]] < 0.1).all()


def test_the_decomposition_starts_and_ends_on_the_ladder() -> None:
    """Its first and last accuracy are those of the rungs, so its steps are that rung's."""
    scores = results().scores.set_index(["model", "variant", "protocol", "level", "split"])
    table = results().decomposition.set_index(["model", "variant", "step"])["cost"]
    for model, variant in {key[:2] for key in table.index}:
        above, below = (
            scores.loc[(model, variant, rung, "track", "test"), "accuracy"]
            for rung in ("artist-grouped", "fault-filtered")
        )
        # Stored probabilities are short: a track whose likeliest genres are level may turn.
        assert table[model, variant, "all"] == pytest.approx(above - below, abs=0.005)


def test_the_listed_clips_are_the_best_known_part() -> None:
    table = results().decomposition
    width = (table["high"] - table["low"]).groupby(table["step"]).mean()
    assert width.idxmin() == "listed"
    assert (table.loc[table["step"] == "listed", "verdict"] == SAME).all()


def test_confidence_does_not_carry_over() -> None:
    found = calibration.overconfidence(
        results().predictions, model="svc", variant="study", protocol="wild"
    )
    assert found is not None
    assert found.verdict.word == "better"  # too sure
