"""Music from outside GTZAN, as sound: what models say of it, source by source.

Conventions
-----------
A *source* is one collection of clips; the clips themselves are not ours to pass on, so they have
numbers instead of titles, and only what was computed from them is kept. Every clip is classified
whole and as short excerpts at fixed places. Temperatures and thresholds that judge the clips of a
source are set on the other sources, on clips of trust A and B.

The table ``outside_predictions.parquet`` has one row per model, protocol and excerpt:

- ``family`` ("from scratch": nothing but GTZAN was learned from; "pretrained"), ``model``,
  ``protocol`` ("released": the model has learned from no source; "leave-one-source-out"),
- ``clip``, ``genre``, ``source``, ``trust`` (A: a plain case; B: plausible; C: doubtful),
  ``artist`` (group), ``in_gtzan`` (GTZAN has other songs by the artist),
- ``excerpt`` (3 or 10 s, 0 for the whole clip), ``start`` (s), ``seconds`` (of sound, without
  silence),
- ``p_blues`` ... ``p_rock``, ``temperature`` (what the scores were divided by), ``distance`` (above
  1: out of the distribution), ``gtzan_confidence`` (the largest probability, had the temperature
  been that of GTZAN's folds; missing for models without one).

`audionome.lab.outside.collection` finds clips and cuts excerpts,
`audionome.lab.outside.predicting` asks models and sets temperatures and thresholds,
`audionome.lab.outside.stored` writes and loads the table.
"""

from audionome.lab.outside.collection import Excerpt, OutsideError, clips, excerpts
from audionome.lab.outside.predicting import (
    COLUMNS,
    LENGTHS,
    calibrate,
    measure,
    nested,
    of_truth,
    predict,
    stands_for,
    thresholds,
    trusted,
)
from audionome.lab.outside.stored import OUTSIDE_PREDICTIONS, load, load_cards, write

__all__ = [
    "COLUMNS",
    "LENGTHS",
    "OUTSIDE_PREDICTIONS",
    "Excerpt",
    "OutsideError",
    "calibrate",
    "clips",
    "excerpts",
    "load",
    "load_cards",
    "measure",
    "nested",
    "of_truth",
    "predict",
    "stands_for",
    "thresholds",
    "trusted",
    "write",
]
