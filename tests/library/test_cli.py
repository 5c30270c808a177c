"""The command line, run as a person runs it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import audionome
from audionome.cli import classify
from audionome.cli._common import console
from audionome.datasets import gtzan
from audionome.features import LEVEL_FREE
from audionome.models.attribution import REST, Reason
from audionome.models.prediction import Tag


def schema(**properties: object) -> dict[str, object]:
    """The schema of an object that has these keys, and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


PROBABILITIES = schema(**{g: {"type": "number", "minimum": 0, "maximum": 1} for g in gtzan.GENRES})
WINDOW = schema(start={"type": "number"}, end={"type": "number"}, probabilities=PROBABILITIES)
REASON = schema(
    group={"type": "string"},
    words={"type": "string"},
    contribution={"type": "number", "minimum": -1, "maximum": 1},
)
NEIGHBOUR = schema(
    track={"type": "string"},
    genre={"enum": list(gtzan.GENRES)},
    similarity={"type": "number", "minimum": -1, "maximum": 1.001},
)
NOTE = schema(kind={"type": "string"}, text={"type": "string", "pattern": r"\.$"})
TAG = schema(
    name={"type": "string"},
    kind={"enum": ["style", "instrument", "voice", "mood", "era"]},
    strength={"type": "number", "minimum": 0, "maximum": 1},
    over_time={"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
)
TEMPO = schema(
    bpm={"type": "number", "minimum": 0, "maximum": 300},
    probability={"type": "number", "minimum": 0, "maximum": 1},
    alternative={"type": ["number", "null"], "minimum": 10},
)
ANSWER = schema(
    file={"type": "string"},
    status={"enum": ["one", "few", "many", "out-of-distribution"]},
    genre={"enum": list(gtzan.GENRES)},
    prediction_set={"type": "array", "items": {"enum": list(gtzan.GENRES)}, "uniqueItems": True},
    coverage={"const": 0.9},
    tags={"type": "array", "items": TAG},
    confidence={"type": "number", "minimum": 0.1, "maximum": 1},
    probabilities=PROBABILITIES,
    windows={"type": "array", "minItems": 1, "items": WINDOW},
    reasons={"type": "array", "minItems": 1, "items": REASON},
    baseline={"type": "number", "minimum": 0, "maximum": 1},
    neighbours={"type": "array", "minItems": 5, "maxItems": 5, "items": NEIGHBOUR},
    second_opinion={"anyOf": [PROBABILITIES, {"type": "null"}]},
    distance={"type": "number", "minimum": 0},
    place={"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
    features=schema(**{name: {"type": "number"} for name in LEVEL_FREE}),
    tempo=TEMPO,
    duration={"type": "number", "minimum": 2.99},
    silence={"type": "number", "minimum": 0},
    notes={"type": "array", "items": NOTE},
    learned_from={"type": ["string", "null"]},
    seconds={"type": "object", "additionalProperties": {"type": "number"}},
    message={"type": "string", "pattern": r"\.$"},
)


def run(*arguments: object, **kwargs: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "audionome", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        **kwargs,
    )


def test_json_of_every_example(pieces: list[Path], clips: list[Path]) -> None:
    done = run("classify", "--json", pieces[0].parent)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == len(pieces) + len(clips)
    for record in records:
        jsonschema.validate(record, ANSWER)
        assert sum(record["probabilities"].values()) == pytest.approx(1)
        for window in record["windows"]:
            assert sum(window["probabilities"].values()) == pytest.approx(1)
        told = record["baseline"] + sum(r["contribution"] for r in record["reasons"])
        assert told == pytest.approx(record["confidence"], abs=1e-3)


def test_the_library_gives_the_same_numbers(clips: list[Path]) -> None:
    done = run("classify", "--json", clips[3])
    record = json.loads(done.stdout)
    assert record["probabilities"] == audionome.classify(clips[3]).probabilities


def test_an_answer_is_told_in_order(clips: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The genres and their promise, then what it sounds like, then why, and what it is from."""
    answer = dataclasses.replace(
        audionome.load_classifier("classic").classify(clips[0]),
        genre="jazz",
        prediction_set=("jazz", "hiphop"),
        message="Jazz or hip-hop. Nine in ten.",
        tags=(
            Tag("electronic", "style", 0.5, (0.0, 1.0)),
            Tag("guitar", "instrument", 0.2, (0.1, 0.3)),
        ),
        reasons=(
            Reason("a", "a slow tempo", 0.2),
            Reason("b", "little bass", -0.1),
            Reason(REST, "everything else", 0.3),
        ),
        notes=(),
    )
    console().print(classify._told("song.mp3", answer, {"name": "classic"}))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0].startswith("song.mp3  0:")
    assert lines[1] == "Jazz or hip-hop."  # of music of none of the ten nothing is promised
    assert lines[2].startswith("sounds like")
    assert lines[4].split() == ["electronic", "│", "0.50", "│", "▁█"]
    assert lines[5].split() == ["guitar", "│", "0.20", "│", "▁▃"]
    assert lines[6].startswith("It sounds like electronic music, none of the ten")
    assert lines[7].startswith("genre")
    assert lines[-5:] == [
        "For jazz:",
        "  A slow tempo (20 points)",
        "Against jazz:",
        "  Little bass (10 points)",
        'The model "classic" gave this answer. It learned from the clips of GTZAN alone.',
    ]
    assert any(line.startswith("hip-hop ") for line in lines)  # in the set, however unlikely
    assert "everything else" not in "".join(lines)


def test_a_long_recording_has_a_short_line_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rising = [k / 1200 for k in range(1200)]
    line = classify._spark(rising)
    assert len(line) == 40
    assert list(line) == sorted(line)
    assert line[0] == "▁"
    assert line[-1] == "█"
    monkeypatch.setattr(classify, "_can_write", lambda text: False)
    assert classify._spark(rising) == ""  # a terminal that has no such signs


def test_the_models_can_be_chosen(clips: list[Path]) -> None:
    done = run("classify", "--model", "classic", clips[0])
    assert done.returncode == 0, done.stderr
    assert 'The model "classic" gave this answer.' in done.stdout
    assert "extended" in run("classify", "--help").stdout


def test_unreadable_files_do_not_stop_the_others(tmp_path: Path, tone: np.ndarray) -> None:
    good, bad = tmp_path / "good.wav", tmp_path / "bad[1].wav"
    sf.write(good, tone, 22050)
    bad.write_text("hello")
    done = run("classify", bad, good, tmp_path / "none.mp3")
    assert done.returncode == 2
    assert "good.wav" in done.stdout
    assert "%" in done.stdout
    message = " ".join(done.stderr.split())
    assert '"bad[1].wav" is not a sound file' in message
    assert '"none.mp3" does not exist' in message
    assert "Traceback" not in done.stderr

    done = run("classify", "--json", bad, good)
    assert done.returncode == 2
    error, answer = map(json.loads, done.stdout.splitlines())
    assert error["status"] == "error"
    assert "bad[1].wav" in error["message"]
    assert set(error) == set(ANSWER["required"])
    jsonschema.validate(answer, ANSWER)


def test_parallel_answers_are_the_same_and_in_order(tmp_path: Path, tone: np.ndarray) -> None:
    for i in range(4):
        sf.write(tmp_path / f"{i}.wav", np.roll(tone, 5000 * i), 22050)
    (tmp_path / "2.wav").write_text("hello")
    one, two = (
        [
            json.loads(x)
            for x in run("classify", "--json", "--jobs", n, tmp_path).stdout.splitlines()
        ]
        for n in (1, 2)
    )
    assert [Path(r["file"]).name for r in two] == ["0.wav", "1.wav", "2.wav", "3.wav"]
    assert [r["probabilities"] for r in one] == [r["probabilities"] for r in two]
    assert two[2]["status"] == "error"


def test_an_empty_folder_and_a_wrong_model(tmp_path: Path, tone: np.ndarray) -> None:
    done = run("classify", tmp_path)
    assert done.returncode == 2
    assert "holds no audio file" in done.stderr
    sf.write(tmp_path / "a.wav", tone, 22050)
    done = run("classify", "--model", "nosuch", tmp_path)
    assert done.returncode == 2
    assert "there are: classic, ear, extended." in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_quick_and_complete() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("classify", "features", "dashboard", "lab"):
        assert command in done.stdout
    code = (
        "import sys, audionome.cli;"
        "print(*[m for m in ('sklearn', 'scipy', 'pandas', 'av') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == ""
    assert run("--version").stdout.strip() == audionome.__version__


def test_a_first_answer_imports_nothing_slow(tmp_path: Path, tone: np.ndarray) -> None:
    sf.write(tmp_path / "a.wav", tone, 22050)
    code = (
        "import sys, audionome; audionome.classify(sys.argv[1]);"
        "print(*[m for m in ('sklearn', 'skops', 'pandas', 'numba', 'librosa', 'plotly') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.wav"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_features_of_a_folder(tmp_path: Path, tone: np.ndarray) -> None:
    folder = tmp_path / "music" / "jazz"
    folder.mkdir(parents=True)
    sf.write(folder / "one.wav", tone, 22050)
    (folder / "broken.wav").write_text("x")
    out = tmp_path / "table.parquet"
    done = run("features", tmp_path / "music", "--out", out, "--jobs", 1)
    assert done.returncode == 2
    assert "broken.wav" in done.stderr
    table = pd.read_parquet(out)
    assert table["track"].tolist() == ["one"] * 3
    assert set(table["genre"]) == {"jazz"}
    assert table.shape == (3, 60)
    assert table["tempo"].dtype == np.float32


def test_what_needs_all_tracks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(gtzan.COMPLETION_VARIABLE, raising=False)
    for command in ("train", "summarise"):
        done = run("lab", command)
        assert done.returncode == 2
        assert gtzan.COMPLETION_VARIABLE in done.stderr
        assert "Traceback" not in done.stderr
