"""The walls between the wings: an import that goes the wrong way fails `make lint`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the package in a folder."""
    return subprocess.run(
        [LINT, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its settings, to be spoiled."""
    shutil.copytree(ROOT / "audionome", tmp_path / "audionome")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "imports"),
    [
        ("audio/__init__.py", "audionome.features"),
        ("features/registry.py", "audionome.models"),
        ("models/neighbors.py", "audionome.charts"),
        ("models/neighbors.py", "audionome.lab.store"),
        ("models/neighbors.py", "sklearn.neighbors"),
        ("datasets/artists.py", "pyarrow"),
        ("charts/clip.py", "audionome.report"),
        ("app/details.py", "audionome.lab.store"),
        ("lab/metrics.py", "audionome.app.details"),
        ("lab/metrics.py", "audionome.report.render"),
        ("lab/metrics.py", "plotly.graph_objects"),
        ("cli/__init__.py", "audionome.report.render"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_found(copy: Path, module: str, imports: str) -> None:
    path = copy / "audionome" / module
    # Inside a function: an import that waits is an import as well.
    path.write_text(path.read_text() + f"\n\ndef wrong() -> None:\n    import {imports}\n")
    done = lint(copy)
    assert done.returncode == 1, done.stdout
    name = "audionome." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert f"{name} -> {imports.split('.')[0]}" in done.stdout, done.stdout


def test_a_room_that_no_contract_knows_is_found(copy: Path) -> None:
    (copy / "audionome" / "attic.py").write_text('"""Nobody said what this may import."""\n')
    done = lint(copy)
    assert done.returncode == 1
    assert "audionome.attic" in done.stdout


def test_a_slow_package_outside_of_a_function_is_found(copy: Path) -> None:
    """Ruff tells the top of a module from the inside of a function; import-linter does not."""
    path = copy / "audionome" / "models" / "neighbors.py"

    def found() -> str:
        command = [sys.executable, "-m", "ruff", "check", "--select", "TID253", "--no-cache", "."]
        return subprocess.run(command, cwd=copy, capture_output=True, text=True).stdout

    before = found()
    text = path.read_text()
    path.write_text(text.replace("import numpy as np", "import numpy as np\nimport pandas"))
    assert "neighbors.py" not in before
    assert "neighbors.py" in found()
