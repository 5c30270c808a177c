"""A model of one's own genres: measured, tested without leaks, and fitted.

`train` goes the whole way from a folder with one sub-folder per genre to one file. Its parts:
`audionome.lab.own.folder` finds the files, `audionome.lab.own.grouping` who made them,
`audionome.lab.own.measuring` what is heard of them, `audionome.lab.own.duplicates` what is there
twice; `audionome.lab.own.judging` tests, `audionome.lab.own.fitting` fits and calibrates, and
`audionome.lab.own.cards` says what to distrust.
"""

from __future__ import annotations

from audionome.lab.own.folder import TrainingError
from audionome.lab.own.training import Trained, require_model_path, train

__all__ = ["Trained", "TrainingError", "require_model_path", "train"]
