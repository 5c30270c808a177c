"""The site listens: what a page needs to classify a song by itself.

The graphs, the runtime and the card are written into ``_static/listen`` at build. A page loads the
scripts of the containers that it has; the model is fetched only when somebody asks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

RUNTIME = Path(__file__).parents[1] / "_vendor" / "onnxruntime-web"

ENGINE = ("words.js", "engine.js", "decode.js")
#: Scripts and styles by container, in the order in which they are loaded.
CONTAINERS = {
    "audionome-try": (
        *ENGINE,
        "resample.js",
        "capture.js",
        "answer.js",
        "timeline.js",
        "refusals.js",
        "intake.js",
        "record.js",
        "try.js",
        "listen.css",
    ),
    "audionome-live": (
        *ENGINE,
        "answer.js",
        "resample.js",
        "capture.js",
        "hearing.js",
        "trail.js",
        "projector.js",
        "live-view.js",
        "live-parts.js",
        "live.js",
        "listen.css",
        "live.css",
    ),
    "audionome-guess": (
        *ENGINE,
        "answer.js",
        "guess-view.js",
        "guess-check.js",
        "guess.js",
        "listen.css",
        "guess.css",
    ),
}
STATIC = Path(__file__).parents[1] / "_static" / "listen"


def write_model(app: Sphinx) -> None:
    """Put what listens into the site."""
    from audionome.report import card

    card.write(Path(app.outdir) / "_static" / "listen", RUNTIME, STATIC)


def page_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the scripts of the containers that a page has, each once."""
    body = context.get("body", "")
    wanted = dict.fromkeys(
        name
        for container, names in CONTAINERS.items()
        if f"{container} " in body or f'{container}"' in body
        for name in names
    )
    for name in wanted:
        if name.endswith(".css"):
            app.add_css_file(f"listen/{name}")
        else:
            app.add_js_file(f"listen/{name}", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_model)
    # Before audionome_book, which hands on another list of scripts.
    app.connect("html-page-context", page_scripts, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
