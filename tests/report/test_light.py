"""What a page and the whole site weigh, and that nothing which shows was saved."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pydata_sphinx_theme
import pytest
import sphinx_design
from browser import page_with_watch
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
DESIGN = Path(sphinx_design.__file__).parent / "static"
HOME = "book/index.html"
TRY = "book/try.html"


@pytest.fixture(scope="module")
def extension() -> Any:
    """The Sphinx extension that makes pages light."""
    path = ROOT / "book" / "_ext" / "audionome_light.py"
    spec = importlib.util.spec_from_file_location("audionome_light", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- the whole site ----------------------------------------------------------------------------


def test_the_whole_site_is_small(site: Path) -> None:
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= 45_000_000


def test_nothing_lies_there_that_no_page_asks_for(site: Path) -> None:
    static = site / "_static"
    assert not list(static.rglob("*.map"))
    assert not list(static.rglob("*.po"))
    assert not list(static.rglob("*.ttf"))
    assert "fontawesome" not in " ".join(p.as_posix() for p in static.rglob("*.js"))
    # But for this: without it a branch of GitHub Pages leaves _static out.
    assert (site / ".nojekyll").is_file()


def test_every_icon_of_a_page_is_in_the_font(site: Path) -> None:
    (css,) = site.glob("_static/vendor/fontawesome/*/css/all.min.css")
    rules = css.read_text(encoding="utf-8")
    fonts = {path.stem: TTFont(path).getBestCmap() for path in css.parent.parent.rglob("*.woff")}
    drawn = fonts["fa-solid-900"]
    assert len(drawn) < 100  # of 1 400
    seen = set()
    for path in site.rglob("*.html"):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for tag in soup.select("[class*='fa-']"):
            seen |= {name for name in tag["class"] if name.startswith("fa-")}
    pictures = seen - {"fa-solid", "fa-brands", "fa-regular", "fa-lg", "fa-fw"}
    assert {"fa-bars", "fa-magnifying-glass", "fa-download"} <= pictures
    for name in pictures:
        (letter,) = re.findall(rf'\.{name}:before[^{{]*\{{content:"(\\?[^"]+)"', rules)
        point = int(letter[1:], 16) if letter.startswith("\\") else ord(letter)
        assert any(point in font for font in fonts.values()), name
    # Admonitions have theirs from the stylesheet of the theme.
    theme = (site / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    (bell,) = re.findall(r'--pst-icon-bell:"(.)"', theme)
    assert ord(bell) in drawn


# -- stylesheets and fonts ---------------------------------------------------------------------

SHEET = """/*! A licence. */
/* A comment. */
.used, .spare > p { color: red }
.spare { color: blue }
p.used .spare { color: blue }
.used:not(.spare) p { color: green }
a[href]:is(.spare, b) { content: "\\f0c9" }
@media print { .spare { color: blue } }
@media (min-width: 10px) { .spare { color: blue } .used { animation: 1s turn } }
@keyframes turn { to { rotate: 1turn } }
@keyframes lost { to { rotate: 2turn } }
@font-face { font-family: "A Font"; src: url(a.woff) }
@font-face { font-family: Lost\\ Font; src: url(b.woff) }
body { font: 1em/1 "A Font" }
.bs-tooltip-top { top: 0 }
"""


def test_a_stylesheet_keeps_what_can_apply(extension: Any) -> None:
    css = extension.slim(SHEET, {"used"})
    assert css.startswith("/*! A licence. */")
    for kept in (
        ".used{", ".used:not(.spare) p{", "a[href]:is(.spare, b){", "@media (min-width: 10px)",
        "@keyframes turn", '"A Font"; src', "body{", ".bs-tooltip-top{",
    ):  # fmt: skip
        assert kept in css, kept
    for gone in ("comment", ".spare >", "blue", "print", "lost", "Lost"):
        assert gone not in css, gone
    assert extension.slim(css, {"used"}) == css
    assert extension.icons([css, "\ue123 é"]) == {0xF0C9, 0xE123}


PAGE = """<html><head>
<link href="../_static/vendor/fontawesome/6/css/all.min.css?digest=1" rel="stylesheet" />
<link href="../_static/sphinx-design.min.css?v=digest" rel="stylesheet" />
<link rel="preload" as="font" crossorigin href="../_static/vendor/fontawesome/6/webfonts/a.woff2" />
<script src="../_static/vendor/fontawesome/6/js/all.min.js?digest=1"></script>
<script src="../_static/own.js"></script>
</head><body><i class="fa-solid fa-bars"></i></body></html>
"""


def test_a_site_is_made_light_once(tmp_path: Path, extension: Any) -> None:
    static = tmp_path / "_static"
    (source,) = (THEME / "vendor" / "fontawesome").iterdir()
    shutil.copytree(source, static / "vendor" / "fontawesome" / "6")
    (static / "locales").mkdir()
    design = static / "sphinx-design.min.css"
    design.write_text(".fa-bars { top: 0 } .sd-spare { top: 0 }")
    (static / "own.js").write_text("element.className = `fa-solid ${'fa-moon'}`;")
    page = tmp_path / "book" / "page.html"
    page.parent.mkdir()
    page.write_text(PAGE, encoding="utf-8")
    extension.lighten(tmp_path)
    first = page.read_text(encoding="utf-8")
    assert first.count("fontawesome") == 1
    assert "digest" not in first
    assert "own.js" in first
    assert "sd-spare" not in design.read_text()
    folder = static / "vendor" / "fontawesome" / "6"
    assert (folder / "LICENSE.txt").exists()
    fonts = {path.name: set(TTFont(path).getBestCmap()) for path in folder.glob("webfonts/*")}
    # There is a moon of thin lines as well; no brand has either.
    assert fonts == {"fa-solid-900.woff": {0xF0C9, 0xF186}, "fa-regular-400.woff": {0xF186}}
    css = (folder / "css" / "all.min.css").read_text(encoding="utf-8")
    assert set(re.findall(r"url\(([^?)]*)", css)) == {f"../webfonts/{name}" for name in fonts}
    extension.lighten(tmp_path)
    assert page.read_text(encoding="utf-8") == first
    assert (folder / "css" / "all.min.css").read_text(encoding="utf-8") == css


def test_a_page_gets_what_it_holds_something_for(extension: Any) -> None:
    def files(body: str) -> set[str]:
        names = (
            "_static/mystnb.abc.css", "_static/sphinx-design.min.css", "_static/design-tabs.js",
            "_static/clipboard.min.js", "_static/copybutton.js", "_static/togglebutton.js",
            "_static/sphinx-thebe.css", "_static/audionome.css",
        )  # fmt: skip
        assets = [SimpleNamespace(filename=name, attributes={}) for name in names]
        assets.append(SimpleNamespace(filename="", attributes={"body": "let toggleHintShow = 1"}))
        assets.append(SimpleNamespace(filename="", attributes={"body": 'const THEBE_JS_URL = "a"'}))
        context = {"body": body, "script_files": assets, "css_files": ["_static/pygments.css"]}
        extension.only_what_is_there(None, "page", "page.html", context, None)
        assert context["css_files"] == ["_static/pygments.css"]
        assert "THEBE" not in str(context)
        return {one.filename.removeprefix("_static/") for one in context["script_files"]}

    assert files("<p>Text</p>") == {"audionome.css"}
    assert files("<pre>") - files("") == {"clipboard.min.js", "copybutton.js"}
    assert files('<div class="sd-card">') - files("") == {"sphinx-design.min.css"}
    assert files('<div class="cell docutils">') - files("") == {"mystnb.abc.css"}
    assert files('<div class="admonition dropdown">') - files("") == {"togglebutton.js", ""}


# -- in the browser ----------------------------------------------------------------------------

# The selectors of a stylesheet that apply to the page, without states of elements.
APPLIES = """
async (text) => {
  const sheet = new CSSStyleSheet();
  await sheet.replace(text);
  const found = [];
  const walk = (rules) => [...rules].forEach((rule) => {
    if (rule.selectorText) {
      rule.selectorText.split(/,(?![^(]*\\))/).forEach((one) => {
        const still = one.replace(/::?(before|after|hover|focus[a-z-]*|active|visited|checked|" +
          "disabled|placeholder|marker|target|-[a-z-]+)/g, "").trim() || "*";
        try { if (document.querySelector(still)) found.push(one.trim()); } catch {}
      });
    }
    if (rule.cssRules) walk(rule.cssRules);
  });
  walk(sheet.cssRules);
  return found;
}
""".replace('" +\n          "', "")


@pytest.mark.parametrize("path", [HOME, "book/usage.html", "notebooks/pca.html"])
def test_no_rule_is_missing_that_applies(
    path: str, site: Path, chromium: Browser, base_url: str
) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(path, wait_until="networkidle")
    for source, name, least in (
        (THEME / "styles", "styles/bootstrap.css", 100),
        (THEME / "styles", "styles/pydata-sphinx-theme.css", 100),
        (DESIGN, "sphinx-design.min.css", 0),
    ):
        whole = (source / Path(name).name).read_text(encoding="utf-8")
        light = (site / "_static" / name).read_text(encoding="utf-8")
        assert len(light) < 0.8 * len(whole)
        applies = page.evaluate(APPLIES, whole)
        assert len(applies) > least
        assert applies == page.evaluate(APPLIES, light)
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("path", [HOME, TRY])
def test_a_page_is_light_before_anybody_asks(path: str, chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    sizes: dict[str, int] = {}

    def weigh(response: Any) -> None:
        sizes[urlsplit(response.url).path] = int(response.headers["content-length"])

    page.on("response", weigh)
    page.goto(path, wait_until="networkidle")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(1000)
    beside = {name: size for name, size in sizes.items() if "/plotly-" not in name}
    assert sum(beside.values()) <= 600_000, sorted(beside.items(), key=lambda one: -one[1])[:15]
    early = {name for name in sizes if "/listen/" in name and not name.endswith((".js", ".css"))}
    assert early <= {"/_static/listen/card.json"}
    assert not {name for name in sizes if "/ort" in name}
    assert not {name for name in sizes if name.endswith((".mp3", ".ogg"))}
    assert problems == []
    page.context.close()
