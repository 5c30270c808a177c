"""Where the private material lies: the fixtures are known in this folder alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from needs import unmet

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("AUDIONOME_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with real clips and the published tables; not part of the repository."""
    if not (SHARED / "gtzan" / "clips").is_dir():
        unmet("audio", "needs the shared data (real clips, published tables) beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def published(shared: Path) -> Path:
    """The published 3-second table."""
    return shared / "gtzan" / "features_3_sec.parquet"


@pytest.fixture(scope="session")
def clips(shared: Path) -> list[Path]:
    """The real GTZAN clips."""
    return sorted((shared / "gtzan" / "clips").glob("*.flac"))
