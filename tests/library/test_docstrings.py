"""The docstrings of the library: imperative and complete; examples_run tries their examples."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import examples_run
import pytest

MODULES = examples_run.modules("library")
#: They name a person's speech, a state or a question, where a docstring says what is done.
NO_VERBS = re.compile(r"(Say|Hold|Tell|What|How|Why|Where|Whether|Who|As)\b")
#: Modules whose functions are called by commands and charts alone.
INTERNAL = re.compile(r"\.(_\w+|cli(\.\w+)?|charts\.\w+)$")


def functions(name: str) -> Iterator[tuple[ast.FunctionDef, bool]]:
    """The functions of a module, and whether each is public."""
    tree = ast.parse(Path(importlib.import_module(name).__file__ or "").read_text())
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        hidden = isinstance(node, ast.ClassDef) and node.name.startswith("_")
        for function in inner:
            if isinstance(function, ast.FunctionDef):
                yield function, not hidden and not function.name.startswith("_")


def is_property(function: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(d) for d in function.decorator_list)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_begin_with_a_verb(name: str) -> None:
    for function, public in functions(name):
        text = ast.get_docstring(function) or ""
        assert text or not public or INTERNAL.search(name), function.name
        if text and not is_property(function):
            assert not NO_VERBS.match(text), f"{function.name}: {text.splitlines()[0]}"


@pytest.mark.parametrize("name", [name for name in MODULES if not INTERNAL.search(name)])
def test_docstrings_of_public_functions_are_whole(name: str) -> None:
    for function, public in functions(name):
        text = ast.get_docstring(function) or ""
        if not public or is_property(function) or not text:
            continue
        arguments = [*function.args.args, *function.args.kwonlyargs]
        if [a for a in arguments if a.arg not in {"self", "cls"}] and len(text.splitlines()) > 1:
            assert "Parameters\n-------" in text, function.name
        returned = ast.unparse(function.returns) if function.returns else "None"
        if returned not in {"None", "bool", "str", "int"}:
            assert re.search(r"(Returns|Yields)\n------", text), function.name
