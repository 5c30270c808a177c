"""What Chromium makes of the book: one PDF of the whole site, and the picture shown with links.

``make pdf`` and ``make social`` call this. Nothing is fetched from the network: the site is served
to the browser from the disk.
"""

from __future__ import annotations

import argparse
import functools
import html
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# The width of the text on A4 with the margins of pages.css, in CSS pixels.
PAPER = {"width": 680, "height": 960}

# Puts the articles of all pages behind each other. Every id gets the name of its page in front, so
# that links from page to page become links inside the document. Returns what draws the charts.
GATHER = """
async (pages) => {
  const slug = (path) => path.replace(/[^a-z0-9]+/gi, "-");
  const home = location.href.replace(/[^/]*$/, "");
  const known = new Map(pages.map((page) => [new URL(page, home).href, slug(page)]));
  const place = document.querySelector("article.bd-article");
  place.replaceChildren();
  const contents = document.createElement("ol");
  contents.className = "audionome-contents";
  const bodies = [];
  const scripts = {};
  for (const page of pages) {
    const address = new URL(page, home).href;
    const source = await (await fetch(address)).text();
    const other = new DOMParser().parseFromString(source, "text/html");
    const body = other.querySelector("article.bd-article");
    // Some pages bring a stylesheet of their own.
    for (const link of other.querySelectorAll("link[rel='stylesheet'][href]")) {
      link.href = new URL(link.getAttribute("href"), address).href;
      if (![...document.styleSheets].some((sheet) => sheet.href === link.href)) {
        document.head.append(link);
        await new Promise((done) => { link.onload = link.onerror = done; });
      }
    }
    for (const name of ["plotly-", "audionome.js"]) {
      const script = other.querySelector(`script[src*="/_static/${name}"]`);
      if (script) scripts[name] = new URL(script.getAttribute("src"), address).href;
    }
    const name = slug(page);
    body.querySelectorAll("script:not([type='application/json'])").forEach((e) => e.remove());
    body.querySelectorAll("[id]").forEach((e) => (e.id = `${name}--${e.id}`));
    for (const attribute of ["aria-labelledby", "for", "aria-describedby"]) {
      body.querySelectorAll(`[${attribute}]`).forEach((e) =>
        e.setAttribute(attribute, `${name}--${e.getAttribute(attribute)}`));
    }
    body.querySelectorAll("[src]").forEach((e) =>
      e.setAttribute("src", new URL(e.getAttribute("src"), address).href));
    body.querySelectorAll("a[href]").forEach((link) => {
      const [target, part] = new URL(link.getAttribute("href"), address).href.split("#");
      if (!known.has(target)) return;
      const where = known.get(target);
      link.setAttribute("href", part ? `#${where}--${part}` : `#${where}`);
    });
    const section = document.createElement("section");
    section.id = name;
    section.className = "audionome-chapter";
    section.append(...body.childNodes);
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#${name}`;
    link.textContent = other.querySelector("h1").firstChild.textContent;
    line.append(link);
    contents.append(line);
    bodies.push(section);
  }
  const cover = document.createElement("section");
  cover.className = "audionome-cover";
  const title = document.createElement("p");
  title.className = "audionome-title";
  title.textContent = "Audionome";
  const under = document.createElement("p");
  under.textContent = document.querySelector("meta[name='description']").content;
  cover.append(title, under, contents);
  document.querySelector("#jb-print-docs-body")?.remove();
  place.append(cover, ...bodies);
  // What can be unfolded is, except code and tables that would fill pages.
  place.querySelectorAll("details").forEach((one) => {
    const long = one.querySelector("tr:nth-child(41)");
    one.open = !long && !one.classList.contains("hide");
    if (long) {
      const note = document.createElement("p");
      note.textContent = "The table with these data is on the website.";
      one.replaceWith(note);
    }
  });
  return [scripts["plotly-"], scripts["audionome.js"]];
}
"""

# Runs a script of the site; if it has run before, once more for what came since.
RUN = """
(address) => new Promise((done, fail) => {
  const script = document.createElement("script");
  Object.assign(script, { src: address, onload: done, onerror: fail });
  document.head.append(script);
})
"""

SOCIAL = """
<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; width: 1200px; height: 630px; background: #101820; color: #fff;
         font-family: "DejaVu Sans", sans-serif; }
  main { padding: 64px 72px; }
  .name { display: flex; align-items: center; gap: 20px; font-size: 44px; font-weight: 700; }
  h1 { font-size: 54px; line-height: 1.15; margin: 34px 0 38px; }
  .rung { display: flex; align-items: center; gap: 20px; margin: 14px 0; font-size: 24px; }
  .rung span { width: 230px; text-align: right; color: #c8d2dc; }
  .rung i { height: 30px; border-radius: 4px; display: block; background: #039fd8; }
</style><main>
<div class="name">LOGO Audionome</div>
<h1>How well can a machine<br>hear what music this is?</h1>
RUNGS
</main>
"""


@contextmanager
def browser_page(**options: Any) -> Iterator[Page]:
    """Open an empty page in Chromium."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        sys.exit("Chromium is not installed; install it (or Google Chrome) and try again.")
    with sync_playwright() as playwright:
        # Software rendering draws the charts in three dimensions as well.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page(**options)
        browser.close()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line on the terminal for each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder to this machine on a free port."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def contents(entry: dict[str, Any]) -> list[str]:
    """The pages of the table of contents, in order."""
    here = [entry[key] for key in ("root", "file") if key in entry]
    below = [e for key in ("parts", "chapters", "sections") for e in entry.get(key, [])]
    return here + [page for one in below for page in contents(one)]


def pdf(site: Path, out: Path) -> None:
    """Print the site into one file with an outline, page numbers and links that work.

    Parameters
    ----------
    site
        The built site.
    out
        Where the PDF goes.
    """
    pages = [f"{page}.html" for page in contents(yaml.safe_load((ROOT / "_toc.yml").read_text()))]
    with (
        served(site) as address,
        browser_page(viewport=PAPER, color_scheme="light", base_url=address) as page,
    ):
        page.goto("index.html")
        page.wait_for_url("**/book/index.html")
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        page.emulate_media(media="print", color_scheme="light")
        page.evaluate("document.querySelectorAll('.audionome-chart').forEach(e => e.remove())")
        for script in page.evaluate(GATHER, [f"../{name}" for name in pages]):
            page.evaluate(RUN, script)
        # Charts that are far away wait for a reader, or for this.
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.wait_for_function(
            "() => [...document.querySelectorAll('figure.audionome-chart')]"
            ".every(f => f.classList.contains('drawn'))",
            timeout=180_000,
        )
        page.wait_for_timeout(1000)
        small = "font: 8px sans-serif; color: #666; width: 100%; text-align: center"
        page.pdf(
            path=str(out),
            format="A4",
            print_background=True,
            outline=True,
            tagged=True,
            prefer_css_page_size=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=f"<div style='{small}'><span class='pageNumber'></span></div>",
        )


def social(out: Path) -> None:
    """Draw the picture that is shown with a link: the ladder, as it stands in the results."""
    from audionome.lab import ladder, store

    steps = ladder.ladder(store.load().scores, model="svc", variant="study", level="window")
    rungs = "".join(
        f'<div class="rung"><span>{html.escape(step["protocol_title"])}</span>'
        f'<i style="width:{760 * step["accuracy"]:.0f}px"></i></div>'
        for step in steps.to_dict("records")
    )
    logo = (ROOT / "book" / "_static" / "favicon.svg").read_text()
    text = SOCIAL.replace("LOGO", f'<div style="width:64px;display:grid">{logo}</div>').replace(
        "RUNGS", rungs
    )
    with browser_page(viewport={"width": 1200, "height": 630}) as page:
        page.set_content(text)
        page.screenshot(path=str(out))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["pdf", "social"])
    parser.add_argument("--site", type=Path, default=ROOT / "book" / "_build" / "html")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.what == "pdf":
        out = asked.out or asked.site.parent / "audionome.pdf"
        pdf(asked.site, out)
    else:
        out = asked.out or ROOT / "book" / "_static" / "social.png"
        social(out)
    print(f"Wrote {out}")


if __name__ == "__main__":
    main()
