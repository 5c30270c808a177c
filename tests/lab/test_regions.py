"""Decision regions: truths known beforehand, and no choice that looks at the test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audionome.lab import exploration
from audionome.lab.estimators import MODELS
from audionome.lab.protocols import LADDER
from audionome.report import charts

CORNERS = {"blues": (0, 0), "classical": (0, 9), "metal": (9, 0), "pop": (9, 9)}


@pytest.fixture(scope="module")
def corners() -> pd.DataFrame:
    """Four genres in four corners of a plane, in the order of `CORNERS`."""
    rng = np.random.default_rng(0)
    rows = [
        (f"{genre}.{i}", genre, f"{genre}{i}", x + dx, y + dy)
        for genre, (x, y) in CORNERS.items()
        for i, (dx, dy) in enumerate(rng.normal(scale=0.5, size=(70, 2)))
    ]
    return pd.DataFrame(rows, columns=["track", "genre", "artist", "x", "y"])


@pytest.mark.parametrize("model", exploration.DIALS)
def test_every_model_finds_four_corners(corners: pd.DataFrame, model: str) -> None:
    found = exploration.regions(corners, model, features=("x", "y"), cells=12)
    step = found.steps[found.chosen]
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


def test_the_test_has_no_say_in_the_choice(corners: pd.DataFrame) -> None:
    _, test = exploration.halves(corners)
    spoilt = corners.copy()
    # The tested half keeps its genres, and loses what they have to do with the features.
    mixed = np.random.default_rng(0).permutation(test)
    for name in ("x", "y"):
        values = spoilt[name].to_numpy(copy=True)
        values[test] = values[mixed]
        spoilt[name] = values
    one, other = (
        exploration.regions(rows, "knn", features=("x", "y"), cells=4) for rows in (corners, spoilt)
    )
    assert one.chosen == other.chosen
    assert [s.valid for s in one.steps] == [s.valid for s in other.steps]
    assert other.steps[other.chosen].test < 0.5 < one.steps[one.chosen].test


def test_validation_holds_artists_out() -> None:
    """Each artist has one place and one genre at random: nothing can be known of a new one."""
    rng = np.random.default_rng(1)
    rows = []
    for artist in range(60):
        genre, (x, y) = list(CORNERS)[artist % 4], rng.uniform(0, 9, 2)
        rows += [(f"{artist}.{i}", genre, artist, x, y) for i in range(5)]
    tracks = pd.DataFrame(rows, columns=["track", "genre", "artist", "x", "y"])
    step = exploration.regions(tracks, "knn", features=("x", "y"), cells=4).steps[0]
    assert step.train == 1
    assert step.valid < 0.6


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


# -- results of the algorithms ------------------------------------------------------------


def scores() -> pd.DataFrame:
    rows = [
        (model, variant, protocol, level, split, a - 0.1 * i, a - 0.1 - 0.1 * i, a + 0.05 - 0.1 * i,
         100)
        for model, a in (("svc", 0.9), ("knn", 0.8))
        for i, protocol in enumerate(LADDER)
        for variant in ("study", "tuned")
        for level in ("window", "track")
        for split in ("train", "test")
    ]  # fmt: skip
    names = ["model", "variant", "protocol", "level", "split", "accuracy", "accuracy_low",
             "accuracy_high", "n"]  # fmt: skip
    return pd.DataFrame(rows, columns=names).sample(frac=1, random_state=0)


def test_results_follow_the_models_and_the_ladder() -> None:
    table = exploration.own_scores(scores(), ["knn", "svc"])
    assert len(table) == 2 * 2 * len(LADDER)
    assert table["model"].drop_duplicates().to_list() == ["knn", "svc"]
    for _, part in table.groupby(["model", "variant"]):
        assert part["protocol"].to_list() == list(LADDER)
    chart = charts.model_results(table)
    assert "Support vector machine from 90.0% (Random windows) to 50.0% (In the wild)" in chart.alt
    (menu,) = chart.figure.layout.updatemenus
    assert [b.label for b in menu.buttons] == ["k-nearest neighbours", "Support vector machine"]
    assert list(menu.buttons[1].args[0]["x"][0]) == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5])
    assert list(chart.figure.data[0].x) == list(menu.buttons[0].args[0]["x"][0])
    assert len(chart.table) == len(table)
    nothing = exploration.own_scores(scores(), ["tree"])
    assert "no results" in charts.model_results(nothing).alt
