"""The one family of expected failures."""

__all__ = ["AudionomeError"]


class AudionomeError(ValueError):
    """Something a person can mend; the text is one plain sentence that says how."""
