"""Notebooks that run wherever they are downloaded to.

A notebook needs the package and data that it does not bring. The copy that the site gives away has
one more cell at its start: it fetches both from the site that the copy comes from, unless it lies
in the repository. ``_static/notebooks`` holds what that cell fetches:

- ``audionome.zip``: the code, what has to be installed, and the list of the data;
- ``data/``: those files of ``data/`` that the site does not have elsewhere.

The cell knows the hash of the archive, and the archive those of the data.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
from audionome_plain import cited, plain, with_links
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
PLACE = "_static/notebooks"
ARCHIVE = f"{PLACE}/audionome.zip"
CELL = "audionome-start"

#: What no notebook reads: large tables of two studies, and what is about the folder itself.
LEFT_OUT = {
    "README.md",
    "SHA256SUMS",
    "research/ear_clips.parquet",
    "research/tempo_candidates.parquet",
}
#: Tables of which nobody holds the hash: stored anew, by the bytes of their numbers, they are
#: smaller.
PREDICTIONS = re.compile(r"results/\w*predictions\.parquet")
RECORDINGS = "examples/recordings"
#: What the pages run as well.
NETWORK = "models/musicnn.onnx"

NOTE = """\
*This is the chapter [{title}]({chapter}.ipynb) of Audionome. **Run the next cell first.** It
fetches the code and the data of this book (about {megabytes} MB, once for all notebooks in this
folder), and installs the packages that they need. In a copy of the repository it does nothing.*
"""

START = """\
# @title Fetch the code and the data of this book
# The address of the site, or the folder of the site on this computer:
SITE = "{site}"  # @param {{type: "string"}}
FOLDER = "{folder}"

import hashlib, importlib.util, io, os, re, sys, urllib.request, zipfile
from pathlib import Path


class Hint(Exception):
    def _render_traceback_(self):
        return [str(self)]


def fetch_code(site):
    if not site:
        raise Hint(
            "Where is the site that this notebook comes from? Write its address, or the folder in "
            "which it lies on this computer, between the quotation marks after SITE, and run this "
            "cell again."
        )
    try:
        with urllib.request.urlopen(site + "{archive}", timeout=60) as answer:
            code = answer.read()
    except (OSError, ValueError) as problem:
        raise Hint(
            f"The code cannot be fetched from {{site}} ({{problem}}). Correct the address after "
            "SITE, and run this cell again."
        ) from None
    if hashlib.sha256(code).hexdigest() != (
        "{sha256}"
    ):
        raise Hint(
            f"The site at {{site}} has changed since this notebook was downloaded. Download it "
            "again."
        )
    zipfile.ZipFile(io.BytesIO(code)).extractall(FOLDER)


found = importlib.util.find_spec("audionome")
home = Path(found.origin).resolve().parents[1] if found and found.origin else Path()
fetched = (home / "files.json").is_file()
complete = "AUDIONOME_DATA" in os.environ or (home / "data" / "gtzan").is_dir()
if found and complete and not fetched:
    print("Ready. Run the other cells.")  # of a copy of the repository
else:
    if sys.version_info < (3, 11):
        raise Hint("Audionome needs Python 3.11 or newer. Choose another kernel.")
    if "audionome" in sys.modules and home != Path(FOLDER).resolve():
        raise Hint("This kernel runs another copy of Audionome. Restart it, and run all cells.")
    address = SITE.strip()
    if address and "://" not in address:
        address = Path(address).expanduser().resolve().as_uri()
    # Of the address of a page, what the site itself has.
    address = re.sub(r"(/(book|notebooks))?/[^/]*[.]html.*$", "", address).rstrip("/")
    address = address and address + "/"
    if not Path(FOLDER, "files.json").is_file():
        fetch_code(address)
    sys.path.insert(0, str(Path(FOLDER).resolve()))
    from audionome.report.elsewhere import prepare

    prepare(address, FOLDER)
"""


def requirements(project: dict[str, Any]) -> list[str]:
    """Return what a notebook needs besides this package: what the lab needs, and Plotly."""
    extras = project["optional-dependencies"]
    plotly = [line for line in extras["dashboard"] if line.startswith("plotly")]
    return sorted([*project["dependencies"], *extras["lab"], *plotly])


def rewritten(path: Path, name: str) -> bytes:
    """Return a file of data as the site serves it."""
    if name == f"{RECORDINGS}/recordings.json":
        entries = json.loads(path.read_text(encoding="utf-8"))
        for entry in entries:  # The site has the sounds as MP3.
            entry["file"] = str(Path(entry["file"]).with_suffix(".mp3"))
            entry["changes"] = f"{entry['changes']} Stored as MP3.".strip()
        return (json.dumps(entries, indent=2, ensure_ascii=False) + "\n").encode()
    if PREDICTIONS.fullmatch(name):
        return smaller(path)
    return path.read_bytes()


def smaller(path: Path) -> bytes:
    """Store a table anew: the same values in fewer bytes."""
    table = pq.read_table(path)
    numbers = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    others = [name for name in table.column_names if name not in numbers]
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        row_group_size=max(table.num_rows, 1),
        compression="brotli",
        compression_level=6,
        use_dictionary=others,
        use_byte_stream_split=numbers,
    )
    return out.getvalue()


def names(data: Path) -> list[str]:
    """List the data that notebooks read, by their names below ``data``."""
    found = (p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file())
    return sorted(
        name
        for name in found
        if name not in LEFT_OUT and not (name.startswith(RECORDINGS) and name.endswith(".ogg"))
    )


def serve_data(data: Path, out: Path) -> dict[str, dict[str, Any]]:
    """Put the data into the site, where it does not have them yet.

    Parameters
    ----------
    data
        The folder ``data`` of the repository.
    out
        The folder of the site.

    Returns
    -------
    dict
        Name below ``data`` to its ``path`` in the site, ``sha256`` and ``size``.
    """
    files: dict[str, dict[str, Any]] = {}

    def enter(name: str, path: Path, content: bytes) -> None:
        files[name] = {
            "path": path.relative_to(out).as_posix(),
            "sha256": _digest(content),
            "size": len(content),
        }

    network = out / "_static" / "listen" / Path(NETWORK).name
    for name in names(data):
        content = rewritten(data / name, name)
        if name == NETWORK and network.exists():
            enter(name, network, content)
            continue
        path = out / PLACE / "data" / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        enter(name, path, content)
    for sound in sorted((data / RECORDINGS).glob("*.ogg")):
        path = out / "_static" / "examples" / f"{sound.stem}.mp3"
        enter(f"{RECORDINGS}/{path.name}", path, path.read_bytes())
    listed = {out / entry["path"] for entry in files.values()}
    for path in (out / PLACE / "data").rglob("*"):
        if path.is_file() and path not in listed:
            path.unlink()
    return files


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive(root: Path, files: dict[str, dict[str, Any]]) -> bytes:
    """Pack the code, what it needs, and the list of the data, the same bytes every time."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    contents = {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in (root / "audionome").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    for name in ("LICENSE", "pyproject.toml"):
        contents[name] = (root / name).read_bytes()
    # So that the version can be asked for.
    told = f"Metadata-Version: 2.1\nName: audionome\nVersion: {version}\n"
    contents[f"audionome-{version}.dist-info/METADATA"] = told.encode()
    contents["requirements.txt"] = ("\n".join(requirements(project)) + "\n").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(contents):
            packed.writestr(_entry(name), contents[name])
        # Last: where it is, all is.
        packed.writestr(_entry("files.json"), json.dumps(files, indent=1))
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def first_cell(site: str, code: bytes) -> Any:
    """Return the cell that fetches what a notebook needs; closed, where it needs no address."""
    digest = _digest(code)
    folder = f"audionome-{digest[:8]}"
    source = START.format(site=site, folder=folder, sha256=digest, archive=ARCHIVE)
    shown: dict[str, Any] = {"jupyter": {"source_hidden": True}} if site else {}
    return nbformat.v4.new_code_cell(source.rstrip(), id=CELL, metadata=shown)


def given_away(
    notebook: Any, chapter: str, cell: Any, megabytes: float, site: str, works: Mapping[str, str]
) -> Any:
    """Return the copy of a notebook that the site gives away.

    What only the site's pages understand is written plainly. The metadata name the links that lead
    to the site: the page it is downloaded from completes them, and the address in the first cell.
    """
    title = re.match(r"# (.+)", notebook.cells[0].source)
    note = NOTE.format(
        title=title[1] if title else chapter, chapter=chapter, megabytes=f"{megabytes:.0f}"
    )
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(note.rstrip(), id=f"{CELL}-note"))
    left: set[str] = set()
    for one in notebook.cells:
        one.source, links = with_links(plain(one.source, works), site)
        left.update(links)
    notebook.cells.insert(1, cell)
    notebook.metadata["audionome"] = {"links": sorted(left)}
    return notebook


def write(app: Sphinx, error: Exception | None) -> None:
    """Write what notebooks fetch, and give each of them the cell that does it."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    (out / PLACE).mkdir(parents=True, exist_ok=True)
    files = serve_data(ROOT / "data", out)
    code = archive(ROOT, files)
    (out / ARCHIVE).write_bytes(code)
    site = app.config.html_baseurl
    cell = first_cell(site, code)
    megabytes = (sum(f["size"] for f in files.values()) + len(code)) / 1e6
    works = cited(ROOT / "book" / "references.bib")
    for path in sorted((out / "_sources" / "notebooks").glob("*.ipynb")):
        # The source itself: what lies in the site may have its cell already.
        notebook = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
        given = given_away(notebook, path.stem, cell, megabytes, site, works)
        nbformat.write(given, path)


def only_chapters(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the script that tells a downloaded notebook where it comes from."""
    if context.get("page_source_suffix") == ".ipynb":
        app.add_js_file("downloads.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("html-page-context", only_chapters)
    # After the sounds and the network of the site, before what looks over the whole of it.
    app.connect("build-finished", write, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
