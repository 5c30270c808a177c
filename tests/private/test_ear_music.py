"""What the ear heard of real clips is what is committed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audionome._paths import data_path
from audionome.lab.ear import clips as room
from audionome.lab.ear import training
from audionome.models import head as heads
from audionome.models.ear import Ear


def committed_rows_are_what_the_ear_hears(clips: list[Path], at: int) -> None:
    heard = training.load_heard()
    found = room.heard(clips[at])
    rows = np.flatnonzero(heard.column("clip") == clips[at].stem)
    assert len(rows) == len(found)
    for row, (excerpt, start, seconds, windows, mean, spread) in zip(rows, found, strict=True):
        told = heard.rows.iloc[row]
        assert (told["excerpt"], told["windows"]) == (excerpt, windows)
        assert told["start"] == pytest.approx(start, abs=1e-3)
        assert told["seconds"] == pytest.approx(seconds, abs=1e-3)
        # The table keeps three digits.
        np.testing.assert_allclose(heard.mean[row], mean, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(heard.spread[row], spread, rtol=2e-3, atol=2e-3)


def the_index_holds_what_the_ear_hears(clips: list[Path]) -> None:
    found = heads.read(data_path("models"), "ear")
    heard, ear = training.load_heard(), Ear.load()
    rows = np.concatenate(list(ear.measure(room.audio.WindowStream(clips[3]).pieces())))
    vector = found.head.standardised(found.head.clip_vector(rows))
    near = found.index.nearest(vector, n=1)[0]
    assert (near.track, near.similarity > 0.99) == (clips[3].stem, True)
    (row,) = np.flatnonzero(
        (heard.column("clip") == clips[3].stem) & (heard.rows["excerpt"] == 0).to_numpy()
    )
    committed = heard.vectors(found.head, np.array([row]))[0]
    np.testing.assert_allclose(found.head.clip_vector(rows), committed, rtol=5e-3, atol=5e-3)


def test_what_is_committed_is_what_the_ear_hears(clips: list[Path]) -> None:
    for at in (0, 11, 22):
        committed_rows_are_what_the_ear_hears(clips, at)
    the_index_holds_what_the_ear_hears(clips)
