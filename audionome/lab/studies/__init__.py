"""What the ladder's numbers hang on: features, numbers of tracks, the rungs, loudness."""

from __future__ import annotations

from typing import Any

from audionome.lab.studies import decomposition, importance, learning_curve

__all__ = ["RECIPES", "stamps"]

#: Number of each study's recipe, which its module explains.
RECIPES = {
    "importance": importance.RECIPE,
    "learning_curve": learning_curve.RECIPE,
    "decomposition": decomposition.RECIPE,
}


def stamps() -> dict[str, dict[str, Any]]:
    """Return what each study is made of.

    Returns
    -------
    dict of str to dict
        Study to the number of its recipe, its models and its parameters.
    """
    return {
        "importance": importance.stamp(),
        "learning_curve": learning_curve.stamp(),
        "decomposition": decomposition.stamp(),
    }
