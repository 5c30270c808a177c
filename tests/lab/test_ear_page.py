"""The graphs of the page: they answer as Python does, whatever the ear may hear."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from audionome._paths import data_path
from audionome._words import genre_name, listed
from audionome.lab.ear import page
from audionome.models import tags
from audionome.models.calibration import Calibration, fade, prediction_set
from audionome.models.classifier import load_classifier
from audionome.models.ear_classifier import EarClassifier, _EarHeard
from audionome.models.head import HeadFile

Rows = np.ndarray


def run(graph: onnx.ModelProto, **inputs: Any) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [one.name for one in session.get_outputs()]
    feed = {name: np.asarray(value, np.float32) for name, value in inputs.items()}
    return dict(zip(names, session.run(names, feed), strict=True))


@pytest.fixture(scope="module")
def model() -> EarClassifier:
    found = load_classifier("ear")
    assert isinstance(found, EarClassifier)
    return found


def made_rows(model: EarClassifier, rng: np.random.Generator) -> Rows:
    """What the ear may hear: near to music or far, steady or not, of any tags."""
    size, windows = model.head.size, int(rng.integers(1, 15))
    middle, scale = model.head.linear.mean[:size], model.head.linear.scale[:size]
    clip = middle + scale * rng.normal(size=(1, size)) * rng.choice([0.5, 1, 2, 6])
    change = scale * rng.normal(size=(windows, size)) * rng.choice([0, 0.3, 1])
    strengths = rng.random((windows, len(model.ear.tags))) ** rng.choice([2, 6, 12])
    return np.concatenate([clip + change, strengths], axis=1).astype(np.float32)


def python(model: EarClassifier, rows: Rows, length: float) -> dict[str, Any]:
    heard = _EarHeard(model, iter([rows]))
    heard.hear_more()
    distance = heard.distance()
    unfaded = dict(zip(model.genres, heard.answer(length), strict=True))
    answer = fade(heard.answer(length), distance)
    named: tuple[str, ...] = ()
    if distance <= 1:
        probabilities = dict(zip(model.genres, answer, strict=True))
        named = prediction_set(probabilities, model.calibration.threshold_for(length))
    told = heard.tags(unfaded)
    return {
        "probabilities": answer,
        "windows": fade(heard.probabilities(length), distance),
        "distance": distance,
        "named": set(named),
        "told": told,
        "foreign": tags.foreign_style(told, named),
    }


def told_of(model: EarClassifier, found: dict[str, np.ndarray]) -> tuple[list[str], str]:
    """The tags and the sentence that the page's script makes of them."""
    names = [meaning.name for meaning in tags.meanings(model.ear.tags)]
    told = [int(m) for m in found["told"]]
    foreign = [names[m] for m in told if found["foreign"][m]]
    named = [g for g, n in zip(model.genres, found["named"], strict=True) if n]
    words = tags.FOREIGN_ONE if len(named) == 1 else tags.FOREIGN
    sentence = words.format(styles=listed(foreign), genre=genre_name("".join(named[:1])))
    sentence = sentence if foreign and named else ""
    return [names[m] for m in told], sentence


def test_the_graph_answers_as_python_does(model: EarClassifier) -> None:
    graph, rng = page.answering(model), np.random.default_rng(0)
    statuses, sentences = set(), 0
    for _ in range(400):
        rows = made_rows(model, rng)
        length = float(rng.choice([0.7, 1, 2, 5, 10, 40])) * rng.uniform(0.8, 1.2)
        found, expected = run(graph, rows=rows, length=length), python(model, rows, length)
        for name in ("probabilities", "windows"):
            np.testing.assert_allclose(found[name], expected[name], atol=1e-5)
        assert found["distance"] == pytest.approx(expected["distance"], rel=1e-4)
        named = {g for g, n in zip(model.genres, found["named"], strict=True) if n}
        assert named == expected["named"]
        names, sentence = told_of(model, found)
        assert names == [tag.name for tag in expected["told"]]
        assert sentence == expected["foreign"]
        for m, tag in zip(found["told"], expected["told"], strict=True):
            assert found["strengths"][m] == pytest.approx(tag.strength, abs=1e-5)
            np.testing.assert_allclose(found["curves"][:, m], tag.over_time, atol=1e-6)
        statuses.add(min(len(named), 4))
        sentences += bool(sentence)
    # All kinds of answers were among them.
    assert statuses == {0, 1, 2, 3, 4}
    assert sentences


def test_the_graph_follows_the_arrays(model: EarClassifier) -> None:
    """Another head, another calibration: another graph, and again Python's answer."""
    head = dataclasses.replace(model.head, steadiness=3.0, other_bias=-1.0)
    calibration = Calibration(3.0, ((2.0, 0.5),), 0.9)
    other = EarClassifier(
        model.ear,
        HeadFile(head, calibration, model.index, model.usual, model.card),
        companion=model._from_scratch,
    )
    rows = made_rows(model, np.random.default_rng(1))
    found, expected = run(page.answering(other), rows=rows, length=5), python(other, rows, 5)
    np.testing.assert_allclose(found["probabilities"], expected["probabilities"], atol=1e-5)
    assert found["threshold"] == pytest.approx(0.5)
    shipped = run(page.answering(model), rows=rows, length=5)
    assert np.abs(shipped["probabilities"] - found["probabilities"]).max() > 1e-3


def test_the_network_is_told_its_level(model: EarClassifier) -> None:
    content = bytearray(data_path("models", "musicnn.onnx").read_bytes())
    struct.pack_into("<f", content, page.place_of_level(bytes(content)), model.ear.level)
    made = onnx.load_from_string(bytes(content))
    patch = 0.01 * np.random.default_rng(0).normal(size=model.ear.patch_samples)
    found, heard = run(made, samples=patch[None]), model.ear.listen(patch)
    np.testing.assert_allclose(found["tags"], heard.tags, atol=1e-5)
    np.testing.assert_allclose(found["embedding"], heard.embedding, atol=1e-4)
