"""The report's charts and sentences about tempo and key, of made-up tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audionome.audio import SAMPLE_RATE
from audionome.features.onsets import Rhythm
from audionome.lab.studies import beside
from audionome.report import charts
from audionome.report.sentences import rhythm


@pytest.fixture(scope="module")
def tempi() -> pd.DataFrame:
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


def test_the_sentence_tells_every_verdict(tempi: pd.DataFrame) -> None:
    accuracies = beside.tempo_accuracies(tempi)
    said = rhythm.tempo(accuracies, accuracies, beside.compare_tempi(tempi))
    assert "is better than **librosa.feature.tempo** (0.0" in said
    assert "with a factor of two or three forgiven, it cannot be told apart from it (100.0" in said
    assert "is better than **Essentia's RhythmExtractor2013** (50.0" in said
    assert "On 40 clips" in said


def test_the_sentence_of_equals_calls_none_better(tempi: pd.DataFrame) -> None:
    same = tempi.assign(audionome=tempi["essentia"]).drop(columns="librosa")
    accuracies = beside.tempo_accuracies(same)
    said = rhythm.tempo(accuracies, accuracies, beside.compare_tempi(same))
    assert "better" not in said
    assert "worse" not in said


def test_doubt_is_told_with_its_worth(tempi: pd.DataFrame) -> None:
    found = beside.doubt(tempi)
    assert (found.sure.n, found.unsure.n, found.no_beat) == (30, 10, 2)
    assert found.doubtful.estimate == 0.25
    assert found.either.estimate == 1
    assert "For 2 of 40 clips no beat is told" in rhythm.tempo_doubt(found)


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
    assert found.mirex["audionome"].estimate == 0.5
    said = rhythm.key(found)
    assert "ours is worse than it (−100.0 points" in said
    assert "0.50 (0.50 to 0.50) for ours" in said


def test_charts_of_tempo(tempi: pd.DataFrame) -> None:
    chart = charts.tempo_methods(beside.tempo_accuracies(tempi, common=True))
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
