"""The numbers of the chapter on notes, loudness and rhythm, and its charts, of made-up tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audionome._words import share, span
from audionome.audio import SAMPLE_RATE
from audionome.features.onsets import Rhythm
from audionome.lab.studies import beside
from audionome.report import charts
from audionome.report.numbers import rhythm as numbers


@pytest.fixture(scope="module")
def annotated() -> pd.DataFrame:
    """Forty clips: ours always right, librosa never, Essentia half of the time."""
    n = 40
    return pd.DataFrame(
        {
            "track": [f"t{k}" for k in range(n)],
            "artist": np.arange(n),
            "bpm": np.where(np.arange(n) < 38, 120.0, 0.0),
            "probability": np.where(np.arange(n) < 30, 0.9, 0.4),
            "alternative": np.where(np.arange(n) < 10, 60.0, np.nan),
            "covered": True,
            "audionome": "right",
            "alternative_relation": "half",
            "librosa": "double",
            "essentia": ["right", "other"] * (n // 2),
        }
    )


def test_every_verdict_on_tempo_is_told(annotated: pd.DataFrame) -> None:
    everything, judged = beside.tempo_accuracies(annotated), beside.compare_tempi(annotated)
    found = numbers.tempo(everything, judged)
    assert (found["clips"], found["accuracy1"], found["accuracy2"]) == ("40", share(1), share(1))
    assert found["accuracy1_interval"] == span(1, 1)
    assert found["compared"] == (
        "better than all 2 others within 4 %, and better than Essentia's RhythmExtractor2013 and "
        "not told apart from librosa.feature.tempo with a factor forgiven"
    )
    table = numbers.tempo_table(everything, judged)
    assert len(table) == 4
    row = table[table["program"].str.startswith("librosa")].iloc[0]
    assert (row["right"], row["ahead by (points)"]) == (share(0), "100.0")
    assert row["verdict"] == "better"


def test_equals_are_called_neither_better_nor_worse(annotated: pd.DataFrame) -> None:
    same = annotated.assign(audionome=annotated["essentia"]).drop(columns="librosa")
    found = numbers.tempo(beside.tempo_accuracies(same), beside.compare_tempi(same))
    assert found["compared"] == (
        "not told apart from Essentia's RhythmExtractor2013 by both measures"
    )


def test_a_worse_tempo_is_called_worse(annotated: pd.DataFrame) -> None:
    worse = annotated.assign(audionome="other", essentia="right").drop(columns="librosa")
    found = numbers.tempo(beside.tempo_accuracies(worse), beside.compare_tempi(worse))
    assert found["compared"] == "worse than Essentia's RhythmExtractor2013 by both measures"


def test_doubt_is_told_with_its_worth(annotated: pd.DataFrame) -> None:
    found = beside.doubt(annotated)
    assert (found.sure.n, found.unsure.n, found.no_beat) == (30, 10, 2)
    told = numbers.doubt(found)
    assert (told["doubtful"], told["either"]) == (share(0.25), share(1))
    assert told["no_beat"] == "2"
    table = numbers.doubt_table(found)
    assert table["clips"].to_list() == [30, 10, 40, 10, 10]
    assert table["share"].to_list() == [
        told[k] for k in ("sure", "unsure", "doubtful", "first", "either")
    ]


def test_keys_are_told_by_verdict() -> None:
    n = 30
    table = pd.DataFrame(
        {
            "track": [f"t{k}" for k in range(2 * n)],
            "artist": np.arange(2 * n),
            "half": ["choosing"] * n + ["reporting"] * n,
            "audionome": ["exact"] * n + ["fifth up"] * n,
            "essentia": "exact",
        }
    )
    found = beside.compare_keys(table)
    assert found.exact["audionome"].n == n
    told = numbers.key(found)
    assert (told["clips"], told["exact"], told["essentia_exact"]) == ("30", share(0), share(1))
    assert (told["ahead"], told["exact_told"]) == ("−100.0", "Essentia is better")
    assert numbers.key_table(found)["exactly right (%)"].to_list() == [
        "0.0 (95 % interval 0.0 to 0.0)", "100.0 (95 % interval 100.0 to 100.0)",
    ]  # fmt: skip
    assert (told["mirex"], told["mirex_told"]) == ("0.50", "Essentia is better")


def test_equal_keys_cannot_be_told_apart() -> None:
    table = pd.DataFrame(
        {
            "track": [f"t{k}" for k in range(30)],
            "artist": np.arange(30),
            "half": "reporting",
            "audionome": ["exact", "fifth up"] * 15,
            "essentia": ["fifth up", "exact"] * 15,
        }
    )
    told = numbers.key(beside.compare_keys(table))
    assert told["exact_told"] == told["mirex_told"] == "the two cannot be told apart"


def test_tempi_are_counted_by_how_they_lie() -> None:
    beside_written = pd.DataFrame(
        {
            "piece": list("abcd"),
            "written": ["100"] * 4,
            "tempo column": ["100 (right)", "50 (half)", "201 (double)", "117 (neither)"],
            "Audionome": ["100 (right)"] * 3 + ["50 (half)"],
        }
    )
    assert numbers.tempi(beside_written) == {
        "pieces": "4", "column_right": "1", "whole_right": "3",
    }  # fmt: skip


def test_charts_of_tempo(annotated: pd.DataFrame) -> None:
    chart = charts.tempo_methods(beside.tempo_accuracies(annotated, common=True))
    assert chart.table["program"].to_list() == [
        "Audionome", "librosa.feature.tempo", "Essentia's RhythmExtractor2013",
    ]  # fmt: skip
    assert chart.table["within 4 % (%)"].iloc[0] == "100.0 (100.0 to 100.0)"
    assert "Audionome 100.0% and 100.0%" in chart.alt
    clicks = np.zeros(20 * SAMPLE_RATE)
    clicks[:: SAMPLE_RATE // 2] = 1
    chart = charts.tempo_candidates(Rhythm.of(clicks), "clicks")
    assert float(chart.table["candidate (BPM)"].iloc[0]) == pytest.approx(120, rel=0.01)
    assert "120 BPM" in chart.alt
    assert len(chart.figure.data[1].x) == len(chart.table)


def test_charts_without_data_say_so() -> None:
    assert "no results" in charts.tempo_methods(pd.DataFrame()).alt
    silent = Rhythm.of(np.zeros(10 * SAMPLE_RATE))
    assert "no results" in charts.tempo_candidates(silent, "silence").alt
