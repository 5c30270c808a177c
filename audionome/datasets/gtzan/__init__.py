"""The GTZAN dataset as data: tracks, artists, songs, splits and the feature table.

Conventions
-----------
A *track* is named like ``blues.00042``; a *window* is one of its ten 3-second pieces.
``data/gtzan/features.parquet`` holds what our extractor measured from the clips whose audio
was found; rows of the published Kaggle table may not be shipped, so the tracks without
audio are missing until a copy of that table completes them (`load`).

References
----------
.. [1] Tzanetakis and Cook, Musical genre classification of audio signals (2002).
.. [2] Sturm, The GTZAN dataset: its contents, its faults ... (arXiv:1306.1461, 2013).
.. [3] Kereliuk, Sturm and Larsen, Deep learning and music adversaries (2015): the
       fault-filtered split.
"""

from __future__ import annotations

from audionome.datasets.gtzan.lists import (
    NAMES_VARIABLE,
    REASONS,
    build_songs,
    build_tracks,
    left_out,
    load_names,
    load_songs,
    near_repetitions,
)
from audionome.datasets.gtzan.reading import DatasetError
from audionome.datasets.gtzan.summary import load_summary, summarise
from audionome.datasets.gtzan.table import (
    COMPLETION_VARIABLE,
    GENRES,
    N_TRACKS,
    TRACK_COLUMNS,
    Gtzan,
    load,
    load_windows,
    read_published,
    read_wild,
)

__all__ = [
    "COMPLETION_VARIABLE",
    "GENRES",
    "NAMES_VARIABLE",
    "N_TRACKS",
    "REASONS",
    "TRACK_COLUMNS",
    "DatasetError",
    "Gtzan",
    "build_songs",
    "build_tracks",
    "left_out",
    "load",
    "load_names",
    "load_songs",
    "load_summary",
    "load_windows",
    "near_repetitions",
    "read_published",
    "read_wild",
    "summarise",
]
