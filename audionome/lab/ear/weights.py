"""Read the weights of musicnn out of its wheel, without TensorFlow.

A checkpoint of TensorFlow is two files: ``.index``, a table in the format of LevelDB whose entries
are small protocol buffers, and ``.data-00000-of-00001``, the numbers one after the other.
"""

from __future__ import annotations

import ast
import hashlib
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audionome.errors import AudionomeError
from audionome.files import reason_of

__all__ = ["NETWORKS", "WHEEL", "WHEEL_SHA256", "Weights", "WheelError", "read_wheel"]

WHEEL = "musicnn-0.1.0-py3-none-any.whl"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"

#: Networks in the wheel that are built alike, and where their tags stand in its configuration.
NETWORKS = {"MSD_musicnn": "MSD_LABELS", "MTT_musicnn": "MTT_LABELS"}

_FLOAT = 1  # number of the type float32 in a checkpoint
_FOOTER = 48  # bytes at the end of a table


class WheelError(AudionomeError):
    """A file that is not the wheel of musicnn 0.1.0."""


@dataclass(frozen=True)
class Weights:
    """What a network is made of.

    Attributes
    ----------
    variables : dict of str to ndarray, float32
        By their names in the checkpoint: ``conv2d/kernel``, ``batch_normalization_1/gamma``, ….
        Kernels are of shape (time, frequency, inputs, outputs).
    tags : tuple of str
        In the order of the output.
    licence : str
        The notice that must go with every copy.
    """

    variables: dict[str, NDArray[np.float32]]
    tags: tuple[str, ...]
    licence: str


def read_wheel(wheel: Path, network: str = "MSD_musicnn") -> Weights:
    """Read a network's weights, its tags and its licence.

    Parameters
    ----------
    wheel : Path
        ``musicnn-0.1.0-py3-none-any.whl``, as ``pip download --no-deps musicnn==0.1.0`` fetches it.
    network : str
        One of `NETWORKS`.

    Returns
    -------
    Weights

    Raises
    ------
    WheelError
        If it cannot be read, or its checksum is not that of the wheel.
    """
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise WheelError(f'"{wheel}" cannot be read: {reason_of(error)}.') from error
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        raise WheelError(
            f'"{wheel}" is not {WHEEL} (its checksum differs); fetch it with: '
            "pip download --no-deps musicnn==0.1.0"
        )
    with zipfile.ZipFile(wheel) as archive:
        index = archive.read(f"musicnn/{network}/.index")
        data = archive.read(f"musicnn/{network}/.data-00000-of-00001")
        configuration = archive.read("musicnn/configuration.py").decode()
        licence = archive.read("musicnn-0.1.0.dist-info/LICENSE.md").decode()
    return Weights(
        dict(_variables(index, data)), _labels(configuration, NETWORKS[network]), licence
    )


def _labels(source: str, name: str) -> tuple[str, ...]:
    """Return a list of strings that a module assigns to a name, without running the module."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return tuple(ast.literal_eval(statement.value))
    raise WheelError(f"{WHEEL} has no {name}")


# -- a checkpoint -------------------------------------------------------------------------


def _variables(index: bytes, data: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield names and values, without what only the training needed."""
    _, place = _varint(index, len(index) - _FOOTER)  # of a block that tells of the others
    _, place = _varint(index, place)
    start, place = _varint(index, place)
    size, _ = _varint(index, place)
    for _, where in _entries(index[start : start + size]):
        first, used = _varint(where, 0)
        length, _ = _varint(where, used)
        for key, entry in _entries(index[first : first + length]):
            name = key.decode()
            found = dict(_fields(entry)) if "/" in name and "Adam" not in name else {}
            if found.get(1) == _FLOAT:
                begin, end = int(found.get(4, 0)), int(found.get(4, 0)) + int(found[5])
                yield name, np.frombuffer(data[begin:end], "<f4").reshape(_shape(found[2]))


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of a LevelDB block; a key leaves out what it shares with the last."""
    (restarts,) = struct.unpack("<I", block[-4:])
    place, end, key = 0, len(block) - 4 - 4 * restarts, b""
    while place < end:
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        size, place = _varint(block, place)
        key = key[:shared] + block[place : place + own]
        place += own
        yield key, block[place : place + size]
        place += size


def _shape(message: int | bytes) -> list[int]:
    sizes = [dict(_fields(part)) for field, part in _fields(message) if field == 2]
    return [int(size.get(1, 0)) for size in sizes]


def _fields(message: int | bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield numbers and values of a protocol buffer's fields."""
    assert isinstance(message, bytes)
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        size, place = _varint(message, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
        yield tag >> 3, message[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of variable length and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
