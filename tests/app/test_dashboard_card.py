"""The answer as a person sees it: the card that fits a screen, and the closed sections below it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from audionome.datasets.recordings import recordings

pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")

from browser import barriers
from voila_server import Server, Visit, notebook, serve

LAPTOP, PHONE = (1280, 800), (390, 844)  # px, as the card promises to fit them

# A recording, and after the end of its sound what the answer about it is to be.
MADE = """\
import dataclasses, functools, json
import audionome, audionome.app.widget as d
from audionome.audio import Note
from audionome.models.classifier import WindowPrediction
from audionome.models.prediction import Tag

heard = functools.cache(audionome.classify)

def classify(content, **options):
    sound, _, wish = content.partition(b"WISH")
    wish = json.loads(wish)
    answer = heard(sound)
    windows = answer.windows * wish.pop("times", 1)
    spans = [(3.0 * k, 3.0 * k + 3) for k in range(len(windows))]
    windows = tuple(WindowPrediction(*s, w.probabilities) for s, w in zip(spans, windows))
    tags = wish.pop("tags", None)
    made = answer.tags if tags is None else [Tag(*tag, ()) for tag in tags]
    over = [[tag.strength * (0.5 + k / len(windows)) for k in range(len(windows))] for tag in made]
    tags = tuple(dataclasses.replace(t, over_time=tuple(o)) for t, o in zip(made, over))
    notes = tuple(Note("cut", text) for text in wish.pop("notes", ()))
    wish["prediction_set"] = tuple(wish.get("prediction_set", answer.prediction_set))
    return dataclasses.replace(answer, windows=windows, tags=tags, notes=notes, **wish)

d.Dashboard(classify=classify)"""

HOUSE = ["house", "style", 0.6]
STATES: dict[str, dict[str, Any]] = {
    "one": {"status": "one"},
    "two": {"status": "few", "prediction_set": ["metal", "rock"]},
    "three": {"status": "few", "prediction_set": ["classical", "country", "hiphop"]},
    "five": {
        "status": "many",
        "prediction_set": ["metal", "classical", "country", "hiphop", "reggae"],
    },
    "none": {"status": "out-of-distribution", "prediction_set": [], "tags": []},
    "foreign": {"tags": [HOUSE, ["electronic", "style", 0.5], ["female voice", "voice", 0.2],
                         ["instrumental", "instrument", 0.2], ["chill", "mood", 0.1]]},
    "noted": {"notes": ["The file seems to be cut short: it ends in the middle of a piece of data,"
                        " so only its first 31 seconds were heard."]},
    "learned": {"learned_from": "metal.00001"},
    "hour": {"times": 120, "duration": 3600.0},
}  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)> " + "a name that does not end " * 7 + "\u05d0\u05d1.ogg"


SHOWN = "(name) => document.querySelector('.an-name').textContent === name"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that answers what it is told to."""
    folder = tmp_path_factory.mktemp("made")
    with serve(folder, notebook(folder / "page.ipynb", MADE)) as server:
        yield server
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def wished(path: Path, sound: bytes, wish: Mapping[str, Any]) -> Path:
    path.write_bytes(sound + b"WISH" + json.dumps(wish).encode())
    return path


def measured(visit: Visit) -> dict[str, Any]:
    """Where the parts of the card lie on the screen, as the page has scrolled to it."""
    return visit.page.evaluate(
        """() => {
            const box = (name) => document.querySelector(name).getBoundingClientRect();
            const parts = ["headline", "bars", "why", "player"].map((name) => box(`.an-${name}`));
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
    viewport = {"width": size[0], "height": size[1]}
    sound = recordings()[5].path.read_bytes()
    visit = Visit(
        browser, made.url, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    )
    page = visit.page
    for state, wish in STATES.items():
        name = HOSTILE if state == "two" else f"{state}.ogg"
        visit.give(wished(tmp_path / name, sound, wish))
        page.wait_for_function(SHOWN, arg=name)
        visit.detailed()
        found = measured(visit)
        assert found["top"] >= 0, state
        assert found["bottom"] <= size[1], (state, found)
        assert found["width"] <= size[0], state
        assert not page.locator(".an-chart").count(), state  # nothing is drawn unasked
        if state == "one":
            assert found["height"] <= 2 * size[1], found
            assert barriers(page) == []
    assert visit.problems == []
    visit.close()
