"""How far an answer can be believed: probabilities, prediction sets, sounds of another kind.

References
----------
.. [1] Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017).
.. [2] Mahalanobis, On the generalized distance in statistics (1936).
.. [3] Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers with bounded error levels
       (JASA 114, 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FADE_POWER",
    "Calibration",
    "Curve",
    "OutOfDistribution",
    "fade",
    "normalized_entropy",
    "prediction_set",
    "weight_of",
]

#: Lengths of the sound (windows of 3 s), rising, each with a value.
Curve = tuple[tuple[float, float], ...]

#: An answer beyond the threshold keeps ``distance**-FADE_POWER`` of its weight.
FADE_POWER = 4


@dataclass(frozen=True)
class Calibration:
    """What a model's scores are divided by, and which genres its answer names.

    Attributes
    ----------
    temperature : float
        Of a long recording.
    set_thresholds : tuple of (float, float)
        Lengths of the sound (windows of 3 s), rising, each with the share of the largest
        probability from which on a genre belongs to the prediction set.
    coverage : float
        Share of answers whose prediction set holds the true genre, as promised.
    temperatures : tuple of (float, float)
        Lengths, rising, each with its temperature; empty if it does not depend on the length.
    """

    temperature: float
    set_thresholds: Curve
    coverage: float
    temperatures: Curve = ()

    def temperature_for(self, windows: float) -> float:
        """Return what scores are divided by, so that answers are right as often as they claim.

        A short recording tells less than its scores do: its temperature is higher. Between the
        lengths that were measured it follows the logarithm of the length.

        Parameters
        ----------
        windows : float
            Length of the sound, in windows of 3 s.

        Returns
        -------
        float

        Examples
        --------
        >>> calibration = Calibration(1.0, ((10, 0.1),), 0.9, ((1, 2.0), (10, 1.0)))
        >>> [calibration.temperature_for(n) for n in (1, 10**0.5, 10, 100)]
        [2.0, 1.5, 1.0, 1.0]
        """
        return _at(self.temperatures, windows) if self.temperatures else self.temperature

    def threshold_for(self, windows: float) -> float:
        """Return the share of the largest probability that lets a genre into the prediction set.

        Between the lengths that were measured it follows the logarithm of the length.

        Parameters
        ----------
        windows : float
            Length of the sound, in windows of 3 s.

        Returns
        -------
        float
            In [0, 1].

        Examples
        --------
        >>> calibration = Calibration(1.0, ((1, 0.1), (10, 0.3)), 0.9)
        >>> [calibration.threshold_for(n) for n in (1, 10, 100)]
        [0.1, 0.3, 0.3]
        """
        return _at(self.set_thresholds, windows)


def _at(curve: Curve, windows: float) -> float:
    lengths, values = zip(*curve, strict=True)
    return float(np.interp(np.log(windows), np.log(lengths), values))


def prediction_set(probabilities: Mapping[str, float], threshold: float) -> tuple[str, ...]:
    """Return the genres that an answer names: all that are nearly as probable as the first.

    Parameters
    ----------
    probabilities : mapping of str to float
        Genre to probability.
    threshold : float
        Share of the largest probability, from `Calibration.threshold_for`.

    Returns
    -------
    tuple of str
        The most probable first.

    Examples
    --------
    >>> prediction_set({"pop": 0.25, "rock": 0.7, "metal": 0.05}, 0.3)
    ('rock', 'pop')
    >>> prediction_set({"pop": 0.1, "rock": 0.85, "metal": 0.05}, 0.3)
    ('rock',)
    """
    ranked = sorted(probabilities, key=probabilities.__getitem__, reverse=True)
    least = threshold * probabilities[ranked[0]]
    return tuple(genre for genre in ranked if probabilities[genre] >= least)


@dataclass(frozen=True)
class OutOfDistribution:
    """The distance of sounds from what a model learned from (Mahalanobis).

    Attributes
    ----------
    whitening : ndarray of shape (features, n)
        Turns standardised rows into independent ones of variance 1.
    threshold : float
        Squared distance from which on a recording is out of the distribution.
    """

    whitening: NDArray[np.float64]
    threshold: float

    def distance(self, standardised: NDArray[np.float64]) -> float:
        """Measure the median squared distance of windows, in multiples of the threshold.

        The median, so that one odd window does not make a recording strange.

        Parameters
        ----------
        standardised : ndarray of shape (windows, features)
            As `audionome.models.linear.Linear.standardised` gives them.

        Returns
        -------
        float
            Above 1 the recording is out of the distribution.
        """
        independent = standardised @ self.whitening
        return float(np.median(np.sum(independent**2, axis=1)) / self.threshold)


def fade(probabilities: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Draw probabilities towards equal ones, the more the stranger the sound is.

    Far from all that a linear model learned from, its scores only grow; what they are worth does
    not. Beyond the threshold an answer therefore keeps ``distance**-4`` of its weight: nearly all
    of it just behind the threshold, a half at 1.2 and a sixteenth at 2. The power is a choice, not
    a fit: it is high enough to leave noise and test tones with nearly equal probabilities.

    Parameters
    ----------
    probabilities : ndarray of shape (..., genres)
    distance : float
        From `OutOfDistribution.distance`.

    Returns
    -------
    ndarray of shape (..., genres)

    Examples
    --------
    >>> fade(np.array([1.0, 0.0]), 0.9).tolist()
    [1.0, 0.0]
    >>> fade(np.array([1.0, 0.0]), 2.0).tolist()
    [0.53125, 0.46875]
    """
    weight = weight_of(distance)
    found: NDArray[np.float64] = weight * probabilities + (1 - weight) / probabilities.shape[-1]
    return found


def weight_of(distance: float) -> float:
    """Return how much of an answer is left at a distance; see `fade`.

    Parameters
    ----------
    distance : float
        From `OutOfDistribution.distance`.

    Returns
    -------
    float
        In (0, 1].
    """
    return min(1.0, distance**-FADE_POWER)


def normalized_entropy(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the entropy of probabilities over that of complete ignorance.

    Parameters
    ----------
    probabilities : ndarray of shape (..., genres)

    Returns
    -------
    ndarray of shape (...)
        In [0, 1].

    Examples
    --------
    >>> normalized_entropy(np.array([[0.25] * 4, [0.5, 0.5, 0.0, 0.0]])).round(6).tolist()
    [1.0, 0.5]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    entropy = -np.sum(p * np.log(np.maximum(p, 1e-12)), axis=-1)
    return np.asarray(entropy / np.log(p.shape[-1]))
