"""Charts in notebooks outside of the book: drawn, and told where no script is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import plotly.graph_objects as go
import pytest
from browser import page_with_watch
from bs4 import BeautifulSoup
from playwright.sync_api import Browser

from audionome.charts import Chart
from audionome.report import render

CELL = """\
import pandas as pd, plotly.graph_objects as go
from audionome.report.render import show
from audionome.charts import Chart
table = pd.DataFrame({"genre": ["jazz"], "share": ["12.5 %"]})
show(Chart(go.Figure(go.Bar(x=["jazz"], y=[0.125])), "One bar: jazz has 12.5 %.", table, "Share"))
"""


def export(folder: Path, name: str, *cells: str) -> Path:
    """Run a notebook and export it, as a person would."""
    pytest.importorskip("nbconvert")
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / f"{name}.ipynb"
    nbformat.write(made, path)
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return path.with_suffix(".html")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("with"), "charts", CELL, CELL)


def test_an_exported_notebook_draws_its_charts_without_the_network(
    exported: Path, tmp_path: Path, chromium: Browser
) -> None:
    seen = {}
    for path in (export(tmp_path, "plain", "1 + 1"), exported):
        page, seen[path] = page_with_watch(chromium, "http://localhost/")
        page.goto(path.as_uri(), wait_until="load")
        if path == exported:
            drawn = page.locator("figure.audionome-chart .plotly-graph-div:has(.main-svg)")
            drawn.nth(1).wait_for()
            assert drawn.count() == 2
            assert page.locator(".bars path").count() == 2
            assert page.get_by_role("img", name="One bar: jazz has 12.5 %.").count() == 2
            assert page.locator("figure p").count() == 0
        page.context.close()
    plain, charts = seen.values()
    # What the exporter itself asks other hosts for is not ours.
    assert sorted(charts) == sorted(plain)


def test_plotly_comes_once(exported: Path) -> None:
    assert exported.read_text(encoding="utf-8").count("* plotly.js v") == 1


def test_without_scripts_the_words_and_the_table_remain(exported: Path) -> None:
    soup = BeautifulSoup(exported.read_text(encoding="utf-8"), "html.parser")
    for script in soup.find_all(["script", "noscript", "style"]):
        script.decompose()
    figures = soup.find_all("figure")
    assert len(figures) == 2
    for figure in figures:
        assert "One bar: jazz has 12.5 %." in figure.get_text()
        assert [cell.get_text() for cell in figure.find_all("td")] == ["jazz", "12.5 %"]


def test_the_first_chart_brings_plotly_again_when_its_cell_runs_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AUDIONOME_BOOK", raising=False)
    monkeypatch.setattr(render, "_bearer", None)
    chart = Chart(go.Figure(), "Nothing.", pd.DataFrame({"a": [1]}))
    brings = []
    for run in (("one", 1), ("one", 1), ("two", 2), ("one", 3), ("two", 4)):
        monkeypatch.setattr(render, "_running", lambda run=run: run)
        shown = render.show(chart)
        brings.append("* plotly.js v" in shown._repr_mimebundle_()["text/html"])
    assert brings == [True, False, False, True, False]
