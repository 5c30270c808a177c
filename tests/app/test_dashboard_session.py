"""The session of the dashboard's page: what a reload, a lost server or a lost message leaves."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("voila", reason="Not installed: pip install -e .[dashboard]")

from browser import barriers
from playwright.sync_api import expect
from voila_server import Visit, notebook, serve

RATE = 22_050
PATIENCE = 60_000  # ms, on a busy machine
FILES = ".an-drop input[type=file]"
ROWS = ".an-session tbody tr[data-state]"
#: Rows of the session's table that are in a state.
COUNT = "state => document.querySelectorAll(`.an-session tr[data-state=${state}]`).length"


def sounds(folder: Path, count: int, seconds: float = 3.2) -> list[Path]:
    """Make files that sound a little different."""
    t = np.arange(int(seconds * RATE)) / RATE
    paths = [folder / f"{k:02d}.wav" for k in range(count)]
    for k, path in enumerate(paths):
        soundfile.write(path, 0.4 * np.sin(2 * np.pi * (220 + 10 * k) * t), RATE)
    return paths


def states(visit: Visit) -> list[str | None]:
    return [row.get_attribute("data-state") for row in visit.page.locator(ROWS).all()]


def until(visit: Visit, state: str, count: int) -> None:
    """Wait for at least so many rows in a state."""
    visit.page.wait_for_function(f"count => ({COUNT})('{state}') >= count", arg=count)


def banner(visit: Visit) -> Any:
    return visit.page.locator(".an-ended")


def begun(page: Any) -> list[str]:
    """Return a list that grows with the name of every file that is sent."""
    names: list[str] = []

    def sent(frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        if '"type":"begin"' in text:
            names.append(text.split('"name":"')[1].split('"')[0])

    page.on("websocket", lambda socket: socket.on("framesent", sent))
    return names


def test_a_server_killed_in_the_midst_of_forty_files(browser: Any, tmp_path: Path) -> None:
    files = sounds(tmp_path, 40)
    with serve(tmp_path) as first:
        visit = Visit(browser, first.url)
        page = visit.page
        visit.give(*files)
        until(visit, "done", 8)
        first.kill()
        # It is told within seconds, in one sentence with one button; the rows stay.
        expect(banner(visit)).to_be_visible(timeout=PATIENCE)
        assert "cannot be reached" in banner(visit).inner_text()
        done = page.evaluate(COUNT, "done")
        assert done >= 8
        assert states(visit).count("waiting") == 40 - done
        assert banner(visit).locator("button").count() == 1
        assert barriers(page) == []
        # Saving and sorting need no server.
        assert sum(bool(row["answer"]) for row in visit.downloaded()) == done
        # There is no server yet: the button says so, and can be pressed again.
        banner(visit).get_by_role("button").click()
        expect(banner(visit)).to_contain_text("still does not answer", timeout=PATIENCE)
    # The same address, a new server: one click, and none is heard twice.
    heard = {row[0]: row for row in visit.session() if len(row) > 2}
    assert len(heard) == done
    (again := tmp_path / "again").mkdir()
    with serve(again, port=first.port) as second:
        expect(banner(visit)).to_contain_text(f"the remaining {40 - done} files", timeout=PATIENCE)
        names = begun(page)
        banner(visit).get_by_role("button").click()
        expect(banner(visit)).to_be_hidden(timeout=PATIENCE)
        until(visit, "done", 40)
        assert page.locator(ROWS).count() == 40
        assert len(names) == len(set(names)) == 40 - done
        assert not set(names) & set(heard)
        assert [row for row in visit.session() if row[0] in heard] == list(heard.values())
        page.close(run_before_unload=True)
        visit.close()
    assert "Traceback" not in second.log.read_text()


def test_a_session_outlives_reload_back_and_tab(browser: Any, server: str, tmp_path: Path) -> None:
    files = sounds(tmp_path, 2)
    (bad := tmp_path / "poem.wav").write_text("Roses are red")
    visit = Visit(browser, server)
    page = visit.page
    visit.give(*files, bad)
    until(visit, "error", 1)
    until(visit, "done", 2)
    told = visit.session()
    visit.page.click(f".an-session .an-link:has-text('{files[0].name}')")
    expect(page.locator(".an-name")).to_have_text(files[0].name, timeout=PATIENCE)
    names = begun(page)

    def kept() -> None:
        visit.ready()
        expect(page.locator(ROWS)).to_have_count(3, timeout=PATIENCE)
        assert sorted(visit.session()) == sorted(told)
        expect(page.locator(".an-name")).to_have_text(files[0].name, timeout=PATIENCE)

    page.reload()
    kept()
    page.goto("about:blank")
    page.go_back()
    kept()
    assert page.evaluate("performance.getEntriesByType('navigation')[0].type") == "back_forward"

    # The same file again has its sound back, and is not heard again; a failed one is tried again.
    visit.give(files[1])
    expect(page.locator(".an-name")).to_have_text(files[1].name, timeout=PATIENCE)
    page.wait_for_function("document.querySelector('.an-player audio')?.src.startsWith('blob:')")
    assert names == []
    # Chosen with the folder around them, they are the same files.
    page.set_input_files("input[webkitdirectory]", tmp_path)
    until(visit, "error", 1)
    expect(page.locator(ROWS)).to_have_count(3)
    assert names == [bad.name]

    # Another tab begins its own session; once this one is closed, it is offered there.
    other = page.context.new_page()
    other.goto(server)
    other.wait_for_selector(".an-drop[data-state=idle]")
    other.wait_for_timeout(2000)
    assert not other.locator(".an-earlier").is_visible()
    page.close()
    other.reload()
    expect(other.locator(".an-earlier")).to_contain_text("2 answers", timeout=PATIENCE)
    # What the new tab has by then becomes part of it, and outlives a reload as the rest.
    other.set_input_files(FILES, sounds(tmp_path, 3)[2:])
    expect(other.locator(".an-name")).to_have_text("02.wav", timeout=PATIENCE)
    # One answer has no table, but all that can be done with it.
    expect(other.locator(".an-session")).to_be_hidden()
    single = other.locator(".an-single button:visible")
    assert single.all_inner_texts() == ["Download as CSV", "Forget this answer"]
    other.click(".an-earlier button:text-is('Show it')")
    expect(other.locator(ROWS)).to_have_count(4, timeout=PATIENCE)
    expect(other.locator(".an-name")).to_be_focused(timeout=PATIENCE)
    other.reload()
    expect(other.locator(ROWS)).to_have_count(4, timeout=PATIENCE)
    other.click(".an-session .an-link:has-text('02.wav')")
    expect(other.locator(".an-name")).to_have_text("02.wav", timeout=PATIENCE)

    # What is forgotten does not come back.
    asked: list[str] = []
    other.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    other.get_by_role("button", name="Forget this session").click()
    expect(other.locator(".an-session")).to_be_hidden(timeout=PATIENCE)
    other.reload()
    other.wait_for_selector(".an-drop[data-state=idle]")
    other.wait_for_timeout(2000)
    assert other.locator(ROWS).count() == 0
    assert not other.locator(".an-earlier").is_visible()

    # An earlier session is deleted after a question, and the focus is not lost.
    other.set_input_files(FILES, files[0])
    expect(other.locator(".an-single")).to_be_visible(timeout=PATIENCE)
    other.evaluate("sessionStorage.clear()")
    other.reload()
    expect(other.locator(".an-earlier")).to_contain_text("1 answer,", timeout=PATIENCE)
    other.click(".an-earlier button:text-is('Delete it')")
    expect(other.locator(".an-earlier")).to_be_hidden()
    expect(other.locator(FILES).first).to_be_focused()
    assert [message.split()[0] for message in asked] == ["Forget", "Delete"]
    assert visit.problems == []
    visit.close()


def test_leaving_is_asked_about_while_work_is_under_way(
    browser: Any, server: str, tmp_path: Path
) -> None:
    visit = Visit(browser, server)
    page = visit.page
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.click("h1")  # browsers ask only whoever has done something here
    visit.give(*sounds(tmp_path, 6))
    until(visit, "done", 1)
    with contextlib.suppress(Exception):  # the visitor stays
        page.reload(timeout=3000)
    assert asked == ["beforeunload"]
    until(visit, "done", 6)  # by the same kernel
    assert not banner(visit).is_visible()
    page.reload()
    visit.ready()
    assert asked == ["beforeunload"]
    expect(page.locator(ROWS)).to_have_count(6, timeout=PATIENCE)
    assert visit.problems == []
    visit.close()


def test_a_connection_that_is_away_for_a_while(browser: Any, server: str, tmp_path: Path) -> None:
    visit = Visit(browser, server)
    page = visit.page
    visit.give(*sounds(tmp_path, 4))
    until(visit, "done", 1)
    page.route("**/api/kernels/*", lambda route: route.abort())
    expect(banner(visit)).to_contain_text("cannot be reached", timeout=PATIENCE)
    page.unroute("**/api/kernels/*")
    expect(banner(visit)).to_be_hidden(timeout=PATIENCE)
    until(visit, "done", 4)
    visit.close()


def test_a_browser_that_keeps_nothing_says_so(browser: Any, server: str, tmp_path: Path) -> None:
    visit = Visit(browser, server, before="indexedDB.open = () => { throw new Error('not here'); }")
    assert "keeps nothing" in visit.page.inner_text(".an-notice:visible")
    files = sounds(tmp_path, 2)
    visit.give(*files)
    until(visit, "done", 2)
    visit.page.click(f".an-session .an-link:has-text('{files[1].name}')")
    expect(visit.page.locator(".an-name")).to_have_text(files[1].name, timeout=PATIENCE)
    visit.close()


# -- what gets lost on the way ------------------------------------------------------------

# What a broken connection does: some pieces are gone, and it goes on without them.
LOSING = """
window.audionomePatience = 2000;
window.losing = Infinity;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  const large = (data.byteLength ?? data.length) > 100000;
  if (!large || window.losing-- <= 0) send.call(this, data);
};"""


def test_a_file_lost_on_the_way_is_sent_again(browser: Any, server: str, tmp_path: Path) -> None:
    (song,) = sounds(tmp_path, 1)
    visit = Visit(browser, server, before=LOSING)
    visit.page.evaluate("window.losing = 1")
    names = begun(visit.page)
    visit.give(song)
    visit.wait("done")
    visit.page.evaluate("window.losing = Infinity")
    (other,) = sounds(tmp_path, 1, seconds=3.3)
    visit.give(other)
    visit.wait("error")
    assert "connection broke while the file was sent" in visit.status()
    assert visit.problems == []
    visit.close()
    assert names == []


# The connection is away while the answer is sent, until the browser asks for it.
LOSSY = """\
class Lossy(d.Dashboard):
    away = True
    def _send_again(self, job):
        self.away = False
        super()._send_again(job)
    def send(self, content, buffers=None):
        if not (self.away and content["type"] in {"answer", "details"}):
            super().send(content, buffers)
    def send_state(self, key=None):
        if self.report.get("state") != "done":
            super().send_state(key)
Lossy()"""


def test_an_answer_lost_on_the_way_comes_again(browser: Any, tmp_path: Path) -> None:
    (song,) = sounds(tmp_path, 1)
    page = notebook(tmp_path / "page.ipynb", "import audionome.app.widget as d", LOSSY)
    with serve(tmp_path, page) as server:
        visit = Visit(browser, server.url, before="window.audionomePatience = 1000")
        visit.give(song)
        visit.wait("done")
        assert visit.page.is_visible(".an-answer")
        visit.detailed()
        visit.close()
