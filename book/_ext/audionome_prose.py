"""What prose gets beyond Markdown: drawn diagrams, and definitions under the pointer.

- ``![what it shows](../book/_static/diagrams/name.svg)`` puts the drawing itself into the page, so
  that it takes the page's colours. In Jupyter it is a picture like any other.
- The first mention of a glossary term on a page leads to the glossary, and shows the definition
  when it is pointed at or reached by keyboard. So does every ``{term}``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

GLOSSARY = "book/glossary"
#: Words that also mean something else: only an explicit ``{term}`` explains them.
EVERYDAY = {
    "clip", "confidence", "feature", "filter", "fold", "frame", "gap", "head", "interval", "key",
    "ladder", "level", "loss", "margin", "patch", "tag", "tempo", "threshold", "track", "wild",
    "window",
}  # fmt: skip
#: Where a link would stand in the way, or a word is no prose.
NOT_PROSE = (
    nodes.reference, nodes.title, nodes.literal, nodes.literal_block, nodes.math, nodes.raw,
    nodes.term, nodes.table, nodes.citation,
)  # fmt: skip


class Diagrams(SphinxTransform):
    """Put the drawings of ``book/_static/diagrams`` into the page."""

    default_priority = 200  # before Sphinx collects images to copy

    def apply(self, **_: Any) -> None:
        """Replace each image node by the drawing."""
        for image in list(self.document.findall(nodes.image)):
            if "diagrams/" not in image["uri"] or not image["uri"].endswith(".svg"):
                continue
            path = Path(self.env.doc2path(self.env.docname)).parent / image["uri"]
            if not image.get("alt"):
                logger.warning("The diagram %s says nothing to those who cannot see it.", path.name,
                               location=image)  # fmt: skip
            self.env.note_dependency(str(path))
            drawn = nodes.raw("", inlined(path, str(image.get("alt", ""))), format="html")
            alone = isinstance(image.parent, nodes.paragraph) and len(image.parent) == 1
            (image.parent if alone else image).replace_self(drawn)


def inlined(path: Path, alt: str) -> str:
    """Return a drawing as part of a page, with what it shows in words."""
    drawing = re.sub(r"<\?xml.*?\?>|<!--.*?-->", "", path.read_text("utf-8"), flags=re.DOTALL)
    opening = f'<svg class="audionome-diagram" role="img" aria-label="{html.escape(alt)}"'
    return drawing.strip().replace("<svg", opening, 1)


class explained(nodes.reference):
    """A link to a term of the glossary that carries the definition."""


def visit_explained(self: Any, node: explained) -> None:
    """Write the link with its definition."""
    self.body.append(
        f'<a class="audionome-term reference internal" href="{html.escape(node["refuri"])}" '
        f'data-definition="{html.escape(node["definition"])}">'
    )


def depart_explained(self: Any, node: explained) -> None:
    """Close the link."""
    self.body.append("</a>")


def definitions(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Return what the glossary says of each term: its place on that page, and the text."""
    found = {}
    for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        text = " ".join(item.next_node(nodes.definition).astext().split())
        for term in item.findall(nodes.term):
            if term["ids"]:
                found[term.astext()] = (term["ids"][0], text)
    # "See X." sends a reader on; a definition on the spot is X's own.
    for term, (place, text) in found.items():
        if (see := re.fullmatch(r"See (.+)\.", text)) and see[1] in found:
            found[term] = (place, found[see[1]][1])
    return found


@cache
def mention(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that finds any of the terms, also in the plural; the longest first."""
    longest = sorted(terms, key=len, reverse=True)
    words = "|".join(re.escape(term).replace(r"\ ", r"\s") for term in longest)
    return re.compile(rf"(?<![\w-])({words})(s?)(?![\w-])", re.IGNORECASE)


def join_lines(doctree: nodes.document) -> None:
    """Make one text of the lines of a paragraph: a term may go over two."""
    for element in doctree.findall(nodes.TextElement):
        children: list[nodes.Node] = []
        for child in element.children:
            if isinstance(child, nodes.Text) and children and isinstance(children[-1], nodes.Text):
                children[-1] = nodes.Text(f"{children[-1]}{child}")
            else:
                children.append(child)
        if len(children) < len(element.children):
            element.children = []
            element += children


def prose(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Go through the running text of a page."""
    for text in list(doctree.findall(nodes.Text)):
        above, node = [], text.parent
        while node is not None:
            above.append(node)
            node = node.parent
        if any(isinstance(a, nodes.paragraph) for a in above) and not any(
            isinstance(a, NOT_PROSE) for a in above
        ):
            yield text


def explain_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Explain each glossary term where a page first mentions it."""
    apart = (GLOSSARY, "book/changelog", "book/api")
    if GLOSSARY not in app.env.found_docs or docname.startswith(apart):
        return
    known = definitions(app.env)
    by_word = {term.lower(): term for term in known}
    by_place = {place: term for term, (place, _) in known.items()}
    page = app.builder.get_relative_uri(docname, GLOSSARY)
    seen: set[str] = set()

    def link(term: str, *shown: nodes.Node) -> explained:
        place, text = known[term]
        return explained("", "", *shown, refuri=f"{page}#{place}", definition=text, internal=True)

    for reference in list(doctree.findall(nodes.reference)):
        place = reference.get("refuri", "").partition("#")[2]
        if place in by_place and reference["refuri"].startswith(page):
            seen.add(by_place[place])
            reference.replace_self(link(by_place[place], *reference.children))
    join_lines(doctree)
    pattern = mention(tuple(word for word in by_word if word not in EVERYDAY))
    for text in prose(doctree):
        parts: list[nodes.Node] = []
        rest = str(text)
        while match := next(
            (m for m in pattern.finditer(rest) if by_word[_plain(m)] not in seen), None
        ):
            term = by_word[_plain(match)]
            seen.add(term)
            parts += [nodes.Text(rest[: match.start()]), link(term, nodes.Text(match[0]))]
            rest = rest[match.end() :]
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(rest)])


def _plain(match: re.Match[str]) -> str:
    return " ".join(match[1].lower().split())


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_transform(Diagrams)
    app.add_node(explained, html=(visit_explained, depart_explained))
    app.connect("doctree-resolved", explain_terms)
    app.add_js_file("terms.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
