"""The classifier that listens with the ear: ten genres from its embedding, words from its tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audionome.audio.cutting import cut
from audionome.errors import ModelError
from audionome.models import head, tags
from audionome.models._ear_hearing import Array, EarHeard, change_words
from audionome.models._hearing import Clock, Heard
from audionome.models.classifier import Classifier
from audionome.models.concepts import CONCEPTS, REST, Patterns, Sides, tag_logits
from audionome.models.ear import Ear
from audionome.models.head import HeadFile
from audionome.models.prediction import Hearing, Tag

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EarClassifier"]


class EarClassifier(Classifier):
    """The ear, a head that names genres, and what is needed to say how sure it is.

    Parameters
    ----------
    ear : audionome.models.ear.Ear
        Measures a recording: embedding and tags of every window.
    found : audionome.models.head.HeadFile
        The head, its calibration, its index of tracks, what is usual of music, and its card.
    companion : Classifier
        The best model from scratch: it gives the second opinion, and knows GTZAN's recordings
        again.
    """

    def __init__(self, ear: Ear, found: HeadFile, *, companion: Classifier) -> None:
        super().__init__(
            found.calibration,
            genres=[str(c) for c in found.head.classes],
            index=found.index,
            card=found.card,
            companion=companion,
        )
        self.ear = ear
        self.head = found.head
        self.usual = found.usual
        self.patterns = Patterns(
            ear.tags,
            found.usual.embedding,
            found.usual.logits,
            found.usual.logit_deviation,
            found.usual.patterns,
        )
        self._from_scratch = companion

    @classmethod
    def load(cls, folder: Path, name: str, *, load: Callable[[str], Classifier]) -> Self:
        """Load a model of a folder.

        Parameters
        ----------
        folder : Path
        name : str
        load : callable
            Loads the companion by its name.

        Returns
        -------
        EarClassifier

        Raises
        ------
        ModelError
            If there is no such model, or its files are not what they should be.
        """
        found = head.read(folder, name)
        network = folder / f"{found.card['network']}.onnx"
        ear = Ear.load(network)
        if ear.card["graph_sha256"] != found.card["network_sha256"]:
            raise ModelError(
                f"{folder / name}.json is of a head that learned from another network than "
                f"{network.name}; run `audionome lab ear train` to make one for it."
            )
        return cls(ear, found, companion=load(found.card["companion"]))

    def predict_proba(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of feature rows: by the companion, as the ear needs sound.

        Parameters
        ----------
        table : DataFrame

        Returns
        -------
        ndarray of shape (rows, genres), float64

        See Also
        --------
        audionome.models.linear_classifier.LinearClassifier.predict_proba : For all of it.
        """
        return self._from_scratch.predict_proba(table)

    def hear(self, blocks: Iterable[NDArray[np.float32]], *, clock: Clock) -> _EarHeard:
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
        return _EarHeard(self, clock.spent("features", self.ear.measure(blocks)))

    def classify_samples(self, samples: ArrayLike, *, name: str = "The recording") -> Hearing:
        """Answer about samples by the ear alone, as the page of the report does.

        Parameters
        ----------
        samples : array-like of shape (n,)
            Mono samples at the sample rate of the ear (16 kHz), full scale [-1, 1].
        name : str
            How the sentences of the errors call the recording.

        Returns
        -------
        Hearing
            Nearly what `classify` answers about a file with these samples. It knows no second
            opinion, no tempo and no neighbours.

        Raises
        ------
        ValueError
            If the samples are not one row.
        audionome.audio.AudioError
            If they cannot be used; its text is a plain sentence.

        See Also
        --------
        audionome.classify : For files.

        Examples
        --------
        >>> from audionome import load_classifier
        >>> noise = np.random.default_rng(0).normal(size=5 * 16_000)
        >>> load_classifier("ear").classify_samples(noise / 9).prediction_set
        ()
        """
        row = np.asarray(samples, dtype=np.float32)
        if row.ndim != 1:
            raise ValueError(f"samples must be one row (mono), not of shape {row.shape}")
        found = cut(row, rate=self.ear.sample_rate, name=name)
        heard = _EarHeard(self, self.ear.rows(found.windows))
        while heard.hear_more():
            pass
        return self._hearing(heard, found, distance=heard.distance())

    def _same(self, heard: Sequence[Heard]) -> str | None:
        # What the ear hears of two recordings can be as alike as two copies of one.
        return self._from_scratch.index.same(heard[1].mean_row)


class _EarHeard(EarHeard):
    """What the ear hears, and how the head that ships takes it apart."""

    def __init__(self, of: EarClassifier, measured: Iterator[NDArray[np.floating]]) -> None:
        super().__init__(of, measured)
        self._own = of

    def parts(self, genre: int) -> tuple[Array, Array, list[str], list[Sides]]:
        """Return an average sound, what makes this one of it, the parts' names, and their words."""
        usual, size = self._own.usual, self._own.ear.embedding_size
        vector, strengths = self.vector, self.strengths.astype(np.float64)
        logits = tag_logits(strengths)
        average = np.concatenate([usual.embedding, usual.spread])
        *concepts, rest = self._own.patterns.parts(vector[:size], logits)
        parts = np.zeros((len(concepts) + 2, 2 * size))
        parts[:-2, :size], parts[-1, :size] = concepts, rest
        parts[-2, size:] = change = vector[size:] - usual.spread
        changes = change_words(change / usual.spread_deviation)
        words = self._own.patterns.words(
            logits, strengths.mean(axis=0), genre=self._own.genres[genre]
        )
        names = [*CONCEPTS, "change over time", REST]
        return average, parts, names, [*words, changes, (None, None)]

    def tags(self, genres: Mapping[str, float]) -> tuple[Tag, ...]:
        """Return what is heard, in words."""
        return tags.heard(self.strengths, genres, names=self._own.ear.tags)
