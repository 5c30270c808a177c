"""Features and models as scikit-learn estimators, for anybody's pipeline.

Conventions
-----------
A *clip* is a path, or mono samples at 22 050 Hz. `AudionomeFeatures` turns clips into one row of
features each; `AudionomeClassifier` classifies rows of any numbers. Both can be cloned, searched
over, and put into a ``Pipeline``.

Examples
--------
>>> import numpy as np
>>> from sklearn.pipeline import make_pipeline
>>> time, rng = np.arange(3 * 22050) / 22050, np.random.default_rng(0)
>>> tones = [0.3 * np.sin(2 * np.pi * hertz * time) for hertz in (220, 330, 440, 550, 660)]
>>> noises = [0.1 * rng.standard_normal(time.size) for _ in range(5)]
>>> model = make_pipeline(AudionomeFeatures(), AudionomeClassifier())
>>> _ = model.fit(tones[1:] + noises[1:], ["tone"] * 4 + ["noise"] * 4)
>>> model.predict([tones[0], noises[0]]).tolist()
['tone', 'noise']
"""

from __future__ import annotations

import os
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from audionome import audio
from audionome.errors import AudionomeError
from audionome.features.extractors import Extractor, load_extractor
from audionome.lab.training import fitting
from audionome.lab.training.calibration import fit_temperature
from audionome.models import linear

__all__ = ["AudionomeClassifier", "AudionomeFeatures"]


# -- features -----------------------------------------------------------------------------


class AudionomeFeatures(TransformerMixin, BaseEstimator):
    """Turn clips into rows of features: the mean over the windows of 3 s.

    Parameters
    ----------
    extractor : str
        A name of `audionome.features.EXTRACTORS`: ``"gtzan57"``, the 57 classic columns, or
        ``"modulation-covariance"``, the 3 900 log-covariances of modulation bands.
    n_jobs : int or None
        Processes that measure clips (joblib): None for one, -1 for all cores.

    See Also
    --------
    AudionomeClassifier : What the rows can be given to.
    audionome.features.extract : The rows of the windows.

    Examples
    --------
    >>> import numpy as np
    >>> clip = np.sin(2 * np.pi * 440 * np.arange(4 * 22050) / 22050)
    >>> AudionomeFeatures().fit_transform([clip]).shape
    (1, 57)
    """

    def __init__(
        self,
        extractor: str = "gtzan57",
        *,
        n_jobs: int | None = None,
    ) -> None:
        self.extractor = extractor
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> AudionomeFeatures:
        """Check the parameters; nothing is learned.

        Parameters
        ----------
        X : list or array of clips
            See `transform`.
        y : ignored

        Returns
        -------
        AudionomeFeatures

        Raises
        ------
        ValueError
            If there is no such extractor, or there are no clips.
        TypeError
            If X is no list of clips.
        """
        load_extractor(self.extractor)
        _clips(X)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Measure clips.

        Parameters
        ----------
        X : list or array of clips
            Paths, arrays of mono samples at 22 050 Hz (full scale [-1, 1]), or a mixture; an
            array of shape (clips, samples) is a list of clips of one length.

        Returns
        -------
        ndarray of shape (clips, features), float64
            In the units of `audionome.features.REGISTRY`.

        Raises
        ------
        audionome.errors.AudioError
            If a clip cannot be used; the text says which and why.
        ValueError, TypeError
            As `fit`.
        """
        extractor = load_extractor(self.extractor)
        clips = list(enumerate(_clips(X)))
        if self.n_jobs in (None, 1):
            return np.stack([_row(extractor, i, clip) for i, clip in clips])
        from joblib import Parallel, delayed

        tasks = (delayed(_row)(extractor, i, clip) for i, clip in clips)
        return np.stack(Parallel(n_jobs=self.n_jobs)(tasks))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of shape (features,)
        """
        return np.array(load_extractor(self.extractor).names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags


def _clips(X: Any) -> list[Any]:
    """Return the clips one by one."""
    if isinstance(X, str | bytes | os.PathLike):
        raise TypeError(f"X is one path; give a list of clips: [{str(X)!r}].")
    if not hasattr(X, "__len__") or hasattr(X, "columns"):
        raise TypeError(f"X should be a list or an array of clips, not {type(X).__name__}.")
    clips = list(X)
    if not clips:
        raise ValueError("X holds no clips; give paths or arrays of samples.")
    if all(np.ndim(clip) == 0 and not isinstance(clip, str | os.PathLike) for clip in clips):
        raise TypeError("X is no list of clips; of one clip's samples make a list: [samples].")
    return clips


def _row(extractor: Extractor, number: int, clip: Any) -> NDArray[np.float64]:
    """Return the mean over a clip's windows."""
    is_path = isinstance(clip, str | os.PathLike)
    name = f'"{os.fspath(clip)}"' if is_path else f"The clip {number} of X"
    try:
        if is_path:
            samples = audio.load(Path(clip))
        else:
            samples = audio.check(np.asarray(clip, dtype=np.float32), name=name)
    except AudionomeError as error:
        if not is_path:
            raise
        raise type(error)(f"The clip {number} of X, {name}, cannot be used: {error}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} is neither a path nor an array of mono samples: {error}"
        ) from error
    whole = range(len(audio.windows(samples)))
    blocks = (samples[i * audio.WINDOW_HOP :][: audio.WINDOW_HOP] for i in whole)
    rows = np.concatenate(list(extractor.measure(blocks)))
    found: NDArray[np.float64] = rows.mean(axis=0, dtype=np.float64)
    return found


# -- classifier ---------------------------------------------------------------------------


class AudionomeClassifier(ClassifierMixin, BaseEstimator):
    """Classify rows with the linear model of the library, calibrated as the released models are.

    Columns are standardised and clipped; every class has a linear score; probabilities are the
    softmax of the scores divided by a temperature. The temperature is the one at which predictions
    of inner folds are right as often as they claim on average.

    Parameters
    ----------
    method : {"fisher", "mixture"}
        Fisher's discriminant with shrinkage and equal priors, or the mean of it and of
        multinomial logistic regression with balanced classes.
    shrinkage : float
        How far the covariance within classes is drawn towards that of independent columns of
        equal variance, in (0, 1].
    correction : float
        The mean of a class with few rows (or groups) is uncertain and seems far from everything;
        this share of the expected distance is taken off, in [0, 1].
    C : float
        Inverse strength of the penalty of the logistic regression.
    n_folds : int
        Inner folds that choose the temperature; fewer where a class has fewer rows or groups.
    random_state : int
        Of the inner folds.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,)
    temperature_ : float
        1 where a class has a single row or group, so that there can be no inner folds.
    model_ : audionome.models.linear.Linear
        Over all columns; a column that does not vary has no weight.
    n_features_in_ : int

    See Also
    --------
    AudionomeFeatures : Rows out of recordings.

    References
    ----------
    .. [1] Friedman, Regularized discriminant analysis (1989).
    .. [2] Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = AudionomeClassifier(shrinkage=0.1).fit(X, y)
    >>> model.predict_proba(X).shape
    (150, 3)
    """

    def __init__(
        self,
        method: Literal["fisher", "mixture"] = "fisher",
        *,
        shrinkage: float = 0.8,
        correction: float = 0.4,
        C: float = 0.1,
        n_folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.shrinkage = shrinkage
        self.correction = correction
        self.C = C
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None
    ) -> AudionomeClassifier:
        """Fit the model and its temperature.

        Parameters
        ----------
        X : array-like of shape (rows, features)
        y : array-like of shape (rows,)
        groups : array-like of shape (rows,), optional
            Group of each row, an artist say: no group is on two sides of an inner fold.

        Returns
        -------
        AudionomeClassifier

        Raises
        ------
        ValueError
            If a parameter is out of range, there are fewer than two classes, or the rows of each
            class are all alike.
        """
        self._require_parameters()
        rows, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, code = np.unique(y, return_inverse=True)
        if self.classes_.size < 2:
            raise ValueError("y holds a single class; at least 2 classes are needed.")
        check_consistent_length(rows, groups)
        clips = (
            np.arange(len(rows)) if groups is None else np.unique(groups, return_inverse=True)[1]
        )
        self.model_ = self._fit(rows, code, clips)
        self.temperature_ = self._temperature(rows, code, clips)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (rows, features)

        Returns
        -------
        ndarray of shape (rows, classes)
            In the order of ``classes_``; rows sum to 1.
        """
        return linear.softmax(self._scores(X) / self.temperature_)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likeliest class.

        Parameters
        ----------
        X : array-like of shape (rows, features)

        Returns
        -------
        ndarray of shape (rows,)
        """
        scores = self._scores(X)
        found: NDArray[Any] = self.classes_[scores.argmax(axis=1)]
        return found

    def _scores(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        return self.model_.scores(validate_data(self, X, dtype=np.float64, reset=False))

    def _require_parameters(self) -> None:
        if self.method not in ("fisher", "mixture"):
            raise ValueError(f'method is "fisher" or "mixture", not {self.method!r}')
        for name, value, least in (
            ("shrinkage", self.shrinkage, 1e-9),
            ("correction", self.correction, 0.0),
        ):
            if not least <= value <= 1:
                raise ValueError(f"{name} should lie between 0 and 1, and is {value}")
        if not self.C > 0:
            raise ValueError(f"C should be positive, and is {self.C}")
        if not (isinstance(self.n_folds, Integral) and self.n_folds >= 2):
            raise ValueError(f"n_folds should be an integer of at least 2, and is {self.n_folds}")

    def _fit(
        self, X: NDArray[np.float64], code: NDArray[np.integer], clips: NDArray[np.integer]
    ) -> linear.Linear:
        """Fit scores of the classes with these codes."""
        mean, scale = X.mean(axis=0), X.std(axis=0)
        varies = scale > 1e-12 * np.maximum(np.abs(mean), 1e-300)
        scale = np.where(varies, scale, 1.0)
        rows = ((X - mean) / scale)[:, varies]
        n = np.unique(code).size
        weights, bias = np.zeros((X.shape[1], n)), np.zeros(n)
        if not varies.any():
            return linear.Linear(
                np.unique(code).astype(str), np.zeros(len(mean), bool), mean, scale, 5.0, weights,
                bias,
            )  # fmt: skip
        labels: Any = code  # numbers, for their order is that of `classes_`
        try:
            fitted = fitting.fit_extended(
                rows.astype(np.float32), labels, np.ones(len(rows)), clips,
                shrinkage=self.shrinkage, correction=self.correction,
            )  # fmt: skip
        except np.linalg.LinAlgError:
            raise ValueError("the rows of each class are all alike; more rows are needed") from None
        weights[varies], bias = fitted.weights, fitted.bias
        if self.method == "mixture":
            regression = LogisticRegression(
                C=self.C, max_iter=500, tol=1e-5, class_weight="balanced"
            ).fit(fitted.transformed(rows), code)
            other, intercept = regression.coef_.T, regression.intercept_
            if n == 2:  # one column is half against half
                other, intercept = np.hstack([-other, other]) / 2, np.array([-1, 1]) * intercept / 2
            weights[varies] = (weights[varies] + other - other.mean(axis=1, keepdims=True)) / 2
            bias = (bias + intercept - intercept.mean()) / 2
        mean[varies] += scale[varies] * fitted.mean
        scale[varies] *= fitted.scale
        return linear.Linear(
            fitted.classes, np.zeros(len(mean), bool), mean, scale, fitted.limit, weights, bias
        )

    def _temperature(
        self, X: NDArray[np.float64], code: NDArray[np.integer], clips: NDArray[np.integer]
    ) -> float:
        """Return the temperature of predictions by inner folds."""
        n = min(self.n_folds, *(np.unique(clips[code == c]).size for c in np.unique(code)))
        if n < 2:
            return 1.0
        grouped = np.unique(clips).size < len(clips)
        kind = StratifiedGroupKFold if grouped else StratifiedKFold
        folds = kind(n, shuffle=True, random_state=self.random_state)
        scores = np.full((len(X), self.classes_.size), -np.inf)
        for train, test in folds.split(X, code, clips) if grouped else folds.split(X, code):
            learned = np.unique(code[train])  # a class may be in the other part alone
            if learned.size < 2:
                return 1.0
            model = self._fit(X[train], code[train], clips[train])
            scores[np.ix_(test, learned)] = model.scores(X[test])
        return fit_temperature(scores[:, None], code)
