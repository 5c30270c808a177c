"""Who made a recording: what must not be on both sides of a fair test.

Conventions
-----------
A *group* is an artist where the files tell one, else an album, else a file by itself. Of each file
the first of these is taken that there is:

1. the artist in its own tags,
2. the folder that it lies in below the folder of its genre: the first one, which is that of an
   artist where albums lie in it,
3. the artist in its name, ``Artist - Title.mp3``,
4. the file itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audionome.collection import naming
from audionome.datasets.artists import artist_groups, normalized_name
from audionome.lab.own.folder import whole

__all__ = ["SOURCES", "Grouping", "artist_of_name", "artist_of_tags", "group"]

#: Where a group is taken from, the best first, and what is said of it.
SOURCES = {
    "tag": "the artist in their tags",
    "folder": "the folder that they lie in",
    "name": 'the artist in their names ("Artist - Title")',
    "file": "nothing: each counts as a group of its own",
}

#: What a group of each source is called.
_UNITS = {"tag": "artist", "name": "artist", "folder": "folder", "file": "file"}

# What programs write where they know no artist, normalized.
_NOBODY = frozenset(
    "artist artists none na noartist null unknown unknownartist unknownartists unnamed untitled va "
    "various variousartists varios variosartistas diverse divers diverses interpretes track".split()
)
_DASH = re.compile(r"\s+[-–—]\s+|_[-–—]_")
_NUMBER = re.compile(r"[\W\d_]*")  # of a track, say "01." or "2-03"


@dataclass(frozen=True)
class Grouping:
    """The group of each file.

    Attributes
    ----------
    numbers : list of int
        From 0.
    names : list of str
        Of each file's group, for sentences.
    sources : list of str
        Of `SOURCES`, for each file.
    """

    numbers: list[int]
    names: list[str]
    sources: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """Files by source, in the order of `SOURCES`."""
        counted = Counter(self.sources)
        return {source: counted[source] for source in SOURCES if counted[source]}

    @property
    def unit(self) -> str:
        """What most groups are called: ``artist``, ``folder`` or ``file``."""
        units = Counter[str]()
        for source, n in self.counts.items():
            units[_UNITS[source]] += n
        return max(units, key=units.__getitem__)


def artist_of_tags(path: Path) -> str:
    """Return the artist in a file's own tags.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Empty if there is none, or one that stands for nobody ("Various Artists").
    """
    found = naming.read(path).artist
    return found if _is_somebody(found) else ""


def _is_somebody(name: str) -> bool:
    plain = normalized_name(name)
    return bool(plain) and plain not in _NOBODY


def artist_of_name(stem: str) -> str:
    """Return the artist in a file's name.

    Parameters
    ----------
    stem : str
        The name without its suffix.

    Returns
    -------
    str
        Empty if it is not of the form "Artist - Title", perhaps after a number.

    Examples
    --------
    >>> artist_of_name("07 - Nina Simone - Sinnerman")
    'Nina Simone'
    >>> artist_of_name("07 - Sinnerman"), artist_of_name("loop - 012")
    ('', '')
    """
    parts = [part.strip(" _") for part in _DASH.split(stem)]
    while parts and _NUMBER.fullmatch(parts[0]):
        parts.pop(0)
    if len(parts) < 2 or all(_NUMBER.fullmatch(part) for part in parts[1:]):
        return ""
    artist = re.sub(r"^\d{1,3}[.)]?\s+", "", parts[0])
    return artist if _is_somebody(artist) else ""


def group(
    top: Path, genres: Sequence[str], paths: Sequence[Path], *, by: Sequence[str] = ()
) -> Grouping:
    """Find the group of each file.

    Parameters
    ----------
    top : Path
        Holds the folders of the genres.
    genres : sequence of str
        Of each file.
    paths : sequence of Path
        The files.
    by : sequence of str
        Which of `SOURCES` may be used; default: all. What is left over is a group of its own.

    Returns
    -------
    Grouping
    """
    allowed = tuple(by) or tuple(SOURCES)
    tagged = [artist_of_tags(path) if "tag" in allowed else "" for path in paths]
    known = {normalized_name(name) for name in tagged if name}
    artists: list[str | None] = []
    names, sources, same = [], [], []
    first: dict[tuple[str, str], int] = {}
    for i, (path, genre) in enumerate(zip(paths, genres, strict=True)):
        below = path.relative_to(top).parts[1:-1]
        artist: str | None = tagged[i]
        if artist:
            sources.append("tag")
            names.append(artist)
        elif below and "folder" in allowed:
            sources.append("folder")
            names.append(whole(below[0]))
            # A folder that is called after an artist whom tags name is that artist's.
            artist = below[0] if normalized_name(below[0]) in known else None
            same.append((first.setdefault((genre, below[0]), i), i))
        elif "name" in allowed and (artist := artist_of_name(whole(path.stem))):
            sources.append("name")
            names.append(artist)
        else:
            sources.append("file")
            names.append(whole(path.name))
            artist = None
        artists.append(artist)
    return Grouping(artist_groups(artists, same=same), names, sources)
