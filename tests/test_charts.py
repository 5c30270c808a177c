"""Charts: the colours hold their promises, and every chart says in words what it draws."""

from __future__ import annotations

import json
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audionome import book, charts, features, gtzan

GENRES = gtzan.GENRES


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    a, b = (float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (one, other))
    return max(a, b) / min(a, b)


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


def test_tracks_are_counted_by_fault_split_and_artist(tracks: pd.DataFrame) -> None:
    faults = charts.faults_by_genre(tracks)
    assert [(bar.name, list(bar.x)) for bar in faults.figure.data] == [("repetition", [1, 1])]
    assert faults.alt.startswith("2 of 4 tracks")

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


def test_figure_html_holds_words_data_and_no_running_script() -> None:
    chart = charts.probability_bars({"</script>": 0.75, **dict.fromkeys(GENRES[:5], 0.05)})
    text = book.figure_html(chart)
    assert 'role="img"' in text
    assert "<details>" in text
    assert "<figcaption>" in text
    assert text.count("<script") == text.count("</script>") == 1
    data = text.split('class="audionome-figure">')[1].split("</script>")[0]
    assert json.loads(data)["data"][0]["y"][0] == "</script>"


def test_show_is_html_in_the_book_and_plotly_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = charts.probability_bars(dict.fromkeys(GENRES, 0.1))
    monkeypatch.setenv("AUDIONOME_BOOK", "1")
    assert set(book.show(chart)._repr_mimebundle_()) == {"text/html", "text/plain"}
    monkeypatch.delenv("AUDIONOME_BOOK")
    assert book.show(chart) is chart.figure
