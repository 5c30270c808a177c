"""The workflows call commands that exist, and what the site tells the world outside."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tarfile
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


def load(name: str) -> dict[Any, Any]:
    """A workflow. YAML reads the word "on" as true."""
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_there_are_workflows_for_ci_pages_releases_and_every_week() -> None:
    assert [path.stem for path in WORKFLOWS] == ["ci", "publish", "release", "weekly"]
    assert "pull_request" in load("ci")[True]
    assert len(load("weekly")[True]["schedule"]) == 1


def test_all_yaml_of_the_repository_can_be_read() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.yml", "*.yaml"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = listed.stdout.split()
    assert {".pre-commit-config.yaml", ".github/dependabot.yml", "_config.yml"} <= set(names)
    for name in names:
        assert yaml.safe_load((ROOT / name).read_text(encoding="utf-8")), name


def test_pages_come_from_main_alone() -> None:
    for path in WORKFLOWS:
        uses = " ".join(step.get("uses", "") for step in steps(path))
        assert ("deploy-pages" in uses) == (path.stem == "publish")
    publish = load("publish")
    assert publish[True]["push"] == {"branches": ["main"]}
    assert publish["jobs"]["build"]["if"] == "github.ref == 'refs/heads/main'"
    assert publish["jobs"]["deploy"]["needs"] == "build"


def test_a_tag_is_tested_built_checked_and_published() -> None:
    release = load("release")
    assert release[True] == {"push": {"tags": ["v*"]}}
    jobs = release["jobs"]
    built = [step.get("run", "") for step in jobs["build"]["steps"]]
    order = ["tomllib", "make test", "make dist", "twine check --strict dist/*"]
    places = [next(i for i, run in enumerate(built) if words in run) for words in order]
    assert places == sorted(places)
    # Trusted publishing: the right to an identity, in one job alone, and no password anywhere.
    assert jobs["index"]["permissions"] == {"id-token": "write"}
    assert jobs["index"]["environment"] == "pypi"
    assert jobs["index"]["needs"] == "build"
    assert "pypa/gh-action-pypi-publish@release/v1" in [
        s.get("uses") for s in jobs["index"]["steps"]
    ]
    assert "secrets." not in (ROOT / ".github" / "workflows" / "release.yml").read_text()
    assert jobs["github"]["needs"] == "index"


def test_the_library_is_tried_on_other_systems_and_on_the_next_python() -> None:
    jobs = load("ci")["jobs"]
    assert jobs["library"]["strategy"]["matrix"]["os"] == ["windows-latest", "macos-latest"]
    assert jobs["library"]["steps"][-1]["run"].endswith(" tests/library")
    assert jobs["next"]["continue-on-error"] is True
    (setup,) = (s["with"] for s in jobs["next"]["steps"] if "python" in s.get("uses", ""))
    assert setup["python-version"] == "3.14"
    assert "make coverage" in [step.get("run") for step in jobs["coverage"]["steps"]]


def test_dependencies_of_both_kinds_are_renewed() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    assert {one["package-ecosystem"] for one in updates} == {"pip", "github-actions"}


@pytest.mark.parametrize("name", ["bug", "wrong_answer", "idea"])
def test_a_form_asks_for_something(name: str) -> None:
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml"
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert all(part["attributes"]["label"] for part in asked)
    assert any(part.get("validations", {}).get("required") for part in asked)


def test_the_hooks_are_the_tools_of_make_lint() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = {hook["id"]: hook["entry"] for repo in config["repos"] for hook in repo["hooks"]}
    lint = (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0]
    for name in ("ruff", "ruff-format", "mypy", "lint-imports"):
        assert hooks[name].removeprefix(".venv/bin/").split(" -")[0] in lint
    assert {"end-of-file-fixer", "large-files"} <= set(hooks)


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
            # Its authors keep a branch per major version instead of a tag.
            version = step["uses"].replace("gh-action-pypi-publish@release/", "publish@")
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", version), "pinned to a major version"


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
    assert "\npart make lowest" in (ROOT / ".ci" / "run").read_text()


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
    assert set(re.findall(r"^([a-z-]+):", text, re.MULTILINE)) == targets()


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


def test_the_runtime_of_the_page_is_the_package_that_it_names() -> None:
    folder = ROOT / "book" / "_vendor" / "onnxruntime-web"
    card = json.loads((folder / "runtime.json").read_text(encoding="utf-8"))
    for name, digest in card["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    assert f"runtime.py {card['version']}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")
    script = gzip.decompress((folder / "ort.js.gz").read_bytes()).decode()
    assert f"Web v{card['version']}" in script[:200]
    assert gzip.decompress((folder / "ort-wasm.wasm.gz").read_bytes())[:4] == b"\0asm"
    assert "MIT License" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert {"LICENSE", "ThirdPartyNotices.txt"} < set(card["files"])


def test_the_runtime_comes_with_its_licence_and_is_never_another_under_its_version(
    tmp_path: Path,
) -> None:
    path = ROOT / "book" / "runtime.py"
    spec = importlib.util.spec_from_file_location("runtime", path)
    assert spec is not None
    assert spec.loader is not None
    runtime = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runtime)
    archive, target = tmp_path / "a.tgz", tmp_path / "target"
    target.mkdir()

    def packed(content: bytes) -> None:
        with tarfile.open(archive, "w:gz") as files:
            for name in runtime.FILES:
                member = tarfile.TarInfo(f"package/dist/{name}")
                member.size = len(content)
                files.addfile(member, io.BytesIO(content))

    packed(b"one")
    runtime.unpack(archive, "1.0", target)
    card = json.loads((target / "runtime.json").read_text(encoding="utf-8"))
    assert set(card["files"]) | {"runtime.json"} == {path.name for path in target.iterdir()}
    assert "MIT License" in (target / "LICENSE").read_text(encoding="utf-8")
    assert card["notices"].startswith("onnxruntime ")
    packed(b"two")
    with pytest.raises(SystemExit, match="Nothing was changed"):
        runtime.unpack(archive, "1.0", target)
    assert gzip.decompress((target / "ort.js.gz").read_bytes()) == b"one"
    runtime.unpack(archive, "1.1", target)
    assert gzip.decompress((target / "ort.js.gz").read_bytes()) == b"two"
