"""What the page is told: predictions, details and failures as words and plain JSON.

Everything that the browser shows of a recording is made here from what the library returns; the
JavaScript in ``static/dashboard`` only lays it out. Plotly and pandas are imported when the first
answer is drawn, not when the page opens.

Conventions
-----------
Times are in seconds, colours in CSS's notation, probabilities in words as
`audionome._words.likelihood` writes them.

See Also
--------
audionome.app.answer : The card, the row of the table, and the sentence that is read aloud.
audionome.app.sections : What can be opened below the card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome.app.answer import announcement, card, minutes, row, window
from audionome.app.sections import answer_sections, chart_payload, details_sections

if TYPE_CHECKING:
    from audionome.app.details import Details
    from audionome.models.prediction import Prediction

__all__ = [
    "ANALYSING",
    "DONE",
    "FAILED",
    "FOREIGN_SERVER",
    "LOADING",
    "LOST_DETAILS",
    "NO_DETAILS",
    "answer_payload",
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
        ``row`` (of the session's table), ``announce`` (a sentence for a screen reader), ``card``
        (the answer), ``windows``, ``duration`` (s) and ``sections`` (what can be opened below).

    See Also
    --------
    details_payload : The sections that are sent after it.
    """
    return {
        **_old(prediction, name),
        "row": row(prediction, name=name),
        "announce": announcement(prediction, name=name),
        "card": card(prediction),
        "windows": [window(part) for part in prediction.windows],
        "duration": prediction.duration,
        "sections": answer_sections(prediction),
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
        ``outline`` (pairs of the lowest and the highest sample, full scale) and ``sections``.
    """
    from audionome.app.answer import key_words

    sections = details_sections(details)
    end = details.start + float(details.frames.times[-1])
    return {
        "outline": [[round(float(v), 3) for v in pair] for pair in details.outline],
        "sections": sections,
        "heading": f"A closer look at {minutes(details.start)} to {minutes(end)}",
        "key": key_words(details.key),
        "charts": [chart for section in sections for chart in section["charts"]],
    }


def _old(prediction: Prediction, name: str) -> dict[str, Any]:
    """Return the keys of the former message."""
    from audionome import charts
    from audionome.models import telling

    told = card(prediction)
    drawn = {s["id"]: s["charts"][0] for s in answer_sections(prediction)}
    return {
        **told,
        "duration": prediction.duration,
        "charts": {
            "probabilities": chart_payload(charts.probability_bars(prediction.probabilities)),
            **drawn,
        },
        "cells": {
            "answer": prediction.headline,
            "probability": told["confidence"],
            "hears": ", ".join(tag.name for tag in prediction.tags[:2]),
            "tempo": telling.tempo(prediction.tempo, brief=True),
            "length": minutes(prediction.duration),
        },
        "genre": prediction.genre,
        "record": row(prediction, name=name)["record"],
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
