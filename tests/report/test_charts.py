"""Charts: the colours hold their promises, and every chart says in words what it draws."""

from __future__ import annotations

import json
import re
import sys
from itertools import combinations, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from colours import contrast, distance

import audionome
from audionome import features
from audionome.charts import _base
from audionome.charts._base import PARTS
from audionome.charts.looks import genre_labels, looks
from audionome.datasets import gtzan
from audionome.lab.confusion import Confusion, Hardest
from audionome.models.attribution import REST, Reason
from audionome.models.prediction import Tag, WindowPrediction
from audionome.report import charts, render

GENRES = gtzan.GENRES


def windows(n: int) -> list[Any]:
    """Make the windows of a piece that is blues at first and jazz in its second half."""
    out = []
    for k in range(n):
        p = dict.fromkeys(GENRES, 0.02)
        p["blues" if k < n / 2 else "jazz"] = 1 - 0.02 * 9
        out.append(SimpleNamespace(start=3.0 * k, end=3.0 * k + 3, probabilities=p))
    return out


@pytest.fixture(scope="module")
def tracks() -> pd.DataFrame:
    """Four tracks of two genres with known counts."""
    return pd.DataFrame(
        {
            "genre": ["blues", "blues", "blues", "rock"],
            "artist": [1, 1, 2, 3],
            "known_fault": ["", "repetition", "", "repetition"],
            "fault_filtered": ["train", "", "test", "valid"],
        }
    )


@pytest.fixture(scope="module")
def summary() -> pd.DataFrame:
    """A summary of two genres whose quantiles are known: rock is ten above blues."""
    rows = []
    for feature in features.COLUMNS:
        for genre, base in (("blues", 0.0), ("rock", 10.0)):
            row = {"genre": genre, "feature": feature, "n_windows": 10, "n_measured": 10}
            row |= {"p05": base, "p25": base + 1, "p50": base + 2, "p75": base + 3}
            rows.append(row | {"p95": base + 4, "mean": base + 2.5, "std": 1.0})
    summary = pd.DataFrame(rows)
    summary.loc[summary["genre"] == "rock", "n_measured"] = 4
    return summary


def test_every_genre_has_its_own_look() -> None:
    for look in (charts.PALETTE, charts.SYMBOLS, charts.PATTERNS):
        assert tuple(look) == GENRES
    assert len(set(charts.PALETTE.values())) == len(set(charts.SYMBOLS.values())) == len(GENRES)


@pytest.mark.parametrize("page", ["#ffffff", "#14181e"])
def test_colours_stand_out_on_light_and_dark(page: str) -> None:
    for genre, colour in charts.PALETTE.items():
        assert contrast(colour, page) >= 2.9, genre
    assert contrast(charts.INK, page) >= 4.0


def test_nothing_else_looks_like_a_genre() -> None:
    shades = [colour for colour, _ in PARTS]
    assert len(set(shades)) == len(shades)
    for colour in shades:
        for genre, own in charts.PALETTE.items():
            assert distance(colour, own) > 20, (colour, genre)
        assert min(contrast(colour, page) for page in ("#ffffff", "#14181e")) >= 3
    # And nobody writes a genre's colour by hand.
    for path in Path(audionome.__file__).parent.rglob("*.py"):
        if path.name != "_base.py":
            written = set(re.findall(r'"(#[0-9a-f]{6})"', path.read_text(encoding="utf-8")))
            assert not written & set(charts.PALETTE.values()), path.name


def test_genres_can_be_told_apart_without_hue() -> None:
    # Two genres with the same fill pattern must differ in lightness.
    for one, other in combinations(GENRES, 2):
        if charts.PATTERNS[one] == charts.PATTERNS[other]:
            assert contrast(charts.PALETTE[one], charts.PALETTE[other]) > 1.5, (one, other)


def test_probability_bars_rank_and_say_the_genres() -> None:
    p = dict.fromkeys(GENRES, 0.04)
    p |= {"jazz": 0.5, "blues": 0.18}
    chart = charts.probability_bars(p)
    bars = chart.figure.data[0]
    assert list(bars.y)[:2] == ["jazz", "blues"]
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert bars.marker.color[0] == charts.PALETTE["jazz"]
    assert "jazz 50%" in chart.alt
    assert "share 28%" in chart.alt  # 1 - 0.50 - 0.18 - 0.04
    assert chart.table["genre"].to_list()[0] == "jazz"


@pytest.mark.parametrize("n", [1, 2, 10])
def test_timeline_covers_the_piece(n: int) -> None:
    chart = charts.timeline(windows(n))
    assert len(chart.figure.data) == len(GENRES)
    for area in chart.figure.data:
        assert area.x[0] == 0
        assert area.x[-1] == 3 * n
    total = np.sum([area.y for area in chart.figure.data], axis=0)
    np.testing.assert_allclose(total, 1, atol=1e-3)
    assert chart.figure.layout.xaxis.title.text == "Time (s)"
    assert len(chart.table) == n
    assert f"{3 * n} seconds" in chart.alt


def test_long_pieces_are_told_in_minutes_and_seconds() -> None:
    played = windows(800)
    tag = Tag("guitar", "instrument", 0.3, tuple(k / 800 for k in range(800)))
    for chart in (charts.timeline(played), charts.tags_over_time([tag], played)):
        axis = chart.figure.layout.xaxis
        assert axis.title.text == "Time (min:s)"
        assert list(zip(axis.tickvals, axis.ticktext, strict=True))[1] == (600, "10:00")
        assert list(chart.table)[:2] == ["from", "to"]
        assert chart.table["to"].to_list()[-1] == "40:00"
        assert "over 40:00 minutes" in chart.alt
    assert "most at 39:57" in chart.alt


def test_tags_over_time_show_every_window_and_leave_silence_empty() -> None:
    shares = dict.fromkeys(GENRES, 0.1)
    times = [(0, 3), (3, 6), (12, 15)]  # six seconds of silence
    played = [WindowPrediction(float(a), float(b), shares) for a, b in times]
    tags = [
        Tag("guitar", "instrument", 0.3, (0.1, 0.2, 0.6)),
        Tag("80s", "era", 0.2, (0.4, 0.1, 0.1)),
    ]
    chart = charts.tags_over_time(tags, played)
    (cells,) = chart.figure.data
    assert list(cells.x) == [0, 3, 6, 12, 15]
    assert [list(row) for row in cells.z] == [[0.1, 0.2, None, 0.6], [0.4, 0.1, None, 0.1]]
    assert list(cells.y) == ["guitar", "80s"]
    assert "guitar 0.30, most at 12 s; 80s 0.20, most at 0 s." in chart.alt
    assert chart.table["80s"].to_list() == ["0.40", "0.10", "0.10"]
    with pytest.raises(ValueError, match="at least one tag"):
        charts.tags_over_time([], played)


def test_reasons_without_words_are_one_bar() -> None:
    reasons = [
        Reason("a", "a slow tempo", 0.2),
        Reason(REST, "everything else", -0.05),
        Reason("b", "little bass", 0.01),
    ]
    chart = charts.reason_bars(reasons, "hiphop", most=1)
    assert chart.table["what was heard"].to_list() == ["a slow tempo", "everything else"]
    assert chart.table["points"].to_list() == [20.0, -4.0]
    assert "hip-hop" in chart.caption
    assert len(charts.reason_bars([], "jazz").figure.data[0].x) == 1


def test_timeline_needs_a_window() -> None:
    with pytest.raises(ValueError, match="at least one window"):
        charts.timeline([])


def test_windows_by_genre_counts_both_sources(summary: pd.DataFrame) -> None:
    chart = charts.windows_by_genre(summary)
    measured, published = chart.figure.data
    assert list(measured.x) == [10, 4]
    assert list(published.x) == [0, 6]
    assert "14 of 20 windows" in chart.alt
    assert "rock (6)" in chart.alt


def test_tracks_are_counted_by_reason_split_and_artist(tracks: pd.DataFrame) -> None:
    rows = pd.DataFrame({"genre": ["jazz", "rock", "rock"], "reason": ["again", "again", "other"]})
    left_out = charts.left_out_by_genre(rows)
    assert [(bar.name, list(bar.x)) for bar in left_out.figure.data] == [
        ("again", [1, 1]),
        ("other", [0, 1]),
    ]
    assert left_out.alt.startswith(
        "3 clips are not in the split (2: again; 1: other). rock has the most"
    )

    split = charts.split_by_genre(tracks)
    assert {bar.name: list(bar.x) for bar in split.figure.data} == {
        "train": [1, 0],
        "validation": [0, 1],
        "test": [1, 0],
        "left out": [1, 0],
    }

    artists = charts.artists_by_genre(tracks)
    assert list(artists.figure.data[0].x) == [2, 1]
    assert artists.table["artists"].to_list() == [2, 1]
    assert artists.alt.startswith("One artist made 2 of the 3 blues tracks.")


def test_feature_menu_holds_every_feature_with_its_unit(summary: pd.DataFrame) -> None:
    chart = charts.feature_distribution(summary, features.REGISTRY, first="tempo")
    menu = chart.figure.layout.updatemenus[0]
    assert [button.label for button in menu.buttons] == list(features.COLUMNS)
    assert menu.buttons[menu.active].label == "tempo"
    assert "BPM" in chart.figure.layout.xaxis.title.text
    assert chart.figure.data[1].median[0] == 12
    assert menu.buttons[0].args[0]["q3"] == [[3.0], [13.0]]
    assert "lowest for blues and highest for rock" in chart.alt
    assert len(chart.table) == len(features.COLUMNS)
    # A page with this chart must stay light.
    assert len(chart.figure.to_json()) < 80_000


# -- the results --------------------------------------------------------------------------


def interval(accuracy: float) -> dict[str, float]:
    return {"accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.02}


@pytest.fixture(scope="module")
def steps() -> pd.DataFrame:
    """Two models on two rungs; one result is missing."""
    rows = []
    for model, protocol, accuracy in (
        ("svc", "Random windows", 0.9),
        ("svc", "In the wild", 0.3),
        ("knn", "Random windows", 0.8),
    ):
        row = {"model": model, "title": model.upper(), "variant": "tuned", "n": 100}
        rows.append(row | {"protocol_title": protocol} | interval(accuracy))
    return pd.DataFrame(rows)


def test_ladder_draws_every_model_and_marks_one(steps: pd.DataFrame) -> None:
    other = steps.assign(accuracy=steps["accuracy"] - 0.1)
    chart = charts.ladder({"per window": steps, "per track": other}, selected="svc")
    svc, knn = chart.figure.data
    assert (svc.name, knn.name) == ("SVC", "KNN")
    assert svc.zorder > knn.zorder  # the selected one lies on top
    assert svc.line.width > knn.line.width
    assert list(svc.x) == [0.9, 0.3]
    assert list(svc.y) == ["Random windows", "In the wild"]
    assert list(knn.x) == [0.8]
    assert svc.error_x.visible
    assert not knn.error_x.visible
    assert list(svc.error_x.arrayminus) == [0.05, 0.05]
    assert list(svc.error_x.array) == [0.02, 0.02]
    assert knn.marker.symbol != svc.marker.symbol
    menu, highlight = chart.figure.layout.updatemenus
    assert [button.label for button in menu.buttons] == ["per window", "per track"]
    assert menu.buttons[1].args[0]["x"] == [[0.8, 0.2], [0.7]]
    # The other menu changes who is in front, and nothing of what is counted.
    assert (highlight.name, highlight.active) == (chart.figure.layout.meta["highlight"], 1)
    assert [button.label for button in highlight.buttons] == ["all models", "SVC", "KNN"]
    every, _, look = (button.args[0] for button in highlight.buttons)
    assert look["error_x.visible"] == [False, True]
    assert look["line.width"] == [1, 3]
    assert look["line.color"][0] == charts.OTHER
    assert every["error_x.visible"] == [False, False]
    assert every["opacity"] == [1, 1]
    assert not {charts.OTHER, *charts.PALETTE.values()} & set(every["line.color"])
    assert not set(look) & set(menu.buttons[1].args[0])
    notes = chart.figure.layout.meta["notes"]
    assert notes["per window | KNN"] == "With 95 % intervals: Random windows 80.0% (75.0 to 82.0%)."
    assert notes["per track | KNN"] == "With 95 % intervals: Random windows 70.0% (75.0 to 82.0%)."
    assert "SVC, per window: Random windows 90% and In the wild 30%." in chart.alt
    assert len(chart.table) == 6
    assert chart.table["95 % interval"].iloc[0] == "85.0 to 92.0%"


def test_a_model_is_brought_forward(steps: pd.DataFrame) -> None:
    """The menu of a chart of models has each of them, and makes the others grey."""
    curve = steps.assign(tracks=[50, 100, 50])
    part = {"coverage": [0.5, 1.0], "accuracy": [0.9, 0.8], "low": 0.7, "high": 0.95, "n": 9}
    for chart in (
        charts.learning_curve(curve),
        charts.accuracy_by_coverage({"SVC": pd.DataFrame(part), "KNN": pd.DataFrame(part)}),
    ):
        (menu,) = chart.figure.layout.updatemenus
        assert menu.name == chart.figure.layout.meta["highlight"]
        everything, *names = [button.label for button in menu.buttons]
        assert everything.startswith("all ")
        assert names == [trace.name for trace in chart.figure.data]
        looks = [button.args[0]["opacity"] for button in menu.buttons]
        assert looks == [[1, 1], [1, 0.5], [0.5, 1]]
        own = [trace.line.color for trace in chart.figure.data]
        for of in ("line.color", "marker.color", "marker.line.color"):
            colours = [button.args[0][of] for button in menu.buttons]
            assert colours == [own, [own[0], charts.OTHER], [charts.OTHER, own[1]]]
        assert "A menu highlights" in chart.alt
    assert charts.learning_curve(curve).figure.layout.meta["notes"]["KNN"] == (
        "With 95 % intervals: 50 tracks 80.0% (75.0 to 82.0%)."
    )
    # There is nothing to choose from one.
    alone = charts.accuracy_by_coverage({"SVC": pd.DataFrame(part)})
    assert not alone.figure.layout.updatemenus


def confusion(hits: int) -> Confusion:
    counts = pd.DataFrame(0, index=list(GENRES), columns=list(GENRES)).rename_axis(index="genre")
    counts.loc["jazz", ["jazz", "rock"]] = [hits, 10 - hits]
    shares = counts.div(counts.sum(axis="columns").replace(0, np.nan), axis="index")
    pairs = pd.DataFrame(
        [("jazz", "rock", 10 - hits, 1 - hits / 10)],
        columns=["genre", "predicted", "count", "share"],
    )
    return Confusion(counts, shares, pairs)


def test_confusion_matrix_has_a_menu_of_protocols() -> None:
    chart = charts.confusion_matrix({"By artist": confusion(7), "In the wild": confusion(2)})
    heat = chart.figure.data[0]
    jazz, rock = GENRES.index("jazz"), GENRES.index("rock")
    assert heat.z[jazz][jazz] == 0.7
    assert heat.text[jazz][rock] == "30"
    assert heat.text[jazz][0] == ""  # the eye should find the rest
    assert heat.z[0][0] is None
    menu = chart.figure.layout.updatemenus[0]
    assert menu.buttons[1].args[0]["z"][0][jazz][rock] == 0.8
    assert chart.figure.layout.meta["notes"]["In the wild"] == (
        "Most often: jazz taken for rock, 8 of 10 tracks."
    )
    assert "7 of 10 tracks are given their genre" in chart.alt
    assert "in per cent of the true genre's tracks" in chart.caption


def test_the_table_of_a_confusion_matrix_tells_numbers_and_shares() -> None:
    table = charts.confusion_matrix({"By artist": confusion(7)}, unit="window").table
    (jazz,) = table[table["true genre"] == "jazz"].to_dict("records")
    assert (jazz["protocol"], jazz["windows"]) == ("By artist", 10)
    assert (jazz["as jazz"], jazz["as rock"], jazz["as pop"]) == ("7 (70%)", "3 (30%)", "0")
    # A genre without tracks has no shares.
    assert set(table[table["true genre"] == "pop"].filter(like="as ").to_numpy()[0]) == {"0"}


def over(alpha: float, page: str) -> str:
    """The colour of a cell of an answer map on a page."""
    shade = [int(part) for part in _base._SHADE.split(",")]
    under = [int(page[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = [round(alpha * s + (1 - alpha) * u) for s, u in zip(shade, under, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


@pytest.mark.parametrize(("page", "ink"), [("#ffffff", "#222832"), ("#14181e", "#ced6dd")])
def test_every_number_of_a_matrix_can_be_read(page: str, ink: str) -> None:
    (low, first), (high, last) = (
        charts.confusion_matrix({"By artist": confusion(7)}).figure.data[0].colorscale
    )
    assert (low, high) == (0, 1)
    alphas = [float(colour.rpartition(",")[2].rstrip(")")) for colour in (first, last)]
    for alpha in np.linspace(*alphas, 51):
        assert contrast(over(float(alpha), page), ink) >= 4.5


def test_recall_by_genre_wears_the_colours_of_the_genres() -> None:
    table = pd.DataFrame({"genre": ["blues", "rock"], "n": [10, 20]})
    for measure in ("recall", "precision", "f1"):
        table = table.assign(
            **{measure: [0.5, 0.8], f"{measure}_low": [0.3, 0.7], f"{measure}_high": [0.6, 0.9]}
        )
    chart = charts.recall_by_genre({"By artist": table})
    bars = chart.figure.data[0]
    assert list(bars.marker.color) == [charts.PALETTE["blues"], charts.PALETTE["rock"]]
    assert list(bars.error_x.array) == [0.1, 0.1]
    assert list(bars.error_x.arrayminus) == [0.2, 0.1]
    assert "from 50% of blues to 80% of rock" in chart.alt
    assert chart.table["precision"].to_list() == ["50.0%", "80.0%"]
    # A row without a bar says why, in the menu's other choices too.
    few = table.assign(n=[3, 20], recall=[float("nan"), 0.8])
    drawn = charts.recall_by_genre({"By artist": table, "In the wild": few}).figure
    assert list(drawn.data[0].y) == ["blues", "rock"]
    choices = drawn.layout.updatemenus[0].buttons
    assert choices[1].args[0]["y"][0] == ["blues (3: too few)", "rock"]


def test_reliability_diagram_has_the_diagonal() -> None:
    table = pd.DataFrame({"from": [0.0, 0.9], "to": [0.1, 1.0], "n": [4, 6]})
    table = table.assign(confidence=[0.05, 0.95], **{k: [v, v] for k, v in interval(0.6).items()})
    chart = charts.reliability_diagram({"By artist": table, "In the wild": table})
    diagonal, model = chart.figure.data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert (list(model.x), list(model.y)) == ([0.05, 0.95], [0.6, 0.6])
    assert chart.figure.layout.updatemenus[0].buttons[1].args[0]["x"][0] == [0, 1]
    assert "claims 95% it is right in 60% of 6" in chart.alt


def test_learning_curve_has_one_line_per_model() -> None:
    rows = [{"title": t, "tracks": n} | interval(0.5) for t in "AB" for n in (200, 100)]
    chart = charts.learning_curve(pd.DataFrame(rows))
    first, second = chart.figure.data
    assert [(line.name, list(line.customdata)) for line in (first, second)] == [
        ("A", ["100", "200"]),
        ("B", ["100", "200"]),
    ]
    # Side by side, so that the intervals can be seen.
    assert list(first.x) == pytest.approx([100, 200], rel=0.02)
    assert all(a < b for a, b in zip(first.x, second.x, strict=True))
    assert chart.figure.data[0].marker.symbol != chart.figure.data[1].marker.symbol
    assert chart.figure.layout.xaxis.type == "log"
    assert "with 100 to 200 training tracks: A from 50% to 50%" in chart.alt


def test_importance_bars_draw_the_most_and_list_all() -> None:
    drops = [0.01, 0.2, 0.1]
    table = pd.DataFrame({"group": ["tempo", "a,b", "c"], "label": ["tempo", "a and 1 more", "c"]})
    table = table.assign(drop=drops, low=[d - 0.02 for d in drops], high=[d + 0.02 for d in drops])
    chart = charts.importance_bars(table, most=2)
    bars = chart.figure.data[0]
    assert list(bars.y) == ["a and 1 more", "c"]
    assert list(bars.x) == [0.2, 0.1]
    assert chart.table["features"].to_list() == ["a, b", "c", "tempo"]
    assert chart.table["95 % interval"].to_list()[-1] == "−1.0 to +3.0"
    assert "Most is lost by a and 1 more +20.0" in chart.alt


def test_hard_tracks_are_counted() -> None:
    tracks = pd.DataFrame({"wrong": [2, 2, 1, 0, 0, 0]})
    chart = charts.hard_tracks(Hardest(tracks, 2, 2))
    (bars,) = chart.figure.data
    assert list(bars.y) == [3, 1, 2]
    told = [text.replace("\N{NO-BREAK SPACE}", " ") for text in bars.customdata]
    assert told == ["3 clips: 0 models wrong", "1 clip: 1 model wrong", "2 clips: 2 models wrong"]
    assert "no model gets 3 wrong. All 2\N{NO-BREAK SPACE}models get 2 wrong" in chart.alt


def test_comparison_forest_fills_only_what_differs() -> None:
    table = pd.DataFrame(
        {
            "model": ["svc", "knn", "tree", "dummy"],
            "title": ["A", "B", "C", "D"],
            "accuracy": [0.7, 0.69, 0.5, 0.1],
            "reference": [True, False, False, False],
            "difference": [0.0, -0.01, -0.2, -0.6],
            "low": [0.0, -0.03, -0.25, -0.65],
            "high": [0.0, 0.01, -0.15, -0.55],
            "p_holm": [np.nan, 0.4, 1e-9, 1e-9],
            "verdict": ["", "cannot be told apart", "worse", "worse"],
        }
    )
    chart = charts.comparison_forest(table)
    differs, same = chart.figure.data
    assert (list(differs.y), list(same.y)) == (["C"], ["B"])
    assert differs.marker.symbol == "circle"
    assert same.marker.symbol == "circle-open"
    assert "1 of them cannot be told apart" in chart.alt
    assert chart.table["p after Holm"].to_list() == ["", "p = 0.4", "p < 0.001", "p < 0.001"]


def test_the_decomposition_draws_every_model_and_fills_what_differs() -> None:
    rows = [
        {"title": title, "step": step, "before": 800.0, "after": 442.0, "cost": cost,
         "low": cost - 0.02, "high": cost + 0.02,
         "verdict": "better" if cost > 0.02 else "cannot be told apart"}
        for title in ("A", "B")
        for step, cost in zip(("tested", "listed", "size", "choice", "all"),
                              (0.01, 0.0, 0.05, 0.01, 0.07), strict=True)
    ]  # fmt: skip
    chart = charts.decomposition(pd.DataFrame(rows))
    one, other = chart.figure.data
    assert list(one.x) == list(other.x) == [0.01, 0.0, 0.05, 0.01, 0.07]
    assert [symbol.endswith("-open") for symbol in one.marker.symbol] == [
        True, True, False, True, False
    ]  # fmt: skip
    assert all(a < b for a, b in zip(one.y, other.y, strict=True))  # one beside the other
    assert "fewer tracks to learn from +5.0" in chart.alt
    assert chart.table["told from chance"].to_list() == ["no", "no", "yes", "no", "yes"] * 2
    notes = chart.figure.layout.meta["notes"]
    assert set(notes) == {"all models", "A", "B"}
    assert notes["A"].startswith(
        "Points of accuracy lost, with 95 % intervals: other tracks tested +1.0 (−1.0 to +3.0), "
    )


def test_a_chart_without_results_says_so() -> None:
    none = pd.DataFrame()
    for chart in (
        charts.ladder({"per track": none}, selected="svc"),
        charts.confusion_matrix({}),
        charts.recall_by_genre({"By artist": none}),
        charts.reliability_diagram({"By artist": none}),
        charts.learning_curve(none),
        charts.importance_bars(none),
        charts.comparison_forest(none),
        charts.decomposition(none),
        charts.hard_tracks(Hardest(none, 0, 0)),
    ):
        assert chart.alt.endswith("There are no results for this chart yet.")
        assert "There are no results" in render.figure_html(chart)


def test_any_number_of_genres_can_be_seen_on_both_pages() -> None:
    """Colours, symbols and patterns of fifty; neighbours in the list differ without any hue."""
    found = [*looks([f"genre {k}" for k in range(50)]).values()]
    for look in found:
        assert min(contrast(look.color, page) for page in ("#ffffff", "#14181e")) >= 3
    assert len({look.color for look in found}) == 50
    assert len({(look.symbol, look.pattern) for look in found}) == 50
    for one, other in pairwise(found):
        assert contrast(one.color, other.color) > 1.1
        assert one.pattern != other.pattern
        assert one.symbol != other.symbol
    for few in (2, 3, 5, 10):
        some = [look.color for look in found[:few]]
        assert min(distance(a, b) for k, a in enumerate(some) for b in some[:k]) > 20
    assert looks(["rock", "jazz"])["jazz"].color == charts.PALETTE["jazz"]


def test_names_of_genres_are_no_markup_and_fit() -> None:
    long = ["x" * 50 + "a" + "x" * 50, "x" * 50 + "b" + "x" * 50]
    assert genre_labels(["hiphop", "<b>&", *long]) == ["hip-hop", "&lt;b&gt;&amp;", *long]
    assert genre_labels([long[0], "rock"]) == ["x" * 18 + "…" + "x" * 9, "rock"]


def test_figure_html_holds_words_data_and_no_running_script() -> None:
    chart = charts.probability_bars({"</script>": 0.75, **dict.fromkeys(GENRES[:5], 0.05)})
    text = render.figure_html(chart)
    assert 'role="img"' in text
    assert "<details>" in text
    assert "<figcaption>" in text
    assert text.count("<script") == text.count("</script>") == 1
    data = text.split('class="audionome-figure">')[1].split("</script>")[0]
    # Plotly reads names as markup, and so they are escaped for it as well.
    assert json.loads(data)["data"][0]["y"][0] == "&lt;/script&gt;"


def test_a_reader_meets_genres_by_name_and_tracks_by_file() -> None:
    table = pd.DataFrame({"genre": ["hiphop"], "as hiphop": [1], "track": ["hiphop.00012"]})
    chart = charts.probability_bars({"hiphop": 0.5, **dict.fromkeys(GENRES[:3], 0.1)})
    figure = chart.figure.update_layout(meta={"notes": {"hiphop": "Most in hiphop."}})
    text = render.figure_html(_base.Chart(figure, "Of hiphop.", table, "Hear hiphop"))
    assert set(re.findall(r"hip-?hop[.\d]*", text)) == {"hip-hop", "hip-hop.", "hiphop.00012"}


def test_show_is_html_everywhere_but_on_colab(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = charts.probability_bars(dict.fromkeys(GENRES, 0.1))
    monkeypatch.setenv("AUDIONOME_BOOK", "1")
    assert set(render.show(chart)._repr_mimebundle_()) == {"text/html", "text/plain"}
    monkeypatch.delenv("AUDIONOME_BOOK")
    assert set(render.show(chart)._repr_mimebundle_()) == {"text/html", "text/plain"}
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    assert render.show(chart) is chart.figure


def test_a_genre_outside_gtzan_wears_its_name_and_its_verdict() -> None:
    table = pd.DataFrame(
        {"genre": ["pop", "hiphop"], "inside": [0.7, 0.5], "outside": [0.2, 0.4],
         "loss": [0.5, 0.1], "loss_low": [0.3, -0.1], "loss_high": [0.6, 0.3],
         "verdict": ["better", "cannot be told apart"], "instead": ["hiphop", "reggae"]}
    )  # fmt: skip
    chart = charts.inside_and_outside(table)
    assert chart.table["genre"].to_list() == ["pop", "hip-hop"]
    assert chart.table["mostly taken for"].to_list() == ["hip-hop", "reggae"]
    said = chart.table["after Holm's correction"].to_list()
    assert said == ["found less often", "not shown"]
    assert "hip-hop 50% and 40%" in chart.alt
