"""Tables as they are printed: what is in them, in which order, and what is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from made_results import score

from audionome.report import tables
from audionome.report.numbers import results as numbers


def test_the_score_table_prints_one_row_per_result() -> None:
    scores = pd.DataFrame(
        [
            score(accuracy=0.5),
            score(model="knn", accuracy=0.6),
            score(protocol="random-windows", accuracy=0.9, log_loss=np.nan),
            score(split="train", accuracy=1.0),
        ]
    )
    table = tables.score_table(scores)
    assert table["accuracy (%)"].to_list() == ["90.0", "60.0", "50.0"]
    assert table["95 % interval"].iloc[0].split() == ["85.0", "to", "95.0"]
    assert table["log loss"].to_list() == ["", "1.00", "1.00"]
    assert table["model"].iloc[1] == "k-nearest neighbours, tuned"
    assert tables.score_table(scores.iloc[:0]).empty


def test_measures_of_the_floors_certainty_are_left_out_and_explained() -> None:
    floor = score(model="dummy", accuracy=0.075, log_loss=33.3, ece=0.925)
    scores = pd.DataFrame([score(), floor])
    table = tables.score_table(scores)
    assert table["accuracy (%)"].to_list() == ["50.0", "7.5"]
    assert table["log loss"].to_list() == ["1.00", ""]
    assert table["calibration error"].to_list() == ["0.100", ""]
    told = numbers.floor(pd.DataFrame([floor, floor | {"protocol": "wild", "accuracy": 0.067}]))
    assert told["floor_outside"] == "6.7\N{NO-BREAK SPACE}%"
    assert told["floor_accuracy"] == "7.5\N{NO-BREAK SPACE}%"
    # What the empty cell would be: this loss for every wrong answer, and none for a right one.
    assert round(float(told["largest_loss"]) * 0.925, 1) == 33.3


def test_the_chosen_hyperparameters_are_counted() -> None:
    keys = {"model": "svc", "variant": "tuned", "protocol": "artist-grouped"}
    chosen = ['{"classify__C": 3.0}', '{"classify__C": 3.0}', '{"classify__C": 1.0}', "{}"]
    params = pd.DataFrame([keys | {"fold": i, "params": p} for i, p in enumerate(chosen)])
    table = tables.parameter_table(params)
    assert table[["chosen", "folds"]].to_numpy().tolist() == [["C = 3.0", 2], ["C = 1.0", 1]]
