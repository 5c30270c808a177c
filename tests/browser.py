"""A headless Chromium for the tests, and pages that remember whatever goes wrong on them."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from needs import unmet
from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str:
    """Return the path of Chromium; without one, the test cannot run."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        unmet("browser", "Chromium is not installed: the browser tests did not run.")
    return path


def launch(playwright: Playwright, *more: str) -> Browser:
    """Start headless Chromium, with more arguments where a test needs them."""
    return playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, *more])


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line on the terminal for each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as plain files on a free port of this machine, and give its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def barriers(page: Page) -> list[str]:
    """What axe finds on the page that keeps people out, as lines."""
    # Colours that are still fading are not judged. To wait for their end may take for ever.
    page.evaluate(
        """() => {
            for (const fading of document.getAnimations())
                try { fading.finish(); } catch { /* it has no end */ }
        }"""
    )
    # Without preload: axe would ask for stylesheets by wrong addresses.
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def page_with_watch(browser: Browser, base_url: str, **kwargs: Any) -> tuple[Page, list[str]]:
    """Open an empty page that writes down what goes wrong on it.

    Parameters
    ----------
    browser
        From `launch`.
    base_url
        The only host that the page may speak to.
    **kwargs
        For ``browser.new_context``: ``viewport``, ``color_scheme``, ...

    Returns
    -------
    page, problems
        The list grows with every console error, uncaught exception and request to another host.
        Such a request is not let through. Close with ``page.context.close()``. The policy of a
        page lets no text become code: give ``wait_for_function`` a function, ``"() => ..."``.
    """
    host = urlsplit(base_url).netloc
    problems: list[str] = []
    context = browser.new_context(base_url=base_url, **kwargs)

    def foreign(url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != host

    context.route(foreign, lambda route: route.abort())
    context.on(
        "request",
        lambda r: problems.append(f"request to another host: {r.url}") if foreign(r.url) else None,
    )
    context.on(
        "console",
        lambda m: problems.append(f"console error: {m.text}") if m.type == "error" else None,
    )
    context.on("weberror", lambda e: problems.append(f"uncaught: {e.error}"))
    page = context.new_page()
    page.on(
        "websocket",
        lambda w: problems.append(f"socket to another host: {w.url}") if foreign(w.url) else None,
    )
    return page, problems
