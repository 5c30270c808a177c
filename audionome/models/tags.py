"""What the ear hears, in words: from tag probabilities to the few tags that are worth saying.

The ear gives a probability to each of the fifty words that the listeners of the Million Song
Dataset used most. Some of them say the same twice, some are personal ("beautiful"), and some are
said of nearly everything ("rock", "pop"). `heard` merges, orders and leaves out.

References
----------
.. [1] Bertin-Mahieux, Ellis, Whitman and Lamere, The Million Song Dataset (ISMIR 2011).
.. [2] Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging
       (ISMIR 2019, late-breaking).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audionome._words import genre_name, listed
from audionome.models.prediction import Tag

__all__ = [
    "FOREIGN",
    "FOREIGN_ONE",
    "MSD_TAGS",
    "RULES",
    "Meaning",
    "Rules",
    "TagKind",
    "foreign_style",
    "heard",
    "meanings",
]

TagKind = Literal["style", "instrument", "voice", "mood", "era"]


@dataclass(frozen=True)
class Meaning:
    """What a tag means.

    Attributes
    ----------
    name : str
        How it is written for a reader; tags that mean the same have one name.
    kind : {"style", "instrument", "voice", "mood", "era"}
    genres : tuple of str
        The genres of the ten that a style may be part of; empty for styles that are none of the
        ten, and for all other kinds.
    """

    name: str
    kind: TagKind
    genres: tuple[str, ...] = ()


# Raw tag: name, kind, genres. In the order of the ear's numbers, which is that of how often the
# listeners said them.
_TABLE: dict[str, tuple[str, TagKind, str]] = {
    "rock": ("rock", "style", "rock metal blues"),
    "pop": ("pop", "style", "pop country disco reggae"),
    "alternative": ("alternative", "style", "rock"),
    "indie": ("indie", "style", "rock pop"),
    "electronic": ("electronic", "style", ""),
    "female vocalists": ("female voice", "voice", ""),
    "dance": ("dance", "style", "disco pop"),
    "00s": ("2000s", "era", ""),
    "alternative rock": ("alternative rock", "style", "rock"),
    "jazz": ("jazz", "style", "jazz"),
    "beautiful": ("beautiful", "mood", ""),
    "metal": ("metal", "style", "metal"),
    "chillout": ("chill", "mood", ""),
    "male vocalists": ("male voice", "voice", ""),
    "classic rock": ("classic rock", "style", "rock metal"),
    "soul": ("soul", "style", "blues disco hiphop jazz pop reggae"),
    "indie rock": ("indie rock", "style", "rock"),
    "Mellow": ("mellow", "mood", ""),
    "electronica": ("electronic", "style", ""),
    "80s": ("80s", "era", ""),
    "folk": ("folk", "style", ""),
    "90s": ("90s", "era", ""),
    "chill": ("chill", "mood", ""),
    "instrumental": ("instrumental", "instrument", ""),
    "punk": ("punk", "style", "rock metal"),
    "oldies": ("oldies", "era", ""),
    "blues": ("blues", "style", "blues"),
    "hard rock": ("hard rock", "style", "rock metal"),
    "ambient": ("ambient", "style", ""),
    "acoustic": ("acoustic", "instrument", ""),
    "experimental": ("experimental", "style", ""),
    "female vocalist": ("female voice", "voice", ""),
    "guitar": ("guitar", "instrument", ""),
    "Hip-Hop": ("hip-hop", "style", "hiphop"),
    "70s": ("70s", "era", ""),
    "party": ("party", "mood", ""),
    "country": ("country", "style", "country"),
    "easy listening": ("easy listening", "mood", ""),
    "sexy": ("sexy", "mood", ""),
    "catchy": ("catchy", "mood", ""),
    "funk": ("funk", "style", "disco hiphop jazz pop reggae"),
    "electro": ("electro", "style", ""),
    "heavy metal": ("heavy metal", "style", "metal"),
    "Progressive rock": ("progressive rock", "style", "rock metal"),
    "60s": ("60s", "era", ""),
    "rnb": ("R&B", "style", "pop hiphop"),
    "indie pop": ("indie pop", "style", "pop rock"),
    "sad": ("sad", "mood", ""),
    "House": ("house", "style", ""),
    "happy": ("happy", "mood", ""),
}
_MEANINGS = {
    tag: Meaning(name, kind, tuple(genres.split())) for tag, (name, kind, genres) in _TABLE.items()
}
_STYLES = {m.name: m.genres for m in _MEANINGS.values() if m.kind == "style"}

#: The tags of MSD_musicnn, in the order of its numbers.
MSD_TAGS: tuple[str, ...] = tuple(_MEANINGS)


@dataclass(frozen=True)
class Rules:
    """When a tag is worth a word.

    Attributes
    ----------
    weak : float
        Mean strength below which it is not.
    usual : dict of str to float
        The same for tags that are said of nearly everything: three in four recordings of the ten
        genres stay below.
    order : tuple of tuple of str
        Kinds by turns: sound comes first; when it was made and how somebody feels about it, after.
    most : dict of str to int
        How many of a kind.
    unlikely : float
        Probability, of the likeliest genre's, below which a style is not named.
    wordless : tuple of str
        Genres that no tag names.
    strong : float
        Strength from which on music that is none of the ten is called so.
    """

    weak: float
    usual: Mapping[str, float]
    order: tuple[tuple[TagKind, ...], ...]
    most: Mapping[TagKind, int]
    unlikely: float
    wordless: tuple[str, ...]
    strong: float

    def least(self, meaning: Meaning) -> float:
        """Return the mean strength from which on a tag is worth a word.

        Parameters
        ----------
        meaning : Meaning

        Returns
        -------
        float
        """
        return self.usual.get(meaning.name, self.weak)


RULES = Rules(
    weak=0.1,
    usual={"rock": 0.17, "pop": 0.15},
    order=(("style", "instrument", "voice"), ("era",), ("mood",)),
    most={"style": 3, "instrument": 2, "voice": 1, "era": 1, "mood": 1},
    unlikely=0.25,
    wordless=("classical", "disco", "reggae"),
    strong=0.4,
)

#: What is said of music that is none of the ten genres, where the answer names several or one.
FOREIGN = "It sounds like {styles} music, none of the ten genres; those named are the nearest."
FOREIGN_ONE = "It sounds like {styles} music, none of the ten genres; {genre} is only the nearest."


def meanings(names: Sequence[str] = MSD_TAGS) -> dict[Meaning, list[int]]:
    """Return what tags mean, each meaning once.

    Parameters
    ----------
    names : sequence of str
        Of the tags, from `MSD_TAGS`.

    Returns
    -------
    dict of Meaning to list of int
        With the numbers of the tags that mean it, in the order of the first of them.

    Raises
    ------
    ValueError
        If a tag is not one of `MSD_TAGS`.

    Examples
    --------
    >>> [(meaning.name, tags) for meaning, tags in meanings(["chill", "jazz", "chillout"]).items()]
    [('chill', [0, 2]), ('jazz', [1])]
    """
    found: dict[Meaning, list[int]] = {}
    for k, name in enumerate(names):
        if name not in _MEANINGS:
            raise ValueError(f"no meaning is known of the tag {name!r}")
        found.setdefault(_MEANINGS[name], []).append(k)
    return found


def heard(
    probabilities: NDArray[np.floating],
    genres: Mapping[str, float] | None,
    *,
    names: Sequence[str] = MSD_TAGS,
) -> tuple[Tag, ...]:
    """Return the tags that are worth saying of a recording.

    Tags of one meaning count once, with the larger strength in each window. What is weak is left
    out, and so is a style all of whose genres are less than a quarter as likely as the likeliest:
    there is no word for classical music or reggae among the tags, and the network then takes its
    nearest one, such as jazz.

    Parameters
    ----------
    probabilities : ndarray of shape (windows, tags)
        In [0, 1].
    genres : mapping of str to float or None
        Probability of each of the ten genres; None if others were asked for, which say nothing of
        styles.
    names : sequence of str
        Of the tags, from `MSD_TAGS`.

    Returns
    -------
    tuple of Tag
        At most eight: styles, instruments and voices, the strongest first; then the era and the
        mood.

    Raises
    ------
    ValueError
        If a tag is not one of `MSD_TAGS`, or there is not one number for each.

    See Also
    --------
    foreign_style : What to say if the styles name none of the genres.

    Examples
    --------
    >>> found = heard(np.array([[0.6, 0.2], [0.4, 0.3]]), {"rock": 0.9}, names=["rock", "80s"])
    >>> [(tag.name, tag.kind, tag.strength, tag.over_time) for tag in found]
    [('rock', 'style', 0.5, (0.6, 0.4)), ('80s', 'era', 0.25, (0.2, 0.3))]
    """
    known = meanings(names)
    if probabilities.ndim != 2 or probabilities.shape[1] != len(names):
        raise ValueError(f"{len(names)} tags need as many columns, not {probabilities.shape}")
    curves = {meaning: probabilities[:, own].max(axis=1) for meaning, own in known.items()}
    found = [
        Tag(meaning.name, meaning.kind, float(curve.mean()), tuple(map(float, curve)))
        for meaning, curve in curves.items()
        if curve.mean() >= RULES.least(meaning) and _possible(meaning, genres)
    ]
    found.sort(key=lambda tag: -tag.strength)
    told: list[Tag] = []
    for kinds in RULES.order:
        for tag in found:
            if tag.kind in kinds and sum(t.kind == tag.kind for t in told) < RULES.most[tag.kind]:
                told.append(tag)
    return tuple(told)


def _possible(meaning: Meaning, genres: Mapping[str, float] | None) -> bool:
    if genres is None or not meaning.genres:
        return True
    return max(genres.get(g, 0) for g in meaning.genres) >= RULES.unlikely * max(genres.values())


def foreign_style(tags: Sequence[Tag], prediction_set: Sequence[str]) -> str:
    """Return a sentence about music that is none of the ten genres, or nothing.

    Parameters
    ----------
    tags : sequence of Tag
        From `heard`.
    prediction_set : sequence of str
        The genres that the answer names.

    Returns
    -------
    str
        Empty unless a style that is none of the ten is strong, and every style that may be part
        of one of them is less than half as strong. Empty as well if the answer names no genre, or
        one that no tag names, such as classical: the network then says its nearest words.

    Examples
    --------
    >>> foreign_style([Tag("house", "style", 0.6, (0.6,))], ["pop", "hiphop"])
    'It sounds like house music, none of the ten genres; those named are the nearest.'
    >>> foreign_style([Tag("house", "style", 0.6, (0.6,))], ["pop"])
    'It sounds like house music, none of the ten genres; pop is only the nearest.'
    """
    if not prediction_set or (len(prediction_set) == 1 and prediction_set[0] in RULES.wordless):
        return ""
    styles = [tag for tag in tags if tag.kind == "style"]
    foreign = [tag for tag in styles if not _STYLES[tag.name]]
    if not foreign or foreign[0].strength < RULES.strong:
        return ""
    if any(tag.strength >= foreign[0].strength / 2 for tag in styles if _STYLES[tag.name]):
        return ""
    sentence = FOREIGN_ONE if len(prediction_set) == 1 else FOREIGN
    named = listed([tag.name for tag in foreign])
    return sentence.format(styles=named, genre=genre_name(prediction_set[0]))
