"""Tracks that sound alike: cosine similarity of standardised features.

The index holds one vector per training track: the mean of its windows, as the model sees them,
turned into its principal axes. The cosine says how much two tracks depart from the average in the
same directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audionome._extras import require_extra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Index", "Neighbour", "principal_axes"]


#: Cosine from which on two recordings are one. Pairs of different recordings in GTZAN reach 0.982;
#: compressed copies of one reach 0.966 to 0.997, so that some of them are missed.
_SAME = 0.985
#: Distance of two sounds, in parts of their own from the average, up to which they are one. Of 71
#: recordings none comes nearer to another than 0.49; good copies of one, in MP3 or Opus, mostly do.
_TWIN = 0.1


@dataclass(frozen=True)
class Neighbour:
    """A track that sounds alike; ``similarity`` is a cosine, in [-1, 1]."""

    track: str
    genre: str
    similarity: float


def principal_axes(vectors: NDArray[np.floating], n: int) -> NDArray[np.float64]:
    """Return the axes of largest variance of vectors around zero.

    Parameters
    ----------
    vectors : ndarray of shape (rows, features)
    n : int

    Returns
    -------
    ndarray of shape (features, n), float64
        Of length 1, the axis of the largest variance first.
    """
    axes = np.linalg.svd(np.asarray(vectors, dtype=np.float64), full_matrices=False)[2][:n]
    # An axis and its opposite are the same: the largest entry is made positive.
    largest = np.abs(axes).argmax(axis=1)
    found: NDArray[np.float64] = (axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]).T
    return found


@dataclass(frozen=True)
class Index:
    """The training tracks by their sound.

    Attributes
    ----------
    tracks, genres : ndarray of shape (n,)
    artists : ndarray of shape (n,)
        Group numbers: tracks of one artist, and repetitions of one recording, share theirs.
    axes : ndarray of shape (features, d)
        From standardised features to the index's space.
    vectors : ndarray of shape (n, d)
    """

    tracks: NDArray[np.str_]
    genres: NDArray[np.str_]
    artists: NDArray[np.integer]
    axes: NDArray[np.floating]
    vectors: NDArray[np.floating]

    def similarities(self, vector: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the cosine of a sound with every track.

        Parameters
        ----------
        vector : ndarray of shape (features,)
            Standardised features, as `audionome.models.linear.Linear.transformed` gives them.

        Returns
        -------
        ndarray of shape (n,), float64
            In [-1, 1].
        """
        place = np.asarray(vector, dtype=np.float64) @ self.axes
        vectors = self.vectors.astype(np.float64)
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(place)
        found: NDArray[np.float64] = vectors @ place / np.maximum(lengths, 1e-12)
        return found

    def place(self, vector: NDArray[np.floating]) -> tuple[float, float]:
        """Return where a sound lies on the first two axes.

        Parameters
        ----------
        vector : ndarray of shape (features,)
            Standardised features, as `audionome.models.linear.Linear.transformed` gives them.

        Returns
        -------
        x, y : float
        """
        x, y = np.asarray(vector, dtype=np.float64) @ self.axes[:, :2]
        return float(x), float(y)

    def places(self) -> pd.DataFrame:
        """Return where the tracks lie on the first two axes.

        Returns
        -------
        DataFrame
            A row per track: ``track``, ``genre``, and ``x`` and ``y`` (float64, without unit).

        See Also
        --------
        Index.place : The same for a recording.
        """
        require_extra("lab", "pandas", who="Index.places")
        import pandas as pd

        return pd.DataFrame(
            {
                "track": self.tracks.astype(str),
                "genre": self.genres.astype(str),
                "x": self.vectors[:, 0].astype(np.float64),
                "y": self.vectors[:, 1].astype(np.float64),
            }
        )

    def nearest(self, vector: NDArray[np.floating], *, n: int = 5) -> tuple[Neighbour, ...]:
        """Find the tracks that are most alike.

        Parameters
        ----------
        vector : ndarray of shape (features,)
            Standardised features, as `audionome.models.linear.Linear.transformed` gives them.
        n : int

        Returns
        -------
        tuple of Neighbour
            The nearest first.
        """
        cosine = self.similarities(vector)
        return tuple(self._named(i, cosine[i]) for i in np.argsort(-cosine, kind="stable")[:n])

    def same(self, vector: NDArray[np.floating]) -> str | None:
        """Return the name of the track that is this very recording, if there is one.

        Parameters
        ----------
        vector : ndarray of shape (features,)
            Standardised features, as `audionome.models.linear.Linear.transformed` gives them.

        Returns
        -------
        str or None
        """
        cosine = self.similarities(vector)
        best = int(cosine.argmax())
        return str(self.tracks[best]) if cosine[best] >= _SAME else None

    def twin(self, vector: NDArray[np.floating]) -> str | None:
        """Return the name of the track that has this very sound, if there is one.

        Closer than `same`: for an index whose axes are few, or whose tracks are much alike.

        Parameters
        ----------
        vector : ndarray of shape (features,)
            Standardised features, as `audionome.models.linear.Linear.transformed` gives them.

        Returns
        -------
        str or None
        """
        place = np.asarray(vector, dtype=np.float64) @ self.axes
        apart = np.linalg.norm(self.vectors.astype(np.float64) - place, axis=1)
        best = int(apart.argmin())
        return str(self.tracks[best]) if apart[best] <= _TWIN * np.linalg.norm(place) else None

    def recommend(
        self, track: str, *, n: int = 5, other_artist: bool = True
    ) -> tuple[Neighbour, ...]:
        """Find tracks like one of the index.

        Parameters
        ----------
        track : str
            Name of a track, as ``"blues.00012"``.
        n : int
        other_artist : bool
            Leave out the track's own artist and repetitions of it.

        Returns
        -------
        tuple of Neighbour
            The nearest first.

        Raises
        ------
        KeyError
            If the track is not in the index.
        """
        found = np.flatnonzero(self.tracks == track)
        if not found.size:
            raise KeyError(track)
        own = int(found[0])
        cosine = self._cosines()[own]
        allowed = self.artists != self.artists[own] if other_artist else self.tracks != track
        order = np.argsort(-cosine, kind="stable")
        return tuple(self._named(i, cosine[i]) for i in order[allowed[order]][:n])

    def precision(self, k: int, *, other_artist: bool = True) -> NDArray[np.float64]:
        """Measure which share of each track's nearest tracks has the same genre.

        Parameters
        ----------
        k : int
            How many of the nearest.
        other_artist : bool
            Leave out the track's own artist and repetitions of it.

        Returns
        -------
        ndarray of shape (n,), float64
            In [0, 1].
        """
        cosine = self._cosines()
        np.fill_diagonal(cosine, -np.inf)
        if other_artist:
            cosine[self.artists[:, None] == self.artists[None, :]] = -np.inf
        near = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
        found: NDArray[np.float64] = np.mean(self.genres[near] == self.genres[:, None], axis=1)
        return found

    def _cosines(self) -> NDArray[np.float64]:
        vectors = self.vectors.astype(np.float64)
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        found: NDArray[np.float64] = unit @ unit.T
        return found

    def _named(self, i: int, similarity: float) -> Neighbour:
        return Neighbour(str(self.tracks[i]), str(self.genres[i]), float(similarity))
