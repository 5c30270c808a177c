"""Charts of correlations and components: what they draw, and what they say of it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import toy

from audionome import features
from audionome._words import coefficient, genre_name
from audionome.datasets import gtzan
from audionome.lab import exploration
from audionome.lab.exploration import STUDY_CLAIMS, observe
from audionome.report import charts, render
from audionome.report.charts import components


@pytest.fixture(scope="module")
def real() -> tuple[pd.DataFrame, Any]:
    """The committed table: means of the tracks, and correlations."""
    data = gtzan.load()
    return exploration.track_means(data), exploration.correlations(data)


@pytest.fixture(scope="module")
def scaled(real: Any) -> exploration.Principal:
    return exploration.principal(real[0])


def weight(chart: charts.Chart) -> int:
    return len(render.figure_html(chart))


# -- the matrix ---------------------------------------------------------------------------


def test_the_matrix_shows_means_then_variances(real: Any) -> None:
    _, found = real
    chart = charts.correlation_matrix(found)
    first, similar = chart.figure.data
    assert sorted(first.x) == sorted(similar.x) == sorted(features.COLUMNS)
    variances = [name.endswith("_var") for name in first.x]
    assert variances == sorted(variances)
    assert first.x[:6] == exploration.FIRST_GROUP
    assert [n for n in first.x if n.startswith("mfcc")][:3] == [f"mfcc{i}_mean" for i in (1, 2, 3)]
    for trace in (first, similar):
        i, j = (trace.x.index(n) for n in ("tempo", "rms_mean"))
        assert trace.z[i][j] == pytest.approx(found.r.loc["tempo", "rms_mean"], abs=0.006)
        assert trace.customdata[i][j][0] == pytest.approx(found.low.loc["tempo", "rms_mean"],
                                                          abs=0.006)  # fmt: skip
    row = chart.table.set_index("feature").loc["spectral_centroid_mean"]
    assert row["strongest partner"] == "rolloff_mean"
    assert weight(chart) < 200_000


def test_every_view_of_the_matrix_is_labelled_and_shows_one_trace(real: Any) -> None:
    chart = charts.correlation_matrix(real[1])
    figure = chart.figure
    views = {b.label: b.args for b in figure.layout.updatemenus[0].buttons}
    assert len(views) == 4
    # What is drawn at first is the first choice.
    traces, layout = next(iter(views.values()))
    assert [t.visible is not False for t in figure.data] == traces["visible"] == [True, False]
    assert list(figure.layout.xaxis.range) == layout["xaxis.range"]
    for name, (traces, layout) in views.items():
        assert sum(traces["visible"]) == 1
        axis = "xaxis2" if traces["visible"][1] else "xaxis"
        assert layout[f"{axis}.visible"]
        start, end = layout[f"{axis}.range"]
        wide, narrow = (layout["meta"][screen] for screen in ("wide", "narrow"))
        assert len(wide[f"{axis}.ticktext"]) == end - start, name
        assert all(len(text) <= 12 for text in wide[f"{axis}.ticktext"]) or axis == "xaxis2"
        # A phone has room for some thirty names, or for the names of six groups.
        assert len(narrow[f"{axis}.ticktext"]) in {0, 6, 28, 29}
        assert all(s.visible for s in figure.layout.shapes)
        assert layout["shapes[0].visible"] == (axis == "xaxis")
    means = views["the means alone"][1]["meta"]["narrow"]["xaxis.ticktext"]
    assert means[:8] == ["chroma", "RMS", "centroid", "bandwidth", "roll-off", "zero cross.",
                         "MFCC 1", "MFCC 2"]  # fmt: skip


# -- the study's observations -------------------------------------------------------------


def test_the_observations_show_every_pair_once(real: Any) -> None:
    seen = {"windows": [observe(real[1], one) for one in STUDY_CLAIMS]}
    seen["tracks"] = seen["windows"]
    chart = charts.study_observations(seen)
    n = 15 + 19 + 19 + 18 + 6
    assert sum(len(trace.x) for trace in chart.figure.data) == n
    assert [trace.name for trace in chart.figure.data] == ["as said", "open", "not as said"]
    assert [shape.x0 for shape in chart.figure.layout.shapes] == [0, 0.5, 0.5, 0.5, -0.3]
    assert [b.label for b in chart.figure.layout.updatemenus[0].buttons] == ["windows", "tracks"]
    counted = chart.table[["as said", "open", "not as said"]].sum(axis="columns")
    assert counted.to_list() == [15, 19, 19, 18, 6] * 2
    # Marks lie on the band of their own row exactly when they are as said.
    bands = {round(s.y0 + 0.4): (s.x0, s.x1) for s in chart.figure.layout.shapes}
    for x, y in zip(chart.figure.data[0].x, chart.figure.data[0].y, strict=True):
        low, high = bands[round(y)]
        assert low <= x <= high


# -- two features, and components ---------------------------------------------------------


def test_two_menus_choose_a_pair(real: Any) -> None:
    tracks, found = real
    names = ["rolloff_mean", "tempo", "rms_mean"]
    chart = charts.feature_pair(tracks, found, features.REGISTRY, names=names)
    across, up, highlight = chart.figure.layout.updatemenus
    assert (across.active, up.active) == (0, 1)
    assert up.buttons[1].args[0]["y"][0] == list(chart.figure.data[0].y)
    notes = chart.figure.layout.meta["notes"]
    assert len(notes) == 9
    assert f"r = {coefficient(found.r.loc['rms_mean', 'tempo'])}" in notes["rms_mean | tempo"]
    assert len(chart.figure.data) == 10
    assert highlight.name == chart.figure.layout.meta["highlight"]
    assert [button.label for button in highlight.buttons[1:]] == [t.name for t in chart.figure.data]


def test_every_genre_has_the_same_mark_on_a_plane_and_in_space(scaled: Any) -> None:
    figure = charts.principal_space(scaled).figure
    glyphs = {t.name: t.text for t in figure.data if t.type == "scatter3d"}
    flat = {t.name: t.marker.symbol for t in charts.track_scatter(scaled).figure.data}
    assert flat == {t.name: t.marker.symbol for t in figure.data if t.type == "scatter"}
    assert flat == {genre_name(g): symbol for g, symbol in charts.SYMBOLS.items()}
    assert glyphs == {genre: components.GLYPHS[symbol] for genre, symbol in flat.items()}
    assert len(set(glyphs.values())) == len(gtzan.GENRES)


def test_components_are_drawn_in_the_colours_of_the_genres(real: Any, scaled: Any) -> None:
    flat, solid = charts.track_scatter(scaled), charts.principal_space(scaled)
    for chart, kind, opacity in (
        (flat, "scatter", "marker.opacity"),
        (solid, "scatter3d", "opacity"),
    ):
        traces = [t for t in chart.figure.data if t.type == kind]
        genres = [genre_name(g) for g in sorted(gtzan.GENRES)]
        assert [t.name for t in traces] == genres
        colours = [t.marker.color or t.textfont.color for t in traces]
        assert colours == list(charts.PALETTE.values())
        menu = chart.figure.layout.updatemenus[-1]
        assert menu.name == "Highlight"
        assert [b.label for b in menu.buttons] == ["all genres", *genres]
        values = menu.buttons[3].args[0][opacity]
        assert sum(v == 1 for v in values[:10]) == 1
        assert len(values) == len(chart.figure.data)
        assert weight(chart) < 60_000
    assert sum(len(t.x) for t in flat.figure.data) == len(real[0])
    bars = charts.explained_variance(scaled)
    assert bars.figure.data[0].y[0] == pytest.approx(scaled.explained[0], abs=1e-4)
    assert len(bars.table) == len(scaled.explained) == 57
    heaviest = charts.loadings(scaled)
    assert heaviest.figure.data[0].y[0] == scaled.loadings["PC1"].abs().idxmax()


def test_the_cloud_fills_its_box(real: Any, scaled: Any) -> None:
    chart = charts.principal_space(scaled)
    assert len(chart.figure.layout.updatemenus[0].buttons) == 4
    traces = [t for t in chart.figure.data if t.type == "scatter3d"]
    drawn = sum(len(t.x) for t in traces)
    missing = len(real[0]) - drawn
    assert 0 < missing < 0.03 * len(real[0])
    assert f"({missing} tracks lie outside" in chart.caption
    for axis in "xyz":
        low, high = chart.figure.layout.scene[f"{axis}axis"].range
        values = pd.Series([v for t in traces for v in t[axis]])
        assert low <= values.min()
        assert values.max() <= high
        # The middle nine tenths of the tracks take up most of the axis.
        assert values.quantile(0.95) - values.quantile(0.05) > 0.4 * (high - low)


def test_the_spread_of_each_genre_is_drawn_with_its_look(scaled: Any) -> None:
    found = exploration.spread(scaled)
    chart = charts.genre_spread(found)
    genres = found.genres["genre"].to_list()
    assert [t.name for t in chart.figure.data] == [genre_name(g) for g in genres]
    for genre, trace in zip(genres, chart.figure.data, strict=True):
        assert trace.marker.color == charts.PALETTE[genre]
        assert trace.marker.symbol == charts.SYMBOLS[genre]
    words = chart.table.set_index("genre")["beside the mean genre"]
    assert words["disco"] == "too few tracks"
    assert len(words) == 10


def test_the_maps_say_how_alike_neighbours_are() -> None:
    found = exploration.maps(toy.music(60, ("blues", "rock", "pop"), 4, apart=3))
    chart = charts.music_maps(found)
    menu = chart.figure.layout.updatemenus[0]
    titles = [b.label for b in menu.buttons]
    assert titles == list(found.points)
    assert set(chart.figure.layout.meta["notes"]) == set(titles)
    assert len(chart.table) == len(titles) + 1
