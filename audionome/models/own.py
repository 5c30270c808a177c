"""A model of one's own genres as one file: what is in it, how it is written, and what is refused.

The file is a ZIP archive of two members: ``model.json``, the card, and ``model.npz``, plain arrays.
`audionome.load_classifier` makes a classifier of it. The model is a head (`audionome.models.head`)
over what `audionome.models.own_ear.OwnEar` measures of every window of three seconds: the ear's
embedding, and the classic features that do not hang on loudness.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import audionome
from audionome import files
from audionome._words import genre_name
from audionome.features import LEVEL_FREE
from audionome.models import _modelfile
from audionome.models._modelfile import ModelError, Wrong
from audionome.models.calibration import Calibration
from audionome.models.head import Head
from audionome.models.neighbors import Index

__all__ = [
    "FORMAT",
    "GROUPED_BY",
    "SUFFIX",
    "OwnFile",
    "is_own",
    "read",
    "refuse_genres",
    "replaceable",
    "write",
]

#: Changes when a file of an older version can no longer be read.
FORMAT = 1
#: How such files are called.
SUFFIX = ".model"
#: By what recordings were kept apart when the model was tested.
GROUPED_BY = ("artist", "album", "folder", "file")

_CARD, _ARRAYS = "model.json", "model.npz"
_MOST_GENRES = 1000
_LONGEST_GENRE, _LONGEST_TRACK, _LONGEST_NAME = 200, 2000, 100  # characters
_STEERING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class _NoneError(Wrong):
    """A file that is no model of any kind."""


@dataclass(frozen=True)
class OwnFile:
    """A model of one's own as it lies on disk.

    Attributes
    ----------
    head : audionome.models.head.Head
        Over vectors of 2 e numbers, e the size of `audionome.models.own_ear.OwnEar`.
    calibration : audionome.models.calibration.Calibration
    index : audionome.models.neighbors.Index
        The recordings that it learned from, by `audionome.models.head.Head.standardised`.
    logits, logit_deviation : ndarray of shape (t,)
        Mean and standard deviation of the strength of each tag (log odds) over those recordings.
    genre_logits : ndarray of shape (genres, t)
        The mean over those of each genre.
    patterns : ndarray of shape (t, embedding)
        What an embedding gains when one tag grows by 1 and no other changes.
    card : dict
        Its name, its data, and how it was tested.
    """

    head: Head
    calibration: Calibration
    index: Index
    logits: NDArray[np.float64]
    logit_deviation: NDArray[np.float64]
    genre_logits: NDArray[np.float64]
    patterns: NDArray[np.float64]
    card: dict[str, Any]


# -- the file -----------------------------------------------------------------------------


def write(path: Path, card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a model of one's own, whole or not at all.

    Parameters
    ----------
    path : Path
        One of this name is replaced.
    card : mapping
        ``name``, ``genres``, ``features``, ``network``, ``network_sha256``, ``embedding_size``,
        ``n_tags``, ``temperature``, ``set_thresholds``, ``coverage`` and ``data``; and perhaps
        ``temperatures``, ``answers``, ``refused``, ``untested`` and whatever else is to be kept.
    arrays : mapping of str to ndarray
        Those of `audionome.models.head.Head.arrays`, of an index, ``usual_logits``,
        ``logit_deviation``, ``genre_logits`` and ``patterns``.

    Raises
    ------
    ModelError
        If `read` would refuse it.
    audionome.files.OutputError
        If it cannot be written.
    """
    packed = io.BytesIO()
    # NumPy 2.0 would take allow_pickle=False for an array.
    np.savez_compressed(packed, **dict(arrays))  # type: ignore[arg-type]
    told = {
        **card,
        "format": FORMAT,
        "family": "own",
        "audionome": audionome.__version__,
        "arrays_sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
    }
    text = json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "replace")
    try:
        _parsed(text, packed.getvalue())
    except Wrong as wrong:
        raise ModelError(f'"{path}" is not written: such a model {wrong}.') from None
    with files.written_whole(path) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:
        for name, data in ((_CARD, text), (_ARRAYS, packed.getvalue())):
            # Of a fixed date: the same model is the same file.
            archive.writestr(zipfile.ZipInfo(name), data)


def read(path: Path) -> OwnFile:
    """Read a model of one's own, and refuse whatever could not be one.

    Parameters
    ----------
    path : Path

    Returns
    -------
    OwnFile

    Raises
    ------
    ModelError
        If there is no such file, it is of another version, or is not what it should be.
    """
    with _refusing(path):
        return _parsed(*_members(path))


def replaceable(path: Path) -> bool:
    """Return whether a new model may take the place of a file.

    Parameters
    ----------
    path : Path
        A file that is there.

    Returns
    -------
    bool
        True for a model of any version, and for one that is damaged; False for what is no model,
        and for what cannot be read.
    """
    try:
        _parsed(*_members(path))
    except (_NoneError, OSError):
        return False
    except Wrong:
        return True
    return True


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn what is wrong with a file into one sentence that says what to do."""
    try:
        yield
    except _NoneError as none:
        raise ModelError(f'"{path}" {none}; `audionome train` makes one.') from None
    except Wrong as wrong:
        raise ModelError(f'"{path}" {wrong}; make it anew with `audionome train`.') from None
    except FileNotFoundError:
        raise ModelError(
            f'There is no model "{path}"; `audionome train` makes one of your own.'
        ) from None
    except (OSError, ValueError) as error:
        why = files.reason_of(error) if isinstance(error, OSError) else "its name is impossible"
        raise ModelError(f'The model "{path}" cannot be read: {why}.') from error


def _members(path: Path) -> tuple[bytes, bytes]:
    """Return card and arrays of a file, with no more read than a model may have."""
    mode = path.stat()
    if stat.S_ISDIR(mode.st_mode):
        raise _NoneError("is a folder, and a model is one file")
    if not stat.S_ISREG(mode.st_mode):
        raise _NoneError("is no regular file")
    most = {_CARD: _modelfile.MOST_CARD, _ARRAYS: _modelfile.MOST_BYTES}
    if mode.st_size > sum(most.values()):
        raise Wrong("is too large for a model")
    data = path.read_bytes()
    ours = data.startswith(b"PK") and _CARD.encode() in data[:64]
    none = Wrong("is damaged") if ours else _NoneError("is no model of Audionome")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sorted(archive.namelist()) != sorted(most):
                raise none
            found = {}
            for name, limit in most.items():
                # What the archive states of itself may be a lie.
                with archive.open(name) as member:
                    found[name] = member.read(limit + 1)
                if len(found[name]) > limit:
                    raise Wrong("is too large for a model")
    except Wrong:
        raise
    except Exception as error:  # a stranger's bytes: zipfile raises all kinds
        raise none from error
    return found[_CARD], found[_ARRAYS]


def _parsed(text: bytes, packed: bytes) -> OwnFile:
    _require_version(text)
    card = _modelfile.card_of(text)
    _require_card(card)
    if hashlib.sha256(packed).hexdigest() != card["arrays_sha256"]:
        raise Wrong("is damaged: its arrays are not those that its card describes")
    return _of_arrays(_modelfile.plain_arrays(packed), card)


def _require_version(text: bytes) -> None:
    try:
        card = json.loads(text)
        found, maker = card["format"], card.get("audionome")
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise _NoneError("is no model of Audionome") from None
    if found != FORMAT or isinstance(found, bool):
        by = f" ({maker})" if isinstance(maker, str) and _is_name(maker, 20) else ""
        raise Wrong(f"was made by another version of Audionome{by}, which this one cannot read")


def _is_name(value: object, longest: int) -> bool:
    """Return whether a value is a name that can be shown: no line breaks, nothing that steers."""
    if not isinstance(value, str) or not 0 < len(value) <= longest or value != value.strip():
        return False
    unseen = {"Cc", "Cs", "Zl", "Zp"}
    return not any(unicodedata.category(c) in unseen or c in _STEERING for c in value)


def _alike(name: str) -> str:
    """Return the same for names that a reader could not tell apart."""
    return unicodedata.normalize("NFKC", genre_name(name)).casefold()


def refuse_genres(genres: Sequence[str]) -> str:
    """Return why a model cannot name such genres, or nothing.

    Parameters
    ----------
    genres : sequence of str

    Returns
    -------
    str
        The end of a sentence that begins with the model.

    Examples
    --------
    >>> refuse_genres(["Rock", "rock", "techno"])
    'has two genres that a reader cannot tell apart: "Rock" and "rock"'
    """
    if len(genres) > _MOST_GENRES:
        return f"has more than {_MOST_GENRES} genres"
    seen: dict[str, str] = {}
    for genre in genres:
        if not _is_name(genre, _LONGEST_GENRE):
            return (
                "has a genre whose name cannot be shown, or is longer than "
                f"{_LONGEST_GENRE} characters: {genre[:_LONGEST_GENRE]!a}"
            )
        if (before := seen.setdefault(_alike(genre), genre)) != genre:
            return f'has two genres that a reader cannot tell apart: "{before}" and "{genre}"'
    return ""


def _require_card(card: dict[str, Any]) -> None:
    def require(condition: bool, what: str) -> None:
        if not condition:
            raise Wrong(what)

    require(_is_name(card.get("name"), _LONGEST_NAME), "has no name that can be shown")
    if why := refuse_genres(card["genres"]):
        raise Wrong(why)
    for key in ("embedding_size", "n_tags"):
        value = card.get(key)
        known = isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= 1 << 16
        require(known, f"should give a whole number as {key}")
    for key in ("network", "network_sha256"):
        require(isinstance(card.get(key), str), f"should name its {key}")
    features = card.get("features")
    known = isinstance(features, list) and _modelfile.is_names(features)
    require(
        known and set(features or ()) <= set(LEVEL_FREE),
        "learned from features that this version of Audionome does not measure",
    )
    data = card.get("data")
    counts = data if isinstance(data, dict) else {}
    require(
        all(_is_count(counts.get(key)) for key in ("recordings", "groups")),
        "should count its recordings and groups",
    )
    require(
        counts.get("grouped_by") in GROUPED_BY, f"should be grouped by {' or '.join(GROUPED_BY)}"
    )
    limits = card.get("limits", [])
    require(
        isinstance(limits, list) and all(_is_name(limit, _LONGEST_TRACK) for limit in limits),
        "has limits that are no sentences",
    )
    untested = card.get("untested", [])
    require(
        isinstance(untested, list)
        and all(isinstance(genre, str) and genre in card["genres"] for genre in untested),
        "has untested genres that it does not name",
    )
    answers = card.get("answers", {})
    require(
        isinstance(answers, dict)
        and answers.keys() <= {"one", "few", "many"}
        and all(_is_tested(found) for found in answers.values()),
        "has answers that no test gives",
    )
    refused = card.get("refused")
    require(
        refused is None
        or (
            isinstance(refused, dict)
            and _is_part(refused.get("share"))
            and _is_count(refused.get("n"))
        ),
        "has a share of refused recordings that no test gives",
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_part(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= 1  # type: ignore[operator]


def _is_tested(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    shares = all(_is_part(found.get(key)) for key in ("held", "low", "high", "right"))
    return shares and all(_is_count(found.get(key)) for key in ("n", "groups"))


def _of_arrays(arrays: dict[str, NDArray[Any]], card: dict[str, Any]) -> OwnFile:
    genres, n, t = len(card["genres"]), card["embedding_size"], card["n_tags"]
    e = n + len(card["features"])
    shapes: _modelfile.Shapes = {
        "classes": ("U", (genres,)),
        "logged": ("b", (2 * e,)),
        "mean": ("f", (2 * e,)),
        "scale": ("f", (2 * e,)),
        "limit": ("f", ()),
        "weights": ("f", (2 * e, genres)),
        "bias": ("f", (genres,)),
        "steadiness": ("f", ()),
        "other": ("f", (e,)),
        "other_bias": ("f", ()),
        "usual_logits": ("f", (t,)),
        "logit_deviation": ("f", (t,)),
        "genre_logits": ("f", (genres, t)),
        "patterns": ("f", (t, n)),
        **_modelfile.index_shapes(arrays, 2 * e),
    }
    _modelfile.require_arrays(arrays, shapes)
    if arrays["classes"].tolist() != card["genres"]:
        raise Wrong("has other genres than its card")
    positive = ("scale", "limit", "steadiness", "logit_deviation")
    if arrays["logged"].any() or min(float(arrays[name].min()) for name in positive) <= 0:
        raise Wrong("has values that no training gives")
    index = _modelfile.index_of(arrays)
    tracks = index.tracks.tolist()
    if not set(index.genres.tolist()) <= set(card["genres"]) or len(set(tracks)) != len(tracks):
        raise Wrong("has recordings of genres that it does not name, or the same one twice")
    if not all(_is_name(track, _LONGEST_TRACK) for track in tracks):
        raise Wrong("has recordings whose names cannot be shown")
    logits, deviation, of_genres, patterns = (
        arrays[name].astype(np.float64)
        for name in ("usual_logits", "logit_deviation", "genre_logits", "patterns")
    )
    calibration = _modelfile.calibration_of(card)
    return OwnFile(
        Head.of(arrays), calibration, index, logits, deviation, of_genres, patterns, card
    )


def is_own(name: str | os.PathLike[str]) -> bool:
    """Return whether a name stands for a file of one's own, and not for a model that ships.

    Parameters
    ----------
    name : str or path

    Returns
    -------
    bool

    Examples
    --------
    >>> is_own("ear"), is_own("my.model"), is_own(Path("models/mine"))
    (False, True, True)
    """
    if not isinstance(name, str):
        return True
    return name.lower().endswith(SUFFIX) or Path(name).name != name
