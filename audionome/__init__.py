"""Audionome: the honest, interactive reference on music genre classification.

>>> import audionome
>>> audionome.classify("song.mp3").genre  # doctest: +SKIP
'blues'

Submodules: `audio` (decoding), `features` (numbers per 3-second window), `models` (genres with
probabilities), `gtzan` (the dataset), `charts` (figures).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from audionome.errors import AudioError, AudionomeError

if TYPE_CHECKING:
    from audionome.models.classifier import Classifier, classify, load_classifier
    from audionome.models.prediction import Prediction

    __version__: str

__all__ = [
    "AudioError",
    "AudionomeError",
    "Classifier",
    "Prediction",
    "__version__",
    "classify",
    "load_classifier",
]


def __getattr__(name: str) -> Any:
    # On first use: `import audionome` waits for nothing.
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("audionome")
    if name in {"Classifier", "Prediction", "classify", "load_classifier"}:
        return getattr(importlib.import_module("audionome.models.classifier"), name)
    raise AttributeError(f"module 'audionome' has no attribute {name!r}")
