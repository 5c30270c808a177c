"""How the command line and the page tell an answer, in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audionome.features.tempo import Tempo

__all__ = ["family", "tempo"]

_PROBABLE = 0.5


def tempo(found: Tempo) -> str:
    """Return a tempo in words, with the other one that it may be.

    Parameters
    ----------
    found : audionome.features.tempo.Tempo

    Returns
    -------
    str

    Examples
    --------
    >>> tempo(Tempo(112.3, probability=0.6, alternative=56.1))
    '112 BPM, or 56 if felt half as fast'
    """
    if not found.bpm:
        return "no clear beat"
    told = f"{found.bpm:.0f} BPM"
    if found.probability < _PROBABLE:
        told = f"perhaps {told}"
    if found.alternative is None:
        return told
    ratio = found.alternative / found.bpm
    felt = " if felt half as fast" if 0.45 < ratio < 0.55 else ""
    felt = " if felt twice as fast" if 1.8 < ratio < 2.2 else felt
    return f"{told}, or {found.alternative:.0f}{felt}"


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
        "its ear learned from some 200 000 tagged songs, which may include this one"
        if card.get("family") == "pretrained"
        else "it learned from the clips of GTZAN alone"
    )
    return f"Model {card['name']}: {learned}."
