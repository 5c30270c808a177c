"""How the command line and the page tell an answer, in the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audionome.features.tempo import Tempo

__all__ = ["family", "hearing", "tempo"]

_PROBABLE = 0.5
_FELT = {1 / 3: "a third as fast", 1 / 2: "half as fast", 2: "twice as fast", 3: "thrice as fast"}


def tempo(found: Tempo, *, brief: bool = False) -> str:
    """Return a tempo in words, with the other one that it may be.

    Parameters
    ----------
    found : audionome.features.tempo.Tempo
    brief : bool
        For a cell of a table: the numbers alone.

    Returns
    -------
    str

    Examples
    --------
    >>> tempo(Tempo(112.3, probability=0.6, alternative=56.1))
    '112 BPM, or 56 if felt half as fast'
    >>> tempo(Tempo(112.3, probability=0.6, alternative=56.1), brief=True)
    '112 or 56'
    """
    if not found.bpm:
        return "none" if brief else "no clear beat"
    told = [f"{bpm:.0f}" for bpm in (found.bpm, found.alternative) if bpm is not None]
    if brief:
        return " or ".join(told)
    first = f"{told[0]} BPM" if found.probability >= _PROBABLE else f"perhaps {told[0]} BPM"
    if found.alternative is None:
        return first
    ratio = found.alternative / found.bpm
    nearest = min(_FELT, key=lambda level: abs(ratio / level - 1))
    return f"{first}, or {told[1]} if felt {_FELT[nearest]}"


def hearing(prediction_set: Sequence[str]) -> str:
    """Return the heading of the tags: of a sound unlike any music they are no more than near.

    Parameters
    ----------
    prediction_set : sequence of str
        Empty if the sound is out of the distribution.

    Returns
    -------
    str
    """
    return "Sounds like" if prediction_set else "Nearest words"


def family(card: Mapping[str, Any]) -> str:
    """Return what a model learned from, in a sentence.

    Parameters
    ----------
    card : mapping
        Of the model: ``name``, and ``family`` if it is pretrained.

    Returns
    -------
    str

    Examples
    --------
    >>> family({"name": "extended"})
    'Model extended: it learned from the clips of GTZAN alone.'
    """
    learned = (
        "its network learned from about 200,000 songs, which may include this one"
        if card.get("family") == "pretrained"
        else "it learned from the clips of GTZAN alone"
    )
    return f"Model {card['name']}: {learned}."
