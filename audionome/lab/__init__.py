"""The lab: protocols, estimators, cross-validation, statistics and training."""
