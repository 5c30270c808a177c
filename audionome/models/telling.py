"""How the command line and the page tell an answer, in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["family", "tempo"]

_SURE = 0.8  # probability of a tempo from which on no other one is named


def tempo(bpm: float, *, probability: float = 1.0, alternative: float | None = None) -> str:
    """Return a tempo in words, with the other one that it may be.

    Parameters
    ----------
    bpm : float
        Beats per minute; 0 if there is no beat.
    probability : float
        That it is the right one.
    alternative : float, optional
        The next best tempo (BPM), such as half or twice of it.

    Returns
    -------
    str

    Examples
    --------
    >>> tempo(112.3, probability=0.6, alternative=56.1)
    '112 BPM, or 56 if felt half as fast'
    """
    if not bpm:
        return "no clear beat"
    told = f"{bpm:.0f} BPM"
    if alternative is None or probability >= _SURE:
        return told
    ratio = alternative / bpm
    felt = " if felt half as fast" if 0.45 < ratio < 0.55 else ""
    felt = " if felt twice as fast" if 1.8 < ratio < 2.2 else felt
    return f"{told}, or {alternative:.0f}{felt}"


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
