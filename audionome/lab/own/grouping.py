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

An artist is one group wherever the name stands, and so are folders of one name in several genres,
unless all kinds of music lie in such folders ("CD 1", "Live"). There the artist in a file's name
comes before the folder.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from audionome.collection import naming
from audionome.datasets.artists import artist_groups, normalized_name
from audionome.lab.own.folder import TrainingError, whole

__all__ = ["SOURCES", "UNITS", "Grouping", "artist_of_name", "artist_of_tags", "chosen", "group"]

#: Where a group is taken from, the best first, and what is said of it.
SOURCES = {
    "tag": "the artist in their tags",
    "folder": "the folder that they lie in",
    "name": 'the artist in their names ("Artist - Title")',
    "file": "nothing: each counts as a group of its own",
}

#: What a group of each source is called.
UNITS = {"tag": "artist", "name": "artist", "folder": "folder", "file": "file"}

# What programs write where they know no artist, normalized.
_NOBODY = frozenset(
    "artist artists none na noartist null unknown unknownartist unknownartists unnamed untitled va "
    "various variousartists varios variosartistas diverse divers diverses interpretes track".split()
)
_DASH = re.compile(r"\s+[-–—]\s+|_[-–—]_")
_NUMBER = re.compile(r"[\W\d_]*")  # of a track, say "01." or "2-03"
_PLAIN = re.compile(r"[1-9]\d*")  # a track, or a band such as "112"
_LEADING = re.compile(r"^(?:\d{1,3}[.)\]]|[(\[]\d{1,3}[)\]][.]?|0\d{1,2}(?=\s))\s*")
_BARE = re.compile(r"^\d{1,3}\s+")
_PLACE = re.compile(r"(?:track|cd|disc|disk|side|part|vol(?:ume)?)[\s._#-]*(?:\d+|[a-d])", re.I)
# Folders that many artists and albums have, normalized and without their numbers.
_ANYBODYS = _NOBODY | frozenset(
    "album albums audio bestof bonus cd cds collection compilation compilations demo demos disc "
    "discs disk disks download downloads ep eps extra extras file files flac folder "
    "greatesthits group hits live lp misc miscellaneous mix mixes mp music new newfolder old "
    "other others part performer playlist recordings remixes season selftitled set side sides "
    "single singles song songs sort sorted soundtrack test track tracks train unplugged "
    "unsorted verybestof vol volume wav".split()
)


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
    ignored : dict of str to int
        How many groups sources that were not asked for would have named.
    """

    numbers: list[int]
    names: list[str]
    sources: list[str]
    ignored: dict[str, int] = field(default_factory=dict)

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
            units[UNITS[source]] += n
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


def artist_of_name(stem: str, *, numbered: bool = False) -> str:
    """Return the artist in a file's name.

    Parameters
    ----------
    stem : str
        The name without its suffix.
    numbered : bool
        Whether the files beside it begin with the numbers of tracks. If not, a number without a
        zero, a dot or a bracket is part of a name.

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
    >>> artist_of_name("50 Cent - In da club"), artist_of_name("Track 01 - Intro")
    ('50 Cent', '')
    """
    parts = [part.strip(" _") for part in _DASH.split(stem)]
    parts = [part for part in parts if not _PLACE.fullmatch(part)]
    while parts and _NUMBER.fullmatch(parts[0]):
        if _PLAIN.fullmatch(parts[0]) and len(parts) == 2 and not numbered:
            break
        parts.pop(0)
    if len(parts) < 2 or all(_NUMBER.fullmatch(part) for part in parts[1:]):
        return ""
    artist = _LEADING.sub("", parts[0])
    if numbered and artist == parts[0]:
        artist = _BARE.sub("", artist)
    return artist if _is_somebody(artist) else ""


def chosen(by: str | Sequence[str]) -> tuple[str, ...]:
    """Return which sources of groups are asked for.

    Parameters
    ----------
    by : str or sequence of str
        One or more of `SOURCES`; nothing, or "auto", for all.

    Returns
    -------
    tuple of str
        Empty for all.

    Raises
    ------
    TrainingError
        If there is no such source.

    Examples
    --------
    >>> chosen("tag"), chosen(["tag", "name"]), chosen("auto")
    (('tag',), ('tag', 'name'), ())
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    if names in ((), ("auto",), ("",)):
        return ()
    for name in names:
        if name not in SOURCES:
            raise TrainingError(
                f"Recordings cannot be grouped by {name!r}; give one of auto, {', '.join(SOURCES)}."
            )
    return names


def group(
    top: Path, genres: Sequence[str], paths: Sequence[Path], *, by: str | Sequence[str] = ()
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
    by : str or sequence of str
        Which of `SOURCES` may be used; default: all. What is left over is a group of its own.

    Returns
    -------
    Grouping

    Raises
    ------
    TrainingError
        If there is no such source.
    """
    allowed = chosen(by)
    tagged = [artist_of_tags(path) for path in paths]
    every = _grouped(top, genres, paths, tagged, tuple(SOURCES))
    if not allowed:
        return every
    ignored = {}
    for source in SOURCES:
        pairs = zip(every.numbers, every.sources, strict=True)
        named = {number for number, of in pairs if of == source}
        if named and source != "file" and source not in allowed:
            ignored[source] = len(named)
    found = _grouped(top, genres, paths, tagged, allowed)
    return replace(found, ignored=ignored)


def _grouped(
    top: Path,
    genres: Sequence[str],
    paths: Sequence[Path],
    tagged: Sequence[str],
    allowed: Sequence[str],
) -> Grouping:
    numbered = _numbered(paths)
    artists: list[str | None] = []
    names, sources, same, of_names = [], [], [], []
    folders = defaultdict[tuple[str, str], list[int]](list)  # the files below each
    places = defaultdict[tuple[str, str], list[int]](list)  # those that go by it
    for i, (path, genre) in enumerate(zip(paths, genres, strict=True)):
        below = path.relative_to(top).parts[1:-1]
        artist: str | None = tagged[i] if "tag" in allowed else ""
        of_name = ""
        if "name" in allowed:
            of_name = artist_of_name(whole(path.stem), numbered=path.parent in numbered)
        if below:
            folders[genre, below[0]].append(i)
        anybodys = not below or _is_anybodys(below[0])
        if artist:
            sources.append("tag")
            names.append(artist)
        elif below and "folder" in allowed and not (anybodys and of_name):
            sources.append("folder")
            names.append(whole(below[0]))
            # "Miles Davis" and "Miles Davis - Kind of Blue" are by one artist, in any genre.
            artist = None if anybodys else artist_of_name(whole(below[0])) or below[0]
            places[genre, below[0]].append(i)
        elif artist := of_name:
            sources.append("name")
            names.append(artist)
        else:
            sources.append("file")
            names.append(whole(path.name))
            artist = None
        artists.append(artist)
        of_names.append(of_name)
    for key, files in places.items():
        same += [(files[0], i) for i in files[1:]]
        # Of an album whose other files tell one artist, all are that artist's.
        told = [i for i in folders[key] if sources[i] == "tag"]
        if len({normalized_name(tagged[i]) for i in told}) == 1:
            same.append((files[0], told[0]))
        if len({normalized_name(of_names[i]) for i in folders[key]}) == 1 and of_names[files[0]]:
            artists[files[-1]] = of_names[files[0]]  # the first one stands for the folder
    return Grouping(artist_groups(artists, same=same), names, sources)


def _is_anybodys(folder: str) -> bool:
    """Return whether a folder is called as those of many artists are: "CD 1", "Live", "1990s"."""
    plain = normalized_name(folder)
    words = re.sub(r"\d+(st|nd|rd|th|s)?|vol(ume)?\d*$", "", plain)
    letter = len(plain) == 1 and plain.isascii()
    return letter or not words or words in _ANYBODYS or bool(_PLACE.fullmatch(folder.strip()))


def _numbered(paths: Sequence[Path]) -> set[Path]:
    """Return the folders most of whose files begin with numbers that differ, as tracks do."""
    found = defaultdict[Path, list[str]](list)
    for path in paths:
        found[path.parent].append(re.sub(r"\D.*", "", path.stem, flags=re.S))
    return {
        folder
        for folder, numbers in found.items()
        if len(numbers) > 1 and 2 * len(set(filter(None, numbers))) > len(numbers)
    }
