"""Audionome: the honest, interactive reference on music genre classification.

>>> import audionome
>>> audionome.classify("song.mp3").genre  # doctest: +SKIP
'blues'

The library: `audio` (decoding), `features` (numbers of 3-second windows), `models` (genres with
probabilities), `datasets`, `charts` (figures). Around it: `app` (the dashboard), `cli`, `lab`
(evaluation and training) and `report` (the book).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audionome.models.classifier import Classifier, Prediction, classify, load_classifier

    __version__: str

__all__ = ["Classifier", "Prediction", "__version__", "classify", "load_classifier"]


def __getattr__(name: str) -> Any:
    # On first use: `import audionome` waits for nothing.
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("audionome")
    if name in {"Classifier", "Prediction", "classify", "load_classifier"}:
        return getattr(importlib.import_module("audionome.models.classifier"), name)
    raise AttributeError(f"module 'audionome' has no attribute {name!r}")
