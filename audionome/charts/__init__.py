"""Charts as plain Plotly figures, each with a text alternative and its data as a table.

Conventions
-----------
Every builder takes results that are already computed and returns a `Chart`. No builder computes a
statistic; counting rows and sorting is all they do. Backgrounds are transparent and the text is a
grey that can be read on white and on black, so that one figure serves a light page, a dark page and
the dashboard. A genre has one colour, one marker symbol and one fill pattern everywhere: colours
alone are never needed to tell two genres apart.
"""

from __future__ import annotations

from audionome.charts._base import INK, OTHER, PALETTE, PATTERNS, SYMBOLS, Chart
from audionome.charts.clip import feature_of_clip
from audionome.charts.prediction import (
    place_on_map,
    probability_bars,
    reason_bars,
    timeline,
    typical_ranges,
)
from audionome.charts.tags import tags_over_time

__all__ = [
    "INK",
    "OTHER",
    "PALETTE",
    "PATTERNS",
    "SYMBOLS",
    "Chart",
    "feature_of_clip",
    "place_on_map",
    "probability_bars",
    "reason_bars",
    "tags_over_time",
    "timeline",
    "typical_ranges",
]
