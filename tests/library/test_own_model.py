"""A model of one's own: its file, what is refused, and what it answers about any genres."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import own_model
import pytest

import audionome
from audionome.models import own
from audionome.models.classifier import ModelError, Prediction
from audionome.models.own_classifier import OwnClassifier
from audionome.models.prediction import join_names, split_names

GENRES = ["held chords", "hiphop", "Übung | <b>=1+1</b> 音楽 " + "x" * 76]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_model.write(tmp_path_factory.mktemp("own") / "my.model", GENRES)


@pytest.fixture(scope="module")
def model(path: Path) -> OwnClassifier:
    found = audionome.load_classifier(str(path))
    assert isinstance(found, OwnClassifier)
    return found


@pytest.fixture(scope="module")
def answers(model: OwnClassifier) -> list[Prediction]:
    """What it says of new sounds of each kind, and of one that it learned from."""
    sounds = [(kind, 70) for kind in range(own_model.KINDS)] + [(1, 2)]
    return [model.classify(own_model.as_file(own_model.sound(*sound))) for sound in sounds]


# -- what it answers ----------------------------------------------------------------------


def test_it_names_the_genres_of_its_file(answers: list[Prediction]) -> None:
    assert [answer.genre for answer in answers[:3]] == GENRES
    for answer in answers:
        assert list(answer.probabilities) == GENRES
        assert sum(answer.probabilities.values()) == pytest.approx(1)
        told = sum(r.contribution for r in answer.reasons) + answer.baseline
        assert told == pytest.approx(answer.confidence, abs=1e-9)
        assert answer.second_opinion is None
        assert set(answer.features) == set(own_model.FEATURES)
        assert {n.genre for n in answer.neighbours} <= set(GENRES)


def test_what_it_measures_is_what_is_measured(answers: list[Prediction]) -> None:
    """The features of the answer are those of any model, to the last digits."""
    sound = own_model.as_file(own_model.sound(0, 70))
    for name, value in audionome.load_classifier("classic").classify(sound).features.items():
        assert answers[0].features[name] == pytest.approx(value, rel=1e-9, abs=1e-7)


def test_it_knows_what_it_learned_from(answers: list[Prediction]) -> None:
    assert [answer.learned_from for answer in answers] == [None, None, None, "Somebody 0: piece 6"]
    assert "(Somebody 0: piece 6)" in answers[3].notes[0].text


def test_tags_do_not_hang_on_its_genres(answers: list[Prediction]) -> None:
    """None of its genres is one of the ten that a style may be part of."""
    assert any(tag.kind == "style" for answer in answers for tag in answer.tags)


def test_what_it_promises_is_what_it_was_tested_on(answers: list[Prediction]) -> None:
    assert answers[0].message == (
        "Held chords. About nine in ten answers include the right genre, on recordings of this "
        "kind that it has not heard."
    )
    said = json.dumps([answer.as_dict() for answer in answers], allow_nan=False)
    assert "GTZAN" not in said
    assert "ten genres" not in said


def test_nothing_is_promised_of_a_genre_that_was_not_tested(tmp_path: Path) -> None:
    path = own_model.write(tmp_path / "my.model", GENRES, {"untested": GENRES[:1]})
    found = audionome.load_classifier(path)
    one, other = (found.classify(own_model.as_file(own_model.sound(k, 70))) for k in (0, 1))
    assert one.message == (
        'Held chords. How often it is right about "held chords" is not known: it had no second '
        "artist or album to test with."
    )
    assert "nine in ten" in other.message


def test_all_that_it_knows_is_no_answer(tmp_path: Path) -> None:
    """To name both of two genres says nothing, whatever the number of words."""
    path = own_model.write(tmp_path / "two.model", ["a", "b"], {"set_thresholds": [[1, 0.001]]})
    found = audionome.load_classifier(path).classify(own_model.as_file(own_model.sound(2, 9)))
    assert (found.status, found.headline[:9]) == ("many", "Not sure:")
    assert found.leading == found.genre


def test_names_with_bars_can_be_told_apart(answers: list[Prediction]) -> None:
    row = answers[2].as_row(file="x")
    assert split_names(str(row["prediction_set"])) == answers[2].prediction_set
    for names in ([], ["a"], ["a|b", "c\\", "|", "\\|"], GENRES):
        assert split_names(join_names(names)) == tuple(names)


def test_tables_are_not_answered(model: OwnClassifier) -> None:
    with pytest.raises(ValueError, match="listens to sound"):
        model.predict_proba(None)  # type: ignore[arg-type]


# -- where it lies ------------------------------------------------------------------------


def test_it_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = own_model.write(tmp_path / "my.model", ["a", "b"])
    first = audionome.load_classifier(path)
    assert audionome.load_classifier(str(path)) is first
    sent = pickle.dumps(first)
    assert len(sent) < 1000
    assert pickle.loads(sent) is first
    own_model.write(path, ["a", "c"])
    assert audionome.load_classifier(path).genres == ("a", "c")
    with pytest.raises(ModelError, match="was changed while it was in use"):
        pickle.loads(sent)
    path.unlink()
    with pytest.raises(ModelError, match=r'There is no model ".*my.model"; `audionome train`'):
        pickle.loads(sent)


def test_the_same_model_is_the_same_file(tmp_path: Path) -> None:
    one, two = (own_model.write(tmp_path / name, ["a", "b"]) for name in ("1.model", "2.model"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("many", [2, 50])
def test_any_number_of_genres(tmp_path: Path, many: int) -> None:
    path = own_model.write(tmp_path / "my.model", [f"genre {k}" for k in range(many)])
    found = audionome.load_classifier(path).classify(own_model.as_file(own_model.sound(0, 5)))
    assert len(found.probabilities) == many
    assert found.genre == "genre 0"


# -- what is refused ----------------------------------------------------------------------


def spoil(path: Path, **change: Any) -> None:
    """Write a file whose card or arrays are changed (None takes one away); its hash fits."""
    card, arrays = own_model.parts(["a", "b"])
    of_arrays = {k for k, v in change.items() if isinstance(v, np.ndarray) or k == "patterns"}
    arrays |= {k: change[k] for k in of_arrays}
    arrays = {k: v for k, v in arrays.items() if v is not None}
    card |= {k: v for k, v in change.items() if k not in of_arrays}
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    card = {"format": 1, "audionome": "9.9", **card}
    card.setdefault("arrays_sha256", own.hashlib.sha256(packed.getvalue()).hexdigest())
    card = {k: v for k, v in card.items() if v is not None}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(card))
        archive.writestr("model.npz", packed.getvalue())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ""),
        ({"format": 2}, r"made by another version of Audionome \(9.9\)"),
        ({"format": True}, "another version"),
        ({"format": 2, "audionome": "\x1b[2J"}, "another version of Audionome, which"),
        ({"network_sha256": "0" * 64}, "another network"),
        ({"arrays_sha256": "0" * 64}, "is damaged: its arrays"),
        ({"name": "a\x1b[31mb"}, "has no name that can be shown"),
        ({"name": "x" * 101}, "has no name that can be shown"),
        ({"genres": ["a"]}, "should list the genres"),
        ({"genres": ["a", "b\n"]}, "name cannot be shown"),
        ({"genres": ["a", "\u202eb"]}, "name cannot be shown"),
        ({"genres": ["a", "b" * 201]}, "name cannot be shown"),
        ({"genres": ["a", "\ud800"]}, "name cannot be shown"),
        ({"genres": ["a", " a"]}, "name cannot be shown"),
        ({"genres": ["hiphop", "Hip-Hop"]}, "cannot tell apart"),
        ({"genres": ["a", "c"]}, "other genres than its card"),
        ({"features": ["tempo", "loudness of tomorrow"]}, "features that this version"),
        ({"features": ["tempo", {}]}, "features that this version"),
        ({"n_tags": 1 << 40}, "whole number as n_tags"),
        ({"temperature": 0}, "as temperature"),
        ({"data": {"recordings": 3, "groups": 0, "grouped_by": "artist"}}, "count its recordings"),
        ({"data": {"recordings": 3, "groups": 1, "grouped_by": "moon"}}, "grouped by artist or"),
        ({"answers": {"one": {"held": 2}}}, "answers that no test gives"),
        ({"answers": []}, "answers that no test gives"),
        ({"untested": ["c"]}, "untested genres"),
        ({"untested": [{}]}, "untested genres"),
        ({"limits": [7]}, "limits that are no sentences"),
        ({"refused": {"share": -1, "n": 4}}, "no test gives"),
        ({"weights": np.zeros((500, 3))}, "weights of another type or shape"),
        ({"weights": np.full((500, 2), np.nan)}, "weights with numbers that are missing"),
        ({"patterns": None}, "lacks patterns"),
        ({"more": np.zeros(2)}, "arrays that do not belong"),
        ({"scale": np.zeros(500)}, "values that no training gives"),
        ({"genres_": np.array([{}])}, "no archive of plain arrays"),
        ({"tracks": np.array([f"t{i // 2}" for i in range(12)])}, "the same one twice"),
        ({"tracks": np.array([f"t\n{i}" for i in range(12)])}, "names cannot be shown"),
        ({"axes": np.zeros((500, 1)), "vectors": np.zeros((12, 1))}, "no training gives"),
    ],
)
def test_what_was_tampered_with(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = tmp_path / "my.model"
    spoil(path, **change)
    if not told:
        assert audionome.load_classifier(path).genres == ("a", "b")
        return
    with pytest.raises(ModelError, match=told) as refused:
        audionome.load_classifier(path)
    said = str(refused.value)
    assert said.startswith(f'"{path}" ')
    assert said.endswith("make it anew with `audionome train`.")
    assert said.isprintable()


def archive(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", how) as file:
        for name, data in members.items():
            file.writestr(name, data)


def test_files_that_are_no_models(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        card, arrays = file.read("model.json"), file.read("model.npz")
    cases: dict[str, Any] = {
        "is no model of Audionome; `audionome train` makes one": [
            b"", b"RIFF of a song", {"../../escape.json": card, "model.npz": b""},
            {"model.json": b"[" * 100_000, "model.npz": arrays},
            {"model.json": b"7", "model.npz": arrays}, {"model.json": b"{}", "model.npz": b""},
        ],
        "is damaged": [{"model.json": card}, {"model.json": card, "model.npz": arrays, "more": b""},
                       {"model.json": card, "model.npz": b""},
                       whole[:-100], whole[:60] + whole[100:],
                       whole.replace(arrays[:4000], arrays[:3999] + b"\0")],
        "too large for a model": [
            {"model.json": b" " * (5 << 20), "model.npz": arrays},
            {"model.json": card, "model.npz": bytes(257 << 20)},
        ],
    }  # fmt: skip
    broken = tmp_path / "broken.model"
    for told, contents in cases.items():
        for content in contents:
            if isinstance(content, bytes):
                broken.write_bytes(content)
            else:
                archive(broken, content)
            with pytest.raises(ModelError, match=told):
                audionome.load_classifier(broken)
    folder = tmp_path / "folder.model"
    folder.mkdir()
    os.mkfifo(tmp_path / "pipe.model")
    places = {
        folder: "is a folder",
        tmp_path / "pipe.model": "no regular file",
        Path("no/such.model"): "There is no model",
        Path("a\0.model"): "cannot be read",
    }
    for place, told in places.items():
        with pytest.raises(ModelError, match=told):
            audionome.load_classifier(place)


def test_nothing_is_written_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "my.model"
    card, arrays = own_model.parts(["a", "b"])
    with pytest.raises(ModelError, match="is not written: such a model has two genres"):
        own.write(path, card | {"genres": ["a", "A"]}, arrays)
    assert not list(tmp_path.iterdir())
