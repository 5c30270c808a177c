"""What the page is told: sentences, and menus of what is there."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("plotly", reason="Not installed: pip install -e .[dashboard]")

from audionome import classify
from audionome._paths import data_path
from audionome.app import answer, payload
from audionome.app.details import measure_details
from audionome.features.key import Key, reliable_key_accuracy
from audionome.models.prediction import Prediction

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


def test_the_details_are_sections_over_time(metal: Prediction) -> None:
    told = payload.details_payload(measure_details(RECORDING, metal, points=50))
    assert len(told["outline"]) == 50
    assert {s["id"] for s in told["sections"]} == {"spectrogram", "mfcc", "key"}
    assert all(chart["over_time"] for s in told["sections"] for chart in s["charts"])


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
        metal, prediction_set=tuple(named), genre=genre, confidence=0.61, status=status
    )
    assert answer.announcement(told, name="song.mp3") == sentence
    assert len(answer.announcement(told, name="long" * 75)) < 200


def test_a_key_is_named_only_when_it_can_be_relied_on() -> None:
    sure = Key(tonic=9, mode="minor", strength=0.95, margin=0.2, classes=7.0, seconds=30.0)
    told = answer.key_words(sure)
    assert told.startswith("The key is probably A minor: ")
    assert f"{100 * reliable_key_accuracy().share:.1f}" in told
    assert "95" in told
    assert "minor" not in answer.key_words(dataclasses.replace(sure, margin=0.0))


def test_the_menu_has_only_groups_with_examples() -> None:
    files = {"piece jazz": Path("jazz.ogg"), "clip 0": Path("folder/my song.wav")}
    synthetic, own = payload.examples_payload(files)
    assert synthetic[0].startswith("Made by a program")
    assert synthetic[1] == [["piece jazz", "jazz (synthetic)"]]
    assert own == ["Your own clips", [["clip 0", "my song.wav"]]]
    assert payload.examples_payload({}) == []


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3599, "59:59")]
)
def test_times_are_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert answer.minutes(seconds) == shown
