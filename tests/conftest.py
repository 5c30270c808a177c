"""Shared fixtures."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import toy

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]


TESTS = Path(__file__).parent
TIERS = ("library", "lab", "report", "app", "load", "packaging", "private")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, and those that need a browser or the built report."""
    for item in items:
        tier = item.path.relative_to(TESTS).parts[0]
        if tier not in TIERS:
            raise pytest.UsageError(f"{item.nodeid} lies in no tier: {', '.join(TIERS)}")
        item.add_marker(tier)
        asked = set(getattr(item, "fixturenames", ()))
        if asked & {"browser", "chromium", "playwright"}:
            item.add_marker("browser")
        if "site" in asked:
            item.add_marker("site")


@pytest.fixture(scope="session")
def pieces() -> list[Path]:
    """The ten synthetic pieces of the repository, one per genre, in the order of the genres."""
    found = sorted((ROOT / "data" / "examples").glob("*.ogg"))
    assert len(found) == 10
    return found


@pytest.fixture(scope="session")
def clips() -> list[Path]:
    """Real music of 30 seconds: the openly licensed recordings of the repository."""
    found = sorted((ROOT / "data" / "examples" / "recordings").glob("*.ogg"))
    assert len(found) >= 5
    return found


@pytest.fixture(scope="session")
def completion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up copy of the published 3-second table, which completes the dataset."""
    path = tmp_path_factory.mktemp("completion") / "features_3_sec.parquet"
    toy.published().to_parquet(path)
    return path


@pytest.fixture(scope="session")
def tone() -> np.ndarray:
    """Ten seconds of 440 Hz with a beat every half second, mono, 22 050 Hz."""
    t = np.arange(220500) / 22050
    beat = np.exp(-12 * (t % 0.5))
    return (0.4 * beat * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


def up_to_date(site: Path) -> bool:
    """Tell whether the site is newer than everything it is made from."""
    index = site / "searchindex.js"  # written last
    if not index.is_file():
        return False
    folders = [ROOT / name for name in ("audionome", "book", "data", "notebooks")]
    files = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    files += [ROOT / "_config.yml", ROOT / "_toc.yml"]
    made = {"_build", "__pycache__", ".ipynb_checkpoints"}
    newest = max(p.stat().st_mtime for p in files if not made & set(p.parts))
    return index.stat().st_mtime >= newest


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    if folder := os.environ.get("AUDIONOME_SITE"):
        return Path(folder).resolve()  # some tests change the folder
    site = ROOT / "book" / "_build" / "html"
    if not up_to_date(site):
        done = subprocess.run(["make", "site"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return site


@pytest.fixture(scope="session")
def base_url(site: Path) -> Iterator[str]:
    """The address of the site, served on a free port."""
    from browser import served

    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all pages of a module."""
    from browser import launch
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
