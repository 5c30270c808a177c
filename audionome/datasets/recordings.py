"""The openly licensed recordings among the examples, each with its author and licence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from audionome._paths import data_path

__all__ = ["EXAMPLES", "Recording", "expected_answers", "recordings"]

#: What the default model answers about the examples, in the folder of results.
EXAMPLES = "examples.json"


@dataclass(frozen=True)
class Recording:
    """A recording, and what must be said with it.

    Attributes
    ----------
    file : str
        Its name in ``data/examples/recordings``.
    title, artist : str
        What is heard, and by whom.
    genre, genre_source : str
        The genre of the ten that its source names, and where; "" where it names none.
    licence, licence_url : str
        Name and address of its licence.
    source : str
        Where it was published.
    package : str
        The package that it was taken from, of Debian or of Python, and its version.
    changes : str
        What was done to it.
    game : str
        The game that it was published in, where ``source`` is that of the whole game; else "".
    """

    file: str
    title: str
    artist: str
    genre: str
    genre_source: str
    licence: str
    licence_url: str
    source: str
    package: str
    changes: str
    game: str = ""

    @property
    def path(self) -> Path:
        """Where it lies."""
        return data_path("examples", "recordings", self.file)

    @property
    def name(self) -> str:
        """Title, artist and licence, as the licences want it."""
        return f"{self.title}, {self.artist} ({self.licence})"


def recordings() -> list[Recording]:
    """Return the recordings of the examples, by title.

    Returns
    -------
    list of Recording
        Those whose sound is there: all in a checkout, none in a wheel, which has no room for them.
    """
    path = data_path("examples", "recordings", "recordings.json")
    if not path.is_file():
        return []
    known = [Recording(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    return [recording for recording in known if recording.path.is_file()]


def expected_answers() -> dict[str, str]:
    """Return what the default model answers about the recordings and the synthetic pieces.

    Returns
    -------
    dict of str to str
        Name of a file to a headline; ``audionome lab answers`` wrote them. Empty where they are
        not, as in an older folder of data.
    """
    path = data_path("results", EXAMPLES)
    if not path.is_file():
        return {}
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
