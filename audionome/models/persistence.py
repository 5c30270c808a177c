"""Read a model's two files, and refuse whatever could not be a model.

The hash in the card finds accidents. It is no seal: whoever changes the arrays can change the
card as well, so everything that an answer hangs on is looked at before it is used.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome.errors import AudionomeError
from audionome.features import EXTRACTORS, Extractor, load_extractor
from audionome.models import linear
from audionome.models.calibration import Calibration, Curve, OutOfDistribution
from audionome.models.neighbors import Index

__all__ = ["ModelError", "ModelFile", "read"]

_MOST_BYTES = 256 << 20  # of all arrays together
_MOST_CARD = 4 << 20  # bytes
_INDEX = tuple(Index.__dataclass_fields__)


class ModelError(AudionomeError):
    """A model that is missing or is not the one its card describes."""


@dataclass(frozen=True)
class ModelFile:
    """A model as it lies on disk.

    Attributes
    ----------
    extractor : audionome.features.Extractor
    model : audionome.models.linear.Linear
    calibration : audionome.models.calibration.Calibration
    index : audionome.models.neighbors.Index
    card : dict
    out_of_distribution : audionome.models.calibration.OutOfDistribution or None
        None for a model that has a companion.
    """

    extractor: Extractor
    model: linear.Linear
    calibration: Calibration
    index: Index
    card: dict[str, Any]
    out_of_distribution: OutOfDistribution | None


def read(folder: Path, name: str) -> ModelFile:
    """Read ``<name>.json`` and ``<name>.npz``.

    Parameters
    ----------
    folder : Path
    name : str

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelError
        If there is no such model, or its files are not what they should be.
    """
    card_path, arrays_path = folder / f"{name}.json", folder / f"{name}.npz"
    _require_files(folder, name)
    try:
        card = _read_card(card_path, name)
        if "companion" in card:
            _require_files(folder, card["companion"])
            other = _read_card(folder / f"{card['companion']}.json", card["companion"])
            if "companion" in other or other["genres"] != card["genres"]:
                raise _Wrong(
                    "names a companion that has one itself, or has other genres", of_card=True
                )
        data = arrays_path.read_bytes()
        if hashlib.sha256(data).hexdigest() != card["arrays_sha256"]:
            raise _Wrong(f"is not the file that {card_path.name} describes")
        return _read_arrays(arrays_path, card)
    except _Wrong as wrong:
        path = card_path if wrong.of_card else arrays_path
        raise ModelError(
            f"{path} {wrong}; restore {card_path.name} and {arrays_path.name} from the repository "
            "or run `audionome lab train`."
        ) from None
    except OSError as error:
        raise ModelError(f'The model "{name}" in {folder} cannot be read: {error}.') from error


def _require_files(folder: Path, name: str) -> None:
    paths = (folder / f"{name}.json", folder / f"{name}.npz")
    if Path(name).name != name or not all(map(os.path.isfile, paths)):
        there = ", ".join(sorted(p.stem for p in folder.glob("*.npz"))) or "none"
        raise ModelError(f'There is no model "{name}" in {folder}; there are: {there}.')


class _Wrong(Exception):
    """What is wrong with a file; completes a sentence that begins with its name."""

    def __init__(self, what: str, *, of_card: bool = False) -> None:
        super().__init__(what)
        self.of_card = of_card


# -- the card -----------------------------------------------------------------------------


def _read_card(path: Path, name: str) -> dict[str, Any]:
    def require(condition: bool, what: str) -> None:
        if not condition:
            raise _Wrong(what, of_card=True)

    require(path.stat().st_size <= _MOST_CARD, "is too large for a model's card")
    try:
        card = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        card = None
    require(isinstance(card, dict), "is not a model's card")
    assert isinstance(card, dict)
    require(card.get("name") == name, f'is not the card of a model "{name}"')
    require(isinstance(card.get("arrays_sha256"), str), "lacks arrays_sha256")
    require(_positive(card.get("temperature")), "should give a positive number as temperature")
    require(_is_share(card.get("coverage")), "should give a share between 0 and 1 as coverage")
    require(
        _is_curve(card.get("set_thresholds"))
        and all(_is_share(p) for _, p in card["set_thresholds"]),
        "should give pairs of a length and a probability as set_thresholds",
    )
    require(_names(card.get("genres")), "should list the genres")
    extractors = " or ".join(EXTRACTORS)
    require(card.get("extractor") in EXTRACTORS, f"should name {extractors} as extractor")
    require(
        "features" not in card or _names(card["features"]),
        "should list columns of its extractor as features, or leave features out",
    )
    try:
        load_extractor(card["extractor"], card.get("features"))
    except ValueError:
        require(False, "lists features that its extractor does not measure")
    if "companion" in card:
        require(isinstance(card["companion"], str), "should name a model as companion")
        require(card["companion"] != name, "names the model as its own companion")
    else:
        require(
            _positive(card.get("out_of_distribution_threshold")),
            "should name a companion, or give a positive number as out_of_distribution_threshold",
        )
    if "temperatures" in card:
        require(
            _is_curve(card["temperatures"]),
            "has temperatures that are not pairs of a length and a number",
        )
    return card


def _positive(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0  # type: ignore[arg-type,operator]


def _is_share(value: object) -> bool:
    return _positive(value) and value < 1  # type: ignore[operator]


def _names(value: object) -> bool:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        return False
    return len(value) >= 2 and len(set(value)) == len(value)


def _is_curve(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    pairs = all(isinstance(pair, list) and len(pair) == 2 for pair in value)
    if not pairs or not all(_positive(v) for pair in value for v in pair):
        return False
    lengths = [pair[0] for pair in value]
    return lengths == sorted(set(lengths))


def _curve(pairs: list[list[float]]) -> Curve:
    return tuple((float(windows), float(value)) for windows, value in pairs)


# -- the arrays ---------------------------------------------------------------------------


def _read_arrays(path: Path, card: dict[str, Any]) -> ModelFile:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_BYTES:
            raise _Wrong("is too large for a model")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in file.files}
    except _Wrong:
        raise
    except Exception as error:  # a stranger's bytes: NumPy and zipfile raise all kinds
        raise _Wrong("is no archive of plain arrays") from error

    genres = len(card["genres"])
    extractor = load_extractor(card["extractor"], card.get("features"))
    columns = len(extractor.names)
    tracks = len(arrays["tracks"]) if arrays.get("tracks", np.empty(())).ndim == 1 else 0
    axes = arrays["axes"].shape[-1] if arrays.get("axes", np.empty(())).ndim == 2 else 0
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "classes": ("U", (genres,)),
        "logged": ("b", (columns,)),
        "mean": ("f", (columns,)),
        "scale": ("f", (columns,)),
        "limit": ("f", ()),
        "weights": ("f", (columns, genres)),
        "bias": ("f", (genres,)),
        "tracks": ("U", (tracks,)),
        "genres": ("U", (tracks,)),
        "artists": ("i", (tracks,)),
        "axes": ("f", (columns, axes)),
        "vectors": ("f", (tracks, axes)),
    }
    if "companion" not in card:
        independent = arrays["whitening"].shape[-1:] if "whitening" in arrays else (columns,)
        shapes["whitening"] = ("f", (columns, *independent))
    _require_arrays(arrays, shapes)
    if arrays["classes"].tolist() != card["genres"]:
        raise _Wrong("has other genres than its card")
    if min(arrays["scale"].min(), arrays["limit"]) <= 0 or tracks < 1 or axes < 2:
        raise _Wrong("has values that no training gives")
    whitening = arrays.pop("whitening", None)
    index = Index(**{name: arrays.pop(name) for name in _INDEX})
    calibration = Calibration(
        float(card["temperature"]),
        _curve(card["set_thresholds"]),
        float(card["coverage"]),
        _curve(card.get("temperatures", [])),
    )
    known = (
        None
        if whitening is None
        else OutOfDistribution(whitening, float(card["out_of_distribution_threshold"]))
    )
    return ModelFile(extractor, linear.Linear.of(arrays), calibration, index, card, known)


def _require_arrays(
    arrays: dict[str, NDArray[Any]], shapes: dict[str, tuple[str, tuple[int, ...]]]
) -> None:
    def listed(names: Sequence[str]) -> str:
        return ", ".join(sorted(names))

    if missing := shapes.keys() - arrays.keys():
        raise _Wrong(f"lacks {listed(list(missing))}")
    if more := arrays.keys() - shapes.keys():
        raise _Wrong(f"holds arrays that do not belong to a model: {listed(list(more))}")
    for name, (kind, shape) in shapes.items():
        array = arrays[name]
        if array.dtype.kind != kind or array.shape != shape:
            raise _Wrong(f"has {name} of another type or shape than its card says")
        if kind == "f" and not np.isfinite(array).all():
            raise _Wrong(f"has {name} with numbers that are missing or infinite")
