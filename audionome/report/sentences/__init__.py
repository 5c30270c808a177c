"""Sentences of the report whose numbers are computed."""
