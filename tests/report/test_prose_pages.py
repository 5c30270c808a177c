"""What the prose pages owe the study: its people, projects, goals, audiences and tools.

And what they may not do: set accuracies beside each other that are about different tracks.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

from audionome.features import COLUMNS, LEVEL_FREE
from audionome.lab import model_card
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import Verdict
from audionome.lab.deep import results as deep
from audionome.lab.model_card import Comparison
from audionome.report.hero import Rung, ladder_of_ten
from audionome.report.numbers import prose

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("index", "problem", "conclusion", "tools", "usage")

PROJECTS = (
    "Work w/ Audio Data: Visualise, Classify, Recommend",
    "Music Genre Classification using Machine Learning",
    "Let's tune🎧the music🎵🎶with CNN🎼XGBoost🎷🎸🎻🎺",
    "Music Genre Classification: Training an AI model",
    "Music Genre Classification",
)
AUDIENCES = ("streaming services", "researchers", "collection", "creators", "educators")
GOALS = ("GTZAN", "app", "different audio", "deep learning")
DIFFICULTIES = ("features matter", "overlap", "change")
TOOLS = (
    "Python", "Jupyter", "scikit-learn", "pandas", "NumPy", "Matplotlib", "Seaborn", "librosa",
    "IPython", "pickle", "Streamlit", "Docker", "3.12.9", "8501", "requirements.training.txt",
    "laptop",
)  # fmt: skip


def text(page: str) -> str:
    return (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(
        r"^## ", text(page).split(f"## {heading}\n")[1], maxsplit=1, flags=re.MULTILINE
    )[0]


def rows(markdown: str) -> list[list[str]]:
    """Cells of the rows of all tables, without their heads."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    heads = {
        i for i, line in enumerate(lines) for i in (i, i - 1) if re.fullmatch(r"[|\s-]+", line)
    }
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for i, line in enumerate(lines)
        if i not in heads
    ]


# -- the study ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["index", "problem"])
def test_the_authors_are_named_with_their_school_and_course(page: str) -> None:
    plain = " ".join(text(page).split())
    for words in ("Simon Stijnen and Lynn Delaere", "VIVES University of Applied Sciences",
                  "AI Machine Learning"):  # fmt: skip
        assert words in plain


def test_the_five_projects_are_named_linked_and_weighed() -> None:
    table = rows(section("problem", "The five projects behind the study"))
    assert len(table) == 5
    for name, (project, does, lacks) in zip(PROJECTS, table, strict=True):
        assert re.match(r"\[(.*?)\]\(https://\S+\)", project)[1] == name  # type: ignore[index]
        assert len(does) > 40
        assert len(lacks) > 40


def test_each_audience_has_a_row_in_both_pages() -> None:
    asked = rows(section("problem", "Who needs it"))
    answered = rows(section("conclusion", "The five audiences"))
    for table in (asked, answered):
        assert len(table) == len(AUDIENCES)
        for word, row in zip(AUDIENCES, table, strict=True):
            assert word in row[0]
            assert all(row)


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [("The four goals", GOALS), ("The questions behind them", DIFFICULTIES)],
)
def test_each_goal_and_difficulty_has_a_row(heading: str, wanted: tuple[str, ...]) -> None:
    table = rows(section("conclusion", heading))
    assert len(table) == len(wanted)
    for word, (name, where, found, still_open) in zip(wanted, table, strict=True):
        assert word in name
        assert re.search(r"\]\(\S+(\.ipynb|\.md)", where), "leads nowhere"
        assert len(found) > 40
        assert len(still_open) > 20


def test_the_tools_of_the_study_are_answered() -> None:
    table = section("tools", "The study's tools, and ours")
    assert [tool for tool in TOOLS if tool not in table] == []


def test_the_tables_hold_neither_contrast_nor_tonnetz_as_the_problem_says() -> None:
    assert not [name for name in COLUMNS if "contrast" in name or "tonnetz" in name]
    assert "spectral contrast and tonnetz. They do not" in " ".join(text("problem").split())


def test_what_the_conclusion_says_helped_did() -> None:
    released, fair = model_card.load(), "artist-grouped"
    found = model_card.comparisons(released, protocols=(fair, model_card.ELSEWHERE[0]))
    assert {two.verdict.word for two in found.values()} == {"better"}
    assert len(found) == 4
    small = deep.from_scratch(deep.load(), released.of("extended", fair), fair)
    assert small.verdict.word == "worse"


# -- accuracies on the same tracks --------------------------------------------------------


def judged_on() -> dict[str, tuple[str, int]]:
    """By the name of an accuracy: the protocol, and how many answers were judged."""
    found = {}
    scores = pd.read_parquet(ROOT / "data" / "results" / "scores.parquet")
    for row in scores[scores["split"] == "test"].astype({"n": int}).to_dict("records"):
        key = "_".join(str(row[k]) for k in ("model", "variant", "level", "protocol"))
        found[key.replace("-", "_")] = row["protocol"], row["n"]
    for path in (ROOT / "data" / "models").glob("*.json"):
        for protocol, row in json.loads(path.read_text()).get("evaluation", {}).items():
            found[f"{path.stem}_{protocol}".replace("-", "_")] = protocol, row["n"]
    both, outside = ("artist-grouped", 856), ("leave-one-source-out", 441)
    for one, other in (("extended", "classic"), ("ear", "extended"), ("cnn", "extended")):
        for end, name in (("one", one), ("other", other)):
            found[f"{name}_of_{one}_beside_{other}_{end}"] = both
            found[f"{name}_of_{one}_beside_{other}_elsewhere_{end}"] = outside
    return found


def accuracies(page: str) -> list[str]:
    """The accuracies that a page names, each under a name that begins with its model."""
    found = set(re.findall(r"\{\{ (?!lit_)(\w+)_accuracy \}\}", text(page)))
    for key, one, other, end in re.findall(
        r"\{\{ ((\w+?)_beside_([a-z]+)(?:_elsewhere)?_(one|other)) \}\}", text(page)
    ):
        found.add(f"{one if end == 'one' else other}_of_{key}")
    return sorted(found)


def of_different_tracks(names: list[str]) -> list[tuple[str, str]]:
    """Pairs of accuracies, of two models by one protocol, that different tracks gave."""
    about = judged_on()
    return [
        (a, b)
        for a in names
        for b in names
        if a < b
        and a.split("_")[0] != b.split("_")[0]
        and about[a][0] == about[b][0]
        and about[a][1] != about[b][1]
    ]


@pytest.mark.parametrize("page", PAGES)
def test_no_two_models_are_set_beside_each_other_on_different_tracks(page: str) -> None:
    assert of_different_tracks(accuracies(page)) == []


def test_the_pages_name_accuracies() -> None:
    assert len(accuracies("problem")) == 7
    assert "classic_of_extended_beside_classic_other" in accuracies("conclusion")
    assert "svc_study_window_wild" in accuracies("conclusion")


def test_the_comparison_that_was_once_made_is_noticed() -> None:
    names = ["extended_artist_grouped", "logistic_study_track_artist_grouped"]
    assert of_different_tracks(names) == [tuple(names)]


# -- numbers ------------------------------------------------------------------------------


def compared(gap: float, word: Any) -> Comparison:
    """Two made-up models on four tracks."""
    one, other = (ConfidenceInterval(x, x - 0.1, x + 0.1, 4, 4) for x in (0.5 + gap, 0.5))
    between = ConfidenceInterval(gap, gap - 0.1, gap + 0.1, 4, 4)
    return Comparison("a", "b", one, other, Verdict(word, between, 0.01), 1, 0)


@pytest.mark.parametrize(
    ("gap", "word", "said"),
    [
        (0.25, "better", "is better than"),
        (-0.25, "worse", "is worse than"),
        (0.05, "cannot be told apart", "cannot be told apart from"),
    ],
)
def test_two_models_are_told_with_their_verdict(gap: float, word: str, said: str) -> None:
    told = prose.beside("x", compared(gap, word))
    assert told["x_verdict"] == said
    assert told["x_gap"] == f"{100 * abs(gap):.1f}"
    assert told["x_n"] == "4"
    assert told["x_one"].split()[0] == f"{50 + 100 * gap:.1f}"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("better", "does better"),
        ("worse", "does worse"),
        ("cannot be told apart", "does neither better nor worse"),
    ],
)
def test_the_level_is_told_with_its_verdict(word: str, said: str) -> None:
    share = ConfidenceInterval(0.5, 0.4, 0.6, 10, 10)
    made: Any = SimpleNamespace(
        with_level=share, without_level=share, n_columns=57, n_level_free=50,
        gain=SimpleNamespace(word=word),
    )  # fmt: skip
    assert prose.level(made)["level_verdict"] == said
    assert prose.level(made)["level_columns"] == "7"


def test_loudness_is_named_only_where_all_columns_depend_on_it() -> None:
    groups, labels = ["tempo", "rms_mean,rms_var"], ["tempo", "rms_mean and 1 more"]
    table = pd.DataFrame({"group": groups, "label": labels, "drop": [0.1, 0.2]})
    assert (
        prose.importance(table, LEVEL_FREE)["importance_group"] == "loudness (rms_mean and 1 more)"
    )
    assert prose.importance(table.head(1), LEVEL_FREE)["importance_group"] == "tempo"
    assert prose.importance(table.head(1), LEVEL_FREE)["importance_points"] == "10.0"


def test_artists_and_missing_audio_are_counted() -> None:
    tracks = pd.DataFrame({"genre": ["disco", "disco", "rock"], "artist": [1, 1, 2],
                           "measured": [True, False, True]})  # fmt: skip
    told = prose.dataset(tracks)
    assert told["n_artists"] == "2"
    assert (told["n_measured"], told["n_unmeasured"]) == ("2", "1")
    assert (told["n_disco"], told["n_reggae"]) == ("1", "0")


def test_one_name_means_one_thing() -> None:
    assert prose.gathered([{"a": "1"}, {"a": "1", "b": "2"}]) == {"a": "1", "b": "2"}
    with pytest.raises(KeyError, match="both '1' and '2'"):
        prose.gathered([{"a": "1"}, {"a": "2"}])


# -- the picture of the home page ---------------------------------------------------------


def drawn(accuracy: float) -> Tag:
    rung = Rung("Asked & <told>", accuracy, 0.1, 0.9, 1234, "x_accuracy")
    return BeautifulSoup(ladder_of_ten([rung], "One model"), "html.parser")


@pytest.mark.parametrize(
    ("accuracy", "right", "part", "wrong"),
    [(0.0, 0, 0, 10), (0.91, 9, 1, 0), (0.532, 5, 1, 4), (0.3, 3, 0, 7), (1.0, 10, 0, 0)],
)
def test_as_many_records_are_full_as_answers_are_right(
    accuracy: float, right: int, part: int, wrong: int
) -> None:
    page = drawn(accuracy)
    kinds = [len(page.select(f"g.record.{kind}")) for kind in ("right", "part", "wrong")]
    assert kinds == [right, part, wrong]


def test_a_record_is_full_in_part_up_to_the_accuracy() -> None:
    (clip,) = drawn(0.532).select("clipPath rect")
    assert float(str(clip["width"])) == pytest.approx(0.32 * 34)


def test_the_picture_tells_its_numbers_in_words_and_in_a_table() -> None:
    page = drawn(0.532)
    assert "53.2" in str(page.select_one("svg")["aria-label"])  # type: ignore[index]
    cells = [cell.get_text() for cell in page.select("tbody td")]
    assert cells[0] == "Asked & <told>"
    assert cells[-1] == "1,234"
    assert "\n" not in ladder_of_ten([Rung("a", 0.5, 0.4, 0.6, 1, "b")], "c")
