"""The head of the ear: ten genres out of what the ear hears, in plain arithmetic.

A recording is a vector: the mean of the ear's embedding over its windows, then its standard
deviation (the *spread*). One window has no spread, and few windows have an uncertain one, so it is
drawn towards the usual spread: ``usual + (n - 1) / (n - 1 + steadiness) * (spread - usual)`` for n
windows. The vector is standardised and clipped, ``v``, and long ones are made shorter,
``z = v / sqrt((1 + mean(v ** 2)) / 2)``: a sound that is far from all others is not the surest case
of a genre. The scores are ``z @ weights + bias``; divided by a temperature, their exponentials are
the probabilities.

What is no music is told by one more weighted sum, ``v[:e] @ other + other_bias`` over the mean
embedding alone: its *distance* is ``exp(sum / 4)``, above 1 where the sound is more like speech,
noise or tones than like music.

References
----------
.. [1] Hastie, Buja and Tibshirani, Penalized discriminant analysis (1995), for the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome.models import _modelfile
from audionome.models._modelfile import Wrong
from audionome.models.calibration import Calibration
from audionome.models.linear import Linear
from audionome.models.neighbors import Index

__all__ = ["FARTHEST", "STEEPNESS", "Head", "HeadFile", "Usual", "read"]

#: What the sum is divided by before it becomes a distance.
STEEPNESS = 4.0
#: Largest exponent, so that no sound overflows.
FARTHEST = 40.0

#: Attributes of `Usual`, and their arrays.
_USUAL = {
    "embedding": "usual_embedding",
    "spread": "usual_spread",
    "spread_deviation": "spread_deviation",
    "logits": "usual_logits",
    "logit_deviation": "logit_deviation",
    "patterns": "patterns",
}


@dataclass(frozen=True)
class Head:
    """A fitted head as plain arrays.

    Attributes
    ----------
    linear : audionome.models.linear.Linear
        Over vectors of 2 e numbers, e the size of the embedding.
    steadiness : float
        Windows that the usual spread counts for.
    other : ndarray of shape (e,)
    other_bias : float
        See the conventions above.
    """

    linear: Linear
    steadiness: float
    other: NDArray[np.float64]
    other_bias: float

    @property
    def classes(self) -> NDArray[np.str_]:
        """Names of the genres."""
        return self.linear.classes

    @property
    def size(self) -> int:
        """Numbers of an embedding."""
        return len(self.other)

    def clip_vector(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum up a recording.

        Parameters
        ----------
        rows : ndarray of shape (windows, columns)
            As the ear measures them: the embedding first, whatever follows is not read.

        Returns
        -------
        ndarray of shape (2 e,)
            Mean, then spread.
        """
        embedding = np.asarray(rows, dtype=np.float64)[:, : self.size]
        return np.concatenate([embedding.mean(axis=0), self._spread(embedding)])

    def steady(self, spread: NDArray[np.floating], windows: Any) -> NDArray[np.float64]:
        """Draw a spread towards the usual one, the more the fewer windows it is of.

        Parameters
        ----------
        spread : ndarray of shape (..., e)
            Standard deviation over the windows.
        windows : int or ndarray of shape (...)

        Returns
        -------
        ndarray of shape (..., e)
        """
        usual = self.linear.mean[self.size :]
        more = np.asarray(windows, dtype=np.float64)[..., None] - 1
        return np.asarray(usual + more / (more + self.steadiness) * (spread - usual))

    def _spread(self, embedding: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.steady(embedding.std(axis=0), len(embedding))

    def standardised(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return vectors in standard deviations from the mean of the training clips.

        Parameters
        ----------
        vectors : ndarray of shape (..., 2 e)
            From `clip_vector`.

        Returns
        -------
        ndarray of shape (..., 2 e)
            0 is the mean of the training clips, 1 their standard deviation.
        """
        flat = np.atleast_2d(vectors)
        return self.linear.transformed(flat).reshape(np.shape(vectors))

    def seen(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return vectors as the weights see them: standardised, and long ones made shorter.

        Parameters
        ----------
        vectors : ndarray of shape (n, 2 e)
            From `clip_vector`.

        Returns
        -------
        ndarray of shape (n, 2 e)
        """
        values = self.linear.transformed(vectors)
        return values / _shortening(values)

    def scores(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return one score per genre.

        Parameters
        ----------
        vectors : ndarray of shape (n, 2 e)
            From `clip_vector`.

        Returns
        -------
        ndarray of shape (n, genres)

        See Also
        --------
        window_scores : The same window by window.
        """
        return self.seen(vectors) @ self.linear.weights + self.linear.bias

    def window_scores(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the scores of every window, for a timeline.

        A window has its own embedding and the recording's spread, and all are made shorter as the
        recording is: so the mean of the scores over the windows is the score of the recording (but
        for what is clipped).

        Parameters
        ----------
        rows : ndarray of shape (windows, columns)
            As for `clip_vector`.

        Returns
        -------
        ndarray of shape (windows, genres)
        """
        embedding = np.asarray(rows, dtype=np.float64)[:, : self.size]
        spread = np.broadcast_to(self._spread(embedding), embedding.shape)
        values = self.linear.transformed(np.concatenate([embedding, spread], axis=1))
        values /= _shortening(self.linear.transformed(self.clip_vector(rows)[None]))
        return values @ self.linear.weights + self.linear.bias

    def distances(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return how far sounds are from music.

        Parameters
        ----------
        vectors : ndarray of shape (n, 2 e)
            From `clip_vector`.

        Returns
        -------
        ndarray of shape (n,)
            Above 1 a sound is out of the distribution.
        """
        strange = self.linear.transformed(vectors)[:, : self.size] @ self.other + self.other_bias
        return np.exp(np.clip(strange / STEEPNESS, -FARTHEST, FARTHEST))

    def distance(self, rows: NDArray[np.floating]) -> float:
        """Return how far a recording is from music.

        Parameters
        ----------
        rows : ndarray of shape (windows, columns)
            As for `clip_vector`.

        Returns
        -------
        float
            Above 1 it is out of the distribution.
        """
        return float(self.distances(self.clip_vector(rows)[None])[0])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that make a head.

        Returns
        -------
        dict of str to ndarray
            By their names in the file.

        See Also
        --------
        of : The way back.
        """
        numbers = {
            "steadiness": self.steadiness,
            "other": self.other,
            "other_bias": self.other_bias,
        }
        return {name: np.asarray(v) for name, v in {**vars(self.linear), **numbers}.items()}

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> Head:
        """Make a head of its arrays.

        Parameters
        ----------
        arrays : dict of str to ndarray
            As `arrays` gives them.

        Returns
        -------
        Head
        """
        return cls(
            Linear.of({name: arrays[name] for name in Linear.__dataclass_fields__}),
            float(arrays["steadiness"]),
            arrays["other"].astype(np.float64),
            float(arrays["other_bias"]),
        )


def _shortening(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt((1 + np.mean(values**2, axis=1, keepdims=True)) / 2))


@dataclass(frozen=True)
class Usual:
    """What is usual of music, and how embeddings go with tags; for reasons.

    Attributes
    ----------
    embedding, spread : ndarray of shape (e,)
        Mean over the training clips of their mean embedding and of its spread.
    spread_deviation : ndarray of shape (e,)
        Standard deviation of the spread.
    logits, logit_deviation : ndarray of shape (t,)
        Mean and standard deviation of the strength of each tag (log odds).
    patterns : ndarray of shape (t, e)
        What an embedding gains when one tag grows by 1 and no other changes.
    """

    embedding: NDArray[np.float64]
    spread: NDArray[np.float64]
    spread_deviation: NDArray[np.float64]
    logits: NDArray[np.float64]
    logit_deviation: NDArray[np.float64]
    patterns: NDArray[np.float64]

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Return the arrays as they are stored.

        Returns
        -------
        dict of str to ndarray
            By their names in the file.
        """
        return {key: getattr(self, name) for name, key in _USUAL.items()}


@dataclass(frozen=True)
class HeadFile:
    """A head as it lies on disk.

    Attributes
    ----------
    head : Head
    calibration : audionome.models.calibration.Calibration
    index : audionome.models.neighbors.Index
        GTZAN's tracks by `Head.standardised`.
    usual : Usual
    card : dict
    """

    head: Head
    calibration: Calibration
    index: Index
    usual: Usual
    card: dict[str, Any]


def read(folder: Path, name: str) -> HeadFile:
    """Read ``<name>.json`` and ``<name>.npz``, and refuse whatever could not be a head.

    Parameters
    ----------
    folder : Path
    name : str

    Returns
    -------
    HeadFile

    Raises
    ------
    audionome.models.persistence.ModelError
        If there is no such head, or its files are not what they should be.
    """
    _modelfile.require_files(folder, name)
    with _modelfile.refusing(folder, name, "audionome lab ear train"):
        card = _modelfile.read_card(folder / f"{name}.json", name)
        for key in ("embedding_size", "n_tags"):
            value = card.get(key)
            if not isinstance(value, int) or isinstance(value, bool) or value < 2:
                raise Wrong(f"should give a whole number as {key}", of_card=True)
        for key in ("network", "network_sha256", "companion"):
            if not isinstance(card.get(key), str) or card[key] == name:
                raise Wrong(f"should name its {key}", of_card=True)
        return _of_arrays(_modelfile.read_arrays(folder / f"{name}.npz", card), card)


def _of_arrays(arrays: dict[str, NDArray[Any]], card: dict[str, Any]) -> HeadFile:
    genres, e, t = len(card["genres"]), card["embedding_size"], card["n_tags"]
    shapes: _modelfile.Shapes = {
        "classes": ("U", (genres,)),
        "logged": ("b", (2 * e,)),
        "mean": ("f", (2 * e,)),
        "scale": ("f", (2 * e,)),
        "limit": ("f", ()),
        "weights": ("f", (2 * e, genres)),
        "bias": ("f", (genres,)),
        "steadiness": ("f", ()),
        "other": ("f", (e,)),
        "other_bias": ("f", ()),
        "usual_embedding": ("f", (e,)),
        "usual_spread": ("f", (e,)),
        "spread_deviation": ("f", (e,)),
        "usual_logits": ("f", (t,)),
        "logit_deviation": ("f", (t,)),
        "patterns": ("f", (t, e)),
        **_modelfile.index_shapes(arrays, 2 * e),
    }
    _modelfile.require_arrays(arrays, shapes)
    if arrays["classes"].tolist() != card["genres"]:
        raise Wrong("has other genres than its card")
    positive = ("scale", "limit", "steadiness", "spread_deviation", "logit_deviation")
    if arrays["logged"].any() or min(float(arrays[name].min()) for name in positive) <= 0:
        raise Wrong("has values that no training gives")
    usual = Usual(**{name: arrays[key].astype(np.float64) for name, key in _USUAL.items()})
    calibration, index = _modelfile.calibration_of(card), _modelfile.index_of(arrays)
    return HeadFile(Head.of(arrays), calibration, index, usual, card)
