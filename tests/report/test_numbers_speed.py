"""The numbers of the chapter on speed, of timings in round numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from audionome.lab import store
from audionome.report.numbers import speed

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def found() -> store.Benchmark:
    def rows(**seconds: float) -> pd.DataFrame:
        return pd.DataFrame({"seconds": seconds, "peak_mb": dict.fromkeys(seconds, 120.4)})

    return store.Benchmark(
        machine={"processor": "Abacus", "cores": 2, "memory_gb": 8, "system": "Linux",
                 "python": "3.12.1"},
        extractors=rows(audionome=0.1, level_free=0.02, extended=0.04, ear=0.2, librosa=1.2,
                        essentia=2.0),
        lengths=pd.DataFrame(),
        workers=pd.DataFrame(
            {"clips": [4, 4, 16, 16], "workers": [1, 2, 1, 2],
             "clips_per_second": [10.0, 12.0, 10.0, 19.0]}
        ),
        answers=rows(first=3.0, second=1.0, warm=0.2, warm_extended=0.1, ten_minutes=4.0,
                     two_hours=40.0),
    )  # fmt: skip


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
