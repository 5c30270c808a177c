"""The chapter on the source study: its charts and numbers, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audionome.report import charts
from audionome.report.numbers import study as numbers


def test_study_and_ours_shows_what_is_there() -> None:
    table = pd.DataFrame({"title": ["A", "B"], "study": [0.9, 0.7], "ours": [0.87, np.nan]})
    table = table.assign(low=table["ours"] - 0.01, high=table["ours"] + 0.01)
    table["difference"] = table["ours"] - table["study"]
    table["within"] = pd.array([False, pd.NA], dtype="boolean")
    chart = charts.study_and_ours(table)
    line, study, ours = chart.figure.data
    assert list(line.x) == [0.9, 0.87, None]
    assert (list(study.y), list(ours.y)) == (["A", "B"], ["A"])
    assert "0 of 1 agree within 2 points, the largest difference is 3.0 points" in chart.alt
    assert chart.table["difference (points)"].to_list() == ["−3.0", ""]


def test_train_valid_test_joins_the_ends_of_a_gap() -> None:
    table = pd.DataFrame({"title": ["A", "B"], "train": [1.0, 0.7], "valid": [0.6, np.nan]})
    table = table.assign(test=[0.5, 0.6], gap=[0.5, 0.1])
    chart = charts.train_valid_test({"By artist": table, "In the wild": table.iloc[:0]})
    line, train, valid, test = chart.figure.data
    assert list(line.x) == [1.0, 0.5, None, 0.7, 0.6, None]
    assert (list(train.x), list(valid.x), list(test.x)) == ([1, 0.7], [0.6, None], [0.5, 0.6])
    assert "widest for A, 50.0 points" in chart.alt
    # A protocol without results is not in the menu, and one needs none.
    assert not chart.figure.layout.updatemenus


def test_metric_comparison_draws_three_measures_of_each_model() -> None:
    table = pd.DataFrame({"title": ["A", "B"], "accuracy": [0.5, 0.7], "macro_f1": [0.4, 0.7]})
    table = table.assign(ece=[0.1, 0.2], log_loss=[1.5, np.nan])
    chart = charts.metric_comparison({"By artist": table, "In the wild": table.iloc[:1]})
    accuracy, f1, error = chart.figure.data
    assert (list(accuracy.x), list(f1.x), list(error.x)) == ([0.5, 0.7], [0.4, 0.7], [0.1, 0.2])
    assert chart.figure.layout.updatemenus[0].buttons[1].args[0]["x"][0] == [0.5, None]
    assert "B is right most often: accuracy 70.0%" in chart.alt
    assert chart.table["log loss"].to_list() == ["1.50", "", "1.50"]


def test_charts_without_results_say_so() -> None:
    none = pd.DataFrame()
    for chart in (
        charts.train_valid_test({"By artist": none}),
        charts.metric_comparison({"By artist": none}),
    ):
        assert chart.alt.endswith("There are no results for this chart yet.")


# -- numbers ------------------------------------------------------------------------------


def figures(*ours: float) -> pd.DataFrame:
    """Compare with reported figures of 90, 80 ... per cent."""
    table = pd.DataFrame({"study": [0.9 - 0.1 * k for k in range(len(ours))], "ours": ours})
    table["title"] = [f"Model {k}" for k in range(len(ours))]
    table["difference"] = table["ours"] - table["study"]
    within = (table["difference"].abs() <= 0.02).astype("boolean")
    return table.assign(within=within.mask(table["ours"].isna()))


def test_reported_figures_are_counted_and_exceptions_named() -> None:
    found = numbers.reported(figures(0.91, 0.75, np.nan))
    assert (found["n_reported"], found["n_recomputed"], found["n_repeated"]) == ("3", "2", "1")
    assert found["exceptions"] == "The exceptions: Model 1 (75.0 % instead of 80.0 %)."
    assert found["largest"] == "5.0"
    assert numbers.reported(figures(0.91))["exceptions"] == "There is no exception."
    assert numbers.reported(figures(np.nan))["n_recomputed"] == "0"


def test_the_widest_and_the_narrowest_gap_are_named() -> None:
    table = pd.DataFrame({"model": ["a", "b", "dummy"], "title": ["A", "B", "Floor"]})
    table = table.assign(train=[1.0, 0.7, 0.1], test=[0.55, 0.6, 0.1])
    table["gap"] = table["train"] - table["test"]
    found = numbers.gaps(table)
    assert (found["widest"], found["narrowest"]) == ("A", "B")
    assert (found["widest_train"], found["widest_gap"]) == ("100.0 %", "45.0")
    assert (found["n_perfect"], found["n_models"]) == ("1", "2")
    nothing = numbers.gaps(table.assign(gap=np.nan))
    assert set(nothing) == set(found)
    assert set(nothing.values()) == {"not measured"}


def test_measures_name_who_is_off() -> None:
    table = pd.DataFrame({"model": ["a", "b", "dummy"], "title": ["A", "B", "Floor"]})
    table = table.assign(accuracy=[0.6, 0.7, 0.1], macro_f1=[0.55, 0.69, 0.0])
    table = table.assign(ece=[0.2, 0.05, 0.9])
    found = numbers.measures(table)
    assert (found["apart"], found["apart_model"]) == ("5.0", "A")
    assert (found["calibrated"], found["calibrated_error"]) == ("B", "5.0")
    assert (found["miscalibrated"], found["miscalibrated_error"]) == ("A", "20.0")
    nothing = numbers.measures(table.iloc[:0])
    assert set(nothing) == set(found)
