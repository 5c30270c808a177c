"""Every claim of the source study has a verdict that follows from the tables, and a place."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from audionome.datasets.gtzan import GENRES
from audionome.lab import study_claims
from audionome.lab.compare import SAME, Verdict
from audionome.lab.studies import replay
from audionome.lab.study_claims import (
    CLAIMS,
    SECTIONS,
    TESTED,
    VERDICTS,
    Claim,
    Evidence,
    _base,
    ending,
)
from audionome.lab.study_claims.genres import recalls
from audionome.lab.study_claims.tables import OWN, figures, splits

ROOT = Path(__file__).resolve().parents[2]
HOLDS, PART, FAILS, OPEN, *_ = VERDICTS


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """What is committed."""
    return Evidence()


@pytest.fixture(scope="module")
def table(evidence: Evidence) -> pd.DataFrame:
    """The verdict on every claim, by its key."""
    return study_claims.check(evidence).set_index("key")


# -- the registry -------------------------------------------------------------------------


def test_every_section_has_claims_and_every_claim_is_told_once() -> None:
    assert list(dict.fromkeys(c.section for c in CLAIMS)) == list(SECTIONS)
    assert len({c.key for c in CLAIMS}) == len(CLAIMS)
    told = [(c.section, c.words) for c in CLAIMS]
    assert len(set(told)) == len(told)


def test_every_claim_has_a_computed_verdict(table: pd.DataFrame) -> None:
    assert list(table.index) == [c.key for c in CLAIMS]
    assert set(table["verdict"]) == set(VERDICTS)
    assert set(table["apart"]) <= {"", *TESTED}
    assert (table["numbers"].str.len() > 0).all()
    assert (table.loc[table["apart"] != "", "numbers_apart"].str.len() > 0).all()


def test_every_statement_on_hyperparameters_is_a_claim(evidence: Evidence) -> None:
    keys = {c.key for c in CLAIMS}
    assert {f"{model} {about}" for model, about in evidence.hyperparameters} <= keys


def _headings(page: str) -> set[str]:
    path = ROOT / f"{page}.md"
    if path.is_file():
        texts = [path.read_text(encoding="utf-8")]
    else:
        cells = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
        texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    return {m for text in texts for m in re.findall(r"^#+ (.+?)\s*$", text, flags=re.MULTILINE)}


def test_every_page_and_heading_that_is_named_exists() -> None:
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    pages = set(re.findall(r"(?:file|root): (\S+)", contents))
    assert yaml.safe_load(contents)
    places = {c.place for c in CLAIMS}
    lost = [p for p in places if p.page not in pages or p.heading not in _headings(p.page)]
    assert lost == []


def test_the_claims_that_the_facts_decide(table: pd.DataFrame) -> None:
    words = table["verdict"].to_dict()
    assert words["contrast columns"] == words["tonnetz columns"] == FAILS
    assert words["mfcc columns"] == words["chroma columns"] == HOLDS
    assert words["diagonal"] == words["symmetry"] == words["first group"] == HOLDS
    assert words["mfcc2"] == words["svc gamma"] == words["important"] == FAILS
    assert words["pca steps"] == words["shuffled"] == PART
    assert words["knn n_neighbors"] == words["high accuracy"] == words["unequal"] == HOLDS
    assert words["svc large data"] == words["future compose"] == _base.READ
    assert table.loc["knn near", "apart"] == FAILS
    assert (
        words["pip"] == words["python version"] == words["knn number of hyperparameters"] == FAILS
    )
    assert words["only two"] == HOLDS
    assert table.loc["only two", "apart"] == FAILS
    assert words["no overfit"] == FAILS
    assert words["capable"] == HOLDS
    assert table.loc["capable", "apart"] == FAILS


# -- a spoilt table changes verdicts ------------------------------------------------------


def test_a_column_named_contrast_would_change_the_verdict(evidence: Evidence) -> None:
    windows = evidence.data.windows.assign(contrast_mean=0.0)
    spoilt = dataclasses.replace(evidence, data=dataclasses.replace(evidence.data, windows=windows))
    claims = tuple(c for c in CLAIMS if c.key == "contrast columns")
    assert study_claims.check(spoilt, claims=claims)["verdict"].to_list() == [HOLDS]


def test_answers_that_are_spoilt_change_the_verdicts_on_models(
    evidence: Evidence, table: pd.DataFrame
) -> None:
    rows = evidence.replay.rows.copy()
    # The support vector classifier answers as the tree does, and the tree is always right.
    rows["svc"], rows["tree"] = rows["tree"], rows["genre"]
    spoilt = dataclasses.replace(evidence, replay=replay.Replay(rows))
    keys = ["svc accuracy", "svc well", "svc better", "boosting behind", "tree worst", "two best",
            "highest", "capable"]  # fmt: skip
    claims = tuple(c for c in CLAIMS if c.key in keys)
    found = study_claims.check(spoilt, claims=claims).set_index("key")["verdict"]
    same = [key for key in keys if found[key] == table.loc[key, "verdict"]]
    assert same == []


def test_stored_answers_that_are_spoilt_change_the_verdicts_with_artists_apart(
    evidence: Evidence, table: pd.DataFrame
) -> None:
    predictions = evidence.results.predictions
    predictions = predictions.assign(predicted=predictions["genre"])
    results = dataclasses.replace(evidence.results, predictions=predictions)
    spoilt = dataclasses.replace(evidence, results=results)
    keys = ["svc well", "logistic struggles", "no overfit", "only two"]
    claims = tuple(c for c in CLAIMS if c.key in keys)
    found = study_claims.check(spoilt, claims=claims).set_index("key")["apart"]
    assert [key for key in keys if found[key] == table.loc[key, "apart"]] == []


#: Tested claims that no table bears on: installed libraries, our own definitions or arithmetic.
STRUCTURAL = {
    "scikit-learn", "built on", "open source", "hand-made features", "supported", "libraries",
    "pip", "thirty seconds", "80/10/10", "shuffled", "knn number of hyperparameters", "ten genres",
    # Mathematics: whatever the table, a matrix of correlations and a scaler do this.
    "diagonal", "symmetry", "less correlated", "unit", "scaler steps", "pca steps",
    "preserves",
}  # fmt: skip


def _recalled(evidence: Evidence, answers: str) -> Evidence:
    """Let every model answer rightly, always alike, or the contrary of what it said."""
    rows, results = evidence.replay.rows.copy(), evidence.results
    told, tallies = results.predictions, evidence.tallies.copy()
    truth, stored = rows["genre"], told["genre"].astype(str)
    for name in (*replay.STUDIED, *replay.PRINTED.values()):
        right = rows[name] == truth
        rows[name] = truth if answers == "right" else np.where(right, "none", truth)
    hit = told["predicted"].astype(str) == stored
    told = told.assign(predicted=stored if answers == "right" else np.where(hit, "none", stored))
    scores = results.scores.copy()
    for column in ("accuracy", "accuracy_low", "accuracy_high"):
        scores[column] = 0.99 if answers == "right" else 0.05
    scores["fit_seconds"] = 1.0 if answers == "right" else 1e6
    curve = results.learning_curve.assign(verdict="better" if answers == "right" else "worse")
    results = dataclasses.replace(results, predictions=told, scores=scores, learning_curve=curve)
    if answers == "wrong":
        tallies["track_right"] = [np.zeros_like(v) for v in tallies["track_right"]]
    return dataclasses.replace(evidence, replay=replay.Replay(rows), results=results,
                               tallies=tallies)  # fmt: skip


def _other_features(evidence: Evidence) -> Evidence:
    """Random numbers under other names, half of the clips, and literature that says little."""
    data, rng = evidence.data, np.random.default_rng(1)
    names = {c: f"contrast_tonnetz_{i}" for i, c in enumerate(data.feature_columns)}
    kept = data.tracks["track"].isin(sorted(data.tracks["track"])[::3])
    windows = data.windows[data.windows["track"].isin(data.tracks.loc[kept, "track"])].copy()
    windows[list(names)] = rng.normal(size=(len(windows), len(names)))
    windows = windows.rename(columns=names)
    data = dataclasses.replace(data, tracks=data.tracks[kept], windows=windows)
    scores = evidence.results.scores
    results = dataclasses.replace(evidence.results, scores=scores[scores["model"] != "tree"])
    return dataclasses.replace(evidence, data=data, results=results)


def _noise(evidence: Evidence) -> Evidence:
    """Random numbers in the place of every feature."""
    windows, rng = evidence.data.windows.copy(), np.random.default_rng(1)
    names = list(evidence.data.feature_columns)
    windows[names] = rng.normal(size=(len(windows), len(names)))
    data = dataclasses.replace(evidence.data, windows=windows)
    return dataclasses.replace(evidence, data=data)


def _circle(evidence: Evidence) -> Evidence:
    """Put every genre on its place of a circle, in some features more clearly than in others."""
    windows, rng = evidence.data.windows.copy(), np.random.default_rng(1)
    names = list(evidence.data.feature_columns)
    angle = windows["genre"].astype(str).map({g: 0.2 * np.pi * i for i, g in enumerate(GENRES)})
    turned = angle.to_numpy(float)[:, None] + np.pi / 2 * (np.arange(len(names)) % 2)
    clear = np.linspace(0.1, 2, len(names))
    windows[names] = clear * np.cos(turned) + rng.normal(size=turned.shape)
    data = dataclasses.replace(evidence.data, windows=windows)
    return dataclasses.replace(evidence, data=data)


def _little(evidence: Evidence) -> Evidence:
    """Literature, statements and comparisons that say little or the contrary."""
    rows = evidence.replay.rows.assign(knn_printed=evidence.replay.rows["knn"])
    spoilt = dataclasses.replace(evidence, replay=replay.Replay(rows))
    units = evidence.literature["unit"].isin(("per cent", "share"))
    poor = evidence.literature.assign(work="one")
    poor["value"] = np.where(units, np.where(poor["unit"] == "share", 0.1, 10.0), 0)
    poor.loc[poor["key"] == "listeners_accuracy", "value"] = np.where(
        poor.loc[poor["key"] == "listeners_accuracy", "unit"] == "share", 0.99, 99.0
    )
    found = {}
    for key, one in evidence.hyperparameters.items():
        turned = tuple(
            dataclasses.replace(s, figures=s.figures[::-1], verdict=_untold(s.verdict))
            for s in one.seen
        )
        lists = not one.seen
        found[key] = dataclasses.replace(
            one,
            seen=turned,
            verdict="complete" if lists and one.verdict in ("incomplete", "out of date")
            else "incomplete" if lists else "not seen" if one.verdict != "misleading" else
            one.verdict,
        )  # fmt: skip
    help_ = evidence.features_help
    spoilt.__dict__.update(
        literature=poor, hyperparameters=found, hard=(0, 1000, 10),
        features_help=dataclasses.replace(help_, verdict=_untold(help_.verdict)),
    )  # fmt: skip
    return spoilt


def _untold(verdict: Verdict | None) -> Verdict | None:
    if verdict is None:
        return None
    return dataclasses.replace(verdict, word=SAME)


def _verdict(claim: Claim, evidence: Evidence) -> tuple[str, str] | None:
    try:
        answer = claim.judge(evidence)
    except (KeyError, ValueError, IndexError, ZeroDivisionError):
        return None  # It says nothing about a table without what it needs.
    return answer.verdict, answer.apart


def test_every_tested_verdict_depends_on_a_table(evidence: Evidence, table: pd.DataFrame) -> None:
    tested = [c for c in CLAIMS if table.loc[c.key, "verdict"] in TESTED]
    left = {c.key: c for c in tested if c.key not in STRUCTURAL}
    spoilt = [_little(evidence), _recalled(evidence, "right"), _recalled(evidence, "wrong"),
              _other_features(evidence), _noise(evidence), _circle(evidence)]  # fmt: skip
    for other in spoilt:
        for key, claim in list(left.items()):
            if _verdict(claim, other) != (table.loc[key, "verdict"], table.loc[key, "apart"]):
                del left[key]
    assert list(left) == []
    assert {c.key for c in tested} >= STRUCTURAL


# -- the rules ----------------------------------------------------------------------------


def test_a_model_struggles_where_its_recall_is_surely_below_the_mean() -> None:
    truth = np.repeat(GENRES, 40)
    said = truth.copy()
    said[truth == "rock"] = "metal"  # all of rock is missed
    said[np.flatnonzero(truth == "pop")[:6]] = "disco"  # and a little of pop
    found = recalls(truth, said, [f"artist {i}" for i in range(len(truth))])
    assert found.mean == pytest.approx((8 + 0.85 + 0) / 10)
    assert found.missed == ["rock"]
    assert found.struggles(["rock", "jazz"]) == {"rock": HOLDS, "jazz": FAILS}
    assert found.struggles(["pop"]) == {"pop": OPEN}
    assert found.by_genre("hits")["pop"] == 34
    assert set(found.done_well) == set(GENRES) - {"rock", "pop"}
    # One artist is one witness, however many windows there are.
    one = recalls(truth, said, np.where(truth == "rock", "a", truth))
    assert one.table["n"].tolist() == [40] * 10


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ((HOLDS, HOLDS), HOLDS),
        ((HOLDS, OPEN), PART),
        ((HOLDS, FAILS), PART),
        ((OPEN, FAILS), FAILS),
        ((OPEN, OPEN), OPEN),
    ],
)
def test_a_claim_about_several_things_holds_as_far_as_they_do(
    words: tuple[str, ...], verdict: str
) -> None:
    assert _base.overall({str(i): word for i, word in enumerate(words)}) == verdict


def test_an_answer_needs_a_verdict_that_exists() -> None:
    with pytest.raises(ValueError, match="no verdict"):
        _base.Answer("true", "1 of 1")


def test_pip_reads_the_studys_command_as_we_do() -> None:
    pip = pytest.importorskip("pip._internal.commands.install")
    options, rest = pip.InstallCommand("install", "").parse_args(ending.PIP.split()[2:])
    assert ending.installs(ending.PIP) == (options.requirements, rest)
    assert ending.installs("pip install -r a.txt -r b.txt") == (["a.txt", "b.txt"], [])


# -- the replay ---------------------------------------------------------------------------


def test_the_split_is_the_studys() -> None:
    sides = replay.sides()
    assert len(sides) == 9990
    assert sides["side"].value_counts().to_dict() == {"train": 7992, "valid": 999, "test": 999}
    assert sides["track"].value_counts().to_dict() == {
        track: 9 if track in replay.SHORT else 10 for track in sides["track"]
    }


def test_the_committed_replay_is_of_that_split_and_gives_the_reported_figures(
    evidence: Evidence,
) -> None:
    rows = evidence.replay.rows.merge(replay.sides(), on=["track", "window"], how="left")
    assert (rows["side_x"] == rows["side_y"]).all()
    assert (rows["side_x"] == "train").sum() == 7992
    assert (rows["track"].str.split(".").str[0] == rows["genre"]).all()
    found = evidence.replay.reported()
    run = found.drop_duplicates("model")
    assert set(run["model"][~run["possible"].astype(bool)]) == {"sgd"}
    assert (run["ours"] - run["study"]).abs().max() < 0.015
    # With equal weights the neighbours cannot reach the reported figure.
    as_printed = found[found["as_printed"]].set_index("model")["possible"]
    assert not as_printed["knn"]
    assert as_printed["sgd"]


def test_the_missing_windows_bring_what_the_model_finds_of_their_genres() -> None:
    # Of 24 windows with 13 expected, 13 are likely, five are not, and 25 cannot be.
    chances = np.repeat([0.54, 0.55], [18, 6])
    assert replay.two_sided(13, chances) > 0.8
    assert replay.two_sided(5, chances) < 0.005
    assert replay.two_sided(25, chances) == replay.two_sided(-1, chances) == 0.0
    assert replay.two_sided(0, np.array([0.5])) == 1.0


def test_a_figure_that_the_missing_windows_cannot_explain_is_found(evidence: Evidence) -> None:
    rows = evidence.replay.rows.copy()
    test = np.flatnonzero(rows["side"] == "test")[:40]
    rows.loc[rows.index[test], "svc"] = "no genre"
    found = replay.Replay(rows).reported().set_index("model")["possible"]
    assert not found["svc"]


def test_each_split_has_the_seven_models(evidence: Evidence) -> None:
    found = splits(evidence)
    assert next(iter(found)) == OWN
    for name, rows in found.items():
        assert rows["model"].to_list() == list(replay.STUDIED), name
        assert np.allclose(rows["gap"], rows["train"] - rows["test"])
        assert np.allclose(rows["accuracy"], rows["test"])
    drawn = figures(evidence).set_index("model")
    assert np.allclose(drawn["again"], found[OWN].set_index("model")["test"])
    assert ((drawn["again_low"] < drawn["again"]) & (drawn["again"] < drawn["again_high"])).all()
