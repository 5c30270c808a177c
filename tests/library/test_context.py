"""A prediction in context: the likeliest stretch, what is usual, places, and their charts."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import soundfile as sf

pytest.importorskip("pandas", reason="Not installed: pip install -e .[lab]")
pytest.importorskip("plotly", reason="Not installed: pip install -e .[dashboard]")

import pandas as pd

import audionome
from audionome import audio, charts
from audionome.datasets import gtzan
from audionome.datasets.gtzan import GENRES
from audionome.features import frames
from audionome.features.tempo import Tempo
from audionome.models import context, telling
from audionome.models.prediction import Prediction, WindowPrediction


def wav(samples: np.ndarray) -> bytes:
    data = io.BytesIO()
    sf.write(data, samples, audio.SAMPLE_RATE, format="WAV", subtype="FLOAT")
    return data.getvalue()


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """42 seconds of clicks; the last three windows are ten times as loud."""
    samples = np.zeros(14 * audio.WINDOW_HOP, np.float32)
    samples[::11025] = 0.05
    samples[11 * audio.WINDOW_HOP :] *= 10
    return samples


@pytest.fixture(scope="module")
def answer(sound: np.ndarray) -> Prediction:
    return audionome.classify(wav(sound))


def windows(*shares: float) -> list[WindowPrediction]:
    return [
        WindowPrediction(3.0 * k, 3.0 * k + 3, {"jazz": p, "rock": 1 - p})
        for k, p in enumerate(shares)
    ]


# -- the stretch --------------------------------------------------------------------------


def test_the_stretch_is_where_the_genre_is_likeliest() -> None:
    heard = windows(0.1, 0.2, 0.9, 0.8, 0.1)
    assert context.likeliest_stretch(heard, "jazz", most=2) == (2, 4)
    assert context.likeliest_stretch(heard, "rock", most=2) == (0, 2)
    assert context.likeliest_stretch(heard, "jazz") == (0, 5)  # shorter than the stretch


def test_of_equal_stretches_the_earliest() -> None:
    assert context.likeliest_stretch(windows(*[0.5] * 6), "jazz", most=3) == (0, 3)


# -- what is usual ------------------------------------------------------------------------


def test_the_median_of_a_genre_is_usual_and_the_extremes_are_not(answer: Prediction) -> None:
    table = gtzan.load_summary().set_index(["genre", "feature"])
    for column, verdict in (
        ("p50", "usual"),
        ("min", "lower than usual"),
        ("max", "higher than usual"),
    ):
        values = {name: float(table.loc[("jazz", name), column]) for name in context.DESCRIBED}
        asked = dataclasses.replace(
            answer, features=values, tempo=Tempo(values["tempo"], 1.0, None), genre="jazz"
        )
        rows = context.compare_with_genre(asked)
        assert set(rows["verdict"]) == {verdict}
        assert rows["feature"].to_list() == list(context.DESCRIBED)
        assert (rows["least"] <= rows["low"]).all()
        assert (rows["low"] < rows["middle"]).all()
        assert (rows["middle"] < rows["high"]).all()
        assert (rows["high"] <= rows["most"]).all()


def test_no_beat_is_no_slow_one(answer: Prediction) -> None:
    rows = context.compare_with_genre(dataclasses.replace(answer, tempo=Tempo(0.0, 0.0, None)))
    assert rows["feature"].to_list() == [name for name in context.DESCRIBED if name != "tempo"]


def test_another_genre_can_be_asked_about(answer: Prediction) -> None:
    ranges = [context.compare_with_genre(answer, genre=genre)["low"].to_list() for genre in GENRES]
    assert len({tuple(r) for r in ranges}) == len(GENRES)


def test_the_place_of_a_track_is_its_point_on_the_map() -> None:
    index = audionome.load_classifier().index
    around = index.places()
    assert len(around) == len(index.tracks)
    for i in (0, 100, 800):
        # What a recording would measure that lies exactly where the track lies.
        vector = np.linalg.pinv(index.axes.T) @ index.vectors[i].astype(np.float64)
        np.testing.assert_allclose(index.place(vector), around.loc[i, ["x", "y"]].astype(float))


# -- charts -------------------------------------------------------------------------------


def test_the_chart_of_usual_values_says_what_is_not(answer: Prediction) -> None:
    rows = context.compare_with_genre(answer, genre="jazz").assign(verdict="usual")
    rows.loc[1, "verdict"] = "higher than usual"
    chart = charts.typical_ranges(rows, "jazz")
    assert f"{rows['words'][1]} is higher than usual; the other 5 are as usual" in chart.alt
    rows.loc[2:, "verdict"] = ["higher than usual", *["lower than usual"] * (len(rows) - 3)]
    words = rows["words"].to_list()
    alt = charts.typical_ranges(rows, "jazz").alt
    assert f"For jazz, {words[1]} and {words[2]} are higher than usual, and {words[3]}, " in alt
    assert f" and {words[-1]} are lower than usual; the other one is as usual." in alt
    assert (
        "All 6 lie where jazz usually lies"
        in charts.typical_ranges(rows.assign(verdict="usual"), "jazz").alt
    )
    assert len(chart.table) == len(rows)
    bars, median, here = chart.figure.data
    # A bar from the low to the high end of its range, on the scale of the row.
    span = rows["most"] - rows["least"]
    np.testing.assert_allclose(bars.base, (rows["low"] - rows["least"]) / span, atol=1e-3)
    np.testing.assert_allclose(bars.x, (rows["high"] - rows["low"]) / span, atol=1e-3)
    assert len(median.x) == len(here.x) == len(rows)


def test_the_map_leads_to_the_neighbours(answer: Prediction) -> None:
    around = audionome.load_classifier().index.places()
    chart = charts.place_on_map(around, answer.place, answer.neighbours)
    *genres, lines, here = chart.figure.data
    assert sum(len(trace.x) for trace in genres) == len(around)
    at = around.set_index("track")
    ends = list(zip(lines.x, lines.y, strict=True))[1::3]
    assert ends == [(at["x"][n.track], at["y"][n.track]) for n in answer.neighbours]
    assert (here.x[0], here.y[0]) == pytest.approx(answer.place, rel=0.01)
    told = chart.table["recording"].to_list()
    assert [name.lower() for name in told] == [
        telling.clip(n.track).lower() for n in answer.neighbours
    ]
    assert not any(n.track in chart.alt for n in answer.neighbours)
    first, second = (n.track for n in answer.neighbours[:2])
    named = charts.place_on_map(
        around, answer.place, answer.neighbours, titles={first: "The Band: One"}
    )
    assert "most like The Band: One (" in named.alt
    assert named.table["recording"].to_list() == ["The Band: One", *told[1:]]
    twice = charts.place_on_map(
        around,
        answer.place,
        answer.neighbours,
        titles=dict.fromkeys((first, second), "The Band: One"),
    )
    assert len(set(twice.table["recording"])) == len(told)
    assert any("The Band: One" in trace.text for trace in named.figure.data[:-2])


def test_a_clip_is_drawn_from_where_it_begins(sound: np.ndarray) -> None:
    found = frames.frame_features(sound[: 4 * audio.WINDOW_HOP])
    for view, rows in (("spectrogram", 64), ("mfcc", 12), ("chroma", 12)):
        chart = charts.feature_of_clip(found, view, start=30.0)
        (heat,) = chart.figure.data
        assert heat.x0 == pytest.approx(30, abs=0.1)
        assert tuple(chart.figure.layout.xaxis.range) == pytest.approx((30, 42), abs=0.1)
        assert str(rows) in heat.z["shape"].split(", ")[0]
        assert isinstance(chart.table, pd.DataFrame)
        assert chart.alt
    with pytest.raises(ValueError, match="heat map"):
        charts.feature_of_clip(found, "rms")
