"""How the command line and the page tell an answer, in the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audionome._words import counted, genre_name, listed, number_word
from audionome.features.tempo import Tempo
from audionome.models import prediction as answers
from audionome.models.prediction import Prediction, Status
from audionome.models.reliability import Reliability
from audionome.models.tags import foreign_style

__all__ = [
    "alike",
    "clip",
    "family",
    "foreign",
    "hearing",
    "is_own",
    "learned",
    "promise",
    "refused",
    "right",
    "tempo",
    "tempo_of",
    "track_names",
    "untested",
]

_PROBABLE = 0.5
# What the promise of a model of one's own is about.
_LIKE = "on recordings of this kind that it has not heard"
# What it was tested on, by what its recordings were kept apart.
_TESTED = {
    "artist": "artists that it had not heard",
    "album": "albums that it had not heard",
    "folder": "folders that it had not heard",
    "file": "recordings that it had not heard",
}
# Cosines from which on two sounds are alike, in words.
_ALIKE = ((0.9, "very similar"), (0.75, "similar"), (0.5, "a little similar"))


def tempo(found: Tempo, *, brief: bool = False) -> str:
    """Return a tempo in words, with the other one that it may be, and with its doubt.

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
    'about 112 BPM (or 56)'
    >>> tempo(Tempo(112.3, probability=0.4, alternative=56.1))
    '112 or 56 BPM, hard to tell which'
    >>> tempo(Tempo(112.3, probability=0.6, alternative=56.1), brief=True)
    '112 or 56'
    """
    if not found.bpm:
        return "none" if brief else "no clear beat"
    told = [f"{bpm:.0f}" for bpm in (found.bpm, found.alternative) if bpm is not None]
    either = " or ".join(told)
    if brief:
        return either
    if found.probability < _PROBABLE:
        return f"perhaps {either} BPM" if len(told) == 1 else f"{either} BPM, hard to tell which"
    return f"about {told[0]} BPM" + (f" (or {told[1]})" if len(told) > 1 else "")


def tempo_of(prediction: Prediction) -> Tempo:
    """Return the tempo that is told of a recording: of what is no music, only a clear one.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    audionome.features.tempo.Tempo
        0 BPM if there is none to tell.
    """
    found = prediction.tempo
    if prediction.prediction_set or found.probability >= _PROBABLE:
        return found
    return Tempo(0.0, found.probability, None)


def clip(track: str) -> str:
    """Return what a track of GTZAN is, where nobody knows its artist and title.

    Parameters
    ----------
    track : str
        Its name in GTZAN.

    Returns
    -------
    str

    Examples
    --------
    >>> clip("hiphop.00012")
    'hip-hop clip 12 of GTZAN'
    """
    genre, _, number = track.partition(".")
    return f"{genre_name(genre)} clip {int(number)} of GTZAN" if number.isdecimal() else track


def track_names(tracks: Sequence[str], titles: Mapping[str, str]) -> list[str]:
    """Return what tracks of GTZAN are called in one list, no two alike.

    Parameters
    ----------
    tracks : sequence of str
        Their names in GTZAN.
    titles : mapping of str to str
        Artist and title, where they are known.

    Returns
    -------
    list of str
        Artist and title, with the clip where two tracks share them; else as `clip` says.

    Examples
    --------
    >>> one = {"pop.00001": "A: Song", "pop.00002": "A: Song", "pop.00003": "A: Other"}
    >>> track_names(["pop.00001", "pop.00002", "pop.00003", "jazz.00004"], one)
    ['A: Song (pop clip 1)', 'A: Song (pop clip 2)', 'A: Other', 'jazz clip 4 of GTZAN']
    """
    known = [titles.get(track, "") for track in tracks]
    return [
        clip(track)
        if not title
        else f"{title} ({clip(track).removesuffix(' of GTZAN')})"
        if known.count(title) > 1
        else title
        for track, title in zip(tracks, known, strict=True)
    ]


def alike(similarity: float) -> str:
    """Return how similar two sounds are, in words.

    Parameters
    ----------
    similarity : float
        Cosine, in [-1, 1].

    Returns
    -------
    str

    Examples
    --------
    >>> alike(0.8), alike(0.3)
    ('similar', 'not very similar')
    """
    return next((words for least, words in _ALIKE if similarity >= least), "not very similar")


def learned(recording: str) -> str:
    """Return what it means that a model learned from a recording, as a sentence.

    Parameters
    ----------
    recording : str
        What it is: artist and title, or as `clip` says.

    Returns
    -------
    str
    """
    return (
        f"The model learned from this very recording ({recording}), so the answer says little "
        "about new music."
    )


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
    return "Sounds like" if prediction_set else "Closest description"


def is_own(card: Mapping[str, Any]) -> bool:
    """Return whether a model is one of somebody's own genres.

    Parameters
    ----------
    card : mapping
        Of the model.

    Returns
    -------
    bool
    """
    return card.get("family") == "own"


def promise(card: Mapping[str, Any], prediction_set: Sequence[str], *, coverage: float) -> str:
    """Return what answers of a model promise, as a sentence.

    Parameters
    ----------
    card : mapping
        Of the model.
    prediction_set : sequence of str
        Empty if the sound is out of the distribution.
    coverage : float
        Share of answers whose set holds the true genre.

    Returns
    -------
    str

    Examples
    --------
    >>> own = {"family": "own", "untested": ["house"]}
    >>> promise(own, ["techno"], coverage=0.9).partition(", on ")[2]
    'recordings of this kind that it has not heard.'
    >>> promise(own, ["house"], coverage=0.9).partition(": ")[0]
    'How often it is right about "house" is not known'
    >>> promise({"family": "pretrained"}, ["rock"], coverage=0.9)
    'About nine in ten answers include the right genre, on music it has never heard.'
    """
    found = answers.promise(prediction_set, coverage=coverage)
    if not is_own(card) or not prediction_set:
        return found
    return untested(card, prediction_set) or found.replace("on music it has never heard", _LIKE)


def untested(card: Mapping[str, Any], prediction_set: Sequence[str]) -> str:
    """Return that nobody knows how often an answer is right, as a sentence, or nothing.

    Parameters
    ----------
    card : mapping
        Of the model; ``untested`` lists genres that one artist or album alone stands for.
    prediction_set : sequence of str

    Returns
    -------
    str
        Nothing where all named genres were tested.

    Examples
    --------
    >>> untested({"untested": ["house"]}, ["techno"])
    ''
    """
    left = set(card.get("untested", ()))
    if not (named := [f'"{genre_name(genre)}"' for genre in prediction_set if genre in left]):
        return ""
    they = "it" if len(named) == 1 else "they"
    return (
        f"How often it is right about {listed(named)} is not known: {they} had no second artist "
        "or album to test with."
    )


def foreign(prediction: Prediction, card: Mapping[str, Any]) -> str:
    """Return a sentence about music that is none of the ten genres, or nothing.

    Parameters
    ----------
    prediction : Prediction
    card : mapping
        Of the model; one of somebody's own genres has no such ten.

    Returns
    -------
    str

    See Also
    --------
    audionome.models.tags.foreign_style : When it is said.
    """
    return "" if is_own(card) else foreign_style(prediction.tags, prediction.prediction_set)


def right(kind: Status, found: Reliability, card: Mapping[str, Any] | None = None) -> str:
    """Return how often such answers were right, in a sentence.

    Parameters
    ----------
    kind : {"one", "few", "many"}
        How many genres the answer names.
    found : audionome.models.reliability.Reliability
        What was measured of such answers.
    card : mapping, optional
        Of the model, if it is one of somebody's own genres.

    Returns
    -------
    str

    Examples
    --------
    >>> right("one", Reliability(0.848, 0.797, 0.897, 0.848, 211, 169))
    'When it named one genre for new music, it was right 85 times in 100 (95% interval 80 to 90).'
    """
    held, low, high, first = (
        f"{100 * share:.0f}" for share in (found.held, found.low, found.high, found.right)
    )
    often = f"right {held} times in 100 (95% interval {low} to {high})"
    if card is not None:
        named = {"one": "one genre", "few": "two or three", "many": "more, or all it knows"}[kind]
        answered = counted(found.n, "answer").replace("\N{NO-BREAK SPACE}", " ")
        return (
            f"When it named {named}, {'it' if kind == 'one' else 'one of them'} was {often}: "
            f"{answered} of its test on {_TESTED[card['data']['grouped_by']]}."
        )
    if kind == "one":
        return f"When it named one genre for new music, it was {often}."
    named = "two or three" if kind == "few" else "four or more"
    return f"When it named {named} for new music, one was {often}, the first {first} times."


def refused(music: Mapping[str, Any], *, own: bool = False) -> str:
    """Return how often music gets the answer that it is unlike anything, in a sentence.

    Parameters
    ----------
    music : mapping
        Of a model's card: ``share`` of the recordings that got it, and ``n``, how many there were.
    own : bool
        Whether the model is one of somebody's own genres.

    Returns
    -------
    str

    Examples
    --------
    >>> refused({"share": 0.01, "n": 300})
    'Of 300 recordings of new music, 3 got this answer. Noise and speech get it far more often.'
    """
    n = int(music["n"])
    if own:
        return (
            f"Of the {n:,} recordings of its test, {round(n * music['share']):,} got this answer."
        )
    return (
        f"Of {n} recordings of new music, {round(n * music['share'])} got this answer. "
        "Noise and speech get it far more often."
    )


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
    'The model "extended" gave this answer. It learned from the clips of GTZAN alone.'
    """
    if is_own(card):
        told = f'The model "{card["name"]}" gave this answer. It learned its '
        told += f"{number_word(len(card['genres']))} genres from {card['data']['recordings']:,} "
        return told + "recordings, with a network that had learned from about 200,000 songs."
    learned = (
        "Its network learned from about 200,000 songs, which may include this one"
        if card.get("family") == "pretrained"
        else "It learned from the clips of GTZAN alone"
    )
    return f'The model "{card["name"]}" gave this answer. {learned}.'
