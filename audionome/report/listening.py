"""The examples that the pages which listen offer: real recordings first, then made-up pieces."""

from __future__ import annotations

from html import escape
from typing import Any

from audionome._words import genre_name, sentence_case
from audionome.datasets.recordings import recordings
from audionome.report import synth
from audionome.report.examples import MADE, RECORDED

__all__ = ["catalogue", "credits_html", "examples_html"]

_FOLDER = "../_static/examples"  # seen from a page of the book


def catalogue() -> list[dict[str, Any]]:
    """Return what there is to try, as plain values for JSON.

    Returns
    -------
    list of dict
        ``file`` (its name on the site), ``kind`` (`RECORDED` or `MADE`), ``title``, ``artist``,
        ``genre`` (of the ten, or "" where the source names none), ``licence``, ``licence_url``,
        ``source`` (an address, or "") and ``changes`` (what was done to it).
    """
    recorded = [
        {
            "file": f"{r.path.stem}.mp3",
            "kind": RECORDED,
            "title": r.title,
            "artist": r.artist,
            "genre": r.genre,
            "licence": r.licence,
            "licence_url": r.licence_url,
            "source": r.source,
            "changes": r.changes,
        }
        for r in recordings()
    ]
    made = [
        {
            "file": f"{genre}.mp3",
            "kind": MADE,
            "title": sentence_case(genre_name(genre)),
            "artist": "by a program",
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
    items = [
        f'<li><a href="{escape(e["source"])}">{escape(e["title"])}</a>, {escape(e["artist"])}, '
        f"{_licence(e)}. {escape(e['changes'])}</li>"
        for e in entries
        if e["kind"] == RECORDED
    ]
    return f"<ul>{''.join(items)}</ul>"


def _licence(entry: dict[str, Any]) -> str:
    return f'<a href="{escape(entry["licence_url"])}">{escape(entry["licence"])}</a>'


def _item(entry: dict[str, Any]) -> str:
    title, artist = escape(entry["title"]), escape(entry["artist"])
    by = f" {artist}," if entry["kind"] == RECORDED else ""
    return (
        f'<li data-file="{escape(entry["file"])}" data-title="{title}" data-artist="{artist}">'
        f'<a href="{_FOLDER}/{escape(entry["file"])}">{title}</a>'
        f'<span class="audionome-by">{by}</span> {_licence(entry)}</li>'
    )
