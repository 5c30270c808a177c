"""The built site in a real browser, and the notebooks behind it.

Set ``AUDIONOME_SITE`` to a built folder to test that one; otherwise ``book/_build/html`` is used,
and built by ``make site`` first unless it is newer than everything it is made from.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote, urljoin, urlsplit

import pandas as pd
import pytest
import soundfile
import yaml
from browser import barriers, page_with_watch
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, TimeoutError, expect

from audionome import load_classifier
from audionome.charts import OTHER, PALETTE
from audionome.datasets.gtzan import GENRES
from audionome.datasets.recordings import recordings
from audionome.lab import store, study_claims
from audionome.lab.protocols import LADDER
from audionome.report.numbers import speed as timings

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DATASET = "notebooks/dataset.html"
RESULTS = "notebooks/results.html"
STUDY = "notebooks/study.html"
ERRORS = "notebooks/errors.html"
ALL_RESULTS = "notebooks/all_results.html"
SPEED = "notebooks/speed.html"
FEATURES = "notebooks/features.html"
TIMBRE = "notebooks/timbre.html"
RHYTHM = "notebooks/rhythm.html"
CORRELATION = "notebooks/correlation.html"
PCA = "notebooks/pca.html"
ALGORITHMS = "notebooks/algorithms.html"
TREES = "notebooks/trees.html"
HYPERPARAMETERS = "notebooks/hyperparameters.html"


def listed(entry: dict[str, Any]) -> list[str]:
    """The pages below an entry of ``_toc.yml``, in order."""
    here = [entry[key] for key in ("root", "file") if key in entry]
    below = [e for key in ("parts", "chapters", "sections") for e in entry.get(key, [])]
    return here + [page for one in below for page in listed(one)]


TOC = listed(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
# The pages of the table of contents, and those that Sphinx adds.
PAGES = [f"{page}.html" for page in TOC] + ["search.html", "genindex.html"]


def charts_drawn(page: Page) -> int:
    """Go to every chart, since it is drawn when a reader comes near, and return their number."""
    # What is folded is drawn when a reader opens it.
    page.evaluate("document.querySelectorAll('details.hide').forEach(d => (d.open = true))")
    figures = page.locator("figure.audionome-chart")
    count = figures.count()
    for i in range(count):
        figures.nth(i).scroll_into_view_if_needed()
        page.wait_for_function(
            "i => document.querySelectorAll('figure.audionome-chart')[i].matches('.drawn')", arg=i
        )
    page.evaluate("window.scrollTo(0, 0)")
    assert page.locator(".plotly-graph-div").count() == count
    assert page.locator(".plotly-graph-div:has(.main-svg)").count() == count
    return count


def test_the_list_of_pages_is_complete(site: Path) -> None:
    built = {p.relative_to(site).as_posix() for p in site.rglob("*.html")}
    built = {p for p in built if not p.startswith(("_static/", "_sources/"))}
    assert built == {*PAGES, "index.html"}


def test_every_link_inside_leads_somewhere(site: Path) -> None:
    soups = {
        path: BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")
        for path in PAGES
    }
    places = {path: {tag["id"] for tag in soup.select("[id]")} for path, soup in soups.items()}
    dead = []
    for path, soup in soups.items():
        for link in soup.select("a[href]"):
            url = urlsplit(urljoin(f"site:///{path}", str(link["href"])))
            if url.scheme != "site":
                continue
            target = unquote(url.path.lstrip("/"))
            # The theme's own buttons lead to the top of the page.
            known = url.fragment in {"", "pst-page-navigation-heading"} or (
                unquote(url.fragment) in places.get(target, set())
            )
            if not (site / target).is_file() or not known:
                dead.append(f"{path}: {link['href']}")
    assert dead == []


def fits(page: Page) -> None:
    """Check that the page does not scroll sideways, once charts have taken their new size."""
    wider = "document.documentElement.scrollWidth - window.innerWidth"
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(f"() => {wider} <= 0", timeout=5000)
    assert page.evaluate(wider) <= 0, "the page scrolls sideways"


@pytest.mark.parametrize("path", PAGES)
def test_page(chromium: Browser, base_url: str, path: str) -> None:
    # Every page is seen light and wide, and dark and narrow; every other page is dark at first.
    looks = [("light", 1280), ("dark", 390)]
    if PAGES.index(path) % 2:
        looks.reverse()
    (scheme, width), (later, resized) = looks
    viewport: Any = {"width": width, "height": 900}
    page, problems = page_with_watch(
        chromium, base_url, viewport=viewport, color_scheme=cast(Any, scheme)
    )
    page.goto(path, wait_until="networkidle")
    # A long page of the reference takes its colours late on a busy machine.
    themed = "scheme => document.documentElement.dataset.theme === scheme"
    page.wait_for_function(themed, arg=scheme)

    count = charts_drawn(page)
    tables = page.locator("table.audionome-table")
    assert count or tables.count() or not path.startswith("notebooks/")
    # Plotly comes once, and only where there is a chart.
    assert page.locator("script[src*='plotly']").count() == (1 if count else 0)
    for chart in page.locator(".plotly-graph-div").all():
        assert len(chart.get_attribute("aria-label") or "") > 40
    assert page.locator("figure.audionome-chart details table").count() == count
    assert not re.search(r"\{\{ \w+ \}\}", page.inner_text("body")), "a number is missing"

    fits(page)
    assert barriers(page) == []
    page.set_viewport_size({"width": resized, "height": 900})
    page.emulate_media(color_scheme=cast(Any, later))
    page.wait_for_function(themed, arg=later)
    fits(page)
    # What scrolls in the new width can be reached by keys a moment later.
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(
            """() => [...document.querySelectorAll(":is(pre, .output)[tabindex='-1']")].every(
                (box) => box.scrollWidth <= box.clientWidth)""",
            timeout=5000,
        )
    assert barriers(page) == []
    assert problems == []
    page.context.close()


def test_a_chart_is_drawn_when_a_reader_comes_near_or_prints(
    chromium: Browser, base_url: str
) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(TREES, wait_until="networkidle")
    drawn = page.locator("figure.audionome-chart.drawn")
    drawn.first.wait_for()
    figures = page.locator("figure.audionome-chart")
    last = page.get_by_role("slider", name="Trees per genre")
    assert not figures.last.evaluate("f => f.classList.contains('drawn')")
    # What is chosen before there is a chart holds when it comes.
    last.evaluate("s => { s.value = 0; s.dispatchEvent(new Event('input')); }")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(
        "n => document.querySelectorAll('figure.audionome-chart.drawn').length === n",
        arg=figures.count(),
    )
    figure = page.locator("figure.audionome-chart", has=last)
    visible = "f => f.querySelector('.plotly-graph-div').data.map(t => t.visible !== false)"
    assert figure.evaluate(visible)[0]
    assert problems == []
    page.context.close()


def test_the_root_leads_home(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto("index.html")
    page.wait_for_url("**/book/index.html")
    assert page.locator("h1").first.inner_text().startswith("Audionome")
    assert problems == []
    page.context.close()


def test_home_shows_what_to_expect_and_three_doors(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url, viewport={"width": 390, "height": 900})
    page.goto("book/index.html")
    card = load_classifier().card["evaluation"]
    # Music from elsewhere comes first: it is nearest to a reader's own.
    for row, protocol in enumerate(("leave-one-source-out", "artist-grouped")):
        shown = page.locator("table.audionome-rows tbody tr").nth(row).inner_text()
        assert f"{100 * card[protocol]['accuracy']:.1f}" in shown
    small = page.locator("svg.audionome-hero text").evaluate_all(
        "texts => Math.min(...texts.map(t => t.getBoundingClientRect().height))"
    )
    assert small >= 13
    for door, place in (("Read", "problem.html"), ("Try", "try.html"), ("Teach", "#lessons")):
        card_of = page.locator(".sd-card", has=page.get_by_text(door, exact=True))
        assert place in (card_of.locator("a.sd-stretched-link").get_attribute("href") or "")
    assert problems == []
    page.context.close()


def test_the_feature_menu_changes_the_chart(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(DATASET, wait_until="networkidle")
    charts_drawn(page)
    menu = page.get_by_role("combobox", name="Feature")
    assert menu.locator("option").count() == 57
    figure = page.locator("figure.audionome-chart", has=menu)

    def state() -> tuple[str, str, str]:
        return (
            figure.locator(".xtitle").text_content() or "",
            figure.locator("path.box").first.get_attribute("d") or "",
            figure.locator(".audionome-note").inner_text(),
        )

    before = state()
    menu.focus()
    menu.select_option("tempo")
    page.wait_for_function("title => document.body.textContent.includes(title)", arg="tempo (BPM)")
    after = state()
    assert "tempo" in after[0]
    assert all(a != b for a, b in zip(before, after, strict=True))
    assert problems == []
    page.context.close()


def test_the_study_is_checked_claim_by_claim(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(STUDY, wait_until="networkidle")
    assert charts_drawn(page) == 4
    figure = page.locator("figure.audionome-chart", has=page.locator(".hm"))
    cells = "f => f.querySelector('.plotly-graph-div').data.map(d => d.z.flat().join()).join()"
    before = figure.evaluate(cells)
    figure.get_by_role("combobox", name="Model").select_option("k-nearest neighbours")
    assert figure.evaluate(cells) != before
    folded = page.locator("details:has(table):has(summary:text-matches('[✓◐✗→]'))")
    assert folded.count() == len(study_claims.SECTIONS)
    shown = [" ".join(row.split()) for row in folded.locator("tbody tr").all_text_contents()]
    assert len(shown) == len(study_claims.CLAIMS)
    for row, claim in zip(shown, study_claims.CLAIMS, strict=True):
        heading = claim.place.heading.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
        assert row.endswith(heading), claim.key
    # Every answer is linked.
    assert folded.locator("tbody td:last-child a").count() == len(shown)
    assert problems == []
    page.context.close()


def test_the_results_show_every_chart_and_rung(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(RESULTS, wait_until="networkidle")
    assert charts_drawn(page) == 4
    assert "no results for this chart" not in page.inner_text("body")
    assert page.locator("svg.audionome-diagram").count() == 3
    text = page.locator("article").inner_text()
    assert all(protocol.title in text for protocol in LADDER.values())
    assert problems == []
    page.context.close()


def test_the_errors_can_be_seen_under_every_protocol(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(ERRORS, wait_until="networkidle")
    assert charts_drawn(page) == 6
    menus = page.get_by_role("combobox", name="Protocol")
    assert menus.count() == 3
    figure = page.locator("figure.audionome-chart", has=page.locator(".hm"))
    menu = figure.get_by_role("combobox")
    cells = "f => f.querySelector('.plotly-graph-div').data[0].z.flat().join()"
    note, before = figure.locator(".audionome-note").inner_text(), figure.evaluate(cells)
    menu.select_option(LADDER["wild"].title)
    assert figure.evaluate(cells) != before
    assert figure.locator(".audionome-note").inner_text() != note
    assert problems == []
    page.context.close()


def test_all_results_are_the_stored_ones(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(ALL_RESULTS)
    text = page.inner_text("body").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for name, protocol in LADDER.items():
        assert name in text
        assert protocol.leaks in text
    scores = store.load().scores
    for level, table in zip(
        ("track", "window"), page.locator("table:has(th:text-is('macro F1'))").all(), strict=True
    ):
        stored = scores[(scores["level"] == level) & (scores["split"] == "test")]
        cells = [row.split("\t") for row in table.inner_text().splitlines()[1:]]
        shown = sorted(float(row[2]) for row in cells)
        assert shown == pytest.approx(sorted(100 * stored["accuracy"]), abs=0.051)
    assert problems == []
    page.context.close()


def test_the_page_on_speed_shows_the_stored_timings(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(SPEED, wait_until="networkidle")
    assert charts_drawn(page) == 6
    text = page.inner_text("body")
    found = store.load_benchmark()
    for told in (
        timings.extraction(found), timings.waiting(found), timings.memory(found),
        timings.workers(found),
    ):  # fmt: skip
        for name, value in told.items():
            assert value in text, name
    assert problems == []
    page.context.close()


def test_a_reader_walks_from_track_to_track(chromium: Browser, base_url: str) -> None:
    """By lists, by the names of the neighbours, and by a click on the map."""
    index = load_classifier().index
    page, problems = page_with_watch(chromium, base_url)
    page.goto("notebooks/recommend.html", wait_until="networkidle")
    charts_drawn(page)
    figure = page.locator("figure.audionome-chart", has=page.locator(".audionome-neighbours"))
    buttons = figure.locator(".audionome-neighbours button")

    def near(track: str) -> None:
        shown = [text.split(",")[0] for text in buttons.all_inner_texts()]
        assert shown == [n.track for n in index.recommend(track)]
        # Five lines lead from the ring to the neighbours.
        ends = figure.evaluate(
            "f => { const d = f.querySelector('.plotly-graph-div').data;"
            " const [l, r] = d.slice(-2);"
            " return [l.x.filter((v) => v === null).length, l.x[0] === r.x[0]]; }"
        )
        assert ends == [5, True]

    near("blues.00000")
    figure.get_by_role("combobox", name="Genre").select_option("reggae")
    figure.get_by_role("combobox", name="Track").select_option("reggae.00012")
    near("reggae.00012")
    first = index.recommend("reggae.00012")[0].track
    buttons.first.focus()
    page.keyboard.press("Enter")
    near(first)
    assert figure.get_by_role("combobox", name="Track").locator(":checked").inner_text() == first
    # Somebody far from the crowd can be hit with a mouse, once the page has come to rest.
    told = figure.locator(".audionome-neighbours p")
    for _ in range(10):
        where = figure.evaluate(
            "f => { const d = f.querySelector('.plotly-graph-div');"
            " d.scrollIntoView({block: 'center', behavior: 'instant'}); const {xaxis, yaxis} = "
            "d._fullLayout; const t = d.data.find((t) => t.name === 'jazz');"
            " const i = t.x.indexOf(Math.max(...t.x)); const box = d.getBoundingClientRect();"
            " return [t.text[i], box.x + xaxis._offset + xaxis.d2p(t.x[i]),"
            " box.y + yaxis._offset + yaxis.d2p(t.y[i])]; }"
        )
        page.mouse.move(where[1] - 3, where[2])
        page.mouse.move(where[1], where[2])
        page.wait_for_timeout(300)
        page.mouse.click(where[1], where[2])
        page.wait_for_timeout(300)
        if where[0] in told.inner_text():
            break
    near(where[0])
    assert problems == []
    page.context.close()


def test_two_menus_choose_two_features(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(CORRELATION, wait_until="networkidle")
    assert charts_drawn(page) == 3
    figure = page.locator("figure.audionome-chart", has=page.get_by_role("combobox", name="Up"))
    note = figure.locator(".audionome-note")
    assert note.count() == 1
    before = note.inner_text()
    titles = "f => ['x', 'y'].map(a => f.querySelector(`.${a}title`).textContent).join()"
    figure.get_by_role("combobox", name="Across").select_option("tempo")
    figure.get_by_role("combobox", name="Up").select_option("rms_mean")
    page.wait_for_function("() => document.body.textContent.includes('rms_mean (full scale)')")
    assert figure.evaluate(titles) == "tempo (BPM),rms_mean (full scale)"
    assert "r = " in note.inner_text()
    assert note.inner_text() != before
    assert problems == []
    page.context.close()


def test_the_data_of_a_chart_can_be_downloaded(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(PCA, wait_until="networkidle")
    tables = page.locator(".audionome-scroll")
    buttons = page.get_by_role("button", name="Download as CSV", include_hidden=True)
    assert buttons.count() == tables.count()
    figure = page.locator("figure.audionome-chart").nth(0)
    figure.locator("summary").click()
    with page.expect_download() as download:
        figure.get_by_role("button", name="Download as CSV").click()
    assert download.value.suggested_filename == "share-of-the-variance-on-each-component-and.csv"
    table = pd.read_csv(download.value.path())
    assert list(table.columns) == ["component", "share", "all up to it"]
    assert len(table) == figure.locator("tbody tr").count()
    assert problems == []
    page.context.close()


def test_the_matrix_has_as_many_names_as_a_phone_has_room_for(
    chromium: Browser, base_url: str
) -> None:
    page, problems = page_with_watch(chromium, base_url, viewport={"width": 390, "height": 844})
    page.goto(CORRELATION, wait_until="networkidle")
    assert charts_drawn(page) == 3
    menu = page.get_by_role("combobox", name="Show")
    figure = page.locator("figure.audionome-chart", has=menu)
    for view, n in ((None, 6), ("the means alone", 29), ("means, then variances", 6)):
        if view:
            menu.select_option(view)
        expect(figure.locator(".ytick text")).to_have_count(n)
        shown = figure.locator(".ytick text").all_text_contents()
        assert shown[0] == ("chroma" if n == 29 else "first six, mean")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert problems == []
    page.context.close()


def test_the_sliders_turn_the_dials(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(TREES, wait_until="networkidle")
    assert charts_drawn(page) == 5
    sliders = page.get_by_role("slider")
    assert sliders.count() == 4
    slider = page.get_by_role("slider", name="Neighbours")
    figure = page.locator("figure.audionome-chart", has=slider)
    shown = "f => f.querySelector('.plotly-graph-div').data.map(t => t.visible !== false).join()"
    note, before = figure.locator(".audionome-note").inner_text(), figure.evaluate(shown)
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "1"
    assert figure.locator(".audionome-note").inner_text() != note
    assert "Right on 100%" in figure.locator(".audionome-note").inner_text()
    assert figure.evaluate(shown) != before
    assert problems == []
    page.context.close()


def test_a_word_is_found_in_the_folded_reference(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(HYPERPARAMETERS, wait_until="networkidle")
    rows = page.locator("table.audionome-parameters tbody tr:visible")
    assert page.locator("details.audionome-fold").count() == 7
    assert rows.count() == 0
    box = page.get_by_role("searchbox", name="Search")
    box.fill("GAMMA")
    assert page.locator(".audionome-search output").inner_text() == f"{rows.count()} found"
    assert "gamma" in rows.first.inner_text()
    folds = page.locator("details.audionome-fold:visible")
    for spoken, name in (("learning rate", "learning_rate"), ("c", "C"), ("sgd", "loss")):
        box.fill(spoken)
        assert name in rows.locator("th code").all_inner_texts()
        assert f"({rows.count()} found)" in folds.first.inner_text() or folds.count() > 1
    assert folds.count() == 1
    box.fill("no such word")
    assert rows.count() == 0
    assert folds.count() == 0
    assert page.locator(".audionome-search output").inner_text() == "0 found"
    box.fill("")
    page.locator("details.audionome-fold summary").first.click()
    assert rows.count() == 14
    assert problems == []
    page.context.close()


LONG = [RESULTS, ERRORS, ALL_RESULTS, CORRELATION, PCA, ALGORITHMS, TREES, HYPERPARAMETERS]


@pytest.mark.parametrize("path", LONG)
def test_pages_with_many_charts_are_light(site: Path, path: str) -> None:
    assert (site / path).stat().st_size < 600_000


@pytest.mark.parametrize(
    ("path", "drawn", "menus"), [(FEATURES, 2, 1), (TIMBRE, 8, 4), (RHYTHM, 13, 6)]
)
def test_one_sound_is_chosen_for_the_whole_page(
    path: str, drawn: int, menus: int, chromium: Browser, base_url: str
) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(path, wait_until="networkidle")
    assert charts_drawn(page) == drawn
    figures = page.locator("figure.audionome-chart", has=page.locator("select:has(optgroup)"))
    sounds = figures.locator("select")
    pieces = page.get_by_role("combobox", name="Piece")
    assert sounds.count() + pieces.count() == menus
    kinds = sounds.first.evaluate("s => [...s.children].map(g => [g.label, g.children.length])")
    assert kinds == [["Made by a program", len(GENRES)], ["Real recording", len(recordings())]]
    label = "m => m.selectedOptions[0].label"
    colour = "f => f.querySelector('.plotly-graph-div').data[0].line.color"
    for name in ("metal", "Honor Bound"):
        sounds.last.select_option(name)
        assert {menu.evaluate(label) for menu in sounds.all()} == {name}
        assert figures.first.evaluate(colour) == PALETTE.get(name, OTHER)
        kind = "Made by a program" if name in PALETTE else "Real recording: Honor Bound, Wildfire"
        assert kind in figures.first.locator(".audionome-note").inner_text()
    assert {menu.evaluate(label) for menu in pieces.all()} <= {"metal"}  # They have no recordings.
    assert problems == []
    page.context.close()


def test_a_recording_has_a_time_axis_of_its_own(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(FEATURES, wait_until="networkidle")
    figure = page.locator("figure.audionome-chart").first
    figure.scroll_into_view_if_needed()
    seconds = "f => f.querySelector('.plotly-graph-div')._fullLayout.xaxis.range[1]"
    cells = "f => f.querySelector('.plotly-graph-div').calcdata[2][0].z.length"
    page.wait_for_function("() => document.querySelector('figure.audionome-chart.drawn')")
    assert figure.evaluate(seconds) < 16
    assert figure.evaluate(cells) == 64
    page.get_by_role("combobox", name="Sound").first.select_option("Honor Bound")
    assert figure.evaluate(seconds) > 29
    assert figure.evaluate(cells) == 64
    assert problems == []
    page.context.close()


def test_a_folded_chart_draws_when_it_is_opened(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(TIMBRE, wait_until="networkidle")
    folded = page.locator("details.hide", has=page.locator("figure.audionome-chart")).first
    assert "the ten genres" in folded.locator("summary").first.inner_text()
    assert folded.locator(".main-svg").count() == 0
    folded.locator("summary").first.click()
    folded.locator(".main-svg").first.wait_for()
    wide = "f => f.querySelector('.main-svg').clientWidth / f.clientWidth"
    assert folded.locator("figure").evaluate(wide) > 0.9
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("path", [FEATURES, TIMBRE, RHYTHM])
def test_the_pages_of_features_are_light(site: Path, path: str) -> None:
    assert (site / path).stat().st_size < 650_000


def test_charts_follow_the_theme(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url, color_scheme="light")
    page.goto(DATASET, wait_until="networkidle")
    charts_drawn(page)
    ink = "getComputedStyle(document.querySelector('.plotly-graph-div .ytick text')).fill"
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"light => {ink} !== light", arg=light)
    assert problems == []
    page.context.close()


def test_dark_pages_are_printed_in_light_colours(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url, color_scheme="dark")
    page.goto(DATASET, wait_until="networkidle")
    charts_drawn(page)
    ink = "getComputedStyle(document.querySelector('.plotly-graph-div .ytick text')).fill"
    dark = page.evaluate(ink)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(f"dark => {ink} !== dark", arg=dark)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(f"dark => {ink} === dark", arg=dark)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert problems == []
    page.context.close()


@pytest.fixture(scope="module")
def extension() -> Any:
    """The Sphinx extension of the book."""
    path = ROOT / "book" / "_ext" / "audionome_book.py"
    spec = importlib.util.spec_from_file_location("audionome_book", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_example_is_on_the_site_once_and_plays_as_long(tmp_path: Path, extension: Any) -> None:
    folder = tmp_path / "_static" / "examples"
    folder.mkdir(parents=True)
    for name in ("removed.ogg", "removed.mp3", "removed.txt", "examples.json"):
        (folder / name).write_bytes(b"sound")
    extension.copy_examples(SimpleNamespace(outdir=tmp_path))
    sources = {f"{path.stem}.mp3": path for path in (ROOT / "data" / "examples").rglob("*.ogg")}
    notices = {f"{path.stem}.txt" for path in sources.values() if path.parent.name == "recordings"}
    assert {path.name for path in folder.iterdir()} == {*sources, *notices, "examples.json"}
    # As the licence of a song wants it.
    notice = (folder / "sectoid-escape-from-chaosland.txt").read_text(encoding="utf-8")
    assert "Copyright (c) 2006/2007" in notice
    for name, source in sources.items():
        one, other = soundfile.info(source), soundfile.info(folder / name)
        assert (one.frames, one.samplerate) == (other.frames, other.samplerate), name
    # A second build makes only what is missing or of another source.
    missing, old, kept = (folder / name for name in sorted(sources)[:3])
    missing.unlink()
    os.utime(old, ns=(1, 1))
    sound = kept.read_bytes()
    kept.write_bytes(sound + b" ")
    os.utime(kept, ns=(sources[kept.name].stat().st_mtime_ns,) * 2)
    extension.copy_examples(SimpleNamespace(outdir=tmp_path))
    assert missing.exists()
    assert old.stat().st_mtime_ns == sources[old.name].stat().st_mtime_ns
    assert kept.read_bytes() == sound + b" "


def test_a_change_of_module_or_data_runs_the_notebooks_again(
    tmp_path: Path, extension: Any
) -> None:
    seen = set()
    for name in ("audionome/a.py", "data/b/c.parquet", "constraints.txt", "data/d.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
        seen.add(extension.inputs_digest(tmp_path))
    (tmp_path / "README.md").write_text("not read by any notebook")
    assert extension.inputs_digest(tmp_path) in seen
    assert len(seen) == 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebook_is_clean(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    for cell in code:
        assert not cell["outputs"]
        assert cell["execution_count"] is None
        # A sentence with named numbers may be long; code may not.
        lines = re.sub(r'"""[\s\S]*?"""', '""', "".join(cell["source"])).splitlines()
        work = [line for line in lines if not line.startswith(("from ", "import "))]
        assert len(work) <= 5, "".join(cell["source"])


def test_a_term_explains_itself_to_pointer_and_keyboard(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url, viewport={"width": 390, "height": 800})
    page.goto(CORRELATION, wait_until="networkidle")
    term = page.locator("a.audionome-term", has_text="MFCC").first
    box = page.get_by_role("tooltip")
    term.scroll_into_view_if_needed()
    term.hover()
    box.wait_for()
    assert "mel" in box.inner_text().lower()
    assert term.get_attribute("aria-describedby") == box.get_attribute("id")
    fits(page)
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    term.focus()
    box.wait_for()
    assert barriers(page) == []
    term.click()
    page.wait_for_url("**/glossary.html#term-MFCC")
    assert problems == []
    page.context.close()


def test_a_page_explains_a_term_once_and_only_in_its_text(site: Path) -> None:
    for path in PAGES:
        soup = BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")
        terms = soup.select("a.audionome-term")
        assert not terms or not path.startswith(("book/api", "book/glossary", "book/changelog"))
        for term in terms:
            assert len(str(term["data-definition"])) > 10, (path, term)
            assert not term.find_parent(["h1", "h2", "h3", "pre", "code", "summary"]), (path, term)
        links = [str(term["href"]) for term in terms if not term.find("span", class_="std-term")]
        assert len(links) == len(set(links)), path


def test_every_diagram_can_be_read_without_seeing_it(site: Path) -> None:
    drawn = []
    for path in PAGES:
        soup = BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")
        for svg in soup.select("svg.audionome-diagram"):
            assert svg["role"] == "img"
            assert len(str(svg["aria-label"])) > 40, path
            drawn.append(path)
    assert len(drawn) >= 4


def test_the_reference_unfolds(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto("book/api-statistics.html#audionome.lab.metrics.accuracy", wait_until="networkidle")
    entry = page.locator("dl.py", has=page.locator('[id="audionome.lab.metrics.accuracy"]')).last
    assert entry.locator("dt").first.inner_text().startswith("accuracy(y_true, y_pred")
    told = entry.get_by_text("Parameters").first
    assert not told.is_visible()
    entry.locator("summary").first.click()
    assert told.is_visible()
    assert problems == []
    page.context.close()


#: Pixels at a width of 1280; a reader who scrolls further has lost the thread.
LONGEST = {"notebooks": 12_000, "book": 15_000}


def test_no_chapter_is_endless(chromium: Browser, base_url: str) -> None:
    page, _ = page_with_watch(chromium, base_url, viewport={"width": 1280, "height": 900})
    long = {}
    for path in PAGES:
        if path.startswith("notebooks/") or path.startswith("book/api"):
            page.goto(path, wait_until="domcontentloaded")
            height = page.evaluate("document.documentElement.scrollHeight")
            if height > LONGEST[path.split("/")[0]]:
                long[path] = height
    assert long == {}
    page.context.close()
