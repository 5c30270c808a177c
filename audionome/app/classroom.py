"""What the server tells a class: how to join, how many are in, and the report to read on.

Handlers beside Voilà's own: `Room` says in JSON what the page shows of it, `Code` draws the address
as a QR code, and `Report` serves the built report, file by file.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import segno
from tornado.web import HTTPError, StaticFileHandler
from voila.handler import BaseVoilaHandler

from audionome.app.place import Place

__all__ = ["Code", "Report", "Room", "people"]

_TYPES = {  # systems differ in what they call them, and browsers run no script of another type
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_CLOSED = (
    "By this address only this computer opens the page. To let the class in, stop the server and "
    "start it with {}. Your answers stay here: on this computer, go on opening the page by this "
    "address, and give the class the other one."
)
_SILENT = (
    "Other computers and phones can record with their microphone only if the address begins with "
    "https. “For a class” in the README says how to get there with a certificate."
)


def people(count: int) -> str:
    """Return how many have the page open, for one of them.

    Parameters
    ----------
    count : int

    Returns
    -------
    str

    Examples
    --------
    >>> people(1), people(12)
    ('Only you have this page open.', '12 people have this page open, you included.')
    """
    if count <= 1:
        return "Only you have this page open."
    return f"{count} people have this page open, you included."


class _ClassHandler(BaseVoilaHandler):
    """What the two others have in common: where the server is."""

    def initialize(self, *, place: Place, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.place = place

    @property
    def scheme(self) -> str:
        """Of the page's address: a proxy may add https, which only the browser knows."""
        return "https" if self.get_argument("scheme", self.place.scheme) == "https" else "http"

    @property
    def join(self) -> str:
        """Address to join by, or nothing."""
        return self.place.called(self.request.host, self.scheme)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")


class Room(_ClassHandler):
    """How many have the page open, and how others get in."""

    def get(self) -> None:
        """Answer in JSON."""
        # A page that connects again for the same kernel is the same visitor.
        kernels = self.kernel_manager.list_kernels()
        count = sum(kernel["connections"] > 0 for kernel in kernels)
        ways = [] if self.join else self.place.commands()
        start = "one of these commands" if len(ways) > 1 else "this command"
        self.finish(
            {
                "count": count,
                "people": people(count),
                "address": self.join,
                "code": f"class/code.svg?scheme={self.scheme}" if self.join else "",
                "closed": "" if self.join else _CLOSED.format(start),
                "commands": ways,
                "silent": _SILENT if self.join.startswith("http:") else "",
            }
        )


class Code(_ClassHandler):
    """The address as a QR code."""

    def get(self) -> None:
        """Answer with a drawing."""
        if not self.join:
            raise HTTPError(404)
        drawing = io.BytesIO()
        segno.make(self.join, error="m", micro=False).save(
            drawing, kind="svg", light="#fff", omitsize=True, title=self.join
        )
        self.set_header("Content-Type", "image/svg+xml")
        self.finish(drawing.getvalue())


class Report(BaseVoilaHandler, StaticFileHandler):
    """The files of the report, and nothing else of this computer."""

    def initialize(self, path: str, **kwargs: Any) -> None:  # type: ignore[override]  # two bases
        BaseVoilaHandler.initialize(self, **kwargs)
        StaticFileHandler.initialize(self, path, "index.html")

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the file's path, if it lies in the folder also when links are followed."""
        below = Path(os.path.relpath(absolute_path, root)).parts
        if "\0" in absolute_path or any(part.startswith(".") for part in below):
            raise HTTPError(404)
        found = super().validate_absolute_path(root, absolute_path)
        if found is not None and not Path(found).resolve().is_relative_to(root):
            raise HTTPError(404)
        return found

    def get_content_type(self) -> str:
        """Return what kind of file it is, on every system alike."""
        kind = _TYPES.get(Path(self.absolute_path or "").suffix) or super().get_content_type()
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    def compute_etag(self) -> None:
        """Return none: Tornado remembers them, and the report may be built anew."""
