"""One answer in words: the card, the row of the session's table, and what is read aloud.

Every number and every sentence is the library's; here they are put where the page looks for them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from traitlets.log import get_logger

from audionome._words import clock, genre_name, likelihood, number_word, sentence_case
from audionome.app.model import about, chosen, is_own
from audionome.models.prediction import NO_LEADER, join_names, leading_genre, nearest

if TYPE_CHECKING:
    from audionome.features.key import Key
    from audionome.models.neighbors import Neighbour
    from audionome.models.prediction import Prediction, Tag, WindowPrediction

__all__ = ["announcement", "card", "key_words", "known_names", "row", "window"]

#: Notes on files of which a browser plays other parts, or another track, than were heard.
_MENDED = {"changing", "cut", "damaged", "track"}
_LONGEST_NAME = 80  # characters


def row(prediction: Prediction, *, name: str) -> dict[str, Any]:
    """Return what the session's table knows of a recording.

    Parameters
    ----------
    prediction : Prediction
    name : str
        Of the recording.

    Returns
    -------
    dict
        ``headline``, ``status``, ``genre`` with ``genre_name`` (empty if none stands out),
        ``prediction_set``, ``confidence`` with ``confidence_text`` (None and empty then),
        ``probabilities``, ``hears``, ``tempo`` (BPM or None), ``tempo_text``, ``duration`` (s),
        ``length``, ``mended`` (whether a browser may play other parts of the file than were heard),
        ``why`` (a sentence), ``color``, ``learned`` and ``record`` (of the CSV file, by column).
    """
    from audionome.models import telling

    tempo = telling.tempo_of(prediction)
    leads = bool(prediction.leading)
    return {
        "headline": prediction.headline,
        "status": prediction.status,
        "genre": prediction.leading,
        "genre_name": genre_name(prediction.leading),
        "prediction_set": list(prediction.prediction_set),
        "confidence": round(prediction.confidence, 4) if leads else None,
        "confidence_text": likelihood(prediction.confidence) if leads else "",
        "probabilities": {g: round(p, 4) for g, p in prediction.probabilities.items()},
        "hears": ", ".join(tag.name for tag in prediction.tags[:2]),
        "tempo": round(tempo.bpm, 1) or None,
        "tempo_text": telling.tempo(tempo, brief=True),
        "duration": round(prediction.duration, 2),
        "length": clock(prediction.duration),
        "mended": any(note.kind in _MENDED for note in prediction.notes),
        "why": _main_reason(prediction),
        "color": _color(prediction.leading),
        "learned": prediction.learned_from is not None,
        "record": _record(prediction, name),
    }


def announcement(prediction: Prediction, *, name: str) -> str:
    """Return one sentence for a screen reader: the file, what it is, and how likely that is.

    Parameters
    ----------
    prediction : Prediction
    name : str
        Of the recording; a long one is shortened, since all of it would be read aloud.

    Returns
    -------
    str
    """
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 21].rstrip()}…{name[-20:].lstrip()}"
    percent = likelihood(prediction.confidence)
    likeliest = {
        "one": percent,
        "out-of-distribution": f"nearest: {genre_name(prediction.leading)}, {percent}"
        if prediction.leading
        else NO_LEADER,
    }.get(prediction.status, f"most likely {genre_name(prediction.genre)}, {percent}")
    return f"{name}: {prediction.headline}, {likeliest}."


def card(prediction: Prediction) -> dict[str, Any]:
    """Return the card: the answer, and what there is to say of it.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    dict
        ``headline``, ``status``, ``confidence``, ``color``, ``bars`` (of all genres, the likeliest
        first: ``genre``, ``name``, ``color``, ``share``, ``text`` and ``named``), ``promise`` (a
        sentence), ``right`` (``sentence`` and ``page`` of the report), ``learned`` (a sentence or
        empty), ``notes`` (sentences), ``foreign`` (a sentence or empty), ``nearest`` (the
        nearest genre, or that none stands out; empty if genres are named), ``hearing``
        (a heading), ``hears`` (tags: ``name``, ``kind``, ``strength``, ``over_time`` in [0, 1],
        ``words``, and ``at``, the second where it is heard most), ``why`` (pairs of a heading and
        sentences), ``facts`` (pairs of name and value), ``neighbours`` (``name`` and ``words``),
        ``second`` (opinion, a sentence or empty), ``family`` and ``caution`` (sentences),
        ``every`` (what unfolds all bars) and ``model`` (name and version).
    """
    import audionome
    from audionome.models import telling

    model, titles = chosen(), known_names()
    names = telling.track_names([n.track for n in prediction.neighbours], titles)
    foreign = telling.foreign(prediction, model.card)
    return {
        "headline": prediction.headline,
        "status": prediction.status,
        "confidence": likelihood(prediction.confidence),
        "color": _color(prediction.leading),
        "bars": _bars(prediction),
        "every": f"All {number_word(len(prediction.probabilities))}",
        **_reliability(prediction, model.card, foreign=foreign),
        "learned": _learned(prediction, titles),
        "notes": [note.text for note in prediction.notes if note.kind != "learned"],
        "foreign": foreign,
        "nearest": nearest(prediction.prediction_set, prediction.probabilities),
        "hearing": telling.hearing(prediction.prediction_set),
        "hears": [_tag(tag, prediction.windows) for tag in prediction.tags],
        "why": _why(prediction),
        "facts": [
            ["Tempo", telling.tempo(telling.tempo_of(prediction))],
            ["Length", clock(prediction.duration)],
            ["Listened to", _windows_of_3_s(len(prediction.windows))],
            ["Computed in", f"{sum(prediction.seconds.values()):.1f} s"],
        ],
        "neighbours": [
            {
                # A file of one's own keeps its name.
                "name": name if telling.is_own(model.card) else sentence_case(name),
                "words": _likeness(n, titles, prediction.learned_from),
            }
            for name, n in zip(names, prediction.neighbours, strict=True)
        ],
        "second": _second_opinion(prediction),
        "family": telling.family(model.card),
        "caution": about(model.card),
        "model": f"Audionome {audionome.__version__}, model {model.card['name']}",
    }


def window(part: WindowPrediction, prediction: Prediction) -> dict[str, Any]:
    """Return what the timeline of the player knows of a window.

    Parameters
    ----------
    part : WindowPrediction
    prediction : Prediction
        The answer that it is part of.

    Returns
    -------
    dict
        ``start`` and ``end`` (s), ``likeliest`` (two genres) and ``color``; grey, with words that
        say so, where no genre stands out.
    """
    leading = prediction.leading and leading_genre(prediction.prediction_set, part.probabilities)
    first, second = sorted(part.probabilities.items(), key=lambda item: -item[1])[:2]
    return {
        "start": part.start,
        "end": part.end,
        "likeliest": f"{_genre_and_probability(*first)}, {_genre_and_probability(*second)}"
        if leading
        else NO_LEADER,
        "color": _color(leading),
    }


def key_words(key: Key) -> str:
    """Return a key and how often such a key is right, or that there is none to rely on.

    Parameters
    ----------
    key : audionome.features.key.Key

    Returns
    -------
    str
    """
    from audionome.features.key import MIN_CLASSES, MIN_SECONDS, reliable_key_accuracy

    if key.reliable:
        right = reliable_key_accuracy()
        low, high = (f"{100 * share:.0f}" for share in (right.low, right.high))
        return (
            f"Probably {key.name}. Of keys that were as clear as this one, {right.share:.0%} were "
            f"exactly right in GTZAN (95% interval {low} to {high})."
        )
    if key.seconds < MIN_SECONDS:
        return f"No key is named: that takes at least {MIN_SECONDS:.0f} s of sound."
    if key.classes < MIN_CLASSES:
        return "No key is named: too few different notes stand out."
    return "No key is named: more than one fits the notes about as well."


def _record(prediction: Prediction, name: str) -> dict[str, str | float | None]:
    """Return a row of the CSV file, with digits that mean something."""
    from audionome.models import telling

    tempo = telling.tempo_of(prediction)
    return {
        "file": name,
        "status": prediction.status,
        "answer": prediction.headline,
        "genre": prediction.leading,
        "probability": round(prediction.confidence, 3) if prediction.leading else None,
        "prediction_set": join_names(prediction.prediction_set),
        **{f"p_{genre}": round(p, 3) for genre, p in prediction.probabilities.items()},
        "sounds_like": "; ".join(tag.name for tag in prediction.tags),
        "tempo": round(tempo.bpm, 1) or None,
        "tempo_alternative": tempo.alternative and round(tempo.alternative, 1),
        "length": round(prediction.duration, 1),
        "reasons": " ".join(f"{heading}: {'; '.join(told)}." for heading, told in _why(prediction)),
        "notes": " ".join(note.text for note in prediction.notes if note.kind != "learned"),
        "learned": _learned(prediction, known_names()),
        "message": _message(prediction),
    }


def _message(prediction: Prediction) -> str:
    """Return the answer in sentences, with the promise only where it holds."""
    from audionome.models import telling

    foreign = telling.foreign(prediction, chosen().card)
    if foreign or prediction.learned_from is not None:
        return " ".join([f"{prediction.headline}.", foreign]).strip()
    return prediction.message


def _bars(prediction: Prediction) -> list[dict[str, Any]]:
    ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    return [
        {
            "genre": genre,
            "name": genre_name(genre),
            "color": _color(genre),
            "share": round(p, 4),
            "text": likelihood(p),
            "named": genre in prediction.prediction_set,
        }
        for genre, p in ranked
    ]


def _reliability(
    prediction: Prediction, card: Mapping[str, Any], *, foreign: str
) -> dict[str, Any]:
    """Return what the answer promises, and how often such answers were right."""
    from audionome.models import reliability, telling

    # Where none of the ten genres is right, or the model knows the recording, nothing is promised.
    if foreign or prediction.learned_from is not None:
        return {"promise": "", "right": {"sentence": "", "page": ""}}
    promised = telling.promise(card, prediction.prediction_set, coverage=prediction.coverage)
    if telling.is_own(card):
        # Nothing that the report shows is about it.
        return {"promise": promised, "right": {"sentence": _tested(prediction, card), "page": ""}}
    seconds = prediction.duration - prediction.silence
    found = reliability.reliability(card["name"], prediction.status, seconds=seconds)
    refused = card.get("out_of_distribution", {}).get("music from outside")
    sentence = page = ""
    if found is not None:
        sentence, page = telling.right(prediction.status, found), reliability.PAGE
    elif refused is not None and not prediction.prediction_set:
        sentence, page = telling.refused(refused), reliability.REFUSED_PAGE
    return {
        "promise": promised,
        "right": {"sentence": sentence, "page": page},
    }


def _tested(prediction: Prediction, card: Mapping[str, Any]) -> str:
    """Return how often such answers of a model of one's own were right in its test."""
    from audionome.models import telling
    from audionome.models.reliability import Reliability

    if not prediction.prediction_set:
        refused = card.get("refused")
        return telling.refused(refused, own=True) if refused else ""
    if telling.untested(card, prediction.prediction_set):
        return ""  # the figure is about other genres
    found = card.get("answers", {}).get(prediction.status)
    if found is None:
        return ""
    shares = {key: float(found[key]) for key in ("held", "low", "high", "right")}
    measured = Reliability(**shares, n=found["n"], artists=found["groups"])
    return telling.right(prediction.status, measured, card)


def known_names() -> dict[str, str]:
    """Return artist and title of GTZAN's tracks, where the reader has a list of them.

    Returns
    -------
    dict of str to str
        As `audionome.datasets.gtzan.load_names`; empty if the list cannot be read. Recordings that
        a model of one's own learned from are called as it calls them.
    """
    from audionome.datasets.gtzan import NAMES_VARIABLE

    if is_own():
        return {str(track): str(track) for track in chosen().index.tracks}
    return _names(os.environ.get(NAMES_VARIABLE, ""))


@cache
def _names(place: str) -> dict[str, str]:
    from audionome.datasets.gtzan import DatasetError, load_names

    try:
        return load_names(nearby=True)
    except DatasetError as error:
        get_logger().warning("Dashboard: artists and titles stay unknown: %s", error)
        return {}


def _likeness(neighbour: Neighbour, names: Mapping[str, str], learned: str | None) -> str:
    from audionome.models import telling

    same = neighbour.track == learned
    alike = "the same recording" if same else telling.alike(neighbour.similarity)
    # Without artist and title the name tells the genre.
    genre = f"{genre_name(neighbour.genre)}, " if neighbour.track in names else ""
    return f"{genre}{alike}"


def _learned(prediction: Prediction, names: Mapping[str, str]) -> str:
    from audionome.models import telling

    track = prediction.learned_from
    if track is None:
        return ""
    return telling.learned(names.get(track) or telling.clip(track))


def _color(genre: str) -> str:
    from audionome.charts.looks import look_of

    return look_of(genre, chosen().genres).color


def _genre_and_probability(genre: str, probability: float) -> str:
    return f"{genre_name(genre)} {likelihood(probability)}"


def _tag(tag: Tag, windows: Sequence[WindowPrediction]) -> dict[str, Any]:
    most = max(range(len(windows)), key=tag.over_time.__getitem__)
    at = windows[most].start
    return {
        "name": tag.name,
        "kind": tag.kind,
        "strength": f"{tag.strength:.2f}",
        "over_time": [round(value, 3) for value in tag.over_time],
        "words": f"{tag.name}, strength {tag.strength:.2f} out of 1, strongest at {clock(at)}",
        "at": at,
    }


def _why(prediction: Prediction) -> list[list[Any]]:
    """Return what spoke for the genre and against it; nothing where nothing did."""
    from audionome.models.attribution import sentences

    genre = genre_name(prediction.leading)
    sides = sentences(prediction.reasons)
    if not genre or not any(sides):
        return []
    nothing = ["Nothing it can put into words"]
    return [
        [f"For {genre}", sides.supporting or nothing],
        [f"Against {genre}", sides.opposing or nothing],
    ]


def _main_reason(prediction: Prediction) -> str:
    """Return the weightiest reason in a sentence, the one for the genre if there is any."""
    from audionome.models.attribution import sentences

    if not prediction.prediction_set:
        return "It is too far from all music that the model knows."
    sides = sentences(prediction.reasons, most=1)
    for heading, found in zip(("Main reason", "Main doubt"), sides, strict=True):
        for text in found:
            return f"{heading}: {text[:1].lower()}{text[1:]}."
    return "No single reason stands out."


def _windows_of_3_s(count: int) -> str:
    return f"{count} window{'s' if count != 1 else ''} of 3 s"


def _second_opinion(prediction: Prediction) -> str:
    if prediction.second_opinion is None or not prediction.prediction_set:
        return ""  # of a sound unlike any music the two agree that they know nothing
    genre, p = max(prediction.second_opinion.items(), key=lambda item: item[1])
    agrees = "agrees" if genre == prediction.genre else "does not agree"
    return (
        "A second model, which learned from the clips of GTZAN alone, "
        f"{agrees}: {genre_name(genre)}, {likelihood(p)}."
    )
