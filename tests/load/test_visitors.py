"""A class on the dashboard: fifteen visitors at once, and the committed figures."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="Not installed: pip install -e .[dashboard]")

from voila_server import ROOT, serve

import audionome
from audionome._paths import data_path

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def visitors() -> Any:
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("visitors", ROOT / "benchmarks" / "visitors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for it there
    spec.loader.exec_module(module)
    return module


def test_fifteen_visitors_at_once_are_all_answered(
    visitors: Any, tmp_path: Path, tone: np.ndarray
) -> None:
    import soundfile

    path = tmp_path / "clip.wav"
    soundfile.write(path, tone, 22_050)
    expected = audionome.classify(path).headline
    with serve(tmp_path) as server:
        stays, memory = visitors.crowd(server.url, 15, path, server=server.process.pid)
    assert [stay.headline for stay in stays] == [expected] * 15
    assert len(memory) == 15  # no kernel was lost
    assert max(memory) < 400
    assert "Traceback" not in server.log.read_text()


def test_the_readme_states_the_committed_figures(
    visitors: Any, tmp_path: Path, monkeypatch
) -> None:
    record = json.loads((data_path("results") / "visitors.json").read_text())
    assert {row["visitors"] for row in record["crowds"]} == set(visitors.CROWDS)
    assert all(row["answered"] == row["kernels"] == row["visitors"] for row in record["crowds"])
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start, end = "<!-- visitors -->\n", "<!-- /visitors -->"
    empty = text.split(start)[0] + start + end + text.split(end)[1]
    (tmp_path / "README.md").write_text(empty, encoding="utf-8")
    monkeypatch.setattr(visitors, "ROOT", tmp_path)
    visitors.write_readme(record)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == text
