"""The script that draws the site's charts: small, of the right version, and enough for them all."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
book = pytest.importorskip("audionome_book")

#: What the small bundle can draw, of plotly.js's kinds of trace.
CARTESIAN = {
    "Bar", "Box", "Contour", "Heatmap", "Histogram", "Histogram2d", "Histogram2dContour", "Image",
    "Pie", "Scatter", "Scatterternary", "Violin",
}  # fmt: skip


def test_the_small_bundle_is_of_the_version_that_is_locked() -> None:
    script = book.plotly_script()
    assert f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}" in script[:200].decode()
    assert len(script) < 1_600_000
    assert "MIT" in (book.SMALL_PLOTLY.parent / "LICENSE").read_text(encoding="utf-8")


def test_with_another_version_of_plotly_the_site_serves_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(book, "get_plotlyjs_version", lambda: "0.0.1")
    script = book.plotly_script()
    assert len(script) > 3_000_000
    assert "cartesian" not in script[:200].decode()


def test_no_chart_needs_what_the_small_bundle_lacks() -> None:
    used = set()
    for path in (ROOT / "audionome").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "go":
                used.add(node.attr)
    assert {"Bar", "Heatmap", "Scatter"} <= used
    assert {name for name in used if re.match("[A-Z]", name)} - {"Figure"} <= CARTESIAN
