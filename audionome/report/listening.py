"""The examples that the pages which listen offer: real recordings first, then made-up pieces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from audionome._words import genre_name, sentence_case
from audionome.charts import PALETTE, PATTERNS
from audionome.datasets.recordings import Recording, recordings
from audionome.report import synth
from audionome.report.examples import MADE, RECORDED, credited

__all__ = ["catalogue", "credit", "credits_html", "examples_html", "facts", "genres_told"]

_FOLDER = "../_static/examples"  # seen from a page of the book


def genres_told(genres: Iterable[str]) -> list[dict[str, str]]:
    """Return the genres as the scripts of a page draw them: key, name, colour and pattern."""
    return [
        {"key": g, "name": genre_name(g), "colour": PALETTE[g], "pattern": PATTERNS[g]}
        for g in genres
    ]


def facts(one: Recording) -> dict[str, str]:
    """Return what must be said with a recording, as plain values for JSON.

    Parameters
    ----------
    one : Recording

    Returns
    -------
    dict of str
        As in `catalogue`, without the ``kind``.
    """
    return {
        "file": f"{one.path.stem}.mp3",
        "notice": f"{one.path.stem}.txt",
        "title": one.title,
        "artist": one.artist,
        "game": one.game,
        "genre": one.genre,
        "licence": one.licence,
        "licence_url": one.licence_url,
        "source": one.source,
        "changes": one.changes,
    }


def catalogue() -> list[dict[str, Any]]:
    """Return what there is to try, as plain values for JSON.

    Returns
    -------
    list of dict
        ``file`` (its name on the site), ``notice`` (the file beside it with the words of its
        source, or ""), ``kind`` (`RECORDED` or `MADE`), ``title``, ``artist``, ``game`` (that it
        is from, or ""), ``genre`` (of the ten, or "" where the source names none), ``licence``,
        ``licence_url``, ``source`` (an address, or "") and ``changes`` (what was done to it).
    """
    recorded = [{"kind": RECORDED, **facts(one)} for one in recordings()]
    made = [
        {
            "file": f"{genre}.mp3",
            "notice": "",
            "kind": MADE,
            "title": sentence_case(genre_name(genre)),
            "artist": "by a program",
            "game": "",
            "genre": genre,
            "licence": "CC0",
            "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
            "source": "",
            "changes": "",
        }
        for genre in synth.GENRES
    ]
    return recorded + made


def examples_html(entries: list[dict[str, Any]]) -> str:
    """Return the examples as lists of links, which the panel turns into buttons.

    Parameters
    ----------
    entries : list of dict
        From `catalogue`.

    Returns
    -------
    str
        HTML in one line: what was made by a program is folded away.
    """
    recorded = [_item(entry) for entry in entries if entry["kind"] == RECORDED]
    made = [_item(entry) for entry in entries if entry["kind"] == MADE]
    return (
        '<div class="audionome-examples"><p>Or take a real recording</p>'
        f"<ul>{''.join(recorded)}</ul></div>"
        '<details class="audionome-examples"><summary>Pieces made by a program</summary>'
        "<p>The network never heard such sounds and is often wrong about them.</p>"
        f"<ul>{''.join(made)}</ul></details>"
    )


def credits_html(entries: list[dict[str, Any]]) -> str:
    """Return who made the recordings, where they are from, and what was done to them, as HTML.

    Parameters
    ----------
    entries : list of dict
        From `catalogue`.

    Returns
    -------
    str
        A list, in one line.
    """
    items = [f"<li>{credit(entry)}</li>" for entry in entries if entry["kind"] == RECORDED]
    return f"<ul>{''.join(items)}</ul>"


def credit(entry: Mapping[str, Any]) -> str:
    """Return who made a recording, where it is from, and what was done to it, as HTML.

    Parameters
    ----------
    entry : mapping
        With what `facts` holds.

    Returns
    -------
    str
        In one line. The notice that came with the recording is linked: a licence may ask for it.
    """
    named = credited(entry["title"], entry["artist"], game=entry["game"], source=entry["source"])
    return (
        f'{named} ({_licence(entry)}, <a href="{_FOLDER}/{escape(entry["notice"])}">notice</a>). '
        f"{escape(entry['changes'])}"
    )


def _licence(entry: Mapping[str, Any]) -> str:
    return f'<a href="{escape(entry["licence_url"])}">{escape(entry["licence"])}</a>'


def _item(entry: dict[str, Any]) -> str:
    title, artist = escape(entry["title"]), escape(entry["artist"])
    by = f" {artist}," if entry["kind"] == RECORDED else ""
    return (
        f'<li data-file="{escape(entry["file"])}" data-title="{title}" data-artist="{artist}">'
        f'<a href="{_FOLDER}/{escape(entry["file"])}">{title}</a>'
        f'<span class="audionome-by">{by}</span> {_licence(entry)}</li>'
    )
