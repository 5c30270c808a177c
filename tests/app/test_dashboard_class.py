"""A class on the dashboard: it joins, guesses and reads; the server lets it in, and no further."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("voila", reason="Not installed: pip install -e .[dashboard]")

import segno
from browser import barriers
from needs import unmet
from voila_server import Server, Visit, serve

from audionome.app.place import Place, ServerError, encryption, report_of

# Hostile, as long as no system allows it, in two directions of writing.
NAME = "<img src=x onerror=alert(1)> \u05e9\u05d9\u05e8 \U0001f3b5 " + "very long " * 27 + ".ogg"
SEEN = """() => [...document.querySelectorAll("dialog *")]
    .filter((node) => node.checkVisibility()).map((node) => node.innerText).join(" ")"""
#: Write into every answer that is kept what only few answers have.
WARNED = """async () => {
    const done = (request) => new Promise((resolve) => {
        request.onsuccess = () => resolve(request.result);
    });
    const base = await done(indexedDB.open("audionome"));
    const store = base.transaction("answers", "readwrite").objectStore("answers");
    for (const one of await done(store.getAll())) {
        one.full.card.learned = "It was learned.";
        one.full.card.notes = ["Cut off.", "Silent."];
        await done(store.put(one));
    }
    base.close();
}"""
#: What a page of the report may do; its own policy and the server's must both let it.
PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>waits</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'
'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'">
<script type="module" src="work.mjs"></script>"""
WORK = """const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
await WebAssembly.compile(empty);
const url = URL.createObjectURL(new Blob(["postMessage('works')"], { type: "text/javascript" }));
new Worker(url).onmessage = ({ data }) => (document.title = data);"""


def openssl(folder: Path, *arguments: str) -> None:
    if shutil.which("openssl") is None:
        unmet("openssl", "openssl is not installed: https was not tried.")
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certified(folder: Path, name: str = "") -> tuple[str, str]:
    """Make a certificate and its key with the README's line."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^openssl (req (?:.*\\\n)*.*)$", readme, re.MULTILINE)
    openssl(folder, *re.sub(r'\\\n|"', " ", line).split())
    names = f"{name}cert.pem", f"{name}key.pem"
    for made, wanted in zip(("class.pem", "class-key.pem"), names, strict=True):
        (folder / made).rename(folder / wanted)
    return str(folder / names[0]), str(folder / names[1])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return certified(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def school(pair: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets the network in, by https, with a report."""
    folder = tmp_path_factory.mktemp("school")
    (report := folder / "report").mkdir()
    (report / "index.html").write_text(PAGE, encoding="utf-8")
    (report / "work.mjs").write_text(WORK, encoding="utf-8")
    (report / "empty").mkdir()
    (report / ".hidden").write_text("no")
    (folder / "secret.txt").write_text("secret")
    (report / "link.txt").symlink_to(folder / "secret.txt")
    options = ["--host", "0.0.0.0", "--certificate", pair[0], "--key", pair[1]]
    with serve(folder, options=[*options, "--report", str(report)]) as server:
        server.url = server.url.replace("http:", "https:")
        yield server
    told = server.log.read_text().splitlines()
    assert [line for line in told if " 404 " not in f" {line}" and "403" not in line] == told[:1]
    assert told[0].startswith("The dashboard: https://")


def asked(server: Server, path: str) -> tuple[int, dict[str, str], bytes]:
    """Ask with the path as it is, which browsers would tidy up."""
    trusting = ssl._create_unverified_context()
    client = http.client.HTTPSConnection(urlsplit(server.url).netloc, context=trusting, timeout=60)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        client.close()


def soon(page: Any, selector: str, text: str) -> None:
    page.locator(selector, has_text=text).first.wait_for(timeout=30_000)


# -- joining ------------------------------------------------------------------------------


def test_a_class_joins_by_https_and_is_counted(browser: Any, school: Server) -> None:
    teacher = Visit(browser, school.url, ignore_https_errors=True)
    page = teacher.page
    assert page.evaluate("isSecureContext && Boolean(navigator.mediaDevices.getUserMedia)")
    assert page.is_visible(".an-record button")
    asks: list[str] = []
    page.on("request", lambda r: asks.append(r.url) if "/class?" in r.url else None)
    page.wait_for_timeout(300)
    assert asks == []  # nobody has asked who is in
    page.click(".an-class summary")
    soon(page, ".an-class .an-count", "Only you have this page open.")
    address = page.inner_text(".an-class .an-address")
    assert address == Place("0.0.0.0", urlsplit(school.url).port, certificate="c").address
    assert urlsplit(address).hostname not in {"localhost", "127.0.0.1"}
    assert page.locator(".an-class .an-join .an-help").inner_text() == ""  # https is there
    code = page.locator(".an-class img")
    assert code.get_attribute("alt") == f"QR code of {address}"
    assert code.evaluate("(i) => i.decode().then(() => i.naturalWidth)") > 0
    drawn = page.evaluate("(u) => fetch(u).then((r) => r.text())", code.get_attribute("src"))
    expected = segno.make(address, error="m", micro=False).svg_inline(light="#fff", omitsize=True)
    assert re.findall(r' d="[^"]+"', drawn) == re.findall(r' d="[^"]+"', expected)

    pupil = Visit(browser, school.url, ignore_https_errors=True)
    # As a page does whose connection was lost: the same kernel, once more.
    pupil.page.evaluate(
        """() => new Promise((resolve) => {
            const { baseUrl, kernelId } = JSON.parse(
                document.getElementById("jupyter-config-data").textContent);
            window.second = new WebSocket(
                `wss://${location.host}${baseUrl}api/kernels/${kernelId}/channels?session_id=b`);
            window.second.onopen = resolve;
        })"""
    )
    page.click(".an-class button:text('Show how to join')")
    soon(page, "dialog .an-count", "2 people have this page open, you included.")
    assert page.inner_text("dialog .an-address") == address
    assert page.locator("dialog img").bounding_box()["width"] > 350  # for the back of the room
    assert barriers(page) == []
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")
    assert teacher.problems + pupil.problems == []
    pupil.close()
    deadline = time.monotonic() + 20
    while json.loads(asked(school, "/class")[2])["count"] != 1:
        assert time.monotonic() < deadline
        time.sleep(0.2)

    # Where only this computer is let in, the panel says how to change that.
    closed = {"closed": "Only this computer. Start it with:", "commands": ["audionome dashboard"]}
    page.route("**/class?*", lambda route: route.fulfill(json={"people": "Only you.", **closed}))
    page.click(".an-class summary")
    page.click(".an-class summary")
    soon(page, ".an-class .an-commands code", "audionome dashboard")
    assert not page.is_visible(".an-class img")
    page.unroute("**/class?*")
    page.route("**/class?*", lambda route: route.abort())
    page.click(".an-class summary")
    page.click(".an-class summary")
    soon(page, ".an-class .an-join", "The server cannot be reached")
    teacher.close()


@pytest.mark.parametrize(
    ("place", "netloc", "scheme", "address"),
    [
        (Place(), "localhost:8866", "http", ""),
        (Place(), "127.0.0.1:8866", "http", ""),
        (Place(), "[::1]:8866", "http", ""),
        (Place(), "music.example.org", "https", "https://music.example.org/"),
        (Place(base_url="/a/"), "example.org:81", "http", "http://example.org:81/a/"),
        (Place("10.0.0.7", 81, shared=True), "localhost:81", "http", "http://10.0.0.7:81/"),
        (Place("10.0.0.7", 81, shared=True), "10.0.0.8:81", "http", "http://10.0.0.8:81/"),
    ],
)
def test_the_address_to_join_is_one_that_others_reach(
    place: Place, netloc: str, scheme: str, address: str
) -> None:
    assert place.called(netloc, scheme) == address


def test_the_command_that_lets_a_class_in_keeps_what_was_asked_for() -> None:
    place = Place("127.0.0.1", 81, "/a/", "my cert.pem", "key.pem", "out", checkout=True)
    assert place.commands() == [
        "audionome dashboard --host 0.0.0.0 --port 81 --base-url /a/ "
        "--certificate 'my cert.pem' --key key.pem --report out",
        "make dashboard HOST=0.0.0.0 DASHBOARD_PORT=81 BASE_URL=/a/ "
        "CERTIFICATE='my cert.pem' KEY=key.pem REPORT=out",
    ]
    assert Place().commands() == ["audionome dashboard --host 0.0.0.0"]


@pytest.mark.parametrize(("host", "shared"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_who_can_reach_it_is_seen_from_where_it_listens(host: str, shared: bool) -> None:
    with socket.create_server((host, 0)) as listener:
        assert Place("a-name").on([listener]).shared is shared


# -- guessing -----------------------------------------------------------------------------


def test_the_room_guesses_before_the_answer_is_revealed(
    browser: Any, school: Server, clips: list[Path]
) -> None:
    big = {"width": 1280, "height": 720}
    teacher = Visit(browser, school.url, ignore_https_errors=True, viewport=big)
    page = teacher.page
    page.click(".an-class summary")
    assert page.is_disabled(".an-class button:text('Show the answer to the class')")
    page.check(".an-guess-first input")
    assert "made by a program" not in page.text_content(".an-example select")
    assert not page.is_visible(".an-expect")
    page.set_input_files(
        ".an-drop input[type=file]",
        [
            {"name": NAME, "mimeType": "audio/ogg", "buffer": clips[0].read_bytes()},
            {"name": "second.ogg", "mimeType": "audio/ogg", "buffer": clips[1].read_bytes()},
        ],
    )
    page.wait_for_function(
        "() => document.querySelectorAll('.an-session tr[data-state=done]').length === 2"
    )
    page.wait_for_selector("dialog[open]")  # the first answer opens it
    assert page.inner_text("dialog .an-where") == "Piece 1 of 2"
    page.wait_for_selector("dialog [aria-label='Next piece']:enabled")  # it was answered later
    page.keyboard.press("Escape")
    headline = page.text_content(".an-card .an-headline .an-genre")
    covered = page.inner_text(".an").replace(page.inner_text(".an-example"), "")
    assert headline not in covered + page.text_content(".an-said")
    assert "%" not in covered
    assert "the class guesses first" in page.text_content(".an-said") + covered
    for part in (".an-body", ".an-science", ".an-finder", ".an-session td.an-c-answer"):
        assert not page.locator(part).first.is_visible(), part
    assert barriers(page) == []
    name = page.inner_text(".an-name")
    page.click(".an-card button:text('Show it to the class')")
    page.wait_for_selector("dialog[open]")
    assert page.locator(".an-pointed").count() == 0  # nothing looks chosen by where a pointer rests
    page.mouse.move(300, 300)
    page.mouse.move(310, 310)
    page.wait_for_selector(".an-pointed")
    choices = page.locator("dialog .an-choice .an-what").all_inner_texts()
    assert choices == sorted(choices)  # the order of the answer would give it away
    assert len(choices) == 10
    seen = page.evaluate(SEEN)
    assert name[:12] not in seen
    assert "%" not in seen
    assert not any(word in seen for word in ("Sounds like", "nine in ten"))
    assert page.evaluate("document.activeElement.textContent") == "Play"
    page.keyboard.press("p")
    page.wait_for_function("() => !document.querySelector('.an-player audio').paused")
    for key in ["1", "1", "3"]:
        page.keyboard.press(key)
    page.keyboard.down("2")
    page.keyboard.down("2")  # held
    page.keyboard.up("2")
    page.keyboard.press("Backspace")
    for way_back in ("j", "Escape"):
        page.keyboard.press("j")
        assert page.is_visible("dialog .an-joining")
        assert page.evaluate("document.activeElement.textContent") == "Back to the piece"
        page.keyboard.press(way_back)
        assert page.is_visible("dialog .an-guessing")
    page.click(f"dialog .an-choice:has-text('{choices[2]}')")
    page.click(f"dialog .an-choice:has-text('{choices[9]}')")
    page.keyboard.press("Backspace")
    votes = page.locator("dialog .an-choice .an-votes").all_inner_texts()
    assert votes == ["2", "", "2", *[""] * 7]
    assert page.inner_text("dialog .an-total") == "4 votes"
    for _ in range(25):  # the focus stays inside
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body"
            " || Boolean(document.activeElement.closest('dialog'))"
        )
    fits = "() => { const s = document.querySelector('.an-stage');"
    fits += " return s.scrollHeight <= s.clientHeight && s.scrollWidth <= s.clientWidth; }"
    assert page.evaluate(fits)
    assert barriers(page) == []

    page.keyboard.press("r")
    shown = page.locator("dialog .an-headline")
    assert shown.inner_text() == headline
    assert shown.evaluate("(h) => parseFloat(getComputedStyle(h).fontSize)") >= 35
    rows = page.locator("dialog .an-large tbody tr").all()
    assert len(rows) == 10
    told = {row.locator("th").inner_text(): row.inner_text().split() for row in rows}
    assert told[choices[0]][-1] == told[choices[2]][-1] == "2"
    either = f"{choices[0]} or {choices[2]} (2 of 4 each)"
    assert page.inner_text("dialog .an-said-by-all") == f"The room said {either}."
    assert name[:12] not in page.evaluate(SEEN)
    assert page.evaluate(fits)
    assert barriers(page) == []
    page.click("dialog button:text('Light background')")
    assert barriers(page) == []
    page.click("dialog button:text('Show the file')")
    assert page.inner_text("dialog .an-file") == name
    page.click("dialog button:text('Full screen')")
    page.wait_for_function("() => document.fullscreenElement?.className === 'an-stage'")
    page.click("dialog button:text('Leave full screen')")
    page.wait_for_function("() => !document.fullscreenElement")

    other = "ArrowLeft" if page.is_enabled("dialog footer button >> nth=0") else "ArrowRight"
    page.keyboard.press(other)
    page.wait_for_selector("dialog .an-choice")
    assert page.inner_text("dialog .an-total").startswith("No votes yet")
    assert page.text_content("dialog [role=status]") == ""
    assert not page.is_visible("dialog .an-file")  # it was asked for the other piece
    assert page.inner_text(".an-name") != name  # the page under it shows the same piece
    page.keyboard.press("ArrowRight" if other == "ArrowLeft" else "ArrowLeft")
    page.wait_for_selector("dialog .an-headline")  # what was revealed stays so
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth <= 390")
    assert page.evaluate("() => document.querySelector('.an-stage').scrollWidth <= 390")
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")
    page.wait_for_function("() => document.activeElement.className === 'an-name'")
    assert page.evaluate("document.querySelector('.an-player audio').paused")
    assert page.text_content("dialog [role=status]") == ""
    _prints_on_one_page(page, name)

    page.emulate_media(media="screen")
    page.set_viewport_size(big)
    page.evaluate(WARNED)
    page.reload()
    teacher.ready()
    page.wait_for_selector(".an-card", state="visible")
    assert not page.is_visible(".an-body")  # still covered
    page.click(".an-card button:text('Show it to the class')")
    assert page.inner_text("dialog .an-said-by-all") == f"The room said {either}."
    for told_too in ("It was learned.", "Cut off.", "Silent."):
        assert told_too in page.inner_text("dialog .an-words")
    assert page.evaluate(fits)
    page.keyboard.press("Escape")
    page.click(".an-class summary")
    page.uncheck(".an-guess-first input")
    assert page.inner_text(".an-card .an-headline .an-genre") == headline
    for box in page.locator(".an-session tbody input").all():
        box.check()
    page.click(".an-session button:text('Compare')")
    page.wait_for_selector(".an-compare")
    page.click(".an-class button:text('Show the answer to the class')")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    assert teacher.problems == []
    teacher.close()


def _prints_on_one_page(page: Any, name: str) -> None:
    """Print as it is, and with more lines than any answer has."""
    page.emulate_media(color_scheme="dark")
    sizes = ("A4", "Letter")
    assert [_pages(page.pdf(format=size)) for size in sizes] == [1, 1]
    page.emulate_media(media="print", color_scheme="dark")
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.an > *, dialog')]"
        ".filter((node) => node.checkVisibility()).map((node) => node.className)"
    )
    assert boxes == ["an-sheet"]
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert page.evaluate(
        "getComputedStyle(document.querySelector('.an-sheet')).color"
    ) == "rgb(27, 33, 41)"  # fmt: skip
    text = page.inner_text(".an-sheet")
    assert page.inner_text(".an-sheet h1") == name
    assert len(page.locator(".an-sheet tbody tr").all()) == 10
    for part in ("About nine in ten", "Sounds like", "For ", "Against ", "model ear", "Printed on"):
        assert part in text, part
    page.evaluate(
        """() => {
            const sheet = document.querySelector(".an-sheet");
            const note = document.createElement("p");
            note.textContent = "A note of two lines, as long as notes may be. ".repeat(4);
            for (let k = 0; k < 4; k += 1) {
                sheet.querySelector(".an-top").append(note.cloneNode(true));
            }
            for (const list of sheet.querySelectorAll("ul")) {
                while (list.children.length < 8) list.append(list.firstChild.cloneNode(true));
            }
        }"""
    )
    page.emulate_media(media=None)
    assert [_pages(page.pdf(format=size)) for size in sizes] == [1, 1]


def _pages(document: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", document))


# -- the report below the page ------------------------------------------------------------


def test_the_report_is_served_below_the_page_and_nothing_else(browser: Any, school: Server) -> None:
    status, headers, content = asked(school, "/report/")
    assert (status, content.decode()) == (200, PAGE)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert asked(school, "/report")[1]["location"] == "/report/"
    assert asked(school, "/report/work.mjs")[1]["content-type"].startswith("text/javascript")
    for path in (
        "/report/empty/",
        "/report/empty",
        "/report/.hidden",
        "/report/link.txt",
        "/report/../secret.txt",
        "/report/%2e%2e/secret.txt",
        "/report/..%2fsecret.txt",
        "/report//etc/hostname",
        "/report/no%00pe",
    ):
        status, _, content = asked(school, path)
        if status == 301:  # to the folder with a slash, which is tried as well
            continue
        assert status in {403, 404}, path
        assert b"secret" not in content
    visit = Visit(browser, school.url, ignore_https_errors=True)
    visit.page.goto("/report/")
    visit.page.wait_for_function("() => document.title === 'works'")
    assert visit.problems == []
    visit.close()


def test_the_report_that_was_asked_for_is_found(tmp_path: Path) -> None:
    built = tmp_path / "built"
    assert report_of("", built) == (None, "")
    built.mkdir()
    with pytest.raises(ServerError, match="holds no report: it has no index"):
        report_of(str(built), Path("none"))
    (built / "index.html").touch()
    assert report_of("", built) == report_of(str(built), Path("none")) == (built, "report/")
    for address in ("https://a.org/b", "https://a.org/b/", "https://a.org/b/index.html"):
        assert report_of(address, built) == (None, "https://a.org/b/")
    for wrong in ("ftp://a.org/", "https://", 'https://a.org/"onclick="'):
        with pytest.raises(ServerError, match="is not an address of a report"):
            report_of(wrong, built)
    with pytest.raises(ServerError, match="is no folder"):
        report_of(str(tmp_path / "none"), built)


# -- https --------------------------------------------------------------------------------


def test_files_that_https_cannot_use_are_told(pair: tuple[str, str], tmp_path: Path) -> None:
    certificate, key = pair
    assert encryption("", "") is None
    assert encryption(certificate, key) is not None
    other = certified(tmp_path, "other-")[1]
    locked, weak, weak_key = (str(tmp_path / name) for name in ("locked", "weak", "weak-key"))
    openssl(tmp_path, "pkey", "-in", key, "-aes128", "-passout", "pass:abcd", "-out", locked)
    openssl(
        tmp_path,
        *("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=x"),
        *("-keyout", weak_key, "-out", weak),
    )
    broken = [tmp_path / "broken.pem", tmp_path / "broken-key.pem"]
    for path, whole in zip(broken, pair, strict=True):
        path.write_text(Path(whole).read_text().replace("MI", "A?", 1))
    for files, said in (
        ((certificate, ""), "--certificate needs --key beside it .*CERTIFICATE=... KEY=..."),
        (("", key), "--key needs --certificate beside it"),
        ((str(tmp_path / "none"), key), 'There is no file ".*none", which --certificate names'),
        ((certificate, str(tmp_path)), "which --key names, cannot be read: "),
        ((key, certificate), "is not a certificate in PEM form"),
        ((certificate, certificate), "is not a private key in PEM form"),
        ((certificate, other), 'The key ".*" does not belong to the certificate'),
        ((certificate, locked), "is locked with a password. .* openssl pkey -in .*locked -out"),
        ((str(broken[0]), key), "The certificate .* is damaged"),
        ((certificate, str(broken[1])), "The key .* is damaged"),
        ((weak, weak_key), "is too weak; make one with 2048 bits or more"),
    ):
        with pytest.raises(ServerError, match=said) as told:
            encryption(*files)
        assert "\n" not in str(told.value)
