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


def test_every_test_lies_in_a_tier_that_marks_it() -> None:
    done = run("--collect-only", "-q", "-m", "lab", "tests/lab/test_whole_ladder.py")
    assert "no tests" not in done.stdout
    assert "deselected" not in done.stdout
    done = run("--collect-only", "-q", "-m", "library or report", "tests/lab/test_whole_ladder.py")
    assert "deselected" in done.stdout
    assert done.returncode == 5, "nothing is left"


def test_private_music_is_asked_for_in_one_folder_and_by_few_tests(tmp_path: Path) -> None:
    """No fixture outside of tests/private leads to it, and what is there has a reason to be."""
    done = run("tests/private", "-q", "-rs", CI="true", AUDIONOME_SHARED=str(tmp_path))
    assert done.returncode == 0, done.stdout
    (count,) = re.findall(r"^(\d+) skipped", done.stdout, re.MULTILINE)
    assert int(count) <= 15
    for path in (ROOT / "tests").rglob("*.py"):
        if path.parent.name != "private" and path != Path(__file__):
            assert "AUDIONOME_SHARED" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize(
    ("python", "others"),
    [("3.11", []), ("3.12", ["3.11"]), ("3.11", ["3.12", "3.13"])],
)
def test_a_python_that_is_missing_is_named(python: str, others: list[str], tmp_path: Path) -> None:
    """The gate on machines that have some Pythons: `make` and the tools are stand-ins."""
    for name in ("ffmpeg", "sox", "flac", "lame", "chromium"):
        (tmp_path / name).write_text("#!/bin/sh\n")
    (tmp_path / "make").write_text('#!/bin/sh\necho "make $*"\n')
    (tmp_path / "python3").write_text(f"#!/bin/sh\necho {python}\n")
    for version in others:
        (tmp_path / f"python{version}").write_text(f"#!/bin/sh\necho {version}\n")
    for path in tmp_path.iterdir():
        path.chmod(0o755)
    gate = tmp_path / "checkout" / ".ci" / "run"
    gate.parent.mkdir(parents=True)
    gate.write_bytes((ROOT / ".ci" / "run").read_bytes())
    done = subprocess.run(
        ["bash", gate],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for line in ("make clean", "make test", "make site"):
        assert line in lines
    lowest, *newest = others or ["python3"]
    assert f"make lowest TIERS=library PYTHON={lowest}" in lines
    tried = [x for x in lines if x.startswith("make library")]
    assert tried == [
        f"make library PYTHON={version} VENV=.venv-other TIERS=library" for version in newest
    ]
    for version in ("3.11", "3.12", "3.13"):
        missing = version not in (python, *others)
        assert any(x.startswith(f"NOT TRIED: Python {version}") for x in lines) == missing
