"""Data sets: GTZAN and the recordings that come with the package."""
