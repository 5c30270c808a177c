"""Correlations, components and decision regions: truths known beforehand, and what is said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from colours import contrast

from audionome import features
from audionome.datasets import gtzan
from audionome.lab import compare, exploration, store
from audionome.lab.estimators import MODELS
from audionome.lab.exploration import projection
from audionome.lab.protocols import LADDER
from audionome.report import charts, render
from audionome.report.charts import exploration as drawn
from audionome.report.sentences import lessons


def music(n: int, genres: tuple[str, ...], columns: int, *, apart: float) -> pd.DataFrame:
    """Make tracks of noise around centres that lie ``apart``; three tracks per artist."""
    genre = np.array([genres[(i // 3) % len(genres)] for i in range(n)])
    rng = np.random.default_rng(columns)  # the same music in any order of the tests
    centre = rng.normal(size=(len(genres), columns))
    centre *= apart / np.linalg.norm(centre, axis=1, keepdims=True)
    values = centre[[genres.index(g) for g in genre]] + rng.normal(size=(n, columns))
    keys = {"track": [f"t{i}" for i in range(n)], "genre": genre, "artist": np.arange(n) // 3}
    return pd.DataFrame(keys | {f"f{j}_mean": values[:, j] for j in range(columns)})


@pytest.fixture(scope="module")
def real() -> tuple[pd.DataFrame, Any]:
    """The committed table: means of the tracks, and correlations."""
    data = gtzan.load()
    return exploration.track_means(data), exploration.correlations(data)


# -- standardisation and components -------------------------------------------------------


def test_tracks_are_the_means_of_their_windows() -> None:
    windows = pd.DataFrame(
        {"track": ["a", "a", "b"], "window": [0, 1, 0], "genre": ["rock", "rock", "pop"],
         "source": "measured", "tempo": [100.0, 120.0, 90.0]}
    )  # fmt: skip
    tracks = pd.DataFrame({"track": ["b", "a"], "genre": ["pop", "rock"], "artist": [5, 3]})
    means = exploration.track_means(gtzan.Gtzan(windows, tracks, ""))
    assert means.to_dict("list") == {
        "track": ["a", "b"], "genre": ["rock", "pop"], "artist": [3, 5], "tempo": [110.0, 90.0]
    }  # fmt: skip
    table = exploration.standardised(means, ["tempo"], track="b")
    assert table.iloc[0].to_list() == ["tempo", 100.0, 10.0, 90.0, -1.0]
    assert lessons.on_its_way(table).iloc[0].to_list()[-1] == "−1.00"


def test_principal_components_of_a_line() -> None:
    x = np.arange(12.0)
    line = pd.DataFrame({"track": x, "genre": "rock", "artist": x, "a": x, "b": -1000 * x + 7})
    found = exploration.principal(line)
    np.testing.assert_allclose(found.explained, [1, 0], atol=1e-12)
    np.testing.assert_allclose(found.loadings["PC1"].abs(), np.sqrt(0.5))
    assert found.needed(0.9) == 1
    raw = exploration.principal(line, scale=False)
    assert raw.loadings.loc["b", "PC1"] > 0.999
    assert "`b` has a weight of 1.00" in lessons.unscaled(raw)


def test_principal_components_turn_and_do_not_bend() -> None:
    tracks = music(60, ("blues", "rock"), 5, apart=2)
    found = exploration.principal(tracks)
    axes = found.loadings.to_numpy()
    np.testing.assert_allclose(axes.T @ axes, np.eye(5), atol=1e-12)
    points = found.points[found.loadings.columns].to_numpy()
    np.testing.assert_allclose(np.corrcoef(points.T), np.eye(5), atol=1e-8)
    assert found.explained.sum() == pytest.approx(1)
    assert (found.loadings.max() >= -found.loadings.min()).all()
    assert found.needed(1.0) == 5


def test_the_halves_share_no_artist() -> None:
    tracks = music(90, ("blues", "rock", "pop"), 2, apart=0)
    one, other = exploration.halves(tracks)
    assert sorted([*one, *other]) == list(range(90))
    assert not set(tracks["artist"].iloc[one]) & set(tracks["artist"].iloc[other])


def test_maps_of_genres_that_lie_apart_and_of_noise() -> None:
    genres = ("blues", "rock", "pop")
    clear = exploration.maps(music(120, genres, 6, apart=12)).alike.set_index("map")["alike"]
    assert clear[projection.LDA_MAP] > 0.95
    assert clear[projection.ALL_FEATURES] > 0.95
    found = exploration.maps(music(120, genres, 30, apart=0))
    noise = found.alike.set_index("map")["alike"]
    assert noise[projection.LDA_MAP] < 0.5
    assert noise[projection.LDA_OWN] > noise[projection.LDA_MAP] + 0.2
    assert found.lda_own.word == "better"
    assert "tidier than it is" in lessons.maps(found)
    same = compare.verdict(compare.paired_difference([1, 0], [0, 1], [0, 1]))
    assert "tidier" not in lessons.maps(replace(found, lda_own=same))
    assert (found.alike["low"] <= found.alike["alike"]).all()


def test_neighbours_by_the_same_artist_do_not_count() -> None:
    # Each artist sits on one spot, next to an artist of the other genre.
    keys = pd.DataFrame({"genre": ["a"] * 6 + ["b"] * 6, "artist": [1] * 6 + [2] * 6})
    same = projection._alike(np.zeros((12, 2)), keys)
    assert (same == 0).all()


def test_preparing_outside_the_fold_makes_up_a_result_from_noise() -> None:
    table = exploration.preparation(music(240, ("a", "b", "c", "d"), 60, apart=0))
    scaled, discriminant = (table.iloc[i] for i in (0, 1))
    assert abs(scaled["difference"]) < 0.08
    assert discriminant["inside"] < 0.35
    assert discriminant["low"] > 0.15
    assert discriminant["verdict"] == "better"
    assert "*Standardisation, then LDA*" in lessons.preparation(table)


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


# -- charts -------------------------------------------------------------------------------


def weight(chart: charts.Chart) -> int:
    return len(render.figure_html(chart))


def test_the_matrix_names_every_feature_and_its_partner(real: Any) -> None:
    _, found = real
    chart = charts.correlation_matrix(found)
    heat = chart.figure.data[0]
    assert sorted(heat.x) == sorted(features.COLUMNS)
    menu = chart.figure.layout.updatemenus[0]
    listed = menu.buttons[1].args[0]
    assert listed["x"][0] == list(features.COLUMNS)
    i, j = (listed["x"][0].index(n) for n in ("tempo", "rms_mean"))
    assert listed["z"][0][i][j] == pytest.approx(found.r.loc["tempo", "rms_mean"], abs=0.006)
    row = chart.table.set_index("feature").loc["spectral_centroid_mean"]
    assert row["strongest partner"] == "rolloff_mean"
    assert weight(chart) < 300_000


def test_two_menus_choose_a_pair(real: Any) -> None:
    tracks, found = real
    names = ["rolloff_mean", "tempo", "rms_mean"]
    chart = charts.feature_pair(tracks, found, features.REGISTRY, names=names)
    across, up = chart.figure.layout.updatemenus
    assert (across.active, up.active) == (0, 1)
    assert up.buttons[1].args[0]["y"][0] == list(chart.figure.data[0].y)
    notes = chart.figure.layout.meta["notes"]
    assert len(notes) == 9
    assert f"r = {lessons.r(found.r.loc['rms_mean', 'tempo'])}" in notes["rms_mean | tempo"]
    assert len(chart.figure.data) == 10


def test_solid_symbols_that_are_shared_differ_in_lightness() -> None:
    assert set(drawn.SOLIDS) == set(gtzan.GENRES)
    genres = sorted(drawn.SOLIDS)
    for i, one in enumerate(genres):
        for other in genres[i + 1 :]:
            if drawn.SOLIDS[one] == drawn.SOLIDS[other]:
                assert contrast(charts.PALETTE[one], charts.PALETTE[other]) > 1.5, (one, other)


def test_components_are_drawn_in_the_colours_of_the_genres(real: Any) -> None:
    found = exploration.principal(real[0])
    for chart in (charts.track_scatter(found), charts.principal_space(found)):
        assert [t.name for t in chart.figure.data] == sorted(gtzan.GENRES)
        assert [t.marker.color for t in chart.figure.data] == list(charts.PALETTE.values())
        assert sum(len(t.x) for t in chart.figure.data) == len(real[0])
        menu = chart.figure.layout.updatemenus[-1]
        assert menu.name == "Highlight"
        assert [b.label for b in menu.buttons] == ["all genres", *sorted(gtzan.GENRES)]
        assert sum(v == 1 for v in menu.buttons[3].args[0]["marker.opacity"]) == 1
        assert weight(chart) < 60_000
    views = charts.principal_space(found).figure.layout.updatemenus[0]
    assert len(views.buttons) == 4
    bars = charts.explained_variance(found)
    assert bars.figure.data[0].y[0] == pytest.approx(found.explained[0], abs=1e-4)
    assert len(bars.table) == len(found.explained) == 57
    heaviest = charts.loadings(found)
    assert heaviest.figure.data[0].y[0] == found.loadings["PC1"].abs().idxmax()


def test_the_maps_say_how_alike_neighbours_are() -> None:
    found = exploration.maps(music(60, ("blues", "rock", "pop"), 4, apart=3))
    chart = charts.music_maps(found)
    menu = chart.figure.layout.updatemenus[0]
    titles = [b.label for b in menu.buttons]
    assert titles == list(found.points)
    assert set(chart.figure.layout.meta["notes"]) == set(titles)
    assert len(chart.table) == len(titles) + 1


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


def test_thin_genres_are_named() -> None:
    tracks = pd.DataFrame({"genre": ["rock"] * 100 + ["disco"] * 12})
    assert lessons.thin(tracks).startswith("Only 12 of 100 disco tracks are here")
    assert lessons.thin(tracks[:100]) == "No genre is thin."
