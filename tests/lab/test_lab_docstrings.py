"""The examples in the docstrings of this tier's modules run and say what they print."""

from __future__ import annotations

import examples_run
import pytest


@pytest.mark.parametrize("name", examples_run.modules("lab"))
def test_the_examples_run(name: str) -> None:
    examples_run.run(name)
