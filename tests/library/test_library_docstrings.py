"""The examples in the docstrings of this tier's modules run and say what they print."""

from __future__ import annotations

from pathlib import Path

import examples_run
import pytest


@pytest.mark.parametrize("name", examples_run.modules("library"))
def test_the_examples_run(name: str) -> None:
    examples_run.run(name)


def test_a_wrong_example_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "with_example.py").write_text('"""A sum.\n\n>>> 1 + 1\n3\n"""\n')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AssertionError, match="Expected:\n    3"):
        examples_run.run("with_example")


def test_every_module_has_a_tier() -> None:
    tiers = [set(examples_run.modules(t)) for t in ("library", "lab", "report", "app")]
    found = set.union(*tiers)
    assert sum(map(len, tiers)) == len(found)
    assert {"audionome", "audionome.audio", "audionome.lab.metrics"} <= found
