"""The ear: what the network gives, which files it refuses, and what it leaves alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soxr
from onnx import TensorProto, helper

from audionome import audio
from audionome._paths import data_path
from audionome.models.ear import Ear
from audionome.models.persistence import ModelError

SHIPPED = data_path("models", "musicnn.onnx")
CARD = json.loads(SHIPPED.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear.load()


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    """Twelve seconds at 16 kHz, louder and louder."""
    rng = np.random.default_rng(0)
    return (np.linspace(0, 0.5, 192_000) * rng.normal(size=192_000)).astype(np.float32)


# -- what it hears ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        ("muldjord-armygeddon", {"metal"}),
        ("zeropage-ambiphonic", {"electronic", "chillout", "ambient"}),
        ("obsidian-shell-megtort-alom", {"folk", "acoustic"}),
    ],
)
def test_it_hears_what_a_listener_hears(
    ear: Ear, clips: list[Path], recording: str, expected: set[str]
) -> None:
    (path,) = (clip for clip in clips if clip.stem == recording)
    rows = np.concatenate(list(ear.measure(audio.WindowStream(path).pieces())))
    strengths = rows[:, ear.embedding_size :].mean(axis=0)
    strongest = np.array(ear.tags)[strengths.argsort()[::-1][: len(expected)]]
    assert set(strongest) == expected


def test_its_rows_are_embedding_and_tags_of_each_window(ear: Ear, clips: list[Path]) -> None:
    samples = audio.load(clips[0])[: 4 * audio.WINDOW_HOP]
    blocks = np.split(samples, 4)
    rows = list(ear.measure(blocks))
    assert [row.shape for row in rows] == 4 * [(1, 250)]
    assert len(ear.names) == 250 == len(set(ear.names))
    assert ear.names[0] == "embedding_0"
    assert ear.names[-50:] == tuple(f"tag: {tag}" for tag in ear.tags)
    for block, row in zip(blocks, rows, strict=True):
        heard = ear.listen(soxr.resample(block, 22_050, 16_000))
        np.testing.assert_array_equal(row[0, :200], heard.embedding[0])
        np.testing.assert_array_equal(row[0, 200:], heard.tags[0])


def test_the_network_as_published_is_not_levelled(ear: Ear, clips: list[Path]) -> None:
    samples = soxr.resample(audio.load(clips[0])[: audio.WINDOW_HOP], 22_050, 16_000)
    quiet = samples / np.float32(30)
    one, other = ear.listen(samples), ear.listen(quiet)
    np.testing.assert_allclose(one.embedding, other.embedding, atol=1e-2)
    one, other = (ear.listen(sound, levelled=False) for sound in (samples, quiet))
    assert np.abs(one.embedding - other.embedding).max() > 0.1


def test_the_last_window_ends_with_the_recording(ear: Ear, tone: np.ndarray) -> None:
    whole, rest = tone[: audio.WINDOW_HOP], tone[audio.WINDOW_HOP :][:30_000]
    *_, last = ear.measure([whole, rest])
    end = np.concatenate([whole, rest])[-audio.WINDOW_HOP :]
    (expected,) = ear.measure([end])
    np.testing.assert_array_equal(last, expected)
    # One sample less is a window of its own.
    *_, short = ear.measure([whole, end[:-1]])
    (alone,) = ear.measure([end[:-1]])
    np.testing.assert_array_equal(short, alone)


def test_rows_are_the_same_in_any_company(ear: Ear, noise: np.ndarray) -> None:
    """Windows one by one, together, or as one long recording that the graph cuts itself."""
    n = 187 * 256  # samples of a patch, without what the next one begins with
    alone = ear.listen(noise, levelled=False)
    tags, embedding = ear._session.run(["tags", "embedding"], {"samples": noise.reshape(4, -1)})
    np.testing.assert_allclose(tags, alone.tags, atol=1e-5)
    np.testing.assert_allclose(embedding, alone.embedding, atol=1e-5)
    # Patches of one recording are not padded between: those of steady sound are alike inside.
    steady = np.tile(np.sin(2 * np.pi * 500 * np.arange(n) / 16_000), 4).astype(np.float32)
    tags, embedding = ear._session.run(["tags", "embedding"], {"samples": steady[None]})
    assert tags.shape == (4, 50)
    np.testing.assert_allclose(embedding[1], embedding[2], atol=1e-5)
    tags, _ = ear._session.run(["tags", "embedding"], {"samples": steady[None, : n - 256]})
    assert tags.shape == (1, 50)  # the shortest sound that has a patch


@pytest.mark.parametrize("level", [0.0, 1e-30, 1.0, 1e6])
def test_no_sound_gives_numbers_that_are_none(ear: Ear, noise: np.ndarray, level: float) -> None:
    heard = ear.listen(np.float32(level) * noise)
    assert np.isfinite(heard.embedding).all()
    assert ((heard.tags >= 0) & (heard.tags <= 1)).all()


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(47_999), "at least 48000 mono samples at 16000 Hz"),
        (np.zeros((2, 48_000)), r"of shape \(2, 48000\)"),
        (np.full(48_000, np.nan), "missing or infinite"),
    ],
)
def test_samples_that_cannot_be_heard_are_refused(
    ear: Ear, samples: np.ndarray, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        ear.listen(samples)


# -- another network ----------------------------------------------------------------------


def toy(
    *, tags: int = 3, size: int = 4, source: str = "samples", last: str = "Sigmoid"
) -> onnx.ModelProto:
    """Return a network that hears nothing but how loud it is."""
    level = "level"
    nodes = [
        helper.make_node("ReduceMax", [source], [level], axes=[1], keepdims=1),
        helper.make_node("Tile", [level, "sizes"], ["embedding"]),
        helper.make_node("Tile", [level, "tagged"], ["logits"]),
        helper.make_node(last, ["logits"], ["tags"]),
    ]
    constants = [
        helper.make_tensor("sizes", TensorProto.INT64, [2], [1, size]),
        helper.make_tensor("tagged", TensorProto.INT64, [2], [1, tags]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, ["windows", "n"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["windows", None])
            for name in ("tags", "embedding")
        ],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)


def written(folder: Path, content: bytes, **changes: Any) -> Path:
    """Write a network and its card; return the path of its graph."""
    card: dict[str, Any] = {
        "sample_rate": 8000,
        "patch": {"samples": 24_000},
        "tags": ["loud", "louder", "loudest"],
        "embedding_size": 4,
        "graph_sha256": hashlib.sha256(content).hexdigest(),
        **changes,
    }
    path = folder / "toy.onnx"
    path.write_bytes(content)
    path.with_suffix(".json").write_text(json.dumps({k: v for k, v in card.items() if v != ""}))
    return path


def test_another_network_takes_its_place(tmp_path: Path, tone: np.ndarray) -> None:
    other = Ear.load(written(tmp_path, toy().SerializeToString()))
    assert other.tags == ("loud", "louder", "loudest")
    assert len(other.names) == 7
    (row,) = other.measure([0.5 * np.ones(audio.WINDOW_HOP, np.float32)])
    assert row.shape == (1, 7)
    assert row[0, 0] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"graph_sha256": "0" * 64}, "toy.onnx is not the file that toy.json describes"),
        ({"graph_sha256": ""}, "toy.json should give the checksum of its graph as graph_sha256"),
        ({"tags": ["a", "b"]}, r"gives tags of shape \(2, 3\) for two patches, not \(2, 2\)"),
        ({"tags": ["a", "a", "b"]}, "should give different names as tags"),
        ({"tags": [["a"], "b"]}, "should give different names as tags"),
        ({"tags": 3}, "should give different names as tags"),
        ({"embedding_size": 5}, r"gives embedding of shape \(2, 4\) for two patches, not \(2, 5\)"),
        ({"embedding_size": 4.5}, "a positive whole number as embedding_size"),
        ({"sample_rate": 0}, "a positive whole number as sample_rate"),
        ({"sample_rate": 16_000}, "has patches of 1.5 s; Audionome hears 3 s at a time"),
        ({"level": -1}, "a positive number as level, or none"),
        ({"level": "loud"}, "a positive number as level, or none"),
        ({"level": 0.5}, "lacks the optional input level, which its card gives"),
        ({"patch": [24_000]}, "a positive whole number of samples as patch"),
    ],
)
def test_a_network_that_its_card_does_not_describe_is_refused(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    path = written(tmp_path, toy().SerializeToString(), **changes)
    with pytest.raises(ModelError, match=reason) as told:
        Ear.load(path)
    assert str(told.value).endswith("as `audionome lab ear build` makes them.")
    assert "\n" not in str(told.value)


def not_finite() -> bytes:
    model = toy(last="Log")  # of silence
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "is no ONNX graph that this onnxruntime can run"),
        (lambda: b"not a graph", "is no ONNX graph that this onnxruntime can run"),
        (lambda: SHIPPED.read_bytes()[:-1000], "is no ONNX graph"),
        (lambda: toy(source="sound").SerializeToString(), r"should take one input, samples"),
        (not_finite, "gives tags that are no finite numbers"),
        (lambda: toy(last="Exp").SerializeToString(), "gives tags outside of 0 to 1"),
    ],
)
def test_a_graph_of_another_form_is_refused(
    tmp_path: Path, make: Callable[[], bytes], reason: str
) -> None:
    path = written(tmp_path, make())
    with pytest.raises(ModelError, match=reason):
        Ear.load(path)


def test_a_graph_without_an_output_is_refused(tmp_path: Path) -> None:
    model = toy()
    del model.graph.output[1]
    with pytest.raises(ModelError, match="lacks the output embedding"):
        Ear.load(written(tmp_path, model.SerializeToString()))


def test_a_network_that_hears_other_lengths_is_refused(tmp_path: Path) -> None:
    model = toy()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 100
    with pytest.raises(ModelError, match="cannot hear a patch of the length that its card gives"):
        Ear.load(written(tmp_path, model.SerializeToString()))


@pytest.mark.parametrize("content", ["", "[]", "{", "{}", "[" * 100_000, "\x00"])
def test_a_card_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, toy().SerializeToString())
    path.with_suffix(".json").write_text(content)
    with pytest.raises(ModelError, match=r"toy.json (is not a network's card|should give)"):
        Ear.load(path)


@pytest.mark.parametrize("suffix", [".onnx", ".json"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path, toy().SerializeToString())
    path.with_suffix(suffix).unlink()
    with pytest.raises(ModelError, match=rf'There is no file ".*toy\{suffix}"; a network is two'):
        Ear.load(path)


def test_the_network_that_ships_is_restored_from_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path))
    (tmp_path / "models").mkdir()
    shutil.copy(SHIPPED.with_suffix(".json"), tmp_path / "models")
    (tmp_path / "models" / "musicnn.onnx").write_bytes(SHIPPED.read_bytes()[::-1])
    with pytest.raises(ModelError, match="restore it with its card from the repository or run"):
        Ear.load()


# -- what it leaves alone -----------------------------------------------------------------


def told_by(code: str, home: Path) -> list[str]:
    """Run code in a process of its own; return what it prints, with what it complains of."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"HOME": str(home), "XDG_CACHE_HOME": str(home), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_onnxruntime_is_imported_when_it_is_needed_and_sends_nothing(tmp_path: Path) -> None:
    """Its later versions leave a file in the home folder, and tell their maker of every start."""
    code = """
import os, sys
from audionome.models.ear import Ear

class Spy:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print("imported, ORT_DISABLE_TELEMETRY is", os.environ.get("ORT_DISABLE_TELEMETRY"))

sys.meta_path.insert(0, Spy())
print("loading")
Ear.load()
"""
    expected = ["loading", "imported, ORT_DISABLE_TELEMETRY is 1"]
    assert told_by(code, tmp_path) == expected
    assert list(tmp_path.iterdir()) == []


def test_what_onnxruntime_writes_past_python_is_kept_off_the_terminal(tmp_path: Path) -> None:
    """As its versions 1.22 to 1.28 do where they may not ask a graphics card for its maker."""
    stub = """
import os, sys
os.write(2, b"a warning from below\\n")
sys.path.remove(os.path.dirname(os.path.dirname(__file__)))
del sys.modules["onnxruntime"]
import onnxruntime
"""
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text(stub)
    code = f"""
import os, sys
sys.path.insert(0, {str(tmp_path)!r})
from audionome.models.ear import Ear
Ear.load()
print("loaded")
os.write(2, b"written after\\n")
os.close(2)
Ear.load()
print("loaded again")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0
    assert done.stdout.split("\n")[:2] == ["loaded", "loaded again"]
    assert done.stderr == "written after\n"


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
def test_a_process_that_has_an_ear_can_be_forked(tmp_path: Path) -> None:
    code = """
import os
import numpy as np, soxr
from audionome.models.ear import Ear

before = len(os.listdir("/proc/self/task"))
ear = Ear.load()
sound = np.random.default_rng(0).normal(size=48_000)
heard = ear.listen(sound).embedding
print("threads started:", len(os.listdir("/proc/self/task")) - before)
child = os.fork()
if not child:
    os._exit(0 if np.array_equal(ear.listen(sound).embedding, heard) else 3)
print("child ended with", os.waitpid(child, 0)[1])
"""
    assert told_by(code, tmp_path) == ["threads started: 0", "child ended with 0"]
