"""What the chapter on principal components is told, and the small example that it computes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import toy
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from audionome import _words as words
from audionome.datasets import gtzan
from audionome.lab import compare, exploration
from audionome.report import tables
from audionome.report.numbers import pca

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "pca.ipynb"


def line() -> pd.DataFrame:
    x = np.arange(12.0)
    return pd.DataFrame({"track": x, "genre": "rock", "artist": x, "a": x, "b": -1000 * x + 7})


def test_without_scaling_the_largest_unit_wins() -> None:
    told = pca.unscaled(exploration.principal(line(), scale=False))
    assert told == {
        "raw_share": "100.0\N{NO-BREAK SPACE}%", "raw_feature": "`b`", "raw_weight": "1.00"
    }  # fmt: skip


def test_components_are_counted() -> None:
    told = pca.components(exploration.principal(line()))
    assert told["first"] == told["both"] == "100.0\N{NO-BREAK SPACE}%"
    assert [told[k] for k in ("n_50", "n_80", "n_95", "n_components")] == ["1", "1", "1", "2"]
    told = pca.heaviest(exploration.principal(line()))
    assert (told["pc1_kind"], told["pc1_share"]) == ("means", "100.0\N{NO-BREAK SPACE}%")
    assert told["pc1_largest"] == "50.0\N{NO-BREAK SPACE}%"


def test_the_four_operations_of_standardisation_are_columns() -> None:
    tracks = line().assign(track=[f"t{i}" for i in range(12)])
    table = tables.standardised_table(exploration.standardised(tracks, ["a", "b"]))
    assert table.iloc[0].to_list() == ["a", "0.000", "5.50", "−5.50", "3.45", "−1.59"]
    scaler = StandardScaler().fit(tracks[["b"]].to_numpy())
    assert table.iloc[1, -1] == f"{scaler.transform([[7.0]])[0, 0]:.2f}"


def code_of_the_example() -> list[str]:
    """The visible code of the notebook: what a reader follows."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells
            if c["cell_type"] == "code" and not c["metadata"].get("tags")]  # fmt: skip


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    tracks = exploration.track_means(gtzan.load())
    space: dict[str, Any] = {"np": np, "pd": pd, "tracks": tracks}
    for source in code_of_the_example():
        exec(source, space)
    return space


def test_the_lines_on_the_page_are_pca(example: dict[str, Any]) -> None:
    six, ours = example["six"].to_numpy(), example["P"].to_numpy()
    assert six.shape == ours.shape == (6, 3)
    z = StandardScaler().fit_transform(six)
    np.testing.assert_allclose(example["Z"], z, atol=1e-12)
    np.testing.assert_allclose(example["C"], np.corrcoef(six.T), atol=1e-12)
    check = PCA().fit(z)
    np.testing.assert_allclose(np.abs(ours), np.abs(check.transform(z)), atol=1e-9)
    shares = example["axes"].loc["share of the variance"]
    np.testing.assert_allclose(shares, check.explained_variance_ratio_, atol=1e-9)
    told = pca.agreement(ours, example["theirs"])
    assert told["agreement"] == "finds the same numbers"
    told = pca.example(example["six"], example["C"], example["values"])
    assert (told["example_tracks"], told["example_features"]) == ("6", "3")


def test_a_projection_that_differs_is_told() -> None:
    ours = np.array([[1.0, 2.0], [3.0, -4.0]])
    assert pca.agreement(ours, ours * [1, -1])["agreement"] == "finds the same numbers"
    other = pca.agreement(ours, ours + np.array([[0.5, 0], [0, 0]]))
    assert other == {"agreement": "finds other numbers", "apart": "0.5"}


def test_what_the_plot_shows_follows_the_verdicts() -> None:
    found = exploration.spread(exploration.principal(exploration.track_means(gtzan.load())))
    told = pca.spread(found)
    assert {told[k] for k in ("together", "spread", "variable", "mixed", "similar")} == {"holds"}
    assert told["differ"] == "country, classical and metal spread less"
    assert told["unjudged"] == "reggae and disco"
    assert told["group_share"] == words.share(found.together.estimate) != told["one_cloud"]
    assert told["cloud"] == "most of the tracks form one cloud"
    assert told["overlap"] == "the genres overlap most in the middle"
    assert told["one_cloud"] == words.share(found.one_cloud)
    assert told["widest"].startswith("hip-hop")
    assert told["flattened"] == "the plot exaggerates the overlap"
    one = replace(
        found,
        genres=found.genres.assign(verdict=["wider", *["cannot be told apart"] * 9]),
        flattened=replace(found.flattened, word="cannot be told apart"),
    )
    told = pca.spread(one)
    assert (told["differ"], told["unjudged"]) == ("hip-hop spreads more", "none")
    assert told["flattened"].startswith("the plot does not exaggerate")
    low = replace(found.together, estimate=0.2, low=0.1, high=0.3)
    islands = pca.spread(replace(found, together=low))
    assert (islands["together"], islands["cloud"]) == (
        "fails", "most of the tracks do not lie in one cloud"
    )  # fmt: skip
    none = replace(one, genres=found.genres.assign(verdict="cannot be told apart"))
    assert pca.spread(none)["differ"] == "no genre can be told apart"
    assert pca.spread(none)["spread"] == "remains open"


def test_a_map_of_its_own_music_flatters_itself() -> None:
    found = exploration.maps(toy.music(120, ("blues", "rock", "pop"), 30, apart=0))
    assert "tidier than it is" in pca.maps(found)["flatters"]
    same = compare.verdict(compare.paired_difference([1, 0], [0, 1], [0, 1]))
    assert "tidier" not in pca.maps(replace(found, lda_own=same))["flatters"]


def test_preparation_outside_of_the_fold() -> None:
    table = pd.DataFrame(
        {"way": ["Standardisation", "then LDA"], "outside": [0.55, 0.76], "inside": [0.54, 0.59],
         "difference": [0.01, 0.17], "low": [-0.01, 0.12], "high": [0.03, 0.23],
         "verdict": ["cannot be told apart", "better"]}
    )  # fmt: skip
    told = pca.preparation(table)
    assert told["scaling_verdict"] == (
        "a difference of 1.0 points, so the two cannot be told apart"
    )
    assert told["lda_verdict"] == "better by 17.0 points"
    assert (told["lda_outside"], told["lda_inside"]) == (
        "76.0\N{NO-BREAK SPACE}%", "59.0\N{NO-BREAK SPACE}%"
    )  # fmt: skip
