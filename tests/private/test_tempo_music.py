"""Tempo and key of real clips: what is stored is what the code measures."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest

from audionome import audio
from audionome.features.onsets import DESCRIPTION
from audionome.features.tempo import estimate_tempo
from audionome.lab.studies import key, peers, tempo


@pytest.fixture(scope="module")
def annotated(shared: Path) -> dict[str, float]:
    table = pd.read_csv(shared / "gtzan" / "tempo.csv")
    return dict(zip(table["track"], table["tempo_bpm"], strict=True))


def the_clips_give_the_stored_candidates(clips: list[Path], annotated: dict) -> None:
    stored = tempo.candidates().set_index("track")
    again = tempo.measure(clips[0].parent, {p.stem: annotated[p.stem] for p in clips[::3]})
    assert again["track"].nunique() == len(clips[::3])
    for track, rows in again.groupby("track"):
        same = stored.loc[[track]]
        np.testing.assert_allclose(rows["bpm"], same["bpm"], rtol=1e-6)
        np.testing.assert_allclose(rows[list(DESCRIPTION)], same[list(DESCRIPTION)], atol=1e-3)
        assert rows["relation"].to_list() == same["relation"].to_list()
        assert rows["beat"].to_list() == same["beat"].to_list()


def the_stored_relations_are_to_the_annotations(annotated: dict) -> None:
    stored, others = tempo.load(), peers.load()
    for row in stored.itertuples():
        truth = annotated[row.track]
        assert tempo.relation(row.bpm, truth) == row.audionome
        if row.essentia:
            for name in ("librosa", "librosa_beats", "essentia"):
                assert tempo.relation(others.loc[row.track, name], truth) == getattr(row, name)


def a_learned_clip_has_its_annotated_tempo(clips: list[Path], annotated: dict) -> None:
    # The shipped trees have learned from these.
    told = [
        tempo.relation(estimate_tempo(audio.load(p)).bpm, annotated[p.stem]) for p in clips[::2]
    ]
    assert told.count("right") >= 0.8 * len(told)


def librosa_says_what_is_stored(clips: list[Path]) -> None:
    stored = peers.load()
    for path in clips[::10]:
        samples = audio.load(path)
        found = float(librosa.feature.tempo(y=samples, sr=audio.SAMPLE_RATE)[0])
        assert found == pytest.approx(stored.loc[path.stem, "librosa"], rel=1e-3)


def the_stored_keys_are_measured_again(clips: list[Path]) -> None:
    stored = key.load().set_index("track")
    for path in [p for p in clips if p.stem in stored.index][::5]:
        assert key.estimate_key(audio.load(path)).reliable == stored.loc[path.stem, "reliable"]


def test_what_is_stored_of_tempo_and_key_is_measured_again(
    clips: list[Path], annotated: dict
) -> None:
    the_clips_give_the_stored_candidates(clips, annotated)
    the_stored_relations_are_to_the_annotations(annotated)
    a_learned_clip_has_its_annotated_tempo(clips, annotated)
    the_stored_keys_are_measured_again(clips)
    librosa_says_what_is_stored(clips)
