"""What containers write down: how long they last, and where their recordings begin.

A stated length is only believed where the format writes it down.

References
----------
.. [1] Pfeiffer, The Ogg encapsulation format version 0, RFC 3533 (2003), sections 5 and 6.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from audionome.audio.sources import File, peek

if TYPE_CHECKING:
    import av.container

__all__ = [
    "MATROSKA",
    "MP4",
    "STATED",
    "mp3_states",
    "ogg_links",
    "open_container",
    "stated_length",
]

MP4, MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"
# Containers that FFmpeg may open. Playlists are left out: they name other files and hosts.
_OPENED = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,mp3,ogg,flac,wav,w64,aiff,caf,au,asf,avi,flv,"
    "mpegts,mpeg,amr,ac3,eac3,ape,wv,tta,dsf,dts,dtshd,iff,mpc,mpc8,tak,voc"
)
#: Formats that write down how long they last; the others are estimated from the bit rate.
STATED = {"flac", "aiff", "tta", "wv", "ape", "flv", MP4, MATROSKA}


def open_container(data: File) -> av.container.InputContainer | None:
    """Open the container that FFmpeg sees in a file.

    Parameters
    ----------
    data : binary file

    Returns
    -------
    av.container.InputContainer or None
        None if FFmpeg sees none.
    """
    import av

    av.logging.set_level(av.logging.PANIC)
    data.seek(0)
    try:
        # Tags may be written in anything: they are no reason to refuse the sound.
        return av.open(
            data,
            mode="r",
            container_options={"format_whitelist": _OPENED},
            metadata_errors="replace",
        )
    except (av.FFmpegError, ValueError, OSError):
        return None


def stated_length(data: File, size: int, container: Any, stream: Any, end: float) -> float | None:
    """Return the length that a file writes down for its sound.

    Parameters
    ----------
    data : binary file
    size : int
        Of the file (bytes).
    container : av.container.InputContainer
    stream : av.AudioStream
    end : float
        Length that was decoded (s).

    Returns
    -------
    float or None
        In s; None where the format writes none down.
    """
    name = container.format.name
    duration = container.duration / 1e6 if container.duration else None
    if name == "mp3":
        return duration if mp3_states(data) else None
    share = _present(data, size)
    if share is not None:
        return end / share
    if name not in STATED:
        return None
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    # Of several tracks, the longest one is stated.
    return duration if len(container.streams) == 1 else None


def mp3_states(data: File) -> bool:
    """Return whether the first frame of an MP3 file states a number of frames.

    Parameters
    ----------
    data : binary file

    Returns
    -------
    bool
    """
    start = 0
    for _ in range(8):  # tags may follow each other
        head = peek(data, start, 10)
        if len(head) < 10 or not head.startswith(b"ID3"):
            break
        a, b, c, d = (byte & 127 for byte in head[6:])
        start += 10 + (a << 21 | b << 14 | c << 7 | d)
    head = peek(data, start, 256)
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at >= 0 and len(head) >= at + 12:
        flags, frames = struct.unpack(">II", head[at + 4 : at + 12])
        return bool(flags & 1 and frames)
    return b"VBRI" in head


_OPEN = 0x7FFF_0000  # bytes; programs that cannot go back state so much, or nothing
_ASF = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # its file properties
_W64 = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")  # its data chunk


def _present(data: File, size: int) -> float | None:
    """Return the share of the stated bytes that a file holds, if it holds less; else None.

    For formats with a chunk of samples (WAV, RF64, W64, CAF, AU) or a stated size of the file
    (AVI, ASF), whose lengths FFmpeg replaces by what is there, or believes when they are left open.
    """
    head = peek(data, 0, 1 << 16)
    begin, stated = 0, 0
    if head.startswith((b"RIFF", b"RF64")) and head[8:12] == b"WAVE":
        begin, stated = _chunk(data, 12, "<4sI", b"data")
        if head.startswith(b"RF64") and head[12:16] == b"ds64":
            stated = struct.unpack("<Q", head[28:36])[0]
        elif not 0 < stated < _OPEN:
            return None
    elif head.startswith(b".snd"):
        begin, stated = struct.unpack(">II", head[4:12]) if len(head) >= 12 else (0, 0)
        if stated >= _OPEN:
            return None
    elif head.startswith(b"caff"):
        begin, stated = _chunk(data, 8, ">4sq", b"data")
    elif _W64 in head:
        at = head.index(_W64)
        begin, stated = at + 24, struct.unpack("<Q", head[at + 16 : at + 24])[0] - 24
    elif head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        begin, stated = 8, struct.unpack("<I", head[4:8])[0]
    elif _ASF in head:
        at = head.index(_ASF) + 40
        stated = struct.unpack("<Q", head[at : at + 8])[0] if len(head) >= at + 8 else 0
    there = size - begin
    return there / stated if 0 < there < stated else None


def _chunk(data: File, at: int, layout: str, wanted: bytes) -> tuple[int, int]:
    """Return where a chunk's content begins, and its stated size (bytes); zeros without one."""
    width = struct.calcsize(layout)
    for _ in range(256):
        head = peek(data, at, width)
        if len(head) < width:
            break
        kind, length = struct.unpack(layout, head)
        if kind == wanted:
            return at + width, length
        at += width + length + (length % 2 if layout.startswith("<") else 0)
    return 0, 0


# -- Ogg ----------------------------------------------------------------------------------


def ogg_links(data: File, size: int) -> tuple[list[tuple[int, int]], bool]:
    """Return the byte ranges of the recordings that are chained in an Ogg file; others are one.

    Parameters
    ----------
    data : binary file
    size : int
        Of the file (bytes).

    Returns
    -------
    links : list of (int, int)
    complete : bool
        False for an Ogg file whose last page is not marked as the last.
    """
    if peek(data, 0, 4) != b"OggS":
        return [(0, size)], True
    starts: list[int] = []
    at, first, ended = 0, False, False
    while at < size:
        head = peek(data, at, 27 + 255)
        if len(head) < 27 or not head.startswith(b"OggS"):
            found = head.find(b"OggS", 1)
            at += found if found > 0 else max(1, len(head) - 3)
            continue
        flags, segments = head[5], head[26]
        # One flipped bit makes no beginning: pages are counted from zero, too.
        begins = bool(flags & 2) and head[18:22] == bytes(4)
        if begins and not first:
            starts.append(at)
        first = begins
        ended = bool(flags & 4)
        at += 27 + segments + sum(head[27 : 27 + segments])
    return list(pairwise([0, *starts[1:], size])), ended and at <= size
