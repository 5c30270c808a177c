"""The content security policy of the site: a page may ask for nothing but the site's own files.

Every page names the policy at the start of its head, and the browser keeps it: a script, a font or
a request that leads to another host is refused, whoever wrote it. Scripts inside a page run only
if their hash stands in the policy of that page; handlers inside tags never run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

#: What a page may load, and from where.
SOURCES = {
    "default-src": "'none'",
    # WebAssembly is the machine code of the classifier; it lets no text become a script.
    "script-src": "'self' 'wasm-unsafe-eval'",
    # Plotly and Bootstrap write styles into the page as they draw; styles cannot send anything
    # elsewhere, because what they name is held to the lines below.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    # A worker from a blob is under the policy of its page; one from a file would not be.
    "worker-src": "blob:",
    "base-uri": "'none'",
    "form-action": "'self'",
}

_OWN = re.compile(r'[ \t]*<meta http-equiv="Content-Security-Policy"[^>]*>\n?')
# The theme's button; printing.js listens to it instead.
_PRINT = re.compile(r'\s+onclick="window\.print\(\)"')
# The charset has to stand among the first 1024 bytes, so the policy comes after it.
_STARTS = [
    re.compile(tag, re.IGNORECASE) for tag in (r"<meta charset=[^>]*>\n?", r"<head[^>]*>\n?")
]
_SCRIPTS = {"", "module", "importmap", "speculationrules", "text/javascript"}


class _Page(HTMLParser):
    """What a policy must know about a page.

    Attributes
    ----------
    scripts
        The texts of the scripts inside the page, without data for scripts.
    handlers
        Attributes that hold code, which the policy keeps from running.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note handlers, and whether a script begins."""
        given = {name: value or "" for name, value in attrs}
        self.handlers += [
            f'{name}="{value}"'
            for name, value in given.items()
            if name.startswith("on") or value.strip().lower().startswith("javascript:")
        ]
        kind = given.get("type", "").strip().lower()
        self._inside = tag == "script" and "src" not in given and kind in _SCRIPTS
        if self._inside:
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        """Gather the text of a script."""
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        """Note that a script ends."""
        self._inside = False


def policy(scripts: list[str]) -> str:
    """Return the policy of a page.

    Parameters
    ----------
    scripts
        The texts of the scripts inside the page.

    Returns
    -------
    str
        As it stands in the page; each script is named by its hash.
    """
    digests = {hashlib.sha256(script.encode()).digest() for script in scripts}
    hashes = sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    sources = SOURCES | {"script-src": " ".join([SOURCES["script-src"], *hashes])}
    return "; ".join(f"{name} {allowed}" for name, allowed in sources.items())


def protected(text: str) -> tuple[str, list[str]]:
    """Put its policy into a page.

    Parameters
    ----------
    text
        The page, with or without a policy.

    Returns
    -------
    text
        The page with its policy, before anything that could be loaded.
    handlers : list of str
        Code inside tags, which will not run.
    """
    text = _PRINT.sub("", _OWN.sub("", text))
    page = _Page()
    page.feed(text)
    page.close()
    start = next(filter(None, (tag.search(text) for tag in _STARTS)), None)
    place = start.end() if start else 0
    line = f'<meta http-equiv="Content-Security-Policy" content="{policy(page.scripts)}" />\n'
    return text[:place] + line + text[place:], page.handlers


def protect(app: Sphinx, error: Exception | None) -> None:
    """Put a policy into every page of the site, whichever of them were written this time."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    # Parts of the theme's templates, which it leaves among the files of the site.
    for part in (folder / "_static").glob("*webpack-macros.html"):
        part.unlink()
    for path in sorted(folder.rglob("*.html")):
        old = path.read_text(encoding="utf-8")
        new, handlers = protected(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
        for handler in handlers:
            LOGGER.warning("%s: the policy keeps %s from running", path.name, handler)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    # After everybody who writes a page.
    app.connect("build-finished", protect, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
