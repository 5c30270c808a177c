"""Estimators, and how they are kept: skops files that run no code when they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audionome.errors import AudionomeError

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline

__all__ = ["UntrustedModelError", "load_estimator", "save_estimator", "scores", "svc"]


class UntrustedModelError(AudionomeError):
    """A model file that holds types which ours never do."""


def svc() -> Pipeline:
    """The source study's best model: standardised features, RBF kernel, C = 10.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Unfitted; scaling is fitted with the classifier, on training rows alone.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    classifier = SVC(
        C=10, kernel="rbf", gamma="scale", decision_function_shape="ovo", cache_size=1000
    )
    return make_pipeline(StandardScaler(), classifier)


def scores(estimator: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """One score per class from a support vector machine's pairwise margins.

    Parameters
    ----------
    estimator : fitted pipeline that ends in an SVC with ``decision_function_shape="ovo"``
    values : ndarray of shape (rows, features)

    Returns
    -------
    ndarray of shape (rows, classes)
        Sum over the class's pairs of tanh(margin): a vote that a narrow margin makes weaker.
        Scikit-learn's own scores count whole votes, so that no answer can ever be confident.
    """
    margins = np.tanh(estimator.decision_function(values))
    n = len(estimator.classes_)
    first, second = np.triu_indices(n, 1)
    signs = np.zeros((margins.shape[1], n))
    pairs = np.arange(margins.shape[1])
    signs[pairs, first] = 1
    signs[pairs, second] = -1
    return margins @ signs


def save_estimator(estimator: BaseEstimator, path: str | Path) -> None:
    """Write a fitted estimator as a compressed skops file."""
    from zipfile import ZIP_DEFLATED

    from skops.io import dump

    dump(estimator, path, compression=ZIP_DEFLATED, compresslevel=9)


def load_estimator(path: str | Path) -> BaseEstimator:
    """Read a fitted estimator; no code of the file is run.

    Raises
    ------
    UntrustedModelError
        If the file asks for a type outside skops' own list of safe ones.
    """
    from skops.io import get_untrusted_types, load

    if unknown := get_untrusted_types(file=path):
        raise UntrustedModelError(
            f'"{path}" holds types that no Audionome model uses ({", ".join(sorted(unknown))}); '
            "do not use this file."
        )
    return load(path, trusted=[])
