"""What the documents of the repository name is there: paths, modules, functions, commands."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

import audionome

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"]
TOP = tuple(f"{p.name}/" for p in ROOT.iterdir() if p.is_dir())
#: Made by a command, or another folder's.
MADE = ("book/_build", ".venv/", "shared/")


def code(text: str) -> list[str]:
    """What stands between backticks, and the lines of blocks of code."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [*re.findall(r"`([^`]+)`", rest), *(line for b in blocks for line in b.splitlines())]


def resolved(name: str) -> object:
    """The module or what it holds that a dotted name means."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for part in parts[n:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    words = {word.rstrip(".,;:)") for line in code(text) for word in re.split(r"[\s(]+", line)}
    words |= set(re.findall(r"\]\(([^)#:]+)\)", text))
    paths = {
        word
        for word in words
        if (word.startswith(TOP) or word in {"Makefile", "pyproject.toml", "constraints.txt"})
        and not word.startswith(MADE)
        and not re.search(r"[A-Z]{4}\.py|\*|\$", word)
    }
    assert len(paths) >= 3
    missing = [path for path in sorted(paths) if not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_name_of_the_package_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    names = set(re.findall(r"\baudionome(?:\.[A-Za-z_]\w*)+", text)) - {"audionome.git"}
    for dotted in sorted(names):
        if not re.search(r"\.(NAME|md|pdf)\b", dotted):
            resolved(dotted)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_exists(name: str) -> None:
    lines = code((ROOT / name).read_text(encoding="utf-8"))
    phony = re.search(r"^\.PHONY:(.*?)\n\n", (ROOT / "Makefile").read_text(), re.M | re.S)
    assert phony is not None
    targets = set(re.findall(r"[a-z]+", phony[1])) | {"PHONY"}
    for line in lines:
        for target in re.findall(r"\bmake ([a-z]+)", line):
            assert target in targets, line
    from typer.main import get_command

    from audionome.cli import app

    top = get_command(app).commands
    lab = top["lab"].commands
    for line in lines:
        for command in re.findall(r"\baudionome (lab \w+|[a-z]+)", line):
            first, _, second = command.partition(" ")
            assert first in top, line
            assert not second or second in lab, line


def test_names_that_are_not_there_are_found() -> None:
    assert resolved("audionome.lab.metrics.accuracy")
    for wrong in ("audionome.nowhere", "audionome.lab.metrics.nothing"):
        with pytest.raises((ModuleNotFoundError, AttributeError)):
            resolved(wrong)


def public_modules() -> list[str]:
    """Modules that may be used, without those that only read the command line."""
    found = [m.name for m in pkgutil.walk_packages(audionome.__path__, "audionome.")]
    return [
        name
        for name in found
        if "._" not in name and not name.startswith("audionome.cli.") and name != "audionome.gtzan"
    ]


def test_the_reference_lists_every_public_module_once() -> None:
    listed = [
        (name, path.stem)
        for path in sorted((ROOT / "book").glob("api*.md"))
        for name in re.findall(r"automodule:: (\S+)", path.read_text(encoding="utf-8"))
    ]
    names = [name for name, _ in listed]
    assert len(set(names)) == len(names)
    # A chart of the book is one file; whether the reference tells of it is its author's choice.
    charts = {name for name in public_modules() if name.startswith("audionome.report.charts.")}
    assert set(names) | charts == set(public_modules())
    wings: dict[str, set[str]] = {}
    for name, page in listed:
        room = name.split(".")[1]
        wing = {"cli": "app", "lab": "lab", "app": "app", "report": "report"}.get(room, "library")
        wings.setdefault(page, set()).add(wing)
    assert all(len(found) == 1 for found in wings.values()), "a page tells of two wings"
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert all(f"file: book/{page}\n" in toc for page in wings)


def test_the_architecture_says_where_to_add_what_people_ask_for() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    recipes = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    asked = {recipe.splitlines()[0].split(":")[0].removeprefix("a").removeprefix("n").strip()
             for recipe in recipes}  # fmt: skip
    assert asked >= {"metric", "protocol", "feature", "chart", "extractor", "sentence"}
    for recipe in recipes:
        assert "- Proof: `" in recipe, recipe.splitlines()[0]


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    for section in sections[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", section)
    kinds = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {"Added", "Changed", "Fixed", "Removed"} <= set(kinds)


def test_no_warning_is_excused_without_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    filters = tomllib.loads(text)["tool"]["pytest"]["ini_options"]["filterwarnings"]
    assert filters[0] == "error"
    block = text.split("filterwarnings = [")[1].split("\n]")[0].splitlines()
    for before, line in pairwise(block):
        if line.strip().startswith(('"ignore', "'ignore")):
            assert before.strip().startswith(("#", '"ignore', "'ignore")), line


def test_files_of_the_repository_are_small() -> None:
    command = ["git", "ls-files"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if not name.startswith("data/"):
            most = 4_000_000 if name.startswith("book/_vendor/") else 1_000_000
            assert (ROOT / name).stat().st_size <= most, name
