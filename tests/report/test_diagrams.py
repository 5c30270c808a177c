"""The drawn diagrams take the page's colours, are legible on a phone, and are told in words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
DIAGRAMS = sorted((ROOT / "book" / "_static" / "diagrams").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
#: Colours that follow the theme; the part behind the comma is for pictures outside of the book.
THEMED = re.compile(r"none|currentColor|var\(--audionome-(accent|second), #[0-9a-f]{6}\)")
PHONE = 358  # px that a page leaves on a phone 390 px wide


def prose() -> str:
    """The Markdown of all pages."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "book").glob("*.md")]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts += ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    return "\n\n".join(texts)


def test_there_are_diagrams() -> None:
    assert {"sound-to-numbers", "mfcc-pipeline"} <= {path.stem for path in DIAGRAMS}


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_follows_the_page(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    assert "width" not in root.attrib
    assert "height" not in root.attrib
    width = float(root.attrib["viewBox"].split()[2])
    for element in root.iter():
        for name in ("fill", "stroke"):
            if name in element.attrib:
                assert THEMED.fullmatch(element.attrib[name]), element.attrib
        if "font-size" in element.attrib:
            pixels = float(element.attrib["font-size"].removesuffix("px")) * PHONE / width
            assert pixels >= 11, (element.text, pixels)
        # It becomes a part of a page that may show others.
        assert element.attrib.get("id", path.stem).startswith(path.stem)


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_is_shown_and_told_in_words(path: Path) -> None:
    shown = re.search(rf"!\[([^]]*)\]\([^)]*diagrams/{path.name}\)", prose())
    assert shown, "no page shows it"
    assert len(shown[1]) > 100
