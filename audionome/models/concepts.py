"""Why the ear gave its answer, in a musician's words.

The head's answer hangs on an embedding of 200 numbers that have no names. The tags have: each is a
weighted sum of the embedding. The *concepts* here are groups of tags. What a concept adds to an
embedding is what one expects of an embedding in which its tags are as strong as they are, and all
other tags as usual (a linear regression of embeddings on tags, which turns weights into
patterns). The rest of the embedding, which no tag speaks of, is a part of its own.

From the parts to the probability it goes as for the linear models: along the straight line from an
average sound to this one (see `audionome.models.attribution`).

References
----------
.. [1] Haufe et al., On the interpretation of weight vectors of linear models in multivariate
   neuroimaging (NeuroImage, 2014).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audionome.models.attribution import REST, Reason

__all__ = ["CONCEPTS", "REST", "Concept", "Patterns", "concept_reasons", "tag_logits"]

#: Words for a genre, and words against it.
Sides = tuple[str | None, str | None]

_STEPS = 32
_STEP = 1e-4  # of the difference that stands for a derivative, in parts of the whole way
_USUAL = 0.25  # standard deviations from which on there is more than usual
_HEARD = 0.15  # strength of a tag from which on it can be heard
_TINY = 1e-6


@dataclass(frozen=True)
class Concept:
    """Tags that a musician would name together.

    Attributes
    ----------
    tags : tuple of str
        As the network names them.
    words : tuple of (str, str)
        How a person would say that it is heard, and that it is not.
    genres : str
        The genres of which it is usual, with spaces between; "" where it says nothing of a genre.
    """

    tags: tuple[str, ...]
    words: tuple[str, str]
    genres: str = ""

    def sides(self, genre: str, *, present: bool) -> Sides:
        """Return the words if it spoke for a genre, and if it spoke against it.

        Parameters
        ----------
        genre : str
        present : bool
            Whether it is heard.

        Returns
        -------
        tuple of (str or None, str or None)
            None where nobody would say so: that heavy guitars are missing is no argument against
            classical music, and a jazz sound is none against jazz.
        """
        return self.sides_where(genre in self.genres.split(), present=present)

    def sides_where(self, usual: bool, *, present: bool) -> Sides:
        """Return the same for a genre of which it is usual, or is not.

        Parameters
        ----------
        usual, present : bool

        Returns
        -------
        tuple of (str or None, str or None)
        """
        if present:
            return self.words[0], None if usual else self.words[0]
        return (
            self.words[1] if self.genres and not usual else None,
            self.words[1] if usual else None,
        )


CONCEPTS: dict[str, Concept] = {
    "rock": Concept(
        (
            "rock",
            "alternative",
            "indie",
            "alternative rock",
            "indie rock",
            "punk",
            "classic rock",
            "Progressive rock",
            "indie pop",
        ),
        ("an indie, alternative or classic rock sound", "no indie or classic rock sound"),
        "rock metal",
    ),
    "distorted guitars": Concept(
        ("metal", "heavy metal", "hard rock"),
        ("heavy, distorted guitars", "no heavy guitars"),
        "metal rock",
    ),
    "acoustic guitar": Concept(
        ("acoustic", "guitar", "folk"),
        ("acoustic guitar and a folk sound", "no acoustic guitar or folk sound"),
        "country blues",
    ),
    "jazz": Concept(("jazz",), ("a jazz sound", "no jazz sound"), "jazz"),
    "blues": Concept(("blues",), ("a blues sound", "no blues sound"), "blues"),
    "soul and funk": Concept(
        ("soul", "funk", "rnb"),
        ("a soul, funk or R&B sound", "no soul, funk or R&B sound"),
        "disco hiphop blues reggae pop",
    ),
    "rap": Concept(("Hip-Hop",), ("rap or hip-hop beats", "no rap or hip-hop beats"), "hiphop"),
    "electronics": Concept(
        ("electronic", "electronica", "electro", "House", "dance"),
        ("electronic sounds and a dance beat", "no electronic sounds or dance beat"),
        "disco pop",
    ),
    "country": Concept(("country",), ("a country sound", "no country sound"), "country"),
    "female voice": Concept(
        ("female vocalists", "female vocalist"), ("a woman's voice", "no woman's voice")
    ),
    "male voice": Concept(("male vocalists",), ("a man's voice", "no man's voice")),
    "instrumental": Concept(
        ("instrumental", "ambient", "experimental"),
        ("instruments without singing", "singing"),
        "classical jazz",
    ),
    "old recording": Concept(
        ("oldies", "60s", "70s"),
        ("the sound of the 60s or 70s", "does not sound like the 60s or 70s"),
        "blues country disco jazz reggae rock",
    ),
    "eighties": Concept(
        ("80s",), ("the sound of the 80s", "does not sound like the 80s"), "disco pop metal rock"
    ),
    "recent recording": Concept(
        ("90s", "00s"),
        ("the sound of the 90s or 2000s", "does not sound like the 90s or 2000s"),
        "hiphop metal pop rock",
    ),
    "calm": Concept(
        ("Mellow", "chill", "chillout", "easy listening", "beautiful", "sad"),
        ("a calm mood", "no calm mood"),
        "blues classical country jazz reggae",
    ),
    "party": Concept(
        ("party", "happy", "catchy", "sexy", "pop"),
        ("a catchy pop sound", "no catchy pop sound"),
        "disco pop hiphop",
    ),
}


@dataclass(frozen=True)
class Patterns:
    """How embeddings change with tags.

    Attributes
    ----------
    tags : tuple of str
        As the network names them.
    embedding : ndarray of shape (e,)
        The usual embedding.
    logits : ndarray of shape (t,)
        Usual strength of each tag (log odds).
    spread : ndarray of shape (t,)
        Standard deviation of the strengths.
    change : ndarray of shape (t, e)
        What an embedding gains when one tag grows by 1 and no other changes.
    """

    tags: tuple[str, ...]
    embedding: NDArray[np.float64]
    logits: NDArray[np.float64]
    spread: NDArray[np.float64]
    change: NDArray[np.float64]

    def parts(
        self, embedding: NDArray[np.floating], logits: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Take an embedding apart.

        Parameters
        ----------
        embedding : ndarray of shape (e,)
        logits : ndarray of shape (t,)

        Returns
        -------
        ndarray of shape (concepts + 1, e)
            What each of `CONCEPTS` adds, and last the rest; with the usual embedding they sum to
            the one that was given.
        """
        away = (np.asarray(logits, dtype=np.float64) - self.logits)[:, None] * self.change
        found = np.stack([away[self._rows(c)].sum(axis=0) for c in CONCEPTS.values()])
        rest = embedding - self.embedding - found.sum(axis=0)
        return np.concatenate([found, rest[None]])

    def words(
        self,
        logits: NDArray[np.floating],
        strengths: NDArray[np.floating],
        *,
        genre: str,
        of_genre: NDArray[np.floating] | None = None,
    ) -> list[Sides]:
        """Return what is heard of each concept.

        Parameters
        ----------
        logits : ndarray of shape (t,)
            Mean strength of each tag (log odds).
        strengths : ndarray of shape (t,)
            The same in [0, 1].
        genre : str
            The one that it speaks for or against.
        of_genre : ndarray of shape (t,), optional
            Usual strength of each tag (log odds) in that genre. Without it the concept knows of
            which genres it is usual.

        Returns
        -------
        list of (str or None, str or None)
            As `Concept.sides`, one for each of `CONCEPTS`; twice None where it is neither clearly
            heard nor clearly absent.
        """
        levels = (logits - self.logits) / self.spread
        found: list[Sides] = []
        for concept in CONCEPTS.values():
            rows = self._rows(concept)
            level, strength = float(levels[rows].mean()), float(strengths[rows].max())
            present = strength >= _HEARD
            clear = level >= _USUAL if present else level <= -_USUAL
            if not clear:
                found.append((None, None))
            elif of_genre is None:
                found.append(concept.sides(genre, present=present))
            else:
                more = (of_genre - self.logits)[rows] / self.spread[rows]
                usual = bool(concept.genres) and float(more.mean()) >= _USUAL
                found.append(concept.sides_where(usual, present=present))
        return found

    def _rows(self, concept: Concept) -> list[int]:
        return [self.tags.index(tag) for tag in concept.tags]


def tag_logits(strengths: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean strength of each tag over the windows, as log odds.

    Parameters
    ----------
    strengths : ndarray of shape (windows, t)
        In [0, 1].

    Returns
    -------
    ndarray of shape (t,)
    """
    p = np.clip(strengths, _TINY, 1 - _TINY)
    found: NDArray[np.float64] = np.log(p / (1 - p)).mean(axis=0)
    return found


def concept_reasons(
    probability: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    average: NDArray[np.float64],
    parts: NDArray[np.float64],
    *,
    names: Sequence[str],
    words: Sequence[Sides],
) -> tuple[Reason, ...]:
    """Return what each part of a sound did to the probability of its genre.

    A part is named only if there are words for what it did, and if leaving it out moves the
    probability the same way; what the others did goes to the last one, the rest.

    Parameters
    ----------
    probability : callable
        Takes rows of sounds, ``(n, d)``, and returns the genre's probability of each, ``(n,)``.
    average : ndarray of shape (d,)
        An average sound.
    parts : ndarray of shape (k, d)
        Together with the average they are the sound.
    names : sequence of str
        Of each part.
    words : sequence of (str or None, str or None)
        What was heard of each part: if it spoke for the genre, and if it spoke against it.

    Returns
    -------
    tuple of Reason
        The weightiest first; the rest, which no words tell, last. Their contributions and the
        probability of the average sound sum to that of the sound.
    """
    total = parts.sum(axis=0)
    points, weights = np.polynomial.legendre.leggauss(_STEPS)
    way = average + ((points + 1) / 2)[:, None] * total
    steps = _STEP * parts
    ahead = (way[:, None] + steps).reshape(-1, len(average))
    behind = (way[:, None] - steps).reshape(-1, len(average))
    slopes = (probability(ahead) - probability(behind)).reshape(_STEPS, len(parts)) / (2 * _STEP)
    added = (weights / 2) @ slopes
    sound = average + total
    # The steps are small but not none: what they miss belongs to nobody, so to the rest.
    whole, base = probability(np.stack([sound, average]))
    missing = whole - probability(sound - parts)
    told = [sides[int(value < 0)] for sides, value in zip(words, added, strict=True)]
    named = (added * missing > 0) & np.array([text is not None for text in told])
    named[-1] = False
    rest = float(whole - base - added[named].sum())
    order = [i for i in np.argsort(-np.abs(added), kind="stable") if named[i]]
    found = [Reason(names[i], str(told[i]), float(added[i])) for i in order]
    return (*found, Reason(names[-1], REST, rest))
