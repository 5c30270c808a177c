"""Figures of the literature: each stands in the words of its source, and names its protocol."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import norm

from audionome.datasets import gtzan
from audionome.lab import literature
from audionome.lab.estimators import MODELS
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.store import StaleResultsError

ROOT = Path(__file__).parents[2]
TABLE = literature.load()
NUMBER = re.compile(r"\d+(?:\.\d+)?k?")
BIB = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")


def entry(key: str) -> str:
    """The entry of a work in the bibliography, in plain letters."""
    found = re.search(rf"^@\w+\{{{key},\n(.*?)^\}}", BIB, re.MULTILINE | re.DOTALL)
    assert found, key
    return re.sub(r"\\'|[{}]", "", found[1])


#: Of key, value, n and fragment of all rows. Whoever changes one looks it up again, and then this.
DIGEST = "e0983f7961d05892"


def digest(table: pd.DataFrame) -> str:
    """The first digits of what a figure is and where it stands."""
    told = table[["key", "value", "n", "fragment"]].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def test_no_figure_changes_unnoticed() -> None:
    assert digest(TABLE) == DIGEST
    for column in ("value", "n", "fragment"):
        spoilt = TABLE.copy()
        spoilt.loc[spoilt["key"] == "vggish", column] = "71.38"
        assert digest(spoilt) != DIGEST


def test_the_models_name_the_figures_of_the_study() -> None:
    printed = TABLE.set_index("key")["value"]
    for name, model in MODELS.items():
        if model.study_accuracy is not None:
            assert f"{100 * model.study_accuracy:.2f}" == printed[f"study_{name}"], name
    assert printed.index.str.startswith("study_").sum() == 7


@pytest.mark.parametrize("row", TABLE.to_dict("records"), ids=TABLE["key"])
def test_the_number_stands_in_the_words_of_its_source(row: dict[str, str]) -> None:
    # It is the only number there, so that no other one can take its place.
    assert NUMBER.findall(row["fragment"]) == [row["value"]]


def test_every_figure_says_where_it_was_read() -> None:
    assert TABLE["key"].is_unique
    assert TABLE["key"].str.fullmatch(r"[a-z][a-z0-9_]+").all()
    assert set(TABLE["checked"]) <= set(literature.CHECKED)
    assert set(TABLE["unit"]) <= {"per cent", "share", "count"}
    for column in ("value", "says", "by", "work", "place", "fragment"):
        assert (TABLE[column] != "").all(), column
    assert TABLE["url"].str.match(r"https://\S+$").all()
    for row in TABLE.to_dict("records"):
        work = entry(row["work"])
        author, year = row["by"].split()[0], row["by"].split()[-1]
        assert re.sub("é", "e", author) in re.sub("é", "e", work), row["key"]
        assert re.search(rf"year\s*=\s*{year}", work), row["key"]


def test_accuracies_tell_their_protocol_and_family() -> None:
    rows = literature.accuracies(TABLE)
    assert len(rows) > 10
    assert set(rows["family"]) == {"from scratch", "pretrained"}
    assert (rows[["model", "learned from", "protocol"]] != "").all(axis=None)
    named = rows["comparable with"][rows["comparable with"] != ""]
    assert set(named) <= set(PROTOCOLS)
    # What is not an accuracy on a known number of clips does not appear.
    assert not rows["key"].isin(["listeners_accuracy", "msd_songs", "gtzan_replicas"]).any()


def test_the_fault_filtered_split_is_the_one_that_we_use() -> None:
    cited = TABLE.set_index("key")["value"]
    split = gtzan.load().tracks["fault_filtered"].value_counts()
    for part in ("train", "valid", "test"):
        assert int(cited[f"fault_filtered_{part}"]) == split[part]
    rows = literature.accuracies(TABLE)
    assert set(rows.loc[rows["protocol"] == "fault-filtered", "n"]) == {split["test"]}


def test_a_share_of_290_clips_is_a_whole_number_of_clips() -> None:
    """A slip that hits value and fragment alike shows here: most shares of 290 clips cannot be."""
    rows = literature.accuracies(TABLE)
    rows = rows[(rows["protocol"] == "fault-filtered") & (rows["checked"] != "read off a chart")]
    for row in rows.to_dict("records"):
        unit = 10.0 ** -len(row["value"].split(".")[1]) / 100
        near = abs(round(row["accuracy"] * row["n"]) / row["n"] - row["accuracy"]) < unit
        # OpenL3's is printed so; 216 and 217 of 290 would be 74.48 % and 74.83 %.
        assert near == (row["key"] != "openl3"), row["key"]


def test_the_interval_is_wilsons() -> None:
    row = literature.accuracies(TABLE).set_index("key").loc["vggish"]
    z, n, p = norm.ppf(0.975), 290, round(0.7758 * 290) / 290
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    assert (row["low"], row["high"]) == pytest.approx((middle - half, middle + half))


def test_counts_and_shares_are_read_as_they_are_printed() -> None:
    assert literature.amount("200k", "count") == 200_000
    assert literature.amount("53.44", "per cent") == pytest.approx(0.5344)
    assert literature.amount("0.890", "share") == pytest.approx(0.89)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StaleResultsError, match="literature"):
        literature.load(tmp_path / "literature.csv")


def test_nothing_is_left_of_a_row_without_clips() -> None:
    one = pd.DataFrame([TABLE.iloc[0].to_dict() | {"n": ""}])
    assert literature.accuracies(one).empty
