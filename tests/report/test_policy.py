"""What a page may ask for: nothing but the site's own files, and the browser sees to it."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser import page_with_watch, served
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
CHARTS = "notebooks/results.html"
TRY = "book/try.html"
#: Kinds of scripts that a browser runs; others hold data.
RUN = {"", "module", "importmap", "speculationrules", "text/javascript"}
#: Everything a policy of the site may say, besides the hashes of a page's scripts.
ALLOWED = {
    "default-src": {"'none'"},
    "script-src": {"'self'", "'wasm-unsafe-eval'"},
    "style-src": {"'self'", "'unsafe-inline'"},
    "img-src": {"'self'", "data:", "blob:"},
    "media-src": {"'self'", "blob:"},
    "font-src": {"'self'"},
    "connect-src": {"'self'"},
    "worker-src": {"blob:"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
}


@functools.cache
def soup(path: Path) -> BeautifulSoup:
    """A page, read."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def pages(site: Path) -> list[Path]:
    """Every page of the site, those of Sphinx and the theme included."""
    found = sorted(site.rglob("*.html"))
    assert {site / "index.html", site / "search.html", site / "genindex.html"} <= set(found)
    return found


def policy_of(page: BeautifulSoup) -> dict[str, set[str]]:
    """The policy of a page, by directive."""
    (tag,) = page.select("meta[http-equiv='Content-Security-Policy']")
    parts = [part.split() for part in str(tag["content"]).split(";")]
    assert len({name for name, *_ in parts}) == len(parts)
    return {name: set(sources) for name, *sources in parts}


def digest(script: str) -> str:
    """A script's name in a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_every_page_carries_the_policy_and_no_other_word(site: Path) -> None:
    for path in pages(site):
        page = soup(path)
        allowed = policy_of(page)
        inside = [
            tag.text
            for tag in page.select("script:not([src])")
            if str(tag.get("type", "")).lower() in RUN
        ]
        hashes = {source for source in allowed["script-src"] if source.startswith("'sha256-")}
        assert hashes == {digest(script) for script in inside}, path
        assert allowed | {"script-src": allowed["script-src"] - hashes} == ALLOWED, path


def test_the_policy_comes_before_what_it_holds_for(site: Path) -> None:
    for path in pages(site):
        text = path.read_text(encoding="utf-8")
        place = text.index('http-equiv="Content-Security-Policy"')
        for loads in ("<script", "<link", "<style", "<img", "<body"):
            assert loads not in text[:place], path
        charset = re.search("<meta charset", text)
        assert not charset or charset.end() < 1024, path


def test_no_tag_holds_code(site: Path) -> None:
    for path in pages(site):
        for tag in soup(path).find_all(True):
            assert isinstance(tag, Tag)
            for name, value in tag.attrs.items():
                assert not name.lower().startswith("on"), (path, name)
                assert not str(value).strip().lower().startswith("javascript:"), (path, value)


def test_nothing_that_loads_names_another_host(site: Path) -> None:
    for path in pages(site):
        for tag in soup(path).find_all(True):
            assert isinstance(tag, Tag)
            if tag.name in {"a", "meta"}:  # A reader follows a link; it loads nothing.
                continue
            for name in ("src", "href", "srcset", "poster", "data", "action", "style"):
                value = str(tag.get(name, ""))
                assert not re.search(r"(^|[\s,(\"'])(https?:)?//", value), (path, name, value)
    for path in site.rglob("*.css"):
        named = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", path.read_text("utf-8"))
        assert not [url for url in named if urlsplit(url).netloc], path


def test_no_script_of_ours_has_a_way_that_no_policy_closes() -> None:
    scripts = sorted((ROOT / "book" / "_static").rglob("*.js"))
    assert len(scripts) > 30
    ways = re.compile(r"RTCPeerConnection|window\.open\b|sendBeacon|WebSocket|EventSource")
    for path in scripts:
        assert not ways.search(path.read_text(encoding="utf-8")), path


# -- the step of the build ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def extension() -> Any:
    """The Sphinx extension that writes the policy."""
    path = ROOT / "book" / "_ext" / "audionome_policy.py"
    spec = importlib.util.spec_from_file_location("audionome_policy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SMALL = """<!DOCTYPE html>
<html><head>
<meta charset="utf-8" />
<script>let a = "<é>";
</script>
</head><body><button onclick="window.print()" class="btn">.pdf</button>
<script type="application/json">{"data": 1}</script>
<script src="other.js"></script>
</body></html>
"""


def test_a_page_is_given_its_policy_once(tmp_path: Path, extension: Any) -> None:
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    page, root = tmp_path / "deep" / "page.html", tmp_path / "index.html"
    page.parent.mkdir()
    page.write_text(SMALL, encoding="utf-8")
    root.write_text('<meta http-equiv="Refresh" content="0; url=deep/page.html" />\n')
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "webpack-macros.html").write_text("{% macro a() %}")
    extension.protect(app, None)
    first = page.read_text(encoding="utf-8")
    script = digest('let a = "<é>";\n')
    assert policy_of(soup(page))["script-src"] == {"'self'", "'wasm-unsafe-eval'", script}
    assert policy_of(soup(root)).keys() == ALLOWED.keys()
    assert "onclick" not in first
    assert not (tmp_path / "_static" / "webpack-macros.html").exists()
    # A build that writes only some pages again does the same to all.
    extension.protect(app, None)
    assert page.read_text(encoding="utf-8") == first
    page.write_text(first.replace("let a", "let b"), encoding="utf-8")
    extension.protect(app, None)
    soup.cache_clear()
    assert script not in policy_of(soup(page))["script-src"]


def test_code_inside_a_tag_is_named_while_building(
    tmp_path: Path, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(extension.LOGGER, "warning", lambda text, *a: said.append(text % a))
    (tmp_path / "page.html").write_text(
        '<p onmouseover="a()">b</p><a href=" JavaScript:c()">d</a><a href="on.html">e</a>'
    )
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    extension.protect(app, None)
    assert len(said) == 2
    assert all("page.html" in line for line in said)
    assert 'onmouseover="a()"' in said[0]


# -- in the browser ----------------------------------------------------------------------------


class Elsewhere(BaseHTTPRequestHandler):
    """Another host, which answers everything and remembers who asked."""

    asked: list[str]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with a page that has no policy."""
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    do_POST = do_GET


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Another host, and what it is asked for."""
    asked: list[str] = []
    handler = type("Handler", (Elsewhere,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


# Every way to ask another host that a policy closes. Leaving the page and WebRTC it cannot close.
WAYS = """
async (host) => {
  const ways = {
    fetch: () => fetch(`${host}fetch`),
    request: () => new Promise((done) => {
      const asks = new XMLHttpRequest();
      asks.onloadend = done;
      asks.open("GET", `${host}request`);
      asks.send();
    }),
    beacon: () => navigator.sendBeacon(`${host}beacon`, "text"),
    events: () => new EventSource(`${host}events`),
    socket: () => new WebSocket(`${host.replace("http", "ws")}socket`),
    import: () => import(`${host}import`),
    worker: () => new Worker(URL.createObjectURL(new Blob([
      `fetch("${host}worker-fetch").catch(() => 0);`,
      `try { new WebSocket("${host.replace("http", "ws")}worker-socket"); } catch {}`,
      `try { importScripts("${host}worker-script"); } catch {}`,
      `import("${host}worker-import").catch(() => 0);`,
    ]))),
    form: () => {
      const form = document.createElement("form");
      const frame = document.createElement("iframe");
      frame.name = "frame";
      document.body.append(frame, form);
      Object.assign(form, { action: `${host}form`, method: "post", target: "frame" }).submit();
    },
  };
  const tags = {
    img: "src", script: "src", iframe: "src", audio: "src", video: "poster", embed: "src",
    object: "data",
  };
  for (const [tag, attribute] of Object.entries(tags)) {
    ways[tag] = () => {
      const element = document.createElement(tag);
      element[attribute] = `${host}${tag}`;
      document.body.append(element);
    };
  }
  for (const [rel, as] of [["stylesheet", ""], ["preload", "font"], ["manifest", ""]]) {
    ways[rel] = () => {
      const link = document.createElement("link");
      Object.assign(link, { rel, as, href: `${host}${rel}`, crossOrigin: "anonymous" });
      document.head.append(link);
    };
  }
  ways.style = () => {
    const style = document.createElement("style");
    style.textContent = `body { background: url("${host}style") }`;
    document.head.append(style);
  };
  for (const way of Object.values(ways)) {
    try { await way(); } catch {}
  }
  await new Promise((done) => setTimeout(done, 1500));
}
"""

# Code that came into a page as text. Later: what the test calls directly may always do that.
TEXT_AS_CODE = """
() => new Promise((done) => setTimeout(() => {
  const ran = [];
  window.ran = (how) => ran.push(how);
  try { window.eval("ran('eval')"); } catch {}
  try { new Function("ran('Function')")(); } catch {}
  const script = document.createElement("script");
  script.textContent = "ran('script')";
  const button = document.createElement("button");
  button.setAttribute("onclick", "ran('handler')");
  const base = document.createElement("base");
  base.href = "http://127.0.0.1:9/";
  document.head.append(base);
  document.body.append(script, button);
  button.click();
  if (document.baseURI.startsWith("http://127.0.0.1:9/")) { ran.push("base"); }
  done(ran.sort());
}, 10))
"""


def test_no_script_can_ask_another_host(chromium: Browser, base_url: str) -> None:
    with elsewhere() as (host, asked):
        page = chromium.new_context().new_page()
        # The ways lead there, where no policy stands against them.
        page.goto(f"{host}free")
        page.evaluate(WAYS, host)
        reached = {path.strip("/") for path in asked}
        assert len(reached) >= 16, reached
        assert {"fetch", "beacon", "img", "script", "style", "worker-fetch", "form"} <= reached
        free = page.evaluate(TEXT_AS_CODE)
        assert free == ["Function", "base", "eval", "handler", "script"]
        asked.clear()
        page.goto(f"{base_url}{CHARTS}", wait_until="networkidle")
        refused: list[str] = []
        page.expose_function("refused", lambda line: refused.append(line))
        page.evaluate(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => refused(`${event.effectiveDirective} ${event.blockedURI}`))"
        )
        page.evaluate(WAYS, host)
        assert asked == []
        assert len({line.split()[0] for line in refused}) >= 9, refused
        assert page.evaluate(TEXT_AS_CODE) == []
        page.context.close()


def test_a_worker_of_the_page_runs_the_files_of_the_site(chromium: Browser, base_url: str) -> None:
    """As the engine's does: from a blob, with scripts, data and WebAssembly of the site alone."""
    page, problems = page_with_watch(chromium, base_url)
    page.goto("book/index.html", wait_until="networkidle")
    told = page.evaluate(
        """() => new Promise((done) => {
          const home = new URL("../", document.baseURI).href;
          const lines = `
            self.DOCUMENTATION_OPTIONS = undefined;
            (async () => {
              const told = [];
              importScripts("${home}_static/documentation_options.js");
              told.push("importScripts");
              await import("${home}_static/documentation_options.js");
              told.push("import");
              told.push((await fetch("${home}objects.inv")).status);
              await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
              told.push("WebAssembly");
              try { eval("1"); told.push("eval"); } catch {}
              return told;
            })().then(postMessage, (e) => postMessage(String(e)));`;
          const worker = new Worker(URL.createObjectURL(new Blob([lines])));
          worker.onmessage = (event) => done(event.data);
        })"""
    )
    assert told == ["importScripts", "import", 200, "WebAssembly"]
    assert problems == []
    page.context.close()


# What succeeds in the worker, which has no document and no beacon.
FROM_THE_WORKER = """
async (host) => {
  let refused = 0;
  self.addEventListener("securitypolicyviolation", () => (refused += 1));
  const ways = {
    fetch: () => fetch(`${host}fetch`, { mode: "no-cors" }),
    script: () => importScripts(`${host}script`),
    import: () => import(`${host}import`),
    worker: () => new Worker(`${host}worker`),
    request: () => new Promise((done, fail) => {
      const asks = new XMLHttpRequest();
      Object.assign(asks, { onload: done, onerror: fail });
      asks.open("GET", `${host}request`);
      asks.send();
    }),
    socket: () => new Promise((done, fail) => {
      const socket = new WebSocket(`${host.replace("http", "ws")}socket`);
      Object.assign(socket, { onopen: done, onerror: fail });
    }),
    events: () => new Promise((done, fail) => {
      const events = new EventSource(`${host}events`);
      Object.assign(events, { onopen: done, onerror: fail });
    }),
  };
  const worked = [];
  for (const [name, way] of Object.entries(ways)) {
    try { await way(); worked.push(name); } catch {}
  }
  return [worked, refused];
}
"""


def test_what_listens_cannot_ask_another_host(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url)
    page.goto(TRY, wait_until="networkidle")
    # A tone and its octave, without a beat: what it is does not matter here.
    genre = page.evaluate(
        """async () => {
          const engine = await Audionome.load();
          const tone = Float32Array.from({ length: 6 * engine.card.sample_rate },
            (_, i) => 0.3 * Math.sin(i / 5) + 0.2 * Math.sin(i / 10));
          return Object.keys((await engine.classify(tone)).probabilities).length;
        }"""
    )
    assert genre == 10
    assert problems == []
    (worker,) = page.workers
    assert worker.url.startswith("blob:")
    with elsewhere() as (host, asked):
        worked, refused = worker.evaluate(FROM_THE_WORKER, host)
        assert worked == []
        assert refused >= 6
        assert asked == []
    page.context.close()


def test_the_controls_of_the_theme_work(chromium: Browser, base_url: str) -> None:
    page, problems = page_with_watch(chromium, base_url, viewport={"width": 1280, "height": 900})
    page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; }")
    page.goto("notebooks/pca.html", wait_until="networkidle")
    root = page.locator("html")
    before = root.get_attribute("data-mode")
    page.locator(".theme-switch-button").first.click()
    assert root.get_attribute("data-mode") != before
    page.get_by_role("button", name="Download this page").click()
    page.locator(".btn-download-pdf-button").click()
    assert page.evaluate("window.printed") == 1
    code = page.locator("details.hide").first
    code.locator("summary").click()
    assert code.locator("pre").is_visible()
    text = page.evaluate("scrollY")
    page.get_by_role("link", name="What PCA hides").last.click()
    page.wait_for_function("before => scrollY > before", arg=text)
    page.locator(".search-button__button").first.click()
    page.keyboard.type("tempo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=tempo")
    page.locator("#search-results li").first.wait_for()
    assert problems == []
    page.context.close()


# -- wherever the site lies --------------------------------------------------------------------


def answers(page: Page) -> list[tuple[str, int]]:
    """Begin a list of what the page asks for and how it is answered."""
    heard: list[tuple[str, int]] = []
    page.on("response", lambda r: heard.append((urlsplit(r.url).path, r.status)))
    return heard


def test_the_site_works_below_another_folder(chromium: Browser, site: Path, tmp_path: Path) -> None:
    (tmp_path / "deep" / "path").mkdir(parents=True)
    (tmp_path / "deep" / "path" / "site").symlink_to(site, target_is_directory=True)
    with served(tmp_path) as address:
        page, problems = page_with_watch(chromium, address)
        heard = answers(page)
        page.goto("deep/path/site/index.html")
        page.wait_for_url("**/deep/path/site/book/index.html")
        for path in (CHARTS, "notebooks/timbre.html", "search.html?q=tempo"):
            page.goto(f"deep/path/site/{path}", wait_until="networkidle")
        page.locator("#search-results li").first.wait_for()
        page.goto(f"deep/path/site/{CHARTS}", wait_until="networkidle")
        page.locator("figure.audionome-chart").first.scroll_into_view_if_needed()
        page.locator("figure.audionome-chart.drawn").first.wait_for()
        # What listens comes from there too, with types that a browser takes.
        page.goto(f"deep/path/site/{TRY}", wait_until="networkidle")
        assert page.evaluate("Audionome.load().then((engine) => engine.card.genres.length)") == 10
        # A browser looks for a favicon at the root by itself, on a page that names none.
        heard = [(path, status) for path, status in heard if path != "/favicon.ico"]
        assert heard
        assert [path for path, _ in heard if not path.startswith("/deep/path/site/")] == []
        assert [(path, status) for path, status in heard if status >= 400] == []
        assert [line for line in problems if "favicon" not in line] == []
        page.context.close()


def test_pages_opened_as_files_read_fine_and_say_why_they_cannot_listen(
    chromium: Browser, site: Path
) -> None:
    page, problems = page_with_watch(chromium, site.as_uri())
    page.goto(f"{site.as_uri()}/index.html")
    page.wait_for_url("**/book/index.html")
    page.goto(f"{site.as_uri()}/{CHARTS}", wait_until="networkidle")
    page.locator("figure.audionome-chart").first.scroll_into_view_if_needed()
    page.locator("figure.audionome-chart.drawn").first.wait_for()
    page.goto(f"{site.as_uri()}/search.html?q=genre", wait_until="networkidle")
    page.locator("#search-results li").first.wait_for()
    asks = {
        "an example": lambda: page.locator(
            ".audionome-try [data-url], .audionome-try li button"
        ).first.click(),
        "a file": lambda: page.locator(".audionome-try input[type=file]").set_input_files(
            ROOT / "data" / "examples" / "jazz.ogg"
        ),
        "the game": lambda: (
            page.goto(f"{site.as_uri()}/book/index.html", wait_until="networkidle"),
            page.get_by_role("button", name="I cannot tell").click(),
            page.get_by_role("button", name="Let your browser hear it").click(),
        ),
        "a piece": lambda: page.get_by_role("button", name="Listen to a piece").click(),
    }
    for name, ask in asks.items():
        page.goto(f"{site.as_uri()}/{TRY}", wait_until="networkidle")
        ask()
        told = page.get_by_text("opened as a file").locator("visible=true").first
        told.wait_for()
        assert "make serve" in told.inner_text(), name
    assert problems == []
    page.context.close()
