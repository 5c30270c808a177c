"""What it is worth to choose a model by its validation result: nested, so that no test is seen.

Conventions
-----------
A fold of a protocol has a training, a validation and a test part. The candidates are all models
and variants but the floor, fitted on the training part. In every fold the one that is right most
often on the validation part is picked, and it answers for that fold's test part. So the figure is
not that of a model; it is that of picking one in this way.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from audionome.lab.bootstrap import ConfidenceInterval, mean_interval
from audionome.lab.compare import Verdict, paired_difference, verdicts
from audionome.lab.names import FLOOR, in_order, model_title, select
from audionome.lab.predictions import judge

__all__ = ["NestedChoice", "nested"]


@dataclass(frozen=True)
class NestedChoice:
    """What came of picking a model in every fold.

    Attributes
    ----------
    folds : DataFrame
        One row per fold: ``fold``, ``model``, ``variant``, ``title`` of the model that was picked,
        ``valid`` (its validation accuracy), ``n_valid`` (tracks), ``test`` (its accuracy on the
        fold's test tracks) and ``n_test``.
    accuracy : ConfidenceInterval
        Of the picked models, each on the test tracks of its fold, over artists.
    fixed : Verdict
        Of the picks, set beside the reference on the same tracks: "better", "worse" or "cannot be
        told apart".
    highest : Verdict
        Of the picks, set beside the candidate whose test accuracy is highest, which is known only
        afterwards; `fixed` and this one are a family.
    reference, top : str
        Titles of the reference and of the candidate with the highest test accuracy.
    n_candidates : int
        Models and variants that could be picked.
    """

    folds: pd.DataFrame
    accuracy: ConfidenceInterval
    fixed: Verdict
    highest: Verdict
    reference: str
    top: str
    n_candidates: int


def nested(
    predictions: pd.DataFrame,
    validation: pd.DataFrame,
    *,
    reference: tuple[str, str],
    protocol: str = "artist-grouped",
) -> NestedChoice:
    """Pick a model in every fold by validation, and judge the picks on the test parts.

    Parameters
    ----------
    predictions, validation : DataFrame
        See `audionome.lab.store`.
    reference : (str, str)
        Model and variant that the picks are set beside.
    protocol : str
        One whose folds have validation parts.

    Returns
    -------
    NestedChoice

    Raises
    ------
    ValueError
        If a candidate lacks a fold.

    References
    ----------
    .. [1] Cawley and Talbot, On over-fitting in model selection and subsequent selection bias in
       performance evaluation (JMLR 11, 2010).
    """
    rows = select(validation, protocol=protocol)
    rows = in_order(rows[rows["model"] != FLOOR]).assign(valid=lambda t: t["right"] / t["n"])
    if rows.empty or rows.groupby(["model", "variant"]).size().nunique() > 1:
        raise ValueError("every candidate needs a validation result in every fold")
    # Of equals the first in the order of the report.
    picked = rows.loc[rows.groupby("fold")["valid"].idxmax()].sort_values("fold")
    tested = select(predictions, protocol=protocol)
    fold_of = tested.drop_duplicates("track").set_index("track")["fold"]
    judged = judge(tested)
    judged = judged.assign(fold=fold_of.loc[judged["track"]].to_numpy())
    own = judged.merge(picked[["fold", "model", "variant"]], on=["fold", "model", "variant"])
    own = own.sort_values("track", ignore_index=True)
    by_fold = own.groupby("fold")["correct"]
    folds = picked.assign(
        title=[model_title(*key) for key in picked[["model", "variant"]].to_numpy(dtype=str)],
        test=by_fold.mean().loc[picked["fold"]].to_numpy(),
        n_test=by_fold.size().loc[picked["fold"]].to_numpy(),
    ).rename(columns={"n": "n_valid"})
    columns = ["fold", "model", "variant", "title", "valid", "n_valid", "test", "n_test"]

    def answers(model: str, variant: str) -> pd.Series:
        return select(judged, model=model, variant=variant).set_index("track")["correct"]

    others = judged[judged["model"] != FLOOR].groupby(["model", "variant"])["correct"].mean()
    top = others.index[int(others.to_numpy().argmax())]
    fixed, highest = verdicts(
        [
            paired_difference(own["correct"], answers(*key).loc[own["track"]], own["artist"])
            for key in (reference, top)
        ]
    )
    return NestedChoice(
        folds=folds[columns].reset_index(drop=True),
        accuracy=mean_interval(own["correct"], own["artist"]),
        fixed=fixed,
        highest=highest,
        reference=model_title(*reference),
        top=model_title(*top),
        n_candidates=len(others),
    )
