"""The game of the home page: guess the genre first, then see what the model says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from browser import barriers, page_with_watch
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, expect

import audionome
from audionome._words import genre_name, likelihood, sentence_case
from audionome.datasets.gtzan import GENRES
from audionome.datasets.recordings import recordings
from audionome.report import guessing

HOME = "book/index.html"
GUESSABLE = {f"{one.path.stem}.mp3": one for one in recordings() if one.genre}


# -- what Python writes -------------------------------------------------------------------


def made(genre: str, said: str, **more: Any) -> dict[str, Any]:
    """A round as Python writes it."""
    probabilities = dict.fromkeys(GENRES, 0.05) | {said: 0.55}
    answer = {
        "status": "one", "genre": said, "headline": sentence_case(genre_name(said)),
        "prediction_set": [said], "confidence": 0.55,
        "probabilities": probabilities, "hearing": "Sounds like", "tags": [], "foreign": "",
    }  # fmt: skip
    round_ = {
        "file": "a.mp3", "notice": "a.txt", "game": "", "title": "A & B", "artist": "C",
        "genre": genre, "genre_source": "by D",
        "licence": "CC BY 3.0", "licence_url": "https://l",
        "source": "https://s", "changes": "Cut.",
    }  # fmt: skip
    return {**round_, "answer": answer, **more}


def test_without_a_script_the_answers_are_folded_behind_players() -> None:
    html = guessing.guess_html([made("jazz", "jazz"), made("hiphop", "pop", title="</script>")])
    assert "\n" not in html
    soup = BeautifulSoup(html, "html.parser")
    assert [one["src"] for one in soup.select("li > audio")] == ["../_static/examples/a.mp3"] * 2
    assert all(one["preload"] == "none" for one in soup.select("audio"))
    right, wrong = soup.select("li > details:not([open])")
    assert "calls it jazz, by D." in right.get_text()
    assert "puts jazz first, and is right" in right.get_text()
    assert "calls it hip-hop" in wrong.get_text()
    assert "puts pop first, and is wrong; its answer: Pop." in wrong.get_text()
    assert "A & B, C (CC BY 3.0, notice). Cut." in right.get_text()
    for details in (right, wrong):
        details.decompose()
    plain = soup.select_one(".guess-plain")
    assert plain is not None
    assert not re.search("jazz|hip-hop|A & B", plain.get_text(), re.IGNORECASE)
    # A title cannot end the data.
    data = json.loads(unescape(html.split('class="guess-data">')[1].rsplit("</script>", 1)[0]))
    assert data["rounds"][1]["title"] == "</script>"
    assert [one["key"] for one in data["genres"]] == list(GENRES)


def test_a_file_says_nothing_about_its_genre() -> None:
    assert len(GUESSABLE) >= 6
    for name in GUESSABLE:
        assert not any(genre in name for genre in (*GENRES, "hip-hop"))


def test_the_game_tells_what_python_answers_about_the_files_of_the_site(site: Path) -> None:
    text = (site / HOME).read_text(encoding="utf-8")
    data = json.loads(text.split('class="guess-data">')[1].split("</script>")[0])
    assert {one["file"] for one in data["rounds"]} == set(GUESSABLE)
    for one in data["rounds"]:
        known = GUESSABLE[one["file"]]
        for name in (
            "title", "artist", "game", "genre", "genre_source", "licence", "source", "changes",
        ):  # fmt: skip
            assert one[name] == getattr(known, name)
        notice = site / "_static" / "examples" / one["notice"]
        assert notice.read_bytes() == known.path.with_suffix(".txt").read_bytes()
    for one in data["rounds"][::3]:
        found = audionome.classify(site / "_static" / "examples" / one["file"])
        assert one["answer"] == guessing.told(found)
        assert one["answer"]["headline"] == found.headline
        for genre, p in found.probabilities.items():
            assert one["answer"]["probabilities"][genre] == pytest.approx(p, abs=1e-5)


# -- in the browser -----------------------------------------------------------------------


@contextmanager
def home(chromium: Browser, base_url: str, **how: Any) -> Iterator[tuple[Page, list[str]]]:
    page, problems = page_with_watch(chromium, base_url, **how)
    page.goto(HOME)
    yield page, problems
    page.context.close()


def playing(page: Page) -> str:
    """The name of the file that the player has."""
    source = page.locator(".guess-player audio").get_attribute("src") or ""
    return source.rsplit("/", 1)[-1]


def shown_before(page: Page) -> str:
    """All that the game holds before a guess, without its number, its score and the file."""
    return page.locator(".guess-box").evaluate(
        """box => {
          const copy = box.cloneNode(true);
          copy.querySelector("audio").removeAttribute("src");
          copy.querySelector(".guess-score").remove();
          return copy.outerHTML.replace(/Recording \\d+/, "Recording N");
        }"""
    )


def test_the_game_is_played_by_keyboard_and_gives_nothing_away(
    chromium: Browser, base_url: str
) -> None:
    with home(chromium, base_url, viewport={"width": 1280, "height": 900}) as (page, problems):
        box = page.locator(".guess-box")
        title = page.locator(".guess-title")
        data = json.loads(page.evaluate("fetch('').then(r => r.text())")
                          .split('class="guess-data">')[1].split("</script>")[0])  # fmt: skip
        answers = {one["file"]: one["answer"] for one in data["rounds"]}
        expect(title).to_have_text("What genre is this?")
        expect(page.locator(".guess-score")).to_be_hidden()
        assert page.locator(".guess-player audio").get_attribute("preload") == "none"
        buttons = page.get_by_role("group", name="Your guess").get_by_role("button")
        assert buttons.all_inner_texts() == [sentence_case(genre_name(g)) for g in GENRES]
        page.locator(".guess-player audio").focus()
        first, heard, you, machine = shown_before(page), [], 0, 0
        for number in range(1, len(GUESSABLE) + 1):
            file = playing(page)
            known, answer = GUESSABLE[file], answers[file]
            assert shown_before(page) == first
            # Whoever guesses metal each time is right now and then, and passes at the end.
            passes = number == len(GUESSABLE)
            wanted = "I cannot tell" if passes else "Metal"
            for _ in range(40):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.textContent") == wanted:
                    break
            page.keyboard.press("Enter")
            heard.append(file)
            you += known.genre == "metal" and not passes
            machine += answer["genre"] == known.genre
            assert page.evaluate("document.activeElement.className") == "guess-title"
            assert page.locator(".guess-score").inner_text() == (
                f"You {you} of {number} · Machine {machine} of {number}"
            )
            text = box.inner_text()
            for said in (
                known.title, known.artist, known.licence, known.genre_source, known.changes,
                f"{likelihood(answer['confidence'])} sure",
                f"The machine is {'right' if answer['genre'] == known.genre else 'wrong'}",
            ):  # fmt: skip
                assert said in text, said
            *links, notice = box.locator(".guess-credit a").evaluate_all(
                "a => a.map(one => one.href)"
            )
            assert links == [known.source, known.licence_url]
            assert notice.endswith(f"_static/examples/{known.path.stem}.txt")
            assert (f"from the game {known.game}" in text) == bool(known.game)
            # The kind of a word stands beside it where it does not say so itself.
            assert box.locator(".guess-words li").all_inner_texts() == [
                {"instrumental": "instrumental", "female voice": "female voice"}.get(
                    tag["name"], f"{tag['name']} {tag['kind']}"
                )
                for tag in answer["tags"]
            ]
            status = page.locator(".guess-box [role=status]").inner_text()
            assert f"its source says {genre_name(known.genre)}" in status
            assert f"the machine says {genre_name(answer['genre'])}" in status
            page.keyboard.press("Tab")
            while page.evaluate("document.activeElement.className") != "guess-main":
                page.keyboard.press("Tab")
            if passes:
                assert page.evaluate("document.activeElement.textContent") == "Play again"
                assert f"You got {you}, the machine {machine}." in text
            page.keyboard.press("Enter")
        assert sorted(heard) == sorted(GUESSABLE)
        assert shown_before(page) == first
        expect(page.locator(".guess-score")).to_be_hidden()
        assert playing(page) != heard[-1]
        assert problems == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_game_keeps_nobody_out(
    chromium: Browser, base_url: str, scheme: Any, width: int
) -> None:
    size = {"width": width, "height": 844}
    with home(chromium, base_url, viewport=size, color_scheme=scheme) as (page, problems):
        assert barriers(page) == []
        wider = "document.documentElement.scrollWidth - window.innerWidth"
        assert page.evaluate(wider) <= 0
        heights = page.locator(".guess-box button").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 24
        page.get_by_role("button", name="Jazz", exact=True).click()
        page.evaluate("window.scrollTo(0, 0)")
        expect(page.locator("#pst-back-to-top")).to_be_hidden()
        assert barriers(page) == []
        assert page.evaluate(wider) <= 0
        page.get_by_role("link", name="See how often a machine is right").click()
        expect(page.locator("figure.audionome-hero figcaption")).to_be_in_viewport()
        assert problems == []


def test_the_browser_hears_what_python_heard(chromium: Browser, base_url: str) -> None:
    with home(chromium, base_url) as (page, problems):
        page.get_by_role("button", name="I cannot tell").click()
        button = page.get_by_role("button", name="Let your browser hear it")
        # Stopped at once, it can be asked again.
        button.click()
        page.get_by_role("button", name="Cancel").click()
        expect(button).to_be_enabled()
        button.click()
        expect(page.locator(".guess-beside")).to_be_visible(timeout=60_000)
        said = page.locator(".guess-check p").inner_text()
        assert "gives the same answer" in said
        rows = page.locator(".guess-beside tbody tr").all_inner_texts()
        assert len(rows) == 3
        for row in rows:
            _, python, here = row.split("\t")
            assert python == here
        assert page.locator(".guess-box [role=status]").inner_text() == said
        assert problems == []


def test_a_recording_that_does_not_come_is_told(chromium: Browser, base_url: str) -> None:
    with home(chromium, base_url) as (page, _):
        page.route("**/*.mp3", lambda route: route.abort())
        page.locator(".guess-player audio").evaluate("a => a.play().catch(() => {})")
        expect(page.locator(".guess-problem")).to_contain_text("could not be loaded")
        page.get_by_role("button", name="I cannot tell").click()
        page.get_by_role("button", name="Let your browser hear it").click()
        expect(page.locator(".guess-check .guess-problem")).to_contain_text(
            "could not be loaded", timeout=60_000
        )
        page.get_by_role("button", name="Another one").click()
        expect(page.locator(".guess-title")).to_have_text("What genre is this?")


def test_a_recording_plays_on_while_its_answer_is_read(chromium: Browser, base_url: str) -> None:
    with home(chromium, base_url) as (page, problems):
        audio = page.locator(".guess-player audio")
        audio.evaluate("a => { a.muted = true; return a.play(); }")
        first = playing(page)
        page.get_by_role("button", name="Pop", exact=True).click()
        assert not audio.evaluate("a => a.paused")
        expect(page.locator(".guess-playing")).to_have_count(1)
        page.get_by_role("button", name="Another one").click()
        page.wait_for_function("!document.querySelector('.guess-player audio').paused")
        assert playing(page) != first
        assert problems == []


def test_what_listens_elsewhere_on_the_page_does_not_hear_the_game(
    chromium: Browser, base_url: str
) -> None:
    with home(chromium, base_url, forced_colors="active") as (page, problems):
        audio = page.locator(".guess-player audio")
        tell = (
            "detail => document.dispatchEvent(new CustomEvent('audionome-listening', { detail }))"
        )
        audio.evaluate("a => { a.muted = true; return a.play(); }")
        expect(page.locator(".guess-playing")).to_have_count(1)
        page.evaluate(tell, "guess")
        assert not audio.evaluate("a => a.paused")
        page.evaluate(tell, "try")
        assert audio.evaluate("a => a.paused")
        expect(page.locator(".guess-playing")).to_have_count(0)
        # What is drawn in colour alone stays there where a reader has set the colours.
        canvas = page.evaluate("getComputedStyle(document.body).backgroundColor")
        colour = "node => getComputedStyle(node).backgroundColor"
        assert page.locator(".guess-wave i").first.evaluate(colour) != canvas
        page.get_by_role("button", name="Jazz", exact=True).click()
        bands = page.locator(".guess-band").evaluate_all(f"all => all.map({colour})")
        assert canvas not in bands
        assert problems == []


def test_without_a_script_the_page_is_the_game(chromium: Browser, base_url: str) -> None:
    with home(chromium, base_url, java_script_enabled=False) as (page, _):
        assert page.locator(".audionome-guess audio").count() == len(GUESSABLE)
        answers = page.locator(".audionome-guess details")
        assert answers.count() == len(GUESSABLE)
        for one in GUESSABLE.values():
            expect(page.get_by_text(f"calls it {genre_name(one.genre)}").first).to_be_hidden()
        answers.first.locator("summary").click()
        expect(answers.first.locator("p").first).to_be_visible()
