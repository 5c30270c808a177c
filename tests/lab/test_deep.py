"""The small network: what it sees, how it learns, what is stored of it."""

from __future__ import annotations

import ast
import contextlib
import json
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from needs import unmet

from audionome._extras import MissingExtraError
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab.deep import experiment, filters, opened, outside, patches, results, settings
from audionome.lab.outside import OutsideError
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.store import StaleResultsError

ROOT = Path(__file__).parents[2]


def torch_or_skip() -> None:
    """Skip where PyTorch is not installed: only a new training needs it."""
    try:
        import torch  # noqa: F401
    except ImportError:
        unmet("torch", "PyTorch is not installed: pip install 'audionome[deep]'")


# -- what it sees -------------------------------------------------------------------------


def tone(hertz: float, loudness: float = 0.5) -> np.ndarray:
    return (loudness * np.sin(2 * np.pi * hertz / 22050 * np.arange(66150))).astype(np.float32)


@pytest.mark.parametrize("hertz", [110, 440, 1760, 7040])
def test_a_tone_lies_in_its_band(hertz: float) -> None:
    (patch,) = patches.log_mel_patches([tone(hertz)])
    assert patch.shape == (patches.N_BANDS, patches.N_FRAMES)
    found = patches.BAND_FREQUENCIES[patch.mean(axis=1).argmax()]
    assert found == pytest.approx(hertz, rel=0.25)


def test_a_patch_does_not_tell_how_loud_the_sound_was() -> None:
    sound = tone(220) + np.random.default_rng(0).normal(0, 0.05, 66150).astype(np.float32)
    quiet, loud = patches.log_mel_patches([sound, 8 * sound])
    np.testing.assert_allclose(quiet, loud, atol=1e-3)
    assert abs(float(quiet.mean())) < 1e-4


def test_a_click_is_upright() -> None:
    sound = np.zeros(66150, np.float32)
    sound[33075] = 1
    (patch,) = patches.log_mel_patches([sound])
    assert abs(int(patch.mean(axis=0).argmax()) - 65) <= 2


def made_up(n_windows: int = 2) -> patches.Patches:
    """Patches of noise for every clip of GTZAN that has audio."""
    tracks = gtzan.load().tracks
    rows = tracks.assign(fault_filtered=patches.published_parts(tracks), domain="gtzan")[
        tracks["measured"].to_numpy(dtype=bool)
    ].reset_index(drop=True)
    number = np.repeat(np.arange(len(rows)), n_windows)
    return patches.Patches(rows, np.zeros((len(number), 64, 130), np.float16), number)


@pytest.mark.parametrize("name", experiment.TRAINED)
def test_the_folds_are_those_of_the_protocol(name: str) -> None:
    made = made_up()
    rows, protocol = made.rows, PROTOCOLS[name]
    folds = experiment.folds(protocol, made)
    assert len(folds) == protocol.n_folds
    for part in folds:
        sides = [set(part.train.tolist()), set(part.valid.tolist()), set(part.test.tolist())]
        assert all(sides) == (protocol.n_folds == 1)
        # With folds, as the released models: all but the tested one are learned from.
        if protocol.n_folds > 1:
            assert len(sides[0] | sides[2]) == len(rows)
        assert not any(one & other for one, other in combinations(sides, 2))
        if protocol.separates:
            values = [set(rows[protocol.separates].iloc[list(side)]) for side in sides]
            assert not any(one & other for one, other in combinations(values, 2))
    tested = np.concatenate([part.test for part in folds])
    assert len(set(tested.tolist())) == len(tested)
    if name == "artist-grouped":
        assert len(tested) == len(rows)


# -- how it learns ------------------------------------------------------------------------


def toy() -> tuple[np.ndarray, np.ndarray]:
    """Patches of three kinds: a low tone, a high tone, a click; with noise."""
    rng = np.random.default_rng(0)
    genres = np.arange(96) % 3
    made = rng.normal(0, 0.5, size=(96, 64, 130)).astype(np.float32)
    made[genres == 0, 8:12] += 3
    made[genres == 1, 48:52] += 3
    made[genres == 2, :, 60:64] += 3
    return made.astype(np.float16), genres


def test_it_learns_toy_sounds_in_few_epochs_and_the_same_each_time() -> None:
    torch_or_skip()
    from audionome.lab.deep import network

    made, genres = toy()
    train, valid = np.arange(64), np.arange(64, 96)
    quick = settings.Settings(epochs=6, batch=16)
    first = network.fit(made, genres, train, valid, quick)
    likely = network.predict_proba(first.network, made[valid])
    np.testing.assert_allclose(likely.sum(axis=1), 1, rtol=1e-5)
    assert (likely.argmax(axis=1) == genres[valid]).mean() > 0.9
    again = network.fit(made, genres, train, valid, quick)
    np.testing.assert_array_equal(network.predict_proba(again.network, made[valid]), likely)
    # What was watched is the loss on the validation patches; without any, nothing is.
    right = likely[np.arange(32), genres[valid]]
    assert -np.log(right).mean() == pytest.approx(first.losses[-1][1], abs=1e-5)
    alone = network.fit(made, genres, train, valid[:0], settings.Settings(epochs=1, batch=16))
    assert [watched for _, watched in alone.losses] == [None]


def test_the_opened_network_computes_what_pytorch_does() -> None:
    torch_or_skip()
    import torch

    from audionome.lab.deep import network

    ours = opened.load_network()
    theirs = network.SmallCNN()
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in ours.weights.items()}, strict=False)
    assert ours.parameters == sum(p.numel() for p in theirs.parameters())
    made, _ = toy()
    np.testing.assert_allclose(
        ours.predict_proba(made), network.predict_proba(theirs, made), atol=1e-5
    )


def test_an_interrupted_run_goes_on_and_writes_what_can_be_read(tmp_path: Path) -> None:
    torch_or_skip()
    made = made_up(1)
    quick = settings.Settings(epochs=1, batch=64)
    told: list[str] = []

    def stop(line: str) -> None:
        told.append(line)
        if len(told) == 1:
            raise KeyboardInterrupt

    names = ["random-windows", "fault-filtered-nine-genres"]
    for _ in range(2):
        with contextlib.suppress(KeyboardInterrupt):
            experiment.run(made, tmp_path, tmp_path, settings=quick, protocols=names, progress=stop)
    assert ["done before" in line for line in told] == [False, True, False]
    found = results.load(folder=tmp_path)
    assert set(found.runs["protocol"]) == set(names)
    assert found.runs["test_patches"].sum() == len(found.predictions)
    assert len(results.scores(found)) == 2
    assert not (tmp_path / ".deep.unfinished").exists()


def test_without_pytorch_a_training_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audionome._extras._is_there", lambda name: name != "torch")
    with pytest.raises(MissingExtraError, match=r"audionome\[deep\]"):
        experiment.run(made_up(1), tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_imports_pytorch() -> None:
    importing = set()
    for path in (ROOT / "audionome").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "torch" for name in names):
                importing.add(path.relative_to(ROOT / "audionome" / "lab" / "deep").as_posix())
    assert importing == {"network.py", "experiment.py"}
    asked = ast.parse((ROOT / "audionome/lab/deep/experiment.py").read_text())
    assert not [n for n in asked.body if isinstance(n, ast.Import) and n.names[0].name == "torch"]


# -- what is stored -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored() -> results.DeepResults:
    return results.load()


def test_every_protocol_was_trained_and_every_patch_tested_once(
    stored: results.DeepResults,
) -> None:
    assert set(stored.runs["protocol"]) == set(experiment.TRAINED)
    for name in experiment.TRAINED:
        runs = stored.runs[stored.runs["protocol"] == name]
        rows = stored.predictions[stored.predictions["protocol"] == name]
        assert sorted(runs["fold"]) == list(range(PROTOCOLS[name].n_folds))
        assert runs["test_patches"].sum() == len(rows)
        assert not rows.duplicated(["track", "window"]).any()
    tracks = stored.predictions.drop_duplicates("track").set_index("track")
    known = gtzan.load().tracks.set_index("track")
    for column in ("genre", "artist"):
        np.testing.assert_array_equal(tracks[column], known.loc[tracks.index, column])


def test_the_tested_tracks_are_those_of_the_fold(stored: results.DeepResults) -> None:
    tracks = made_up(1)
    for name in ("fault-filtered-nine-genres", "artist-grouped"):
        rows = stored.predictions[stored.predictions["protocol"] == name]
        for fold, part in enumerate(experiment.folds(PROTOCOLS[name], tracks)):
            wanted = set(tracks.tracks["track"].iloc[tracks.track[part.test]])
            assert set(rows.loc[rows["fold"] == fold, "track"]) == wanted


def test_the_settings_and_the_recipe_are_those_of_the_code(stored: results.DeepResults) -> None:
    assert stored.record["settings"] == settings.Settings().as_dict()
    assert set(stored.runs["epochs"]) == {settings.Settings().epochs}
    for text, watched in stored.runs[["losses", "valid_patches"]].itertuples(index=False):
        losses = json.loads(text)
        assert len(losses) == settings.Settings().epochs
        assert all((valid is None) == (watched == 0) for _, valid in losses)
        assert losses[-1][0] < losses[0][0]
    assert set(stored.runs["parameters"]) == {opened.load_network().parameters}


def test_the_small_network_is_above_the_mark_for_such_ones(
    stored: results.DeepResults,
) -> None:
    scores = results.scores(stored).set_index("protocol")["accuracy"]
    assert scores["fault-filtered-nine-genres"] > 0.541
    assert scores["artist-grouped"] < scores["random-windows"]


def test_the_shown_network_answers_as_it_was_stored() -> None:
    """On the repository's own pieces, which need no audio of GTZAN, its layers are alive."""
    network = opened.load_network()
    sound = patches.clip_patches(data_path("examples", "metal.ogg"))
    likely = network.predict_proba(sound)
    np.testing.assert_allclose(likely.sum(axis=1), 1, rtol=1e-4)
    for layer in network.activations(sound):
        assert float(layer.min()) == 0
        assert (layer.max(axis=(0, 2)) > 0).mean() > 0.5


def test_occlusion_finds_the_only_sound_there_is() -> None:
    network = opened.load_network()
    (patch,) = patches.log_mel_patches([tone(440)])
    genre, change = opened.occlusion(network, patch)
    assert change.shape == (8, 10)
    assert genre == network.predict_proba(patch[None])[0].argmax()
    # Where nothing differs from the mean of its band, hiding changes nothing.
    flat = np.zeros((64, 130), np.float32)
    assert np.abs(opened.occlusion(network, flat)[1]).max() < 1e-6


def test_results_of_another_recipe_are_refused(tmp_path: Path) -> None:
    for path in data_path("results").glob("deep*"):
        shutil.copy(path, tmp_path)
    record = json.loads((tmp_path / "deep.json").read_text())
    for change in ({"recipe": -1}, {"data": "other clips"}, {"sources": {}}):
        (tmp_path / "deep.json").write_text(json.dumps(record | change))
        with pytest.raises(StaleResultsError, match=r"audionome\.lab\.deep"):
            results.load(folder=tmp_path)
    (tmp_path / "deep.json").unlink()
    with pytest.raises(StaleResultsError, match="missing"):
        results.load(folder=tmp_path)


def test_music_from_outside_is_answered_as_any_recording(tmp_path: Path) -> None:
    names = ["jazz", "rock"]
    table = pd.DataFrame({"path": [data_path("examples", f"{n}.ogg") for n in names]})
    table = table.assign(clip=names, genre=names, source="S01", trust="A", artist=[0, 1])
    found = outside.predict(table)
    likely = opened.load_network().predict_proba(patches.clip_patches(table["path"].iloc[1]))
    np.testing.assert_allclose(
        found.loc[1, PROBABILITY_COLUMNS].to_numpy(float), likely.mean(axis=0), atol=1e-5
    )
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    with pytest.raises(OutsideError, match="cannot be used"):
        outside.predict(table.assign(path=[broken, broken]))


def test_what_is_stored_of_music_from_outside_is_of_the_shown_network(tmp_path: Path) -> None:
    stored = outside.load_outside()
    assert not stored.duplicated("clip").any()
    assert set(stored["genre"]) == set(gtzan.GENRES)
    np.testing.assert_allclose(stored[PROBABILITY_COLUMNS].sum(axis=1), 1, rtol=1e-4)
    stored.assign(network="another").to_parquet(tmp_path / "deep_outside.parquet")
    with pytest.raises(StaleResultsError, match="another network"):
        outside.load_outside(folder=tmp_path)


def test_the_cost_adds_up(stored: results.DeepResults) -> None:
    cost = results.training_cost(stored).set_index("protocol")
    assert cost["trainings"].sum() == len(stored.runs)
    assert cost["seconds"].sum() == pytest.approx(stored.runs["seconds"].sum())
    pd.testing.assert_series_equal(
        cost["watt_hours"], cost["seconds"] * settings.WATTS_PER_CORE / 3600, check_names=False
    )


def test_the_filters_of_the_ear_have_their_shapes() -> None:
    found = filters.load_filters()
    assert set(found) == set(filters.SHAPES.values())
    for name, values in found.items():
        frames, bands = (int(n) for n in name.split("×"))
        assert values.shape == (24, bands, frames)
        np.testing.assert_allclose(np.abs(values).max(axis=(1, 2)), 1, rtol=1e-2)
