"""The answer for one recording, and the sentences in which it is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from audionome.audio import Note
from audionome.models.attribution import Reason
from audionome.models.neighbors import Neighbour

__all__ = ["Prediction", "Status", "WindowPrediction", "message"]

Status = Literal["ok", "unsure", "out-of-distribution"]


@dataclass(frozen=True)
class WindowPrediction:
    """Probabilities of one 3-second window; ``start`` and ``end`` in seconds."""

    start: float
    end: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Prediction:
    """The answer for one recording.

    Attributes
    ----------
    status : {"ok", "unsure", "out-of-distribution"}
        ``"unsure"`` when the probabilities are spread more widely than those of nine in ten known
        tracks; ``"out-of-distribution"`` when the sound is unlike anything the model learned from.
    genre : str
        The likeliest genre.
    confidence : float
        Its probability.
    probabilities : dict of str to float
        Mean over the windows; they sum to 1. Out of the distribution they fade towards ignorance,
        one tenth each; see `audionome.models.calibration.fade`.
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
        Probabilities by the model of the classic features, where another one answered.
    distance : float
        How far the sound is from what the model learned from: its squared distance in multiples of
        the one from which on it is ``"out-of-distribution"``.
    place : tuple of float
        Where the sound lies on the first two axes of the model's index, as its tracks do.
    features : dict of str to float
        Mean over the windows of the classic features that do not hang on loudness.
    tempo : float
        Median tempo of the windows (BPM); 0 if there is no beat.
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
    """

    status: Status
    genre: str
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
    tempo: float
    duration: float
    seconds: dict[str, float]
    message: str
    silence: float = 0.0
    notes: tuple[Note, ...] = ()
    learned_from: str | None = None

    @property
    def headline(self) -> str:
        """The answer in a few words, no surer than it is."""
        if self.status == "out-of-distribution":
            return "Unlike anything it learned from"
        if self.status == "ok":
            return self.genre if self.confidence >= 0.5 else f"Perhaps {self.genre}"
        ranked = sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True)
        return f"Not sure: {ranked[0]} or {ranked[1]}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON.

        Returns
        -------
        dict
            A key for each attribute.
        """
        return {
            **asdict(self),
            "windows": [asdict(w) for w in self.windows],
            "reasons": [asdict(r) for r in self.reasons],
            "neighbours": [asdict(n) for n in self.neighbours],
            "notes": [asdict(n) for n in self.notes],
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
            "confidence": self.confidence,
            **{f"p_{genre}": p for genre, p in self.probabilities.items()},
            "second_opinion": max(second, key=second.__getitem__) if second else None,
            "distance": self.distance,
            "tempo": self.tempo,
            "duration": self.duration,
            "learned_from": self.learned_from,
            "message": self.message,
            "notes": " ".join(note.text for note in self.notes),
        }


def message(probabilities: dict[str, float], *, status: Status) -> str:
    """Return what an honest person would say of an answer.

    Parameters
    ----------
    probabilities : dict of str to float
        Genre to probability, at least two.
    status : {"ok", "unsure", "out-of-distribution"}

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> message({"blues": 0.6, "jazz": 0.4}, status="ok")
    'Probably blues; jazz is close.'
    """
    (first, p), (second, q) = sorted(probabilities.items(), key=lambda item: -item[1])[:2]
    if status == "out-of-distribution":
        return f"This is unlike anything the model learned from; {first} is no more than a guess."
    if status == "unsure":
        nearly = f", {second} nearly as well" if q >= 0.8 * p else f", then {second}"
        return f"Not sure: {first} fits best{nearly}."
    # Below one half, no genre is probable, though one may stand out.
    likely = f"Probably {first}" if p >= 0.5 else f"Perhaps {first}"
    return f"{likely}; {second} is close." if q >= 0.5 * p else f"{likely}."
