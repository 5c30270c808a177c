"""The one Sphinx extension of the book: local assets, fresh notebooks, numbers in prose.

- Plotly is served by the site itself and loaded only on pages that show a chart.
- Pages never speak to another host: no Thebe script, mathematics as MathML (no MathJax).
- A change in the module or the data runs the notebooks again; nothing else does.
- ``{{ name }}`` in a page is a number computed from what ships, never typed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plotly
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.config import Config

from audionome._words import points, share

ROOT = Path(__file__).resolve().parents[2]
PLOTLY = f"plotly-{plotly.__version__}.min.js"


def inputs_digest(root: Path) -> str:
    """Hash everything that a notebook's output can depend on besides its own cells."""
    digest = hashlib.sha256()
    files = [
        *(root / "audionome").rglob("*.py"),
        *(root / "book" / "_ext").rglob("*.py"),
        *(root / "data").rglob("*"),
    ]
    for path in sorted(p for p in files if p.is_file()):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    constraints = root / "constraints.txt"
    if constraints.is_file():
        digest.update(constraints.read_bytes())
    for name in ("AUDIONOME_GTZAN_TABLE", "AUDIONOME_GTZAN_ARTISTS"):
        digest.update(os.environ.get(name, "").encode())
    digest.update(platform.python_version().encode())
    return digest.hexdigest()[:16]


def sentence(words: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def result(key: str, row: Mapping[str, Any]) -> dict[str, str]:
    """Write one accuracy with its interval and the number of answers."""
    return {
        f"{key}_accuracy": share(row["accuracy"]),
        f"{key}_interval": f"{points(row['low'])} to {share(row['high'])}",
        f"{key}_n": f"{int(row['n']):,}",
    }


def numbers() -> dict[str, str]:
    """Compute every number that the prose pages substitute.

    Returns
    -------
    dict
        ``{model}_{variant}_{level}_{protocol}_accuracy``, ``_interval`` and ``_n`` for every
        test score (``-`` is written ``_``), the same of the ``chosen`` model, of the released
        models (``ear``, ``extended`` and ``classic``) by protocol, some counts, and what each
        protocol resolves: ``resolution_{protocol}_tracks``, ``_artists``, ``_effective``
        (independent clips), ``_half_width`` and ``_independent`` (points). ``lit_`` and the key of
        a figure of the literature, see `audionome.report.numbers.literature`.
    """
    from audionome import audio, features
    from audionome.datasets import gtzan
    from audionome.lab import ladder, literature, store
    from audionome.lab.ear.judging import LEAVE_ONE_OUT_SUMMARY
    from audionome.lab.estimators import MODELS
    from audionome.lab.names import model_title
    from audionome.lab.protocols import LADDER, PROTOCOLS
    from audionome.models.classifier import load_classifier
    from audionome.report.numbers.literature import cited

    data = gtzan.load()
    found = {
        "longest": f"{audio.MAX_SECONDS / 3600:g} hours",
        "shortest": f"{audio.WINDOW_HOP / audio.SAMPLE_RATE:g} seconds",
        "genres": ", ".join(gtzan.GENRES),
        "chance": share(1 / len(gtzan.GENRES)),
        "n_tracks": f"{len(data.tracks):,}",
        "n_measured": f"{int(data.tracks['measured'].sum()):,}",
        "n_features": f"{len(features.COLUMNS)}",
        "n_models": f"{len(MODELS)}",
        "n_protocols": f"{len(LADDER)}",
    }
    for name, spec in MODELS.items():
        if spec.study_accuracy:
            found[f"{name}_reported"] = f"{100 * spec.study_accuracy:.2f}\N{NO-BREAK SPACE}%"
    scores = store.load().scores
    chosen = ladder.best(scores)
    found["chosen_title"] = model_title(*chosen)
    tests = scores[scores["split"] == "test"].rename(
        columns={"accuracy_low": "low", "accuracy_high": "high"}
    )
    for row in tests.to_dict("records"):
        rung = f"{row['level']}_{row['protocol']}".replace("-", "_")
        found |= result(f"{row['model']}_{row['variant']}_{rung}".replace("-", "_"), row)
        if (row["model"], row["variant"]) == chosen:
            found |= result(f"chosen_{rung}", row)
    for row in ladder.resolution(scores).to_dict("records"):
        key = f"resolution_{row['protocol']}".replace("-", "_")
        found[f"{key}_tracks"] = f"{int(row['tracks']):,}"
        found[f"{key}_artists"] = f"{int(row['artists']):,}"
        found[f"{key}_effective"] = f"{row['effective_n']:.0f}"
        found[f"{key}_half_width"] = f"{100 * row['half_width']:.0f}"
        found[f"{key}_independent"] = f"{100 * row['half_width_independent']:.0f}"
    for model in ("ear", "extended", "classic"):
        for protocol, row in load_classifier(model).card["evaluation"].items():
            key = f"{model}_" + re.sub(r"\W+", "_", protocol)
            found |= result(key, row)
            found[f"{key}_level"] = f"{row['level']}s"
            told = PROTOCOLS[protocol].summary if protocol in PROTOCOLS else LEAVE_ONE_OUT_SUMMARY
            found[f"{key}_protocol"] = sentence(told)
    return found | cited(literature.load())


def marked(key: str, text: str) -> str:
    """Mark a number with its name: a test computes it again and compares."""
    return f'<span class="audionome-number" data-number="{key}">{text}</span>'


def config_inited(app: Sphinx, config: Config) -> None:
    """Set what depends on the state of the module and the data."""
    # Kernels inherit it: audionome.report.render then renders for the site.
    os.environ["AUDIONOME_BOOK"] = "1"
    digest = inputs_digest(ROOT)
    config.audionome_inputs = digest
    # Beside the site: the checkout itself may be read-only.
    caches = Path(app.outdir).parent / ".executed"
    for old in caches.glob("*"):
        if old.name != digest:
            shutil.rmtree(old, ignore_errors=True)
    config.nb_execution_cache_path = str(caches / digest)
    config.myst_substitutions = {
        **config.myst_substitutions,
        **{key: marked(key, text) for key, text in numbers().items()},
    }


def copy_plotly(app: Sphinx) -> None:
    """Put the installed plotly.min.js into the site before pages refer to it."""
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for old in static.glob("plotly-*.min.js"):
        if old.name != PLOTLY:
            old.unlink()
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    if not (static / PLOTLY).exists():
        shutil.copyfile(source, static / PLOTLY)


def copy_examples(app: Sphinx) -> None:
    """Put the examples into the site, also as MP3 for browsers that cannot play Vorbis."""
    import soundfile

    folder = Path(app.outdir) / "_static" / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((ROOT / "data" / "examples").rglob("*.ogg"))
    names = {source.stem for source in sources}
    for old in folder.iterdir():
        if old.stem not in names:
            old.unlink()
    for source in sources:
        copy = folder / source.name
        if copy.exists() and copy.read_bytes() == source.read_bytes():
            continue
        shutil.copyfile(source, copy)
        samples, rate = soundfile.read(source)
        soundfile.write(copy.with_suffix(".mp3"), samples, rate, format="MP3")


def page_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load what draws charts and saves tables where there are some, and Thebe's scripts nowhere."""
    if 'class="audionome-chart"' in context.get("body", ""):
        app.add_js_file(PLOTLY, loading_method="defer")
    if 'class="audionome-scroll"' in context.get("body", ""):  # every chart has one
        app.add_js_file("audionome.js", loading_method="defer")
    if '"neighbours":' in context.get("body", ""):
        app.add_js_file("neighbours.js", loading_method="defer")
    if "audionome-player" in context.get("body", ""):
        app.add_js_file("pieces.js", loading_method="defer")
        app.add_css_file("pieces.css")
    # sphinx-thebe declares its constants twice on a page and names a remote script.
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "thebe" not in (str(getattr(script, "filename", "")) + str(script)).lower()
        and "THEBE_JS_URL" not in getattr(script, "attributes", {}).get("body", "")
    ]


def visit_math(self: Any, node: nodes.math) -> None:
    """Write inline mathematics as MathML, which browsers draw without a script."""
    self.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def visit_math_block(self: Any, node: nodes.math_block) -> None:
    """Write a displayed formula as MathML."""
    self.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    # "env": when it changes, every page is read again.
    app.add_config_value("audionome_inputs", "", "env", types=(str,))
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("config-inited", config_inited)
    app.connect("builder-inited", copy_plotly)
    app.connect("builder-inited", copy_examples)
    app.connect("html-page-context", page_scripts, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
