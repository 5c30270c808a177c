"""Build the network as one ONNX graph, node by node: samples in, tags and embedding out.

The network is that of Pons and Serra (`audionome.lab.ear.weights`). The graph computes the same in
fewer steps where that is faster: the maximum over frequency comes before the bias, the rectifier
and the batch norm of a filter, which are monotonic. Where the scale of the batch norm is negative,
the kernel changes its sign: the largest value after it comes of the smallest before.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from audionome.features.stft import mel_filters
from audionome.lab.ear.nodes import Nodes
from audionome.lab.ear.weights import Weights

__all__ = [
    "BRANCHES",
    "HOP",
    "LEAST_LEVEL",
    "LEVEL",
    "LEVEL_INPUT",
    "N_FFT",
    "N_MELS",
    "PATCH",
    "SAMPLE_RATE",
    "build_graph",
]

SAMPLE_RATE = 16_000
N_FFT = 512
HOP = 256
N_MELS = 96
#: Frames of a patch: three seconds.
PATCH = 187

#: Mean power to which the ear brings the mel spectrogram of every patch.
LEVEL = 0.5
#: What is quieter (about 80 dB below full scale) is not made that loud.
LEAST_LEVEL = 1e-6

#: Names of the five filter banks at the front, with the zeros before and after a patch in time.
BRANCHES = {
    "timbral_38": (3, 3),  # 7 frames by 38 mels
    "timbral_67": (3, 3),
    "temporal_128": (63, 64),  # 128 frames by 1 mel
    "temporal_64": (31, 32),
    "temporal_32": (15, 16),
}
_EPSILON = 1e-3  # of every batch norm
#: Name of the input that may be left out.
LEVEL_INPUT = "level"
_LARGEST_HALF = 65504.0  # of half precision; beyond it is infinite

Array = NDArray[np.float64]


def build_graph(weights: Weights) -> onnx.ModelProto:
    """Build the graph of a network.

    Parameters
    ----------
    weights : Weights

    Returns
    -------
    onnx.ModelProto
        Input ``samples``, float32 of shape (windows, n): mono at 16 kHz, n of 47 616 or more.
        Input ``level``, float32 without axes, may be left out: the mean power to which every patch
        is brought before the logarithm; 0, as by default, leaves the patches as they are, as the
        network was published.
        Outputs per patch of 187 frames: ``tags`` of shape (patches, tags), 0 to 1, and
        ``embedding`` of shape (patches, 200), what the last batch norm gives. A window of 48 000
        samples is one patch; a longer one is cut into as many as it holds.
    """
    graph = Nodes()
    patches = _levelled(graph, _patches(graph, _mel_spectrogram(graph)))
    patches = _logarithm(graph, patches, *_normalised(weights, 0))
    frames = _middle(graph, _front(graph, patches, weights), weights)
    _back(graph, frames, weights)
    units = len(weights.variables["dense/bias"])
    return graph.model(
        "musicnn",
        [_value("samples", "windows", "samples"), _value(LEVEL_INPUT)],
        [_value("tags", "patches", len(weights.tags)), _value("embedding", "patches", units)],
        doc=weights.licence,
    )


def _value(name: str, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _normalised(weights: Weights, k: int) -> tuple[Array, Array]:
    """Return scale and shift of a batch norm."""
    name = f"batch_normalization_{k}" if k else "batch_normalization"
    gamma, beta, mean, variance = (
        weights.variables[f"{name}/{part}"].astype(np.float64)
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + _EPSILON)
    return scale, beta - mean * scale


# -- front end ----------------------------------------------------------------------------


def _mel_spectrogram(g: Nodes) -> str:
    """Add the power mel spectrogram, ``(windows, frames, mels)``.

    The Fourier transform is a convolution whose kernel is computed when the graph is loaded: it
    would be a quarter of the file. It is faster than the operator STFT, and as exact.
    """
    bins = N_FFT // 2 + 1
    # Rounded, so that the last digit is the same wherever this runs.
    circle = np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT).round(12)
    turns = g.add(
        "Mul",
        [
            g.whole("stft/bins", np.tile(np.arange(bins), 2)[:, None, None]),
            g.whole("stft/times", np.arange(N_FFT)),
        ],
        "stft/turns",
    )
    # A quarter of a turn makes a sine of a cosine; its sign goes with the square.
    quarter = np.repeat([0, N_FFT // 4], bins)[:, None, None]
    turns = g.add("Add", [turns, g.whole("stft/quarter", quarter)], "stft/turned")
    turns = g.add("Mod", [turns, g.whole("stft/circumference", N_FFT)], "stft/angle")
    wave = g.add("Gather", [g.number("stft/circle", circle), turns], "stft/wave")
    hann = g.number("stft/hann", 0.5 - 0.5 * circle)
    kernel = g.add("Mul", [wave, hann], "stft/kernel")
    centred = g.whole("stft/centred", [0, N_FFT // 2, 0, N_FFT // 2])
    signal = g.add("Pad", ["samples", centred], "stft/padded")
    signal = g.add("Unsqueeze", [signal, g.whole("stft/channel", [1])], "stft/signal")
    spectrum = g.add("Conv", [signal, kernel], "stft/spectrum", strides=[HOP])
    squares = g.add("Mul", [spectrum, spectrum], "stft/squares")
    parts = ["stft/real", "stft/imaginary"]
    split = helper.make_node("Split", [squares], parts, name="stft/parts", axis=1, num_outputs=2)
    g.nodes.append(split)
    power = g.add("Transpose", [g.add("Add", parts, "stft/sum")], "stft/power", perm=[0, 2, 1])
    filters = mel_filters(sample_rate=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    return g.add("MatMul", [power, g.number("mel/filters", filters.T)], "mel")


def _patches(g: Nodes, mel: str) -> str:
    """Add the cut into ``(patches, 1, frames, mels)``."""
    frames = g.add("Shape", [mel], "patches/frames", start=1, end=2)
    whole = g.add("Div", [frames, g.whole("patches/patch", [PATCH])], "patches/number")
    end = g.add("Mul", [whole, "patches/patch"], "patches/end")
    start, axis = g.whole("patches/start", [0]), g.whole("patches/axis", [1])
    mel = g.add("Slice", [mel, start, end, axis], "patches/cut")
    return g.add("Reshape", [mel, g.whole("patches/shape", [-1, 1, PATCH, N_MELS])], "patches")


def _levelled(g: Nodes, patches: str) -> str:
    """Add the gain that brings every patch to the mean power that is asked for, if any is.

    The network is not blind to loudness, and what music is does not hang on it: without it, copies
    of different loudness are heard as different music.
    """
    level = g.number(LEVEL_INPUT, 0)  # an input that may be left out
    axes = g.whole("level/axes", [2, 3])
    mean = g.add("ReduceMean", [patches, axes], "level/mean", keepdims=1)
    mean = g.add("Max", [mean, g.number("level/least", LEAST_LEVEL)], "level/heard")
    gain = g.add("Div", [level, mean], "level/wanted")
    asked = g.add("Greater", [level, g.number("level/none", 0)], "level/asked")
    gain = g.add("Where", [asked, gain, g.number("level/as_it_is", 1)], "level/gain")
    return g.add("Mul", [patches, gain], "levelled")


def _logarithm(g: Nodes, patches: str, scale: Array, shift: Array) -> str:
    """Add the logarithm of powers in half precision, with its batch norm."""
    # No music is as loud; without it, a click would end in what is no number.
    patches = g.add("Min", [patches, g.number("half/largest", _LARGEST_HALF)], "half/limited")
    half = g.add("Cast", [patches], "half", to=TensorProto.FLOAT16)
    power = g.add("Cast", [half], "half/float", to=TensorProto.FLOAT)
    more = g.add("Mul", [power, g.number("log/factor", 10_000)], "log/times")
    more = g.add("Add", [more, g.number("log/one", 1)], "log/plus")
    log = g.add("Log", [more], "log")
    decades = g.number("norm/scale", scale[0] / np.log(10))  # of a natural logarithm
    log = g.add("Mul", [log, decades], "norm/scaled")
    return g.add("Add", [log, g.number("norm/shift", shift[0])], "norm")


# -- network ------------------------------------------------------------------------------


def _front(g: Nodes, patches: str, weights: Weights) -> str:
    """Add the five filter banks, ``(patches, filters, frames)``."""
    maxima, parts = [], []
    for k, (name, (before, after)) in enumerate(BRANCHES.items()):
        kernel, bias = _kernel(weights, k)
        scale, shift = _normalised(weights, k + 1)
        sign = np.where(scale < 0, -1.0, 1.0)
        filters = g.number(f"{name}/kernel", (kernel * sign).transpose(3, 2, 0, 1))
        pads = [before, 0, after, 0]
        found = g.add("Conv", [patches, filters], f"{name}/filtered", pads=pads)
        places = N_MELS - kernel.shape[1] + 1
        maxima.append(g.add("MaxPool", [found], f"{name}/largest", kernel_shape=[1, places]))
        parts.append(np.stack([sign, bias, scale, shift]))
    sign, bias, scale, shift = np.concatenate(parts, axis=1)
    found = g.add("Concat", maxima, "front/filtered", axis=1)
    found = g.add("Squeeze", [found, g.whole("front/mels", [3])], "front/largest")
    found = _affine(g, found, "front/signed", sign, bias)
    found = g.add("Relu", [found], "front/rectified")
    return _affine(g, found, "front", scale, shift)


def _middle(g: Nodes, front: str, weights: Weights) -> str:
    """Add the three layers over time; return all, ``(patches, filters, frames)``."""
    layers = [front]
    for k in range(3):
        name = f"middle_{k + 1}"
        kernel, bias = _kernel(weights, len(BRANCHES) + k)
        inputs = [
            layers[-1],
            g.number(f"{name}/kernel", kernel[:, :, 0].transpose(2, 1, 0)),
            g.number(f"{name}/bias", bias),
        ]
        found = g.add("Conv", inputs, f"{name}/filtered", pads=[3, 3])
        found = g.add("Relu", [found], f"{name}/rectified")
        scale, shift = _normalised(weights, len(BRANCHES) + 1 + k)
        found = _affine(g, found, f"{name}/norm", scale, shift)
        layers.append(g.add("Add", [found, layers[-1]], name) if k else found)
    return g.add("Concat", layers, "middle", axis=1)


def _back(g: Nodes, frames: str, weights: Weights) -> None:
    """Add pooling over time, the dense layers and the outputs."""
    time = g.whole("pool/time", [2])
    largest = g.add("ReduceMax", [frames, time], "pool/largest", keepdims=1)
    mean = g.add("ReduceMean", [frames, time], "pool/mean", keepdims=1)
    pooled = g.add("Concat", [largest, mean], "pool/both", axis=2)
    pooled = g.add("Flatten", [pooled], "pool")  # largest, mean, largest, mean, …
    scale, shift = _normalised(weights, 9)
    pooled = _scaled(g, pooled, "pool/norm", scale, shift)
    dense = _dense(g, pooled, "dense", weights)
    dense = g.add("Relu", [dense], "dense/rectified")
    embedding = _scaled(g, dense, "embedding", *_normalised(weights, 10))
    logits = _dense(g, embedding, "dense_1", weights)
    g.add("Sigmoid", [logits], "tags")


def _kernel(weights: Weights, k: int) -> tuple[Array, Array]:
    name = f"conv2d_{k}" if k else "conv2d"
    kernel, bias = weights.variables[f"{name}/kernel"], weights.variables[f"{name}/bias"]
    return kernel.astype(np.float64), bias.astype(np.float64)


def _affine(g: Nodes, of: str, name: str, scale: Array, shift: Array) -> str:
    """Add a scale and a shift per channel of ``(patches, channels, frames)``."""
    return _scaled(g, of, name, scale[:, None], shift[:, None])


def _scaled(g: Nodes, of: str, name: str, scale: Array, shift: Array) -> str:
    scaled = g.add("Mul", [of, g.number(f"{name}/scale", scale)], f"{name}/scaled")
    return g.add("Add", [scaled, g.number(f"{name}/shift", shift)], name)


def _dense(g: Nodes, of: str, name: str, weights: Weights) -> str:
    kernel = g.number(f"{name}/kernel", weights.variables[f"{name}/kernel"])
    bias = g.number(f"{name}/bias", weights.variables[f"{name}/bias"])
    return g.add("Gemm", [of, kernel, bias], name)
