"""Metadata that depend on where the package is built: its addresses, and links in the README.

The address of the repository stands in ``_config.yml`` or is told by GitHub Actions. While it is
unknown, the package names no addresses, and the README's links to files are plain words: on the
page of a package index they would lead nowhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


def repository(config: str) -> str:
    """Return the address of the repository, or an empty string."""
    found = re.search(r'^ *audionome_repository: "(.+)"$', config, re.MULTILINE)
    if found:
        return found[1].rstrip("/")
    # In a workflow of another project, which only installs this one, the address is not ours.
    ours = os.environ.get("GITHUB_WORKSPACE") == os.path.dirname(os.path.abspath(__file__))
    name = os.environ.get("GITHUB_REPOSITORY", "") if ours else ""
    return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{name}" if name else ""


def with_full_links(readme: str, address: str) -> str:
    """Let links to files lead to the repository, or take the links away."""
    to = rf"[\1]({address}/blob/main/\2)" if address else r"\1"
    return re.sub(r"\[([^\]]+)\]\((?!https?:|#)([^)]+)\)", to, readme)


class Metadata(MetadataHookInterface):
    """Fill in ``readme`` and ``urls``."""

    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        config = root / "_config.yml"
        address = repository(config.read_text(encoding="utf-8"))
        text = with_full_links((root / "README.md").read_text(encoding="utf-8"), address)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = (
            {
                "Repository": address,
                "Issues": f"{address}/issues",
                "Changelog": f"{address}/blob/main/CHANGELOG.md",
            }
            if address
            else {}
        )
