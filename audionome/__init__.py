"""Audionome: the honest, interactive reference on music genre classification.

>>> import audionome
>>> audionome.classify("song.mp3").genre  # doctest: +SKIP
'blues'

Submodules: `audio` (decoding), `features` (57 numbers per 3-second window), `gtzan` (the
dataset), `classifier` (genres with probabilities), `charts` (figures), `dashboard`, `cli`.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audionome.models.classifier import Classifier, Prediction, classify, load_classifier

__all__ = ["Classifier", "Prediction", "__version__", "classify", "load_classifier"]

__version__ = version("audionome")


def __getattr__(name: str) -> Any:
    # Imported on first use: `audionome --help` need not wait for scikit-learn.
    if name in {"Classifier", "Prediction", "classify", "load_classifier"}:
        return getattr(importlib.import_module("audionome.models.classifier"), name)
    raise AttributeError(f"module 'audionome' has no attribute {name!r}")
