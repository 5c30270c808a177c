"""One line or group of a chart comes forward: by its menu, by a click on it, or on its name."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from browser import page_with_watch
from playwright.sync_api import Browser, Locator, Page

from audionome.charts._base import OTHER
from audionome.lab import names, store
from audionome.lab.protocols import LADDER

RESULTS = "notebooks/results.html"
DEEP = "notebooks/deep_learning.html"
PCA = "notebooks/pca.html"
RECOMMEND = "notebooks/recommend.html"

#: How many charts of a page bring something forward; each has its own kind of traces or menus.
HIGHLIGHTED = {DEEP: 2, PCA: 3, RECOMMEND: 1}

CHOSEN = "m => m.selectedOptions[0].label"
# What is not faint, by name.
FORWARD = """f => f.querySelector(".plotly-graph-div").data
  .filter(t => t.name && [...t.x].some(x => x !== null))
  .filter(t => Math.min(t.opacity ?? 1, (t.marker || {}).opacity ?? 1) === 1).map(t => t.name)"""
# The drawn intervals of the trace in front, from where its bars begin and end on the screen.
DRAWN = """f => {
  const { xaxis, yaxis } = f.querySelector(".plotly-graph-div")._fullLayout;
  return [...f.querySelectorAll(".errorbar path.xerror")].map((path) => {
    const { x, y, width, height } = path.getBBox();
    return [yaxis._categories[Math.round(yaxis.p2l(y + height / 2))] ?? "",
      xaxis.p2d(x), xaxis.p2d(x + width), xaxis.p2d(1) - xaxis.p2d(0)];
  });
}"""
# The middle between the first two points of a line, in pixels of the window.
BETWEEN = """(f, name) => {
  const div = f.querySelector(".plotly-graph-div");
  div.scrollIntoView({ block: "center", behavior: "instant" });
  const points = div.calcdata.find((cd) => cd[0].trace.name === name);
  const { _xA: x, _yA: y } = points[0].trace;
  const at = (axis, letter) => (axis.c2p(points[0][letter]) + axis.c2p(points[1][letter])) / 2;
  const box = div.getBoundingClientRect();
  return [box.x + x._offset + at(x, "x"), box.y + y._offset + at(y, "y")];
}"""


def drawn(page: Page, number: int) -> Locator:
    """Go to a chart that brings something forward, and wait until it is drawn and at rest."""
    figure = page.locator("figure:has(select[name=Highlight])").nth(number)
    figure.scroll_into_view_if_needed()
    page.wait_for_function("f => f.matches('.drawn')", arg=figure.element_handle())
    page.wait_for_timeout(300)
    return figure


def click_name(page: Page, figure: Locator, name: str) -> None:
    entry = figure.locator(".legend .traces").filter(has_text=re.compile(f"^{re.escape(name)}$"))
    entry.locator("rect").click()
    page.wait_for_timeout(600)  # Plotly waits whether a second click follows.


def stored(model: str, variant: str, level: str) -> pd.DataFrame:
    """The accuracy of a model on every rung with its interval, as ``scores.parquet`` has it."""
    scores = store.load().scores
    rows = scores[
        (scores["model"] == model) & (scores["variant"] == variant) & (scores["level"] == level)
        & (scores["split"] == "test") & scores["protocol"].isin(list(LADDER))
    ]  # fmt: skip
    return rows.assign(title=[LADDER[str(p)].title for p in rows["protocol"]]).set_index("title")


def test_a_model_of_the_ladder_shows_its_line_with_its_interval(
    chromium: Browser, base_url: str
) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(RESULTS, wait_until="networkidle")
    figure = drawn(page, 0)
    menu = figure.get_by_role("combobox", name="Highlight")
    note = figure.locator(".audionome-note")

    def shows(model: str, variant: str, level: str) -> None:
        title = names.model_title(model)
        assert menu.evaluate(CHOSEN) == title
        assert figure.evaluate(FORWARD) == [title]
        rows = stored(model, variant, level)
        bars = figure.evaluate(DRAWN)
        assert {rung for rung, *_ in bars} == set(rows.index)
        for rung, low, high, pixel in bars:
            accuracy, *span = rows.loc[rung, ["accuracy", "accuracy_low", "accuracy_high"]]
            assert [low, high] == pytest.approx(span, abs=pixel)
            told = f"{accuracy:.1%} ({100 * span[0]:.1f} to {span[1]:.1%})"
            assert f"{rung} {told}" in note.inner_text()

    shows("svc", "study", "window")
    # By keys.
    menu.focus()
    page.keyboard.press("ArrowDown")
    shows("knn", "study", "window")
    # By its name; nothing is hidden. The other menu leaves it in front.
    click_name(page, figure, "Decision tree")
    shows("tree", "study", "window")
    figure.get_by_role("combobox", name="Count").select_option("per track, tuned")
    shows("tree", "tuned", "track")
    assert figure.evaluate("f => f.querySelectorAll('.legend .traces').length") == 11
    # By a click on its line, far from any point; a second one lets it go.
    for expected in ("Decision tree", "all models"):
        if expected == "Decision tree":
            menu.select_option("all models")
            assert len(figure.evaluate(FORWARD)) == 11
            assert figure.evaluate(DRAWN) == []
            assert note.inner_text() == "Choose a model to see its 95 % intervals."
        page.mouse.click(*figure.evaluate(BETWEEN, "Decision tree"))
        page.wait_for_timeout(600)  # sooner, Plotly would take the next one for a double click
        assert menu.evaluate(CHOSEN) == expected
    # Beside the lines, nothing is meant.
    x, y = figure.evaluate(BETWEEN, "Decision tree")
    page.mouse.click(x - 60, y)
    assert menu.evaluate(CHOSEN) == "all models"
    # Parts of a step: each model tells its own, and the others are grey.
    parts = drawn(page, 1)
    note = parts.locator(".audionome-note")
    assert note.inner_text() == "Choose one to read its numbers."
    assert note.get_attribute("aria-live") == "off"  # until the reader chooses
    choices = parts.get_by_role("combobox", name="Highlight")
    name, *others = choices.locator("option").all_inner_texts()[1:]
    choices.select_option(name)
    cells = (
        """f => [...f.querySelectorAll("tbody tr")].map(r => [...r.cells].map(c => c.innerText))"""
    )
    parts.locator("summary").click()
    for row in parts.evaluate(cells):
        told = f"{row[1]} {row[4]} ({row[5]})"
        assert (told in note.inner_text()) == (row[0] == name)
    assert note.get_attribute("aria-live") == "polite"
    grey = "f => f.querySelector('.plotly-graph-div').data.map(t => [t.name, t.marker.color])"
    assert [n for n, colour in parts.evaluate(grey) if colour == OTHER] == others
    assert problems == []
    page.context.close()


def test_without_scripts_there_are_words_and_tables(chromium: Browser, base_url: str) -> None:
    page, _ = page_with_watch(chromium, base_url, java_script_enabled=False)
    page.goto(RESULTS)
    charts = page.locator("figure.audionome-chart")
    for figure in charts.all():
        assert not figure.locator(".plotly-graph-div").is_visible()
        last = figure.locator("noscript p").last
        assert last.is_visible()
        assert last.inner_text() == "The chart needs JavaScript; its data are in the table."
        assert figure.locator("details").is_visible()
        assert figure.bounding_box()["height"] < 300
    assert charts.count() > 2
    page.context.close()


@pytest.mark.parametrize("path", HIGHLIGHTED)
def test_every_legend_brings_forward(path: str, chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url, **_phone(path))
    page.goto(path, wait_until="networkidle")
    assert page.locator("figure:has(select[name=Highlight])").count() == HIGHLIGHTED[path]
    for i in range(HIGHLIGHTED[path]):
        figure = drawn(page, i)
        menu = figure.get_by_role("combobox", name="Highlight")
        every, *choices = menu.locator("option").all_inner_texts()
        assert every.startswith("all ")
        assert set(figure.locator(".legend text").all_text_contents()) == set(choices)
        menu.select_option(every)
        click_name(page, figure, choices[1])
        assert menu.evaluate(CHOSEN) == choices[1]
        assert set(figure.evaluate(FORWARD)) == {choices[1]}
        click_name(page, figure, choices[1])
        assert menu.evaluate(CHOSEN) == every
        assert set(figure.evaluate(FORWARD)) == set(choices)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert problems == []
    page.context.close()


def _phone(path: str) -> dict[str, Any]:
    """One of the pages is read on a phone."""
    return {"viewport": {"width": 390, "height": 844}} if path == DEEP else {}
