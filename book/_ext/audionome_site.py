"""What the site tells the world outside: addresses, previews of its links, the sitemap.

- The buttons that lead to the repository appear only where its address is known.
- Every page names its title, its first sentence and a picture, for whoever shows a link to it.
- ``sitemap.xml`` is written where the address of the site is known: it may hold full ones only.
"""

from __future__ import annotations

import html
import os
import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

PICTURE = "_static/social.png"
BUTTONS = ("use_repository_button", "use_issues_button", "use_edit_page_button")


def addresses(
    repository: str, site: str, environ: Mapping[str, str] = os.environ
) -> tuple[str, str]:
    """Complete the two public addresses by what GitHub Actions tells about itself.

    Parameters
    ----------
    repository, site
        As set in ``_config.yml``; either may be empty.
    environ
        The environment.

    Returns
    -------
    repository, site : str
        Empty where unknown; the site's ends with a slash.
    """
    name = environ.get("GITHUB_REPOSITORY", "")
    if name and not repository:
        repository = f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{name}"
    if name and not site:
        owner, _, project = name.partition("/")
        host = f"{owner.lower()}.github.io"
        site = f"https://{host}/" if project.lower() == host else f"https://{host}/{project}/"
    return repository, site.rstrip("/") + "/" if site else ""


def sitemap(site: str, pages: Iterable[str]) -> str:
    """Write the pages of a site as sitemaps.org asks for it."""
    urls = "".join(
        f"  <url><loc>{html.escape(urljoin(site, quote(page)))}</loc></url>\n" for page in pages
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{urls}</urlset>\n"
    )


def first_words(doctree: nodes.document | None, most: int = 200) -> str:
    """Return the first paragraph that says something, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        text = " ".join(paragraph.astext().split())
        if len(text) >= 40:
            return textwrap.shorten(text, most, placeholder=" …")
    return ""


def preview(
    *, title: str, description: str, address: str, picture: str, name: str = "Audionome"
) -> str:
    """Write the tags of the Open Graph protocol, and a description for search engines."""
    tags = {
        "og:site_name": name,
        "og:type": "article",
        "og:title": title,
        "og:description": description,
        "og:url": address,
        "og:image": picture,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "Audionome: bars that fall from question to question",
    }
    lines = [f'<meta name="description" content="{html.escape(description)}" />']
    lines += [
        f'<meta property="{key}" content="{html.escape(value)}" />'
        for key, value in tags.items()
        if value
    ]
    lines.append('<meta name="twitter:card" content="summary_large_image" />')
    return "\n".join(lines) + "\n"


def config_inited(app: Sphinx, config: Config) -> None:
    """Set the addresses, before the theme reads its options."""
    repository, site = addresses(config.audionome_repository, config.audionome_site)
    config.html_baseurl = site
    options = config.html_theme_options
    if repository:
        options |= {"repository_url": repository, **dict.fromkeys(BUTTONS, True)}
    else:
        options["launch_buttons"] = {}  # The theme would stop at a button without an address.


def page_preview(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add the preview to the head of a page with a text, and mend a role of its bibliography."""
    if doctree is None:
        return
    # Sphinx calls it a list, but gives its entries another role than a list may hold.
    context["body"] = context["body"].replace(
        '<div role="list" class="citation-list">', '<div class="citation-list">'
    )
    site = app.config.html_baseurl
    context["metatags"] = context.get("metatags", "") + preview(
        title=html.unescape(re.sub("<[^>]+>", "", context.get("title", ""))),
        description=first_words(doctree),
        address=urljoin(site, f"{pagename}.html") if site else "",
        picture=urljoin(site, PICTURE) if site else context["pathto"](PICTURE, 1),
    )


def only_notebooks_launch(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Leave the Binder button away where it would open a text instead of a notebook."""
    if context.get("page_source_suffix") != ".ipynb":
        context["header_buttons"] = [
            button
            for button in context.get("header_buttons", [])
            if button.get("label") != "launch-buttons"
        ]


def write_sitemap(app: Sphinx, error: Exception | None) -> None:
    """Write ``sitemap.xml`` beside the pages."""
    site = app.config.html_baseurl
    if error is None and site and app.builder.format == "html":
        pages = [f"{name}.html" for name in sorted(app.env.found_docs)]
        Path(app.outdir, "sitemap.xml").write_text(sitemap(site, pages), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("audionome_repository", "", "env", types=(str,))
    app.add_config_value("audionome_site", "", "env", types=(str,))
    # Before the theme's own handlers.
    app.connect("config-inited", config_inited, priority=100)
    app.connect("html-page-context", page_preview)
    app.connect("html-page-context", only_notebooks_launch, priority=900)
    app.connect("build-finished", write_sitemap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
