"""Decide what is written into the tags of a file.

A genre tag that a person made is dear: by default only files without a genre get one, and only
from answers that are sure.

Examples
--------
>>> decide(Values(), {"genre": "hiphop", "status": "one", "confidence": 0.8,
...                   **{f"p_{genre}": 0.1 for genre in GENRES}}, Rules()).now.genres
('Hip-Hop',)
>>> decide(Values(("Post-Rock",)), {"genre": "rock"}, Rules()).genre
'kept'
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from audionome._words import genre_name
from audionome.collection.answers import MIN_CONFIDENCE
from audionome.collection.tags.values import TagError, Values
from audionome.datasets.gtzan import GENRES
from audionome.models.prediction import FEW, join_names, split_names

__all__ = ["Decision", "Rules", "decide", "shown_genre", "to_number"]

#: Least probability of a tempo that is written; of a lower one it is hard to tell which it is.
_SURE_TEMPO = 0.5
_LONGEST = 100  # characters of a genre

#: ``new``: it is written. ``kept``: the file has one. ``same``: it has this one. ``unsure``: the
#: answer is. ``none``: there is no answer.
Fate = Literal["new", "kept", "same", "unsure", "none"]


@dataclass(frozen=True)
class Rules:
    """What is written.

    Attributes
    ----------
    replace : bool
        Whether a genre or a tempo that is there gives way.
    min_confidence : float, optional
        Least confidence of an answer. Default: `audionome.collection.answers.MIN_CONFIDENCE`, and
        that a table does not call the answer unsure.
    unsure : bool
        Whether answers that name many genres, or are about a sound unlike any music, count too.
    tempo, ear_tags : bool
        Whether the tempo and what the ear hears are written too.
    """

    replace: bool = False
    min_confidence: float | None = None
    unsure: bool = False
    tempo: bool = False
    ear_tags: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of a file.

    Attributes
    ----------
    file : str
    was, now : audionome.collection.tags.values.Values
        They are equal where nothing changes.
    genre : {"new", "kept", "same", "unsure", "none"}
    why : str
        Of an answer that is not sure: what kind it is, as it is counted.
    confidence : float or None
    """

    file: str
    was: Values
    now: Values
    genre: Fate
    why: str = ""
    confidence: float | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is written."""
        return self.was != self.now


def decide(was: Values, row: Mapping[str, Any], rules: Rules) -> Decision:
    """Decide what a file will say of itself.

    Parameters
    ----------
    was : audionome.collection.tags.values.Values
        What it says now.
    row : mapping
        The answer, as `audionome.models.prediction.Prediction.as_row` or a table has it; of another
        program's table ``genre`` is enough.
    rules : audionome.collection.tags.deciding.Rules

    Returns
    -------
    Decision

    Raises
    ------
    TagError
        If the genre cannot be written into any file.
    """
    row = _cells(row)
    fate, why = _fate(was, row, rules)
    now = replace(was, genres=(shown_genre(row),)) if fate == "new" else was
    tempo = to_number(row.get("tempo"))
    if rules.tempo and tempo and (rules.replace or not was.tempo):
        probability = to_number(row.get("tempo_probability"))
        if tempo >= 1 and (probability is None or probability >= _SURE_TEMPO):
            now = replace(now, tempo=round(tempo))
    if rules.ear_tags and isinstance(row.get("tags"), str):
        now = replace(now, ear=split_names(row["tags"]))
    return Decision(
        file=str(row.get("file", "")),
        was=was,
        now=now,
        genre=fate,
        why=why,
        confidence=to_number(row.get("confidence")),
    )


def _cells(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row as tables have it, also of an answer that `classify --json` printed."""
    probabilities, tempo, tags = row.get("probabilities"), row.get("tempo"), row.get("tags")
    found = dict(row)
    if isinstance(probabilities, dict):
        found |= {f"p_{genre}": p for genre, p in probabilities.items()}
    if isinstance(tempo, dict):
        found |= {"tempo": tempo.get("bpm"), "tempo_probability": tempo.get("probability")}
    if isinstance(tags, list | tuple):
        names = [str(tag.get("name")) for tag in tags if isinstance(tag, dict)]
        found["tags"] = join_names(names)
    return found


def _fate(was: Values, row: Mapping[str, Any], rules: Rules) -> tuple[Fate, str]:
    if was.genres and not rules.replace:
        return "kept", ""
    if not isinstance(row.get("genre"), str) or not row["genre"].strip():
        return "none", ""
    if not rules.unsure and (why := _unsure(row, rules.min_confidence)):
        return "unsure", why
    if len(was.genres) == 1 and _folded(was.genres[0]) == _folded(shown_genre(row)):
        return "same", ""
    return "new", ""


def _unsure(row: Mapping[str, Any], least: float | None) -> str:
    """Return what makes an answer unsure, as the summary counts it."""
    if row.get("status") == "out-of-distribution":
        return "of a sound unlike anything the model knows"
    if row.get("status") == "many":
        return f"of more than {FEW} genres"
    confidence = to_number(row.get("confidence"))
    wanted = MIN_CONFIDENCE if least is None else least
    if confidence is not None and confidence < wanted:
        return f"less than {wanted:.0%} likely"
    if least is None and str(row.get("sure")).lower() in ("false", "0", "0.0"):
        return "not sure, as the table says"
    return ""


def shown_genre(row: Mapping[str, Any]) -> str:
    """Return a genre as it is written into files.

    The ten of the models that ship are written as the list of ID3 has them ("Hip-Hop"); any other
    as it is.

    Parameters
    ----------
    row : mapping

    Returns
    -------
    str

    Raises
    ------
    TagError
        If it is no text that a tag can hold.
    """
    row = _cells(row)
    genre = unicodedata.normalize("NFC", row["genre"].strip())
    if len(genre) > _LONGEST or any(unicodedata.category(c) in ("Cc", "Cs") for c in genre):
        raise TagError(
            "A genre in a tag has up to 100 characters and no line breaks; give it another name."
        )
    known = {key.removeprefix("p_") for key in row if key.startswith("p_")}
    if genre in GENRES and known == set(GENRES):
        return "-".join(part.capitalize() for part in genre_name(genre).split("-"))
    return genre


def _folded(genre: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", genre).casefold() if c.isalnum())


def to_number(value: object) -> float | None:
    """Return the number in a cell of a table, which CSV has as text.

    Parameters
    ----------
    value : object

    Returns
    -------
    float or None
        None if it is no finite number.
    """
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None
