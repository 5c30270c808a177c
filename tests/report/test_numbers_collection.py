"""What is said of a run that is killed, and of its memory."""

from __future__ import annotations

from audionome.report.charts.collection import memory as chart
from audionome.report.numbers import collection

MADE_UP = {
    "many": {"files": 40, "working_mib": [[10, 60.2], [20, 61.0], [40, 59.6]]},
    "killed": {
        "files": 1000, "damaged": 10, "formats": ["wav", "mp3"], "killed_after_s": [12.4, 30.6],
        "rows": 990, "errors": 10,
    },
}  # fmt: skip


def test_what_is_said_is_what_was_measured() -> None:
    told = collection.unkind(MADE_UP)
    assert told["files"].replace("\N{NO-BREAK SPACE}", " ") == "1,000 files"
    assert told["moments"].replace("\N{NO-BREAK SPACE}", " ") == "12 s and 31 s"
    assert (told["times"], told["formats"], told["errors"]) == (2, 2, "10")
    assert (told["least"], told["most"]) == ("60", "61")
    drawn = chart(collection.memory(MADE_UP))
    assert "60 MiB after 10 files, 60 MiB after 40" in drawn.alt
    assert drawn.table["files"].to_list() == ["10", "20", "40"]


def test_the_measured_run_lost_and_doubled_nothing() -> None:
    found = collection.load()
    run = found["killed"]
    assert len(run["killed_after_s"]) >= 3
    assert run["rows"] == run["files"] - run["damaged"] >= 1900
    assert run["errors"] == run["damaged"] >= 20
    points = collection.memory(found)["mib"]
    assert points.max() < 1.25 * points.min()  # flat
