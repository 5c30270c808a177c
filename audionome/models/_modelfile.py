"""What is looked at in the two files of any model: a card (JSON) and its arrays (NumPy, no pickle).

The hash in the card finds accidents. It is no seal: whoever changes the arrays can change the
card as well, so everything that an answer hangs on is looked at before it is used.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome.errors import ModelError
from audionome.models.calibration import Calibration, Curve
from audionome.models.neighbors import Index

__all__ = [
    "MOST_BYTES",
    "MOST_CARD",
    "ModelError",
    "Wrong",
    "calibration_of",
    "card_of",
    "index_of",
    "index_shapes",
    "is_names",
    "is_positive",
    "is_share",
    "plain_arrays",
    "read_arrays",
    "read_card",
    "refusing",
    "require_arrays",
    "require_files",
]

#: Most bytes of all arrays of a model together, and of a card.
MOST_BYTES = 256 << 20
MOST_CARD = 4 << 20


class Wrong(Exception):
    """What is wrong with a file; completes a sentence that begins with its name."""

    def __init__(self, what: str, *, of_card: bool = False) -> None:
        super().__init__(what)
        self.of_card = of_card


@contextmanager
def refusing(folder: Path, name: str, command: str) -> Iterator[None]:
    """Turn what is wrong with a model's files into one sentence that says what to do."""
    card_path, arrays_path = folder / f"{name}.json", folder / f"{name}.npz"
    try:
        yield
    except Wrong as wrong:
        path = card_path if wrong.of_card else arrays_path
        raise ModelError(
            f"{path} {wrong}; restore {card_path.name} and {arrays_path.name} from the repository "
            f"or run `{command}`."
        ) from None
    except OSError as error:
        raise ModelError(f'The model "{name}" in {folder} cannot be read: {error}.') from error


def require_files(folder: Path, name: str) -> None:
    """Raise `ModelError` if a model's files are not there."""
    paths = (folder / f"{name}.json", folder / f"{name}.npz")
    if Path(name).name != name or not all(map(os.path.isfile, paths)):
        there = (
            ", ".join(sorted(p.stem for p in folder.glob("*.npz") if _names_genres(p))) or "none"
        )
        raise ModelError(f'There is no model "{name}" in {folder}; there are: {there}.')


def _names_genres(arrays: Path) -> bool:
    """Return whether arrays belong to a model of genres: others are kept in the folder, too."""
    try:
        return "genres" in json.loads(arrays.with_suffix(".json").read_bytes())
    except (OSError, ValueError, TypeError, RecursionError):
        return False


# -- the card -----------------------------------------------------------------------------


def read_card(path: Path, name: str) -> dict[str, Any]:
    """Read a card and require what every model says of itself."""
    if path.stat().st_size > MOST_CARD:
        raise Wrong("is too large for a model's card", of_card=True)
    return card_of(path.read_bytes(), name)


def card_of(data: bytes, name: str | None = None) -> dict[str, Any]:
    """Return the card that bytes are, of a model of this name, or of any."""

    def require(condition: bool, what: str) -> None:
        if not condition:
            raise Wrong(what, of_card=True)

    try:
        card = json.loads(data)
    except (ValueError, RecursionError):
        card = None
    require(isinstance(card, dict), "is not a model's card")
    assert isinstance(card, dict)
    require(name is None or card.get("name") == name, f'is not the card of a model "{name}"')
    require(isinstance(card.get("arrays_sha256"), str), "lacks arrays_sha256")
    require(is_positive(card.get("temperature")), "should give a positive number as temperature")
    require(is_share(card.get("coverage")), "should give a share between 0 and 1 as coverage")
    require(
        _is_curve(card.get("set_thresholds"))
        and all(is_share(p) for _, p in card["set_thresholds"]),
        "should give pairs of a length and a share as set_thresholds",
    )
    require(
        "temperatures" not in card or _is_curve(card["temperatures"]),
        "has temperatures that are not pairs of a length and a number",
    )
    require(is_names(card.get("genres")), "should list the genres")
    return card


def is_positive(value: object) -> bool:
    """Return whether a value is a positive finite number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0  # type: ignore[arg-type,operator]


def is_share(value: object) -> bool:
    return is_positive(value) and value < 1  # type: ignore[operator]


def is_names(value: object) -> bool:
    """Return whether a value lists at least two different names."""
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        return False
    return len(value) >= 2 and len(set(value)) == len(value)


def _is_curve(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    pairs = all(isinstance(pair, list) and len(pair) == 2 for pair in value)
    if not pairs or not all(is_positive(v) for pair in value for v in pair):
        return False
    lengths = [pair[0] for pair in value]
    return lengths == sorted(set(lengths))


def _curve(pairs: list[list[float]]) -> Curve:
    return tuple((float(windows), float(value)) for windows, value in pairs)


def calibration_of(card: dict[str, Any]) -> Calibration:
    """Return the calibration that a card gives."""
    return Calibration(
        float(card["temperature"]),
        _curve(card["set_thresholds"]),
        float(card["coverage"]),
        _curve(card.get("temperatures", [])),
    )


# -- the arrays ---------------------------------------------------------------------------


def read_arrays(path: Path, card: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Read the arrays that a card describes: nothing but numbers and words."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != card["arrays_sha256"]:
        raise Wrong(f"is not the file that {card['name']}.json describes")
    return plain_arrays(data)


def plain_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive: nothing but numbers and words."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST_BYTES:
            raise Wrong("is too large for a model")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in file.files}
    except Wrong:
        raise
    except Exception as error:  # a stranger's bytes: NumPy and zipfile raise all kinds
        raise Wrong("is no archive of plain arrays") from error


Shapes = dict[str, tuple[str, tuple[int, ...]]]


def index_shapes(arrays: dict[str, NDArray[Any]], columns: int) -> Shapes:
    """Return kind and shape of the arrays of an index over so many columns."""
    tracks = len(arrays["tracks"]) if arrays.get("tracks", np.empty(())).ndim == 1 else 0
    axes = arrays["axes"].shape[-1] if arrays.get("axes", np.empty(())).ndim == 2 else 0
    return {
        "tracks": ("U", (tracks,)),
        "genres": ("U", (tracks,)),
        "artists": ("i", (tracks,)),
        "axes": ("f", (columns, axes)),
        "vectors": ("f", (tracks, axes)),
    }


def index_of(arrays: dict[str, NDArray[Any]]) -> Index:
    """Return the index that arrays of the right shapes make."""
    index = Index(**{name: arrays[name] for name in Index.__dataclass_fields__})
    if len(index.tracks) < 1 or index.axes.shape[1] < 2:
        raise Wrong("has values that no training gives")
    return index


def require_arrays(
    arrays: dict[str, NDArray[Any]], shapes: dict[str, tuple[str, tuple[int, ...]]]
) -> None:
    """Require arrays of these kinds and shapes, finite, and no others."""

    def listed(names: Sequence[str]) -> str:
        return ", ".join(sorted(names))

    if missing := shapes.keys() - arrays.keys():
        raise Wrong(f"lacks {listed(list(missing))}")
    if more := arrays.keys() - shapes.keys():
        raise Wrong(f"holds arrays that do not belong to a model: {listed(list(more))}")
    for name, (kind, shape) in shapes.items():
        array = arrays[name]
        if array.dtype.kind != kind or array.shape != shape:
            raise Wrong(f"has {name} of another type or shape than its card says")
        if kind == "f" and not np.isfinite(array).all():
            raise Wrong(f"has {name} with numbers that are missing or infinite")
