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

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome._words import genre_name, sentence_case
from audionome.app.answer import announcement, card, row, window
from audionome.app.model import is_own
from audionome.app.sections import answer_sections, details_sections

if TYPE_CHECKING:
    from audionome.app.details import Details
    from audionome.models.prediction import Prediction

__all__ = [
    "ANALYSING",
    "FAILED",
    "FOREIGN_SERVER",
    "LOADING",
    "LOST_DETAILS",
    "NO_DETAILS",
    "answer_payload",
    "details_payload",
    "examples_payload",
    "too_large",
    "unreadable",
]

LOADING = "Loading the model; only the first answer waits for it…"
ANALYSING = "Listening to the sound…"
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
    "piece": "Made by a program, unlike any recording: the answer is often wrong",
}
_MADE = "Made by a program, unlike any recording"


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
        Groups with at least one example: pairs of a heading and of triples: identifier, name, and a
        sentence that says what to expect, or "".

    Examples
    --------
    >>> examples_payload({"clip 0": Path("music/song.wav")})
    [['Your own clips', [['clip 0', 'song.wav', '']]]]
    """
    from audionome.datasets.recordings import expected_answers, recordings

    known = {recording.file: recording for recording in recordings()}
    answers = {} if is_own() else expected_answers()  # those of the model that ships
    groups: dict[str, list[list[str]]] = {}
    for identifier, path in files.items():
        kind = identifier.partition(" ")[0]
        name, told = path.name, ""
        if kind == "piece":
            genre = genre_name(path.stem)
            name = sentence_case(f"{genre}, made by a program")
            told = f"A program made it to sound like {genre}"
        elif kind == "recording":
            name, source = known[path.name].name, known[path.name].genre
            told = (
                f"Its source calls it {genre_name(source)}"
                if source
                else ""
                if is_own()
                else "Its source names none of the ten genres"
            )
        if told and path.name in answers:
            told += f'; the answer is "{answers[path.name]}"'
        heading = _MADE if kind == "piece" and is_own() else _GROUPS[kind]
        groups.setdefault(heading, []).append([identifier, name, told and f"{told}."])
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
        "row": row(prediction, name=name),
        "announce": announcement(prediction, name=name),
        "card": card(prediction),
        "windows": [window(part, prediction) for part in prediction.windows],
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
    return {
        "outline": [[round(float(v), 3) for v in pair] for pair in details.outline],
        "sections": details_sections(details),
    }
