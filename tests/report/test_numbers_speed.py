"""The numbers of the chapter on speed, of timings in round numbers."""

from __future__ import annotations

import pandas as pd
import pytest
from made_results import benchmark

from audionome.lab import store
from audionome.report.numbers import scale, speed

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def found() -> store.Benchmark:
    return benchmark()


def test_how_many_times_as_long_the_others_take(found: store.Benchmark) -> None:
    assert speed.extraction(found) == {
        "all_57": f"0.10{SPACE}s", "extended": f"0.040{SPACE}s", "ear": f"0.20{SPACE}s",
        "librosa_times": "12", "essentia_times": "20",
    }  # fmt: skip


def test_waiting_and_memory(found: store.Benchmark) -> None:
    told = speed.waiting(found)
    assert (told["first"], told["second"]) == (f"3.0{SPACE}s", f"1.0{SPACE}s")
    assert (told["warm"], told["warm_extended"]) == (f"0.20{SPACE}s", f"0.10{SPACE}s")
    told = speed.memory(found)
    assert (told["two_hours"], told["two_hours_memory"]) == (f"40{SPACE}s", f"120{SPACE}MB")


def test_workers_are_compared_on_the_most_clips(found: store.Benchmark) -> None:
    assert speed.workers(found) == {"one": "10", "two": "19", "times": "1.90"}


def test_the_machine_is_named(found: store.Benchmark) -> None:
    told = speed.machine(found)
    assert told["processor"] == "Abacus"
    assert told["memory"] == f"8{SPACE}GB"


def test_formats_are_compared_with_essentia(found: store.Benchmark) -> None:
    told = speed.formats(found)
    assert (told["clip_wav"], told["clip_mp3"]) == ("2.0", "1.0")
    assert (told["clip_wav_essentia"], told["clip_mp3_essentia"]) == ("0.5", "0.25")
    assert (told["times_least"], told["times_most"]) == ("4.0", "4.0")
    assert told["song"] == f"4.0{SPACE}s"


def test_a_million_files_are_reckoned_from_one(found: store.Benchmark) -> None:
    told = scale.working(found)
    assert (told["clips"], told["clips_64"]) == ("278", f"4{SPACE}h 20{SPACE}min")
    assert (told["songs"], told["songs_ten_64"]) == ("1,111", f"7.2{SPACE}days")
    assert (told["clips_seconds"], told["songs_seconds"]) == (f"1.0{SPACE}s", f"4.0{SPACE}s")
    assert (told["table"], told["table_csv"]) == (f"200{SPACE}MB", f"600{SPACE}MB")
    assert (told["songs_sound"], told["times"]) == (f"7.7{SPACE}TB", "1.90")
    assert scale.passing(found) == {"tasks": "400", "cores": "400"}


def test_an_index_is_reckoned_from_a_million_tracks() -> None:
    searched = pd.DataFrame(
        {
            "tracks": [100_000, 1_000_000],
            "index_mb": [50.0, 500.0],
            "graph_mb": [None, 300.0],
            "graph_core_seconds": [None, 300.0],
            "recall": [None, 0.98],
            "first_seconds": [0.2, 2.0],
            "each_seconds": [0.05, 0.004],
        }
    )
    assert scale.keeping(searched) == {
        "index": f"800{SPACE}MB",
        "index_ten": f"8.0{SPACE}GB",
        "search": f"0.004{SPACE}s",
        "search_small": f"0.050{SPACE}s",
        "first": f"2.0{SPACE}s",
        "graph": f"5{SPACE}min",
        "recall": f"98.0{SPACE}%",
    }


def test_room_is_written_with_two_digits() -> None:
    assert [scale.size(n) for n in (500, 9.96e8, 1.2e10, 8e12, 1.2e14)] == [
        f"0.5{SPACE}kB", f"1.0{SPACE}GB", f"12{SPACE}GB", f"8.0{SPACE}TB", f"120{SPACE}TB",
    ]  # fmt: skip
