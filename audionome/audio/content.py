"""A hash of what a recording holds, whatever its tags, its name and its dates say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from audionome.audio.containers import ogg_links, open_container
from audionome.audio.sources import File, Part, open_source

__all__ = ["content_hash"]

_DIGITS = 32
_LEAST = 1 << 10  # bytes of sound; less than that tells two files not apart
_BLOCK = 1 << 20


def content_hash(path: str | Path) -> str:
    """Return a hash of the sound in a file as it is compressed: tagging the file changes nothing.

    Of the packets of its sound tracks, with codec, sample rate and number of channels. Where they
    cannot be told apart to the end of the file, of all its bytes.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    audionome.errors.UnreadableFileError, audionome.errors.EmptyAudioError

    Examples
    --------
    >>> from audionome._paths import data_path
    >>> len(content_hash(data_path("examples", "blues.ogg")))
    32
    """
    data, size = open_source(path, f'"{Path(path).name}"')
    with data:
        links, _ = ogg_links(data, size)
        parts = [Part(data, *link) for link in links] if len(links) > 1 else [data]
        found = [_of_packets(part) for part in parts]
        whole = hashlib.sha256("\n".join(filter(None, found)).encode())
        if not all(found):
            whole = hashlib.sha256(b"bytes\n")
            data.seek(0)
            while block := data.read(_BLOCK):
                whole.update(block)
    return whole.hexdigest()[:_DIGITS]


def _of_packets(data: File) -> str | None:
    """Return a line per sound track of a container; None if not all of it can be told apart."""
    import av

    container = open_container(data)
    if container is None:
        return None
    with container:
        streams = container.streams.audio
        tracks: dict[int, Any] = {stream.index: hashlib.sha256() for stream in streams}
        length = 0
        try:
            for packet in container.demux(*streams):
                tracks[packet.stream_index].update(packet)
                length += packet.size
            if length < _LEAST:
                return None
            return "\n".join(_line(stream, tracks[stream.index]) for stream in streams)
        except (av.FFmpegError, ValueError, OSError, AttributeError):
            return None


def _line(stream: Any, packets: Any) -> str:
    of = stream.codec_context
    return f"{of.name} {of.sample_rate} {of.layout.nb_channels} {packets.hexdigest()}"
