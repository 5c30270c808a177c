"""The wheel alone, in environments outside of the checkout, beside a stranger's files."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

import audionome
from audionome import _paths
from audionome.datasets import gtzan
from audionome.errors import AudionomeError
from audionome.lab import store

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
MB = 1_000_000
#: What the base installation does without.
LEFT_OUT = ("onnx", "pandas", "pyarrow", "sklearn", "plotly", "anywidget", "voila")
CLIP = ROOT / "data" / "examples" / "blues.ogg"

pytestmark = pytest.mark.skipif(not UV.exists(), reason="uv, which builds and installs, is missing")


def tried(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that knows nothing of this checkout."""
    environ = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("AUDIONOME_", "JUPYTER", "PYTHONPATH", "VIRTUAL_ENV"))
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
    )


def run(*command: object, cwd: Path) -> str:
    done = tried(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path, what: str) -> Path:
    """Install something into a new environment, and return the folder of its programs."""
    run(UV, "venv", "-q", "--python", sys.executable, folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    more = ["-c", ROOT / "constraints.txt", what]
    run(UV, "pip", "install", "-q", "--python", python, *more, cwd=folder.parent)
    return folder / "bin"


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
    """The programs of an environment with the wheel and what it depends on, no more."""
    programs = environment(tmp_path_factory.mktemp("base") / "env", str(wheel))
    # Others put such folders there; they are none of ours.
    (site,) = programs.parent.glob("lib/python*/site-packages")
    (site / "data" / "models").mkdir(parents=True)
    (site / "data" / "models" / "classic.json").write_text("{}")
    (site / "pyproject.toml").write_text('[project]\nname = "somebody"\n')
    return programs


@pytest.fixture(scope="module")
def with_dashboard(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the extra for the dashboard."""
    folder = tmp_path_factory.mktemp("dashboard")
    return environment(folder / "env", f"{wheel}[dashboard]")


def metadata(wheel: Path) -> Message:
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    return Parser().parsestr(archive.read(name).decode())


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# -- the base -----------------------------------------------------------------------------


def test_the_base_is_small(installed: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.util as util, sys\n"
        "print(*[name for name in sys.argv[1:] if util.find_spec(name)])"
    )
    assert run(installed / "python", "-c", code, *LEFT_OUT, cwd=tmp_path).split() == []


def test_the_wheel_answers_as_the_checkout_does(installed: Path, tmp_path: Path) -> None:
    place = run(
        installed / "python", "-c", "import audionome; print(audionome.__file__)", cwd=tmp_path
    )
    assert str(ROOT) not in place
    (line,) = run(installed / "audionome", "classify", "--json", CLIP, cwd=tmp_path).splitlines()
    answer = json.loads(line)
    here = json.loads(json.dumps(audionome.classify(CLIP).as_dict()))
    del answer["file"], answer["seconds"], here["seconds"]
    assert_equal(answer, here)
    table = run(installed / "audionome", "classify", CLIP, cwd=tmp_path)
    assert here["message"] in table


def assert_equal(found: Any, expected: Any) -> None:
    """Hold two structures from JSON against each other; numbers may differ by 1e-9."""
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            assert_equal(found[key], expected[key])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    else:
        assert found == expected


def test_the_import_is_quick(installed: Path, tmp_path: Path) -> None:
    code = "import sys, audionome; print(*sys.modules)"
    loaded = run(installed / "python", "-c", code, cwd=tmp_path).split()
    slow = {"importlib.metadata", "numpy", "scipy", "soundfile", "av", "typer", "rich", "joblib"}
    slow |= {"onnxruntime"}
    assert slow & set(loaded) == set()
    # Of the processor: a busy machine must not fail it.
    timed = (
        "import time; start = time.process_time()\n"
        "import audionome; print(time.process_time() - start)"
    )
    command = [installed / "python", "-c", timed]
    assert min(float(run(*command, cwd=tmp_path)) for _ in range(5)) <= 0.1


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["dashboard"], "dashboard"),
        (["lab", "evaluate"], "lab"),
        (["lab", "tracks", "."], "lab"),
        (["features", ".", "--out", "table.parquet"], "lab"),
    ],
)
def test_what_an_extra_brings_is_told_in_one_sentence(
    installed: Path, tmp_path: Path, command: list[str], extra: str
) -> None:
    told = tried(installed / "audionome", *command, cwd=tmp_path)
    assert told.returncode == 2
    assert told.stdout == ""
    (line,) = told.stderr.splitlines()
    assert f"pip install 'audionome[{extra}]'" in line
    assert not any(tmp_path.iterdir())


# -- with the dashboard -------------------------------------------------------------------


def test_the_wheel_starts_the_dashboard(with_dashboard: Path, tmp_path: Path) -> None:
    place = tmp_path / "empty"
    place.mkdir()
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--base-url", "/music"]
    server = subprocess.Popen(
        [with_dashboard / "audionome", "dashboard", *options],
        cwd=place,
        env={k: v for k, v in os.environ.items() if not k.startswith(("AUDIONOME_", "JUPYTER"))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        (address,) = re.findall(r"http://\S+", server.stdout.readline())
        assert address == f"http://127.0.0.1:{port}/music/"
        with urllib.request.urlopen(address, timeout=60) as answer:
            page = answer.read().decode()
        assert "Audionome is starting" in page  # our template
        assert "widget-view" in page  # the notebook ran
    finally:
        server.terminate()
        server.communicate(timeout=20)
    assert server.returncode == 0
    assert not any(place.iterdir())


def test_the_wheel_has_what_the_page_shows(with_dashboard: Path, tmp_path: Path) -> None:
    code = (
        "import json, sys, importlib.util, audionome\n"
        "from audionome.app import details, payload, widget\n"
        "assert importlib.util.find_spec('pyarrow') is None\n"
        "answer = audionome.classify(sys.argv[1])\n"
        "found = details.measure_details(sys.argv[1], answer)\n"
        "told = [payload.answer_payload(answer), payload.details_payload(found)]\n"
        "json.dumps(told, allow_nan=False)\n"
        "print(len(told[0]['sections']), len(told[1]['sections']))\n"
        "for heading, entries in widget.Dashboard().examples: print(heading, len(entries))\n"
    )
    counts, *offered = run(with_dashboard / "python", "-c", code, CLIP, cwd=tmp_path).splitlines()
    assert counts == "5 3"
    # Nothing is said of what is not there.
    (group,) = offered
    assert group.startswith("Made by a program")
    assert group.endswith(" 10")


# -- the files ----------------------------------------------------------------------------


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= 7 * MB  # of which the network of the ear has 3
    names = zipfile.ZipFile(wheel).namelist()
    assert "audionome/py.typed" in names
    data = {n.removeprefix("audionome/_data/") for n in names if n.startswith("audionome/_data/")}
    assert {n.partition("/")[0] for n in data} == {"examples", "models", "research", "results"}
    results = {n.partition("/")[2] for n in data if n.startswith("results/")}
    assert results == {"answers.json", "examples.json", "gtzan_summary.csv"}
    assert len([n for n in data if n.endswith(".ogg")]) == 10
    assert not [n for n in names if n.endswith(".pyc") or "recordings/" in n]


def test_the_sdist_is_whole(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {name for name in tracked if (ROOT / name).is_file()} <= inside


def test_a_wheel_from_the_checkout_is_the_same(wheel: Path, tmp_path: Path) -> None:
    options = ["-b", ROOT / "constraints.txt", "-o", tmp_path]
    run(UV, "build", "--wheel", "-q", *options, ROOT, cwd=tmp_path)
    (direct,) = tmp_path.glob("*.whl")
    assert direct.name == wheel.name
    contents = [
        {info.filename: info.CRC for info in zipfile.ZipFile(path).infolist()}
        for path in (direct, wheel)
    ]
    assert contents[0] == contents[1]


def test_the_licence_is_that_of_what_the_wheel_holds(wheel: Path) -> None:
    told = metadata(wheel)
    assert told["License-Expression"] == "BSD-3-Clause AND CC0-1.0 AND ISC"
    assert told.get_all("License-File") == [
        "LICENSE",
        "data/examples/LICENSE",
        "data/models/musicnn.LICENSE",
    ]
    text = (ROOT / "data" / "examples" / "LICENSE").read_text()
    assert "SPDX-License-Identifier: CC0-1.0" in text
    with zipfile.ZipFile(wheel) as archive:
        notice = archive.read("audionome/_data/models/musicnn.LICENSE").decode()
    assert "SPDX-License-Identifier: ISC" in notice
    assert "Music Technology Group, Universitat Pompeu Fabra" in notice


def test_the_description_has_no_link_that_breaks_elsewhere(wheel: Path) -> None:
    text = str(metadata(wheel).get_payload())
    assert text.startswith("# Audionome")
    relative = [x for x in re.findall(r"\]\(([^)]+)\)", text) if not x.startswith("https://")]
    assert relative == []


def test_the_extras_are_those_of_the_readme(wheel: Path) -> None:
    extras = ["beets", "cluster", "collections", "dashboard", "deep", "lab", "report", "test"]
    assert metadata(wheel).get_all("Provides-Extra") == extras
    assert all(f"[{name}]" in (ROOT / "README.md").read_text() for name in extras)


def test_pytorch_is_in_no_other_extra_and_not_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asking = [n for n, wanted in project["optional-dependencies"].items() if "torch" in str(wanted)]
    assert asking == ["deep"]
    assert not [w for n, w in project["optional-dependencies"].items() if "deep]" in str(w)]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert not [line for line in lines if line.startswith(("torch", "nvidia", "triton"))]


def test_the_lock_names_no_package_server() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.+!]+( ; .+)?", line), line


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in which the package seems to lie."""
    monkeypatch.delenv("AUDIONOME_DATA", raising=False)
    monkeypatch.setattr(_paths, "_PACKAGE", tmp_path / "audionome")
    _paths.in_checkout.cache_clear()
    yield tmp_path
    _paths.in_checkout.cache_clear()


def test_data_that_no_wheel_brings_are_told_as_such(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for load in (gtzan.load, gtzan.load_windows, store.load):
        with pytest.raises(AudionomeError, match=r"no part of the installed .* AUDIONOME_DATA"):
            load()
    monkeypatch.setenv("AUDIONOME_DATA", str(elsewhere))
    with pytest.raises(AudionomeError, match="missing; restore it"):
        gtzan.load()


@pytest.mark.parametrize(
    ("project", "ours"),
    [('name = "audionome"', True), ('name = "other"', False), ("not even TOML [", False)],
)
def test_only_a_checkout_of_this_project_is_one(project: str, ours: bool, elsewhere: Path) -> None:
    (elsewhere / "data").mkdir()
    (elsewhere / "pyproject.toml").write_text(f"[project]\n{project}\n")
    expected = elsewhere / "data" if ours else elsewhere / "audionome" / "_data"
    assert _paths.data_path() == expected
