"""How far an answer can be believed: calibrated probabilities, and sounds of another kind.

References
----------
.. [1] Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017).
.. [2] Mahalanobis, On the generalized distance in statistics (1936).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Calibration", "OutOfDistribution", "fade", "normalized_entropy", "weight_of"]

_FADE_POWER = 4


@dataclass(frozen=True)
class Calibration:
    """What a model's scores are divided by, and when its answer counts as unsure.

    Attributes
    ----------
    temperature : float
        Of a long recording.
    entropy_threshold : float
        Normalized entropy from which on an answer is ``"unsure"``.
    temperatures : tuple of (float, float)
        Lengths of the sound (windows of 3 s), rising, each with its temperature; empty if it does
        not depend on the length.
    """

    temperature: float
    entropy_threshold: float
    temperatures: tuple[tuple[float, float], ...] = ()

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
        >>> calibration = Calibration(1.0, 0.8, ((1, 2.0), (10, 1.0)))
        >>> [calibration.temperature_for(n) for n in (1, 10**0.5, 10, 100)]
        [2.0, 1.5, 1.0, 1.0]
        """
        if not self.temperatures:
            return self.temperature
        lengths, values = zip(*self.temperatures, strict=True)
        return float(np.interp(np.log(windows), np.log(lengths), values))


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
    return min(1.0, distance**-_FADE_POWER)


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
