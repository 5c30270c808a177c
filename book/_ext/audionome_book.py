"""The one Sphinx extension of the book: local assets, fresh notebooks, numbers in prose.

- Plotly is served by the site itself and loaded only on pages that show a chart.
- Pages never speak to another host: mathematics as MathML (no MathJax).
- A change in the module or the data runs the notebooks again; nothing else does.
- ``{{ name }}`` in a page is a number computed from what ships, never typed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import platform
import shutil
from pathlib import Path
from typing import Any

import plotly
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from plotly.offline import get_plotlyjs_version
from sphinx.application import Sphinx
from sphinx.config import Config

from audionome._words import genre_name, listed, share

ROOT = Path(__file__).resolve().parents[2]
PLOTLY = f"plotly-{plotly.__version__}.min.js"
#: Plotly's own smaller bundle: all that bars, lines and heatmaps need, a third of the whole.
SMALL_PLOTLY = ROOT / "book" / "_vendor" / "plotly" / "plotly-cartesian.min.js.gz"


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


def numbers() -> dict[str, str]:
    """Compute every number that the prose pages substitute.

    Returns
    -------
    dict
        What the functions of `audionome.report.numbers.prose` return, and some constants.
    """
    from audionome import audio, features
    from audionome.datasets import gtzan
    from audionome.lab import (
        choice,
        ladder,
        literature,
        model_card,
        names,
        outside,
        promises,
        store,
    )
    from audionome.lab.deep import results as deep
    from audionome.lab.studies import loudness
    from audionome.report.card import LIMITS
    from audionome.report.numbers import prose
    from audionome.report.numbers.literature import cited
    from audionome.report.numbers.results import comparison, nested

    data, found, released = gtzan.load(), store.load(), model_card.load()
    fair = "artist-grouped"
    places = {fair: "", model_card.ELSEWHERE[0]: "_elsewhere"}
    pairs = model_card.comparisons(released, protocols=tuple(places))
    cnn = deep.from_scratch(deep.load(), released.of("extended", fair), fair)
    ear = promises.by_model(promises.judged(outside.load()))["ear"]
    cards = outside.load_cards(("ear", "extended", "classic"))
    constants = {
        "longest": f"{audio.MAX_SECONDS / 3600:g} hours",
        "page_minutes": f"{LIMITS['seconds_max'] / 60:g}",
        "page_megabytes": f"{LIMITS['bytes_max'] / 1e6:g}",
        "page_files": f"{LIMITS['files_max']}",
        "shortest": f"{audio.WINDOW_HOP / audio.SAMPLE_RATE:g} seconds",
        "genres": ", ".join(gtzan.GENRES),
        "genre_names": listed([genre_name(genre) for genre in gtzan.GENRES]),
        "chance": share(1 / len(gtzan.GENRES)),
        "n_features": f"{len(features.COLUMNS)}",
        "n_sources": f"{cards['ear']['data']['sources']}",
    }
    study = ("svc", "study")
    picked = choice.nested(found.predictions, found.validation, reference=study)
    versus = ladder.compare_models(found.predictions, reference=study)
    return prose.gathered(
        [
            constants,
            prose.study(ladder.study_table(found.scores)),
            prose.dataset(data.tracks),
            prose.ladder_scores(found.scores),
            prose.resolution(ladder.resolution(found.scores)),
            *(prose.released(model, card["evaluation"]) for model, card in cards.items()),
            *(prose.beside(f"{a}_beside_{b}{places[p]}", two) for (p, a, b), two in pairs.items()),
            prose.beside("cnn_beside_extended", cnn),
            {name: comparison(versus)[name] for name in ("n_others", "n_same")},
            nested(picked),
            prose.importance(names.titled(found.importance), features.LEVEL_FREE),
            prose.level(loudness.shortcut(loudness.load())),
            prose.promise(promises.kept(ear)),
            prose.neighbours(model_card.neighbours(model_card.indexes(released, data.windows))),
            prose.speed(store.load_benchmark()),
            cited(literature.load()),
        ]
    )


#: The music that each rung of the ladder tests, in the picture of the home page.
QUESTIONS = {
    "random-windows": "Songs it partly knows",
    "track-grouped": "New songs, known artists",
    "artist-grouped": "New artists",
    "fault-filtered": "New artists, half the music to learn from",
    "wild": "Another collection",
}


def hero() -> str:
    """Draw the picture of the home page from what is stored."""
    from audionome.lab import ladder, store
    from audionome.report.hero import Rung, ladder_of_ten

    steps = ladder.ladder(store.load().scores, model="svc", variant="study", level="window")
    return ladder_of_ten(
        [
            Rung(
                QUESTIONS[row["protocol"]], row["accuracy"], row["low"], row["high"], int(row["n"]),
                f"svc_study_window_{row['protocol']}_accuracy".replace("-", "_"),
            )
            for row in steps.to_dict("records")
        ],
        "We teach one model and test it in five ways. Of ten three-second windows, how many "
        "genres does it get right?",
    )  # fmt: skip


def listening() -> dict[str, str]:
    """Return what the pages that listen list: the examples, and who made them."""
    from audionome.report.listening import catalogue, credits_html, examples_html

    entries = catalogue()
    return {"examples_to_try": examples_html(entries), "recording_credits": credits_html(entries)}


def guess(app: Sphinx, cache: Path) -> str:
    """Return the game of the home page, with what the model says of the site's own files."""
    from audionome.report import guessing

    kept = cache / "guessing.json"
    if not kept.is_file():
        played = guessing.rounds(Path(app.outdir) / "_static" / "examples")
        cache.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(played), encoding="utf-8")
    return guessing.guess_html(json.loads(kept.read_text(encoding="utf-8")))


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
    copy_examples(app)
    config.myst_substitutions = {
        **config.myst_substitutions,
        **{key: marked(key, text) for key, text in numbers().items()},
        "hero": hero(),
        "guess": guess(app, caches / digest),
        **listening(),
    }


def plotly_script() -> bytes:
    """Return the script that draws: the small bundle, or where Plotly is another one, all of it."""
    small = gzip.decompress(SMALL_PLOTLY.read_bytes())
    if f" v{get_plotlyjs_version()}\n".encode() in small[:200]:
        return small
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()


def copy_plotly(app: Sphinx) -> None:
    """Put Plotly's script into the site before pages refer to it."""
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for old in static.glob("plotly-*.min.js"):
        if old.name != PLOTLY:
            old.unlink()
    script = plotly_script()
    if not (static / PLOTLY).exists() or (static / PLOTLY).read_bytes() != script:
        (static / PLOTLY).write_bytes(script)


def copy_examples(app: Sphinx) -> None:
    """Put the examples into the site as MP3, which every browser plays and can decode.

    Beside a recording stands the notice that came with it, as some licences want it.
    """
    import soundfile

    folder = Path(app.outdir) / "_static" / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((ROOT / "data" / "examples").rglob("*.ogg"))
    notices = [note for source in sources if (note := source.with_suffix(".txt")).exists()]
    names = {f"{source.stem}.mp3" for source in sources} | {note.name for note in notices}
    for old in folder.iterdir():
        if old.suffix in {".mp3", ".ogg", ".txt"} and old.name not in names:
            old.unlink()
    for note in notices:
        shutil.copyfile(note, folder / note.name)
    for source in sources:
        copy = folder / f"{source.stem}.mp3"
        made = source.stat().st_mtime_ns
        if not copy.exists() or copy.stat().st_mtime_ns != made:
            samples, rate = soundfile.read(source)
            soundfile.write(copy, samples, rate, format="MP3")
            os.utime(copy, ns=(made, made))


#: What a page holds that plays, or that a script makes a player of.
WITH_SOUND = ("<audio", "audionome-try", "audionome-live", "audionome-guess")


#: Without a script, a chart would be an empty box; what it tells stands below it.
WITHOUT_SCRIPTS = "<noscript><style>.plotly-graph-div { display: none; }</style></noscript>\n"


def page_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load what draws charts, saves tables or plays, where there is some."""
    if 'class="audionome-chart"' in context.get("body", ""):
        app.add_js_file(PLOTLY, loading_method="defer")
        context["metatags"] = context.get("metatags", "") + WITHOUT_SCRIPTS
    if 'class="audionome-scroll"' in context.get("body", ""):  # every chart has one
        app.add_js_file("audionome.js", loading_method="defer")
    if '"highlight":' in context.get("body", ""):
        app.add_js_file("highlight.js", loading_method="defer")
    if '"neighbours":' in context.get("body", ""):
        app.add_js_file("neighbours.js", loading_method="defer")
    if any(name in context.get("body", "") for name in WITH_SOUND):
        app.add_js_file("sounds.js", loading_method="defer")
    if "audionome-player" in context.get("body", ""):
        app.add_js_file("pieces.js", loading_method="defer")
        app.add_css_file("pieces.css")
    if "audionome-reference" in context.get("body", ""):
        app.add_js_file("reference.js", loading_method="defer")
        app.add_css_file("reference.css")
    if pagename == "search":
        app.add_js_file("search.js")


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
    app.connect("html-page-context", page_scripts, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
