"""The released models, judged: what `audionome.lab.training` left behind, as numbers.

Conventions
-----------
Nothing is fitted here. Every prediction is about a track (or an excerpt of one) whose artist the
model had not heard, except under ``track-grouped``; of music from elsewhere, it is the collection
that was left out, and some artists are GTZAN's. Shares lie in [0, 1]. Intervals are those of
`audionome.lab.bootstrap`, over artists; what is better than what is decided by
`audionome.lab.compare`, for all comparisons of a table together.

`audionome.lab.model_card.released` loads, `audionome.lab.model_card.accuracy` tells how often the
models are right, `audionome.lab.model_card.confidence` how well they know it,
`audionome.lab.model_card.outside` how they fare outside GTZAN, and
`audionome.lab.model_card.neighbours` what their indexes find.
"""

from audionome.lab.model_card.accuracy import (
    COMPARED,
    LENGTHS,
    Comparison,
    common,
    comparisons,
    excerpts,
    few_clips,
    ladder,
    named,
    on_same_tracks,
    per_genre,
    without_few,
)
from audionome.lab.model_card.confidence import (
    coverage,
    held_back,
    many_ratios,
    reliability,
    separation,
)
from audionome.lab.model_card.neighbours import (
    Map,
    indexes,
    neighbour_gains,
    neighbours,
    track_map,
    twins,
)
from audionome.lab.model_card.outside import compare_outside, leaving, wild_genres
from audionome.lab.model_card.released import ELSEWHERE, ReleasedModels, load, load_tries

__all__ = [
    "COMPARED",
    "ELSEWHERE",
    "LENGTHS",
    "Comparison",
    "Map",
    "ReleasedModels",
    "common",
    "compare_outside",
    "comparisons",
    "coverage",
    "excerpts",
    "few_clips",
    "held_back",
    "indexes",
    "ladder",
    "leaving",
    "load",
    "load_tries",
    "many_ratios",
    "named",
    "neighbour_gains",
    "neighbours",
    "on_same_tracks",
    "per_genre",
    "reliability",
    "separation",
    "track_map",
    "twins",
    "wild_genres",
    "without_few",
]
