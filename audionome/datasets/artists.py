"""One artist, one group: names as people write them, and names of artists who sing together.

Conventions
-----------
Two spellings of one name differ in capitals, signs, spaces, a leading "the", or in "and" for "&".
A name that joins others ("A and B", "A feat. B", "A, B & C") belongs to whoever of them has a name
of their own in the list: with a duet on one side of a split and the singer on the other, the voice
would be on both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["artist_groups", "names_within", "normalized_name"]

_JOINED = re.compile(
    r"\s*(?:,|&|\+|/|;|\band\b|\bwith\b|\bfeat(?:uring|\.|\b)|\bft(?:\.|\b)|\bvs(?:\.|\b))\s*"
)


def normalized_name(name: str) -> str:
    """Return a name without what people write differently.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        Lower case letters and digits; empty if the name has none.

    Examples
    --------
    >>> normalized_name("The Beatles") == normalized_name("BEATLES")
    True
    >>> normalized_name("Earth, Wind & Fire") == normalized_name("Earth Wind and Fire")
    True
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = re.sub(r"^\W*the\s", "", plain.replace("&", " and "))
    return re.sub(r"\band\b|[\W_]", "", plain)


def names_within(name: str) -> tuple[str, ...]:
    """Return the whole name and the names that it joins, all normalized.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of str
        Each once; empty if the name has no letter and no digit.

    Examples
    --------
    >>> names_within("Lauryn Hill feat. Bob Marley")
    ('laurynhillfeatbobmarley', 'laurynhill', 'bobmarley')
    >>> names_within("Nirvana")
    ('nirvana',)
    """
    parts = [normalized_name(part) for part in _JOINED.split(name.casefold())]
    return tuple(dict.fromkeys(n for n in (normalized_name(name), *parts) if n))


def artist_groups(
    artists: Sequence[str | None], *, same: Iterable[tuple[int, int]] = ()
) -> list[int]:
    """Return the group of each track: tracks that share an artist are in one.

    Parameters
    ----------
    artists : sequence of str or None
        Artist of each track; None or an empty name where nobody knows, and such a track is a
        group of its own.
    same : iterable of (int, int)
        Places of two tracks that belong together whatever their names say, as repetitions of one
        recording do.

    Returns
    -------
    list of int
        Numbers from 0, in the order in which the groups come.

    Examples
    --------
    >>> artist_groups(["Bob Marley", "Lauryn Hill and Bob Marley", None, "bob marley", None])
    [0, 0, 1, 0, 2]
    """
    parent = list(range(len(artists)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    whole: dict[str, int] = {}
    for i, artist in enumerate(artists):
        if own := normalized_name(artist or ""):
            parent[root(i)] = root(whole.setdefault(own, i))
    for i, artist in enumerate(artists):
        for name in names_within(artist or ""):
            if name in whole:
                parent[root(i)] = root(whole[name])
    for a, b in same:
        parent[root(a)] = root(b)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(i), len(numbers)) for i in range(len(artists))]
