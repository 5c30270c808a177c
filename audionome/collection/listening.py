"""What an index hears of a recording: a row of its store, and what the row hangs on."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome.collection import naming
from audionome.collection.sources import is_url

__all__ = ["AXES", "identity", "listen", "names"]

#: Numbers that an index holds of a track.
AXES = 32

_FORM = 1  # changes when the same file would give another row


def identity() -> str:
    """Return what says how a vector was made: the network, and all numbers on the way.

    Returns
    -------
    str
        The id of the work of an index.
    """
    ear = _ear()
    digest = hashlib.sha256(ear.ear.card["graph_sha256"].encode())
    linear = ear.head.linear
    for values in (linear.mean, linear.scale, linear.limit, ear.head.steadiness, _axes()):
        digest.update(np.asarray(values, dtype="<f8").tobytes())
    return f"index-{_FORM}-{digest.hexdigest()[:12]}"


def _ear() -> Any:
    from audionome.models.classifier import load_classifier

    return load_classifier("ear")


def _axes() -> NDArray[np.floating]:
    axes: NDArray[np.floating] = _ear().index.axes[:, :AXES]
    return axes


def listen(path: Path, name: str) -> dict[str, Any]:
    """Return the row of a file; see `audionome.collection.work.Work`.

    Parameters
    ----------
    path : Path
    name : str
        As the index calls it: its absolute path, or the URL that it is a copy of.

    Returns
    -------
    dict
        ``vector`` (bytes: float32, of length 1), ``seconds``, and what `names` returns.

    Raises
    ------
    audionome.audio.AudioError
        If it cannot be heard.
    """
    ear = _ear()
    stream = audio.WindowStream(path)
    with threadpool_limits(1, user_api="blas"):
        rows = np.concatenate(list(ear.ear.measure(stream.pieces())))
        place = ear.head.standardised(ear.head.clip_vector(rows)) @ _axes()
    place /= max(float(np.linalg.norm(place)), 1e-12)
    vector = place.astype("<f4").tobytes()
    return {"vector": vector, "seconds": round(stream.duration, 2), **names(path, name)}


def names(path: Path, name: str) -> dict[str, Any]:
    """Return artist and title, and of which file, as it was when, they are.

    Parameters
    ----------
    path, name
        As for `listen`.

    Returns
    -------
    dict
        ``artist``, ``title`` and ``named``: the name and the time of its last change (ns; 0 of a
        URL).
    """
    found = naming.read(path)
    at = 0 if is_url(name) else os.stat(path).st_mtime_ns
    return {"artist": found.artist, "title": found.title, "named": [name, at]}
