"""The game of the home page: hear a recording, guess its genre, then see what the model says.

What the model says is computed when the site is built, of the very files that the site plays. The
page holds it from the start, so that the game needs no model and works without a server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome._words import genre_name
from audionome.datasets.gtzan import GENRES
from audionome.datasets.recordings import Recording, recordings
from audionome.models.tags import foreign_style
from audionome.models.telling import hearing
from audionome.report.listening import credit, facts, genres_told

if TYPE_CHECKING:
    from audionome.models.prediction import Prediction

__all__ = ["guess_html", "guessable", "rounds", "told"]

_FOLDER = "../_static/examples"  # seen from a page of the book


def guessable() -> list[Recording]:
    """Return the recordings whose source names one of the ten genres."""
    return [one for one in recordings() if one.genre]


def rounds(folder: Path) -> list[dict[str, Any]]:
    """Ask the model about every recording that can be guessed.

    Parameters
    ----------
    folder : Path
        Where the site's own files of the recordings lie, as MP3.

    Returns
    -------
    list of dict
        Ready for JSON: ``file``, what must be said with the recording, the ``genre`` that its
        source names, and the ``answer`` under the names that the scripts of the page use.
    """
    from audionome.models.classifier import classify

    return [
        {
            **facts(one),
            "genre_source": one.genre_source,
            "answer": told(classify(folder / f"{one.path.stem}.mp3")),
        }
        for one in guessable()
    ]


def told(answer: Prediction) -> dict[str, Any]:
    """Return an answer as the scripts of the page name it, without what changes over time.

    Parameters
    ----------
    answer : Prediction

    Returns
    -------
    dict
        Ready for JSON, with five digits of each probability.
    """
    return {
        "status": answer.status,
        "genre": answer.genre,
        "headline": answer.headline,
        "prediction_set": list(answer.prediction_set),
        "confidence": round(answer.confidence, 5),
        "probabilities": {genre: round(p, 5) for genre, p in answer.probabilities.items()},
        "hearing": hearing(answer.prediction_set),
        "tags": [
            {"name": tag.name, "kind": tag.kind, "strength": round(tag.strength, 3)}
            for tag in answer.tags
        ],
        "foreign": foreign_style(answer.tags, answer.prediction_set),
    }


def guess_html(played: Iterable[Mapping[str, Any]]) -> str:
    """Return the game: players with their answers folded away, and what the script needs.

    Parameters
    ----------
    played : iterable of mapping
        From `rounds`.

    Returns
    -------
    str
        HTML in one line. The script replaces the players; without one they are the game.
    """
    known = list(played)
    data = {"genres": genres_told(GENRES), "rounds": known}
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    items = "".join(_item(one, number) for number, one in enumerate(known, start=1))
    return (
        '<div class="audionome-guess"><div class="guess-plain">'
        "<p><strong>What genre is this?</strong> Listen, guess, then open the answer.</p>"
        f"<ol>{items}</ol></div>"
        f'<script type="application/json" class="guess-data">{packed}</script></div>'
    )


def _item(one: Mapping[str, Any], number: int) -> str:
    answer = one["answer"]
    first = genre_name(answer["genre"])
    verdict = "and is right" if answer["genre"] == one["genre"] else "and is wrong"
    return (
        f'<li><audio controls preload="none" aria-label="Recording {number}" '
        f'src="{_FOLDER}/{escape(one["file"])}"></audio>'
        f"<details><summary>The answer</summary><p>Its source calls it "
        f"<strong>{escape(genre_name(one['genre']))}</strong>, {escape(one['genre_source'])}. The "
        f"machine puts <strong>{escape(first)}</strong> first, {verdict}; its answer: "
        f"{escape(answer['headline'])}.</p><p>{credit(one)}</p></details></li>"
    )
