"""The trained small network, opened: the same sums in NumPy, one layer at a time.

A network that has learned is its weights and a little arithmetic: PyTorch is needed to learn, not
to answer. The report computes with this module, and a test holds it against PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audionome._paths import data_path
from audionome.lab.deep.patches import N_BANDS, N_FRAMES
from audionome.lab.store import missing

__all__ = ["OpenedCNN", "load_network", "occlusion"]

Array32 = NDArray[np.float32]

#: Convolutions of `audionome.lab.deep.network.SmallCNN.layers`, and frames that are pooled after.
_LAYERS = ((0, 4), (4, 2), (8, 1))
_EPS = 1e-5
#: Cells of an occlusion map: mel bands and frames that are hidden together.
CELL = (8, 13)


@dataclass(frozen=True)
class OpenedCNN:
    """A trained `audionome.lab.deep.network.SmallCNN` without PyTorch.

    Attributes
    ----------
    weights : dict of str to ndarray
        Arrays by the names that PyTorch gives them.
    """

    weights: dict[str, Array32]

    @property
    def filters(self) -> Array32:
        """Filters of the first layer, of shape (filters, 64 bands, 5 frames)."""
        return self.weights["layers.0.weight"]

    @property
    def parameters(self) -> int:
        """Numbers that were learned."""
        return sum(
            v.size for k, v in self.weights.items() if not k.split(".")[-1].startswith("run")
        )

    def activations(self, patches: NDArray[np.floating]) -> list[Array32]:
        """Return what each layer finds, before pooling.

        Parameters
        ----------
        patches : ndarray of shape (n, 64, frames)

        Returns
        -------
        list of ndarray of shape (n, filters, frames)
            One per layer; nothing below zero.
        """
        found: list[Array32] = []
        values = np.asarray(patches, dtype=np.float32)
        for layer, pool in _LAYERS:
            found.append(np.maximum(self._normalised(self._convolved(values, layer), layer + 1), 0))
            values = _pooled(found[-1], pool)
        return found

    def scores(self, patches: NDArray[np.floating]) -> Array32:
        """Return the score of each genre per patch.

        Parameters
        ----------
        patches : ndarray of shape (n, 64, frames)

        Returns
        -------
        ndarray of shape (n, 10)
            Larger is likelier.
        """
        last = self.activations(patches)[-1]
        seen = np.concatenate([last.mean(axis=2), last.max(axis=2)], axis=1)
        found: Array32 = seen @ self.weights["head.1.weight"].T + self.weights["head.1.bias"]
        return found

    def predict_proba(self, patches: NDArray[np.floating]) -> Array32:
        """Return the probability of each genre per patch.

        Parameters
        ----------
        patches : ndarray of shape (n, 64, frames)

        Returns
        -------
        ndarray of shape (n, 10)
            Rows sum to 1.
        """
        scores = self.scores(patches)
        grown = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))

    def _convolved(self, values: Array32, layer: int) -> Array32:
        """Slide each filter along time: at every frame, multiply what lies under it, and add up."""
        filters = self.weights[f"layers.{layer}.weight"]
        width = filters.shape[2]
        padded = np.pad(values, ((0, 0), (0, 0), (width // 2, width // 2)))
        under = np.lib.stride_tricks.sliding_window_view(padded, width, axis=2)
        return np.asarray(np.einsum("nctw,fcw->nft", under, filters, optimize=True))

    def _normalised(self, values: Array32, layer: int) -> Array32:
        """Bring each filter's answers to the scale that training found best."""
        mean, variance, scale, shift = (
            self.weights[f"layers.{layer}.{name}"][:, None]
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        return np.asarray((values - mean) / np.sqrt(variance + _EPS) * scale + shift)


def _pooled(values: Array32, frames: int) -> Array32:
    """Keep the largest of so many frames in a row."""
    n = values.shape[2] // frames * frames
    return np.asarray(values[:, :, :n].reshape(*values.shape[:2], -1, frames).max(axis=3))


def load_network(*, folder: Path | None = None) -> OpenedCNN:
    """Load the network that the report opens: of the first of the ten folds by artist.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/research``.

    Returns
    -------
    OpenedCNN

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If it is missing.
    """
    path = (folder or data_path("research")) / "small_cnn.npz"
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.deep.experiment CLIPS")
    with np.load(path) as arrays:
        return OpenedCNN({name: arrays[name] for name in arrays.files})


def occlusion(network: OpenedCNN, patch: NDArray[np.floating]) -> tuple[int, NDArray[np.float64]]:
    """Hide one part of a patch after the other, and see what becomes of the answer.

    Parameters
    ----------
    network : OpenedCNN
    patch : ndarray of shape (64, 130)

    Returns
    -------
    genre : int
        Number of the likeliest genre of the whole patch.
    change : ndarray of shape (8, 10)
        By how much its probability changes when 8 bands (rows, low first) of 0.3 s (columns) are
        replaced with the mean of their bands: below zero where the part speaks for the genre.

    References
    ----------
    .. [1] Zeiler and Fergus, Visualizing and understanding convolutional networks (ECCV 2014).
    """
    bands, frames = CELL
    rows, columns = N_BANDS // bands, N_FRAMES // frames
    whole = np.asarray(patch, dtype=np.float32)
    quiet = np.broadcast_to(whole.mean(axis=1, keepdims=True), whole.shape)
    hidden = np.repeat(whole[None], rows * columns, axis=0)
    for i in range(rows):
        for k in range(columns):
            cell = slice(i * bands, (i + 1) * bands), slice(k * frames, (k + 1) * frames)
            hidden[i * columns + k][cell] = quiet[cell]
    likely = network.predict_proba(whole[None])[0]
    genre = int(likely.argmax())
    change = network.predict_proba(hidden)[:, genre].astype(np.float64) - float(likely[genre])
    return genre, change.reshape(rows, columns)
