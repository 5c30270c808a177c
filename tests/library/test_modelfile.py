"""Models on disk: what was tampered with is refused in one sentence, whatever the hash says."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import audionome
from audionome._paths import data_path
from audionome.models import classifier


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the models, to be spoiled."""
    shutil.copytree(data_path("models"), tmp_path / "models")
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path))
    classifier._load.cache_clear()
    yield tmp_path / "models"
    classifier._load.cache_clear()


CLASSIC, EXTENDED = "classic", "extended"


def tamper(folder: Path, name: str, change: dict[str, Any], **arrays: Any) -> None:
    """Change a card and arrays (None takes one away) so that the hash fits again."""
    path = folder / f"{name}.npz"
    with np.load(path) as file:
        kept = {k: file[k] for k in file.files}
    kept = {k: v for k, v in (kept | arrays).items() if v is not None}
    np.savez(path, **kept)
    card = json.loads((folder / f"{name}.json").read_text())
    card["arrays_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    card |= change
    card = {k: v for k, v in card.items() if v is not None}
    (folder / f"{name}.json").write_text(json.dumps(card))


def broken(shape: tuple[int, ...]) -> np.ndarray:
    return np.full(shape, np.nan)


@pytest.mark.parametrize(
    ("name", "change", "arrays", "told"),
    [
        (EXTENDED, {"companion": "extended"}, {}, "own companion"),
        (EXTENDED, {"companion": None}, {}, "should name a companion, or give"),
        (EXTENDED, {"companion": "nosuch"}, {}, 'no model "nosuch"'),
        (EXTENDED, {"companion": 7}, {}, "should name a model as companion"),
        (EXTENDED, {"temperatures": [[1]]}, {}, "temperatures"),
        (EXTENDED, {"temperatures": [[3, 1.0], [1, 2.0]]}, {}, "temperatures"),
        (CLASSIC, {"companion": "extended"}, {}, "names a companion"),
        (CLASSIC, {"temperature": None}, {}, "as temperature"),
        (CLASSIC, {"temperature": 0}, {}, "as temperature"),
        (CLASSIC, {"temperature": float("nan")}, {}, "as temperature"),
        (CLASSIC, {"temperature": "warm"}, {}, "as temperature"),
        (CLASSIC, {"set_thresholds": None}, {}, "as set_thresholds"),
        (CLASSIC, {"set_thresholds": 0.1}, {}, "as set_thresholds"),
        (CLASSIC, {"set_thresholds": [[10, 1.0]]}, {}, "as set_thresholds"),
        (CLASSIC, {"set_thresholds": [[10, 0.1], [3, 0.1]]}, {}, "as set_thresholds"),
        (CLASSIC, {"coverage": None}, {}, "as coverage"),
        (CLASSIC, {"coverage": 1}, {}, "as coverage"),
        (CLASSIC, {"out_of_distribution_threshold": None}, {}, "out_of_distribution_threshold"),
        (CLASSIC, {"features": None}, {}, "another type or shape"),
        (CLASSIC, {"features": ["tempo", "no such feature"]}, {}, "does not measure"),
        (CLASSIC, {"features": ["tempo", "rolloff_mean"]}, {}, "another type or shape"),
        (CLASSIC, {"features": "extended"}, {}, "should list columns of its extractor"),
        (CLASSIC, {"extractor": None}, {}, "should name gtzan57 or modulation-covariance"),
        (CLASSIC, {"extractor": "extended"}, {}, "as extractor"),
        (CLASSIC, {"extractor": "modulation-covariance"}, {}, "does not measure"),
        (CLASSIC, {"genres": "blues"}, {}, "list the genres"),
        (CLASSIC, {"genres": [*"abcdefghij"]}, {}, "other genres"),
        (CLASSIC, {"name": "another"}, {}, 'not the card of a model "classic"'),
        (CLASSIC, {"arrays_sha256": None}, {}, "lacks arrays_sha256"),
        (CLASSIC, {}, {"weights": broken((50, 10))}, "weights with numbers"),
        (CLASSIC, {}, {"weights": np.zeros((10, 50))}, "weights of another"),
        (CLASSIC, {}, {"weights": np.zeros((50, 10), complex)}, "weights of another"),
        (CLASSIC, {}, {"scale": np.zeros(50)}, "no training gives"),
        (CLASSIC, {}, {"limit": np.zeros(3)}, "limit of another"),
        (CLASSIC, {}, {"mean": None}, "lacks mean"),
        (CLASSIC, {}, {"vectors": None, "axes": None}, "lacks axes, vectors"),
        (CLASSIC, {}, {"whitening": np.zeros((7, 7))}, "whitening of another"),
        (CLASSIC, {}, {"tracks": np.arange(1000)}, "tracks of another"),
        (CLASSIC, {}, {"tracks": np.array("one")}, "tracks of another"),
        (CLASSIC, {}, {"more": np.zeros(3)}, "do not belong to a model: more"),
        (CLASSIC, {}, {"classes": np.array([{}] * 10, dtype=object)}, "no archive of plain"),
    ],
)
def test_a_tampered_model_is_refused_in_one_sentence(
    copy: Path, name: str, change: dict[str, Any], arrays: dict[str, Any], told: str
) -> None:
    tamper(copy, name, change, **arrays)
    with pytest.raises(classifier.ModelError, match=told) as caught:
        audionome.load_classifier(name)
    assert "\n" not in str(caught.value)


def test_companions_in_a_circle(copy: Path) -> None:
    for kind in (".npz", ".json"):
        shutil.copy(copy / f"extended{kind}", copy / f"twin{kind}")
    tamper(copy, "twin", {"name": "twin", "companion": "extended"})
    tamper(copy, "extended", {"companion": "twin"})
    with pytest.raises(classifier.ModelError, match="names a companion that has one itself"):
        audionome.load_classifier("extended")


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip", b"PK\x03\x04 cut", b"\x93NUMPY\x01\x00", "bomb", "member"],
    ids=["empty", "text", "cut", "array", "bomb", "petabyte"],
)
def test_arrays_that_are_none(copy: Path, content: bytes | str) -> None:
    path = copy / "classic.npz"
    if content == "bomb":  # 300 MB of zeros in 300 kB
        np.savez_compressed(path, classes=np.zeros(300 << 20, np.uint8))
    elif content == "member":  # a header that states a petabyte
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 47,)}
        )
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("classes.npy", header.getvalue() + b"too little")
    else:
        path.write_bytes(content)
    card = json.loads((copy / "classic.json").read_text())
    card["arrays_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (copy / "classic.json").write_text(json.dumps(card))
    with pytest.raises(classifier.ModelError, match=r"no archive of plain|too large"):
        audionome.load_classifier("classic")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", "{", '"card"', "[" * 100_000, "\xff", "x" * 5_000_000],
    ids=["empty", "list", "number", "cut", "word", "deep", "binary", "huge"],
)
def test_a_card_that_is_none(copy: Path, text: str) -> None:
    (copy / "classic.json").write_text(text, encoding="latin-1")
    with pytest.raises(classifier.ModelError, match=r"classic\.json is "):
        audionome.load_classifier("classic")


def test_a_models_name_is_no_path(copy: Path) -> None:
    for name in ("../models/classic", "x" * 300, "a\0b", "."):
        told = "is a folder" if name == "." else "There is no model"  # a path is one of one's own
        with pytest.raises(classifier.ModelError, match=told):
            audionome.load_classifier(name)
