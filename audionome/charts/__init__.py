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
from audionome.charts.dataset import (
    artists_by_genre,
    feature_distribution,
    left_out_by_genre,
    split_by_genre,
    windows_by_genre,
)
from audionome.charts.exploration import (
    correlation_matrix,
    decision_regions,
    explained_variance,
    feature_pair,
    loadings,
    model_results,
    music_maps,
    principal_space,
    track_scatter,
)
from audionome.charts.features import (
    family_spread,
    feature_of_clip,
    feature_over_time,
    genres_of_examples,
    tempo_strength,
)
from audionome.charts.prediction import (
    place_on_map,
    probabilities_beside,
    probability_bars,
    reason_bars,
    timeline,
    typical_ranges,
)
from audionome.charts.results import (
    comparison_forest,
    confusion_matrix,
    hard_tracks,
    importance_bars,
    ladder,
    learning_curve,
    metric_comparison,
    recall_by_genre,
    reliability_diagram,
    study_and_ours,
    train_valid_test,
)
from audionome.charts.shipped import (
    accuracy_by_coverage,
    excerpt_lengths,
    inside_and_outside,
    leaving_gtzan,
    nearest_repeated,
    neighbour_precision,
    shipped_ladder,
    track_map,
    unsure_shares,
)

__all__ = [
    "INK",
    "OTHER",
    "PALETTE",
    "PATTERNS",
    "SYMBOLS",
    "Chart",
    "accuracy_by_coverage",
    "artists_by_genre",
    "comparison_forest",
    "confusion_matrix",
    "correlation_matrix",
    "decision_regions",
    "excerpt_lengths",
    "explained_variance",
    "family_spread",
    "feature_distribution",
    "feature_of_clip",
    "feature_over_time",
    "feature_pair",
    "genres_of_examples",
    "hard_tracks",
    "importance_bars",
    "inside_and_outside",
    "ladder",
    "learning_curve",
    "leaving_gtzan",
    "left_out_by_genre",
    "loadings",
    "metric_comparison",
    "model_results",
    "music_maps",
    "nearest_repeated",
    "neighbour_precision",
    "place_on_map",
    "principal_space",
    "probabilities_beside",
    "probability_bars",
    "reason_bars",
    "recall_by_genre",
    "reliability_diagram",
    "shipped_ladder",
    "split_by_genre",
    "study_and_ours",
    "tempo_strength",
    "timeline",
    "track_map",
    "track_scatter",
    "train_valid_test",
    "typical_ranges",
    "unsure_shares",
    "windows_by_genre",
]
