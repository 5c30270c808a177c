"""Contrast of colours, as WCAG 2.1 defines it, and how far apart two look."""

from __future__ import annotations

import numpy as np


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    a, b = (float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (one, other))
    return max(a, b) / min(a, b)


_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab(colour: str) -> np.ndarray:
    """CIE L*a*b* of a colour, under the daylight D65."""
    x, y, z = _XYZ @ linear(colour) / np.array([0.95047, 1, 1.08883])
    x, y, z = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str) -> float:
    """CIE 1976 difference; about 2 is just seen."""
    return float(np.linalg.norm(lab(one) - lab(other)))
