"""The answer for one recording, and the sentences in which it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from audionome._words import either, genre_name, likelihood, sentence_case
from audionome.audio import Note
from audionome.features.tempo import Tempo
from audionome.models.attribution import Reason
from audionome.models.neighbors import Neighbour

__all__ = [
    "FEW",
    "HEADLINES",
    "NEAREST",
    "NO_LEADER",
    "NO_PROMISE",
    "Hearing",
    "Prediction",
    "Status",
    "Tag",
    "WindowPrediction",
    "headline",
    "join_names",
    "leading_genre",
    "message",
    "nearest",
    "promise",
    "split_names",
    "status_of",
]

#: One genre; two or three; more; unlike anything the model learned from.
Status = Literal["one", "few", "many", "out-of-distribution"]

#: Most genres of a ``"few"``.
FEW = 3

#: An answer in a few words, with the genres of its prediction set.
HEADLINES: dict[Status, str] = {
    "one": "{genres}",
    "few": "{genres}",
    "many": "Not sure: {genres}",
    "out-of-distribution": "Unlike anything it knows",
}

#: What is promised of a sound that is unlike any music.
NO_PROMISE = "No genre is promised for such a sound."

#: What is said of the nearest genre of such a sound, and where not even one can be named.
NEAREST = "Nearest: {genre} {probability}"
NO_LEADER = "no genre stands out"


@dataclass(frozen=True)
class WindowPrediction:
    """Probabilities of one 3-second window; ``start`` and ``end`` in seconds."""

    start: float
    end: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Tag:
    """A word that listeners give to such music, and how strongly the model hears it.

    Attributes
    ----------
    name : str
    kind : {"style", "instrument", "voice", "mood", "era"}
    strength : float
        Mean over the windows, in [0, 1].
    over_time : tuple of float
        Strength in each window.
    """

    name: str
    kind: Literal["style", "instrument", "voice", "mood", "era"]
    strength: float
    over_time: tuple[float, ...]


@dataclass(frozen=True)
class Prediction:
    """The answer for one recording.

    Attributes
    ----------
    status : {"one", "few", "many", "out-of-distribution"}
        How many genres the prediction set names: one, two or three, or more; or that the sound is
        unlike anything the model learned from.
    genre : str
        The likeliest genre.
    prediction_set : tuple of str
        The genres that it may be, the most probable first. Empty if ``"out-of-distribution"``:
        nothing is promised of such a sound.
    coverage : float
        The share of answers about new music whose prediction set holds the true genre.
    confidence : float
        Its probability.
    probabilities : dict of str to float
        Of the recording as a whole; they sum to 1. Out of the distribution they fade towards
        ignorance, one tenth each; see `audionome.models.calibration.fade`.
    windows : tuple of WindowPrediction
        The timeline. Silence is in none of them; the last one may overlap the one before.
    reasons : tuple of Reason
        What spoke for and against the genre, the weightiest first. Their contributions and
        ``baseline`` sum to ``confidence``.
    baseline : float
        Probability of the genre for an average sound.
    neighbours : tuple of Neighbour
        The training tracks that sound most alike.
    second_opinion : dict of str to float or None
        Probabilities by the model's companion: the extended model beside the ear, the classic one
        beside the extended.
    distance : float
        How far the sound is from what the model learned from; above 1 it is
        ``"out-of-distribution"``.
    place : tuple of float
        Where the sound lies on the first two axes of the model's index, as its tracks do.
    features : dict of str to float
        Mean over the windows of the classic features that do not hang on loudness.
    tempo : audionome.features.tempo.Tempo
        Of the whole recording, how probable it is, and another level that it may be; 0 BPM if there
        is no beat.
    duration : float
        Length of the recording (s).
    seconds : dict of str to float
        Time spent in each step: ``decode``, ``features``, ``model``.
    message : str
        One honest sentence.
    silence : float
        Seconds of silence, which were left out of the answer.
    notes : tuple of Note
        What a listener should know about the recording: that the file was cut short or is damaged,
        say.
    learned_from : str or None
        The track of the training set that is this very recording, if one is.
    tags : tuple of Tag
        What the model hears, the strongest first; empty for models that know no tags.
    """

    status: Status
    genre: str
    prediction_set: tuple[str, ...]
    coverage: float
    confidence: float
    probabilities: dict[str, float]
    windows: tuple[WindowPrediction, ...]
    reasons: tuple[Reason, ...]
    baseline: float
    neighbours: tuple[Neighbour, ...]
    second_opinion: dict[str, float] | None
    distance: float
    place: tuple[float, float]
    features: dict[str, float]
    tempo: Tempo
    duration: float
    seconds: dict[str, float]
    message: str
    silence: float = 0.0
    notes: tuple[Note, ...] = ()
    learned_from: str | None = None
    tags: tuple[Tag, ...] = ()

    @property
    def headline(self) -> str:
        """The answer in a few words, no surer than it is."""
        kind = status_of(self.prediction_set, genres=len(self.probabilities))
        return headline(self.prediction_set, kind)

    @property
    def leading(self) -> str:
        """The genre that is spoken of; empty if none stands out. See `leading_genre`."""
        return self.genre if leading_genre(self.prediction_set, self.probabilities) else ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON.

        Returns
        -------
        dict
            A key for each attribute.
        """
        return {
            **asdict(self),
            "prediction_set": list(self.prediction_set),
            "windows": [asdict(w) for w in self.windows],
            "reasons": [asdict(r) for r in self.reasons],
            "neighbours": [asdict(n) for n in self.neighbours],
            "notes": [asdict(n) for n in self.notes],
            "tags": [{**asdict(t), "over_time": list(t.over_time)} for t in self.tags],
        }

    def as_row(self, **first: str) -> dict[str, str | float | None]:
        """Return one flat row, for a table of many recordings.

        Parameters
        ----------
        **first : str
            Cells that stand before it, such as the name of the file.

        Returns
        -------
        dict
        """
        second = self.second_opinion
        return {
            **first,
            "status": self.status,
            "genre": self.genre,
            "prediction_set": join_names(self.prediction_set),
            "coverage": self.coverage,
            "confidence": self.confidence,
            **{f"p_{genre}": p for genre, p in self.probabilities.items()},
            "second_opinion": max(second, key=second.__getitem__) if second else None,
            "distance": self.distance,
            "tempo": self.tempo.bpm,
            "tempo_probability": self.tempo.probability,
            "tempo_alternative": self.tempo.alternative,
            "duration": self.duration,
            "learned_from": self.learned_from,
            "message": self.message,
            "tags": "|".join(tag.name for tag in self.tags),
            "notes": " ".join(note.text for note in self.notes),
        }


@dataclass(frozen=True)
class Hearing:
    """What the ear alone answers about samples: the part of a `Prediction` that needs no file.

    Attributes
    ----------
    status, genre, prediction_set, coverage, confidence, probabilities, windows, tags, distance, \
    duration, silence, message
        As in `Prediction`.
    """

    status: Status
    genre: str
    prediction_set: tuple[str, ...]
    coverage: float
    confidence: float
    probabilities: dict[str, float]
    windows: tuple[WindowPrediction, ...]
    tags: tuple[Tag, ...]
    distance: float
    duration: float
    silence: float
    message: str


def join_names(names: Sequence[str]) -> str:
    r"""Return names as one cell of a table, between upright bars.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    str
        A bar or a backslash that is part of a name has a backslash before it.

    See Also
    --------
    split_names : The way back.

    Examples
    --------
    >>> join_names(["rock", "pop"]), join_names(["A|B", "C"])
    ('rock|pop', 'A\\|B|C')
    """
    return "|".join(name.replace("\\", "\\\\").replace("|", "\\|") for name in names)


def split_names(cell: str) -> tuple[str, ...]:
    """Return the names that `join_names` has put into a cell.

    Parameters
    ----------
    cell : str

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> split_names(join_names(["A|B", "C"]))
    ('A|B', 'C')
    """
    parts = re.findall(r"(?:[^|\\]|\\.)+", cell, re.DOTALL)
    return tuple(re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in parts)


def status_of(prediction_set: Sequence[str], *, genres: int | None = None) -> Status:
    """Return the status of an answer that names these genres.

    Parameters
    ----------
    prediction_set : sequence of str
        Empty if the sound is out of the distribution.
    genres : int, optional
        How many the model knows: to name all of them is ``"many"``, however few they are.

    Returns
    -------
    {"one", "few", "many", "out-of-distribution"}

    Examples
    --------
    >>> status_of(["techno", "house"]), status_of(["techno", "house"], genres=2)
    ('few', 'many')
    """
    if not prediction_set:
        return "out-of-distribution"
    if len(prediction_set) == 1:
        return "one"
    if len(prediction_set) == genres:
        return "many"
    return "few" if len(prediction_set) <= FEW else "many"


def headline(prediction_set: Sequence[str], status: Status | None = None) -> str:
    """Return an answer in a few words, no surer than it is.

    Parameters
    ----------
    prediction_set : sequence of str
        The most probable first; empty if the sound is out of the distribution.
    status : {"one", "few", "many", "out-of-distribution"}, optional
        Of the answer; by default that of such a set.

    Returns
    -------
    str

    Examples
    --------
    >>> headline(["rock", "hiphop"])
    'Rock or hip-hop'
    >>> headline(["pop", "disco", "hiphop", "reggae"])
    'Not sure: pop, disco, hip-hop or reggae'
    >>> headline([])
    'Unlike anything it knows'
    """
    names = either([genre_name(g) for g in prediction_set])
    return sentence_case(HEADLINES[status or status_of(prediction_set)].format(genres=names))


def leading_genre(prediction_set: Sequence[str], probabilities: Mapping[str, float]) -> str:
    """Return the genre that is spoken of: the likeliest, if it stands out.

    Of an answer that names genres it always does. Of a sound unlike any music it does if it leads
    the second by at least twice an even share: two tenths of ten genres (of fewer than four, by a
    half).
    `audionome.models.calibration.fade` shrinks every lead by ``distance**-4``, so from a distance
    of 1.5 on, where noise and test tones lie, no genre stands out however sure the model was.

    Parameters
    ----------
    prediction_set : sequence of str
        Empty if the sound is out of the distribution.
    probabilities : mapping of str to float
        Of two genres at least.

    Returns
    -------
    str
        Empty if none stands out.

    Examples
    --------
    >>> leading_genre([], {"pop": 0.38, "rock": 0.32, "jazz": 0.3})
    ''
    >>> leading_genre([], {"pop": 0.8, "rock": 0.1, "jazz": 0.1})
    'pop'
    """
    first, second = sorted(probabilities, key=lambda genre: -probabilities[genre])[:2]
    lead = probabilities[first] - probabilities[second]
    return first if prediction_set or lead >= min(0.5, 2 / len(probabilities)) else ""


def nearest(prediction_set: Sequence[str], probabilities: Mapping[str, float]) -> str:
    """Return what a sound unlike any music comes nearest to, in a few words.

    Parameters
    ----------
    prediction_set, probabilities
        As for `leading_genre`.

    Returns
    -------
    str
        Empty if the answer names genres.

    Examples
    --------
    >>> nearest([], {"hiphop": 0.8, "rock": 0.1, "jazz": 0.1})
    'Nearest: hip-hop 80%'
    >>> nearest([], {"pop": 0.34, "rock": 0.33, "jazz": 0.33})
    'No genre stands out.'
    """
    if prediction_set:
        return ""
    leading = leading_genre(prediction_set, probabilities)
    if not leading:
        return f"{sentence_case(NO_LEADER)}."
    probability = likelihood(probabilities[leading])
    return NEAREST.format(genre=genre_name(leading), probability=probability)


def message(prediction_set: Sequence[str], *, coverage: float) -> str:
    """Return an answer in sentences: the genres, and what that promises.

    Parameters
    ----------
    prediction_set : sequence of str
        The most probable first; empty if the sound is out of the distribution.
    coverage : float
        Share of answers whose set holds the true genre.

    Returns
    -------
    str

    Examples
    --------
    >>> message(["rock", "metal"], coverage=0.9)
    'Rock or metal. About nine in ten answers include the right genre, on music it has never heard.'
    """
    return f"{headline(prediction_set)}. {promise(prediction_set, coverage=coverage)}"


def promise(prediction_set: Sequence[str], *, coverage: float) -> str:
    """Return what answers promise, as a sentence.

    "About": `audionome.lab.promises.kept` measures what was kept, with its interval.

    Parameters
    ----------
    prediction_set, coverage
        As for `message`.

    Returns
    -------
    str

    Examples
    --------
    >>> promise(["rock", "metal"], coverage=0.9)
    'About nine in ten answers include the right genre, on music it has never heard.'
    """
    if not prediction_set:
        return NO_PROMISE
    share = "nine in ten" if coverage == 0.9 else f"{coverage:.0%} of"
    return f"About {share} answers include the right genre, on music it has never heard."
