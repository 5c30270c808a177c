"""The table of the session: folders, hundreds of files, finding, sorting, saving."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import audionome
from audionome import audio
from audionome._words import genre_name
from audionome.files import SUFFIXES

pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")

from browser import barriers
from voila_server import BIN, ROOT, Visit, encode

STATIC = ROOT / "audionome" / "app" / "static" / "dashboard"
POEM = "Roses are red.\n" * 50


def names(visit: Visit) -> list[str]:
    return [row[0] for row in visit.session()]


def chips(visit: Visit, label: str) -> dict[str, int]:
    """What the buttons of a group say: a name and a count."""
    texts = visit.page.locator(f".an-chips[aria-label='{label}'] button").all_text_contents()
    return {text.rpartition(" ")[0]: int(text.rpartition(" ")[2]) for text in texts}


def chip(visit: Visit, name: str) -> None:
    visit.page.click(f".an-session .an-chip:has-text('{name}')")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory, clips: list[Path]) -> Path:
    """A folder as collectors have it, with what is no sound beside the sound."""
    folder = tmp_path_factory.mktemp("collection") / "My Music"
    (folder / "disc 2" / ".cache").mkdir(parents=True)
    for k, name in enumerate(["2.wav", "10.wav", "=1.wav", "disc 2/3.flac", "disc 2/a<b>.ogg"]):
        samples = audio.load(clips[k])[: 4 * audio.SAMPLE_RATE]
        kind = name.rpartition(".")[2]
        (folder / name).write_bytes(encode(samples, audio.SAMPLE_RATE, kind))
    (folder / "disc 2" / "poem.mp3").write_text(POEM)
    for name in ("cover.jpg", "disc 2/list.pls", "disc 2/song.mid", ".DS_Store", "index.ts"):
        (folder / name).write_text("no sound")
    (folder / "disc 2" / "nothing.wav").touch()
    (folder / "disc 2" / ".cache" / "thumb.wav").write_text("hidden")
    return folder


HEARD = ["2.wav", "10.wav", "=1.wav", "disc 2/3.flac", "disc 2/a<b>.ogg"]
ORDER = ["=1.wav", "2.wav", "10.wav", "3.flac", "a<b>.ogg", "poem.mp3"]


def test_a_folder_becomes_a_table(fresh: Visit, music: Path) -> None:
    page = fresh.page
    answers = {Path(name).name: audionome.classify(music / name) for name in HEARD}
    page.set_input_files("input[webkitdirectory]", music)
    fresh.wait("done")
    left = page.inner_text(".an-session .an-left")
    assert left == "7 other files were left out: 4 are not sound, 2 are hidden, 1 is empty."
    assert "6 files: 5 answered, 1 could not be" in fresh.status()

    # The failure stands on top, then the newest answer.
    assert names(fresh) == ["poem.mp3", *ORDER[4::-1]]
    rows = {row[0]: row[1:] for row in fresh.session()}
    assert "not a sound file" in rows["poem.mp3"][0]
    for name, answer in answers.items():
        assert rows[name][0] == answer.headline
        assert rows[name][2] == ", ".join(tag.name for tag in answer.tags[:2])
        assert rows[name][4] == "0:04"
    assert page.inner_text("tr:has-text('3.flac') .an-place") == "My Music/disc 2"
    expected: dict[str, int] = {}
    for answer in answers.values():
        none = answer.status == "out-of-distribution"
        genre = "Unlike all it knows" if none else genre_name(answer.genre).capitalize()
        expected[genre] = expected.get(genre, 0) + 1
    states = {"All": 6, "Answered": 5, "Failed": 1}
    assert chips(fresh, "Show by what became of it") == states
    if len(expected) > 1:
        assert chips(fresh, "Show by genre") == expected
        genre, count = next(iter(expected.items()))
        chip(fresh, genre)
        assert len(names(fresh)) == count
        chip(fresh, genre)  # and all again
    assert len(names(fresh)) == 6

    # Sorted by a heading; what has no value stays below.
    for way, sign in (("ascending", 1), ("descending", -1)):
        page.click(".an-session .an-sort:text('File')")
        head = page.locator(".an-session th", has_text="File").first
        assert head.get_attribute("aria-sort") == way
        assert names(fresh) == ORDER[::sign]
    page.click(".an-session .an-sort:text('Probability')")
    likeliest = sorted(answers, key=lambda name: -answers[name].confidence)
    assert names(fresh) == [*likeliest, "poem.mp3"]

    # All of it, and what is shown.
    lines = {line["file"].removeprefix("'"): line for line in fresh.downloaded()}
    assert re.fullmatch(r"audionome-\d{4}-\d\d-\d\d-\d{4}-My-Music\.csv", fresh.saved)
    assert len(lines) == 6
    assert lines["=1.wav"]["file"] == "'=1.wav"  # no formula in a spreadsheet
    assert lines["3.flac"]["path"] == "My Music/disc 2/3.flac"
    assert lines["poem.mp3"]["status"] == "error"
    assert "not a sound file" in lines["poem.mp3"]["message"]
    for name, answer in answers.items():
        assert lines[name]["genre"] == answer.genre
        assert lines[name]["prediction_set"] == "|".join(answer.prediction_set)
        for genre, p in answer.probabilities.items():
            assert float(lines[name][f"p_{genre}"]) == pytest.approx(p, abs=0.001)
    page.fill(".an-session input[type=search]", "disc FLAC")
    assert names(fresh) == ["3.flac"]
    button = page.locator(".an-tools button", has_text="shown")
    assert button.inner_text() == "Download 1 shown as CSV"
    assert [line["file"] for line in fresh.downloaded()] == ["3.flac"]
    assert fresh.saved.endswith("-My-Music-disc-flac.csv")
    page.fill(".an-session input[type=search]", "")

    # A phone, in the dark, and nobody shut out.
    assert barriers(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert barriers(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})

    # A row that is not touched is not made anew while another is heard again.
    first = page.locator(".an-session tbody tr").first
    first.evaluate("(row) => { row.kept = true; }")
    page.click("button[aria-label='Try again: poem.mp3']")
    fresh.wait("error")
    assert "not a sound file" in dict(row[:2] for row in fresh.session())["poem.mp3"]
    assert first.evaluate("(row) => row.kept")

    # The keyboard goes from row to row, and stays where a row was removed.
    page.focus("tbody tr:nth-child(1) button.an-link")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.title") == likeliest[1]
    page.focus(f"button[aria-label='Remove {likeliest[1]}']")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        f"Remove {likeliest[2]}"
    )
    assert likeliest[1] not in names(fresh)
    page.click(".an-unanswered:visible button:text('Remove it')")
    assert len(names(fresh)) == 4
    assert fresh.status() == ""  # it spoke of a failure

    # Without a server all of it goes on but hearing.
    page.route("**/api/kernels/*", lambda route: route.fulfill(status=404))
    page.wait_for_selector(".an-ended:visible")
    page.click(".an-session .an-sort:text('File')")
    page.select_option(".an-session select", label="Newest first")
    assert len(fresh.downloaded()) == 4
    for box in page.locator(".an-session tbody input[type=checkbox]").all()[:3]:
        box.check()
    checked = page.locator(".an-session tbody input:checked")
    assert checked.count() == 2  # the latest two
    page.click("text=Compare the two marked")
    # What is scrolled to is not hidden by the sentence that stays on top.
    page.wait_for_function(
        """() => document.querySelector(".an-compare h2").getBoundingClientRect().top
            >= document.querySelector(".an-ended").getBoundingClientRect().bottom"""
    )
    page.click("text=Close the comparison")
    page.locator(".an-session .an-remove").first.click()
    assert len(names(fresh)) == 3
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Forget this session")
    assert not page.is_visible(".an-session")
    assert fresh.problems in ([], [p for p in fresh.problems if "404" in p])


def test_hundreds_are_dropped(fresh: Visit, tmp_path: Path, tone: np.ndarray) -> None:
    """More than a folder gives at once, deep, all but one of them failing."""
    page = fresh.page
    folder = tmp_path / "Attic"
    deep = folder.joinpath(*"abcdefgh")
    deep.mkdir(parents=True)
    for k in range(1, 121):
        (folder / f"poem {k}.wav").write_text(POEM)
    (deep / "song.wav").write_bytes(encode(tone[:100_000], 22_050, "wav"))
    (deep / "cover.png").touch()
    alone = tmp_path / "notes.txt"  # who drops it by itself is told about it
    alone.write_text(POEM)
    drag = {
        "type": "drop",
        "x": 200,
        "y": 200,
        "data": {"items": [], "files": [str(folder), str(alone)], "dragOperationsMask": 1},
    }
    cdp = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        cdp.send("Input.dispatchDragEvent", drag | {"type": kind})
    page.wait_for_selector(".an-session tbody tr")
    assert chips(fresh, "Show by what became of it")["All"] == 122
    assert page.inner_text(".an-session .an-left") == "1 other file was left out: it is not sound."
    assert page.is_visible("tr[data-state=working] progress")
    fresh.wait("done")
    states = chips(fresh, "Show by what became of it")
    assert states == {"All": 122, "Answered": 1, "Failed": 121}

    # The page holds some, and more for those who scroll; the answer is not buried.
    assert page.locator(".an-session tbody tr").count() == 50
    chip(fresh, "Answered")
    assert names(fresh) == ["song.wav"]
    assert page.inner_text(".an-place") == "Attic/a/b/c/d/e/f/g/h"
    chip(fresh, "Answered")
    page.locator(".an-session .an-scroll").evaluate("(box) => box.scrollTo(0, 1e6)")
    page.wait_for_selector(".an-session tbody tr:nth-child(51)")
    page.select_option(".an-session select", label="File")
    assert names(fresh)[:4] == ["song.wav", "poem 1.wav", "poem 2.wav", "poem 3.wav"]

    # The command line that is named for so many works as it stands there.
    page.fill(".an-session input[type=search]", "notes")
    page.click("button[aria-label='Remove notes.txt']")  # now all lie in one folder
    page.fill(".an-session input[type=search]", "")
    page.click(".an-many summary")
    line = page.inner_text(".an-command code")
    assert '"Attic"' in line
    (folder / "poem 2.wav").rename(tmp_path / "poem.wav")
    for path in folder.glob("poem *.wav"):
        path.unlink()
    done = subprocess.run(
        line, shell=True, cwd=tmp_path, env={"PATH": f"{BIN}:/usr/bin:/bin"}, timeout=120
    )
    assert done.returncode == 0
    told = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [Path(answer["file"]).name for answer in told] == ["song.wav"]

    (deep / "song.wav").unlink()
    page.set_input_files("input[webkitdirectory]", deep)
    page.wait_for_selector(
        ".an-status:has-text('There is no sound in this folder. 1 file was left')"
    )
    page.click(".an-unanswered:visible button:text('Remove them')")
    page.wait_for_function("document.querySelectorAll('.an-session tbody tr').length < 2")
    assert fresh.problems == []


def test_files_that_come_meanwhile_wait_their_turn(
    fresh: Visit, clip: tuple[np.ndarray, int], tmp_path: Path
) -> None:
    samples, rate = clip
    (long := tmp_path / "long.mp3").write_bytes(encode(np.tile(samples, 20), rate, "mp3"))
    (short := tmp_path / "short.wav").write_bytes(encode(samples[: 7 * rate], rate, "wav"))
    fresh.give(long)
    fresh.page.wait_for_selector(".an-drop[data-state=analysing]")
    fresh.give(short)
    assert [row[:2] for row in fresh.session()][1] == [short.name, "Waiting"]
    fresh.page.wait_for_selector(".an-status:has-text('2 files: 2 answered')")
    assert names(fresh) == [short.name, long.name]
    assert fresh.problems == []


def test_stop_ends_the_work(fresh: Visit, clip: tuple[np.ndarray, int], tmp_path: Path) -> None:
    samples, rate = clip
    (long := tmp_path / "long.wav").write_bytes(encode(np.tile(samples, 6), rate, "wav"))
    (short := tmp_path / "short.wav").write_bytes(encode(samples[: 7 * rate], rate, "wav"))
    fresh.give(long, short)
    fresh.page.click(".an-stop")
    assert fresh.page.get_attribute(".an-drop", "data-state") == "idle"
    assert "Stopped" in fresh.status()
    fresh.page.wait_for_timeout(1000)
    assert "Stopped" in fresh.status()
    assert not fresh.page.is_visible(".an-genre")
    assert [row[1] for row in fresh.session()] == ["Stopped before it was heard"] * 2
    fresh.page.click(".an-unanswered button:text('Resume all')")
    fresh.page.click(".an-stop")
    fresh.give(short)  # and it goes on
    fresh.wait("done")
    assert fresh.name() == short.name
    assert fresh.problems == []


def test_the_page_takes_for_sound_what_the_library_does() -> None:
    code = (STATIC / "folder.js").read_text()
    (block,) = re.findall(r"const SUFFIXES = new Set\(\s*\((.*?)\)\.split", code, re.DOTALL)
    listed = "".join(re.findall(r'"(.*?)"', block)).split()
    assert {f".{end}" for end in listed} == SUFFIXES
    assert len(listed) == len(set(listed))
