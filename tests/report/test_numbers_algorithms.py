"""What the chapters on the algorithms say of made-up results, and the reference as HTML."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from audionome._words import share
from audionome.lab import hyperparameters, store
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import SAME, Verdict
from audionome.lab.exploration import DIALS, Regions, Step
from audionome.lab.hyperparameters import Hyperparameter, Seen, Statement
from audionome.lab.studies import replay, validation_curves
from audionome.report import charts, reference
from audionome.report.numbers import algorithms as numbers

SPACE = "\N{NO-BREAK SPACE}"
INTERVAL = ConfidenceInterval(-0.2, -0.3, -0.1, 100, 20)
WORSE, EQUAL = Verdict("worse", INTERVAL, 0.01), Verdict(SAME, INTERVAL, 0.5)


def regions(*verdicts: Verdict) -> Regions:
    """A dial whose second setting was chosen, with these verdicts on the others."""
    cells = np.zeros((2, 2), dtype=np.int8)
    steps = [
        Step(value, cells, 0.5 + 0.1 * i, 0.6, 0.55, 0.5, 0.6)
        for i, value in enumerate((1.0, 3.0, 6.0, 25.0))
    ]
    others = [0, 2, 3][: len(verdicts)]
    for k, judged in zip(others, verdicts, strict=True):
        steps[k] = replace(steps[k], verdict=judged)
    points = pd.DataFrame({"track": ["a"], "genre": ["pop"], "x": [0.0], "y": [0.0]})
    axis = np.array([0.0, 1.0])
    return Regions("knn", "k-nearest neighbours", DIALS["knn"], ("x", "y"), ("pop", "rock"),
                   axis, axis, points, steps, n_test=7, chosen=1)  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "others"),
    [
        ((EQUAL, EQUAL, EQUAL), "no other setting can be told apart from it"),
        ((WORSE, EQUAL, EQUAL), "1 does worse; 2 cannot be told apart from it"),
        ((WORSE, EQUAL, WORSE), "1 and 25 do worse; one cannot be told apart from it"),
        ((WORSE, WORSE, WORSE), "1, 6 and 25 do worse"),
    ],
)
def test_a_dial_is_told_by_its_validation(verdicts: tuple[Verdict, ...], others: str) -> None:
    told = numbers.dial(regions(*verdicts))
    assert told["chosen"] == "3"
    assert told["parameter"] == "`n_neighbors`"
    assert told["test"] == f"55.0{SPACE}%"
    assert told["interval"] == f"95{SPACE}% interval 50.0 to 60.0"
    assert (told["first_train"], told["last_train"]) == (f"50.0{SPACE}%", f"80.0{SPACE}%")
    assert told["others"] == others


def test_the_pictures_are_counted() -> None:
    told = numbers.pictures(regions())
    assert told == {"genres": "pop and rock", "one": "`x`", "other": "`y`", "n_train": "1",
                    "n_test": "7"}  # fmt: skip


def test_the_seven_are_set_apart_by_both_tables() -> None:
    rows = [
        (model, "tuned", "artist-grouped", "track", "test", 0.4 + 0.02 * i, 0.3, 0.7)
        for i, model in enumerate(DIALS)
    ]
    rows.append(("mlp", "tuned", "artist-grouped", "track", "test", 0.99, 0.9, 1.0))
    rows.append(("svc", "tuned", "wild", "track", "test", 0.1, 0.0, 0.2))
    names = ["model", "variant", "protocol", "level", "split", "accuracy", "accuracy_low",
             "accuracy_high"]  # fmt: skip
    told = numbers.seven(pd.DataFrame(rows, columns=names))
    assert told["study_high"] == "support vector machine"
    assert told["study_low"] == "decision tree"
    assert told["study_apart"] == "25.8"
    assert (told["low"], told["high"], told["apart"]) == (
        "logistic regression", "gradient boosting", "12.0",
    )  # fmt: skip


def curves(right: dict[str, int]) -> pd.DataFrame:
    """Ten windows by each of thirty artists; one more is right where songs were heard before."""
    rows = [
        ("knn n_neighbors", value, split, part, a, min(10, n + a % 3 + (split == "random")), 10)
        for value, n in right.items()
        for split in validation_curves.SPLITS
        for part in ("train", "test")
        for a in range(30)
    ]
    names = ["curve", "value", "split", "part", "artist", "right", "n"]
    return pd.DataFrame(rows, columns=names)


def test_two_splits_are_set_beside_each_other() -> None:
    told = numbers.splits(curves({"1": 3, "31": 6}), "knn n_neighbors", "1", "31")
    assert told["artist_one"] == f"40.0{SPACE}%"
    assert told["random_other"] == f"80.0{SPACE}%"
    assert told["artist_verdict"] == told["random_verdict"] == "1 is worse"
    same = numbers.splits(curves({"1": 6, "31": 6}), "knn n_neighbors", "1", "31")
    assert same["artist_verdict"] == "the two cannot be told apart"
    assert told["artist_interval"] == f"95{SPACE}% interval −30.0 to −30.0"


def test_a_curve_is_told_and_drawn() -> None:
    few = validation_curves.Curve("knn", "n_neighbors", (1, 6, 31))
    table = validation_curves.summarise(curves({"1": 3, "6": 6, "31": 6}), [few])
    told = numbers.curve(table, "knn n_neighbors")
    assert (told["first"], told["study"], told["last"]) == ("1", "6", "31")
    assert (told["worse"], told["better"]) == ("1", "none")
    chart = charts.validation_curves(table)
    assert list(chart.figure.data[2].x) == ["1", "6 (study)", "31"]
    assert list(chart.figure.data[2].y) == pytest.approx([0.4, 0.7, 0.7])
    assert list(chart.figure.data[1].y) == pytest.approx([0.5, 0.8, 0.8])
    notes = chart.table, chart.figure.layout.meta["notes"]
    assert len(notes[0]) == 3
    assert notes[1]["k-nearest neighbours: n_neighbors"] == (
        "On other artists, set beside the study's 6: 1 is worse; the other cannot be told apart."
    )
    assert {d.line.color for d in chart.figure.data}.isdisjoint(charts.PALETTE.values())


def test_every_verdict_is_counted_once() -> None:
    found = hyperparameters.claims(validation_curves.load())
    told = numbers.claims(found)
    assert sum(map(int, re.findall(r"\d+", told["counts"]))) == len(found) == int(told["n"])
    words = ("holds", "wrong", "does not hold", "not seen")
    made = [Statement("knn", "p", "", "", word, by_reading=word == "wrong") for word in words]
    assert numbers.claims(made)["n_reading"] == "1"
    assert numbers.claims(made)["counts"] == (
        "1 is right, 1 is not seen in our data and 2 are misleading, out of date or wrong"
    )


def test_the_reach_is_told_from_its_ends() -> None:
    told = numbers.reach(pd.Series({0.001: 0.9, 1.0: 0.01}))
    assert told == {"smallest": "0.001", "smallest_share": f"90.0{SPACE}%", "largest": "1",
                    "largest_share": f"1.0{SPACE}%"}  # fmt: skip


def test_a_hyperparameter_becomes_a_row() -> None:
    one = Hyperparameter(
        "svc", "C", "Sets the `price` <of> a row.", "1", ("auto",), "a number", "large", "small",
        "Take care.", named=True, study="10", searched=("1", "3"), chosen=(("3", 8), ("1", 2)),
    )  # fmt: skip
    old = Hyperparameter("svc", "probability", "Fits.", "none", deprecated="1.9", errs="None.")
    soup = BeautifulSoup(reference.hyperparameters([one, old])._repr_mimebundle_()["text/html"],
                         "html.parser")  # fmt: skip
    assert soup.summary is not None
    assert soup.summary.text == ("Support vector machine: 2 hyperparameters, 1 named by the study")
    first, second = soup.find_all("tr")[1:]
    text = first.get_text(" ")
    assert "Sets the price <of> a row." in " ".join(text.split())
    assert "Large overfits, small underfits. Small takes more time. Take care." in text
    assert "Chosen: 3 in 8 and 1 in 2 of 10 folds." in " ".join(text.split())
    assert "in the study" in text
    assert "deprecated" in second.text
    assert "Both left the default." in second.text
    assert [cell["data-label"] for cell in first.find_all("td")] == [
        "What it does", "How it errs", "The study, and our search",
    ]  # fmt: skip


def test_a_claim_becomes_a_row_with_what_was_measured() -> None:
    seen = Seen("n_neighbors", "", "31", "1", "test", (0.5, 0.4), EQUAL, "better")
    train = Seen("gamma", "C = 1", "0.1", "1", "train", (0.5, 0.9), None, "worse")
    gap = Seen("n_neighbors", "", "1", "31", "gap", (0.5, 0.4), EQUAL, "wider")
    clock = Seen("n_neighbors", "", "31", "1", "time to answer", (0.0294, 2.04), None, "longer")
    found = Statement("knn", "n_neighbors", "It is so.", "It is *not*.", "not seen", ("None",),
                  ("squared_loss",), (seen, train, gap, clock), True, "1.8")  # fmt: skip
    soup = BeautifulSoup(reference.claims([found])._repr_mimebundle_()["text/html"], "html.parser")
    cells = [" ".join(cell.get_text().split()) for cell in soup.find_all("td")]
    assert cells[:2] == ["It is so.", "not seen, from the documentation"]
    assert (
        "No longer known: squared_loss. Missing: None. Deprecated since scikit-learn 1.8."
        in (cells[2])
    )
    assert (
        "Accuracy on windows of other artists: 31 50.0 %, 1 40.0 %; the two cannot be" in cells[2]
    )
    assert "Accuracy on training windows (with C = 1): 0.1 50.0 %, 1 90.0 %." in cells[2]
    assert "other artists: 1 50.0 points, 31 40.0 points; the two cannot be told" in cells[2]
    assert "Time to answer: 31 29 ms, 1 2.0 s." in cells[2]


def test_the_whole_reference_is_light_and_complete() -> None:
    params = store.load().params
    size = 0
    for model in DIALS:
        rows = hyperparameters.reference(model, params)
        page = reference.hyperparameters(rows)._repr_mimebundle_()["text/html"]
        names = [c.code.text for c in BeautifulSoup(page, "html.parser").select("tbody th")]
        assert names == [one.name for one in rows]
        size += len(page)
    assert size < 120_000


def test_the_scores_of_each_model_stand_once() -> None:
    again = replay.load()
    table = reference.scoreboard(store.load().scores, again, list(DIALS))
    assert len(table) == 7
    # The study's own split, and not another shuffle.
    own = again.reported().drop_duplicates("model").set_index("model")["ours"]
    told = table["ours, the study's split"].str.split(" ").str[0]
    assert told.tolist() == [share(own[model]).split(" ")[0] for model in DIALS]
    assert table["the study"].iloc[0] == f"72.2{SPACE}%"
    assert (table.drop(columns=["algorithm", "the study"]).map(lambda v: v.count(" to ")) == 1).all(
        axis=None
    )
