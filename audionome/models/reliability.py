"""How often such answers are right: what was measured on new music, for each kind of answer.

Conventions
-----------
``audionome lab answers`` measures it and writes ``data/results/answers.json``; the report's chapter
on promises shows the same table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from audionome._paths import data_path
from audionome.models.prediction import Status

__all__ = ["ANSWERS", "PAGE", "REFUSED_PAGE", "Reliability", "reliability"]

#: The file, in the folder of results.
ANSWERS = "answers.json"

#: Where the report shows it.
PAGE = "notebooks/promises.html#how-often-such-an-answer-is-right"

#: Where the report shows how often music is taken for something else.
REFUSED_PAGE = "notebooks/model.html#knowing-when-it-does-not-know"

# Seconds up to which the figures of short excerpts hold: half way, in proportion, to the next.
_EXCERPTS = ((3, 5.5), (10, 17.3))


@dataclass(frozen=True)
class Reliability:
    """How often answers of one kind were right on music that the model had not learned from.

    Attributes
    ----------
    held : float
        Share of the answers whose genres include the right one, in [0, 1].
    low, high : float
        Ends of its 95 % interval, drawn over artists.
    right : float
        Share of the answers whose likeliest genre is the right one, in [0, 1].
    n : int
        Number of answers.
    artists : int
        How many artists they are about.
    """

    held: float
    low: float
    high: float
    right: float
    n: int
    artists: int


def reliability(model: str, status: Status, *, seconds: float) -> Reliability | None:
    """Return how often a model's answers of one kind were right, on music from outside GTZAN.

    Parameters
    ----------
    model : str
        Name of a model that ships.
    status : {"one", "few", "many", "out-of-distribution"}
        How many genres the answer names.
    seconds : float
        How much sound the answer is about.

    Returns
    -------
    Reliability or None
        None where nothing was measured: for other models, where no genre is named, and in an older
        folder of data.

    Examples
    --------
    >>> found = reliability("ear", "one", seconds=30)
    >>> found.low < found.held < found.high
    True
    """
    excerpt = next((length for length, most in _EXCERPTS if seconds < most), 0)
    for record in _records(data_path("results", ANSWERS)):
        if (record["model"], record["place"], record["excerpt"], record["status"]) == (
            model,
            "outside",
            excerpt,
            status,
        ):
            return Reliability(
                held=record["held"],
                low=record["held_low"],
                high=record["held_high"],
                right=record["right"],
                n=record["n"],
                artists=record["artists"],
            )
    return None


@cache
def _records(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():  # an older folder of data: the answer is there all the same
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found
