"""What the report says of others, and what it once said and may not say again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from audionome.lab.ladder import study_table
from audionome.lab.store import load
from audionome.report import charts

ROOT = Path(__file__).resolve().parents[2]
AUTHORS = ("Stijnen", "Delaere")


def prose(path: Path) -> str:
    """Text of a page, or of the module, in one line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    elif path.suffix == ".py":
        text = re.sub(r'"\s*\n\s*f?"', "", text)  # strings that go on in the next line
    return " ".join(text.split())


SOURCES = sorted(
    [
        *(ROOT / "book").glob("*.md"),
        *(ROOT / "notebooks").glob("*.ipynb"),
        *(ROOT / "audionome").rglob("*.py"),
        ROOT / "README.md",
        ROOT / "CITATION.cff",
    ]
)


def test_the_study_is_credited_to_its_authors() -> None:
    for name in ("README.md", "CITATION.cff", "book/index.md", "book/problem.md"):
        text = prose(ROOT / name)
        assert all(author in text for author in AUTHORS), name
    assert "VIVES University of Applied Sciences" in prose(ROOT / "book/problem.md")
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    assert "Stijnen, Simon and Delaere, Lynn" in bibliography
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["references"]
    assert [a["family-names"] for a in cited[0]["authors"]] == list(AUTHORS)
    chart = charts.study_and_ours(study_table(load().scores))
    assert "Stijnen and Delaere" in chart.table.columns
    assert "Stijnen and Delaere" in chart.caption


def test_the_uploader_of_the_tables_is_credited_with_the_tables_alone() -> None:
    places = [path.name for path in SOURCES if "olteanu" in prose(path)]
    assert places == ["problem.md"]  # there, also the address of a notebook that the study names
    (before,) = re.findall(r"([^.]*)\{cite:p\}`olteanu2020`", prose(ROOT / "book/problem.md"))
    assert before.endswith("tables of features that come with the copy of GTZAN on Kaggle ")


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (r"clos(es|ing) (a|one such|such a) leak", "a rung changes more than one thing"),
        (r"number to expect|rungs are the ones to expect", "music from elsewhere may be harder"),
        (r"strangers, as you will", "a reader's music is not GTZAN's"),
        (r"about five points|five points either way", "an interval over artists is wider"),
        (r"not by the test that you see", "the validation folds hold the same clips"),
        (r"GTZAN alone is not ahead", "it was not measured"),
        (r"Nothing leaks", "nobody knows"),
        (r"(list|split)[^.]{0,60}(repeated, )?mislabelled or broken", "a list of repetitions"),
        (r"leaves? out (the )?(known|listed) faults", "a list of repetitions"),
        (r"does not find them|people (have|had) (marked|found)[^.]{0,20} fault", "no such list"),
        (r"tests badly, whatever the model", "it was not measured"),
    ],
)
def test_what_was_withdrawn_stays_away(claim: str, why: str) -> None:
    found = [path.name for path in SOURCES if re.search(claim, prose(path), re.IGNORECASE)]
    assert not found, f"{found}: {why}"


def test_intervals_draw_artists_on_every_page() -> None:
    for path in (p for p in SOURCES if "lab" not in p.parts):
        assert not re.search(r"(intervals?|bootstrap)[^.]{0,80}\b(over|draws?) (the )?tracks",
                             prose(path), re.IGNORECASE), path.name  # fmt: skip
    for name in ("book/index.md", "notebooks/results.ipynb"):
        assert "draw whole artists" in prose(ROOT / name), name
