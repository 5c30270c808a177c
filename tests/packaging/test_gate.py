"""What is missing on a machine skips tests, and fails them only where it is asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import browser
import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*tests: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a few tests in a process of their own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AUDIONOME_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env=environment | environ,
        capture_output=True,
        text=True,
    )


def test_private_audio_is_asked_for_by_one_variable(tmp_path: Path) -> None:
    test = "tests/private/test_data.py::test_the_lists_make_the_committed_tables"
    without = {"CI": "true", "AUDIONOME_SHARED": str(tmp_path)}
    done = run(test, **without)
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
    assert "needs the shared data" in done.stdout
    assert run(test, **without, AUDIONOME_REQUIRE="browser,audio").returncode == 1


def test_a_browser_is_asked_for_by_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("AUDIONOME_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Chromium"):
        browser.chromium()
    monkeypatch.setenv("AUDIONOME_REQUIRE", "audio,browser")
    with pytest.raises(pytest.fail.Exception, match="Chromium"):
        browser.chromium()


def test_only_the_gate_asks_for_private_audio() -> None:
    assert "AUDIONOME_REQUIRE=audio,browser" in (ROOT / ".ci" / "run").read_text()
    for path in (ROOT / ".github").rglob("*.yml"):
        asked = re.findall(r"AUDIONOME_REQUIRE: (.*)", path.read_text())
        assert set(asked) <= {"browser"}, path
