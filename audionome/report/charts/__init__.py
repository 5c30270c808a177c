"""The charts of the report: those that only it shows, and those of the library.

The conventions are those of `audionome.charts`.
"""

from __future__ import annotations

from audionome.charts import (
    INK,
    OTHER,
    PALETTE,
    PATTERNS,
    SYMBOLS,
    Chart,
    feature_of_clip,
    place_on_map,
    probability_bars,
    reason_bars,
    tags_over_time,
    timeline,
    typical_ranges,
)
from audionome.report.charts.components import (
    explained_variance,
    genre_spread,
    loadings,
    music_maps,
    principal_space,
    track_scatter,
)
from audionome.report.charts.correlation import (
    correlation_matrix,
    feature_pair,
    study_observations,
)
from audionome.report.charts.dataset import (
    artists_by_genre,
    feature_distribution,
    left_out_by_genre,
    split_by_genre,
    windows_by_genre,
)
from audionome.report.charts.errors import (
    confusion_matrix,
    hard_tracks,
    importance_bars,
    learning_curve,
    recall_by_genre,
    reliability_diagram,
)
from audionome.report.charts.features import (
    family_spread,
    feature_over_time,
    genres_of_examples,
    tempo_strength,
)
from audionome.report.charts.model_card import (
    accuracy_by_coverage,
    excerpt_lengths,
    held_back_shares,
    inside_and_outside,
    leaving_gtzan,
    released_ladder,
)
from audionome.report.charts.neighbours import (
    nearest_repeated,
    neighbour_precision,
    track_map,
    vector_precision,
)
from audionome.report.charts.promises import nearness_of_the_truth, promise_kept
from audionome.report.charts.regions import decision_regions, model_results, validation_curves
from audionome.report.charts.resolution import resolution
from audionome.report.charts.results import comparison_forest, decomposition, ladder
from audionome.report.charts.study import (
    metric_comparison,
    study_and_ours,
    study_matrices,
    train_valid_test,
)
from audionome.report.charts.tempo import tempo_candidates, tempo_methods

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
    "decomposition",
    "excerpt_lengths",
    "explained_variance",
    "family_spread",
    "feature_distribution",
    "feature_of_clip",
    "feature_over_time",
    "feature_pair",
    "genre_spread",
    "genres_of_examples",
    "hard_tracks",
    "held_back_shares",
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
    "nearness_of_the_truth",
    "neighbour_precision",
    "place_on_map",
    "principal_space",
    "probability_bars",
    "promise_kept",
    "reason_bars",
    "recall_by_genre",
    "released_ladder",
    "reliability_diagram",
    "resolution",
    "split_by_genre",
    "study_and_ours",
    "study_matrices",
    "study_observations",
    "tags_over_time",
    "tempo_candidates",
    "tempo_methods",
    "tempo_strength",
    "timeline",
    "track_map",
    "track_scatter",
    "train_valid_test",
    "typical_ranges",
    "validation_curves",
    "vector_precision",
    "windows_by_genre",
]
