"""A plain installation: neither pandas nor scikit-learn, Plotly or pyarrow can be imported."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

import audionome
from audionome import features

#: Runs before the program: the four packages are as good as not installed.
BLOCKED = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"pandas", "pyarrow", "plotly", "sklearn"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


def plain(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return plain("from audionome.cli import main; main()", *arguments)


@pytest.fixture
def album(tmp_path: Path, tone: np.ndarray) -> Path:
    """A folder with two recordings."""
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("one.wav", "two.wav"):
        sf.write(folder / name, tone[: 4 * 22050], 22050)
    return folder


def test_the_four_are_blocked() -> None:
    for name in ("pandas", "pyarrow", "plotly", "sklearn"):
        assert "ModuleNotFoundError" in plain(f"import {name}").stderr


def test_help() -> None:
    for arguments in ([], ["classify"], ["features"], ["dashboard"]):
        done = command(*arguments, "--help")
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout


def test_an_answer_is_the_same(album: Path) -> None:
    done = command("classify", "--json", album / "one.wav", album)
    assert done.returncode == 0, done.stderr
    alone, *both = map(json.loads, done.stdout.splitlines())
    assert alone["probabilities"] == audionome.classify(album / "one.wav").probabilities
    assert len(both) == 2
    done = command("classify", album)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("%") >= 2


def test_features_as_csv(album: Path, tmp_path: Path) -> None:
    done = command("features", album, "--out", tmp_path / "x.csv", "--jobs", 1)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "x.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["track", "window", "genre", *features.COLUMNS]
    assert [row[:3] for row in rows] == [["one", "0", "album"], ["two", "0", "album"]]


def test_features_as_parquet_name_the_extra(album: Path, tmp_path: Path) -> None:
    done = command("features", album, "--out", tmp_path / "x.parquet")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("run: pip install 'audionome[lab]'")
    assert [p.name for p in tmp_path.iterdir()] == ["album"]


@pytest.mark.parametrize(
    "call",
    [
        "audionome.features.extract(np.zeros(70_000, np.float32))",
        "audionome.features.modulation.extract_extended(np.zeros(70_000, np.float32))",
        "audionome.gtzan.load()",
        "audionome.gtzan.load_summary()",
        "audionome.gtzan.load_windows()",
        "audionome.gtzan.read_wild(sys.argv[0])",
        "audionome.load_classifier().index.places()",
    ],
)
def test_what_gives_a_table_names_the_extra(call: str) -> None:
    done = plain(
        "import audionome, audionome.gtzan, audionome.features.modulation, numpy as np\n"
        f"try: {call}\n"
        "except audionome.AudionomeError as error: print(error)"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("run: pip install 'audionome[lab]'\n")


def test_import_is_quick() -> None:
    code = (
        "import sys, time; start = time.process_time(); import audionome\n"
        "print(time.process_time() - start)\n"
        "print(*sorted({'numpy', 'scipy', 'pandas', 'av'} & sys.modules.keys()))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        for _ in range(5)
    ]
    seconds, heavy = zip(*(run.split("\n")[:2] for run in runs), strict=True)
    assert set(heavy) == {""}
    assert min(map(float, seconds)) <= 0.1
