"""The pictures of the app in the README and on the home page show what the app answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_pictures_show_what_the_app_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    monkeypatch.delitem(sys.modules, "printing", raising=False)
    import pictures

    # Renew them with: make pictures
    assert json.loads(pictures.WORDS.read_text(encoding="utf-8")) == pictures.words()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for scheme in ("light", "dark"):
        assert f"card-{scheme}.webp" in readme
        assert (pictures.OUT / f"card-{scheme}.webp").read_bytes()[8:12] == b"WEBP"
