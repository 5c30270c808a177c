"""What the chapters on correlation, principal components and the algorithms compute.

Conventions
-----------
Nothing is drawn or said here: the report draws it and puts it into
words. Windows of one track, and tracks of one artist, are not independent; so intervals are 95 %
intervals over artists (`audionome.lab.bootstrap`).
"""

from __future__ import annotations

from audionome.lab.exploration.claims import (
    CLAIMS,
    FIRST_GROUP,
    STUDY_CLAIMS,
    Claim,
    Observation,
    Observed,
    Tested,
    check,
    observe,
)
from audionome.lab.exploration.correlation import Correlations, correlate, correlations
from audionome.lab.exploration.projection import (
    Maps,
    Principal,
    halves,
    maps,
    preparation,
    principal,
    standardised,
    track_means,
)
from audionome.lab.exploration.regions import (
    DIALS,
    Dial,
    Regions,
    Step,
    own_scores,
    regions,
)
from audionome.lab.exploration.spread import Spread, spread

__all__ = [
    "CLAIMS",
    "DIALS",
    "FIRST_GROUP",
    "STUDY_CLAIMS",
    "Claim",
    "Correlations",
    "Dial",
    "Maps",
    "Observation",
    "Observed",
    "Principal",
    "Regions",
    "Spread",
    "Step",
    "Tested",
    "check",
    "correlate",
    "correlations",
    "halves",
    "maps",
    "observe",
    "own_scores",
    "preparation",
    "principal",
    "regions",
    "spread",
    "standardised",
    "track_means",
]
