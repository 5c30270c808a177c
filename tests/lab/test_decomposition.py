"""What the step to the fault-filtered split is made of: sets that are what they say, and sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toy

from audionome import files
from audionome.lab import estimators
from audionome.lab.studies import decomposition

MODELS = (("knn", "study"),)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    own = toy.rows()
    return own[own["domain"] == "gtzan"].reset_index(drop=True)


@pytest.fixture(scope="module")
def found(rows: pd.DataFrame) -> pd.DataFrame:
    return decomposition.outcomes(rows, models=MODELS, draws=3)


def test_every_training_set_tests_what_it_should(rows: pd.DataFrame, found: pd.DataFrame) -> None:
    tracks = rows.drop_duplicates("track").set_index("track")
    published = set(tracks.index[tracks["fault_filtered"] == "test"])
    tested = {name: set(part["track"]) for name, part in found.groupby("training")}
    assert tested.pop("whole") == set(tracks.index)
    assert set(tested) == {"thinned", "unlisted", "small", "published"}
    assert all(names == published for names in tested.values())
    assert not found.duplicated(["training", "track"]).any()
    draws = found.groupby("training")["draws"].unique().map(list).to_dict()
    assert draws == {
        "whole": [1], "thinned": [3], "unlisted": [1], "small": [3], "published": [1]
    }  # fmt: skip
    np.testing.assert_array_equal(found["artist"], tracks.loc[found["track"], "artist"])


def test_sets_that_are_compared_are_equally_large(rows: pd.DataFrame, found: pd.DataFrame) -> None:
    size = found.pivot_table(index="track", columns="training", values="n_train").dropna()
    assert (size["thinned"] == size["unlisted"]).all()
    assert (size["small"] == size["published"]).all()
    assert (size["whole"] > size["unlisted"]).all()
    tracks = rows.drop_duplicates("track")
    assert (size["published"] == (tracks["fault_filtered"] == "train").sum()).all()


def test_the_whole_set_is_the_ladders(rows: pd.DataFrame, found: pd.DataFrame) -> None:
    """The rung itself, fitted and counted without the study."""
    from audionome.lab.protocols import PROTOCOLS
    from audionome.lab.studies import _fits

    data = _fits.Rows.of(rows)
    protocol = PROTOCOLS["artist-grouped"]
    right = []
    for fold in protocol.parts(rows, rows["genre"].to_numpy(str), protocol.groups_of(rows)):
        model = estimators.MODELS["knn"].make("study")
        model.fit(data.X[fold.train], data.genres[fold.train])
        right.append(_fits.correct(model, data.X[fold.test], data.genres[fold.test],
                                   data.tracks[fold.test]))  # fmt: skip
    whole = found[found["training"] == "whole"].set_index("track")["right"]
    pd.testing.assert_series_equal(
        pd.concat(right).sort_index(), whole.sort_index(), check_names=False, check_dtype=False
    )


def test_an_interrupted_study_goes_on(
    rows: pd.DataFrame, found: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def stop(n: int, _: int) -> None:
        done.append(n)
        if n == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decomposition.outcomes(rows, models=MODELS, draws=3, folder=tmp_path, progress=stop)
    fits = []
    tried = decomposition._tried
    monkeypatch.setattr(decomposition, "_tried", lambda *a: fits.append(a) or tried(*a))
    again = decomposition.outcomes(rows, models=MODELS, draws=3, folder=tmp_path)
    assert len(fits) == 11 - 4
    pd.testing.assert_frame_equal(again, found, check_dtype=False)
    assert not list(tmp_path.iterdir())
    # Another number of draws is another study.
    files.Parts(tmp_path / ".unfinished-decomposition")
    other = decomposition.outcomes(rows, models=MODELS, draws=1, folder=tmp_path)
    assert set(other["draws"]) == {1}


def outcomes(shares: dict[str, float], *, tracks: int = 100) -> pd.DataFrame:
    """Of so many tested tracks the first are right, each by an artist of its own."""
    parts = []
    for training, share in shares.items():
        n = 2 * tracks if training == "whole" else tracks
        draws = 10 if training in ("thinned", "small") else 1
        right = (np.arange(n) % tracks < round(share * tracks)).astype(int) * draws
        if training == "whole":  # none of the tracks that only this rung tests
            right[tracks:] = 0
        parts.append(
            pd.DataFrame(
                {"model": "svc", "variant": "study", "training": training, "fold": 0,
                 "track": [f"t{i:03d}" for i in range(n)], "artist": range(n),
                 "right": right, "draws": draws,
                 "n_train": 50 if training in ("small", "published") else 90}
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_the_steps_add_up_and_each_is_its_own() -> None:
    shares = {"whole": 0.9, "thinned": 0.85, "unlisted": 0.86, "small": 0.6, "published": 0.58}
    table = decomposition.summarise(outcomes(shares)).set_index("step")
    assert tuple(table.index) == (*decomposition.STEPS, "all")
    assert table["cost"].to_dict() == pytest.approx(
        {
            "tested": 0.45 - 0.9,  # the others are all wrong
            "listed": 0.85 - 0.86,
            "size": (0.9 - 0.85) + (0.86 - 0.6),
            "choice": 0.6 - 0.58,
            "all": 0.45 - 0.58,
        }
    )
    assert table.loc[list(decomposition.STEPS), "cost"].sum() == pytest.approx(
        table.loc["all", "cost"]
    )
    assert table["verdict"].to_dict() == {
        "tested": "worse",
        "listed": "cannot be told apart",
        "size": "better",
        "choice": "cannot be told apart",
        "all": "worse",
    }
    assert (table.loc["size", "before"], table.loc["size", "after"]) == (90, 50)
