"""What a test needs and a machine may lack."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unmet(need: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where AUDIONOME_REQUIRE (``audio,browser``) lists the need."""
    if need in os.environ.get("AUDIONOME_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)
