"""The lab: protocols, estimators, cross-validation, statistics and training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audionome.lab.sklearn import AudionomeClassifier, AudionomeFeatures

__all__ = ["AudionomeClassifier", "AudionomeFeatures"]


def __getattr__(name: str) -> Any:
    # Imported on first use: the command line need not wait for scikit-learn.
    if name in __all__:
        from audionome.lab import sklearn

        return getattr(sklearn, name)
    raise AttributeError(f"module 'audionome.lab' has no attribute {name!r}")
