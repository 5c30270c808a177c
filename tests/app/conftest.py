"""The dashboard's server, a browser, and visitors, for the modules that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from audionome import audio

if TYPE_CHECKING:
    from voila_server import Visit


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from voila_server import serve

    with serve(tmp_path_factory.mktemp("voila")) as server:
        yield server.url
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Any) -> Iterator[Any]:
    from browser import launch

    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def visit(browser: Any, server: str) -> Iterator[Visit]:
    """One visitor who tries file after file on the same page."""
    from voila_server import Visit

    visit = Visit(browser, server)
    yield visit
    visit.close()


@pytest.fixture
def fresh(browser: Any, server: str) -> Iterator[Visit]:
    """A visitor with a session of their own."""
    from voila_server import Visit

    visit = Visit(browser, server)
    yield visit
    visit.close()


@pytest.fixture
def clip(clips: list[Path]) -> tuple[np.ndarray, int]:
    return audio.load(clips[0]), audio.SAMPLE_RATE


@pytest.fixture
def song(tmp_path: Path, tone: np.ndarray) -> Path:
    from voila_server import encode

    (path := tmp_path / "song.wav").write_bytes(encode(tone, 22_050, "wav"))
    return path
