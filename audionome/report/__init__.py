"""The report: rendering, synthetic pieces, charts and sentences of the book."""
