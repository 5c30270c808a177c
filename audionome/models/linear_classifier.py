"""A classifier that adds up what it measures: learned from GTZAN alone, taken apart with ease."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome.features import Extractor
from audionome.models import linear, persistence
from audionome.models._hearing import Clock, LinearHeard
from audionome.models.calibration import Calibration, OutOfDistribution
from audionome.models.classifier import Classifier, load_classifier
from audionome.models.neighbors import Index

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LinearClassifier", "load_linear"]


class LinearClassifier(Classifier):
    """An extractor, a linear model over its columns, and what is needed to say how sure it is.

    Parameters
    ----------
    extractor : audionome.features.Extractor
        Measures a recording; its columns are those of the model.
    model : audionome.models.linear.Linear
        The fitted model.
    calibration : audionome.models.calibration.Calibration
        Turns its scores into probabilities.
    index : audionome.models.neighbors.Index
        Its training tracks by their sound.
    card : dict
        What the model is: ``name``, data, evaluation.
    out_of_distribution : audionome.models.calibration.OutOfDistribution, optional
        How far sounds are from what it learned from.
    companion : Classifier, optional
        A model that gives a second opinion. One that has no distance needs it, and so do tables
        that lack its columns.
    """

    def __init__(
        self,
        extractor: Extractor,
        model: linear.Linear,
        calibration: Calibration,
        *,
        index: Index,
        card: dict[str, Any],
        out_of_distribution: OutOfDistribution | None = None,
        companion: Classifier | None = None,
    ) -> None:
        genres = [str(c) for c in model.classes]
        super().__init__(calibration, genres=genres, index=index, card=card, companion=companion)
        self.extractor = extractor
        self.model = model
        self.out_of_distribution = out_of_distribution

    @classmethod
    def load(cls, folder: Path, name: str, *, load: Callable[[str], Classifier]) -> Self:
        """Load a model of a folder.

        Parameters
        ----------
        folder : Path
        name : str
        load : callable
            Loads the companion by its name.

        Returns
        -------
        LinearClassifier

        Raises
        ------
        ModelError
            If there is no such model, or its files are not what they should be.
        """
        found = persistence.read(folder, name)
        return cls(
            found.extractor,
            found.model,
            found.calibration,
            index=found.index,
            card=found.card,
            out_of_distribution=found.out_of_distribution,
            companion=load(found.card["companion"]) if "companion" in found.card else None,
        )

    def distance(self, rows: NDArray[np.floating]) -> float:
        """Measure how far windows are from those that the model learned from.

        Parameters
        ----------
        rows : ndarray of shape (windows, features)
            In the order of the extractor's names.

        Returns
        -------
        float
            Above 1 the sound is out of the distribution; see
            `audionome.models.calibration.OutOfDistribution`.

        Raises
        ------
        ValueError
            If the model has no distance.
        """
        if self.out_of_distribution is None:
            raise ValueError(f"model {self.name!r} knows no distance; ask its companion")
        return self.out_of_distribution.distance(self.model.standardised(rows))

    def predict_proba(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of feature rows.

        Parameters
        ----------
        table : DataFrame
            One row per window, with the columns of the model's extractor (any order, others are
            ignored), as `audionome.features.extract` makes them. Where columns are missing, the
            companion answers: a table of classic features is answered by the classic model.

        Returns
        -------
        ndarray of shape (rows, genres), float64
            Columns in the order of `genres`; rows sum to 1. A track's probabilities are the mean
            of its windows'. The table is taken for one of long recordings; see
            `audionome.models.calibration.Calibration.temperature_for`.

        Raises
        ------
        TypeError
            If it is no DataFrame.
        ValueError
            If a column is missing, or a value is missing, infinite or not possible: a table that
            was scaled would be answered wrongly.
        """
        names = getattr(table, "columns", None)
        if names is None or not hasattr(table, "loc"):
            raise TypeError(
                "predict_proba needs a pandas DataFrame with named columns, as "
                "audionome.features.extract makes them, and got "
                f"{type(table).__name__}; use pandas.DataFrame(values, columns=names)."
            )
        missing = [c for c in self.extractor.names if c not in names]
        if missing and self.companion is not None:
            return self.companion.predict_proba(table)
        if missing and not any(isinstance(name, str) for name in names):
            raise ValueError(
                "the columns of the table have no names; use pandas.DataFrame(values, "
                "columns=audionome.features.COLUMNS) if that is their order"
            )
        if missing:
            raise ValueError(
                f"the table lacks {len(missing)} feature columns that model {self.name!r} needs: "
                f"{', '.join(missing[:3])}"
            )
        if names.duplicated().any():
            raise ValueError("the table has two columns of one name")
        try:
            values = table[list(self.extractor.names)].to_numpy(dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError("the table has feature values that are not numbers") from error
        if not np.isfinite(values).all():
            raise ValueError("the table has feature values that are missing or infinite")
        self.extractor.require_possible(values, self.model.standardised(values))
        # One thread: sums in another order would differ in the last digit between processes.
        with threadpool_limits(1, user_api="blas"):
            return linear.softmax(self.model.scores(values) / self.calibration.temperature)

    def hear(self, blocks: Iterable[NDArray[np.float32]], *, clock: Clock) -> LinearHeard:
        """Return what will hear a recording.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
        clock : Clock

        Returns
        -------
        Heard

        See Also
        --------
        audionome.models.classifier.Classifier.hear : For all of it.
        """
        return LinearHeard(
            self.extractor,
            self.model,
            self.calibration,
            self.out_of_distribution,
            clock.spent("features", self.extractor.measure(blocks)),
        )


def load_linear(name: str) -> LinearClassifier:
    """Load a model that learned from GTZAN alone.

    Parameters
    ----------
    name : str
        Of a model in ``data/models``.

    Returns
    -------
    LinearClassifier

    Raises
    ------
    ModelError
        If there is no such model, or its file is not the one its card describes.
    ValueError
        If it is another kind of model.

    See Also
    --------
    audionome.load_classifier : For any model.
    """
    model = load_classifier(name)
    if not isinstance(model, LinearClassifier):
        raise ValueError(f"the model {name!r} is not one of those that learned from GTZAN alone")
    return model
