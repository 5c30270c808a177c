"""The API reference: one line and one sentence for each entry, the rest folded."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def own_footnotes(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Give the numbered references of a docstring names of their own: they share a page."""
    label = name.replace(".", "-").replace("_", "-").lower()
    lines[:] = [re.sub(r"\[(\d+)\]", rf"[#{label}-\1]", line) for line in lines]


def described_elsewhere(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what a module only passes on, and methods that scikit-learn puts into a class."""
    home = getattr(obj, "__module__", None)
    if not callable(obj) or not isinstance(home, str):
        return None
    if what != "module":
        return None if home.startswith("audionome") else True
    here = app.env.temp_data.get("autodoc:module")
    package, _, module = home.rpartition(".")
    own = home == here or (package == here and module.startswith("_"))
    return None if own else True


def shorten(parameter: addnodes.desc_parameter) -> None:
    """Leave the name of a parameter and its default."""
    named = [c for c in parameter.children if isinstance(c, addnodes.desc_sig_name)][:1]
    default = [c for c in parameter.children if "default_value" in c.get("classes", [])]
    if named and len(parameter.children) > 1 + 2 * len(default):
        star = [c for c in parameter.children[:1] if isinstance(c, addnodes.desc_sig_operator)]
        equals = [addnodes.desc_sig_operator("", "=")] if default else []
        parameter.children = []
        parameter += [*star, *named, *equals, *default]


def fold(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fold what follows the first sentence of an entry."""
    if not docname.startswith("book/api"):
        return
    for entry in list(doctree.findall(addnodes.desc)):
        for signature in list(entry.findall(addnodes.desc_signature))[1:]:
            if signature.parent is entry:  # an overload: the parameters tell all types
                entry.remove(signature)
        for part in list(entry[0].findall(addnodes.desc_parameter)):
            shorten(part)
        for returned in list(entry[0].findall(addnodes.desc_returns)):
            returned.parent.remove(returned)
    for content in list(doctree.findall(addnodes.desc_content)):
        told = [c for c in content.children if isinstance(c, nodes.paragraph)
                and not c.astext().startswith("Bases: ")][:1]  # fmt: skip
        rest = [child for child in content.children if child not in told]
        if not told or not rest:
            continue
        for link in list(told[0].findall(nodes.reference)):
            link.replace_self(link.children)  # what unfolds on a click cannot hold a link
        content.children = []
        content += [
            nodes.raw("", '<details class="audionome-api"><summary>', format="html"),
            nodes.inline("", "", *told[0].children),
            nodes.raw("", "</summary>", format="html"),
            *rest,
            nodes.raw("", "</details>", format="html"),
        ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", own_footnotes)
    app.connect("autodoc-skip-member", described_elsewhere)
    app.connect("doctree-resolved", fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
