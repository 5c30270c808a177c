"""How genres look: a colour, a symbol and a pattern for each, for the ten of GTZAN or any others.

Colours of other genres are spread over the hues in steps of the golden angle, with four levels of
lightness by turns, all of which can be seen on a white page and on a near-black one. Fifty colours
cannot all be told apart: symbols and patterns change in steps of their own, and charts write names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
from numpy.typing import NDArray

from audionome._words import genre_name
from audionome.charts._base import OTHER, PALETTE, PATTERNS, SYMBOLS

__all__ = ["Look", "genre_labels", "look_of", "looks"]

_SYMBOLS = (
    "circle", "diamond", "square", "star", "cross", "triangle-up", "x", "pentagon",
    "triangle-down", "hexagram", "bowtie", "hourglass", "star-triangle-up",
)  # fmt: skip
_PATTERNS = ("", "\\", ".", "/", "x", "-", "|", "+")
_GOLDEN = math.pi * (3 - math.sqrt(5))
#: Relative luminance, as WCAG defines it: 3:1 on white and on near-black need 0.13 to 0.29.
_LUMINANCES = (0.145, 0.27, 0.185, 0.225)
_CHROMA = 0.17
_LONGEST_LABEL = 28  # characters

# From OKLab to linear sRGB: Ottosson, A perceptual color space for image processing (2020).
_TO_LMS = np.array(
    [
        [1, 0.3963377774, 0.2158037573],
        [1, -0.1055613458, -0.0638541728],
        [1, -0.0894841775, -1.291485548],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Look:
    """How one genre looks.

    Attributes
    ----------
    color : str
        ``"#rrggbb"``.
    symbol, pattern : str
        Of Plotly's.
    """

    color: str
    symbol: str
    pattern: str


def looks(genres: Sequence[str]) -> dict[str, Look]:
    """Return how the genres of a model look.

    Parameters
    ----------
    genres : sequence of str
        All of them, in the order of the model.

    Returns
    -------
    dict of str to Look
        Those of GTZAN, where all of them are; else by the places of the genres.

    Examples
    --------
    >>> looks(["jazz", "rock"])["jazz"]
    Look(color='#039fd8', symbol='triangle-up', pattern='')
    >>> looks(["techno", "house"])["techno"].symbol
    'circle'
    """
    return dict(_looks(tuple(genres)))


@lru_cache(maxsize=16)
def _looks(genres: tuple[str, ...]) -> dict[str, Look]:
    if all(genre in PALETTE for genre in genres):
        return {g: Look(PALETTE[g], SYMBOLS[g], PATTERNS[g]) for g in genres}
    return {
        genre: Look(_colour(k), _SYMBOLS[k % len(_SYMBOLS)], _PATTERNS[k % len(_PATTERNS)])
        for k, genre in enumerate(genres)
    }


def look_of(genre: str, genres: Sequence[str] | None = None) -> Look:
    """Return how one genre looks; grey if it is none of them.

    Parameters
    ----------
    genre : str
    genres : sequence of str, optional
        All of the model; by default those of GTZAN.

    Returns
    -------
    Look
    """
    known = _looks(tuple(PALETTE) if genres is None else tuple(genres))
    return known.get(genre, Look(OTHER, "circle", ""))


@lru_cache(maxsize=1024)
def _colour(k: int) -> str:
    hue, luminance = 0.4 + k * _GOLDEN, _LUMINANCES[k % len(_LUMINANCES)]
    chroma = _CHROMA
    while True:
        linear = _of_luminance(hue, chroma, luminance)
        if linear.min() >= 0 and linear.max() <= 1:
            break
        chroma -= 0.005  # the screen has no such strong colour of this lightness
    levels = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * level):02x}" for level in levels)


def _of_luminance(hue: float, chroma: float, luminance: float) -> NDArray[np.float64]:
    """Return linear red, green and blue of a hue, as light as is asked for."""
    low, high = 0.0, 1.0
    for _ in range(40):
        lightness = (low + high) / 2
        lab = np.array([lightness, chroma * math.cos(hue), chroma * math.sin(hue)])
        linear = np.asarray(_TO_RGB @ (_TO_LMS @ lab) ** 3)
        low, high = (lightness, high) if linear @ _LUMINANCE < luminance else (low, lightness)
    return linear


def genre_labels(genres: Iterable[str], *, longest: int = _LONGEST_LABEL) -> list[str]:
    """Return genres as Plotly writes them: long names shortened, and no markup in them.

    Parameters
    ----------
    genres : iterable of str
    longest : int
        Characters.

    Returns
    -------
    list of str
        No two alike.

    Examples
    --------
    >>> genre_labels(["hiphop", "<b>bold</b>"])
    ['hip-hop', '&lt;b&gt;bold&lt;/b&gt;']
    """
    names = [genre_name(genre) for genre in genres]
    short = [_shortened(name, longest) for name in names]
    # Names that differ in the middle alone are written out.
    chosen = [s if short.count(s) == 1 else n for s, n in zip(short, names, strict=True)]
    return [escape(name, quote=False) for name in chosen]


def _shortened(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    end = longest // 3
    return f"{name[: longest - end - 1].rstrip()}…{name[-end:].lstrip()}"
