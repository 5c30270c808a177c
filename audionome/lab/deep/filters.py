"""Filters of the ear's first layer, to look at.

``python -m audionome.lab.deep.filters WHEEL`` reads them out of the wheel of musicnn and writes
``data/research/ear_filters.npz``: of each shape the largest ones, as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome._paths import data_path, output_path
from audionome.files import require_output_folder, written_whole
from audionome.lab.store import missing

__all__ = ["SHAPES", "largest", "load_filters", "main"]

#: Shapes of the filters (frames × mel bands), by the names of their variables.
SHAPES: dict[str, str] = {
    "conv2d": "7×38",
    "conv2d_1": "7×67",
    "conv2d_2": "128×1",
    "conv2d_3": "64×1",
    "conv2d_4": "32×1",
}
_MOST = 24


def largest(kernel: NDArray[np.floating]) -> NDArray[np.float16]:
    """Return the filters with the largest weights.

    Parameters
    ----------
    kernel : ndarray of shape (frames, bands, 1, filters)
        As TensorFlow stores it.

    Returns
    -------
    ndarray of shape (24, bands, frames), float16
        Of each filter the weights less their mean, in units of the largest: what is left out, a
        level, adds the same to every answer of the filter to an even sound.

    Examples
    --------
    >>> largest(np.random.default_rng(0).normal(size=(7, 38, 1, 204))).shape
    (24, 38, 7)
    """
    filters = np.asarray(kernel, dtype=np.float64)[:, :, 0, :].transpose(2, 1, 0)
    filters = filters - filters.mean(axis=(1, 2), keepdims=True)
    order = np.argsort(-np.square(filters).sum(axis=(1, 2)), kind="stable")[:_MOST]
    chosen = filters[order]
    return np.asarray(chosen / np.abs(chosen).max(axis=(1, 2), keepdims=True), dtype=np.float16)


def load_filters(*, folder: Path | None = None) -> dict[str, NDArray[np.float32]]:
    """Load the ear's filters.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/research``.

    Returns
    -------
    dict of str to ndarray of shape (filters, bands, frames)
        By their shape, as in `SHAPES`.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If they are missing.
    """
    path = (folder or data_path("research")) / "ear_filters.npz"
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.deep.filters WHEEL")
    with np.load(path) as arrays:
        return {shape: arrays[name].astype(np.float32) for name, shape in SHAPES.items()}


def main(wheel: str) -> None:
    """Read the wheel and write the file."""
    from audionome.lab.ear.weights import read_wheel

    variables = read_wheel(Path(wheel)).variables
    path = output_path("research") / "ear_filters.npz"
    require_output_folder(path.parent)
    arrays: dict[str, Any] = {name: largest(variables[f"{name}/kernel"]) for name in SHAPES}
    with written_whole(path) as unfinished, open(unfinished, "wb") as out:
        np.savez_compressed(out, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
