"""Read a linear model's two files, and refuse whatever could not be a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audionome.features import EXTRACTORS, Extractor, load_extractor
from audionome.models import _modelfile, linear
from audionome.models._modelfile import ModelError, Wrong, is_names, is_positive
from audionome.models.calibration import Calibration, OutOfDistribution
from audionome.models.neighbors import Index

__all__ = ["ModelError", "ModelFile", "extractor_of", "read"]


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


def extractor_of(folder: Path, name: str) -> str | None:
    """Return what a model's card names as its extractor.

    Parameters
    ----------
    folder : Path
    name : str

    Returns
    -------
    str or None

    Raises
    ------
    ModelError
        If there is no such model, or its card is none.
    """
    _modelfile.require_files(folder, name)
    with _modelfile.refusing(folder, name, "audionome lab ear train` or `audionome lab train"):
        found = _modelfile.read_card(folder / f"{name}.json", name).get("extractor")
    return found if isinstance(found, str) else None


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
    _modelfile.require_files(folder, name)
    with _modelfile.refusing(folder, name, "audionome lab train"):
        card = _read_card(folder / f"{name}.json", name)
        if "companion" in card:
            _modelfile.require_files(folder, card["companion"])
            other = _read_card(folder / f"{card['companion']}.json", card["companion"])
            if "companion" in other or other["genres"] != card["genres"]:
                raise Wrong(
                    "names a companion that has one itself, or has other genres", of_card=True
                )
        return _read_arrays(folder / f"{name}.npz", card)


def _read_card(path: Path, name: str) -> dict[str, Any]:
    card = _modelfile.read_card(path, name)

    def require(condition: bool, what: str) -> None:
        if not condition:
            raise Wrong(what, of_card=True)

    extractors = " or ".join(EXTRACTORS)
    require(card.get("extractor") in EXTRACTORS, f"should name {extractors} as extractor")
    require(
        "features" not in card or is_names(card["features"]),
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
            is_positive(card.get("out_of_distribution_threshold")),
            "should name a companion, or give a positive number as out_of_distribution_threshold",
        )
    return card


def _read_arrays(path: Path, card: dict[str, Any]) -> ModelFile:
    arrays = _modelfile.read_arrays(path, card)
    genres = len(card["genres"])
    extractor = load_extractor(card["extractor"], card.get("features"))
    columns = len(extractor.names)
    shapes: _modelfile.Shapes = {
        "classes": ("U", (genres,)),
        "logged": ("b", (columns,)),
        "mean": ("f", (columns,)),
        "scale": ("f", (columns,)),
        "limit": ("f", ()),
        "weights": ("f", (columns, genres)),
        "bias": ("f", (genres,)),
        **_modelfile.index_shapes(arrays, columns),
    }
    if "companion" not in card:
        independent = arrays["whitening"].shape[-1:] if "whitening" in arrays else (columns,)
        shapes["whitening"] = ("f", (columns, *independent))
    _modelfile.require_arrays(arrays, shapes)
    if arrays["classes"].tolist() != card["genres"]:
        raise Wrong("has other genres than its card")
    if min(arrays["scale"].min(), arrays["limit"]) <= 0:
        raise Wrong("has values that no training gives")
    whitening = arrays.pop("whitening", None)
    index = _modelfile.index_of(arrays)
    calibration = _modelfile.calibration_of(card)
    known = (
        None
        if whitening is None
        else OutOfDistribution(whitening, float(card["out_of_distribution_threshold"]))
    )
    return ModelFile(
        extractor,
        linear.Linear.of({name: arrays[name] for name in linear.Linear.__dataclass_fields__}),
        calibration,
        index,
        card,
        known,
    )
