"""Keep the terminal free of what libraries print past Python."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from threading import Lock

__all__ = ["quietly"]

_stderr = Lock()


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep what C and C++ libraries print about their work away from the terminal."""
    with _stderr, open(os.devnull, "wb") as nowhere:
        try:
            kept = os.dup(2)
        except OSError:  # there is no terminal
            yield
            return
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
