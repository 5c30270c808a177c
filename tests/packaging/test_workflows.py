"""The workflows call commands that exist, and what the site tells the world outside."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

import audionome

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
sys.path.insert(0, str(ROOT / "book" / "_ext"))
site = pytest.importorskip("audionome_site")


def targets() -> set[str]:
    """The commands of the Makefile."""
    found = re.findall(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {name for line in found for name in line.split()}


def steps(path: Path) -> list[dict[str, Any]]:
    """All steps of all jobs of a workflow."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_there_are_workflows_for_ci_publishing_and_every_week() -> None:
    assert [path.stem for path in WORKFLOWS] == ["ci", "publish", "weekly"]
    # YAML reads the word "on" as true.
    events = {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))[True] for path in WORKFLOWS
    }
    assert "pull_request" in events["ci"]
    assert events["publish"]["push"] == {"branches": ["main"], "tags": ["v*"]}
    assert len(events["weekly"]["schedule"]) == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_what_exists(path: Path) -> None:
    called = [step["run"] for step in steps(path) if "run" in step]
    wanted = {name for run in called for name in re.findall(r"\bmake ([a-z]+)", run)}
    assert wanted <= targets()
    for run in called:
        if run.startswith(".ci/"):
            assert os.access(ROOT / run, os.X_OK)
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]), "pinned to a major version"


@pytest.mark.parametrize("name", ["ci", "weekly"])
def test_every_python_is_tested(name: str) -> None:
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    (job,) = (job for job in jobs if any(step.get("run") == "make test" for step in job["steps"]))
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    (setup,) = (s for s in job["steps"] if s.get("uses", "").startswith("actions/setup-python"))
    assert setup["with"]["python-version"] == "${{ matrix.python }}"
    assert job["env"] == {"AUDIONOME_REQUIRE": "browser"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = re.findall(r":: Python :: (3\.\d+)", " ".join(project["classifiers"]))
    assert told == job["strategy"]["matrix"]["python"]


def test_the_lowest_versions_are_tried() -> None:
    assert "make lowest" in [step.get("run") for step in steps(WORKFLOWS[0])]
    assert "\nmake lowest" in (ROOT / ".ci" / "run").read_text()


def test_conda_and_binder_install_what_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    binder = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text(encoding="utf-8"))
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert "python=3.12" in conda
    assert "python=3.12" in binder["dependencies"]
    assert "Programming Language :: Python :: 3.12" in project["classifiers"]
    (lines,) = (entry["pip"] for entry in conda if isinstance(entry, dict))
    for installed in (" ".join(lines), script.read_text(encoding="utf-8")):
        assert "-c constraints.txt" in installed
        (extras,) = re.findall(r"-e '?\.\[([\w,]+)\]", installed)
        assert {"report"} <= set(extras.split(",")) <= set(project["optional-dependencies"])
        assert "jupyterlab" in installed  # to open the chapters
        assert re.search(r"^jupyterlab==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)


def test_links_in_the_readme_work_outside_of_the_repository() -> None:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    text = "[a](data/a.md), [b](https://example.org), [c](#part)"
    assert build.with_full_links(text, "") == "a, [b](https://example.org), [c](#part)"
    assert build.with_full_links(text, "https://example.org/x").startswith(
        "[a](https://example.org/x/blob/main/data/a.md), [b](https://example.org)"
    )
    assert build.repository('    audionome_repository: "https://example.org/x/"\n') == (
        "https://example.org/x"
    )
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_REPOSITORY", raising=False)
        assert (
            build.repository(config)
            == yaml.safe_load(config)["sphinx"]["config"]["audionome_repository"]
        )
        patch.setenv("GITHUB_REPOSITORY", "someone/audionome")
        patch.setenv("GITHUB_WORKSPACE", str(ROOT))
        assert build.repository("").endswith("/someone/audionome")


def test_every_target_is_declared() -> None:
    text = (ROOT / "Makefile").read_text()
    assert set(re.findall(r"^([a-z]+):", text, re.MULTILINE)) == targets()


def test_the_page_on_usage_tells_every_key_of_an_answer() -> None:
    text = (ROOT / "book" / "usage.md").read_text(encoding="utf-8")
    sample = text.split("```json")[1].split("```")[0]
    answer = audionome.classify(ROOT / "data" / "examples" / "jazz.ogg").as_dict()
    assert re.findall(r'^  "(\w+)":', sample, re.MULTILINE) == ["file", *answer]
    for key in answer:
        assert re.search(rf"^\| [^|]*`{key}`", text, re.MULTILINE), key


def test_addresses_come_from_the_settings_or_from_github() -> None:
    assert site.addresses("", "", {}) == ("", "")
    github = {"GITHUB_REPOSITORY": "Someone/audionome", "GITHUB_SERVER_URL": "https://github.com"}
    assert site.addresses("", "", github) == (
        "https://github.com/Someone/audionome",
        "https://someone.github.io/audionome/",
    )
    assert site.addresses("", "", {"GITHUB_REPOSITORY": "me/me.github.io"})[1] == (
        "https://me.github.io/"
    )
    own = ("https://example.org/code", "https://example.org/book")
    assert site.addresses(*own, github) == (own[0], own[1] + "/")


def test_the_sitemap_holds_full_addresses() -> None:
    root = ET.fromstring(site.sitemap("https://example.org/book/", ["book/a b&c.html", "x.html"]))
    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert root.tag == f"{name}urlset"
    assert [url.text for url in root.iter(f"{name}loc")] == [
        "https://example.org/book/book/a%20b%26c.html",
        "https://example.org/book/x.html",
    ]


def test_a_preview_is_escaped_and_leaves_out_what_is_unknown() -> None:
    tags = site.preview(title='A "B" <C>', description="d", address="", picture="p.png")
    assert 'content="A &quot;B&quot; &lt;C&gt;"' in tags
    assert "og:url" not in tags
    assert 'property="og:image" content="p.png"' in tags


def test_the_picture_for_links_is_a_png_of_the_right_size() -> None:
    head = (ROOT / "book" / "_static" / "social.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (1200, 630)
