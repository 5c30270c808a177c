"""What the chapters on correlation, principal components and the algorithms compute.

Conventions
-----------
Nothing is drawn or said here: the report draws it and puts it into
words. Windows of one track, and tracks of one artist, are not independent; so intervals are 95 %
intervals over artists (`audionome.lab.bootstrap`).
"""

from __future__ import annotations

from audionome.lab.exploration.correlation import (
    CLAIMS,
    Claim,
    Correlations,
    Tested,
    correlate,
    correlations,
)
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
    own_confusions,
    own_scores,
    regions,
)

__all__ = [
    "CLAIMS",
    "DIALS",
    "Claim",
    "Correlations",
    "Dial",
    "Maps",
    "Principal",
    "Regions",
    "Step",
    "Tested",
    "correlate",
    "correlations",
    "halves",
    "maps",
    "own_confusions",
    "own_scores",
    "preparation",
    "principal",
    "regions",
    "standardised",
    "track_means",
]
