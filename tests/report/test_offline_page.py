"""Pages in one file: nothing is fetched, no text becomes HTML, tables are searched and sorted."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from browser import barriers, page_with_watch
from playwright.sync_api import Browser

from audionome.charts import page as room
from audionome.charts import probability_bars
from audionome.charts.page import Bullets, Section, Table

HOSTILE = '<img src=x onerror="window.hit=1"></script><script>window.hit=1</script>'


class _Tags(HTMLParser):
    """Names of the elements, and attributes that load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.loading: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.loading += [name for name, _ in attrs if name in {"src", "href", "onerror"}]


def _parts() -> list[room.Part]:
    rows = pd.DataFrame(
        {
            "file": [HOSTILE, "b\x1b.mp3", "c.mp3", "a.mp3"],
            "sure": ["9.5%", "61.0%", "<0.1%", None],
            "length": ["10:00", "9:00", "1:00", "2:00"],
        }
    )
    return [
        f"Text {HOSTILE}",
        Bullets((HOSTILE, "two")),
        Section(HOSTILE, (probability_bars({HOSTILE: 0.6, "jazz": 0.4}),)),
        Table(rows, caption=HOSTILE, searchable=True),
    ]


def test_no_text_becomes_html() -> None:
    plain = room.page("T", ["x", Bullets(("a", "b")), Table(pd.DataFrame({"n": ["a"]}))])
    hostile = room.page(HOSTILE, [HOSTILE, Bullets((HOSTILE, "b")),
                                  Table(pd.DataFrame({HOSTILE: [HOSTILE]}))])  # fmt: skip
    assert _Tags(hostile).names == _Tags(plain).names
    assert "script" not in _Tags(plain).names, "there is nothing to run"
    assert not _Tags(hostile).loading
    assert "b\\x1b.mp3" in room.page("T", [Table(pd.DataFrame({"f": ["b\x1b.mp3"]}))])


def test_missing_values_are_empty_and_numbers_align() -> None:
    rows = pd.DataFrame({"n": [1.25, None], "share": ["61.0%", "<0.1%"], "words": ["a", None]})
    text = room.page("T", [Table(rows)])
    assert re.findall(r"<td( class=.number.)?[^>]*>(.*?)</td>", text) == [
        (' class="number"', "1.25"), (' class="number"', "61.0%"), ("", "a"),
        (' class="number"', ""), (' class="number"', "&lt;0.1%"), ("", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_works_offline_and_keeps_nobody_out(
    chromium: Browser, tmp_path: Path, scheme: str
) -> None:
    path = tmp_path / "overview.html"
    room.write_page(path, HOSTILE, _parts(), lead=HOSTILE)
    tab, problems = page_with_watch(
        chromium, "http://127.0.0.1:9/", viewport={"width": 390, "height": 800}, color_scheme=scheme
    )
    tab.goto(path.as_uri())
    tab.wait_for_selector(".main-svg")
    assert tab.evaluate("window.hit") is None
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert not barriers(tab)

    shown = tab.locator("tbody tr:visible td:first-child")
    search = tab.get_by_label("Search")
    search.fill("mp3 a")
    assert shown.all_inner_texts() == ["a.mp3"]
    assert tab.locator("output").inner_text() == "1 of 4 rows"
    search.fill("")
    tab.get_by_role("button", name="sure").click()
    assert [t[:2] for t in shown.all_inner_texts()] == ["b\\", "<i", "c.", "a."]
    tab.get_by_role("button", name="length").click()
    assert [t[:2] for t in shown.all_inner_texts()] == ["c.", "a.", "b\\", "<i"]
    tab.get_by_role("button", name="length").click()
    assert [t[:2] for t in shown.all_inner_texts()] == ["<i", "b\\", "a.", "c."]
    assert not problems
    # What is not allowed by the policy fails, whatever a later change adds to the page.
    assert tab.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'kept')") == "kept"
    assert any("Content Security Policy" in p for p in problems)
    tab.context.close()
