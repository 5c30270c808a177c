"""The report is built from a checkout that may not be written, into another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
# Root may write everything, unless it goes without that right.
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy with two small pages, without the right to write any of it."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs git, and a checkout to copy")
    copy = tmp_path / "checkout"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in files.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    (copy / "_toc.yml").write_text(
        "format: jb-book\nroot: book/first\nchapters:\n  - file: notebooks/second\n"
    )
    (copy / "book" / "first.md").write_text("# First\n\nOf {{ n_tracks }} tracks.\n")
    cells = [
        nbformat.v4.new_markdown_cell("# Second"),
        nbformat.v4.new_code_cell(
            "from audionome import charts\nfrom audionome.report.render import show\n"
            "show(charts.probability_bars({'jazz': 0.75, 'rock': 0.25}))"
        ),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), copy / "notebooks" / "second.ipynb")
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    yield copy
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)


def test_the_report_of_a_read_only_checkout_goes_elsewhere(checkout: Path, tmp_path: Path) -> None:
    without: list[str] = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("needs setpriv: nothing is read-only for root")
        without = WITHOUT_RIGHTS
    touched = subprocess.run([*without, "touch", checkout / "new"], capture_output=True)
    if touched.returncode == 0:
        pytest.skip("this user can write to what is read-only")
    before = sorted(checkout.rglob("*"))
    environment = Path(sys.prefix)
    # The environment is there already ("-o"): setting one up would take longer than the test.
    made = f"VENV={environment}", f"OUT={tmp_path}", "-o", f"{environment}/.ready"
    environ = {k: v for k, v in os.environ.items() if k not in {"AUDIONOME_SITE", "MAKEFLAGS"}}
    done = subprocess.run(
        [*without, "make", "-C", checkout, "site", *made],
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    page = tmp_path / "_build" / "html" / "notebooks" / "second.html"
    assert 'class="audionome-chart"' in page.read_text(encoding="utf-8")
    assert str(page.parents[1] / "index.html") in done.stdout
    assert sorted(checkout.rglob("*")) == before
