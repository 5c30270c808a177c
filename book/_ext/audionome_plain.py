"""The Markdown of the book's notebooks, written for programs that know nothing of the book.

Links lead to the site. Citations, terms and boxes, which only the site's own Markdown knows, become
links and plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

from pybtex.database import Person, parse_file

# A link or a picture of Markdown to a page, a chapter or a file of the site.
_LINK = re.compile(
    r"(\]\()((?:\.\./(?:book|notebooks)/)?[\w./-]+\.(?:ipynb|md|svg|png))((?:#[\w-]+)?\))"
)


def on_the_site(link: str) -> str:
    """Return where a link of a notebook leads on the site, seen from a chapter's page.

    Examples
    --------
    >>> on_the_site("pca.ipynb"), on_the_site("../book/usage.md")
    ('pca.html', '../book/usage.html')
    >>> on_the_site("../book/_static/diagrams/a.svg")
    '../_static/diagrams/a.svg'
    """
    link = re.sub(r"^\.\./book/_static/", "../_static/", link)
    return re.sub(r"\.(ipynb|md)$", ".html", link)


def with_links(text: str, site: str) -> tuple[str, list[str]]:
    """Let links lead to the pages of the site.

    Parameters
    ----------
    text
        Source of a cell.
    site
        Address of the site, or nothing: then links are left as the site's pages have them.

    Returns
    -------
    text : str
    links : list of str
        Those that still depend on where the site is.
    """
    links: list[str] = []

    def lead(found: re.Match[str]) -> str:
        link = on_the_site(found[2])
        if site:
            link = urljoin(f"{site}notebooks/", link)
        else:
            links.append(link + found[3][:-1])
        return found[1] + link + found[3]

    return _LINK.sub(lead, text), links


def cited(path: Path) -> dict[str, str]:
    """Return how a text names each work of a bibliography: its authors, and the year.

    Returns
    -------
    dict of str to str
        Key to names and year, with a line break between them.
    """
    return {
        key: f"{_names(work.persons.get('author') or work.persons['editor'])}\n"
        f"{work.fields.get('year', 'n.d.')}"
        for key, work in parse_file(path).entries.items()
    }


def _names(people: list[Person]) -> str:
    names = [" ".join(map(str, person.rich_last_names)) for person in people]
    if len(names) > 2 or names[-1] == "others":
        return f"{names[0]} et al."
    return " and ".join(names)


_CITATION = re.compile(r"\{\{?cite:([pt])\}\}?`([\w, ]+)`")
_TERM = re.compile(r"\{\{?term\}\}?`([^`<]+?)(?: <[^>]*>)?`")
_BOX = re.compile(r"^:::\{(\w+)\} ?(.*)\n((?:.*\n)*?):::$", re.MULTILINE)


def plain(text: str, works: Mapping[str, str]) -> str:
    r"""Write citations, terms and boxes so that any program shows them.

    Parameters
    ----------
    text
        Source of a cell.
    works
        What `cited` returns.

    Returns
    -------
    str

    Examples
    --------
    >>> plain("A {term}`fold` {cite:p}`x`, as {cite:t}`x` says.", {"x": "Cook\n2002"})
    'A fold ([Cook, 2002](../book/references.md)), as [Cook (2002)](../book/references.md) says.'
    """

    def cite(found: re.Match[str]) -> str:
        inside = found[1] == "p"
        said = [works[key.strip()].split("\n") for key in found[2].split(",")]
        told = "; ".join(f"{who}, {year}" if inside else f"{who} ({year})" for who, year in said)
        link = f"[{told}](../book/references.md)"
        return f"({link})" if inside else link

    def box(found: re.Match[str]) -> str:
        return f"**{found[2] or found[1].title()}.** {found[3].rstrip()}"

    return _BOX.sub(box, _TERM.sub(r"\1", _CITATION.sub(cite, text)))
