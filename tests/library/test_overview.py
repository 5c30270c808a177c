"""The overview of a collection: what is counted of a table, and what the page holds of it."""

from __future__ import annotations

import csv
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from audionome.collection import overview
from audionome.errors import AudionomeError

HOSTILE = "</script><b>a</b>"


def rows(n: int) -> list[dict[str, Any]]:
    """Answers of which every third is not sure, and every fourth of a genre with an odd name."""
    return [
        {
            "file": f"/music/{k:05d} {HOSTILE}.mp3",
            "status": ("one", "few", "out-of-distribution")[k % 3],
            "genre": HOSTILE if k % 4 == 0 else "hiphop",
            "prediction_set": ("hiphop", "hiphop|jazz", "")[k % 3],
            "confidence": 0.05 + 0.3 * (k % 3),
            "tempo": 60.0 + 20 * (k % 2),
            "duration": 90.0,
            "tags": "rock|guitar" if k % 2 else "",
            "sure": k % 3 != 2,
        }
        for k in range(n)
    ]


def written(path: Path, records: list[dict[str, Any]]) -> Path:
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(records[0]))
            writer.writeheader()
            writer.writerows(records)
    else:
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_every_row_is_counted(tmp_path: Path, suffix: str) -> None:
    found = overview.summed_up(written(tmp_path / f"t{suffix}", rows(12)))
    assert (found.n, found.sure.total(), found.unsure.total()) == (12, 8, 4)
    assert (found.sure["hiphop"], found.unsure[HOSTILE]) == (6, 1)
    assert found.confidence["few"][3] == found.confidence["one"][0] == 4
    assert found.tempi == {6: 6, 8: 6}
    assert found.lengths == {3: 12}
    assert found.tags == {"rock": 6, "guitar": 6}
    assert found.seconds == 12 * 90
    assert [found.rows[k]["answer"] for k in range(3)] == [
        "hip-hop", "hip-hop or jazz", "unlike any music it knows",
    ]  # fmt: skip
    assert found.rows[1]["probability"] == "35%"
    assert (found.rows[1]["BPM"], found.rows[1]["length"]) == ("80", "1:30")


def test_the_page_holds_the_figures_and_no_foreign_element(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = written(tmp_path / "t.jsonl", rows(12))
    errors = [{"file": f"/music/{HOSTILE}{k}", "error": "It is damaged."} for k in range(3)]
    monkeypatch.setattr(overview, "MOST_ROWS", 5)
    monkeypatch.setattr(overview, "MOST_ERRORS", 2)
    out = tmp_path / "o.html"
    overview.write(out, table, errors=written(tmp_path / "e.jsonl", errors), min_confidence=0.2)
    text = out.read_text(encoding="utf-8")
    assert "<b>a" not in text
    said = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\N{NO-BREAK SPACE}", " ")
    assert "12 recordings in t.jsonl, 0.3 hours of music; 3 files could not be read." in said
    assert "33.3 % of the answers are not sure: such an answer names more than three" in said
    assert "its likeliest genre has less than 20%" in said
    for caption in ("Genres", "How sure", "Tempo", "Length", "What is heard most"):
        assert f"<figcaption>{caption}</figcaption>" in text
    assert text.count("/music/0") == 5
    assert "The first 5 of 12; all are in t.jsonl." in said
    assert "The first 2 of 3." in said
    assert "It is damaged." in said


def test_a_table_of_another_program_is_enough(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("genre,file\nPolka,a.mp3\nPolka,b.mp3\nТанго,c.mp3\n", "utf-8")
    overview.write(tmp_path / "o.html", tmp_path / "t.csv")
    text = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert "<figcaption>Genres</figcaption>" in text
    assert "<figcaption>Tempo</figcaption>" not in text
    assert 'aria-label="Files by genre: Polka 2 and Танго 1."' in text
    (tmp_path / "t.csv").write_text("genre,file\n")
    overview.write(tmp_path / "o.html", tmp_path / "t.csv")
    assert "0\N{NO-BREAK SPACE}recordings" in (tmp_path / "o.html").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_told_before(tmp_path: Path) -> None:
    for name, words in (("o.txt", "should end in"), ("no/o.html", "no folder")):
        with pytest.raises(AudionomeError, match=words):
            overview.require(tmp_path / name)
