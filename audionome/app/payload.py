"""What the page is told: predictions, details and failures as words and plain JSON.

Everything that the browser shows of a recording is made here from what the library returns; the
JavaScript in ``static/dashboard`` only lays it out. Plotly and pandas are imported when the first
answer is drawn, not when the page opens.

Conventions
-----------
A chart is a dictionary: ``caption``, ``alt`` (text alternative), ``figure`` (Plotly's JSON),
``height`` (px), ``columns`` and ``rows`` (its table, as text). Times are in seconds, colours in
CSS's notation, probabilities in words as `audionome._words.likelihood` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome._words import genre_name, likelihood, share, span
from audionome.models.prediction import promise

if TYPE_CHECKING:
    from audionome.app.details import Details
    from audionome.charts import Chart
    from audionome.features.key import Key
    from audionome.models.prediction import Prediction, Tag, WindowPrediction

__all__ = [
    "ANALYSING",
    "DONE",
    "FAILED",
    "FOREIGN_SERVER",
    "LOADING",
    "LOST_DETAILS",
    "NO_DETAILS",
    "answer_payload",
    "chart_payload",
    "comparison_payload",
    "details_payload",
    "examples_payload",
    "too_large",
    "unreadable",
]

LOADING = "Loading the model; only the first answer waits for it…"
ANALYSING = "Listening to the sound…"
DONE = "Done. The answer is below."
FAILED = "Something went wrong on our side, not on yours. Try again, or try another file."
NO_DETAILS = "The closer look failed on our side; the answer above is not touched by it."
LOST_DETAILS = "The connection was interrupted; choose the file again for the closer look."
FOREIGN_SERVER = (
    "This server was started without the dashboard's settings, so charts and large files may fail "
    "without a word: stop it, and start it with the command: audionome dashboard"
)

_GROUPS = {
    "recording": "Recordings, openly licensed",
    "clip": "Your own clips",
    "piece": "Made by a program: the model never heard such sounds and is often wrong",
}
_VIEWS = ("spectrogram", "mfcc", "chroma")
_LONGEST_NAME = 30  # characters: a legend has no room for more


def too_large(limit: int) -> str:
    """Return the sentence about a file that is too large.

    Parameters
    ----------
    limit : int
        Bytes that are allowed.

    Returns
    -------
    str

    Examples
    --------
    >>> too_large(64 * 2**20)[:35]
    'This file has more than 64 MiB, the'
    """
    return (
        f"This file has more than {limit // 2**20} MiB, the most that can be sent. "
        "Cut it, or save it as MP3, and try again."
    )


def unreadable(name: str, reason: str | None) -> str:
    """Return the sentence about an example that cannot be opened.

    Parameters
    ----------
    name : str
        Of the file.
    reason : str or None
        The system's word for it.

    Returns
    -------
    str
    """
    return f'"{name}" cannot be opened: {reason}.'


def examples_payload(files: Mapping[str, Path]) -> list[Any]:
    """Return the menu of examples.

    Parameters
    ----------
    files : mapping of str to Path
        By identifier: ``"recording"``, ``"clip"`` or ``"piece"``, a space, and a name.

    Returns
    -------
    list
        Groups with at least one example: pairs of a heading and of pairs of identifier and name.

    Examples
    --------
    >>> examples_payload({"clip 0": Path("music/song.wav")})
    [['Your own clips', [['clip 0', 'song.wav']]]]
    """
    groups: dict[str, list[list[str]]] = {}
    for identifier, path in files.items():
        kind, _, name = identifier.partition(" ")
        shown = {"clip": path.name, "piece": f"{path.stem} (synthetic)"}.get(kind, name)
        groups.setdefault(_GROUPS[kind], []).append([identifier, shown])
    return [[heading, entries] for heading, entries in groups.items()]


def answer_payload(prediction: Prediction, *, name: str = "") -> dict[str, Any]:
    """Return what the page shows of a prediction.

    Parameters
    ----------
    prediction : Prediction
        From `audionome.classify`.
    name : str
        Of the recording.

    Returns
    -------
    dict
        ``status``, ``genre``, ``headline``, ``promise`` (a sentence), ``hearing`` (a
        heading), ``hears`` (the tags, each
        with ``name``, ``kind``, ``strength``, ``over_time`` in [0, 1], ``words`` and ``at``, the
        second where it is heard most), ``foreign`` (a sentence or empty), ``notes`` (sentences),
        ``second`` (opinion, a sentence or empty), ``nearest``, ``confidence``, ``color``,
        ``duration`` (s), ``facts`` (pairs of name and value), ``why`` (pairs of a heading and
        sentences), ``family`` (a sentence), ``windows``, ``charts`` (five, and one of the tags if
        there are any), ``cells`` (of the session's table) and ``record`` (of its CSV file, with
        all digits).

    See Also
    --------
    details_payload : What is sent after it.
    """
    from audionome import charts, load_classifier
    from audionome.models import telling
    from audionome.models.context import compare_with_genre
    from audionome.models.tags import foreign_style

    genre = prediction.genre
    classifier = load_classifier()
    drawn = {
        "probabilities": charts.probability_bars(prediction.probabilities),
        "timeline": charts.timeline(prediction.windows),
        "reasons": charts.reason_bars(prediction.reasons, genre),
        "typical": charts.typical_ranges(compare_with_genre(prediction), genre),
        "place": charts.place_on_map(
            classifier.index.places(), prediction.place, prediction.neighbours
        ),
    }
    if prediction.tags:
        drawn["hears"] = charts.tags_over_time(prediction.tags, prediction.windows)
    return {
        "status": prediction.status,
        "genre": genre,
        "headline": prediction.headline,
        "promise": promise(prediction.prediction_set, coverage=prediction.coverage),
        "hearing": telling.hearing(prediction.prediction_set),
        "hears": [_tag(tag, prediction.windows) for tag in prediction.tags],
        "foreign": foreign_style(prediction.tags, prediction.prediction_set),
        "notes": [note.text for note in prediction.notes],
        "second": _second_opinion(prediction),
        "nearest": _genre_and_probability(genre, prediction.confidence),
        "confidence": likelihood(prediction.confidence),
        "color": _color(genre),
        "duration": prediction.duration,
        "facts": [
            ["Tempo", telling.tempo(prediction.tempo)],
            ["Length", f"{_minutes(prediction.duration)} min"],
            ["Listened to", _windows_of_3_s(len(prediction.windows))],
            ["Computed in", f"{sum(prediction.seconds.values()):.1f} s"],
        ],
        "why": _why(prediction),
        "family": telling.family(classifier.card),
        "windows": [_window(window) for window in prediction.windows],
        "charts": {key: chart_payload(chart) for key, chart in drawn.items()},
        "cells": {
            "answer": prediction.headline,
            "probability": likelihood(prediction.confidence),
            "hears": ", ".join(tag.name for tag in prediction.tags[:2]),
            "tempo": telling.tempo(prediction.tempo, brief=True),
            "length": _minutes(prediction.duration),
        },
        "record": prediction.as_row(file=name),
    }


def details_payload(details: Details) -> dict[str, Any]:
    """Return what the page shows of the details of a recording.

    Parameters
    ----------
    details : Details
        From `audionome.app.details.measure_details`.

    Returns
    -------
    dict
        ``outline`` (pairs of the lowest and the highest sample, full scale), ``heading``, ``key``
        (a sentence) and ``charts`` (three).
    """
    from audionome import charts

    end = details.start + float(details.frames.times[-1])
    drawn = [charts.feature_of_clip(details.frames, view, start=details.start) for view in _VIEWS]
    return {
        "outline": [[round(float(v), 3) for v in pair] for pair in details.outline],
        "heading": f"A closer look at {_minutes(details.start)} to {_minutes(end)}",
        "key": _key(details.key),
        "charts": [chart_payload(chart) for chart in drawn],
    }


def comparison_payload(chosen: Sequence[tuple[str, Prediction]]) -> dict[str, Any]:
    """Return what the page shows of several predictions beside each other.

    Parameters
    ----------
    chosen : sequence of (str, Prediction)
        Names of recordings, which may be equal, and their predictions.

    Returns
    -------
    dict
        ``names``, shortened and made different from each other, and ``chart``.
    """
    from audionome import charts

    names = [
        name if len(name) <= _LONGEST_NAME else f"{name[:16]}…{name[-12:]}" for name, _ in chosen
    ]
    labels = [n if names.count(n) == 1 else f"{n} ({k + 1})" for k, n in enumerate(names)]
    beside = {label: p.probabilities for label, (_, p) in zip(labels, chosen, strict=True)}
    return {"names": labels, "chart": chart_payload(charts.probabilities_beside(beside))}


def chart_payload(chart: Chart) -> dict[str, Any]:
    """Return a chart as the page draws it.

    Parameters
    ----------
    chart : Chart
        From `audionome.charts`.

    Returns
    -------
    dict
        As the conventions of this module say.
    """
    return {
        "caption": chart.caption,
        "alt": chart.alt,
        "figure": chart.figure.to_json(),
        "height": int(chart.figure.layout.height or 400),
        "columns": [str(name) for name in chart.table.columns],
        "rows": [_texts(row) for row in chart.table.itertuples(index=False)],
    }


def _texts(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]


def _window(window: WindowPrediction) -> dict[str, Any]:
    first, second = sorted(window.probabilities.items(), key=lambda item: -item[1])[:2]
    return {
        "start": window.start,
        "end": window.end,
        "likeliest": f"{_genre_and_probability(*first)}, {_genre_and_probability(*second)}",
        "color": _color(first[0]),
    }


def _color(genre: str) -> str:
    from audionome import charts

    return charts.PALETTE.get(genre, charts.OTHER)


def _genre_and_probability(genre: str, probability: float) -> str:
    return f"{genre_name(genre)} {likelihood(probability)}"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _tag(tag: Tag, windows: Sequence[WindowPrediction]) -> dict[str, Any]:
    most = max(range(len(windows)), key=tag.over_time.__getitem__)
    at = windows[most].start
    return {
        "name": tag.name,
        "kind": tag.kind,
        "strength": f"{tag.strength:.2f}",
        "over_time": [round(value, 3) for value in tag.over_time],
        "words": f"{tag.name}, {tag.strength:.2f} of 1 on average, most at {_minutes(at)}",
        "at": at,
    }


def _why(prediction: Prediction) -> list[list[Any]]:
    from audionome.models.attribution import sentences

    genre = genre_name(prediction.genre)
    sides = sentences(prediction.reasons)
    nothing = ["Nothing that was heard weighs as much as one point of probability."]
    return [
        [f"For {genre}", sides.supporting or nothing],
        [f"Against {genre}", sides.opposing or nothing],
    ]


def _windows_of_3_s(count: int) -> str:
    return f"{count} window{'s' if count != 1 else ''} of 3 s"


def _second_opinion(prediction: Prediction) -> str:
    if prediction.second_opinion is None:
        return ""
    genre, p = max(prediction.second_opinion.items(), key=lambda item: item[1])
    agrees = "agrees" if genre == prediction.genre else "does not agree"
    return (
        "A second model, which learned from the clips of GTZAN alone, "
        f"{agrees}: {genre_name(genre)}, {likelihood(p)}."
    )


def _key(key: Key) -> str:
    """Name a key and how often such a key is right, or say that there is none to rely on."""
    from audionome.features.key import reliable_key_accuracy

    if not key.reliable:
        return "No key can be told from it with any certainty."
    right = reliable_key_accuracy()
    return (
        f"The key is probably {key.name}: of the keys that we could tell so clearly in GTZAN, "
        f"{share(right.share)} were exactly right ({span(right.low, right.high)})."
    )
