"""The example sounds in the report: charts over time, players and numbers."""

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
import soundfile as sf

from audionome import audio, load_classifier
from audionome._words import genre_name, share
from audionome.datasets import gtzan, recordings
from audionome.features import COLUMNS, REGISTRY
from audionome.features.frames import Frames, frame_features
from audionome.models.prediction import headline, status_of
from audionome.report import charts, examples, render, synth
from audionome.report.charts import features as pictures
from audionome.report.numbers import features as numbers


@pytest.fixture(scope="module")
def pieces() -> dict[str, Frames]:
    """Two pieces and a recording of twice their length, measured."""
    found = {genre: frame_features(synth.compose(genre)) for genre in ("classical", "reggae")}
    long = recordings.recordings()[0]
    return found | {long.title: frame_features(audio.load(long.path))}


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
        assert traces["line.color"][0] == charts.PALETTE.get(button["label"], charts.OTHER)
        drawn = unpacked(traces["z"][2]).T if v.heat else np.stack(
            [unpacked(y) for y in traces["y"][2:]], axis=1)  # fmt: skip
        assert drawn.shape[1] == len(v.rows)
        measured = v.scale * v.values(frames)
        step = measured.shape[0] // drawn.shape[0]
        twice = 2 if frames.times[-1] > 20 else 1
        assert step == twice * v.step
        joined = measured[: step * len(drawn)].reshape(-1, step, len(v.rows))
        expected = joined.max(axis=1) if v.thin is np.max else joined.mean(axis=1)
        np.testing.assert_allclose(drawn, expected, atol=0.51)
        assert len(drawn) < 400  # no more than a screen has pixels for
        assert traces["dx"][0] * len(drawn) == pytest.approx(frames.times[-1], abs=0.3)
        assert len(set(traces["dx"])) == len(set(traces["x0"])) == 1
        assert button["args"][1]["xaxis.range"][1] == pytest.approx(frames.times[-1], abs=0.06)


@pytest.mark.parametrize("view", list(pictures.VIEWS))
def test_a_view_has_words_and_a_table(pieces: dict[str, Frames], view: str) -> None:
    known = examples.examples()
    chart = pictures.feature_over_time(pieces, view, known)
    assert chart.table["sound"].to_list() == list(pieces)
    assert chart.table["what it is"].to_list() == ["made by a program"] * 2 + ["real recording"]
    assert "At first classical. Made by a program" in chart.alt
    assert len(chart.caption) > 40
    meta = chart.figure.layout.meta
    assert set(meta["notes"]) == set(pieces)
    assert all(meta["notes"][name].startswith(known[name].origin) for name in pieces)
    assert meta["groups"] == {name: known[name].kind for name in pieces}
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
    with pytest.raises(ValueError, match="at least one sound"):
        pictures.feature_over_time({}, "rms")


def test_tempo_chart_and_table(pieces: dict[str, Frames]) -> None:
    made = {genre: pieces[genre] for genre in ("classical", "reggae")}
    chart = pictures.tempo_strength(made, synth.TEMPI)
    assert chart.table["written (BPM)"].to_list() == ["100", "152"]
    button = chart.figure.layout.updatemenus[0].buttons[1]
    assert button.args[0]["x"][2] == [152, 152]
    table = examples.tempi({genre: synth.compose(genre) for genre in made}, made)
    assert table["written"].to_list() == ["100", "152"]
    assert table["tempo column"].to_list() == ["99 (right)", "76 (half)"]


def test_spread_shows_the_columns_of_a_family() -> None:
    summary = gtzan.load_summary()
    chart = pictures.family_spread(summary, REGISTRY, "spectral", "rolloff")
    assert len(chart.table) == 6
    assert len(chart.figure.layout.updatemenus[0].buttons) == 6
    single = pictures.family_spread(summary, REGISTRY, "tempo")
    assert single.alt.startswith("Distribution of tempo in each of the 10 genres")
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
    assert numbers.answers(found) == {
        "pieces": "2", "hits": "1", "hit_genres": "blues", "unsure": "1",
    }  # fmt: skip
    assert numbers.answers({"pop": answer("rock")})["hit_genres"] == "none"
    played = {"A title": answer("jazz").probabilities}
    chart = pictures.genres_of_examples({g: p.probabilities for g, p in found.items()}, played)
    assert "2 synthetic pieces and 1 recordings. 1 of the pieces are heard" in chart.alt
    assert "imitate: blues." in chart.alt
    assert chart.table["sound"].to_list() == ["blues (program)", "pop (program)", "A title"]
    assert chart.table["likeliest"].to_list() == ["blues", "rock", "jazz"]
    sure = {"blues": {"blues": 0.999, "jazz": 0.001}}
    assert pictures.genres_of_examples(sure).figure.data[0].text[0][0] == ">99"


def test_padding_moves_the_variances() -> None:
    moved = examples.padding({"blues": synth.compose("blues")})
    assert set(moved["feature"]) >= {"mfcc1_var", "mfcc20_var", "rolloff_var"}
    assert 0.001 < moved["worst"].max() < 1
    table = examples.most_moved(moved, 3)
    assert len(table) == 3
    assert isinstance(table, pd.DataFrame)
    made = pd.DataFrame(
        {
            "feature": ["mfcc1_var", "mfcc2_var", "mfcc3_var", "rolloff_var"],
            "median": [0.01, 0.02, 0.03, 0.9],
            "worst": [0.02, 0.5, 0.04, 0.9],
        }
    )
    assert numbers.padding(made) == {
        "typical": share(0.02), "worst": share(0.5), "worst_feature": "mfcc2_var",
    }  # fmt: skip


def test_the_brightest_sound_is_named(pieces: dict[str, Frames]) -> None:
    found = numbers.brightness(pieces)
    means = {name: frames.centroid.mean() for name, frames in pieces.items()}
    assert found["brightest"] == max(means, key=means.__getitem__)
    assert found["darkest_hz"] == f"{min(means.values()):,.0f}"


def test_tonnetz_is_set_beside_the_radius_of_its_circle() -> None:
    made = pd.DataFrame(
        {
            "genre": ["jazz", "hiphop", "jazz"],
            "feature": ["tonnetz fifths, x", "tonnetz major thirds, x", "contrast 0 to 200 Hz"],
            "p50": [0.1, -0.08, 20.0],
        }
    )
    # The circle of major thirds has half the radius.
    assert numbers.tonnetz(made) == {"furthest": share(0.16)}


def test_the_rolloff_of_the_energy_is_another() -> None:
    t = np.arange(2 * audio.SAMPLE_RATE) / audio.SAMPLE_RATE
    weak = sum(np.sin(2 * np.pi * f * t + f) for f in range(5000, 9000, 100))
    found = numbers.rolloffs((np.sin(2 * np.pi * 500 * t) + 0.05 * weak).astype(np.float32))
    magnitude, energy = (float(hz.replace(",", "")) for hz in found.values())
    assert energy < 600 < 5000 < magnitude


def test_the_sizes_of_a_frame_are_the_codes() -> None:
    found = numbers.frames()
    assert (found["samples"], found["milliseconds"], found["columns"]) == ("2,048", "93", "57")
    assert 2 * int(found["curves"]) + 1 == len(COLUMNS)
    frames = frame_features(synth.compose("pop")[: audio.WINDOW_LENGTH])
    assert found["window_frames"] == f"{len(frames.times)}"


NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
DIAGRAMS = Path(__file__).parents[2] / "book" / "_static" / "diagrams"


def prose(name: str) -> str:
    """The Markdown of a notebook."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def test_the_table_of_columns_is_complete() -> None:
    rows = re.findall(r"^\| (`.*?) \|", prose("features"), flags=re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    columns = {re.sub("_(mean|var)$", "", name) for name in COLUMNS}
    assert named - {"mfcc1", "mfcc20"} == {c for c in columns if not c.startswith("mfcc")}
    assert {"mfcc1", "mfcc20"} <= named


def test_the_rolloff_is_said_to_be_of_the_magnitude() -> None:
    said = prose("timbre")
    assert "up to which 85 % of the magnitude lies" in " ".join(said.split())
    assert r"\sum_{k \le r} A(t,k) \ge 0.85 \sum_k A(t,k)" in said
    glossary = (NOTEBOOKS.parent / "book" / "glossary.md").read_text(encoding="utf-8")
    (meaning,) = re.findall(r"^rolloff\n((?:  .*\n)+)", glossary, flags=re.MULTILINE)
    assert "magnitude" in meaning
    others = re.sub(r"not\s+(of\s+)?its\s+(square,\s+the\s+)?energy", "", meaning)
    assert not re.search("energy|strength|power", others)


def test_the_diagrams_say_the_sizes_of_the_code() -> None:
    drawn = (DIAGRAMS / "sound-to-numbers.svg").read_text(encoding="utf-8")
    found = numbers.frames()
    assert f"{found['rate']} numbers a second" in drawn
    assert f"Frames of {found['milliseconds']} ms" in drawn
    assert f"{found['columns']} numbers for three seconds" in drawn
    drawn = (DIAGRAMS / "mfcc-pipeline.svg").read_text(encoding="utf-8")
    assert f"{found['bands']}, as the ear hears" in drawn
    assert "20 numbers" in drawn


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
        assert r.game in note
        assert r.game or not re.fullmatch(r"https://github.com/[^/]*/[^/]*", r.source)
        # Excerpts are told as an excerpt, and quotation marks are curly as in the prose.
        assert re.search(r"xcerpt from \d:\d\d to \d:\d\d\b", r.changes)
        assert '"' not in r.genre_source
        terms = {"MIT": "permission is hereby granted"}
        assert terms.get(r.licence, "creative commons attribut") in note.lower() or "CC-BY" in note
        for said in (r.file, r.title, r.artist, r.licence_url, r.source, r.package, r.changes):
            assert said in readme
        assert r.licence in r.name
        assert r.artist in r.name
    for licence in {r.licence for r in known if r.licence.startswith("CC")}:
        text = RECORDINGS / "licences" / f"{licence.replace(' ', '-')}.txt"
        assert "Creative Commons Legal Code" in text.read_text(encoding="utf-8")
    assert sum(p.stat().st_size for p in RECORDINGS.rglob("*")) < 5_000_000


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


def test_every_recording_is_half_a_minute_of_music_that_no_model_knows() -> None:
    for r in recordings.recordings():
        info = sf.info(r.path)
        assert info.frames == 30 * info.samplerate, r.file
        assert info.channels == 2
        assert load_classifier("ear").classify(r.path).learned_from is None, r.file


def test_half_the_genres_can_be_guessed() -> None:
    genres = {r.genre for r in recordings.recordings() if r.genre}
    assert len(genres) >= 5


def recording(genre: str) -> recordings.Recording:
    return recordings.Recording(
        "a.ogg", "A", "B", genre, "C" * bool(genre), "MIT", "u", "s", "p 1", "none"
    )


def test_sources_and_answers_stand_side_by_side() -> None:
    found = [
        (recording("jazz"), answer("jazz")),
        (recording("metal"), answer("rock", "metal")),
        (recording(""), answer("pop")),
    ]
    table = examples.heard(found)
    assert table["genre by its source"].to_list() == ["jazz, C", "metal, C", "none"]
    assert table["the model says"].to_list() == ["Jazz", "Rock or metal", "Pop"]
    assert table["most probable"].to_list() == ["jazz 55%", "rock 55%", "pop 55%"]


def test_the_model_is_often_wrong_about_the_pieces() -> None:
    # Wherever the pieces are offered it is said so.
    told = numbers.answers(examples.answers())
    assert int(told["hits"]) < int(told["pieces"]) / 2


def test_every_recording_has_a_player_with_its_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIONOME_BOOK", "1")
    html = examples.recording_players()._repr_mimebundle_()["text/html"]
    for r in recordings.recordings():
        assert f"examples/{r.path.stem}.mp3" in html
        assert f'href="{r.source}"' in html
        assert (f'from the game <a href="{r.source}">{r.game}</a>' in html) == bool(r.game)
        assert f'href="{r.licence_url}"' in html
        assert f'data-piece="{r.title}"' in html
    assert html.count("Real recording (") == len(recordings.recordings())
    assert "Made by a program" not in html


def test_every_piece_has_a_player(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIONOME_BOOK", "1")
    html = examples.players()._repr_mimebundle_()["text/html"]
    for genre in gtzan.GENRES:
        assert f'data-piece="{genre_name(genre)}"' in html
        assert f"examples/{genre}.mp3" in html
        assert f'aria-label="Made by a program: {genre_name(genre)}"' in html
        assert synth.describe(genre).split()[0] in html
    assert html.count("Made by a program (CC0)") == len(gtzan.GENRES)
    assert "http" not in html
    both = examples.players(examples.MADE, examples.RECORDED)._repr_mimebundle_()["text/html"]
    assert both.count("<audio") == len(examples.examples())


def test_in_a_notebook_the_players_hold_the_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("IPython")
    monkeypatch.delenv("AUDIONOME_BOOK", raising=False)
    shown = examples.players().data
    assert shown.count("<audio") == len(gtzan.GENRES)
    assert "base64" in shown
    assert str(Path.cwd()) not in shown
