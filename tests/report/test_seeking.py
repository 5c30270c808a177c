"""A reader moves through the sounds of the book: by charts, sliders and keys, on any screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile
from browser import page_with_watch
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Locator, Page

from audionome._words import genre_name
from audionome.datasets.recordings import recordings
from audionome.report import examples

FEATURES = "notebooks/features.html"
TIMBRE = "notebooks/timbre.html"
RHYTHM = "notebooks/rhythm.html"
DEEP = "notebooks/deep_learning.html"

#: Charts over time on each page, folded ones too.
OVER_TIME = {FEATURES: 1, TIMBRE: 4, RHYTHM: 5, DEEP: 3}

# A sound as slow as a browser plays it moves less than a pixel within a test.
SLOW = """() => document.querySelectorAll("audio").forEach((audio) => {
  audio.defaultPlaybackRate = audio.playbackRate = 0.0625;
})"""
# What plays, and where each sound is that has left its beginning.
PLAYING = """() => [...document.querySelectorAll("audio")].filter((a) => !a.paused)
  .map((a) => a.closest("figure").dataset.piece)"""
SECONDS = """name => document.querySelector(`[data-piece="${name}"] audio`).currentTime"""
RANGE = "f => f.querySelector('.plotly-graph-div').layout.xaxis.range"
# Where the line of a chart is (s), by what the axis says of its pixels.
LINE = """f => {
  const line = f.querySelector(".audionome-playhead");
  const { xaxis } = f.querySelector(".plotly-graph-div")._fullLayout;
  return line.hidden ? null : xaxis.p2d(parseFloat(line.style.left) - xaxis._offset);
}"""
# The middle of the page's chart at some time, in pixels of the window, and the seconds of a pixel.
POINT = """(f, seconds) => {
  const div = f.querySelector(".plotly-graph-div");
  div.scrollIntoView({ block: "center", behavior: "instant" });
  const { xaxis, _size } = div._fullLayout;
  const box = div.getBoundingClientRect();
  return [box.x + xaxis._offset + xaxis.d2p(seconds), box.y + _size.t + _size.h / 2,
    xaxis.p2d(1) - xaxis.p2d(0)];
}"""


def lengths() -> dict[str, float]:
    """Seconds of each sound, from its file."""
    return {n: soundfile.info(e.path).duration for n, e in examples.examples().items()}


def chart(page: Page, number: int = 0) -> Locator:
    """Go to a chart over time and wait until it is drawn and the page has come to rest."""
    figure = page.locator("figure.over-time").nth(number)
    folded = figure.locator("xpath=ancestor::details[contains(@class, 'hide')]")
    if folded.count():
        folded.first.evaluate("d => (d.open = true)")
    figure.scroll_into_view_if_needed()
    page.wait_for_function("f => f.matches('.drawn')", arg=figure.element_handle())
    page.wait_for_timeout(300)
    return figure


def point(figure: Locator, seconds: float) -> tuple[float, float, float]:
    x, y, pixel = figure.evaluate(POINT, seconds)
    return round(x), y, pixel


def listen(page: Page, name: str) -> None:
    """Wait until one sound plays, and nothing else."""
    page.wait_for_function(f"name => ({PLAYING})().join() === name", arg=name)


def reaches(page: Page, name: str, seconds: float, within: float) -> None:
    """Wait until a sound has been moved: its file may have to come first."""
    page.wait_for_function(
        f"([name, seconds, within]) => Math.abs(({SECONDS})(name) - seconds) <= within",
        arg=[name, seconds, within],
    )


@pytest.mark.parametrize("path", OVER_TIME)
def test_every_chart_over_time_can_be_played(path: str, site: Path) -> None:
    soup = BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")
    sounds = {one["data-piece"] for one in soup.select(".audionome-player:has(audio)")}
    known = examples.examples().values()
    made = {genre_name(one.name) for one in known if one.kind == examples.MADE}
    assert sounds == (made if path == DEEP else made | {r.title for r in recordings()})
    found = 0
    for figure in soup.select("figure.audionome-chart"):
        layout = json.loads(figure.select_one(".audionome-figure").string)["layout"]
        if layout.get("meta", {}).get("overTime"):
            found += 1
            assert {b["label"] for b in layout["updatemenus"][0]["buttons"]} <= sounds
        elif layout.get("xaxis", {}).get("title", {}).get("text") == "Time (s)":
            assert figure.get_text().startswith("Horizontal filters")  # a filter is no sound
    assert found == OVER_TIME[path]


def test_a_click_on_a_chart_over_time_plays_from_there(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(DEEP, wait_until="networkidle")
    page.evaluate(SLOW)
    lines = []
    for i in range(OVER_TIME[DEEP]):
        figure = chart(page, i)
        start, end = figure.evaluate(RANGE)
        for share in (0.4, 0.8):  # the first starts the sound, the second moves it
            asked = start + share * (min(end, lengths()["blues"]) - start)
            x, y, pixel = point(figure, asked)
            page.mouse.click(x, y)
            listen(page, "blues")
            reaches(page, "blues", asked, pixel + 0.05)
            assert figure.evaluate(LINE) == pytest.approx(asked, abs=pixel + 0.05)
            assert figure.get_by_role("button", name="Pause blues").is_visible()
        lines.append(figure)
        figure.get_by_role("button", name="Pause blues").click()
    # All of them tell the same place, also after a new width.
    now = page.evaluate(SECONDS, "blues")
    for width in (1280, 700):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(600)
        for figure in lines:
            start, end = figure.evaluate(
                "f => f.querySelector('.js-plotly-plot').layout.xaxis.range"
            )
            line = figure.evaluate(LINE)
            assert line is None if not start <= now <= end else line == pytest.approx(now, abs=0.03)
            told = figure.get_by_role("slider", name="Position in blues")
            assert told.get_attribute("aria-valuetext") == f"{now:.1f} of 15.0 seconds"
    assert problems == []
    page.context.close()


def test_a_reader_drags_and_uses_keys(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(TIMBRE, wait_until="networkidle")
    figure = chart(page, 1)
    page.evaluate(SLOW)
    # From the keyboard alone, without a sound.
    slider = figure.get_by_role("slider", name="Position in blues")
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowLeft")
    asked = float(slider.input_value())
    assert asked == pytest.approx(lengths()["blues"] - 0.1 - 5 - 1, abs=0.06)
    assert slider.get_attribute("aria-valuetext") == f"{asked:.1f} of 15.0 seconds"
    assert figure.evaluate(LINE) == pytest.approx(asked, abs=0.03)
    assert page.evaluate(PLAYING) == []
    button = figure.get_by_role("button", name="Play blues")
    button.press("Enter")
    listen(page, "blues")
    reaches(page, "blues", asked, 0.2)
    # The keys go back while it plays, and tell where that is.
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    told = float((slider.get_attribute("aria-valuetext") or "").split()[0])
    assert told == pytest.approx(asked - 3, abs=0.3)
    reaches(page, "blues", asked - 3, 0.3)
    # While the mouse is down the line goes with it; the sound follows when it is let go.
    x, y, _ = point(figure, 3)
    page.mouse.move(x, y)
    page.mouse.down()
    x, _, pixel = point(figure, 10)
    page.mouse.move(x, y + 400, steps=4)
    assert figure.evaluate(LINE) == pytest.approx(10, abs=pixel)
    assert page.evaluate(SECONDS, "blues") < 6.5
    page.mouse.up()
    reaches(page, "blues", 10, pixel + 0.05)
    # The end of the sound takes it back to its beginning.
    page.evaluate("document.querySelector(`[data-piece='blues'] audio`).playbackRate = 4")
    slider.focus()
    page.keyboard.press("End")
    figure.get_by_role("button", name="Play blues").wait_for()
    page.wait_for_function("s => s.value === '0'", arg=slider.element_handle())
    assert figure.evaluate(LINE) is None
    assert problems == []
    page.context.close()


def test_the_last_wish_counts_when_a_sound_comes(chromium: Browser, base_url: str) -> None:
    """A sound can be moved a moment before its page hears that it has come."""
    page, problems = page_with_watch(chromium, base_url)
    page.goto(TIMBRE, wait_until="networkidle")
    assert (
        page.evaluate("""() => {
      const audio = document.createElement("audio");
      Audionome.seek(audio, 8); // Nothing has come: a wish.
      const come = { length: 1, end: () => 15 };
      Object.defineProperty(audio, "seekable", { value: come });
      Audionome.seek(audio, 7);
      return Audionome.position(audio);
    }""")
        == 7
    )
    assert problems == []
    page.context.close()


def test_a_changed_sound_goes_on(chromium: Browser, base_url: str) -> None:
    """It plays if the one before it did, at the same place if it is as long."""
    longest, short = "Honor Bound", "disco"
    assert lengths()[short] < 13 < lengths()["rock"] < 29 < lengths()[longest]
    page, problems = page_with_watch(chromium, base_url)
    page.goto(RHYTHM, wait_until="networkidle")
    page.evaluate(SLOW)
    figure = chart(page)
    menu = figure.get_by_role("combobox", name="Sound")
    x, y, _ = point(figure, 5)
    page.mouse.click(x, y)
    listen(page, "blues")
    # Nothing speaks up in a screen reader until a menu is changed, and then that chart alone.
    live = """() => [...document.querySelectorAll(".audionome-note, figure.audionome-chart output")]
      .filter((one) => one.getAttribute("aria-live") !== "off").length"""
    assert page.evaluate(live) == 0
    tempo = page.locator("figure:has(.audionome-note):has(select)").last
    tempo.get_by_role("combobox").select_option("hip-hop")
    listen(page, "hip-hop")
    assert tempo.locator(".audionome-note").get_attribute("aria-live") == "polite"
    assert page.evaluate(live) == 1
    menu.select_option("blues")
    listen(page, "blues")
    assert tempo.locator(".audionome-note").get_attribute("aria-live") == "off"
    for name in ("rock", longest):
        before = page.evaluate(SECONDS, page.evaluate(PLAYING)[0])
        menu.select_option(name)
        listen(page, name)
        reaches(page, name, before + 0.5, 0.5)
        assert figure.get_by_role("button", name=f"Pause {name}").is_visible()
    # A chart that was not drawn until now is in step, and takes over.
    last = chart(page, OVER_TIME[RHYTHM] - 1)
    assert last.get_by_role("combobox").evaluate("m => m.selectedOptions[0].label") == longest
    x, y, _ = point(last, 20)
    page.mouse.click(x, y)
    reaches(page, longest, 20.3, 0.4)
    pair = f"([f, g, name]) => [({LINE})(f), ({LINE})(g), ({SECONDS})(name)]"
    handles = [figure.element_handle(), last.element_handle(), longest]
    one, other, now = page.evaluate(pair, handles)
    assert one == pytest.approx(now, abs=0.1)
    assert other == pytest.approx(now, abs=0.1)
    # Twenty seconds are too many for a short one.
    last.get_by_role("combobox").select_option(short)
    listen(page, short)
    page.wait_for_function(f"name => ({SECONDS})(name) > 0", arg=short)
    reaches(page, short, 0.5, 0.5)
    # What is paused stays so, and its line moves to where it will go on.
    last.get_by_role("button", name=f"Pause {short}").click()
    stopped = page.evaluate(SECONDS, short)
    last.get_by_role("combobox").select_option("pop")
    page.wait_for_timeout(300)
    assert page.evaluate(PLAYING) == []
    assert last.evaluate(LINE) == pytest.approx(stopped, abs=0.1)
    last.get_by_role("button", name="Play pop").click()
    listen(page, "pop")
    reaches(page, "pop", stopped + 0.3, 0.3)
    # A sound from elsewhere on the page ends it, as its own player begins another.
    page.evaluate("document.querySelector(`[data-piece='metal'] audio`).play()")
    listen(page, "metal")
    assert menu.evaluate("m => m.selectedOptions[0].label") == "metal"
    page.evaluate(
        "() => { const other = new Audio(document.querySelector('audio').src);"
        " document.querySelector('article').append(other);"
        " window.other = other; return other.play(); }"
    )
    page.wait_for_function("() => document.querySelector(`[data-piece='metal'] audio`).paused")
    assert not page.evaluate("window.other.paused")
    figure.get_by_role("button", name="Play metal").click()
    page.wait_for_function("() => window.other.paused")
    assert problems == []
    page.context.close()


def test_a_tap_plays_and_a_swipe_scrolls(chromium: Browser, base_url: str) -> None:
    phone: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page, problems = page_with_watch(chromium, base_url, **phone)
    page.goto(FEATURES, wait_until="networkidle")
    figure = chart(page)
    page.evaluate(SLOW)
    touch = page.context.new_cdp_session(page)

    def swipe(x: float, y: float, dx: float, dy: float) -> None:
        def send(kind: str, *places: tuple[float, float]) -> None:
            at = [{"x": a, "y": b} for a, b in places]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        send("touchStart", (x, y))
        for i in range(1, 11):
            send("touchMove", (x + i * dx / 10, y + i * dy / 10))
            page.wait_for_timeout(20)
        send("touchEnd")
        page.wait_for_timeout(300)

    x, y, _ = point(figure, 4)
    before = page.evaluate("window.scrollY")
    swipe(x, y, 0, -150)
    assert page.evaluate("window.scrollY") > before + 50
    assert page.evaluate(PLAYING) == []
    x, y, pixel = point(figure, 4)
    page.touchscreen.tap(x, y)
    listen(page, "blues")
    reaches(page, "blues", 4, pixel + 0.05)
    swipe(x, y, 100, 0)
    reaches(page, "blues", 4 + 100 * pixel, 2 * pixel + 0.05)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert problems == []
    page.context.close()


def test_a_sound_that_cannot_be_loaded_says_so(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.route("**/examples/blues.*", lambda route: route.fulfill(status=200, body="no sound"))
    page.goto(FEATURES, wait_until="networkidle")
    figure = chart(page)
    x, y, _ = point(figure, 4)
    page.mouse.click(x, y)
    told = figure.get_by_role("status").filter(has_text="“blues” cannot be played")
    told.wait_for()
    figure.get_by_role("combobox").select_option("jazz")
    figure.get_by_role("button", name="Play jazz").click()
    listen(page, "jazz")
    assert not told.is_visible()
    assert problems == []
    page.context.close()
