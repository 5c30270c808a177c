"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with real clips and the published tables; not part of the repository."""
    if not (SHARED / "gtzan" / "clips").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("the shared data is not beside the repository, but CI must have it")
        pytest.skip("needs the shared data (real clips, published tables) beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def published(shared: Path) -> Path:
    """The published 3-second table."""
    return shared / "gtzan" / "features_3_sec.parquet"


@pytest.fixture(scope="session")
def clips(shared: Path) -> list[Path]:
    """The real GTZAN clips."""
    return sorted((shared / "gtzan" / "clips").glob("*.flac"))


@pytest.fixture(scope="session")
def tone() -> np.ndarray:
    """Ten seconds of 440 Hz with a beat every half second, mono, 22 050 Hz."""
    t = np.arange(220500) / 22050
    beat = np.exp(-12 * (t % 0.5))
    return (0.4 * beat * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
