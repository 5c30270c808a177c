"""Choosing a model by validation, fold by fold: known truths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_results import KNN, SVC, rows

from audionome.lab import choice

LDA, FLOOR = ("lda", "tuned"), ("dummy", "tuned")


def validation(right: dict[tuple[str, str], list[int]]) -> pd.DataFrame:
    """How many of ten validation tracks each model gets right, fold by fold."""
    return pd.DataFrame(
        [
            {"model": m, "variant": v, "protocol": "artist-grouped", "fold": k, "right": n, "n": 10}
            for (m, v), numbers in right.items()
            for k, n in enumerate(numbers)
        ]
    )


@pytest.fixture
def predictions() -> pd.DataFrame:
    """Two folds of 50 tracks: each model is right in one fold only; the third never is."""
    truth, wrong = ["jazz"] * 50, ["rock"] * 50
    frames = []
    for key, said in ((SVC, truth + wrong), (KNN, wrong + truth), (LDA, wrong + wrong),
                      (FLOOR, truth + truth)):  # fmt: skip
        frame = rows(truth + truth, said, key=key)
        frames.append(frame.assign(fold=np.arange(100) // 50))
    return pd.concat(frames, ignore_index=True)


def test_the_pick_of_a_fold_answers_for_that_fold(predictions: pd.DataFrame) -> None:
    # Validation tells the truth: the pick is always right, which no single model is.
    told = validation({SVC: [9, 1], KNN: [1, 9], LDA: [5, 5], FLOOR: [10, 10]})
    found = choice.nested(predictions, told, reference=LDA)
    assert found.folds["model"].to_list() == ["svc", "knn"]
    assert found.folds["valid"].to_list() == [0.9, 0.9]
    assert found.folds[["test", "n_test"]].to_numpy().tolist() == [[1, 50], [1, 50]]
    assert found.accuracy.estimate == 1
    assert found.n_candidates == 3  # the floor is none
    assert found.fixed.word == "better"
    assert found.highest.interval.estimate == 0.5


def test_a_validation_that_misleads_costs_what_it_costs(predictions: pd.DataFrame) -> None:
    told = validation({SVC: [1, 9], KNN: [9, 1], LDA: [0, 0]})
    found = choice.nested(predictions, told, reference=SVC)
    assert found.accuracy.estimate == 0
    assert found.fixed.word == "worse"
    assert found.fixed.interval.estimate == -0.5


def test_of_equals_the_first_of_the_report_is_picked(predictions: pd.DataFrame) -> None:
    told = validation({LDA: [5, 5], KNN: [5, 5], SVC: [5, 5]})
    found = choice.nested(predictions, told, reference=SVC)
    assert found.folds["model"].to_list() == ["svc", "svc"]


def test_a_candidate_that_lacks_a_fold_is_refused(predictions: pd.DataFrame) -> None:
    told = validation({SVC: [5, 5], KNN: [5]})
    with pytest.raises(ValueError, match="every fold"):
        choice.nested(predictions, told, reference=SVC)
