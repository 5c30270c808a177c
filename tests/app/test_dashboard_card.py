"""The answer as a person sees it: the card that fits a screen, and the closed sections below it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import own_model
import pytest

import audionome
from audionome._paths import data_path
from audionome._words import genre_name
from audionome.app import details, payload

pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")

from browser import barriers
from voila_server import Server, Visit, notebook, serve

METAL = data_path("examples", "recordings", "muldjord-armygeddon.ogg")
LAPTOP, PHONE = (1280, 800), (390, 844)  # px: the card promises to fit them
SHOWN = "(name) => document.querySelector('.an-name')?.textContent === name"
PLAYS = "(at) => document.querySelector('audio').currentTime >= at"

# A recording, and behind its sound what the answer about it is to be.
MADE = """\
import dataclasses, functools, json, time
import audionome, audionome.app.widget as d
from audionome.app.details import measure_details
from audionome.audio import Note
from audionome.models.classifier import WindowPrediction
from audionome.models.prediction import Tag

heard = functools.cache(audionome.classify)
looked = functools.cache(lambda sound: measure_details(sound, heard(sound)))
slow = []

def look(content, prediction):
    sound, _, wish = content.partition(b"WISH")
    if b"slow" in wish and not slow:
        slow.append(time.sleep(4))
    return looked(sound)

def classify(content, **options):
    sound, _, wish = content.partition(b"WISH")
    wish = json.loads(wish)
    wish.pop("slow", None)
    answer = heard(sound)
    windows = (answer.windows * wish.pop("times", 1))[: wish.pop("windows", None)]
    spans = [(3.0 * k, 3.0 * k + 3) for k in range(len(windows))]
    windows = tuple(WindowPrediction(*s, w.probabilities) for s, w in zip(spans, windows))
    over = tuple((k + 1) / len(windows) for k in range(len(windows)))
    tags = tuple(Tag(*tag, over) for tag in wish.pop("tags", [("guitar", "instrument", 0.3)]))
    notes = tuple(Note("cut", text) for text in wish.pop("notes", ()))
    wish["prediction_set"] = tuple(wish.get("prediction_set", answer.prediction_set))
    return dataclasses.replace(answer, windows=windows, tags=tags, notes=notes, **wish)

page = d.Dashboard(classify=classify, measure_details=look)
page.book = "report/"
page"""

CUT = "The file seems to be cut short: it ends in the middle of a piece of data."
SILENT = "4.0 s of silence were left out."
MANY = ["metal", "classical", "country", "hiphop", "reggae"]
WORDS = [("house", "style", 0.6), ("electronic", "style", 0.5), ("female voice", "voice", 0.2),
         ("instrumental", "instrument", 0.2), ("chill", "mood", 0.1)]  # fmt: skip
# fmt: off
STATES: dict[str, dict[str, Any]] = {
    "one": {},
    "two": {"status": "few", "prediction_set": MANY[:2]},
    "three": {"status": "few", "prediction_set": MANY[1:4]},
    "five": {"status": "many", "prediction_set": MANY},
    "none": {"status": "out-of-distribution", "prediction_set": [], "tags": [], "reasons": []},
    "foreign": {"tags": WORDS},
    "noted": {"notes": [CUT]},
    "learned": {"learned_from": "metal.00001"},
    "all of it": {"learned_from": "metal.00001", "tags": WORDS, "notes": [CUT]},
    "too much": {"status": "many", "prediction_set": [*MANY, "disco"], "tags": WORDS,
                 "learned_from": "metal.00001", "notes": [CUT, SILENT]},
    "one window": {"windows": 1, "duration": 3.5},
    "an hour": {"times": 120, "duration": 3600.0},
}
# fmt: on
HOSTILE = "<img src=x onerror=alert(1)> " + "a name that does not end " * 7 + "\u05d0\u05d1.ogg"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that answers what it is told to."""
    folder = tmp_path_factory.mktemp("made")
    with serve(folder, notebook(folder / "page.ipynb", MADE)) as server:
        yield server
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def wished(path: Path, wish: Mapping[str, Any]) -> Path:
    path.write_bytes(METAL.read_bytes() + b"WISH" + json.dumps(wish).encode())
    return path


def measured(visit: Visit) -> dict[str, float]:
    """Where the parts of the card lie on the screen, as the page has scrolled to it."""
    return visit.page.evaluate(
        """() => {
            const parts = ["name", "headline", "bars", "why", "player"]
                .flatMap((name) => [...document.querySelectorAll(`.an-${name}`)])
                .map((part) => part.getBoundingClientRect());
            return {
                top: Math.min(...parts.map(({ top }) => top)),
                bottom: Math.max(...parts.map(({ bottom }) => bottom)),
                height: document.documentElement.scrollHeight,
                width: document.documentElement.scrollWidth,
            };
        }"""
    )


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark")])
def test_every_answer_fits_a_screen(
    browser: Any, made: Server, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    visit = Visit(
        browser,
        made.url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = visit.page
    for state, wish in STATES.items():
        name = HOSTILE if state == "two" else f"{state}.ogg"
        visit.give(wished(tmp_path / name, wish))
        page.wait_for_function(SHOWN, arg=name)
        visit.detailed()
        found = measured(visit)
        assert found["top"] >= 0, state
        assert found["bottom"] <= size[1], (state, found)
        assert found["width"] <= size[0], state
        assert not page.locator(".an-chart").count(), state  # nothing is drawn unasked
        named = page.locator(".an-bars .an-named")
        if state == "one":
            assert found["height"] <= 2 * size[1], found
            link = page.locator(".an-right a")
            assert link.get_attribute("href").startswith("report/notebooks/")
            assert link.get_attribute("target") == "_blank"  # the answers stay where they are
        assert named.locator("visible=true").count() == len(wish.get("prediction_set", ["metal"]))
        if size == PHONE and page.locator(".an-hears").count():
            assert page.locator(".an-hears").bounding_box()["height"] <= 60, state  # two rows
        # What stands in brackets is never alone on a line, and keys go the way of the eye.
        for reason in page.locator(".an-why li:visible").all():
            tail = reason.locator(".an-together").all_text_contents()
            assert len(tail) == reason.inner_text().endswith(")")
            assert not any(text.startswith("(") for text in tail)
        buttons = page.locator(".an-card button:visible").all()
        seen = [button.inner_text() for button in buttons if button.bounding_box()]
        acts = ["Show it to the class", "Print this answer"]
        assert (seen[:2] if size == LAPTOP else seen[-2:]) == acts, seen
        if state == "five":
            genres = [genre_name(genre) for genre in MANY]
            assert sorted(named.locator(".an-what").all_text_contents()) == sorted(genres)
            assert named.first.inner_text().startswith("In the answer:")
            assert barriers(page) == []
        if state == "none":
            assert page.inner_text(".an-headline") == "Unlike anything it knows"
            assert "Nearest: metal" in page.inner_text(".an-guess")
            assert named.count() == page.locator(".an-hears, .an-why").count() == 0
        if state == "all of it":
            assert "house" in page.inner_text(".an-foreign")
            assert "this very recording" in page.inner_text(".an-learned")
            assert page.locator(".an-notes li").all_text_contents() == [CUT]
            assert barriers(page) == []
    bars, more = page.locator(".an-bars li:visible"), page.locator(".an-bars .an-more")
    assert bars.count() == (10 if size == LAPTOP else 4)
    if size == PHONE:
        more.press("Enter")
        assert more.get_attribute("aria-expanded") == "true"
        assert bars.count() == 10
        page.set_viewport_size({"width": PHONE[0], "height": 560})
        for name in ("one.ogg", "three.ogg"):  # too little room: it folds as far as it can
            page.click(f".an-session tbody :text-is('{name}')")
            page.wait_for_selector(f".an-name:text-is('{name}')")
            page.wait_for_selector(".an-card:not([data-tight='0'])")
        compared(visit)
    else:
        cut_short(visit, wished(tmp_path / "slow.ogg", {"slow": True}))
    assert visit.problems == []
    visit.close()


def compared(visit: Visit) -> None:
    """Find what the cards warn of in their comparison, and its marks in a system's own colours."""
    page = visit.page
    for name in ("all of it.ogg", "noted.ogg"):
        page.get_by_label(f"Compare {name}", exact=True).check()
    page.click(".an-session button:has-text('Compare')")
    sides = page.locator(".an-sides > section")
    page.wait_for_selector(".an-sides")
    assert "house" in page.inner_text(".an-sides .an-foreign")
    assert "this very recording" in page.inner_text(".an-sides .an-learned")
    assert sides.locator(".an-notes li").all_text_contents() == [CUT, CUT]
    page.emulate_media(forced_colors="active")
    ink, head, *badge = page.evaluate(
        """() => {
            const style = (name) => getComputedStyle(document.querySelector(`.an-compare ${name}`));
            const side = style(".an-side-a");
            const head = style(".an-playhead").backgroundColor;
            return [style("h3").color, head, side.color, side.backgroundColor];
        }"""
    )
    assert head == ink
    assert badge[0] != badge[1] == ink


def cut_short(visit: Visit, path: Path) -> None:
    """Leave the page before its closer look is done: that is told, and made anew when asked for."""
    visit.give(path)
    visit.page.wait_for_selector("text=Looking closer…")
    visit.page.reload()
    visit.page.wait_for_selector(".an-later .an-unsure")
    assert "Choose the file again" in visit.page.inner_text(".an-later")
    visit.ready()
    visit.give(path)
    visit.page.wait_for_selector(".an-later details")


def test_the_card_says_what_the_library_says(fresh: Visit) -> None:
    page, path = fresh.page, METAL
    fresh.give(path)
    fresh.detailed()
    answer = audionome.classify(path)
    told = payload.answer_payload(answer, name=path.name)
    card = told["card"]
    assert page.evaluate("document.activeElement.className") == "an-name"
    assert page.inner_text(".an-headline .an-genre") == answer.headline == "Metal"
    assert page.inner_text(".an-confidence") == card["confidence"]
    assert page.inner_text(".an-sentence") == card["promise"]
    assert page.inner_text(".an-right").startswith(card["right"]["sentence"])
    for k, column in enumerate(("name", "text")):
        texts = page.locator(f".an-bars .an-{('what', 'value')[k]}").all_text_contents()
        assert texts == [bar[column] for bar in card["bars"]]
    assert [tag["name"] for tag in card["hears"]] == [
        text.split()[0] for text in page.locator(".an-tag").all_text_contents()
    ]
    sides = page.locator(".an-why ul").all()
    assert [side.locator("li").all_text_contents() for side in sides] == [
        reasons for _, reasons in card["why"]
    ]

    looked = payload.details_payload(details.measure_details(path.read_bytes(), answer))
    sections = [*told["sections"], *looked["sections"]]
    headings = page.locator(".an-section > summary").all_text_contents()
    assert headings == [*(section["heading"] for section in sections), "About this answer"]
    assert fresh.drawn() == sum(len(section["charts"]) for section in sections)
    for section in sections:
        inside = fresh.open(section["id"])
        for drawing in inside.locator(".an-chart, .an-drawing").all():
            assert drawing.get_attribute("aria-label") in (c["caption"] for c in section["charts"])
        words = [chart["alt"] for chart in section["charts"]]
        assert inside.locator("figcaption").all_text_contents() == words
        assert inside.locator(":scope > p").all_text_contents() == section["sentences"]
        for chart in section["charts"]:
            assert fresh.table(chart["caption"]) == chart["rows"]
    names = page.locator(".an-chart summary").all_text_contents()
    captions = [chart["caption"] for section in sections for chart in section["charts"]]
    assert names == [f"The numbers as a table: {caption}" for caption in captions]
    alike = fresh.open("place").locator("li strong").all_text_contents()
    assert alike == [neighbour["name"] for neighbour in card["neighbours"]]
    about = fresh.open("about").inner_text()
    assert card["second"] in about
    assert path.name in about
    assert barriers(page) == []
    heard_by_key(fresh, path)
    assert fresh.problems == []


def heard_by_key(visit: Visit, path: Path) -> None:
    """Hear the answer that is shown from its parts, and find it silent after a reload."""
    page = visit.page
    visit.give(path)  # is known: its answer is opened anew
    page.wait_for_selector(".an-section:not([open])")
    word = page.locator("button.an-hear")
    assert word.get_attribute("aria-label").endswith("Hear it.")
    for _ in range(8):  # from the name of the file, where the focus is
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "an-hear":
            break
    page.keyboard.press("Enter")
    page.wait_for_function(PLAYS, arg=2.9)  # the window in which it is strongest
    visit.section("timeline").locator("summary").first.press("Enter")
    drawing = visit.chart("Genre over time").locator(".nsewdrag")
    drawing.scroll_into_view_if_needed()
    drawing.wait_for()
    box = drawing.bounding_box()
    drawing.click(position={"x": 0.85 * box["width"], "y": 0.5 * box["height"]})
    page.wait_for_function(PLAYS, arg=23)
    page.reload()  # the sound is not kept, the answer is
    page.wait_for_function(SHOWN, arg=path.name)
    assert page.inner_text(".an-headline .an-genre") == "Metal"
    assert page.locator("span.an-hear").count() == 1
    assert page.locator("button.an-hear").count() == 0
    assert "again" in page.inner_text(".an-player")
    visit.open("spectrogram")
    visit.chart("Mel spectrogram").locator("xpath=self::*[@data-drawn]").wait_for()


# -- a model of one's own -----------------------------------------------------------------


def test_a_model_of_ones_own_answers(browser: Any, tmp_path: Path) -> None:
    """Its genres, whatever they are called; nothing of GTZAN; and it stays when its file goes."""
    odd = "Übung | <b>=1+1</b> 音楽 " + "x" * 76
    path = own_model.write(tmp_path / "my.model", ["held chords", "house", odd])
    for kind in range(2):
        sound = own_model.as_file(own_model.sound(kind, 70))
        (tmp_path / f"{kind}.wav").write_bytes(sound)
    (tmp_path / "odd.wav").write_bytes(own_model.as_file(own_model.sound(2, 2)))
    with serve(tmp_path, options=["--model", str(path)]) as server:
        visit = Visit(browser, server.url, viewport={"width": PHONE[0], "height": PHONE[1]})
        path.unlink()
        lead = visit.page.inner_text(".an-lead")
        assert f"the 3 genres of your model “mine” (held chords, house, {odd})" in lead
        visit.give(tmp_path / "odd.wav")
        visit.wait("done")
        assert visit.drawn() == 7
        said = visit.page.inner_text("body")
        assert odd in said
        assert "learned from this very recording (Somebody 0: piece 10)" in said
        for untrue in ("GTZAN", "ten genres", "All ten", "undefined", "NaN"):
            assert untrue not in said
        # A name is no markup, on the page and in its charts.
        assert not visit.page.locator(".an b, .an tspan[style*='font-weight: bold']").count()
        wide = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        visit.give(tmp_path / "0.wav", tmp_path / "1.wav")
        visit.wait("done")
        rows = {row["file"]: row for row in visit.downloaded()}
        assert [rows[f"{k}.wav"]["genre"] for k in range(2)] == ["held chords", "house"]
        assert f"p_{odd}" in rows["0.wav"]
        assert not visit.problems
        visit.close()
        assert "Traceback" not in server.log.read_text()
