"""What the ear hears of a recording, and what a head makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audionome.models.attribution import Reason
from audionome.models.calibration import Calibration, fade, weight_of
from audionome.models.concepts import Patterns, Sides, concept_reasons
from audionome.models.ear import Ear
from audionome.models.head import Head
from audionome.models.linear import softmax

__all__ = ["Array", "EarHeard", "Listener", "change_words"]

Array = NDArray[np.float64]

_CHANGE = ("a sound that changes a lot", "a sound that changes little")
_USUAL = 0.25  # standard deviations


class Listener(Protocol):
    """A classifier that is an ear and a head."""

    ear: Ear
    head: Head
    patterns: Patterns
    calibration: Calibration
    genres: tuple[str, ...]


class EarHeard:
    """What the ear hears of a recording, window by window."""

    def __init__(self, of: Listener, measured: Iterator[NDArray[np.floating]]) -> None:
        self._of = of
        self._measured = measured
        self._rows: list[NDArray[np.floating]] = []
        self.windows = 0

    def hear_more(self) -> bool:
        """Take the next window; return whether there was one."""
        row = next(self._measured, None)
        if row is None:
            return False
        self._rows.append(row)
        self.windows += len(row)
        return True

    @property
    def rows(self) -> NDArray[np.floating]:
        """What the head learned from, and strengths of the tags, of every window."""
        return np.concatenate(self._rows)

    @property
    def strengths(self) -> NDArray[np.floating]:
        """Strengths of the tags in every window."""
        return self.rows[:, self._of.head.size :]

    @property
    def vector(self) -> NDArray[np.float64]:
        """The recording as the head sees it."""
        return self._of.head.clip_vector(self.rows)

    @property
    def mean_features(self) -> dict[str, float] | None:
        """None: the ear measures no classic features."""
        return None

    @property
    def mean_row(self) -> NDArray[np.float64]:
        """The recording as the index knows its tracks."""
        return self._of.head.standardised(self.vector)

    def distance(self) -> float:
        """Return how far the sound is from what the head learned from."""
        return self._of.head.distance(self.rows)

    def answer(self, length: float) -> NDArray[np.float64]:
        """Return the probabilities of the whole recording."""
        found: NDArray[np.float64] = self._probabilities(self.vector[None], length)[0]
        return found

    def probabilities(self, length: float) -> NDArray[np.float64]:
        """Return the probabilities of every window."""
        scores = self._of.head.window_scores(self.rows)
        return softmax(scores / self._of.calibration.temperature_for(length))

    def _probabilities(self, vectors: NDArray[np.float64], length: float) -> NDArray[np.float64]:
        scores = self._of.head.scores(vectors)
        return softmax(scores / self._of.calibration.temperature_for(length))

    def reasons(
        self, genre: int, *, length: float, distance: float
    ) -> tuple[tuple[Reason, ...], float]:
        """Return what spoke for and against a genre, and its probability for an average sound."""
        average, parts, names, words = self.parts(genre)

        def probability(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            return self._probabilities(vectors, length)[:, genre]

        found = concept_reasons(probability, average, parts, names=names, words=words)
        weight = weight_of(distance)
        faded = tuple(Reason(r.group, r.words, weight * r.contribution) for r in found)
        baseline = fade(self._probabilities(average[None], length)[0], distance)
        return faded, float(baseline[genre])

    def parts(self, genre: int) -> tuple[Array, Array, Sequence[str], Sequence[Sides]]:
        """Return an average sound, what makes this one of it, the parts' names, and their words."""
        raise NotImplementedError


def change_words(deviations: NDArray[np.floating]) -> Sides:
    """Return what is said of a sound that changes more than usual, or less."""
    level = float(deviations.mean())
    words = None if abs(level) < _USUAL else _CHANGE[int(level < 0)]
    return words, words
