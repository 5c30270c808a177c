"""What the page is told: sentences, and menus of what is there."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("plotly", reason="Not installed: pip install -e .[dashboard]")

import own_model

from audionome import classify
from audionome._paths import data_path
from audionome._words import clock
from audionome.app import answer, model, payload, sections
from audionome.app.details import measure_details
from audionome.app.environment import MODEL_VARIABLE
from audionome.audio import Note
from audionome.datasets import gtzan
from audionome.datasets.recordings import expected_answers, recordings
from audionome.errors import ModelError
from audionome.features.key import Key, reliable_key_accuracy
from audionome.features.tempo import Tempo
from audionome.models import own, telling
from audionome.models.attribution import Reason
from audionome.models.prediction import Prediction, Tag, split_names
from audionome.models.reliability import reliability

RECORDING = data_path("examples", "recordings", "muldjord-armygeddon.ogg")


@pytest.fixture(scope="module")
def metal() -> Prediction:
    return classify(RECORDING)


def test_the_answer_is_a_row_a_card_and_sections(metal: Prediction) -> None:
    told: dict[str, Any] = json.loads(json.dumps(payload.answer_payload(metal, name="a.ogg")))
    card, row = told["card"], told["row"]
    assert card["headline"] == row["headline"] == metal.headline
    shares = [bar["share"] for bar in card["bars"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=0.001)
    named = [bar["genre"] for bar in card["bars"] if bar["named"]]
    assert named == row["prediction_set"] == list(metal.prediction_set)
    assert [w["start"] for w in told["windows"]] == [w.start for w in metal.windows]
    sections = {s["id"]: s for s in told["sections"]}
    assert list(sections) == ["timeline", "hears", "reasons", "typical", "place"]
    over_time = {k: [c["over_time"] for c in s["charts"]] for k, s in sections.items()}
    assert over_time["timeline"] == over_time["hears"] == [True]
    assert over_time["place"] == over_time["typical"] == [False]
    record = row["record"]
    assert record["file"] == "a.ogg"
    assert record["probability"] == round(metal.confidence, 3)
    assert record["p_metal"] == record["probability"]
    assert record["tempo"] == round(metal.tempo.bpm, 1)
    assert "For metal: " in record["reasons"]


HOSTILE = "Übung | <b>=1+1</b> 音楽 " + "x" * 76


@pytest.mark.parametrize("many", [2, 3, 50])
def test_all_that_is_told_is_true_of_a_model_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Nothing is said of GTZAN and its ten genres, and names of any kind are whole."""
    genres = [HOSTILE, "2000", "likeliest", *(f"genre {k}" for k in range(47))][:many]
    path = own_model.write(tmp_path / "my.model", genres)
    monkeypatch.setenv(MODEL_VARIABLE, str(path))
    path_of_sound = tmp_path / "new.wav"
    path_of_sound.write_bytes(own_model.as_file(own_model.sound(0, 70)))
    found = model.chosen().classify(path_of_sound)
    path.unlink()  # who has it goes on without its file
    told: dict[str, Any] = json.loads(json.dumps(payload.answer_payload(found, name="=new.wav")))
    card = told["card"]
    said = json.dumps([told, payload.examples_payload({"piece a": Path("pop.ogg")}), model.lead()])
    for untrue in ("GTZAN", "ten genres", "All ten", "report", "None", "nan"):
        assert untrue not in said, untrue
    assert card["bars"][0]["genre"] == HOSTILE
    assert len({bar["color"] for bar in card["bars"]}) == many
    assert card["every"] == f"All {['two', 'three', '50'][[2, 3, 50].index(many)]}"
    assert [s["id"] for s in told["sections"]] == ["timeline", "hears", "reasons", "place"]
    assert "Its sounds were made by a program." in card["caution"]
    assert card["second"] == card["right"]["page"] == ""
    assert ("80 times in 100" in card["right"]["sentence"]) == (found.status == "one")
    assert told["row"]["record"][f"p_{HOSTILE}"] == round(found.probabilities[HOSTILE], 3)
    if found.prediction_set:
        assert split_names(told["row"]["record"]["prediction_set"]) == found.prediction_set
    assert {n["name"] for n in card["neighbours"]} <= {f"Somebody {k % 2}: piece {k}"
                                                       for k in range(12)}  # fmt: skip
    timeline, *_, place = (s["charts"][0] for s in told["sections"])
    names = [trace["name"] for trace in json.loads(timeline["figure"])["data"]]
    assert len(names) == min(many, 12)
    assert "<b>" not in str(names)
    assert timeline["columns"][:3] == ["from (s)", "to (s)", "likeliest"]
    assert len(timeline["columns"]) == 3 + len(names) == len(timeline["rows"][0])
    assert {row[2] for row in timeline["rows"]} <= set(genres)
    assert "among 12 recordings that the model learned from" in place["alt"]


def test_nothing_is_promised_of_a_genre_that_was_not_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, arrays = own_model.parts(["a", "b", "c"])
    files = np.array([str(track).lower() for track in arrays["tracks"]])
    own.write(tmp_path / "my.model", {**card, "untested": ["a"]}, {**arrays, "tracks": files})
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "my.model"))
    (tmp_path / "new.wav").write_bytes(own_model.as_file(own_model.sound(0, 70)))
    found = model.chosen().classify(tmp_path / "new.wav")
    told = payload.answer_payload(found, name="new.wav")
    assert "a" in found.prediction_set
    assert told["card"]["promise"].startswith('How often it is right about "a" is not known')
    assert told["card"]["right"]["sentence"] == ""
    # The names of the reader's own files are theirs.
    assert {n["name"] for n in told["card"]["neighbours"]} <= set(files.tolist())


def test_a_model_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")
    from audionome.app.widget import Dashboard

    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "gone.model"))
    board = Dashboard()
    assert 'gone.model"; `audionome train`' in board.notice
    assert "ten genres" not in board.lead
    board.tell(0, "idle")
    board._work(0, "a", b"RIFF")
    assert board.report["state"] == "error"
    assert "gone.model" in board.report["sentence"]


def test_dashboards_answer_with_some_models_alone(tmp_path: Path) -> None:
    assert model.require("") == model.require("ear") == ""
    path = own_model.write(tmp_path / "my.model", ["a", "b"])
    assert model.require(str(path)) == str(path)
    for name, told in (("classic", "is neither"), ("gone.model", "There is no model")):
        with pytest.raises(ModelError, match=told):
            model.require(name)


def test_the_details_are_sections_over_time(metal: Prediction) -> None:
    told = payload.details_payload(measure_details(RECORDING, metal, points=50))
    assert len(told["outline"]) == 50
    assert {s["sentences"][-1] for s in told["sections"]} == {"The whole recording."}
    assert {s["id"] for s in told["sections"]} == {"spectrogram", "mfcc", "key"}
    charts = {s["id"]: chart for s in told["sections"] for chart in s["charts"]}
    assert all(chart["over_time"] for chart in charts.values())
    notes = [row[0] for row in charts["key"]["rows"]]
    assert notes == "C C♯/D♭ D D♯/E♭ E F F♯/G♭ G G♯/A♭ A A♯/B♭ B".split()


@pytest.mark.parametrize(
    ("named", "genre", "sentence"),
    [
        (["metal"], "metal", "song.mp3: Metal, 61%."),
        (["rock", "metal"], "rock", "song.mp3: Rock or metal, most likely rock, 61%."),
        ([], "pop", "song.mp3: Unlike anything it knows, nearest: pop, 61%."),
    ],
)
def test_one_sentence_is_read_aloud(
    metal: Prediction, named: list[str], genre: str, sentence: str
) -> None:
    status = {0: "out-of-distribution", 1: "one"}.get(len(named), "few")
    told = dataclasses.replace(
        metal,
        prediction_set=tuple(named),
        genre=genre,
        confidence=0.61,
        probabilities=dict.fromkeys(gtzan.GENRES, 0.39 / 9) | {genre: 0.61},
        status=status,
    )
    assert answer.announcement(told, name="song.mp3") == sentence
    assert len(answer.announcement(told, name="long" * 75)) < 200


def test_no_genre_is_spoken_of_where_none_stands_out(metal: Prediction) -> None:
    even = dict.fromkeys(gtzan.GENRES, 0.09) | {"pop": 0.22, "rock": 0.06}
    house = Tag("house", "style", 0.6, tuple(0.6 for _ in metal.windows))
    told = dataclasses.replace(
        metal,
        status="out-of-distribution",
        prediction_set=(),
        genre="pop",
        confidence=0.22,
        probabilities=even,
        windows=tuple(dataclasses.replace(w, probabilities=even) for w in metal.windows),
        tags=(house,),
        tempo=Tempo(128.0, 0.4, 41.0),
    )
    page: dict[str, Any] = payload.answer_payload(told, name="noise.wav")
    assert page["announce"] == "noise.wav: Unlike anything it knows, no genre stands out."
    card, row = page["card"], page["row"]
    assert card["nearest"] == "No genre stands out."
    assert card["foreign"] == ""
    assert card["why"] == []
    assert card["hearing"] == "Closest description"
    assert dict(card["facts"])["Tempo"] == "no clear beat"
    assert {(w["likeliest"], w["color"]) for w in page["windows"]} == {
        ("no genre stands out", row["color"])
    }
    assert [s["id"] for s in page["sections"]] == ["hears", "place"]
    assert (row["genre"], row["confidence"], row["confidence_text"]) == ("", None, "")
    assert (row["tempo"], row["tempo_text"]) == (None, "none")
    record = row["record"]
    assert (record["genre"], record["probability"], record["tempo"]) == ("", None, None)
    assert "house" not in record["message"]
    measured = measure_details(RECORDING, told, points=50)
    parts = payload.details_payload(dataclasses.replace(measured, whole=False))["sections"]
    assert "likeliest" not in json.dumps(parts)
    # Where one stands out, it is told as before, and so is a tempo that is clear.
    near = dataclasses.replace(
        told,
        probabilities=dict.fromkeys(gtzan.GENRES, 0.05) | {"pop": 0.55},
        tempo=Tempo(128.0, 0.6, None),
    )
    shown = answer.card(near)
    assert shown["nearest"] == "Nearest: pop 55%"
    assert dict(shown["facts"])["Tempo"] == "about 128 BPM"
    assert answer.row(near, name="a")["genre"] == "pop"


def test_a_key_is_named_only_when_it_can_be_relied_on() -> None:
    sure = Key(tonic=9, mode="minor", strength=0.95, margin=0.2, classes=7.0, seconds=30.0)
    told = answer.key_words(sure)
    assert told.startswith("Probably A minor. ")
    assert f"{reliable_key_accuracy().share:.0%} were exactly right" in told
    assert "95" in told
    for change, why in (
        ({"margin": 0.0}, "more than one fits"),
        ({"classes": 3.0}, "too few different notes"),
        ({"seconds": 5.0}, "at least 20 s"),
    ):
        doubt = answer.key_words(dataclasses.replace(sure, **change))
        assert why in doubt
        assert "minor" not in doubt


def test_the_menu_has_only_groups_with_examples() -> None:
    files = {"piece jazz": Path("jazz.ogg"), "clip 0": Path("folder/my song.wav")}
    synthetic, own = payload.examples_payload(files)
    assert synthetic[0].startswith("Made by a program")
    ((identifier, name, told),) = synthetic[1]
    assert (identifier, name) == ("piece jazz", "Jazz, made by a program")
    assert told.endswith(f'the answer is "{expected_answers()["jazz.ogg"]}".')
    assert own == ["Your own clips", [["clip 0", "my song.wav", ""]]]
    assert payload.examples_payload({}) == []


def test_a_recording_is_offered_with_its_author_licence_and_genre() -> None:
    files = {f"recording {r.name}": r.path for r in recordings()}
    ((heading, entries),) = payload.examples_payload(files)
    assert "openly licensed" in heading
    for recording, (_, name, told) in zip(recordings(), entries, strict=True):
        assert recording.artist in name
        assert recording.licence in name
        assert (f"calls it {recording.genre}" if recording.genre else "names none") in told


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3599, "59:59")]
)
def test_times_are_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_neighbours_have_artists_and_titles_where_a_list_is_known(
    metal: Prediction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = metal.neighbours
    path = tmp_path / "artists.csv"
    path.write_text(f"clip,artist,title\n{first.track},The Band,One\n")
    monkeypatch.setenv(gtzan.NAMES_VARIABLE, str(path))
    told = answer.card(metal)["neighbours"]
    assert told[0]["name"] == "The Band: One"
    assert told[0]["words"].startswith(f"{first.genre}, ")
    number = int(second.track.partition(".")[2])
    assert told[1]["name"] == f"{second.genre.capitalize()} clip {number} of GTZAN"
    assert second.track not in json.dumps(told)
    place = payload.answer_payload(metal)["sections"][-1]
    assert second.track not in json.dumps([place["charts"][0]["rows"], place["charts"][0]["alt"]])
    assert sections.NAMELESS not in place["sentences"]
    monkeypatch.setattr(gtzan, "load_names", lambda nearby: {})
    monkeypatch.setenv(gtzan.NAMES_VARIABLE, str(tmp_path / "another.csv"))
    assert payload.answer_payload(metal)["sections"][-1]["sentences"][-1] == sections.NAMELESS
    monkeypatch.undo()
    (tmp_path / "broken.csv").write_text("clip,artist\n")
    monkeypatch.setenv(gtzan.NAMES_VARIABLE, str(tmp_path / "broken.csv"))
    assert answer.known_names() == {}  # told in the terminal, and the answer is not lost


def test_what_was_learned_from_is_said_once_and_promises_nothing(metal: Prediction) -> None:
    track = "hiphop.00007"
    note = Note("learned", telling.learned(telling.clip(track)))
    known = dataclasses.replace(metal, learned_from=track, notes=(note, Note("cut", "Cut.")))
    told = answer.card(known)
    assert "this very recording" in told["learned"]
    assert len(told["learned"]) <= 140
    assert told["notes"] == ["Cut."]
    assert (told["promise"], told["right"]["sentence"]) == ("", "")
    assert answer.row(known, name="a")["learned"] is True
    assert answer.card(metal)["learned"] == ""


def test_how_often_such_answers_are_right_goes_with_the_answer(metal: Prediction) -> None:
    told = answer.card(metal)
    found = reliability("ear", metal.status, seconds=metal.duration)
    assert found is not None
    assert told["right"]["sentence"] == telling.right(metal.status, found)
    assert told["right"]["page"].startswith("notebooks/promises.html#")
    strange = dataclasses.replace(metal, prediction_set=(), status="out-of-distribution", tags=())
    assert answer.card(strange)["right"]["page"].startswith("notebooks/model.html#")
    house = Tag("house", "style", 0.6, tuple(0.6 for _ in metal.windows))
    foreign = answer.card(
        dataclasses.replace(
            metal, prediction_set=("pop", "hiphop"), status="few", genre="pop", tags=(house,)
        )
    )
    assert "house music" in foreign["foreign"]
    assert foreign["promise"] == foreign["right"]["sentence"] == ""
    assert "nine in ten" in answer.row(metal, name="a")["record"]["message"]


def test_what_is_heard_says_where_it_is_heard_most(metal: Prediction) -> None:
    guitar = Tag("guitar", "instrument", 0.3, (0.1, 0.2, 0.6, 0.3))
    told = dataclasses.replace(metal, tags=(guitar,), windows=metal.windows[:4])
    assert answer.card(told)["hears"] == [
        {
            "name": "guitar",
            "kind": "instrument",
            "strength": "0.30",
            "over_time": [0.1, 0.2, 0.6, 0.3],
            "words": "guitar, strength 0.30 out of 1, strongest at 0:06",
            "at": 6.0,
        }
    ]
    silent = payload.answer_payload(dataclasses.replace(metal, tags=()))
    assert silent["card"]["hears"] == []
    assert "hears" not in [section["id"] for section in silent["sections"]]


def test_sections_show_the_numbers_of_the_answer(metal: Prediction) -> None:
    reasons = (Reason("tempo", "a quick tempo", 0.3), Reason("pitches", "few pitches", -0.1))
    told = dataclasses.replace(metal, reasons=reasons, baseline=0.1)
    sections = {s["id"]: s for s in payload.answer_payload(told)["sections"]}
    assert sections["reasons"]["charts"][0]["rows"] == [
        ["a quick tempo", "30.0"],
        ["few pitches", "-10.0"],
    ]
    assert "An average sound gets 10% for metal" in sections["reasons"]["sentences"][0]
    assert answer.card(told)["why"] == [
        ["For metal", ["A quick tempo (30 points)"]],
        ["Against metal", ["Few pitches (10 points)"]],
    ]
    for section in sections.values():
        assert all(chart["alt"] and chart["caption"] for chart in section["charts"])
    one_sided = dataclasses.replace(metal, reasons=reasons[:1])
    assert answer.card(one_sided)["why"][1] == ["Against metal", ["Nothing it can put into words"]]
    assert answer.card(dataclasses.replace(metal, reasons=()))["why"] == []


def test_the_second_model_is_quoted(metal: Prediction) -> None:
    for genre, word in (("metal", "agrees: metal, 90%"), ("jazz", "does not agree: jazz, 90%")):
        second = dict.fromkeys(gtzan.GENRES, 0.1 / 9) | {genre: 0.9}
        told = answer.card(dataclasses.replace(metal, second_opinion=second))["second"]
        assert word in told
    assert answer.card(dataclasses.replace(metal, second_opinion=None))["second"] == ""


def test_the_main_reason_is_a_sentence(metal: Prediction) -> None:
    told = answer.row(metal, name="a")["why"]
    assert told.startswith("Main reason: ")
    against = (Reason("tempo", "a slow tempo", -0.2),)
    doubt = answer.row(dataclasses.replace(metal, reasons=against), name="a")["why"]
    assert doubt == "Main doubt: a slow tempo (20 points)."
    strange = dataclasses.replace(metal, prediction_set=(), status="out-of-distribution")
    assert "too far from all music" in answer.row(strange, name="a")["why"]
    assert answer.card(strange)["second"] == ""
    none = dataclasses.replace(metal, reasons=())
    assert answer.row(none, name="a")["why"] == "No single reason stands out."
