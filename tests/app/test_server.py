"""The dashboard's server: started anywhere by anybody, ended quietly, honest when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest

pytest.importorskip("voila", reason="Not installed: pip install -e .[dashboard]")

from browser import barriers, launch, page_with_watch
from voila_server import BIN, ROOT, Server, Visit, free_port, notebook, serve

from audionome.app import place as place_module
from audionome.app.environment import CLIPS_VARIABLE
from audionome.app.place import Place, ServerError, listening, path_of
from audionome.app.widget import MAX_SECONDS

pytestmark = pytest.mark.browser
linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that do not end it."""
    with serve(tmp_path_factory.mktemp("server"), cwd=tmp_path_factory.mktemp("anywhere")) as one:
        yield one
    assert "Traceback" not in one.log.read_text(), one.log.read_text()


def fetched(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def soon(condition: Callable[[], Any], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def kernels(server: Server) -> list[psutil.Process]:
    (fork_server,) = psutil.Process(server.process.pid).children()
    return fork_server.children()


def clean(server: Server) -> None:
    log = server.log.read_text()
    assert "Traceback" not in log, log


# -- where it is started ------------------------------------------------------------------


def test_the_address_is_printed_and_no_word_for_a_visitor(browser: Any, tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    with serve(tmp_path, cwd=elsewhere) as server:
        assert re.findall(r"http://\S+", server.log.read_text()) == [f"{server.url}/"]
        status, page = fetched(server.url)  # at once: it answers when it says so
        assert status == 200
        assert "Audionome is starting" in page  # our template, outside of the checkout too
        visit = Visit(browser, server.url)
        visit.page.click(".an-example button")
        visit.wait("done")
        visit.close()
        assert server.end() == 0
    assert len(server.log.read_text().splitlines()) == 1, server.log.read_text()
    assert not any(elsewhere.iterdir())


def test_a_taken_port_is_told_and_no_address() -> None:
    """As a module in the checkout, where voila.py must not be taken for Voilà."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "audionome", "dashboard", "--port", str(port)],
            **{"cwd": ROOT, "capture_output": True, "text": True, "timeout": 60},
        )
    assert ended.returncode == 2
    assert f"Port {port} is taken" in ended.stderr
    assert f"--port {port + 1} (with make: DASHBOARD_PORT={port + 1})" in ended.stderr
    assert "http" not in ended.stdout + ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_make_dashboard_starts_the_same() -> None:
    recipe = subprocess.run(
        ["make", "-n", "dashboard", "DASHBOARD_PORT=8877", "HOST=0.0.0.0", "BASE_URL=/music"],
        **{"cwd": ROOT, "capture_output": True, "text": True, "check": True},
    )
    assert "dashboard --host 0.0.0.0 --port 8877 --base-url /music" in recipe.stdout
    assert 'echo "The dashboard' not in recipe.stdout  # the server says it when it is so


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("localhost", 0, "no port 0"),
        ("localhost", 99999, "no port 99999"),
        ("localhost", -1, "no port -1"),
        ("192.0.2.77", 8866, '"192.0.2.77" is not an address of this machine'),
        ("no such host", 8866, '"no such host" is not an address of this machine'),
        ("", 8866, '"" is not an address of this machine'),
        ("x" * 300, 8866, "is not an address of this machine"),
        ("*", 8866, '"\\*" is not an address of this machine'),
        ("0", 8866, '"0" is not an address of this machine'),
    ],
)
def test_an_impossible_place_is_told(host: str, port: int, said: str) -> None:
    with pytest.raises(ServerError, match=said):
        listening(host, port)


@pytest.mark.parametrize("path", ["/mu(sic", "a b", "/m\u00fcsic", "/a?b#c", "/a/../b"])
def test_an_impossible_path_is_told(path: str) -> None:
    with pytest.raises(ServerError, match=re.escape("letters, digits and -_.~/ only")) as told:
        path_of(path)
    assert f'"{path}" cannot be the path of the page' in str(told.value)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "http://localhost:8866/"),
        ("192.168.1.20", "http://192.168.1.20:8866/"),
        ("::1", "http://[::1]:8866/"),
    ],
)
def test_the_address_can_be_opened(host: str, address: str) -> None:
    assert Place(host).address == address
    secret = Place(host, certificate="c", key="k", base_url="/music/")
    assert secret.address == address.replace("http:", "https:") + "music/"
    assert secret.own_address == ""
    own = Place("0.0.0.0", certificate="c", key="k", base_url="/music/").own_address
    assert own == "https://localhost:8866/music/"


@pytest.mark.parametrize(
    ("host", "family", "alone"),
    [
        ("0.0.0.0", socket.AF_INET, f"http://{socket.gethostname()}:8866/"),
        ("::", socket.AF_INET6, "http://[::1]:8866/"),
    ],
)
def test_the_address_leads_there_from_other_machines(
    monkeypatch: pytest.MonkeyPatch, host: str, family: int, alone: str
) -> None:
    shown = urlsplit(Place(host).address).hostname
    own = {one.address for all_ in psutil.net_if_addrs().values() for one in all_}
    outward = {one for one in own if not one.startswith(("127.", "::1", "fe80")) and ":" in one}
    if family == socket.AF_INET:
        outward = {one for one in own if "." in one and not one.startswith("127.")}
    assert shown in outward or Place(host).address == alone
    # No way out, but a network: the address on it. No network at all: a name.
    mine = "10.1.2.3" if family == socket.AF_INET else "fd00::7"
    card = [SimpleNamespace(family=family, address=one) for one in ("127.0.0.1", "::1", mine)]
    monkeypatch.setitem(place_module._FAR, family, "nowhere.invalid")
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"card": card})
    assert urlsplit(Place(host).address).hostname == mine
    monkeypatch.setattr(psutil, "net_if_addrs", dict)
    assert Place(host).address == alone


def test_no_place_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from audionome.app.server import prepare

    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nonexistent"])
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(ServerError, match="set TMPDIR"):
        prepare()


def test_a_page_is_asked_for_a_sign_of_life_before_it_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_server.base.websocket import WebSocketMixin
    from tornado.ioloop import IOLoop

    from audionome.app import server

    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    asked: list[bytes] = []
    closed: list[bool] = []

    class Page(WebSocketMixin):
        settings = server.settings().Voila.tornado_settings
        ws_connection = SimpleNamespace(client_terminated=False)
        log = logging.getLogger("test")

        def ping(self, data: bytes) -> None:
            asked.append(data)

        def close(self) -> None:
            closed.append(True)

    async def idle() -> None:
        page = Page()
        interval = page.ping_interval / 1000
        now = IOLoop.current().time()
        page.last_ping = page.last_pong = now - interval - 0.001  # as when its first turn comes
        page.send_ping()
        assert (len(asked), closed) == (1, [])
        page.last_ping, page.last_pong = now - interval, now - 4 * interval  # no answer for long
        page.send_ping()
        assert (len(asked), closed) == (1, [True])

    with ThreadPoolExecutor(1) as other:  # Playwright has a loop of its own here
        other.submit(asyncio.run, idle()).result(30)


def test_without_voila_it_is_told_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "block.py").write_text(
        "import importlib.util, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'voila' else find(name, *a)\n"
        "sys.argv = ['audionome', 'dashboard']\n"
        "from audionome.cli import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "block.py")],
        **{"capture_output": True, "text": True, "timeout": 60},
    )
    assert ended.returncode == 2
    assert "voila, which is not installed" in ended.stderr
    assert "pip install 'audionome[dashboard]'" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_voila_without_our_settings_says_so(browser: Any, tmp_path: Path) -> None:
    page = ROOT / "notebooks" / "dashboard.ipynb"
    with serve(tmp_path, page, cwd=tmp_path) as server:
        visit = Visit(browser, server.url)
        assert "started without the dashboard's settings" in visit.page.inner_text(".an-notice")
        assert "audionome dashboard" in visit.page.inner_text(".an-notice")
        visit.close()


# -- who starts it ------------------------------------------------------------------------


def as_nobody_in_particular() -> list[str]:
    """Return a command that runs another as user 33, who owns nothing here."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only the root user can run a command as another one")
    user = ["setpriv", "--reuid=33", "--regid=33", "--clear-groups"]
    # Where the interpreter lies in a closed folder, the user may read there, and still not write.
    reader = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    for prefix in (user, [*user, *reader]):
        tried = subprocess.run(
            [*prefix, "env", sys.executable, "-c", "import sys, audionome; print(sys.version)"],
            **{"capture_output": True, "text": True, "cwd": "/"},
        )
        if tried.stdout.strip() == sys.version:
            return prefix
    pytest.skip(f"user 33 cannot read {sys.executable}, and may not be allowed to")


@linux
@pytest.mark.parametrize(("started", "home"), [("voila", "/nonexistent"), ("audionome", None)])
def test_a_user_without_a_home_has_visitors(
    browser: Any, tmp_path: Path, started: str, home: str | None
) -> None:
    prefix = as_nobody_in_particular()
    env = {"PATH": os.environ["PATH"]} | ({"HOME": home} if home else {})
    page = ROOT / "notebooks" / "dashboard.ipynb" if started == "voila" else None
    with serve(tmp_path, page, before=prefix, env=env) as server:
        visit = Visit(browser, server.url)
        assert not visit.page.is_visible(".an-notice")  # voila.py gave it our settings
        visit.page.click(".an-example button")
        visit.wait("done")
        assert visit.problems == []
        visit.close()
    clean(server)


@linux
def test_a_user_whom_the_system_does_not_know_has_visitors(tmp_path: Path) -> None:
    prefix = [part.replace("33", "54321") for part in as_nobody_in_particular()]
    with serve(tmp_path, before=prefix, env={"PATH": os.environ["PATH"]}, cwd=Path("/")) as server:
        status, page = fetched(server.url)
        assert status == 200
        assert "widget-view" in page  # the notebook ran
    clean(server)


@linux
def test_home_is_neither_read_nor_written(tmp_path: Path) -> None:
    """The user's own settings break Voilà and IPython here, if they are read."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    temporary.mkdir()
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text("raise SystemExit('mine')")
    (home / ".jupyter").mkdir()
    for name in ("voila.py", "jupyter_config.py", "jupyter_server_config.py"):
        (home / ".jupyter" / name).write_text("raise SystemExit('mine')")
    before = sorted(home.rglob("*"))
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(temporary)}
    env["JUPYTER_CONFIG_PATH"] = str(home / ".jupyter")
    with serve(tmp_path, env=env) as server:
        status, page = fetched(server.url)
        assert status == 200
        assert "widget-view" in page
        (state,) = temporary.glob("audionome-*")
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert (state / "ipythondir" / "profile_default").is_dir()
        assert server.end() == 0
        assert not any(temporary.iterdir())
    assert sorted(home.rglob("*")) == before
    clean(server)


# -- how it ends --------------------------------------------------------------------------


@linux
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_quietly_and_leaves_nothing(tmp_path: Path, signum: int) -> None:
    with serve(tmp_path) as server:
        fetched(server.url)
        family = psutil.Process(server.process.pid).children(recursive=True)
        assert len(family) == 2
        assert server.end(signum) == 0
        assert soon(lambda: not any(process.is_running() for process in family))
    clean(server)


@linux
def test_a_session_that_cannot_be_ended_does_not_disturb_the_end(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from tornado.web import HTTPError\n"
        "async def fail(self, *_, **__): raise HTTPError(404)\n"
        "from jupyter_client.multikernelmanager import AsyncMultiKernelManager as M\n"
        "M.shutdown_all = fail\n"
        "sys.argv = ['audionome', 'dashboard', '--port', sys.argv[1]]\n"
        "from audionome.cli import main\n"
        "main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(free_port())],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        assert "The dashboard: http" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "Not every session could be ended" in said
    assert "Traceback" not in said


@linux
def test_it_ends_while_it_starts(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(BIN / "audionome"), "dashboard", "--port", str(free_port())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    me = psutil.Process(process.pid)
    assert soon(me.children)  # it imports, and so does what forks its kernels
    family = me.children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode in {0, 130}
    assert "Traceback" not in out
    assert soon(lambda: not any(process.is_running() for process in family))


@linux
def test_a_dead_kernel_does_not_disturb_the_end(tmp_path: Path) -> None:
    none = tmp_path / "none"
    with serve(tmp_path, env={**os.environ, CLIPS_VARIABLE: str(none)}) as server:
        assert f'{CLIPS_VARIABLE} names no folder: "{none}"' in server.log.read_text()
        fetched(server.url)
        (kernel,) = kernels(server)
        kernel.kill()
        assert server.end() == 0
    clean(server)


@linux
def test_signals_never_reach_another_process(tmp_path: Path) -> None:
    from audionome.app.fork_server import _Forked

    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        # The number belongs to a process that is not a child of the one that forked the kernel.
        stranger = _Forked(other.pid, parent=1 << 22)
        assert stranger.poll() == 0
        stranger.kill()
        ours = _Forked(other.pid, parent=os.getpid())
        assert ours.poll() is None
    finally:
        other.kill()
        other.communicate()
    assert ours.poll() == 0
    ours.send_signal(signal.SIGTERM)
    ours.terminate()
    ours.kill()
    assert _Forked(other.pid, parent=os.getpid()).poll() == 0


# -- what a visitor meets -----------------------------------------------------------------


def test_what_is_not_there_is_told_by_our_own_page(browser: Any, running: Server) -> None:
    page, problems = page_with_watch(browser, running.url)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        answer = page.goto("/no/such/page")
        assert answer.status == 404
        said = page.inner_text("body").strip()
        assert said == "There is no such page here; go to the dashboard."
        assert barriers(page) == []
    assert all("404" in problem for problem in problems)  # Chromium's own word of it
    page.click("a")
    page.wait_for_selector(".an-drop[data-state=idle]")
    page.context.close()


def test_a_server_that_fails_says_so_by_our_own_page(browser: Any, tmp_path: Path) -> None:
    broken = notebook(tmp_path / "page.ipynb", "1")
    with serve(tmp_path, broken) as server:
        broken.write_text("{")
        page, problems = page_with_watch(browser, server.url)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            answer = page.goto("/")
            assert answer.status not in {200, 404}
            assert "could not be started" in page.inner_text("body")
            assert barriers(page) == []
        assert not [problem for problem in problems if "another host" in problem]
        page.context.close()


@linux
def test_a_kernel_that_was_ended_is_told_and_another_goes_on(
    browser: Any, running: Server, tmp_path: Path, tone: np.ndarray
) -> None:
    """Ended by the server, as that of a visitor who was away for long, and killed."""
    import soundfile

    soundfile.write(path := tmp_path / "song.wav", tone, 22_050)
    before = set(kernels(running))
    visit = Visit(browser, running.url)
    page = visit.page
    visit.give(path)
    visit.wait("done")
    status = page.evaluate(
        """async () => {
            const { kernelId } = JSON.parse(
                document.getElementById("jupyter-config-data").textContent);
            const token = document.cookie.match(/_xsrf=([^;]*)/)[1];
            const headers = { "X-XSRFToken": token };
            return (await fetch(`api/kernels/${kernelId}`, { method: "DELETE", headers })).status;
        }"""
    )
    assert status == 204
    page.wait_for_selector(".an-ended", timeout=120_000)
    assert "The server has ended this session" in page.inner_text(".an-ended p")
    assert page.is_visible(".an-headline")  # what is there can still be read
    assert page.evaluate("document.activeElement.textContent") == "Go on"
    assert barriers(page) == []
    page.click(".an-ended button")
    page.wait_for_selector(".an-ended", state="hidden", timeout=120_000)
    (mine,) = set(kernels(running)) - before
    mine.kill()
    page.wait_for_selector(".an-ended", timeout=120_000)
    page.click(".an-ended button")
    page.wait_for_selector(".an-ended", state="hidden", timeout=120_000)
    page.set_input_files(
        ".an-drop input[type=file]",
        {"name": "again.wav", "mimeType": "audio/wav", "buffer": path.read_bytes()},
    )
    page.wait_for_function(
        "() => document.querySelectorAll('.an-session tr[data-state=done]').length === 2"
    )
    assert visit.problems == [] or all("404" in problem for problem in visit.problems)
    page.close(run_before_unload=True)
    assert soon(lambda: set(kernels(running)) <= before)


@linux
def test_a_kernel_that_dies_over_the_page_is_told(browser: Any, tmp_path: Path) -> None:
    deadly = notebook(tmp_path / "page.ipynb", "import os", "os.kill(os.getpid(), 9)")
    with serve(tmp_path, deadly) as server:
        page, _ = page_with_watch(browser, server.url)
        page.add_init_script("window.audionomePatience = 0")
        page.goto("/")
        page.wait_for_selector("text=could not be started")
        assert "Voilà" not in page.inner_text("body")
        assert not page.is_visible("#waiting")
        page.context.close()
        assert server.end() == 0


@linux
def test_leaving_after_the_kernel_died_logs_nothing(browser: Any, running: Server) -> None:
    before = set(kernels(running))
    visit = Visit(browser, running.url)
    visit.page.click("h1")  # browsers tell a page of its end only if somebody was there
    told = running.log.read_text()
    (mine,) = set(kernels(running)) - before
    mine.kill()
    visit.page.close(run_before_unload=True)  # before anybody has noticed
    time.sleep(2)
    assert " 500 " not in running.log.read_text().removeprefix(told)


@contextlib.contextmanager
def without_upgrade(server: Server) -> Iterator[str]:
    """A proxy that passes on everything but websockets."""
    origin = ("localhost", int(server.url.rsplit(":", 1)[1]))

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with contextlib.AsyncExitStack() as open_ends:
            open_ends.push_async_callback(closed, writer)
            head = await reader.readuntil(b"\r\n\r\n")
            if re.search(rb"(?i)^upgrade: *websocket", head, re.M):
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return
            up_reader, up_writer = await asyncio.open_connection(*origin)
            open_ends.push_async_callback(closed, up_writer)
            up_writer.write(re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)[:-2])
            up_writer.write(b"Connection: close\r\n\r\n")
            back = asyncio.create_task(pumped(reader, up_writer))
            await pumped(up_reader, writer)
            back.cancel()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await passed(reader, writer)

    async def closed(writer: asyncio.StreamWriter) -> None:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(1 << 16):
            writer.write(content)
            await writer.drain()

    async def ended(proxy: asyncio.Server) -> None:
        proxy.close()
        while connections := asyncio.all_tasks() - {asyncio.current_task()}:
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    # In a thread: Playwright has a loop of its own here.
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    started = asyncio.start_server(served, "127.0.0.1", 0)
    proxy = asyncio.run_coroutine_threadsafe(started, loop).result(10)
    try:
        yield f"http://localhost:{proxy.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(ended(proxy), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def test_without_a_websocket_the_page_says_why(browser: Any, running: Server) -> None:
    with without_upgrade(running) as url:
        page, problems = page_with_watch(browser, url)
        page.add_init_script("window.audionomePatience = 2000")
        page.goto("/")
        page.wait_for_selector("#waiting:visible")
        assert "a proxy in between does not pass on WebSockets" in page.inner_text("#waiting")
        assert page.get_attribute("#waiting", "role") == "alert"
        assert not page.is_visible("text=Loading widget")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert barriers(page) == []
        assert not [problem for problem in problems if "another host" in problem]
        page.context.close()


def test_a_page_that_arrives_late_is_shown(browser: Any, running: Server) -> None:
    page, problems = page_with_watch(browser, running.url)
    page.add_init_script("window.audionomePatience = 0")
    page.goto("/")
    page.wait_for_selector(".an-drop[data-state=idle]")
    assert not page.is_visible("#waiting")
    assert page.is_visible("h1")
    assert problems == []
    page.context.close()


def test_fifteen_seconds_pass_before_a_page_complains(running: Server) -> None:
    assert "audionomePatience ?? 15000" in fetched(running.url)[1]


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a page below a path."""
    with serve(tmp_path_factory.mktemp("below"), options=["--base-url", "music"]) as one:
        assert f"{one.url}/music/ " in one.log.read_text()
        yield one
    clean(one)


@linux
def test_below_a_path(browser: Any, below: Server) -> None:
    visit = Visit(browser, below.url, path="/music/")
    visit.page.select_option(".an-example select", index=0)
    visit.page.click(".an-example button")
    visit.wait("done")
    visit.page.click(".an-class summary")
    visit.page.wait_for_selector(".an-class .an-commands code")
    commands = visit.page.locator(".an-class .an-commands code").all_inner_texts()
    assert "--base-url /music/" in commands[0]
    assert not visit.page.is_visible(".an-class img")  # nobody else could open the page
    assert "By this address only this computer" in visit.page.inner_text(".an-class .an-join")
    for path in ("/", "/music", "/music?a=b"):
        # Not to its end, where each would start a kernel.
        answer = visit.page.request.get(below.url + path, max_redirects=0)
        assert answer.status == 302
        assert answer.headers["location"].split("?")[0] == "/music/"
    for kernel in kernels(below):
        kernel.kill()
    visit.page.wait_for_selector(".an-ended", timeout=120_000)
    visit.close()


# -- how much it takes --------------------------------------------------------------------


def test_the_page_says_how_long_a_recording_may_be(browser: Any, running: Server) -> None:
    visit = Visit(browser, running.url)
    help_ = visit.page.inner_text(".an-drop")
    assert f"{MAX_SECONDS / 60:.0f} minutes and 64 MiB each" in help_
    visit.close()


# -- behind a proxy, with the README's lines ----------------------------------------------


def lines_of_the_readme(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def nginx(folder: Path, lines: str, port: int) -> list[str]:
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off;\n{places}server {{ listen {port};\n{lines}}} }}\n"
    )
    return ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, lines: str, port: int) -> list[str]:
    site = lines.replace("music.example.org", f"http://:{port}")
    (folder / "Caddyfile").write_text(f"{{\n  admin off\n}}\n{site}")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.mark.parametrize("path", ["/", "/music/"])
@pytest.mark.parametrize("program", ["nginx", "caddy"])
def test_the_lines_for_proxies_work(
    browser: Any, running: Server, below: Server, tmp_path: Path, program: str, path: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if program == "nginx":
        (lines,) = lines_of_the_readme("nginx")
        command_of = nginx
        lines = lines.replace("location / ", f"location {path} ")
    else:
        plain, deeper = lines_of_the_readme("caddyfile")
        command_of = caddy
        lines = plain if path == "/" else deeper
    port = free_port()
    server = running if path == "/" else below
    lines = lines.replace("8866", server.url.rsplit(":", 1)[1])
    env = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    proxy = subprocess.Popen(
        command_of(tmp_path, lines, port),
        **{"env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL},
    )
    try:
        url = f"http://localhost:{port}"
        assert soon(lambda: answers(url))
        visit = Visit(browser, url, path=path)
        visit.page.click(".an-example button")
        visit.wait("done")
        visit.page.wait_for_function("() => window.Plotly")  # the largest message
        assert visit.problems == []
        visit.close()
    finally:
        proxy.terminate()
        proxy.wait(10)


def answers(url: str) -> bool:
    try:
        fetched(url + "/music")  # whatever it says
    except OSError:
        return False
    return True


def test_a_visitor_who_leaves_is_no_failure() -> None:
    import logging

    from tornado.websocket import WebSocketClosedError

    from audionome.app.server import _worth_telling

    def record(error: BaseException | None, said: str = "never retrieved") -> logging.LogRecord:
        info = None if error is None else (type(error), error, None)
        return logging.LogRecord("asyncio", logging.ERROR, "", 0, said, (), info)

    assert not _worth_telling(record(WebSocketClosedError()))
    for said in (
        "SSL Error on 9 ('10.0.0.2', 42728): [SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN]",
        "404 GET /music/api/kernels/cac1a5c7/channels?session_id=3 (127.0.0.1) 68 ms",
        "404 GET /api/kernels/cac1a5c7 (127.0.0.1): Kernel does not exist: cac1a5c7",
    ):
        assert not _worth_telling(record(None, said))
    assert _worth_telling(record(ValueError("a failure of ours")))
    assert _worth_telling(record(None))
