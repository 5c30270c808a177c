"""The scikit-learn face: scikit-learn's own checks, and pieces in a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import audionome.lab
from audionome import audio, features
from audionome._paths import data_path
from audionome.errors import AudioError
from audionome.features import modulation
from audionome.lab.sklearn import AudionomeClassifier, AudionomeFeatures
from audionome.lab.training import fitting

EXAMPLES = sorted(data_path("examples").glob("*.ogg"))


@parametrize_with_checks([AudionomeClassifier(), AudionomeClassifier("mixture", C=1.0)])
def test_the_classifier_passes_all_checks(estimator: Any, check: Any) -> None:
    check(estimator)


# The other checks fit on random matrices, which are no clips of at least 3 s.
@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_get_params_invariance",
        "check_set_params",
        "check_mixin_order",
    ],
)
def test_the_transformer_passes_what_needs_no_matrix(check: str) -> None:
    getattr(estimator_checks, check)("AudionomeFeatures", AudionomeFeatures())


def test_names_are_imported_on_first_use() -> None:
    assert audionome.lab.AudionomeClassifier is AudionomeClassifier
    assert audionome.lab.AudionomeFeatures is AudionomeFeatures
    with pytest.raises(AttributeError, match="Nothing"):
        audionome.lab.Nothing  # noqa: B018


# -- features -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extractor", "extract"),
    [("gtzan57", features.extract), ("modulation-covariance", modulation.extract_extended)],
)
def test_rows_are_the_means_of_the_librarys_windows(extractor: Any, extract: Any) -> None:
    path, samples = EXAMPLES[0], audio.load(EXAMPLES[0])[: 7 * audio.SAMPLE_RATE]
    measure = AudionomeFeatures(extractor)
    rows = measure.fit_transform([samples])
    np.testing.assert_allclose(rows[0], extract(samples).mean(), rtol=1e-6)
    names = measure.get_feature_names_out()
    assert names.tolist() == list(extract(samples).columns)
    if extractor == "gtzan57":
        both = measure.transform([str(path), path])
        np.testing.assert_array_equal(both[0], both[1])
        np.testing.assert_allclose(both[0], extract(audio.load(path)).mean())


def test_clips_of_any_shape(tone: NDArray[np.float32]) -> None:
    measure = AudionomeFeatures()
    wanted = measure.transform([tone[:70_000], tone[:80_000]])
    same_length = np.stack([tone[:70_000], tone[:70_000]])
    np.testing.assert_array_equal(measure.transform(same_length)[1], wanted[0])
    ragged = np.empty(2, dtype=object)
    ragged[:] = [tone[:70_000], tone[:80_000]]
    np.testing.assert_array_equal(measure.transform(ragged), wanted)
    two = AudionomeFeatures(n_jobs=2).transform([tone[:70_000], tone[:80_000]])
    np.testing.assert_array_equal(two, wanted)


def test_bad_clips_are_named(tmp_path: Path, tone: NDArray[np.float32]) -> None:
    measure = AudionomeFeatures().fit([tone])
    bad = tmp_path / "notes.txt"
    bad.write_text("no sound")
    with pytest.raises(AudioError, match=r"clip 1 of X, .*notes\.txt"):
        measure.transform([tone, bad])
    with pytest.raises(AudioError, match=r"missing\.mp3"):
        AudionomeFeatures(n_jobs=2).transform([tone, tmp_path / "missing.mp3"])
    with pytest.raises(AudioError, match=r"The clip 1 of X lasts 1\.0 s"):
        measure.transform([tone, tone[:22050]])
    with pytest.raises(ValueError, match="The clip 0 of X is neither a path nor"):
        measure.transform([["a", "b"]])
    with pytest.raises(TypeError, match="list of clips"):
        measure.transform(str(bad))
    with pytest.raises(TypeError, match="make a list"):
        measure.transform(tone)
    with pytest.raises(TypeError, match="not int"):
        measure.transform(3)
    with pytest.raises(ValueError, match="no clips"):
        measure.transform([])
    with pytest.raises(ValueError, match="gtzan57, modulation-covariance"):
        AudionomeFeatures("mfcc").fit([tone])


# -- classifier ---------------------------------------------------------------------------


def blobs(n: int = 600, *, noise: float = 0.3) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return make_classification(
        n, 12, n_informative=6, n_classes=3, flip_y=noise, class_sep=1.5, random_state=0
    )


@pytest.mark.parametrize("method", ["fisher", "mixture"])
def test_probabilities_are_right_as_often_as_they_claim(method: Any) -> None:
    X, y = blobs(2000)
    model = AudionomeClassifier(method, shrinkage=0.1).fit(X[:1000], y[:1000])
    probabilities = model.predict_proba(X[1000:])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(predicted, model.predict(X[1000:]))
    accuracy = np.mean(predicted == y[1000:])
    assert accuracy > 0.6
    assert probabilities.max(axis=1).mean() == pytest.approx(accuracy, abs=0.04)


def test_groups_stay_together_in_the_inner_folds() -> None:
    """Rows that are repeated look easy unless the copies are kept on one side."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 200)), np.arange(60) % 2
    X, y, groups = np.repeat(X, 5, axis=0), np.repeat(y, 5), np.repeat(np.arange(60), 5)
    model = AudionomeClassifier(shrinkage=0.1)
    alone, grouped = model.fit(X, y).temperature_, clone(model).fit(X, y, groups).temperature_
    assert grouped > 5 * alone
    # Noise can only be guessed, and with groups the model knows it.
    assert clone(model).fit(X, y, groups).predict_proba(rng.normal(size=(300, 200))).max() < 0.7


def test_fisher_is_the_librarys_model() -> None:

    X, y = blobs()
    ours = AudionomeClassifier(shrinkage=0.3, correction=0.2).fit(X, y)
    theirs = fitting.fit_extended(
        X.astype(np.float32), y.astype(str), np.ones(len(y)), np.arange(len(y)),
        shrinkage=0.3, correction=0.2,
    )  # fmt: skip
    np.testing.assert_allclose(ours.model_.scores(X), theirs.scores(X), atol=1e-3)


def test_columns_that_do_not_vary_are_left_out() -> None:
    X, y = blobs(120)
    wide = np.column_stack([X, np.full(len(X), 7.0)])
    narrow = AudionomeClassifier().fit(X, y).predict_proba(X)
    np.testing.assert_allclose(AudionomeClassifier().fit(wide, y).predict_proba(wide), narrow)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"method": "forest"}, "fisher"),
        ({"shrinkage": 0.0}, "shrinkage"),
        ({"correction": 1.5}, "correction"),
        ({"C": 0}, "C should be positive"),
        ({"n_folds": 1}, "n_folds"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AudionomeClassifier(**parameters).fit(*blobs(60))


def test_rows_that_are_all_alike() -> None:
    with pytest.raises(ValueError, match="all alike"):
        AudionomeClassifier().fit([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1])
    # One row of a class: no inner folds, and scores as they are.
    assert AudionomeClassifier().fit([[0.0], [0.5], [1.0]], [0, 0, 1]).temperature_ == 1


# -- together -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pieces() -> tuple[list[NDArray[np.float32]], NDArray[np.str_], NDArray[np.int64]]:
    """Four parts of 3 s of four synthetic pieces each; all first parts are a group, and so on."""
    clips, names, groups = [], [], []
    for path in EXAMPLES[:4]:
        samples = audio.load(path)
        for i in range(4):
            clips.append(samples[i * audio.WINDOW_HOP :][: audio.WINDOW_LENGTH])
            names.append(path.stem)
            groups.append(i)
    return clips, np.array(names), np.array(groups)


def test_pieces_in_a_pipeline(pieces: Any) -> None:
    clips, y, groups = pieces
    model = make_pipeline(AudionomeFeatures(), AudionomeClassifier(shrinkage=0.2))
    scores = cross_val_score(model, clips, y, groups=groups, cv=GroupKFold(4))
    assert scores.shape == (4,)
    assert scores.mean() > 0.8
    again = cross_val_score(clone(model), clips, y, groups=groups, cv=GroupKFold(4))
    np.testing.assert_array_equal(scores, again)
    model.fit(clips, y, audionomeclassifier__groups=groups)
    assert model.predict_proba(clips[:2]).shape == (2, 4)
    assert model.classes_.tolist() == sorted(set(y))
    assert model[:-1].get_feature_names_out().tolist() == list(features.COLUMNS)


def test_pieces_in_a_grid_search(pieces: Any) -> None:
    clips, y, groups = pieces
    rows = AudionomeFeatures().fit_transform(clips)
    grid = {"method": ["fisher", "mixture"], "shrinkage": [0.1, 0.9]}
    search = GridSearchCV(AudionomeClassifier(), grid, cv=GroupKFold(4))
    search.fit(rows, y, groups=groups)
    assert set(search.best_params_) == set(grid)
    assert search.best_score_ > 0.8
    assert search.predict(rows).shape == y.shape
