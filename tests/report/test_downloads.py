"""Notebooks from the site, in an empty folder: they run, or say what is missing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import nbformat
import pandas as pd
import pyarrow.parquet as pq
import pytest
from browser import served
from playwright.sync_api import Browser

from audionome.report import elsewhere, render

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
downloads = pytest.importorskip("audionome_downloads")
plain = pytest.importorskip("audionome_plain")

CHAPTERS = sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb") if p.stem != "dashboard")


def copies(site: Path) -> dict[str, Any]:
    """The notebooks that the site gives away, by chapter."""
    found = sorted((site / "_sources" / "notebooks").glob("*.ipynb"))
    return {path.stem: nbformat.read(path, as_version=4) for path in found}


def listed(site: Path) -> dict[str, dict[str, Any]]:
    """What the archive of the site says about the files of data."""
    with zipfile.ZipFile(site / downloads.ARCHIVE) as archive:
        files: dict[str, dict[str, Any]] = json.loads(archive.read("files.json"))
    return files


# -- what the site gives away -------------------------------------------------------------


def test_every_notebook_of_the_site_begins_with_the_cell(site: Path) -> None:
    digest = hashlib.sha256((site / downloads.ARCHIVE).read_bytes()).hexdigest()
    found = copies(site)
    assert found
    assert set(found) <= set(CHAPTERS)
    for name, notebook in found.items():
        nbformat.validate(notebook)
        note, first, *rest = notebook.cells
        assert "**Run the next cell first.**" in note.source
        assert first.id == downloads.CELL
        assert digest in first.source, name
        compile(first.source, name, "exec")
        own = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        assert [cell.id for cell in rest] == [cell.id for cell in own.cells]
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        for source in code:
            compile(source, name, "exec")
        text = "\n".join(cell.source for cell in notebook.cells)
        assert not re.search(r"\{(cite|term)\b|^:::", text, re.MULTILINE), name
        # Links lead to pages of the site, and the page it comes from completes each of them.
        links = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", text)
        assert sorted(set(links)) == notebook.metadata.audionome.links, name
        for link in links:
            page = (site / "notebooks" / link.partition("#")[0]).resolve()
            chapters = page.parent.name in ("book", "notebooks")
            assert page.exists() or (chapters and page.suffix == ".html"), (name, link)


def test_a_site_with_a_public_address_writes_it_into_every_copy() -> None:
    address = "https://example.org/b/"
    own = nbformat.read(ROOT / "notebooks" / "pca.ipynb", as_version=4)
    works = plain.cited(ROOT / "book" / "references.bib")
    cell = downloads.first_cell(address, b"code")
    made = downloads.given_away(own, "pca", cell, 20.0, address, works)
    nbformat.validate(made)
    note, first = made.cells[:2]
    assert f"[Standardisation and PCA]({address}notebooks/pca.html)" in note.source
    assert f'\nSITE = "{address}" ' in first.source
    assert first.metadata.jupyter.source_hidden
    assert made.metadata.audionome.links == []


def test_the_site_has_all_that_the_cell_fetches(site: Path) -> None:
    files = listed(site)
    assert set(downloads.names(ROOT / "data")) < set(files)
    sounds = {p.stem for p in (ROOT / "data" / "examples" / "recordings").glob("*.ogg")}
    assert sounds == {Path(name).stem for name in files if name.endswith(".mp3")}
    for name, entry in files.items():
        content = (site / entry["path"]).read_bytes()
        assert len(content) == entry["size"], name
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name
    # The network of the site's own pages serves twice.
    assert files[downloads.NETWORK]["path"] == "_static/listen/musicnn.onnx"
    folder = site / downloads.PLACE
    inside = {p for p in folder.rglob("*") if p.is_file()}
    assert inside == {site / e["path"] for e in files.values() if "notebooks" in e["path"]} | {
        site / downloads.ARCHIVE
    }
    assert sum(path.stat().st_size for path in inside) < 18_000_000


def test_tables_that_are_stored_anew_hold_the_same(site: Path) -> None:
    changed = [name for name in listed(site) if downloads.PREDICTIONS.fullmatch(name)]
    assert "results/predictions.parquet" in changed
    for name in changed:
        there = site / downloads.PLACE / "data" / name
        assert there.stat().st_size < (ROOT / "data" / name).stat().st_size
        assert pq.read_table(there).equals(pq.read_table(ROOT / "data" / name)), name


def test_the_archive_is_the_same_every_time_and_complete() -> None:
    code = downloads.archive(ROOT, {})
    assert code == downloads.archive(ROOT, {})
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        names = archive.namelist()
    modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "audionome").rglob("*.py")}
    assert modules < set(names)
    assert {"LICENSE", "pyproject.toml", "requirements.txt"} <= set(names)
    assert names[-1] == "files.json"  # whoever finds it has everything


# -- in an empty folder -------------------------------------------------------------------


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what the notebooks need, and not this package."""
    folder = tmp_path_factory.mktemp("stranger") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    # A folder that is named here has its packages found, and not what is installed for editing.
    (packages / "borrowed.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")
    return folder / "bin" / "python"


def run(python: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program there that knows nothing of this checkout."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AUDIONOME_", "JUPYTER", "PYTHON", "VIRTUAL_ENV"))
    }
    environ["IPYTHONDIR"] = str(folder.parent / "ipython")
    return subprocess.run(
        [str(python), *command],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
    )


def start(site: Path, address: str) -> str:
    """The first cell, with the address of the site."""
    code = (site / downloads.ARCHIVE).read_bytes()
    return str(downloads.first_cell(address, code).source)


def test_a_chapter_from_its_page_runs_in_an_empty_folder(
    site: Path, base_url: str, chromium: Browser, stranger: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    page = chromium.new_page()
    for name in ("pca", "speed"):
        page.goto(f"{base_url}notebooks/{name}.html?from=home#top")
        page.get_by_role("button", name="Download this page").click()
        with page.expect_download() as saved:
            page.get_by_role("link", name=".ipynb").click()
        assert saved.value.suggested_filename == f"{name}.ipynb"
        saved.value.save_as(folder / f"{name}.ipynb")
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        assert f'SITE = "{base_url}"' in notebook.cells[1].source
        links = re.findall(r"\]\(([^)\s]+)\)", "\n".join(cell.source for cell in notebook.cells))
        assert all(link.startswith((base_url, "#", "https://")) for link in links)
        assert notebook.cells[1].metadata.jupyter.source_hidden  # it needs no answer
        # Where the public address is known, links have led there from the start.
        relative = copies(site)[name].metadata.audionome.links
        assert {urljoin(f"{base_url}notebooks/", link) for link in relative} <= set(links)
    page.close()

    options = ["--to", "notebook", "--execute", "--output", "done", "speed.ipynb"]
    done = run(stranger, folder, "-m", "nbconvert", *options)
    assert done.returncode == 0, done.stderr[-2000:]
    cells = nbformat.read(folder / "done.ipynb", as_version=4).cells
    assert "Ready. Run the other cells." in str(cells[1].outputs)
    told = str([cell.get("outputs") for cell in cells])
    assert told.count("audionome-chart") >= 3
    assert "A running program answers in about" in told

    # All data are there now, each as it ships.
    (package,) = folder.glob("audionome-*")
    names = downloads.names(ROOT / "data")
    assert all((package / "data" / name).is_file() for name in names)
    network = downloads.NETWORK
    assert (package / "data" / network).read_bytes() == (ROOT / "data" / network).read_bytes()

    # The next chapter fetches nothing: the address may be gone. The ear is that of the repository.
    cell = start(site, "")
    asked = (
        f"{cell}\nimport audionome\nprint(audionome.__file__, audionome.__version__)\n"
        "from audionome.datasets.recordings import recordings\n"
        "print(audionome.classify(recordings()[0].path).headline)\n"
        # What if the notebook is downloaded again, and its kernel still runs?
        "try:\n"
        f"    exec({cell.replace(package.name, 'audionome-newer')!r})\n"
        "except Exception as hint: print(hint)\n"
    )
    (folder / "next.py").write_text(asked)
    done = run(stranger, folder, "next.py")
    assert done.returncode == 0, done.stderr
    ready, where, _, again = done.stdout.splitlines()
    assert ready == "Ready. Run the other cells."
    assert where.startswith(str(package))
    assert again == "This kernel runs another copy of Audionome. Restart it, and run all cells."


@pytest.mark.parametrize(
    ("address", "changed", "told"),
    [
        ("", False, "Where is the site that this notebook comes from?"),
        ("http://127.0.0.1:9/", False, "Correct the address after SITE"),
        ("SITE", True, "has changed since this notebook was downloaded. Download it again."),
    ],
)
def test_what_is_missing_is_one_sentence(
    address: str, changed: bool, told: str, site: Path, stranger: Path, tmp_path: Path
) -> None:
    cell = start(site, address.replace("SITE", str(site)))
    if changed:
        cell = re.sub(r'"[0-9a-f]{64}"', f'"{"0" * 64}"', cell)
    (tmp_path / "cell.ipy").write_text(cell)
    done = run(stranger, tmp_path, "-m", "IPython", "--no-banner", "--colors=NoColor", "cell.ipy")
    assert told in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.glob("audionome-*"))


@pytest.mark.parametrize("page", ["", "index.html", "notebooks/speed.html#x", "book/usage.html"])
def test_the_folder_of_the_site_will_do(
    page: str, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that was opened from a disk, whose address somebody copied."""
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(elsewhere, "prepare", lambda *given: asked.append(given))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "audionome")
    exec(start(site, str(site / page) if page else str(site)), {})
    assert asked == [(site.as_uri() + "/", next(tmp_path.glob("audionome-*")).name)]


def test_in_the_repository_the_cell_does_nothing(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(start(site, ""), {})
    assert capsys.readouterr().out == "Ready. Run the other cells.\n"
    assert not any(tmp_path.iterdir())


# -- packages and data --------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The folder of the code, with one file to fetch."""
    folder = tmp_path / "audionome-00000000"
    folder.mkdir()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a b.txt").write_bytes(b"data")
    digest = hashlib.sha256(b"data").hexdigest()
    entry = {"path": "a b.txt", "sha256": digest, "size": 4}
    (folder / "files.json").write_text(json.dumps({"x/y.txt": entry}))
    (folder / "requirements.txt").write_text("numpy>=2.0\nnot-wanted>=1 ; python_version < '3'\n")
    return folder


def test_data_are_fetched_once_and_checked(package: Path, tmp_path: Path) -> None:
    place = package / "data" / "x" / "y.txt"
    with pytest.raises(elsewhere.Hint, match=r"^The data are not all here. Write the address"):
        elsewhere.prepare("", package)
    with served(tmp_path / "site") as address:
        elsewhere.prepare(address, package)
    assert place.read_bytes() == b"data"
    elsewhere.prepare("", package)  # nothing is asked for
    place.unlink()
    with pytest.raises(elsewhere.Hint, match=r"cannot be read .*\. Run this cell again later\.$"):
        elsewhere.prepare(address, package)
    (tmp_path / "site" / "a b.txt").write_bytes(b"DATA")
    with pytest.raises(elsewhere.Hint, match=r"the site is newer\. Download the notebook again\.$"):
        elsewhere.prepare((tmp_path / "site").as_uri() + "/", package)
    assert not any((package / "data").rglob("*.txt*"))


def test_a_hint_has_no_traceback() -> None:
    assert elsewhere.Hint("Do this.")._render_traceback_() == ["Do this."]


def test_packages_are_installed_when_they_are_missing_or_too_old(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = "surely-not-there>=1\nnumpy>=999\npandas>=2\n"
    (package / "requirements.txt").write_text(wanted)
    asked: list[list[str]] = []

    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "a\nERROR: no such thing\n")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(elsewhere.Hint, match=r'"numpy>=999"\. The reason: ERROR: no such thing '):
        elsewhere.prepare("", package)
    assert asked[0][:4] == [sys.executable, "-m", "pip", "install"]
    assert asked[0][-2:] == ["surely-not-there>=1", "numpy>=999"]
    assert capsys.readouterr().out == "Installing 2 packages ...\n"

    # What this process has loaded stays as it is until it ends.
    monkeypatch.setattr(subprocess, "run", lambda c, **_: subprocess.CompletedProcess(c, 0, "", ""))
    with pytest.raises(elsewhere.Hint, match=r"an older numpy\. Restart it, and run this cell"):
        elsewhere.prepare("", package)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(elsewhere.Hint, match=r'^Install .* cell again: "surely-not-there>=1" '):
        elsewhere.prepare("", package)


def test_the_requirements_are_those_of_the_package() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = downloads.requirements(project)
    assert set(project["dependencies"]) < set(wanted)
    assert {"pandas>=2.2", "scikit-learn>=1.8"} < set(wanted)
    assert [line for line in wanted if line.startswith("plotly")]
    assert elsewhere._unmet(wanted) == []


# -- Markdown -----------------------------------------------------------------------------


def test_links_lead_to_the_site() -> None:
    text = "[a](pca.ipynb#b), ![c](../book/_static/diagrams/d.svg), [e](../book/usage.md) [f](#g)"
    assert plain.with_links(text, "https://example.org/b/")[0] == (
        "[a](https://example.org/b/notebooks/pca.html#b), "
        "![c](https://example.org/b/_static/diagrams/d.svg), "
        "[e](https://example.org/b/book/usage.html) [f](#g)"
    )
    assert plain.with_links(text, "")[1] == [
        "pca.html#b",
        "../_static/diagrams/d.svg",
        "../book/usage.html",
    ]


def test_citations_terms_and_boxes_become_plain() -> None:
    works = plain.cited(ROOT / "book" / "references.bib")
    link = "(../book/references.md)"
    assert plain.plain("{cite:p}`stijnen` {cite:t}`kereliuk2015`", works) == (
        f"([Stijnen and Delaere, n.d.]{link}) [Kereliuk et al. (2015)]{link}"
    )
    assert plain.plain('say("{{cite:p}}`sturm2012, velez2022`")', works) == (
        f'say("([Sturm, 2012; Vélez Vásquez and Burgoyne, 2022]{link})")'
    )
    assert plain.plain("ten {term}`folds <fold>`, a {term}`fold`", {}) == "ten folds, a fold"
    boxes = "a\n\n:::{warning}\nNo.\n:::\n\n:::{dropdown} The ear\nIt\nhears.\n:::\n"
    assert plain.plain(boxes, {}) == "a\n\n**Warning.** No.\n\n**The ear.** It\nhears.\n"


def test_in_colab_a_chart_is_plotlys_own_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    import plotly.graph_objects as go

    from audionome.charts import Chart

    monkeypatch.delenv("AUDIONOME_BOOK", raising=False)
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    chart = Chart(go.Figure(), "Nothing.", pd.DataFrame({"a": [1]}))
    assert render.show(chart) is chart.figure
