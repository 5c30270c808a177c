"""Columns of a feature table by what a listener would call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Groups", "grouped"]


@dataclass(frozen=True)
class Groups:
    """Columns by group.

    Attributes
    ----------
    names : tuple of str
    words : tuple of (str, str, str)
        How a person would say what was heard, for each group: where it has more than usual, less
        than usual, and about as much.
    share : ndarray of shape (columns, groups)
        How much of a column belongs to each group; rows sum to 1.
    level : ndarray of shape (columns, groups)
        Weights of the columns whose mean tells more from less in a group. They sum to 1 in each
        group, or to 0 where none of these columns is there.
    """

    names: tuple[str, ...]
    words: tuple[tuple[str, str, str], ...]
    share: NDArray[np.float64]
    level: NDArray[np.float64]


def grouped(
    columns: Sequence[str],
    shares: Mapping[str, Mapping[str, float]],
    *,
    words: Mapping[str, tuple[str, str, str]],
    levels: Mapping[str, Sequence[str]] | None = None,
) -> Groups:
    """Return columns by group; a group that has none of the columns is left out.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns.
    shares : mapping
        Name of a group to its columns and the share of each that belongs to it.
    words : mapping
        Name of a group to its words; see `Groups`.
    levels : mapping, optional
        Name of a group to the columns that tell more from less in it. Default: all of its columns.

    Returns
    -------
    Groups

    Raises
    ------
    ValueError
        If a column is in no group.

    Examples
    --------
    >>> found = grouped(["a", "b"], {"x": {"a": 1, "b": 0.5}, "y": {"b": 0.5}, "z": {"c": 1}},
    ...                 words=dict.fromkeys("xyz", ("more", "less", "as usual")))
    >>> found.names
    ('x', 'y')
    >>> found.share.tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    place = {column: row for row, column in enumerate(columns)}
    names = [name for name, own in shares.items() if place.keys() & own.keys()]
    share = np.zeros((len(columns), len(names)))
    level = np.zeros_like(share)
    for k, name in enumerate(names):
        for column, part in shares[name].items():
            if column in place:
                share[place[column], k] = part
        telling = shares[name] if levels is None else levels[name]
        rows = [place[column] for column in telling if column in place]
        level[rows, k] = 1 / max(1, len(rows))
    if ungrouped := [column for column, row in place.items() if not share[row].any()]:
        raise ValueError(f"the column {ungrouped[0]!r} is in no group")
    return Groups(tuple(names), tuple(words[name] for name in names), share, level)
