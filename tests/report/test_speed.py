"""The measured speed: its file, its charts, and that memory stays flat."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from made_results import benchmark

from audionome.charts import Chart
from audionome.lab import store
from audionome.report.charts import scale, speed
from audionome.report.numbers import speed as numbers

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def found() -> store.Benchmark:
    return benchmark()


@pytest.fixture(scope="module")
def committed() -> store.Benchmark:
    return store.load_benchmark()


# -- the file -----------------------------------------------------------------------------


def test_the_committed_timings_are_whole(committed: store.Benchmark) -> None:
    assert set(committed.machine) == {"processor", "cores", "memory_gb", "system", "python"}
    assert set(committed.extractors.index) == set(speed.EXTRACTORS)
    assert set(committed.answers.index) == set(speed.ANSWERS)
    assert committed.lengths["length"].to_list() == [3, 10, 30, 120, 600]
    assert (
        committed.workers.groupby("clips")["workers"].agg(list).map(lambda w: w[:2] == [1, 2]).all()
    )
    for table in (committed.extractors, committed.lengths, committed.answers):
        assert (table[["seconds", "peak_mb"]] > 0).all(axis=None)
    assert (committed.workers["clips_per_second"] > 0).all()
    assert set(committed.formats["program"]) == set(speed.PROGRAMS)
    assert set(committed.formats["format"]) == {"wav", "flac", "mp3"}
    assert (committed.formats[["seconds", "peak_mb"]] > 0).all(axis=None)
    assert min(*committed.scale["row_bytes"].values(), committed.scale["tasks_per_second"]) > 0


def test_the_readme_shows_the_committed_timings(committed: store.Benchmark) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- benchmark -->")[1].split("<!-- /benchmark -->")[0]
    for chart in (speed.extractors(committed), speed.answers(committed)):
        for row in chart.table.to_numpy():
            assert f"| {' | '.join(row)} |" in shown
    told = numbers.machine(committed) | numbers.workers(committed)
    for name in ("processor", "memory", "python", "one", "two"):
        assert told[name] in shown


def test_missing_timings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(store.StaleResultsError, match="make bench"):
        store.load_benchmark(folder=tmp_path)
    (tmp_path / "benchmark.json").write_text(json.dumps({"machine": {}, "lengths": []}))
    with pytest.raises(store.StaleResultsError, match="lacks a part"):
        store.load_benchmark(folder=tmp_path)


# -- charts -------------------------------------------------------------------------------


def test_extractors_are_compared_with_both_of_ours(found: store.Benchmark) -> None:
    chart = speed.extractors(found)
    assert list(chart.figure.data[0].x) == [0.02, 0.04, 0.2, 0.1, 1.2, 2.0]
    assert chart.table["against all 57"].to_list() == [
        "0.2 ×",
        "0.4 ×",
        "2.0 ×",
        "1.0 ×",
        "12.0 ×",
        "20.0 ×",
    ]
    assert chart.table["against the extended model's"].to_list()[4:] == ["30.0 ×", "50.0 ×"]
    assert f"librosa, the study's calls 1.2{SPACE}s" in chart.alt


def test_answers(found: store.Benchmark) -> None:
    chart = speed.answers(found)
    assert list(chart.figure.data[0].x) == [3.0, 1.0, 0.2, 0.1]
    assert len(chart.table) == 6
    assert f"in a running program, one core 0.20{SPACE}s" in chart.alt
    assert list(chart.figure.data[0].y)[-1] == "the same by --model extended"


def test_lengths(found: store.Benchmark) -> None:
    time, memory = speed.time_by_length(found), speed.memory_by_length(found)
    assert list(time.figure.data[0].y) == [0.01, 2.0]
    assert time.table["length"].to_list() == ["3 s", "10 min"]
    assert "300 times faster than it plays" in time.alt
    assert list(memory.figure.data[0].y) == [90, 110]
    assert "90 MB for 3 s, 110 MB for 10 min" in memory.alt


def test_formats(found: store.Benchmark) -> None:
    chart = speed.formats(found)
    assert [bar.name for bar in chart.figure.data] == list(speed.PROGRAMS.values())
    assert list(chart.figure.data[0].x) == ["WAV", "FLAC", "MP3"]
    assert list(chart.figure.data[0].y) == [2, 2, 1]
    assert chart.table["MP3 of 4 min"].to_list() == ["0.25", "0.31", "0.50", "0.06"]
    assert "essentia MusicExtractor 0.25 to 0.50" in chart.alt


def test_workers(found: store.Benchmark) -> None:
    chart = speed.workers(found)
    one, two = chart.figure.data
    assert (one.name, list(one.y)) == ("1 process", [10, 10])
    assert (two.name, list(two.y)) == ("2 processes", [12, 19])
    assert "of 16 clips 10.0 with 1 process and 19.0 with 2 processes" in chart.alt
    assert chart.table.columns.to_list() == ["clips", "1 process", "2 processes"]


def test_every_chart_is_whole(committed: store.Benchmark) -> None:
    for name in speed.__all__:
        if name.isupper():
            continue
        chart = getattr(speed, name)(committed)
        assert isinstance(chart, Chart)
        assert len(chart.alt) > 40
        assert chart.caption
        assert not chart.table.empty
        chart.figure.to_json()


def test_what_a_collection_costs(found: store.Benchmark) -> None:
    """A million clips at a second each are 278 hours of one core."""
    chart = scale.collections(found)
    rows = chart.table.set_index("collection")
    assert list(rows.index) == [
        f"{n} million {kind}" for n in (1, 10) for kind in ("clips of 30 s", "songs of 4 min")
    ]
    assert rows.loc["1 million clips of 30 s", "hours of one core"] == "278"
    assert rows.loc["10 million songs of 4 min", "hours of one core"] == "11,111"
    assert rows.loc["1 million clips of 30 s", "on 64 cores"] == f"4{SPACE}h 20{SPACE}min"
    assert rows.loc["10 million songs of 4 min", "on 1,000 cores"] == f"11{SPACE}h"
    assert rows.loc["1 million songs of 4 min", "sound to read"] == f"7.7{SPACE}TB"
    assert rows.loc["10 million clips of 30 s", "table"] == f"2.0{SPACE}GB"
    assert list(chart.figure.data[0].y) == [277.8, 34.72, 4.34, 0.2778]
    assert "1 million clips of 30 s 278 hours of one core" in chart.alt


# -- memory -------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's account")
def test_memory_stays_flat(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    second = 0.1 * rng.normal(size=(44100, 2)).astype(np.float32)

    def peak(minutes: int) -> float:
        path = tmp_path / f"{minutes}.mp3"
        with sf.SoundFile(path, "w", 44100, 2) as file:
            for _ in range(60 * minutes):
                file.write(second)
        # Not the account of a finished child: that starts from what its parent held.
        code = (
            "import sys, audionome; audionome.classify(sys.argv[1]);"
            "print(*(x for x in open('/proc/self/status') if x.startswith('VmHWM')))"
        )
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.split()[1]) / 1024

    short, long = peak(1), peak(10)
    assert long <= 400
    # The samples alone would add 50 MB per copy; the model's kernel of all windows does grow.
    assert long - short < 100
