"""Pages load what they show: no script for icons, and of fonts and stylesheets what is used.

The theme brings every icon of Font Awesome as a font and once more as a script, every rule of
Bootstrap, and translations into languages that this book is not written in. Most of that no page
shows. What goes is decided by reading the pages: a rule stays if its classes stand in a page or in
a script.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

# It would tell of every table of every font.
logging.getLogger("fontTools").setLevel(logging.WARNING)

#: Stylesheets of the theme, which hold far more rules than a book needs.
SHEETS = (
    "styles/bootstrap.css",
    "styles/pydata-sphinx-theme.css",
    "sphinx-design.min.css",
    "vendor/fontawesome/*/css/all.min.css",
)
#: What nothing asks for: Font Awesome's script, translations, sources for debuggers.
UNASKED = ("vendor/fontawesome/*/js", "locales", "**/*.map", "sphinx-thebe.*")
#: Parts of a page, and what is loaded for them alone.
PARTS = {
    'class="cell': ("mystnb.",),
    "<pre": ("clipboard.min.js", "copybutton."),
    '[" ]sd-': ("sphinx-design.",),
    "sd-tab-set": ("design-tabs.js",),
    "toggle|dropdown": ("togglebutton", "toggleHint", "toggleOpenOnPrint"),
}
# Bootstrap puts the names of these classes together.
_ALWAYS = re.compile(r"bs-")
_TAGS = re.compile(
    r'\s*<script src="[^"]*/fontawesome/[^"]*"></script>'
    r'|\s*<link rel="preload" as="font"[^>]*/fontawesome/[^>]*>'
)
_WORD = re.compile(r"[A-Za-z_][\w-]*")
# Animations and fonts, which other rules call by name.
_CALLED = re.compile(
    r"@(?:-webkit-)?(?:keyframes\s+|font-face\s*\{.*?font-family:\s*[\"']?)([\w -]+)", re.DOTALL
)
#: Where a font keeps its icons.
_PRIVATE = range(0xE000, 0xF900)


def words(folder: Path) -> set[str]:
    """Return every word that may be a class in the site: those of pages and of scripts."""
    found: set[str] = set()
    for path in folder.rglob("*.html"):
        for value in re.findall(r'class="([^"]*)"', path.read_text(encoding="utf-8")):
            found.update(value.split())
    scripts = [path for path in folder.rglob("*.js") if not path.name.startswith("plotly")]
    for path in [*scripts, *folder.rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        parts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
        for script in parts if path.suffix == ".html" else [text]:
            if not script.lstrip().startswith(("{", "[")):  # the data of a chart
                found.update(_WORD.findall(script))
    return found


def _selectors(prelude: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the selectors of a rule."""
    one: list[Any] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield one
            one = []
        else:
            one.append(token)
    yield one


def _classes(selector: list[Any]) -> set[str]:
    """Return the classes that an element must have; what stands in ``:not()`` and such is left."""
    return {
        name.value
        for dot, name in itertools.pairwise(selector)
        if dot.type == "literal" and dot.value == "." and name.type == "ident"
    }


def _kept(rules: Iterable[Any], used: set[str]) -> Iterator[str]:
    """Yield the rules that can apply to an element of the site."""
    for rule in rules:
        if rule.type == "qualified-rule":
            alive = [
                tinycss2.serialize(one).strip()
                for one in _selectors(rule.prelude)
                if all(name in used or _ALWAYS.match(name) for name in _classes(one))
            ]
            if alive:
                yield f"{','.join(alive)}{{{tinycss2.serialize(rule.content)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports"}:
            inside = tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            if text := "".join(_kept(inside, used)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{text}}}"
        else:
            yield rule.serialize()


def slim(css: str, used: set[str]) -> str:
    """Return a stylesheet without the rules that no element of the site can have.

    Parameters
    ----------
    css
        The stylesheet.
    used
        Every class that an element may have; more words do no harm.

    Returns
    -------
    str
        The stylesheet. Comments go as well, except the first one if it names a licence.
    """
    licence = re.match(r'(@charset "utf-8";)?\s*(/\*!.*?\*/)?', css, re.DOTALL | re.IGNORECASE)
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    kept = list(_kept(rules, used))
    called = "".join(one for one in kept if not _CALLED.match(one)).replace("\\", "")
    lasting = [one for one in kept if not (name := _CALLED.match(one)) or name[1] in called]
    head = (licence[2] or "") if licence else ""
    return head + "".join(lasting)


def icons(styles: Iterable[str]) -> set[int]:
    """Return the icons that stylesheets put into pages, as code points."""
    found: set[int] = set()
    for css in styles:
        found.update(ord(letter) for letter in css if ord(letter) in _PRIVATE)
        found.update(int(code, 16) for code in re.findall(r"\\([0-9a-fA-F]{4})\b", css))
    return found & set(_PRIVATE)


def only_icons(folder: Path, css: str, points: set[int]) -> str:
    """Cut the fonts of Font Awesome down to some icons.

    Parameters
    ----------
    folder
        Of the fonts. Those that are not needed are deleted.
    css
        The stylesheet that names them.
    points
        The icons.

    Returns
    -------
    str
        The stylesheet; it names what is left.
    """
    for source in sorted(folder.glob("*.ttf")):
        font = TTFont(source)
        there = points & set(font.getBestCmap())
        if there:
            options = subset.Options(flavor="woff", layout_features=[], hinting=False)
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=there)
            cutter.subset(font)
            subset.save_font(font, str(source.with_suffix(".woff")), options)
            digest = hashlib.sha256(source.with_suffix(".woff").read_bytes()).hexdigest()[:8]
            src = f'url(../webfonts/{source.stem}.woff?v={digest}) format("woff")'
            css = re.sub(rf"url\([^)]*/{source.stem}\.woff2\)[^;}}]*", src, css)
        else:
            css = re.sub(rf"@font-face\{{[^}}]*/{source.stem}\.[^}}]*\}}", "", css)
        source.unlink()
        source.with_suffix(".woff2").unlink(missing_ok=True)
    return css


def lighten(folder: Path) -> None:
    """Take out of a site what no page of it shows.

    Parameters
    ----------
    folder
        The built site. Doing it twice changes nothing more.
    """
    static = folder / "_static"
    for pattern in UNASKED:
        for path in list(static.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    used = words(folder)
    sheets = {path: "" for pattern in SHEETS for path in static.glob(pattern)}
    for path in sheets:
        sheets[path] = slim(path.read_text(encoding="utf-8"), used)
    others = [path for path in static.rglob("*.css") if path not in sheets]
    points = icons([*sheets.values(), *(path.read_text(encoding="utf-8") for path in others)])
    versions = {}
    for path, css in sheets.items():
        css = only_icons(path.parent.parent / "webfonts", css, points)
        path.write_text(css, encoding="utf-8")
        versions[path.name] = hashlib.sha256(css.encode()).hexdigest()[:8]
    names = "|".join(map(re.escape, versions))
    address = re.compile(rf'(_static/(?:[^"]*/)?({names}))\?[^"]*"')
    for path in folder.rglob("*.html"):
        old = path.read_text(encoding="utf-8")
        new = address.sub(lambda m: f'{m[1]}?v={versions[m[2]]}"', _TAGS.sub("", old))
        if new != old:
            path.write_text(new, encoding="utf-8")


def only_what_is_there(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load scripts and styles of the extensions only on pages that hold what they are for.

    No page gets those of Thebe: they declare constants twice, and name a script of another host.
    """
    body = context.get("body", "")
    spare = [name for part, names in PARTS.items() if not re.search(part, body) for name in names]
    spare += ["sphinx-thebe.", "THEBE_JS_URL"]

    def needed(asset: Any) -> bool:
        told = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', {})}"
        return not any(name in told for name in spare)

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if needed(asset)]


def build_finished(app: Sphinx, error: Exception | None) -> None:
    """Lighten the site that was built."""
    if error is None and app.builder.format == "html":
        lighten(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    # After everybody who adds a file to a page.
    app.connect("html-page-context", only_what_is_there, priority=950)
    # After all pages are written, and before they get their policy.
    app.connect("build-finished", build_finished, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
