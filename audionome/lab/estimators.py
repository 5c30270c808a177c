"""The estimators of the ladder and their search spaces.

Every model is a scikit-learn pipeline, so that scaling is fitted inside a fold. `MODELS` has
the seven of the source study by Stijnen and Delaere with its hyperparameters (variant
``"study"``) and each of them tuned (variant ``"tuned"``), and what the study did not try.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = [
    "MODELS",
    "ModelSpec",
    "predictions",
    "probabilities",
    "svc",
    "tune",
]

_SEED = 0


@dataclass(frozen=True)
class ModelSpec:
    """A model of the ladder.

    Attributes
    ----------
    name, title : str
        For the command line; for a reader.
    study : callable or None
        Makes the unfitted pipeline with the study's hyperparameters.
    tuned : callable
        Makes the unfitted pipeline that `space` is searched on.
    space : list of dict
        Grids for scikit-learn's ``ParameterGrid``; empty when there is nothing to choose.
    study_accuracy : float or None
        What Stijnen and Delaere report (3-second windows, random 80/10/10).
    """

    name: str
    title: str
    tuned: Callable[[], Pipeline]
    study: Callable[[], Pipeline] | None = None
    space: list[dict[str, list[Any]]] = field(default_factory=list)
    study_accuracy: float | None = None

    @property
    def variants(self) -> tuple[str, ...]:
        """``("study", "tuned")``, or only the latter."""
        return ("study", "tuned") if self.study else ("tuned",)

    def make(self, variant: str) -> Pipeline:
        """The unfitted pipeline of a variant."""
        if variant == "study" and self.study is not None:
            return self.study()
        if variant == "tuned":
            return self.tuned()
        raise ValueError(f"model {self.name!r} has no variant {variant!r}")

    def settings(self, variant: str) -> dict[str, Any]:
        """Return what a variant is made of, for JSON.

        Returns
        -------
        dict
            ``steps`` with the parameters that are not scikit-learn's defaults, and the search
            ``space``. Not scikit-learn's own text, which changes from version to version.
        """
        steps = [[type(step).__name__, _changed(step)] for _, step in self.make(variant).steps]
        space = self.space if variant == "tuned" else []
        return {"steps": steps, "space": space}


def _changed(step: Any) -> dict[str, Any]:
    """Parameters that are not the defaults."""
    defaults = inspect.signature(type(step)).parameters
    return {k: v for k, v in step.get_params().items() if v != defaults[k].default}


def _pipeline(classifier: Any, *, power: bool = False) -> Pipeline:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import PowerTransformer, StandardScaler

    scaler = PowerTransformer() if power else StandardScaler()
    return Pipeline([("scale", scaler), ("classify", classifier)])


def svc(**parameters: Any) -> Pipeline:
    """Return a support vector machine; by default the source study's: RBF kernel, C = 10.

    Parameters
    ----------
    **parameters
        Of `sklearn.svm.SVC`, in place of the study's.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Unfitted; scaling is fitted with the classifier, on training rows alone.
    """
    from sklearn.svm import SVC

    settings = {"C": 10, "kernel": "rbf", "gamma": "scale", **parameters}
    return _pipeline(SVC(decision_function_shape="ovo", cache_size=1000, **settings))


def _logistic(**parameters: Any) -> Pipeline:
    from sklearn.linear_model import LogisticRegression

    return _pipeline(LogisticRegression(**{"max_iter": 200, **parameters}))


def _sgd(**parameters: Any) -> Pipeline:
    from sklearn.linear_model import SGDClassifier

    return _pipeline(SGDClassifier(max_iter=200, random_state=_SEED, **parameters))


def _forest(**parameters: Any) -> Pipeline:
    from sklearn.ensemble import RandomForestClassifier

    return _pipeline(RandomForestClassifier(random_state=_SEED, **parameters))


def _knn(**parameters: Any) -> Pipeline:
    from sklearn.neighbors import KNeighborsClassifier

    return _pipeline(KNeighborsClassifier(**parameters))


def _tree(**parameters: Any) -> Pipeline:
    from sklearn.tree import DecisionTreeClassifier

    settings = {"criterion": "entropy", "class_weight": "balanced", **parameters}
    return _pipeline(DecisionTreeClassifier(random_state=_SEED, **settings))


def _boosting(**parameters: Any) -> Pipeline:
    from sklearn.ensemble import GradientBoostingClassifier

    return _pipeline(GradientBoostingClassifier(random_state=_SEED, **parameters))


def _hist_boosting() -> Pipeline:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return _pipeline(
        HistGradientBoostingClassifier(
            max_iter=100,
            max_leaf_nodes=15,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=_SEED,
        )
    )


def _mlp() -> Pipeline:
    from sklearn.neural_network import MLPClassifier

    return _pipeline(MLPClassifier((128,), max_iter=60, tol=0, random_state=_SEED))


def _lda() -> Pipeline:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return _pipeline(LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"), power=True)


def _dummy() -> Pipeline:
    from sklearn.dummy import DummyClassifier

    return _pipeline(DummyClassifier(strategy="most_frequent"))


def _specs() -> tuple[ModelSpec, ...]:
    return (
        ModelSpec(
            "logistic",
            "Logistic regression",
            _logistic,
            study=_logistic,
            space=[{"classify__C": [0.003, 0.01, 0.03, 0.1, 1.0]}],
            study_accuracy=0.7217,
        ),
        ModelSpec(
            "sgd",
            "Stochastic gradient descent",
            _sgd,
            study=lambda: _sgd(learning_rate="constant", eta0=0.01),
            space=[
                {
                    "classify__loss": ["hinge", "log_loss"],
                    "classify__alpha": [1e-4, 1e-3, 1e-2],
                    "classify__average": [True],
                }
            ],
            study_accuracy=0.6797,
        ),
        ModelSpec(
            "forest",
            "Random forest",
            lambda: _forest(n_estimators=200),
            study=lambda: _forest(n_estimators=81, max_depth=10),
            space=[{"classify__max_features": ["sqrt", 0.3], "classify__min_samples_leaf": [4]}],
            study_accuracy=0.7848,
        ),
        ModelSpec(
            "svc",
            "Support vector machine",
            svc,
            study=svc,
            space=[{"classify__C": [1.0, 3.0, 10.0], "classify__gamma": ["scale", 0.004]}],
            study_accuracy=0.9199,
        ),
        ModelSpec(
            "knn",
            "k-nearest neighbours",
            lambda: _knn(weights="distance"),
            study=lambda: _knn(n_neighbors=6),
            space=[{"classify__n_neighbors": [5, 15, 31, 61]}],
            study_accuracy=0.9109,
        ),
        ModelSpec(
            "tree",
            "Decision tree",
            _tree,
            study=lambda: _tree(max_depth=15),
            space=[
                {"classify__max_depth": [6, 10, 15], "classify__min_samples_leaf": [10, 30]},
            ],
            study_accuracy=0.6617,
        ),
        ModelSpec(
            "boosting",
            "Gradient boosting",
            lambda: _boosting(n_estimators=150, subsample=0.5, max_features="sqrt"),
            study=lambda: _boosting(n_estimators=300, learning_rate=0.2),
            space=[{"classify__learning_rate": [0.05, 0.1]}],
            study_accuracy=0.8769,
        ),
        ModelSpec(
            "hist-boosting",
            "Histogram gradient boosting",
            _hist_boosting,
            space=[{"classify__learning_rate": [0.05, 0.1]}],
        ),
        ModelSpec(
            "mlp",
            "Neural network (one hidden layer)",
            _mlp,
            space=[{"classify__alpha": [1e-3, 0.1, 1.0]}],
        ),
        ModelSpec(
            "lda",
            "Shrinkage linear discriminant",
            _lda,
            space=[{"classify__shrinkage": ["auto", 0.1, 0.3]}],
        ),
        ModelSpec("dummy", "Majority class (the floor)", _dummy),
    )


#: The ladder's models, in the report's order.
MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in _specs()}


def tune(
    spec: ModelSpec, X: NDArray[np.float64], y: ArrayLike, artists: ArrayLike
) -> dict[str, Any]:
    """Choose hyperparameters on training rows alone.

    Three inner folds that keep artists apart, on every second window (neighbouring windows of
    a track say nearly the same, and the search is four times faster).

    Parameters
    ----------
    spec : ModelSpec
    X : ndarray of shape (rows, features)
        Training rows, the windows of a track one after the other.
    y, artists : array-like of shape (rows,)

    Returns
    -------
    dict
        The best point of ``spec.space`` by mean accuracy; empty if there is nothing to choose.
    """
    from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

    if not spec.space:
        return {}
    half = slice(None, None, 2)
    search = GridSearchCV(
        spec.tuned(),
        spec.space,
        cv=StratifiedGroupKFold(3, shuffle=True, random_state=_SEED),
        scoring="accuracy",
        refit=False,
    )
    search.fit(X[half], np.asarray(y)[half], groups=np.asarray(artists)[half])
    return dict(search.best_params_)


def probabilities(
    estimator: Any, values: NDArray[np.float64], *, temperature: float = 1.0
) -> NDArray[np.float64]:
    """Return the probabilities of any fitted model of ours.

    Parameters
    ----------
    estimator : fitted pipeline
    values : ndarray of shape (rows, features)
    temperature : float
        Divides the scores of models that give no probabilities themselves.

    Returns
    -------
    ndarray of shape (rows, classes)
        The model's own probabilities; else the softmax of a support vector machine's soft votes,
        or of a linear model's decision function. Rows sum to 1.
    """
    return predictions(estimator, values, temperature=temperature)[1]


def predictions(
    estimator: Any, values: NDArray[np.float64], *, temperature: float = 1.0
) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """Return what ``estimator.predict`` does, and the `probabilities`, in one pass.

    Parameters
    ----------
    estimator, values, temperature
        As for `probabilities`.

    Returns
    -------
    y_pred : ndarray of shape (rows,)
        Class names. A support vector machine's are those of whole votes, as in scikit-learn.
    probabilities : ndarray of shape (rows, classes)
    """
    from scipy.special import softmax
    from sklearn.svm import SVC

    if isinstance(estimator[-1], SVC):
        margins = estimator.decision_function(values)
        votes = _sum_of_pairs(np.where(margins > 0, 1.0, -1.0), len(estimator.classes_))
        soft = _sum_of_pairs(np.tanh(margins), len(estimator.classes_))
        proba = softmax(soft / temperature, axis=1)
        return estimator.classes_[votes.argmax(axis=1)], proba
    if hasattr(estimator, "predict_proba"):
        proba = estimator.predict_proba(values)
    else:
        proba = softmax(estimator.decision_function(values) / temperature, axis=1)
    return estimator.classes_[proba.argmax(axis=1)], proba


def _sum_of_pairs(margins: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    first, second = np.triu_indices(n, 1)
    signs = np.zeros((margins.shape[1], n))
    pairs = np.arange(margins.shape[1])
    signs[pairs, first] = 1
    signs[pairs, second] = -1
    return margins @ signs
