"""Who plays what: artist and title of a recording, from its own tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audionome.audio.containers import open_container
from audionome.datasets.artists import names_within

__all__ = ["Names", "artist_key", "read"]

_ARTIST = ("artist", "album_artist", "albumartist", "author", "performer")
_TITLE = ("title",)
# What people write where nobody, or everybody, is the artist.
_NOBODY = frozenset({"variousartists", "various", "va", "unknown", "unknownartist"})
_LONGEST = 500  # characters


@dataclass(frozen=True)
class Names:
    """Artist and title of a recording; empty where nobody knows.

    Attributes
    ----------
    artist, title : str
    """

    artist: str = ""
    title: str = ""


def read(path: Path) -> Names:
    """Return artist and title as the tags of a file have them.

    Parameters
    ----------
    path : Path
        Of any format; what cannot be read has no names.

    Returns
    -------
    Names
        "Various Artists" and the like count as unknown. The artist of the track comes before that
        of the album.

    Examples
    --------
    >>> read(Path("/no such file.mp3"))
    Names(artist='', title='')
    """
    import av

    found: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            if (container := open_container(file)) is None:
                return Names()
            with container:
                # Ogg keeps its comments in the stream.
                held = [container.metadata, *(s.metadata for s in container.streams.audio[:1])]
                found = {key.casefold(): text for tags in held for key, text in tags.items()}
    except (av.FFmpegError, OSError, ValueError):
        return Names()
    return Names(_first(found, _ARTIST, refuse=_NOBODY), _first(found, _TITLE))


def _first(
    found: Mapping[str, str], keys: tuple[str, ...], *, refuse: frozenset[str] = frozenset()
) -> str:
    for key in keys:
        # Half a character cannot be written into any other file.
        text = found.get(key, "").encode("utf-8", "replace").decode()
        text = " ".join(text.replace("\0", "; ").split())[:_LONGEST]
        if text and not refuse & set(names_within(text)[:1]):
            return text
    return ""


def artist_key(artist: str) -> frozenset[str]:
    """Return the names in an artist's name, as they can be compared.

    Parameters
    ----------
    artist : str

    Returns
    -------
    frozenset of str
        Two artists may be the same if they share one; empty if nobody knows.

    Examples
    --------
    >>> bool(artist_key("The Fugees feat. Bob Marley") & artist_key("BOB MARLEY"))
    True
    """
    return frozenset(names_within(artist))
