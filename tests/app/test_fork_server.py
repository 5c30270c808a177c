"""Kernels of the dashboard: forked, ended with the server, and there without a fork server too."""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

pytest.importorskip("voila", reason="Not installed: pip install -e .[dashboard]")

from browser import launch
from voila_server import Server, Visit, serve

from audionome.app import fork_server

pytestmark = pytest.mark.browser
linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")


def opened(server: Server) -> None:
    """Fetch the page, which starts a kernel, and do no more with it."""
    with urllib.request.urlopen(server.url, timeout=60) as answer:
        assert b"kernelId" in answer.read()


def fork_server_of(server: Server) -> psutil.Process:
    (process,) = psutil.Process(server.process.pid).children()
    assert "audionome.app.fork_server" in process.cmdline()
    return process


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@linux
def test_kernels_are_forked_and_end_with_their_page(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with serve(tmp_path) as server, sync_playwright() as playwright:
        opened(server)
        visit = Visit(launch(playwright), server.url)
        process = fork_server_of(server)
        assert len(process.children()) == 2
        visit.page.click("h1")  # browsers tell a page of its end only if somebody was there
        visit.page.close(run_before_unload=True)
        assert soon(lambda: len(process.children()) == 1)
        assert visit.problems == []
    assert "Traceback" not in server.log.read_text()


@linux
@pytest.mark.parametrize("forked", [True, False])
def test_kernels_are_given_sockets_in_a_folder_and_no_ports(tmp_path: Path, forked: bool) -> None:
    def channels() -> set[str]:
        family = psutil.Process(server.process.pid).children(recursive=True)
        bound = [str(c.laddr) for process in family for c in process.net_connections("unix")]
        return {path.rpartition("-")[2] for path in bound if "audionome-" in path}

    with serve(tmp_path) as server:
        if not forked:
            fork_server_of(server).kill()
        opened(server)
        assert soon(lambda: channels() == set("12345"))


@linux
def test_a_folder_with_a_long_name_holds_no_sockets(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)  # the name of a socket has 107 bytes at most
    long.mkdir()
    assert not fork_server._holds_sockets(long)
    assert list(long.iterdir()) == []


@linux
def test_nothing_is_left_when_the_server_is_killed(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        opened(server)
        family = psutil.Process(server.process.pid).children(recursive=True)
        assert len(family) == 2
        server.kill()
        assert soon(lambda: not any(process.is_running() for process in family))


@linux
def test_kernels_start_as_ever_without_a_fork_server(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        fork_server_of(server).kill()
        opened(server)
        started = psutil.Process(server.process.pid).children(recursive=True)
        assert any("ipykernel_launcher" in process.cmdline() for process in started)
        assert "without the fork server" in server.log.read_text()
