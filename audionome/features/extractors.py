"""The extractors by name: what turns sound into rows of features.

To add one, write a class with the members of `Extractor` and one line of `EXTRACTORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audionome.features.groups import Groups
from audionome.features.gtzan57 import Gtzan57
from audionome.features.modulation import ModulationCovariance
from audionome.features.registry import Feature

__all__ = ["EXTRACTORS", "Extractor", "load_extractor"]


class Extractor(Protocol):
    """What measures a recording and knows what its columns mean.

    Attributes
    ----------
    names : tuple of str
        Its columns.
    groups : Groups
        The columns by what a listener would call them, for the reasons of an answer.
    """

    names: tuple[str, ...]

    def measure(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.floating]]:
        """Measure a recording three seconds at a time, as it comes.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
            As `audionome.audio.WindowStream.pieces` gives them.

        Yields
        ------
        ndarray of shape (windows, columns)
            Rows of the next windows, one for each block that was taken.
        """
        ...

    def describe(self, name: str) -> Feature:
        """Return what a column is.

        Parameters
        ----------
        name : str
            One of the extractor's names.

        Returns
        -------
        Feature
        """
        ...

    def require_possible(
        self, values: NDArray[np.floating], deviations: NDArray[np.float64]
    ) -> None:
        """Raise a ValueError for rows that no sound has, such as those of a scaled table.

        Parameters
        ----------
        values : ndarray of shape (rows, columns)
        deviations : ndarray of shape (rows, columns)
            Of the values from those that a model learned from, in standard deviations.
        """
        ...

    @property
    def groups(self) -> Groups:
        """The columns by what a listener would call them."""
        ...


#: Name of an extractor, as a model's card has it, to what makes one for some or all of its columns.
EXTRACTORS: dict[str, Callable[[Sequence[str] | None], Extractor]] = {
    "gtzan57": Gtzan57,
    "modulation-covariance": ModulationCovariance,
}


def load_extractor(name: str, columns: Sequence[str] | None = None) -> Extractor:
    """Return an extractor by its name.

    Parameters
    ----------
    name : str
        One of `EXTRACTORS`.
    columns : sequence of str, optional
        Which of its columns, in which order. Default: all.

    Returns
    -------
    Extractor

    Raises
    ------
    ValueError
        If there is no such extractor, or it has no such column.

    Examples
    --------
    >>> len(load_extractor("gtzan57").names), len(load_extractor("modulation-covariance").names)
    (57, 3900)
    """
    if name not in EXTRACTORS:
        raise ValueError(f"There is no extractor {name!r}; there are: {', '.join(EXTRACTORS)}.")
    return EXTRACTORS[name](columns)
