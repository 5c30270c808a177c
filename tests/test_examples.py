"""The example pieces in the report: charts over time, players and sentences."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audionome import book, charts, examples, gtzan, synth
from audionome.charts import features as pictures
from audionome.features import REGISTRY
from audionome.features.frames import Frames, frame_features


@pytest.fixture(scope="module")
def pieces() -> dict[str, Frames]:
    """Two pieces, measured."""
    return {genre: frame_features(synth.compose(genre)) for genre in ("classical", "reggae")}


def unpacked(spec: Any) -> np.ndarray:
    """What Plotly reads from base64."""
    values = np.frombuffer(base64.b64decode(spec["bdata"]), dtype=f"<{spec['dtype']}")
    return values.reshape([int(n) for n in spec.get("shape", f"{values.size}").split(",")])


@pytest.mark.parametrize("view", list(pictures.VIEWS))
def test_a_view_draws_what_was_measured(pieces: dict[str, Frames], view: str) -> None:
    chart = pictures.feature_over_time(pieces, view)
    layout = json.loads(chart.figure.to_json())["layout"]
    v = pictures.VIEWS[view]
    (menu,) = layout["updatemenus"]
    assert [button["label"] for button in menu["buttons"]] == list(pieces)
    for button in menu["buttons"]:
        frames = pieces[button["label"]]
        traces = button["args"][0]
        low, high = (unpacked(traces["y"][i]) / 100 for i in range(2))
        assert low.min() == pytest.approx(frames.waveform.min(), abs=0.01)
        assert high.max() == pytest.approx(frames.waveform.max(), abs=0.01)
        assert traces["line.color"][0] == charts.PALETTE[button["label"]]
        drawn = unpacked(traces["z"][2]).T if v.heat else np.stack(
            [unpacked(y) for y in traces["y"][2:]], axis=1)  # fmt: skip
        assert drawn.shape[1] == len(v.rows)
        measured = v.scale * v.values(frames)
        step = measured.shape[0] // drawn.shape[0]
        assert step == v.step
        joined = measured[: step * len(drawn)].reshape(-1, step, len(v.rows))
        expected = joined.max(axis=1) if v.thin is np.max else joined.mean(axis=1)
        np.testing.assert_allclose(drawn, expected, atol=0.51)
        dx = chart.figure.data[0].dx
        assert dx * len(drawn) == pytest.approx(frames.times[-1], abs=0.2)


@pytest.mark.parametrize("view", list(pictures.VIEWS))
def test_a_view_has_words_and_a_table(pieces: dict[str, Frames], view: str) -> None:
    chart = pictures.feature_over_time(pieces, view)
    assert chart.table["piece"].to_list() == list(pieces)
    assert "At first classical" in chart.alt
    assert len(chart.caption) > 40
    assert set(chart.figure.layout.meta["notes"]) == set(pieces)
    html = book.figure_html(chart)
    assert "<figcaption>" in html
    assert "u002f" not in html
    assert html.count("<script") == html.count("</script") == 1


def test_the_words_are_true(pieces: dict[str, Frames]) -> None:
    said = pictures.feature_over_time(pieces, "brightness").alt
    means = {g: f.centroid.mean() for g, f in pieces.items()}
    assert f"highest in {max(means, key=means.__getitem__)} ({max(means.values()):,.0f})" in said
    table = pictures.feature_over_time(pieces, "chroma").table
    assert float(table["A"][1]) == pytest.approx(100 * pieces["reggae"].chroma[:, 9].mean(), abs=1)
    tonnetz = pictures.feature_over_time(pieces, "tonnetz").table["fifths x"][0].replace("−", "-")
    assert float(tonnetz) == pytest.approx(pieces["classical"].tonnetz[:, 0].mean(), abs=0.01)


def test_a_chart_over_time_needs_a_view_and_a_piece(pieces: dict[str, Frames]) -> None:
    with pytest.raises(ValueError, match="no view 'smell'"):
        pictures.feature_over_time(pieces, "smell")
    with pytest.raises(ValueError, match="at least one piece"):
        pictures.feature_over_time({}, "rms")


def test_tempo_chart_and_sentence(pieces: dict[str, Frames]) -> None:
    chart = pictures.tempo_strength(pieces, synth.TEMPI)
    assert chart.table["written (BPM)"].to_list() == ["100", "152"]
    button = chart.figure.layout.updatemenus[0].buttons[1]
    assert button.args[0]["x"][2] == [152, 152]
    said = examples.tempi(pieces)
    assert "written one in 1 of 2" in said
    assert "half or double in reggae (76 for 152)" in said
    assert "neither" not in said


def test_spread_shows_the_columns_of_a_family() -> None:
    summary = gtzan.load_summary()
    chart = pictures.family_spread(summary, REGISTRY, "spectral", "rolloff")
    assert len(chart.table) == 6
    assert len(chart.figure.layout.updatemenus[0].buttons) == 6
    single = pictures.family_spread(summary, REGISTRY, "tempo")
    assert not single.figure.layout.updatemenus
    assert "tempo" in single.caption


def answer(genre: str, *, sure: bool) -> Any:
    p = dict.fromkeys(gtzan.GENRES, 0.05) | {genre: 0.55}
    return SimpleNamespace(genre=genre, status="ok" if sure else "unsure", probabilities=p)


def test_answers_are_counted() -> None:
    found = {"blues": answer("blues", sure=True), "pop": answer("rock", sure=False)}
    said = examples.answered(found)
    assert "**1 of 2**" in said
    assert "unsure about 1" in said
    chart = pictures.genres_of_examples({g: p.probabilities for g, p in found.items()})
    assert "1 of them are heard as the genre that they imitate: blues." in chart.alt
    assert chart.table["likeliest"].to_list() == ["blues", "rock"]


def test_padding_moves_the_variances() -> None:
    moved = examples.padding({"blues": synth.compose("blues")})
    assert set(moved["feature"]) >= {"mfcc1_var", "mfcc20_var", "rolloff_var"}
    assert 0.001 < moved["worst"].max() < 1
    assert f"{100 * moved['worst'].max():.1f}" in examples.padded(moved)
    table = examples.most_moved(moved, 3)
    assert len(table) == 3
    assert isinstance(table, pd.DataFrame)


def test_every_piece_has_a_player(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIONOME_BOOK", "1")
    html = examples.players()._repr_mimebundle_()["text/html"]
    for genre in gtzan.GENRES:
        assert f'data-piece="{genre}"' in html
        assert f"examples/{genre}.ogg" in html
        assert f'aria-label="Synthetic piece: {genre}"' in html
        assert synth.describe(genre).split()[0] in html
    assert "http" not in html


def test_in_a_notebook_the_players_hold_the_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("IPython")
    monkeypatch.delenv("AUDIONOME_BOOK", raising=False)
    shown = examples.players().data
    assert shown.count("<audio") == len(gtzan.GENRES)
    assert "base64" in shown
    assert str(Path.cwd()) not in shown
