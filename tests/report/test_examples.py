"""The example pieces in the report: charts over time, players and sentences."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audionome.datasets import gtzan, recordings
from audionome.features import REGISTRY
from audionome.features.frames import Frames, frame_features
from audionome.models.prediction import headline, status_of
from audionome.report import charts, examples, render, synth
from audionome.report.charts import features as pictures


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
    html = render.figure_html(chart)
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
    said = examples.tempi({genre: frames.tempo for genre, frames in pieces.items()})
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


def answer(*named: str) -> Any:
    p = dict.fromkeys(gtzan.GENRES, 0.05) | {named[0]: 0.55}
    return SimpleNamespace(
        genre=named[0], status=status_of(named), prediction_set=named, headline=headline(named),
        probabilities=p, confidence=0.55,
    )  # fmt: skip


def test_answers_are_counted() -> None:
    found = {"blues": answer("blues"), "pop": answer("rock", "blues", "pop", "metal")}
    said = examples.answered(found)
    assert "**1 of 2**" in said
    assert "not sure about 1 and calls 0 unlike" in said
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


# -- recordings ---------------------------------------------------------------------------

RECORDINGS = Path(__file__).parents[2] / "data" / "examples" / "recordings"
# Others forbid to pass on, to cut, or to sell what contains it.
MAY_SHIP = {
    "CC BY 3.0": "licenses/by/3.0",
    "CC BY-SA 3.0": "licenses/by-sa/3.0",
    "MIT": "license/mit",
}


def test_every_recording_has_its_author_and_licence_beside_it() -> None:
    known = recordings.recordings()
    # By title, so that no answer of the model decides which comes first.
    assert known == sorted(known, key=lambda r: r.title.lower())
    assert {r.file for r in known} == {p.name for p in RECORDINGS.glob("*.ogg")}
    readme = (RECORDINGS / "README.md").read_text(encoding="utf-8")
    for r in known:
        assert r.title
        assert r.artist
        assert r.changes
        assert r.source.startswith("http")
        assert re.fullmatch(r"[a-z0-9-]+ [0-9]\S*", r.package)
        assert MAY_SHIP[r.licence] in r.licence_url
        note = r.path.with_suffix(".txt").read_text(encoding="utf-8")
        assert r.artist.split()[-1] in note
        terms = {"MIT": "permission is hereby granted"}
        assert terms.get(r.licence, "creative commons attribut") in note.lower() or "CC-BY" in note
        for said in (r.file, r.title, r.artist, r.licence_url, r.source, r.package, r.changes):
            assert said in readme
        assert r.licence in r.name
        assert r.artist in r.name
    for licence in {r.licence for r in known if r.licence.startswith("CC")}:
        text = RECORDINGS / "licences" / f"{licence.replace(' ', '-')}.txt"
        assert "Creative Commons Legal Code" in text.read_text(encoding="utf-8")
    assert sum(p.stat().st_size for p in RECORDINGS.rglob("*")) < 4_000_000


#: Recordings that were lent for tests alone, by the beginnings of their SHA-256.
LENT = {
    "27b3667c396c1831",
    "6c23aed3dd5aa57f",
    "8374466fd3951d24",
    "919b48aa4cc66a03",
    "b5c1a3e26310e661",
}


def test_no_recording_lent_for_tests_ships() -> None:
    for path in RECORDINGS.parent.rglob("*.ogg"):
        assert sha256(path.read_bytes()).hexdigest()[:16] not in LENT, path.name


def test_a_genre_is_claimed_only_where_the_source_names_it() -> None:
    for r in recordings.recordings():
        note = r.path.with_suffix(".txt").read_text(encoding="utf-8").lower()
        assert bool(r.genre) == bool(r.genre_source)
        if r.genre:
            assert r.genre in gtzan.GENRES
            # A word of its own: an album, a band or a pack that bears the genre's name.
            assert re.search(rf"(?<![a-z]){r.genre}(?![a-z])", note), r.file


def recording(genre: str) -> recordings.Recording:
    return recordings.Recording(
        "a.ogg", "A", "B", genre, "C" * bool(genre), "MIT", "u", "s", "p 1", "none"
    )


def test_what_is_said_of_recordings_is_counted() -> None:
    found = [
        (recording("jazz"), answer("jazz")),
        (recording("metal"), answer("rock", "metal")),
        (recording(""), answer("pop")),
    ]
    said = examples.told(found)
    assert "sources of 2 of these 3 recordings" in said
    assert "**1 of 2**; its answer includes it for 2 of 2" in said
    table = examples.heard(found)
    assert table["genre by its source"].to_list() == ["jazz, C", "metal, C", "none"]
    assert table["the model says"].to_list() == ["Jazz", "Rock or metal", "Pop"]
    assert table["most probable"].to_list() == ["jazz 55%", "rock 55%", "pop 55%"]


def test_the_page_says_the_share_that_the_model_gets_right() -> None:
    found = examples.recording_answers()
    assert [r for r, _ in found] == recordings.recordings()
    named = [(r.genre, p.genre) for r, p in found if r.genre]
    right = sum(genre == said for genre, said in named)
    assert f"**{right} of {len(named)}**" in examples.told(found)
    pieces = examples.answers()
    wrong = sum(p.genre != genre for genre, p in pieces.items())
    # Wherever the pieces are offered it is said that the model is often wrong about them.
    assert wrong > len(pieces) / 2
    assert f"**{len(pieces) - wrong} of {len(pieces)}**" in examples.answered(pieces)


def test_every_recording_has_a_player_with_its_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIONOME_BOOK", "1")
    html = examples.recording_players()._repr_mimebundle_()["text/html"]
    for r in recordings.recordings():
        assert f"examples/{r.path.stem}.ogg" in html
        assert f'href="{r.source}"' in html
        assert f'href="{r.licence_url}"' in html


def test_every_piece_has_a_player(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIONOME_BOOK", "1")
    html = examples.players()._repr_mimebundle_()["text/html"]
    for genre in gtzan.GENRES:
        assert f'data-piece="{genre}"' in html
        assert f"examples/{genre}.ogg" in html
        assert f'aria-label="Made by a program: {genre}"' in html
        assert synth.describe(genre).split()[0] in html
    assert "http" not in html


def test_in_a_notebook_the_players_hold_the_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("IPython")
    monkeypatch.delenv("AUDIONOME_BOOK", raising=False)
    shown = examples.players().data
    assert shown.count("<audio") == len(gtzan.GENRES)
    assert "base64" in shown
    assert str(Path.cwd()) not in shown
