"""The 57 classic columns: means and variances of what is measured of 3-second windows.

Conventions
-----------
A window is 66 149 samples at 22 050 Hz, as the published GTZAN tables cut them; its spectra are
those of `audionome.features.stft`, in single precision as in the tables, and the statistics are in
double precision. What each column is stands in `audionome.features.registry`. The librosa version
of the same definitions is ``tests/reference.py``; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome.features import rhythm
from audionome.features.groups import Groups, grouped
from audionome.features.registry import COLUMNS, FAMILIES, REGISTRY, Feature, require_possible
from audionome.features.window import Window

__all__ = ["Gtzan57", "window_features"]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]


class Gtzan57:
    """Measure the classic features of 3-second windows.

    Parameters
    ----------
    columns : sequence of str, optional
        Which features, in which order; only what they need is computed. Default: the 57 of
        `audionome.features.COLUMNS`.

    Attributes
    ----------
    names : tuple of str
        The columns.

    Raises
    ------
    ValueError
        If there is no feature of a given name.

    See Also
    --------
    audionome.features.modulation.ModulationCovariance : The extractor of the extended model.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=66_150).astype(np.float32)
    >>> (row,) = next(Gtzan57(["zero_crossing_rate_mean", "tempo"]).measure([noise]))
    >>> round(float(row[0]), 1)
    0.5
    """

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self.names: tuple[str, ...] = COLUMNS if columns is None else tuple(columns)
        unknown = [name for name in self.names if name not in REGISTRY]
        if unknown:
            raise ValueError(
                f"There is no feature {unknown[0]!r}; audionome.features.COLUMNS names all."
            )

    def measure(self, blocks: Iterable[Array32]) -> Iterator[Array64]:
        """Measure a recording three seconds at a time, as it comes.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
            As `audionome.audio.WindowStream.pieces` gives them: 66 150 samples each; the last one
            may be shorter, and its window then overlaps the one before.

        Yields
        ------
        ndarray of shape (1, columns), float64
            The row of the next window.
        """
        before = np.empty(0, np.float32)
        # The matrices are small: BLAS threads cost more than they give, most of all when several
        # clips are measured at once.
        with threadpool_limits(1, user_api="blas"):
            for block in blocks:
                yield window_features(audio.last_window(before, block), self.names)[None]
                before = block

    def describe(self, name: str) -> Feature:
        """Return what a column is.

        Parameters
        ----------
        name : str
            One of `audionome.features.REGISTRY`.

        Returns
        -------
        Feature

        Raises
        ------
        KeyError
            If there is no such column.
        """
        return REGISTRY[name]

    def require_possible(self, values: NDArray[np.floating], deviations: Array64) -> None:
        """Refuse rows that no sound has; see `audionome.features.require_possible`.

        Parameters
        ----------
        values : ndarray of shape (rows, columns)
        deviations : ndarray of shape (rows, columns)
            Not used: the definitions say what is possible.

        Raises
        ------
        ValueError
            If most rows are impossible.
        """
        require_possible(values, self.names)

    @cached_property
    def groups(self) -> Groups:
        """The columns by what a listener would call them."""
        return grouped(
            self.names,
            {name: dict.fromkeys(columns, 1.0) for name, columns in _GROUPS.items()},
            words=_WORDS,
            levels=_LEVELS,
        )


def window_features(samples: Array32, columns: Sequence[str] = COLUMNS) -> Array64:
    """Measure the classic features of one window.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, ``n`` > 1 024; 66 149 for a published window.
    columns : sequence of str
        Names from `audionome.features.REGISTRY`. What none of them needs is not computed.

    Returns
    -------
    ndarray of shape (columns,), float64
        Values in the order of ``columns``.
    """
    window = Window(samples)
    wanted = {column.removesuffix("_mean").removesuffix("_var") for column in columns}
    found = _means_and_variances(
        {name: family.measure(window) for name, family in FAMILIES.items() if name in wanted}
    )
    if "tempo" in wanted:
        found["tempo"] = rhythm.tempo(rhythm.onset_strength(window.mel_decibels))
    return np.array([found[column] for column in columns])


def _means_and_variances(curves: dict[str, NDArray[np.floating]]) -> dict[str, float]:
    found: dict[str, float] = {}
    # Curves of one length together: many calls on short arrays would cost more than the sums.
    for size in {curve.size for curve in curves.values()}:
        names = [name for name, curve in curves.items() if curve.size == size]
        values = np.stack([curves[name].ravel() for name in names], dtype=np.float64)
        means = values.mean(axis=1)
        variances = np.square(values - means[:, None]).mean(axis=1)
        for name, mean, variance in zip(names, means, variances, strict=True):
            found[f"{name}_mean"], found[f"{name}_var"] = float(mean), float(variance)
    return found


# -- groups -------------------------------------------------------------------------------

_GROUPS: dict[str, tuple[str, ...]] = {
    "pitches": ("chroma_stft_mean", "chroma_stft_var"),
    "brightness": (
        "spectral_centroid_mean",
        "spectral_bandwidth_mean",
        "rolloff_mean",
        "zero_crossing_rate_mean",
    ),
    "changes of brightness": (
        "spectral_centroid_var",
        "spectral_bandwidth_var",
        "rolloff_var",
        "zero_crossing_rate_var",
    ),
    "tempo": ("tempo",),
    "balance of low and high": tuple(f"mfcc{i}_mean" for i in range(2, 6)),
    "fine tone colour": tuple(f"mfcc{i}_mean" for i in range(6, 21)),
    "changes of tone colour": tuple(f"mfcc{i}_var" for i in range(1, 21)),
    "loudness": tuple(name for name in COLUMNS if REGISTRY[name].level_dependent),
}
#: Columns that tell more from less, where not all of a group do: MFCC 2 rises with the bass.
_LEVELS = _GROUPS | {"balance of low and high": ("mfcc2_mean",)}
#: More than usual, less than usual; about as usual.
_WORDS: dict[str, tuple[str, str, str]] = {
    "pitches": (
        "many different notes at once, or noise",
        "few different notes at once",
        "about as many different notes at once as usual",
    ),
    "brightness": (
        "a bright sound, with much treble",
        "a dark sound, with little treble",
        "as much treble as usual",
    ),
    "changes of brightness": (
        "treble that comes and goes, as with cymbals and hi-hats",
        "treble that hardly changes within three seconds",
        "treble that comes and goes as much as usual",
    ),
    "tempo": ("a fast tempo", "a slow tempo", "a medium tempo"),
    "balance of low and high": (
        "more bass and less treble than usual",
        "more treble and less bass than usual",
        "its balance of bass, middle and treble",
    ),
    "fine tone colour": (
        "the tone colour of its voices and instruments",
        "the tone colour of its voices and instruments",
        "the tone colour of its voices and instruments",
    ),
    "changes of tone colour": (
        "volume and tone colour that change a lot within three seconds",
        "volume and tone colour that hardly change within three seconds",
        "volume and tone colour that change as much as usual",
    ),
    "loudness": ("a loud recording", "a quiet recording", "a recording of medium volume"),
}
