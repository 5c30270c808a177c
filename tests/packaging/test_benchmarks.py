"""The benchmarks run: their smallest part on made-up material. What they measure is not judged."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from audionome import audio
from audionome.features import key

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"


def load(name: str) -> ModuleType:
    """Import a benchmark, which is no part of a package."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for it there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_benchmark_says_how_it_is_called(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = load(path.stem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(path), "--help"])
        with pytest.raises(SystemExit) as end:
            module.main()
    assert end.value.code == 0
    assert module.__doc__.splitlines()[0] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "task", ["audionome", "level_free", "extended", "ear", "librosa", "classify"]
)
def test_a_task_of_the_speed_benchmark_can_be_timed(task: str, tmp_path: Path) -> None:
    bench = load("bench")
    clip = tmp_path / "clip.wav"
    bench.write_clip(clip, 6, bench.RATE, 1)
    assert audio.load(clip).size == 6 * audio.SAMPLE_RATE
    work = getattr(bench, f"task_{task}")(clip)
    work()
    assert f"task_{task}" in vars(bench)


def test_one_measurement_is_a_process_of_its_own(tmp_path: Path) -> None:
    bench = load("bench")
    clip = bench.made_clip(tmp_path / "clip.wav", 4)
    got = bench.measure("level_free", clip, repeats=1)
    assert got["seconds"] > 0
    assert got["peak_mb"] > 10
    assert {"processor", "cores", "memory_gb", "system", "python"} <= set(bench.machine())


def test_keys_are_compared_by_every_chroma_and_profile(pieces: list[Path]) -> None:
    bench = load("key")
    samples = audio.load(pieces[0])
    for name, frames in bench.chromas(samples).items():
        assert frames.shape[1] == 12, name
        for profile in bench.PROFILES.values():
            got = key.match_key(frames, key.key_templates(*profile))
            assert bench.answer(got, 0)["relation"] in bench.MIREX


def test_relations_of_keys() -> None:
    relation = load("key").relation
    assert relation(0, 0) == "exact"
    assert relation(7, 0) == "fifth up"
    assert relation(5, 0) == "fifth down"
    assert relation(12 + 9, 0) == "relative"
    assert relation(3, 12) == "relative"
    assert relation(12, 0) == "parallel"
    assert relation(1, 0) == "other"


def test_the_lowest_threshold_keeps_its_promise_for_whole_artists() -> None:
    """Right from 1.0 on, wrong below: the threshold is found, and the account adds up."""
    bench = load("key")
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.6, 1.4, 400)
    exact = confidence >= 1.0
    table = pd.DataFrame(
        {
            "confidence": confidence,
            "exact": exact,
            "mirex": exact.astype(float),
            "classes": key.MIN_CLASSES,
            "seconds": key.MIN_SECONDS,
            "artist": np.arange(400) // 4,
        }
    )
    found = bench.lowest_threshold(table)
    kept = table[bench.reliable(table, found)]
    below = table[bench.reliable(table, found - 0.1)]
    assert kept["exact"].mean() >= bench.PROMISE > below["exact"].mean()
    told = bench.account(table)
    assert told["tracks"] == 400
    assert told["artists"] == 100
    assert told["exact"]["low"] < told["exact"]["value"] < told["exact"]["high"]


def test_the_crowds_benchmark_can_be_loaded() -> None:
    pytest.importorskip("tornado", reason="Not installed: pip install -e .[dashboard]")
    visitors = load("visitors")
    assert max(visitors.CROWDS) >= 15
    assert visitors._processor()


def test_a_large_index_can_be_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audionome.collection import near

    monkeypatch.setattr(near, "MANY", 200)
    search = load("search")
    monkeypatch.setattr(search, "ROUNDS", 1)
    row = search.measure(300, tmp_path)
    assert row["graph"]
    assert row["recall"] > 0.9
    assert row["tracks"] == 300
    assert min(row["first_seconds"], row["each_seconds"], row["peak_mb"], row["graph_mb"]) > 0
