"""The classifier of a model of one's own: any genres, by what ear and features hear."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from audionome.audio import Note
from audionome.models import own, tags, telling
from audionome.models._ear_hearing import Array, EarHeard, change_words
from audionome.models._hearing import Clock, Heard
from audionome.models._modelfile import ModelError
from audionome.models.classifier import Classifier, load_same
from audionome.models.concepts import CONCEPTS, REST, Patterns, Sides, tag_logits
from audionome.models.ear import Ear
from audionome.models.own import OwnFile
from audionome.models.own_ear import OwnEar
from audionome.models.prediction import Status, Tag, headline

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OwnClassifier"]

_USUAL = 0.25  # standard deviations


class OwnClassifier(Classifier):
    """The ear, classic features, and a head that names genres of one's own.

    Made by `audionome.load_classifier` of the path of a file. It has no companion: nobody else
    knows its genres.

    Parameters
    ----------
    ear : audionome.models.ear.Ear
    found : audionome.models.own.OwnFile
        The head, its calibration, its index of recordings, what is usual of them, and its card.
    path : Path
        Of the file; another process reads it again.

    See Also
    --------
    audionome.models.own : What is in the file.

    Examples
    --------
    >>> import audionome
    >>> mine = audionome.load_classifier("my.model")  # doctest: +SKIP
    >>> mine.classify("song.mp3").prediction_set  # doctest: +SKIP
    ('techno', 'house')
    """

    def __init__(self, ear: Ear, found: OwnFile, *, path: Path) -> None:
        super().__init__(
            found.calibration,
            genres=[str(c) for c in found.head.classes],
            index=found.index,
            card=found.card,
        )
        self.ear = ear
        self.path = path
        self.head = found.head
        self.measured = OwnEar(ear, found.card["features"])
        self.patterns = Patterns(
            ear.tags,
            found.head.linear.mean[: ear.embedding_size],
            found.logits,
            found.logit_deviation,
            found.patterns,
        )
        self.genre_logits = found.genre_logits

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a file.

        Parameters
        ----------
        path : Path

        Returns
        -------
        OwnClassifier

        Raises
        ------
        ModelError
            If there is no such file, or it is not what it should be.
        """
        found, ear = own.read(path), Ear.load()
        card = found.card
        if (card["network_sha256"], card["embedding_size"], card["n_tags"]) != (
            ear.card["graph_sha256"],
            ear.embedding_size,
            len(ear.tags),
        ):
            raise ModelError(
                f'"{path}" learned from what another network hears than the one of this version '
                "of Audionome; make it anew with `audionome train`."
            )
        return cls(ear, found, path=path)

    def __reduce__(self) -> tuple[Callable[[str, str], Classifier], tuple[str, str]]:
        """Pickle the path: another process reads the file again, if it is the same."""
        return load_same, (str(self.path), self.id)

    @property
    def id(self) -> str:
        """Its name and twelve digits that change with any number and any name in its file."""
        told = json.dumps(self.card, sort_keys=True)
        return f"{self.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def predict_proba(self, table: pd.DataFrame) -> NoReturn:
        """Refuse to answer about tables of features: this model needs the sound.

        Parameters
        ----------
        table : DataFrame

        Returns
        -------
        NoReturn

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            f"the model {self.name!r} listens to sound and cannot answer about a table of "
            "features; use its classify"
        )

    def hear(self, blocks: Iterable[NDArray[np.float32]], *, clock: Clock) -> _OwnHeard:
        """Return what will hear a recording.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
        clock : Clock

        Returns
        -------
        Heard

        See Also
        --------
        audionome.models.classifier.Classifier.hear : For all of it.
        """
        return _OwnHeard(self, clock.spent("features", self.measured.measure(blocks)))

    def _same(self, heard: Sequence[Heard]) -> str | None:
        return self.index.twin(heard[0].mean_row)

    def _message(self, named: Sequence[str], status: Status) -> str:
        promised = telling.promise(self.card, named, coverage=self.calibration.coverage)
        return f"{headline(named, status)}. {promised}"

    def _learned(self, track: str | None) -> tuple[Note, ...]:
        return () if track is None else (Note("learned", telling.learned(track)),)


class _OwnHeard(EarHeard):
    """What the ear and the features hear, and how a head of one's own takes it apart."""

    def __init__(self, of: OwnClassifier, measured: Iterator[NDArray[np.floating]]) -> None:
        super().__init__(of, measured)
        self._own = of

    @property
    def mean_features(self) -> dict[str, float]:
        """Mean of the classic features over the windows."""
        return self._own.measured.classic_of(self.rows)

    def parts(self, genre: int) -> tuple[Array, Array, Sequence[str], Sequence[Sides]]:
        """Return an average sound, what makes this one of it, the parts' names, and their words."""
        of = self._own
        n, e = of.ear.embedding_size, of.head.size
        vector, strengths = self.vector, self.strengths.astype(np.float64)
        logits, average = tag_logits(strengths), of.head.linear.mean
        away, scale = vector - average, of.head.linear.scale
        *concepts, rest = of.patterns.parts(vector[:n], logits)
        groups = of.measured.classic.groups
        parts = np.zeros((len(concepts) + 1 + len(groups.names) + 1, 2 * e))
        first = len(concepts) + 1  # of the groups of features
        parts[: first - 1, :n], parts[-1, :n] = concepts, rest
        parts[first - 1, e : e + n] = away[e : e + n]
        parts[first:-1, n:e] = groups.share.T * away[n:e]
        parts[first:-1, e + n :] = groups.share.T * away[e + n :]
        levels = (away[n:e] / scale[n:e]) @ groups.level
        words = of.patterns.words(
            logits, strengths.mean(axis=0), genre=of.genres[genre], of_genre=of.genre_logits[genre]
        )
        return (
            average,
            parts,
            [*CONCEPTS, "change over time", *groups.names, REST],
            [
                *words,
                change_words(away[e : e + n] / scale[e : e + n]),
                *(_feature_words(*pair) for pair in zip(groups.words, levels, strict=True)),
                (None, None),
            ],
        )

    def tags(self, genres: Mapping[str, float]) -> tuple[Tag, ...]:
        """Return what is heard, in words; its genres say nothing of them."""
        return tags.heard(self.strengths, None, names=self._own.ear.tags)


def _feature_words(words: tuple[str, str, str], level: float) -> Sides:
    """Return what is said of a group of features: nothing where it is as usual."""
    more, less, usual = words
    if abs(level) >= _USUAL:
        said = less if level < 0 else more
        return said, said
    return (usual, usual) if more == less else (None, None)
