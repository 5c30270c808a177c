"""Files that people really have: made from two real clips, answered as a user would have it."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from needs import unmet

TOOLS = ("ffmpeg", "sox", "flac", "lame")

#: What must be said about a file, and about no other.
NOTES = {
    "aac_mixed_chan.aac": {"changing"},
    "aac_mixed_rate.aac": {"changing"},
    "antiphase.wav": {"cancelling"},
    "antiphase90.wav": {"cancelling"},
    "chained_mixed.ogg": {"changing"},
    "flac_hole.flac": {"damaged"},
    "flac_one_bit.flac": {"damaged"},
    "flac_trunc.flac": {"cut"},
    "m4a_faststart_trunc.m4a": {"cut"},
    "m4a_first_track_silent.m4a": {"track"},
    "mp3_bitrot.mp3": {"damaged"},
    "mp3_hole.mp3": {"damaged"},
    "mp3_mixed_chan.mp3": {"changing"},
    "mp3_mixed_rate.mp3": {"changing"},
    "mulaw.wav": {"low_rate"},
    "speex.spx": {"low_rate"},
}
#: Files that hold no sound that can be decoded.
NOTHING = {
    "._base.mp3",
    "m4a_trunc_no_moov.m4a",
    "mp3_id3_only.mp3",
    "mp3_id3_size_lies.mp3",
    "mp3_no_audio.mp3",
}

ANSWER = """
import json, re, sys, time
from pathlib import Path
import audionome
for path in sys.argv[1:]:
    start = time.monotonic()
    try:
        said = audionome.classify(path)
        found = {"genre": said.genre, "status": said.status, "seconds": said.duration,
                 "notes": {note.kind: note.text for note in said.notes}}
    except audionome.audio.AudioError as error:
        found = {"error": str(error)}
    print(json.dumps({"file": path, "took": time.monotonic() - start, **found}))
# Not getrusage: its peak is that of the process before, too.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) / 1024, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def found(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, dict[str, Any]], str]:
    """What is said about every file, and what the process printed besides."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        unmet("audio", f"needs {', '.join(missing)} to make the files")
    folder = tmp_path_factory.mktemp("cases")
    make = shared / "cases" / "make_cases.py"
    subprocess.run([sys.executable, make, folder], check=True, capture_output=True)
    files = sorted(str(path) for path in folder.iterdir())
    assert len(files) > 90
    done = subprocess.run([sys.executable, "-c", ANSWER, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    records = map(json.loads, done.stdout.splitlines())
    return {Path(record["file"]).name: record for record in records}, done.stderr


def test_files_of_all_kinds_are_answered_and_told_about(
    found: tuple[dict[str, dict[str, Any]], str], shared: Path
) -> None:
    answers, printed = found
    with (shared / "cases" / "expected.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    for case in expected:
        got = answers[case["file"]]
        if case["seconds"]:
            assert got["seconds"] == pytest.approx(float(case["seconds"]), abs=0.6), got
        if case["genre"]:
            assert got["genre"] == case["genre"], got
    # All others are the one clip, whole, in another container.
    for name, got in answers.items():
        assert ("error" in got) == (name in NOTHING), got
        low = "low_rate" in got.get("notes", {})
        assert "error" in got or low or got["genre"] == "metal", got
        if "error" in got:
            assert f'"{name}"' in got["error"]
            assert got["error"].endswith(".")
        else:
            assert set(got["notes"]) - {"learned"} == NOTES.get(name, set()), got
    assert "the first 14.9 s" in answers["flac_trunc.flac"]["notes"]["cut"]
    assert max(got["took"] for got in answers.values()) < 20
    # Nothing but this figure is printed, by no library either.
    assert float(printed) < 600
