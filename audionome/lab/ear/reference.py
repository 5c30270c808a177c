"""Compute the network a second time, in double precision and without the graph.

NumPy and SciPy alone, step by step as the network was published, from the checkpoint's variables:
what the graph gives is held against it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft, signal, special

from audionome.features.stft import mel_filters
from audionome.lab.ear.graph import (
    HOP,
    LEAST_LEVEL,
    N_FFT,
    N_MELS,
    PATCH,
    SAMPLE_RATE,
)
from audionome.models.ear import Listening

__all__ = ["forward", "log_mel", "mel_power"]

Array64 = NDArray[np.float64]
Variables = Mapping[str, NDArray[np.float32]]

_EPSILON = 1e-3


def mel_power(samples: NDArray[np.floating]) -> Array64:
    """Compute the power mel spectrogram of a recording.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono, 16 kHz.

    Returns
    -------
    ndarray of shape (1 + n // 256, 96), float64
    """
    padded = np.pad(samples.astype(np.float64), N_FFT // 2)
    frames = sliding_window_view(padded, N_FFT)[::HOP] * signal.get_window("hann", N_FFT)
    power = np.abs(fft.rfft(frames, axis=1)) ** 2
    filters = mel_filters(sample_rate=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    found: Array64 = power @ filters.T.astype(np.float64)
    return found


def log_mel(patch: Array64, *, level: float = 0) -> Array64:
    """Compute what the network sees of a patch.

    Parameters
    ----------
    patch : ndarray of shape (187, 96)
        From `mel_power`.
    level : float
        Mean power to which the patch is brought; 0: it stays as it is.

    Returns
    -------
    ndarray of shape (187, 96), float64
        Logarithms of the powers in half precision.
    """
    gain = level / max(patch.mean(), LEAST_LEVEL) if level else 1.0
    half = (patch * gain).astype(np.float16)
    found: Array64 = np.log10(10_000 * half.astype(np.float64) + 1)
    return found


def forward(samples: NDArray[np.floating], variables: Variables, *, level: float = 0) -> Listening:
    """Compute tags and embedding of a recording, patch by patch.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono, 16 kHz, one patch or more.
    variables : mapping of str to ndarray
        As `audionome.lab.ear.weights.Weights` has them.
    level : float
        Mean power to which every patch is brought; 0: as the network was published.

    Returns
    -------
    Listening
        In double precision.
    """
    power = mel_power(samples)
    patches = np.split(power[: len(power) // PATCH * PATCH], len(power) // PATCH)
    rows = [_patch(log_mel(patch, level=level), variables) for patch in patches]
    tags, embedding = (np.stack(part) for part in zip(*rows, strict=True))
    return Listening(tags, embedding)


def _patch(log: Array64, variables: Variables) -> tuple[Array64, Array64]:
    x = _norm(log[:, :, None], variables, 0)
    timbral = np.pad(x, ((3, 3), (0, 0), (0, 0)))
    banks = [_convolved(timbral, variables, 0), _convolved(timbral, variables, 1)]
    for k in (2, 3, 4):
        extra = len(variables[f"conv2d_{k}/kernel"]) - 1
        same = np.pad(x, ((extra // 2, extra - extra // 2), (0, 0), (0, 0)))
        banks.append(_convolved(same, variables, k))
    layers = [np.concatenate([bank.max(axis=1) for bank in banks], axis=1)]
    for k in (5, 6, 7):
        padded = np.pad(layers[-1], ((3, 3), (0, 0)))
        found = _convolved(padded[:, :, None], variables, k)[:, 0]
        layers.append(found if k == 5 else found + layers[-1])
    features = np.concatenate(layers, axis=1)
    pooled = np.stack([features.max(axis=0), features.mean(axis=0)], axis=1).ravel()
    dense = np.maximum(_dense(_norm(pooled, variables, 9), variables, "dense"), 0)
    embedding = _norm(dense, variables, 10)
    return special.expit(_dense(embedding, variables, "dense_1")), embedding


def _convolved(x: Array64, variables: Variables, k: int) -> Array64:
    """Return a convolution of ``(time, frequency, 1)`` with its bias, rectifier and batch norm."""
    name = f"conv2d_{k}" if k else "conv2d"
    kernel = variables[f"{name}/kernel"].astype(np.float64)
    views = sliding_window_view(x[:, :, 0], kernel.shape[:2])
    filtered = np.tensordot(views, kernel[:, :, 0], axes=2)
    return _norm(np.maximum(filtered + variables[f"{name}/bias"], 0), variables, k + 1)


def _norm(x: Array64, variables: Variables, k: int) -> Array64:
    name = f"batch_normalization_{k}" if k else "batch_normalization"
    mean, variance = (variables[f"{name}/moving_{part}"] for part in ("mean", "variance"))
    centred = (x - mean) / np.sqrt(variance.astype(np.float64) + _EPSILON)
    found: Array64 = centred * variables[f"{name}/gamma"] + variables[f"{name}/beta"]
    return found


def _dense(x: Array64, variables: Variables, name: str) -> Array64:
    found: Array64 = x @ variables[f"{name}/kernel"].astype(np.float64)
    return found + variables[f"{name}/bias"]
