"""The head of the ear: what it computes, and which files it refuses."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audionome._paths import data_path
from audionome.models import head as heads
from audionome.models.head import Head, HeadFile
from audionome.models.linear import Linear, softmax
from audionome.models.persistence import ModelError

RNG = np.random.default_rng(0)


def made_up(**changes: Any) -> Head:
    """A head over embeddings of two numbers, for two genres."""
    arrays: dict[str, Any] = {
        "classes": np.array(["jazz", "rock"]),
        "logged": np.zeros(4, dtype=bool),
        "mean": np.array([0.0, 1.0, 0.5, 0.5]),
        "scale": np.array([1.0, 2.0, 1.0, 1.0]),
        "limit": 10.0,
        "weights": np.array([[1.0, -1.0], [0.0, 0.0], [0.5, -0.5], [0.0, 0.0]]),
        "bias": np.array([0.25, -0.25]),
    }
    return Head(Linear(**(arrays | changes)), 2.0, np.array([0.0, 4.0]), -1.0)


@pytest.fixture(scope="module")
def shipped() -> HeadFile:
    return heads.read(data_path("models"), "ear")


# -- what it computes ---------------------------------------------------------------------


def test_a_vector_is_mean_and_spread() -> None:
    rows = np.array([[0.0, 1.0, 9.0], [2.0, 3.0, 9.0]])  # the last column is a tag
    # Two windows: a third of the way from the usual spread, 0.5, to the measured one, 1.
    np.testing.assert_allclose(made_up().clip_vector(rows), [1, 2, 0.5 + 0.5 / 3, 0.5 + 0.5 / 3])


def test_one_window_has_the_usual_spread() -> None:
    np.testing.assert_allclose(made_up().clip_vector(np.array([[3.0, 4.0]])), [3, 4, 0.5, 0.5])


def test_many_windows_have_their_own_spread() -> None:
    rows = RNG.normal(size=(20_000, 2))
    np.testing.assert_allclose(made_up().clip_vector(rows)[2:], rows.std(axis=0), atol=1e-4)


def test_scores_are_a_weighted_sum() -> None:
    # Standardised: 2, 0, 0.5, 0, of which the squares have the mean 17 / 16.
    scores = made_up().scores(np.array([[2.0, 1.0, 1.0, 0.5]]))
    shorter = np.sqrt((1 + 17 / 16) / 2)
    np.testing.assert_allclose(scores, [[2.25 / shorter + 0.25, -2.25 / shorter - 0.25]])


def test_what_is_far_from_all_is_not_the_surest_case() -> None:
    near, far = made_up().scores(np.array([[1.0, 1.0, 0.5, 0.5], [9.0, 1.0, 0.5, 0.5]]))
    farther = made_up(limit=1e6).scores(np.array([[9e3, 1.0, 0.5, 0.5]]))[0]
    assert near[0] < far[0] < farther[0] <= 0.25 + np.sqrt(8)  # of four numbers, one is all


def test_the_windows_add_up_to_the_clip(shipped: HeadFile) -> None:
    usual = shipped.usual.embedding
    rows = usual + RNG.normal(size=(7, usual.size)) * 0.3
    head = shipped.head
    windows, clip = head.window_scores(rows), head.scores(head.clip_vector(rows)[None])[0]
    np.testing.assert_allclose(windows.mean(axis=0), clip, atol=1e-9)
    assert windows.std(axis=0).min() > 0


def test_distance_is_one_where_music_ends() -> None:
    # 4 z - 1 is 0 for z = 0.25: an embedding of 1.5 in the second column.
    at = np.array([[0.0, 1.5, 0.5, 0.5], [0.0, 3.5, 0.5, 0.5], [0.0, -1e9, 0.5, 0.5]])
    found = made_up().distances(at)
    np.testing.assert_allclose(found[:2], [1.0, np.e])
    assert 0 <= found[2] < 1e-3
    assert made_up().distance(at[:1, :2]) == pytest.approx(1.0)


def test_arrays_make_the_same_head() -> None:
    head = made_up()
    again = Head.of(head.arrays())
    vectors = RNG.normal(size=(5, 4))
    np.testing.assert_array_equal(again.scores(vectors), head.scores(vectors))
    np.testing.assert_array_equal(again.distances(vectors), head.distances(vectors))


def test_what_is_usual_is_no_extreme(shipped: HeadFile) -> None:
    """The average of all music is near no genre and no stranger."""
    usual = np.concatenate([shipped.usual.embedding, shipped.usual.spread])
    assert softmax(shipped.head.scores(usual[None]) / shipped.calibration.temperature).max() < 0.5
    assert shipped.head.distances(usual[None])[0] < 0.5


def test_every_genre_of_the_index_is_near_its_own(shipped: HeadFile) -> None:
    assert (shipped.index.precision(5) > 0.5).mean() > 0.6
    assert set(shipped.index.genres) == set(shipped.head.classes)


# -- which files it refuses ---------------------------------------------------------------


def tamper(folder: Path, change: dict[str, Any], **arrays: Any) -> None:
    """Change a card and arrays (None takes one away) so that the hash fits again."""
    path = folder / "ear.npz"
    with np.load(path) as file:
        kept = {k: file[k] for k in file.files}
    np.savez(path, **{k: v for k, v in (kept | arrays).items() if v is not None})
    card = json.loads((folder / "ear.json").read_text())
    card["arrays_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    card = {k: v for k, v in (card | change).items() if v is not None}
    (folder / "ear.json").write_text(json.dumps(card))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for suffix in (".json", ".npz"):
        shutil.copy(data_path("models", f"ear{suffix}"), tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "arrays", "told"),
    [
        ({"name": "other"}, {}, 'is not the card of a model "ear"'),
        ({"temperature": 0}, {}, "a positive number as temperature"),
        ({"temperatures": [[1]]}, {}, "temperatures that are not pairs"),
        ({"temperatures": [[3, 1.0], [1, 1.0]]}, {}, "temperatures that are not pairs"),
        ({"coverage": 1.5}, {}, "a share between 0 and 1 as coverage"),
        ({"set_thresholds": None}, {}, "as set_thresholds"),
        ({"set_thresholds": [[1, 2.0]]}, {}, "as set_thresholds"),
        ({"genres": ["jazz"]}, {}, "should list the genres"),
        ({"genres": [*"abcdefghij"]}, {}, "other genres than its card"),
        ({"embedding_size": 100}, {}, "another type or shape"),
        ({"embedding_size": "200"}, {}, "a whole number as embedding_size"),
        ({"embedding_size": True}, {}, "a whole number as embedding_size"),
        ({"n_tags": None}, {}, "a whole number as n_tags"),
        ({}, {"weights": None}, "lacks weights"),
        ({}, {"more": np.zeros(2)}, "arrays that do not belong to a model: more"),
        ({}, {"weights": np.full((400, 10), np.nan)}, "missing or infinite"),
        ({}, {"weights": np.zeros((400, 9))}, "weights of another type or shape"),
        ({}, {"other": np.full(200, np.inf)}, "missing or infinite"),
        ({}, {"other": np.zeros(199)}, "other of another type or shape"),
        ({}, {"other_bias": np.array(np.nan)}, "missing or infinite"),
        ({}, {"bias": np.array(["a"] * 10)}, "bias of another type or shape"),
        ({}, {"scale": np.zeros(400)}, "values that no training gives"),
        ({}, {"limit": np.array(-1.0)}, "values that no training gives"),
        ({}, {"steadiness": np.array(0.0)}, "values that no training gives"),
        ({}, {"logged": np.ones(400, dtype=bool)}, "values that no training gives"),
        ({}, {"spread_deviation": np.zeros(200)}, "values that no training gives"),
        ({}, {"patterns": np.zeros((50, 3))}, "patterns of another type or shape"),
        ({}, {"axes": np.zeros((3, 48))}, "axes of another type or shape"),
        ({}, {"tracks": np.array(["a"])}, "of another type or shape"),
    ],
)
def test_what_was_tampered_with_is_refused(
    copy: Path, change: dict[str, Any], arrays: dict[str, Any], told: str
) -> None:
    tamper(copy, change, **arrays)
    with pytest.raises(ModelError, match=told) as refused:
        heads.read(copy, "ear")
    assert str(refused.value).endswith(
        "restore ear.json and ear.npz from the repository or run `audionome lab ear train`."
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive" * 100])
def test_bytes_that_are_no_arrays_are_refused(copy: Path, content: bytes) -> None:
    (copy / "ear.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"ear.npz is not the file that ear.json describes"):
        heads.read(copy, "ear")
    card = json.loads((copy / "ear.json").read_text())
    card["arrays_sha256"] = hashlib.sha256(content).hexdigest()
    (copy / "ear.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="is no archive of plain arrays"):
        heads.read(copy, "ear")


def test_a_pickle_is_not_opened(copy: Path) -> None:
    tamper(copy, {}, more=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match="is no archive of plain arrays"):
        heads.read(copy, "ear")


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "ear.npz").unlink()
    with pytest.raises(ModelError, match='There is no model "ear"'):
        heads.read(copy, "ear")
    with pytest.raises(ModelError, match="There is no model"):
        heads.read(copy, "../ear")
