"""Decision regions and the results of one algorithm: truths known beforehand, and what is said."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from audionome.lab import exploration, store
from audionome.lab.estimators import MODELS
from audionome.lab.protocols import LADDER
from audionome.report import charts
from audionome.report.sentences import lessons

# -- decision regions ---------------------------------------------------------------------

CORNERS = {"blues": (0, 0), "classical": (0, 9), "metal": (9, 0), "pop": (9, 9)}


@pytest.fixture(scope="module")
def corners() -> pd.DataFrame:
    """Four genres in four corners of a plane, in the order of `CORNERS`."""
    rng = np.random.default_rng(0)
    rows = [
        (f"{genre}.{i}", genre, f"{genre}{i}", x + dx, y + dy)
        for genre, (x, y) in CORNERS.items()
        for i, (dx, dy) in enumerate(rng.normal(scale=0.5, size=(60, 2)))
    ]
    return pd.DataFrame(rows, columns=["track", "genre", "artist", "x", "y"])


@pytest.mark.parametrize("model", exploration.DIALS)
def test_every_model_finds_four_corners(corners: pd.DataFrame, model: str) -> None:
    found = exploration.regions(corners, model, features=("x", "y"), cells=12)
    step = max(found.steps, key=lambda s: s.test)
    assert step.test > 0.97
    assert step.low <= step.test <= step.high
    assert step.verdict is None
    assert all(other.verdict is not None for other in found.steps if other is not step)
    # A tree may cut off a corner that no track is near.
    edges = [step.cells[row, column] for row, column in ((1, 1), (-2, 1), (1, -2), (-2, -2))]
    assert [found.genres[i] for i in edges] == list(CORNERS)
    assert len(found.steps) == len(found.dial.settings)
    assert len(found.points) + found.n_test == len(corners)
    assert found.title == MODELS[model].title


def test_the_dials_are_those_of_the_studys_models() -> None:
    assert list(exploration.DIALS) == [n for n, m in MODELS.items() if m.study_accuracy]
    # The study's own setting is one of the steps.
    for name, dial in exploration.DIALS.items():
        assert MODELS[name].make("study")[-1].get_params()[dial.parameter] in dial.settings


def test_a_dial_turns_from_too_simple_to_too_sure(corners: pd.DataFrame) -> None:
    tree = exploration.regions(corners, "tree", features=("x", "y"), cells=12)
    assert len(np.unique(tree.steps[0].cells)) == 2  # one question has two answers
    one = exploration.regions(corners, "knn", features=("x", "y"), cells=12).steps[0]
    assert one.train == 1  # every track is its own nearest neighbour


def test_the_slider_shows_one_setting_at_a_time(corners: pd.DataFrame) -> None:
    found = exploration.regions(corners, "knn", features=("x", "y"), cells=12)
    chart = charts.decision_regions(found)
    slider = chart.figure.layout.sliders[0]
    assert [step.label for step in slider.steps] == [f"{v:g}" for v in found.dial.settings]
    first = [trace.visible in (True, None) for trace in chart.figure.data]
    assert slider.steps[slider.active].args[0]["visible"] == first
    for k, step in enumerate(slider.steps):
        shown = step.args[0]["visible"]
        planes = [v for v, t in zip(shown, chart.figure.data, strict=True) if t.type == "heatmap"]
        assert [i for i, v in enumerate(planes) if v] == [k]
    assert set(chart.figure.layout.meta["notes"]) == {step.label for step in slider.steps}
    names = [t for t in chart.figure.data if getattr(t, "mode", "") == "text"][slider.active]
    assert sorted(names.text) == sorted(CORNERS)
    assert len(chart.table) == len(slider.steps)


# -- results of one algorithm -------------------------------------------------------------


def scores() -> pd.DataFrame:
    rows = [
        ("svc", variant, protocol, level, split, 0.9 - 0.1 * i, 0.8 - 0.1 * i, 0.95 - 0.1 * i, 100)
        for i, protocol in enumerate(LADDER)
        for variant in ("study", "tuned")
        for level in ("window", "track")
        for split in ("train", "test")
    ]
    names = ["model", "variant", "protocol", "level", "split", "accuracy", "accuracy_low",
             "accuracy_high", "n"]  # fmt: skip
    return pd.DataFrame(rows, columns=names).sample(frac=1, random_state=0)


def test_results_of_one_model_follow_the_ladder() -> None:
    table = exploration.own_scores(scores(), "svc")
    tuned = table[table["variant"] == "tuned"]
    assert tuned["protocol"].to_list() == list(LADDER)
    assert len(table) == 2 * len(LADDER)
    chart = charts.model_results(table)
    assert "from 90.0% (Random windows) to 50.0% (In the wild)" in chart.alt
    assert len(chart.table) == len(table)
    said = lessons.own_results(scores(), "svc")
    assert "**70.0\N{NO-BREAK SPACE}%** tuned" in said
    assert "92.0\N{NO-BREAK SPACE}%" in said
    nothing = exploration.own_scores(scores(), "knn")
    assert "no results" in charts.model_results(nothing).alt
    assert "no result yet" in lessons.own_results(scores(), "knn")


def test_settings_are_those_of_the_models() -> None:
    params = pd.DataFrame(
        {"model": "svc", "variant": "tuned", "protocol": "artist-grouped", "fold": [0, 1, 2],
         "params": [json.dumps({"classify__C": c}) for c in (3.0, 3.0, 10.0)]}
    )  # fmt: skip
    said = lessons.settings(params, "svc")
    assert "`C = 10`" in said
    assert "`C = 3` (2 of 3 folds)" in said
    assert "random_state" not in said
    assert "`max_depth = 15`" in lessons.settings(params, "tree")


def test_sentences_about_the_stored_results() -> None:
    stored = store.load()
    for model in exploration.DIALS:
        assert lessons.own_results(stored.scores, model).count("%") >= 2
    assert "points apart" in lessons.seven(stored.scores)
