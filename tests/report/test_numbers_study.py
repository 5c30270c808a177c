"""The chapter on the source study: its charts and numbers, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from audionome.datasets.gtzan import GENRES
from audionome.lab.studies import replay
from audionome.lab.study_claims.genres import recalls
from audionome.report import charts
from audionome.report.numbers import study as numbers


def test_study_and_ours_shows_what_is_there() -> None:
    table = pd.DataFrame({"title": ["A", "B"], "study": [0.9, 0.7], "ours": [0.87, np.nan]})
    table = table.assign(low=table["ours"] - 0.01, high=table["ours"] + 0.01)
    table["difference"] = table["ours"] - table["study"]
    table["within"] = pd.array([False, pd.NA], dtype="boolean")
    chart = charts.study_and_ours(table)
    line, ours, study = chart.figure.data
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
    assert not chart.figure.layout.meta["notes"]
    assert chart.table["log loss"].to_list() == ["1.50", "", "1.50"]


def test_a_measure_that_is_missing_from_a_split_leaves_the_legend() -> None:
    table = pd.DataFrame({"title": ["A"], "accuracy": [0.5], "macro_f1": [0.4], "log_loss": 1.5})
    splits = {"Bare": table.assign(ece=np.nan), "By artist": table.assign(ece=0.1)}
    layout, traces = (f := charts.metric_comparison(splits).figure).layout, f.data
    assert [t.showlegend for t in traces] == [True, True, False]
    assert layout.updatemenus[0].buttons[1].args[0]["showlegend"] == [True, True, True]
    assert list(layout.meta["notes"]) == ["Bare"]


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
    assert found["exceptions"] == " The exceptions: Model 1 (75.0 % instead of 80.0 %)."
    assert numbers.reported(figures(0.91))["exceptions"] == ""
    assert numbers.reported(figures(np.nan))["n_recomputed"] == "0"


def checked(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Claims of one section, from key, verdict and verdict with artists apart."""
    table = pd.DataFrame(rows, columns=["key", "verdict", "apart"])
    table = table.assign(section="Results", claim=table["key"].str.upper(), numbers="3 of 7")
    table["numbers_apart"] = np.where(table["apart"] == "", "", "1 of 7")
    return table.assign(page="notebooks/pca", heading="What PCA hides")


CHECKED = checked(
    ("a", "holds", "does not hold"),
    ("b", "holds", "holds"),
    ("c", "does not hold", ""),
    ("d", "cannot be checked", ""),
    ("f", "from the documentation", ""),
    ("e", "answered by us", ""),
)


def test_claims_are_counted_by_their_verdict() -> None:
    found = numbers.tally(CHECKED)
    assert (found["n_claims"], found["n_tested"]) == ("6", "3")
    assert (found["n_read"], found["n_unchecked"], found["n_answered"]) == ("1", "1", "1")
    assert (found["n_hold"], found["n_part"], found["n_fail"], found["n_open"]) == (
        "2", "0", "1", "0",
    )  # fmt: skip
    assert (found["n_twice"], found["n_still"]) == ("2", "1")


def test_every_claim_is_written_with_its_verdict_and_a_link() -> None:
    text = numbers.claims(CHECKED)["claims"]
    assert "<summary>Results (✓ 2, ✗ 1, § 1, – 1, → 1)</summary>" in text
    assert "| A | ✓ **holds**: 3 of 7 | ✗ **does not hold**: 1 of 7 |" in text
    assert (
        "| C | ✗ **does not hold**: 3 of 7 |  | [What PCA hides](pca.ipynb#what-pca-hides) |"
        in text
    )
    # Where nothing is asked twice there is no column for it.
    assert "artists apart" not in numbers.claims(CHECKED.tail(3))["claims"]
    prose = CHECKED.assign(page="book/problem", heading="Who needs it")
    assert "](../book/problem.md#who-needs-it)" in numbers.claims(prose)["claims"]
    assert numbers.comments(CHECKED.head(1))["comments"].count("\n") == 2


def test_the_windows_of_a_clip_are_counted_on_both_sides() -> None:
    sides = pd.DataFrame({"track": ["a", "a", "a", "b", "c"], "window": [0, 1, 2, 0, 0]})
    sides["side"] = ["train", "train", "test", "test", "valid"]
    found = numbers.dealt(sides)
    assert (found["n_test"], found["n_known"], found["siblings"]) == ("2", "1", "1.0")


def test_the_settings_of_neighbours_are_told_as_run_and_as_printed() -> None:
    row = {"n": 10, "absent": 1, "theirs": 9, "title": "", "needed": 0, "likely": 0.6,
           "p_value": 0.004}  # fmt: skip
    table = pd.DataFrame(
        [
            row | {"model": "svc", "as_printed": True, "study": 0.9, "ours": 0.9, "right": 9,
                   "possible": True},
            row | {"model": "knn", "as_printed": False, "study": 0.9, "ours": 0.8, "right": 8,
                   "possible": True},
            row | {"model": "knn", "as_printed": True, "study": 0.9, "ours": 0.5, "right": 5,
                   "possible": False},
        ]
    )  # fmt: skip
    found = numbers.printed(table)
    assert (found["knn_run"], found["knn_printed"], found["knn_theirs"]) == ("8", "5", "9")
    assert (found["n_possible"], found["n_models"], found["largest"]) == ("2", "2", "10.0")
    assert found["close"] == ""
    table.loc[0, "possible"] = False
    close = numbers.printed(table)["close"]
    assert close.startswith(" The support vector classifier comes close: 9 of 10 windows")
    assert "add 0; " in close
    assert "about 1 (p = 0.004)" in close


def test_the_reasons_that_stand_are_named() -> None:
    table = checked(
        ("highest", "holds", "holds in part"),
        ("relatively small", "holds", "holds"),
        ("no overfit", "does not hold", "does not hold"),
        ("most genres", "holds", "does not hold"),
    )
    assert numbers.kept(table)["kept"] == (
        "“its gap is relatively small” holds; “it has the highest accuracy” holds in part; "
        "“it does not overfit” and “it does well on most genres” do not hold"
    )


def test_the_rules_are_those_that_decide() -> None:
    found = numbers.rules()
    assert (found["well"], found["near"], found["ordinary"]) == ("80 %", "5", "60")


def found_of(**missed: str) -> dict[str, Any]:
    """What each model finds: all but the genre that is named for it."""
    out = {}
    for model in replay.STUDIED:
        truth = np.repeat(GENRES, 20)
        said = np.where(truth == missed.get(model, ""), "no", truth)
        said = np.where(said == "no", "metal", said)
        out[model] = recalls(truth, said, np.arange(len(truth)))
    return out


def test_named_genres_are_counted() -> None:
    own, apart = (
        found_of(svc="country", knn="country"),
        found_of(**dict.fromkeys(replay.STUDIED, "blues")),
    )
    found = numbers.named(own, apart)
    assert found["n_named"] == "15"
    assert (found["n_below"], found["n_shown"], found["n_shown_apart"]) == ("2", "2", "0")
    assert found["hard_apart"] == "blues"


def test_the_matrices_mark_what_a_model_struggles_with() -> None:
    own, apart = found_of(svc="country")["svc"], found_of(svc="blues")["svc"]
    chart = charts.study_matrices({"S": (own, apart), "T": (apart, own)}, splits=("One", "Two"))
    first, second = chart.figure.data
    assert first.text[GENRES.index("country")][GENRES.index("country")] == "▾"
    assert second.text[GENRES.index("country")][GENRES.index("country")] == "100"
    assert "One: struggles with country; Two: struggles with blues" in chart.alt
    (menu,) = chart.figure.layout.updatemenus
    assert [button.label for button in menu.buttons] == ["S", "T"]
    assert menu.buttons[1].args[0]["text"][0][0][0] == "▾"
    assert len(chart.table) == 40


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
