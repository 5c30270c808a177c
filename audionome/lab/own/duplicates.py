"""One recording twice: copies, and what sounds so alike that it may be one.

A recording that lies in two genres would be learned as both. A copy is a file with the same content
(`audionome.audio.content_hash`: of the sound, whatever the tags say), so it is known for certain.
What only sounds alike may be another copy of the recording, a second version, or nothing but
similar music: that is for a person to hear.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audionome._words import counted
from audionome.lab.own.folder import TrainingError

__all__ = ["SAME", "alike", "contents_twice", "refuse_copies", "repeated"]

#: Cosine of two standardised vectors from which on they may be one recording. Among 140 clips from
#: outside GTZAN the most alike had 0.85; MP3 copies of one have 0.99 and more at 128 kbit/s, but
#: down to 0.65 at 64 kbit/s: some are missed.
SAME = 0.97
_CLOSE = 0.25  # standard deviations per column (root mean square)
_ROWS = 256  # compared with all others at a time

Hash = Callable[[Path], str]


def contents_twice(paths: Sequence[Path], genres: Sequence[str], *, hashed: Hash) -> list[str]:
    """Return the content of those files that may be plain copies in two genres.

    Copies have one size, so few files have to be read before the long work begins.

    Parameters
    ----------
    paths : sequence of Path
    genres : sequence of str
    hashed : callable
        Returns the hash of a file's content.

    Returns
    -------
    list of str
        Empty for files that are not in question.
    """
    sizes = []
    for path in paths:
        try:
            sizes.append(os.stat(path).st_size)
        except OSError:
            sizes.append(-1)  # it is told when it is measured
    of_size: dict[int, set[str]] = {}
    for size, genre in zip(sizes, genres, strict=True):
        of_size.setdefault(size, set()).add(genre)
    found = []
    for path, size in zip(paths, sizes, strict=True):
        try:
            found.append(hashed(path) if size > 0 and len(of_size[size]) > 1 else "")
        except (OSError, ValueError):
            found.append("")
    return found


def repeated(contents: Sequence[str]) -> list[int]:
    """Return the first file with the content of each file.

    Parameters
    ----------
    contents : sequence of str
        Empty where it is not known.

    Returns
    -------
    list of int
        Its own number for a file that is the first.

    Examples
    --------
    >>> repeated(["a", "b", "a", "", ""])
    [0, 1, 0, 3, 4]
    """
    first: dict[str, int] = {}
    return [first.setdefault(c, i) if c else i for i, c in enumerate(contents)]


def refuse_copies(names: Sequence[str], genres: Sequence[str], contents: Sequence[str]) -> None:
    """Refuse recordings that lie in two genres.

    Parameters
    ----------
    names : sequence of str
        Of the files, for the sentence.
    genres, contents : sequence of str

    Raises
    ------
    TrainingError
        If there are some; the sentence names the first two files.
    """
    first = repeated(contents)
    pairs = [(i, k) for k, i in enumerate(first) if i != k and genres[i] != genres[k]]
    if pairs:
        i, k = pairs[0]
        more = f" {counted(len(pairs) - 1, 'more pair')} like this." if len(pairs) > 1 else ""
        raise TrainingError(
            f'"{names[i]}" and "{names[k]}" are the same recording in two genres; keep it in one '
            f"of them.{more}"
        )


def alike(
    vectors: NDArray[np.floating], labels: Sequence[str] | NDArray[np.integer]
) -> list[tuple[int, int, float]]:
    """Find recordings with different labels that may be one.

    Parameters
    ----------
    vectors : ndarray of shape (n, columns)
        Standardised, one per file.
    labels : sequence of length n
        Genres, say.

    Returns
    -------
    list of (int, int, float)
        Numbers of two files, and their cosine; the most alike first. Of each file only the nearest
        one is looked at.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1), 1e-12)[:, None]
    code = np.unique(np.asarray(labels), return_inverse=True)[1]
    most = _CLOSE * np.sqrt(rows.shape[1])
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(rows), _ROWS):
        cosine = unit[start : start + _ROWS] @ unit.T
        cosine[code[start : start + _ROWS, None] == code] = -1
        for a, b in enumerate(cosine.argmax(axis=1).tolist(), start):
            value = float(cosine[a - start, b])
            if value >= SAME and np.linalg.norm(rows[a] - rows[b]) <= most:
                found[min(a, b), max(a, b)] = value
    return sorted(((*pair, value) for pair, value in found.items()), key=lambda one: -one[2])
