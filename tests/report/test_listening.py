"""The examples of the pages that listen, and the credits of those who made them."""

from __future__ import annotations

from bs4 import BeautifulSoup

from audionome.datasets.gtzan import GENRES
from audionome.datasets.recordings import recordings
from audionome.report.examples import MADE, RECORDED
from audionome.report.listening import catalogue, credits_html, examples_html


def test_every_recording_and_every_piece_can_be_tried() -> None:
    entries = catalogue()
    recorded = [entry for entry in entries if entry["kind"] == RECORDED]
    assert [entry["title"] for entry in recorded] == [r.title for r in recordings()]
    assert [entry["genre"] for entry in entries if entry["kind"] == MADE] == list(GENRES)
    # Real music comes first.
    assert entries[: len(recorded)] == recorded
    files = [entry["file"] for entry in entries]
    assert len(set(files)) == len(files)


def test_each_example_names_its_artist_and_its_licence() -> None:
    page = BeautifulSoup(examples_html(catalogue()), "html.parser")
    for entry, item in zip(catalogue(), page.select("li"), strict=True):
        assert item["data-file"] == entry["file"]
        sound, licence = item.select("a")
        assert str(sound["href"]).endswith(f"/{entry['file']}")
        assert sound.text == entry["title"]
        assert (licence.text, licence["href"]) == (entry["licence"], entry["licence_url"])
        assert entry["kind"] == MADE or entry["artist"] in item.text
    # What a program made is folded away and said to be that.
    assert "made by a program" in page.select_one("details summary").text
    assert len(page.select("details li")) == len(GENRES)


def test_the_credits_say_what_was_changed() -> None:
    page = BeautifulSoup(credits_html(catalogue()), "html.parser")
    for recording, item in zip(recordings(), page.select("li"), strict=True):
        assert recording.changes in item.text
        source, licence, notice = item.select("a")
        assert source["href"] == recording.source
        # The address of a whole game is not that of the title.
        assert source.text == (recording.game or recording.title)
        assert (f"from the game {recording.game}" in item.text) == bool(recording.game)
        assert licence["href"] == recording.licence_url
        # As the site has it, beside the sound: see copy_examples.
        assert notice["href"] == f"../_static/examples/{recording.path.stem}.txt"
        assert recording.path.with_suffix(".txt").exists()


def test_names_cannot_break_the_page() -> None:
    entry = catalogue()[0] | {"title": '<b>"Loud" & proud</b>', "artist": "A & <i>B</i>"}
    page = BeautifulSoup(examples_html([entry]), "html.parser")
    assert page.select("b, i") == []
    assert page.li["data-title"] == '<b>"Loud" & proud</b>'
