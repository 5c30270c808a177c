"""The models that ship: linear in what they measure, so that an answer can be taken apart.

A row of features is transformed column by column (logarithm of what is positive and skewed,
standardisation, clipping), and every genre's score is a weighted sum of what comes out. Answering
needs NumPy alone; `audionome.lab.training.fitting` chooses the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TINY", "Linear", "softmax"]

#: What is added before a logarithm.
TINY = 1e-8


def softmax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return exponentials that sum to 1 along the last axis.

    Parameters
    ----------
    scores : ndarray of shape (..., classes)

    Returns
    -------
    ndarray of shape (..., classes), float64

    Examples
    --------
    >>> softmax(np.log([1.0, 3.0])).round(6).tolist()
    [0.25, 0.75]
    """
    likely = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=-1, keepdims=True), dtype=np.float64)


@dataclass(frozen=True)
class Linear:
    """A fitted linear model as plain arrays.

    Attributes
    ----------
    classes : ndarray of shape (classes,)
        Names of the genres.
    logged : ndarray of shape (features,), bool
        Columns whose logarithm is taken.
    mean, scale : ndarray of shape (features,)
        Of the standardisation.
    limit : float
        Standardised values are clipped at plus and minus this.
    weights : ndarray of shape (features, classes)
    bias : ndarray of shape (classes,)
    """

    classes: NDArray[np.str_]
    logged: NDArray[np.bool_]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    limit: float
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def standardised(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return rows as the weights see them, before clipping.

        Parameters
        ----------
        values : ndarray of shape (rows, features)
            As they were measured.

        Returns
        -------
        ndarray of shape (rows, features), float64
            0 is the mean of the training set, 1 its standard deviation.
        """
        rows = np.array(values, dtype=np.float64)
        if self.logged.any():
            rows[:, self.logged] = np.log(np.maximum(rows[:, self.logged], 0) + TINY)
        return (rows - self.mean) / self.scale

    def transformed(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return rows as the weights see them.

        Parameters
        ----------
        values : ndarray of shape (rows, features)
            As they were measured.

        Returns
        -------
        ndarray of shape (rows, features), float64
            As `standardised`, clipped at the limit.
        """
        return np.clip(self.standardised(values), -self.limit, self.limit)

    def scores(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return one score per genre.

        Parameters
        ----------
        values : ndarray of shape (rows, features)
            As they were measured.

        Returns
        -------
        ndarray of shape (rows, classes), float64
        """
        return self.transformed(values) @ self.weights + self.bias

    def save(self, path: str | Path, **more: NDArray[Any]) -> None:
        """Write a compressed NumPy archive.

        Parameters
        ----------
        path : path
        **more : ndarray
            Arrays that go with the model's own.

        See Also
        --------
        load : The way back.
        """
        arrays: dict[str, Any] = {**vars(self), **more}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> tuple[Linear, dict[str, NDArray[Any]]]:
        """Read what `save` wrote; nothing but numbers and words is accepted.

        Parameters
        ----------
        path : path

        Returns
        -------
        model : Linear
        more : dict of str to ndarray
            The other arrays of the file.
        """
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        own = {name: arrays.pop(name) for name in cls.__dataclass_fields__}
        return cls.of(own), arrays

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> Linear:
        """Make a model of its arrays.

        Parameters
        ----------
        arrays : dict of str to ndarray
            By the names of the attributes.

        Returns
        -------
        Linear
        """
        numbers = ("mean", "scale", "weights", "bias")
        own: dict[str, Any] = dict(arrays)
        own |= {name: arrays[name].astype(np.float64) for name in numbers}
        return cls(**{**own, "limit": float(arrays["limit"])})
