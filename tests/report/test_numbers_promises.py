"""The chapter on promises: its charts and numbers say what the tables say."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from audionome.models import reliability
from audionome.report import charts
from audionome.report.numbers import promises as told

ROOT = Path(__file__).parents[2]
SPACE = "\N{NO-BREAK SPACE}"


def kept(coverage: float, low: float, high: float, verdict: str, **more: object) -> pd.DataFrame:
    row = {
        "family": "from scratch", "model": "extended", "protocol": "released", "excerpt": 0,
        "n": 100, "artists": 80, "strange": 0.02, "coverage": coverage, "coverage_low": low,
        "coverage_high": high, "size": 3.24, "size_low": 3.0, "size_high": 3.5, "one": 0.25,
        "one_low": 0.2, "one_high": 0.3, "one_right": 0.88, "one_right_low": 0.8,
        "one_right_high": 0.95, "verdict": verdict,
    }  # fmt: skip
    return pd.DataFrame([row | more])


def test_what_was_kept_is_told_of_the_first_model() -> None:
    table = pd.concat([
        kept(0.91, 0.88, 0.94, "kept"),
        kept(0.84, 0.80, 0.88, "missed", excerpt=3),
    ])  # fmt: skip
    said = told.coverage({"ear": table, "classic": table})
    assert said["kept"] == f"91.0{SPACE}%"
    assert (said["n_asked"], said["n_refused"], said["n_answers"]) == ("102", "2", "100")
    assert said["kept_span"] == f"95{SPACE}% interval 88.0 to 94.0"
    assert (said["size"], said["alone"]) == ("3.2", f"25.0{SPACE}%")
    assert said["beside"] == "in line with"
    assert told.coverage({"ear": table.assign(verdict="missed")})["beside"] == "less than"
    assert said["promised"] == f"90{SPACE}%"
    assert said["below"] == "The promise was broken by ear (3 s) and classic (3 s)."
    assert told.coverage({"ear": table.head(1)})["below"].startswith("No interval lies below")


def test_sizes_stand_in_a_table_the_longest_first() -> None:
    table = pd.concat([
        kept(0.9, 0.8, 1.0, "kept", excerpt=3, one=0.0, one_right=float("nan")),
        kept(0.9, 0.8, 1.0, "kept"),
    ])  # fmt: skip
    made = told.sizes({"extended": table})
    assert made["length"].to_list() == ["whole clips", "3 s"]
    right = made["of these right (95 % interval)"].to_list()
    assert right == [f"88.0{SPACE}% (80.0 to 95.0)", "\N{EN DASH}"]


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
    assert (said["n_clips"], said["n_artists"], said["n_sources"]) == ("3", "2", "2")
    assert said["most"] == "2 of rock and 1 of hip-hop"
    assert (said["shortest"], said["longest"]) == (f"12{SPACE}s", f"60{SPACE}s")
    assert (said["median"], said["n_known"]) == (f"30{SPACE}s", "1")


def test_genres_that_miss_the_promise_are_named_with_the_models() -> None:
    table = pd.concat([
        kept(0.7, 0.5, 0.85, "missed", genre="hiphop", n=20),
        kept(0.99, 0.95, 1.0, "exceeded", genre="jazz", n=30),
        kept(0.9, 0.8, 0.95, "kept", genre="rock"),
    ])  # fmt: skip
    said = told.groups({"ear": table, "classic": table.head(1)}, "genre")
    assert said["missed_sentence"] == "The promise was broken for hip-hop (ear and classic)"
    assert said["exceeded"] == "jazz (ear)"
    assert said["n_intervals"] == "4"
    none = told.groups({"ear": table.tail(1)}, "genre")["missed_sentence"]
    assert none == "The promise was broken for no group"


def claim(low: float, high: float, **more: object) -> pd.DataFrame:
    row = {
        "family": "from scratch", "model": "classic", "excerpt": 0, "confidence": 0.6,
        "right": 0.5, "third": 0.8, "surplus": (low + high) / 2, "surplus_low": low,
        "surplus_high": high, "error": 0.05, "error_low": 0.03, "error_high": 0.09,
        "gtzan_surplus": 0.011, "gtzan_surplus_low": -0.04, "gtzan_surplus_high": 0.06,
    }  # fmt: skip
    return pd.DataFrame([row | more])


@pytest.mark.parametrize(
    ("low", "high", "after"),
    [
        (0.1, 0.2, "It is still too high for classic (whole clips)."),
        (-0.2, -0.1, "It is still too low for classic (whole clips)."),
        (-0.1, 0.1, "After that, no difference is larger than chance explains."),
    ],
)
def test_what_is_claimed_is_judged_by_its_interval(low: float, high: float, after: str) -> None:
    said = told.claims({"classic": claim(low, high)})
    assert said["after"] == after
    assert said["before"] == "none"
    assert said["error"] == "5.0"
    short = pd.concat([claim(low, high), claim(low, high, excerpt=3, gtzan_surplus_low=0.01)])
    assert told.claims({"classic": short})["before"] == "classic (3 s)"


def test_a_model_without_a_temperature_of_gtzan_has_no_figure_for_it() -> None:
    none = dict.fromkeys(("gtzan_surplus", "gtzan_surplus_low", "gtzan_surplus_high"), float("nan"))
    table = told.claimed({"ear": claim(-0.1, 0.1, **none), "classic": claim(0.1, 0.2)})
    before = table["with GTZAN's temperature"].to_list()
    assert before == ["\N{EN DASH}", "1.1 (\N{MINUS SIGN}4.0 to 6.0)"]
    assert table["too high by (points)"].to_list()[1] == "15.0 (10.0 to 20.0)"
    assert told.claims({"ear": claim(-0.1, 0.1, **none)})["before"] == "none"


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


def test_answers_of_one_genre_stand_beside_those_of_more() -> None:
    kinds = [("outside", 0, "one", 0.85), ("outside", 3, "many", 0.95), ("gtzan", 0, "one", 0.97)]
    table = pd.DataFrame(
        [
            {
                "model": "ear", "place": place, "excerpt": excerpt, "status": status, "share": 0.5,
                "held": held, "held_low": held - 0.05, "held_high": held + 0.03, "right": 0.4,
            }
            for place, excerpt, status, held in kinds
        ]
    )  # fmt: skip
    made = told.statuses(pd.concat([table, table.assign(model="classic", held=0.1)]), "ear")
    assert made["length"].to_list() == ["whole clips", "3 s"]
    assert made["the answer names"].to_list() == ["one genre", "four or more"]
    home = made["right genre included: GTZAN, artists apart"].to_list()
    assert home == [f"97.0{SPACE}% (92.0 to 100.0)", "\N{EN DASH}"]
    said = told.by_status(table, "ear")
    assert (said["one"], said["one_home"]) == (f"85.0{SPACE}%", f"97.0{SPACE}%")
    assert "many" not in said  # of whole clips there is none


def test_the_app_leads_to_headings_that_are_there() -> None:
    for page in (reliability.PAGE, reliability.REFUSED_PAGE):
        path, _, anchor = page.partition("#")
        cells = json.loads((ROOT / path.replace(".html", ".ipynb")).read_text())["cells"]
        lines = [line.strip() for cell in cells for line in cell["source"]]
        headings = [line.lstrip("# ").lower() for line in lines if line.startswith("## ")]
        assert anchor in [heading.replace(" ", "-") for heading in headings]
