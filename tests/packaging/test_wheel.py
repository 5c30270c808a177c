"""The wheel alone, in an environment outside of the checkout, beside a stranger's files."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import urllib.request
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import audionome
from audionome import _paths

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")

pytestmark = pytest.mark.skipif(not UV.exists(), reason="uv, which builds and installs, is missing")


def run(*command: object, cwd: Path) -> str:
    """Run a command that knows nothing of this checkout."""
    environ = {
        k: v for k, v in os.environ.items() if not k.startswith(("AUDIONOME_", "PYTHONPATH"))
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sdist, and of the wheel that was made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(UV, "build", "-q", "-b", ROOT / "constraints.txt", "-o", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment with the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    more = ["-c", ROOT / "constraints.txt", wheel]
    run(UV, "pip", "install", "-q", "--python", python, *more, cwd=folder)
    # Others put such folders there; they are none of ours.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "data" / "models").mkdir(parents=True)
    (site / "data" / "models" / "classic.json").write_text("{}")
    (site / "pyproject.toml").write_text('[project]\nname = "somebody"\n')
    return folder / "bin"


def test_the_wheel_answers_as_the_checkout_does(installed: Path, tmp_path: Path) -> None:
    place = run(
        installed / "python", "-c", "import audionome; print(audionome.__file__)", cwd=tmp_path
    )
    assert str(ROOT) not in place
    clip = sorted((ROOT / "data" / "examples").glob("*.ogg"))[0]
    (line,) = run(installed / "audionome", "classify", "--json", clip, cwd=tmp_path).splitlines()
    answer, here = json.loads(line), audionome.classify(clip)
    assert answer["genre"] == here.genre
    assert answer["probabilities"] == pytest.approx(dict(here.probabilities), abs=1e-9)


def test_the_wheel_has_what_a_closer_look_reads(installed: Path, tmp_path: Path) -> None:
    clip = sorted((ROOT / "data" / "examples").glob("*.ogg"))[0]
    code = (
        "import sys, audionome\n"
        "from audionome import closer, gtzan, results\n"
        "from audionome._paths import data_path\n"
        "look = closer.look(sys.argv[1], audionome.classify(sys.argv[1]))\n"
        "print(len(gtzan.load().tracks), len(list(data_path('examples').glob('*.ogg'))))\n"
        "try:\n"
        "    results.load()\n"
        "except results.StaleResultsError as error:\n"
        "    print(error)\n"
    )
    counts, told = run(installed / "python", "-c", code, clip, cwd=tmp_path).splitlines()
    examples = len(list((ROOT / "data" / "examples").glob("*.ogg")))
    assert counts == f"1000 {examples}"
    assert "AUDIONOME_DATA" in told


def test_the_wheel_says_what_the_dashboard_needs_and_starts_it(
    installed: Path, wheel: Path, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [installed / "audionome", "dashboard", "--port", str(port)]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("AUDIONOME_", "JUPYTER"))}
    told = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert told.returncode == 2
    assert told.stdout == ""
    (line,) = told.stderr.splitlines()
    assert "pip install 'audionome[dashboard]'" in line

    more = ["-c", ROOT / "constraints.txt", f"{wheel}[dashboard]"]
    run(UV, "pip", "install", "-q", "--python", installed / "python", *more, cwd=tmp_path)
    place = tmp_path / "empty"
    place.mkdir()
    server = subprocess.Popen(command, cwd=place, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        (address,) = re.findall(r"http://\S+", server.stdout.readline())
        with urllib.request.urlopen(address, timeout=60) as answer:
            page = answer.read().decode()
        assert "Audionome is starting" in page  # our template
        assert "widget-view" in page  # the notebook ran
    finally:
        server.terminate()
        assert server.wait(20) == 0
    assert not any(place.iterdir())


def test_the_wheel_is_small_and_the_sdist_whole(built: Path, wheel: Path) -> None:
    assert wheel.stat().st_size < 10_000_000
    names = zipfile.ZipFile(wheel).namelist()
    assert "audionome/py.typed" in names
    assert not [n for n in names if "predictions" in n or n.endswith(".pyc")]
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert {name for name in tracked if name.startswith(("audionome/", "data/", "book/"))} <= inside


def test_the_description_has_no_link_that_breaks_elsewhere(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    told = Parser().parsestr(archive.read(name).decode())
    text = str(told.get_payload())
    assert text.startswith("# Audionome")
    relative = [x for x in re.findall(r"\]\(([^)]+)\)", text) if not x.startswith("https://")]
    assert relative == []
    assert told["License-Expression"].startswith("BSD-3-Clause AND ")


@pytest.mark.parametrize(
    ("project", "ours"),
    [('name = "audionome"', True), ('name = "other"', False), ("not even TOML [", False)],
)
def test_only_a_checkout_of_this_project_is_one(
    project: str, ours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "pyproject.toml").write_text(f"[project]\n{project}\n")
    monkeypatch.delenv("AUDIONOME_DATA", raising=False)
    monkeypatch.setattr(_paths, "_PACKAGE", tmp_path / "audionome")
    _paths.in_checkout.cache_clear()
    try:
        expected = tmp_path / "data" if ours else tmp_path / "audionome" / "_data"
        assert _paths.data_path() == expected
    finally:
        _paths.in_checkout.cache_clear()
