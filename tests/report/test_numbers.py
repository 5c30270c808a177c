"""Every number of ours in the built pages comes from what is stored, and still agrees with it.

Three ways lead a number into a page, and each is held here:

- in a prose page it was substituted, and bears its name: the name is looked up in the files;
- in a chapter it is the output of a cell: all cells run again here, and what they say must stand in
  the page word for word;
- typed by hand it may not be; a figure of somebody else's comes from the file of the literature.
"""

from __future__ import annotations

import ast
import html
import importlib.util
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from test_site import ROOT, TOC

from audionome.datasets.gtzan import GENRES
from audionome.features import COLUMNS, LEVEL_FREE
from audionome.lab import choice, estimators, ladder, model_card, outside, promises, store
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import SAME, paired_difference
from audionome.report import render

SCORES = pd.read_parquet(ROOT / "data" / "results" / "scores.parquet")
# What the cards of the released models tell, by the names that the book gives it.
CARDS = {
    f"{path.stem}_{protocol}".replace("-", "_"): row
    for path in (ROOT / "data" / "models").glob("*.json")
    for protocol, row in json.loads(path.read_text()).get("evaluation", {}).items()
}
# In running text, and in the picture of the home page.
MARK = re.compile(r'<(?:span|text) [^>]*data-number="(\w+)">(.*?)</(?:span|text)>', re.DOTALL)
SHARE = re.compile(r"\d+(?:\.\d+)?[\s\N{NO-BREAK SPACE}]?%")
# Shares that are no result: of an interval, of a split, of the spectrum, of an example.
MEANT = {"95 %", "80 %", "10 %", "85 %", "70 %", "100 %", "99 %"}
# Names, and limits of the program: held by the tests of `audionome.report.numbers.prose`.
WORDS = {"genres", "genre_names", "longest", "shortest", "chance", "machine", "importance_group",
         "n_artists", "fixed_chance", "page_minutes", "page_megabytes", "page_files"}  # fmt: skip
# What is no figure of a work: names, formulas, addresses, years, times, versions, a genre's size.
UNTOLD = re.compile(
    r"\{\{.*?\}\}|\{[\w:]+\}`[^`]*`|\{\w+\}|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\b(?:19|20)\d\d\b"
    r"|\b\d+(?:\.\d+)?[-\s\N{NO-BREAK SPACE}](?:ms|s|seconds?|minutes?|hours?|k?Hz|beats per)\b"
    r"|\bof 100\b|Python,? (?:exactly )?3\.[\d.]+(?:(?:, | or | and )3\.\d+)*"
)
LITERATURE = pd.read_csv(
    ROOT / "data" / "research" / "literature.csv", dtype=str, keep_default_na=False
).set_index("key")


def source(page: str) -> Path:
    """The file that a page of the table of contents is made from."""
    return next(p for s in (".md", ".ipynb") if (p := ROOT / f"{page}{s}").is_file())


def cells(page: str) -> list[tuple[str, str]]:
    """Kind and text of the cells of a page; prose is one cell, or more between code."""
    path = source(page)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return [(c["cell_type"], "".join(c["source"])) for c in json.loads(text)["cells"]]
    parts = re.split(r"^```\{code-cell\}.*\n((?::.*\n)*)([\s\S]*?)^```$", text, flags=re.MULTILINE)
    return [("code" if i % 3 == 2 else "markdown", p) for i, p in enumerate(parts) if i % 3 != 1]


CHAPTERS = [page for page in TOC if any(kind == "code" for kind, _ in cells(page))]


def built(site: Path, page: str) -> str:
    """The finished page."""
    return (site / f"{page}.html").read_text(encoding="utf-8")


def words(text: str) -> str:
    """A text without what typography changes."""
    text = text.translate(str.maketrans("‘’“”", "''\"\""))
    return " ".join(text.replace("\N{HORIZONTAL ELLIPSIS}", "...").split())


def outputs(page: str) -> list[render.Shown]:
    """Run the code of a chapter here, and collect what its cells show."""
    space: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for kind, text in cells(page):
        if kind != "code":
            continue
        tree = ast.parse(text)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, page, "exec"), space)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), page, "eval"), space)
            shown += [value] if isinstance(value, render.Shown) else []
    return shown


def score(model: str, variant: str, level: str, protocol: str) -> dict[str, Any]:
    """One stored test score."""
    rows = SCORES[
        (SCORES["model"].astype(str).str.replace("-", "_") == model)
        & (SCORES["variant"].astype(str) == variant)
        & (SCORES["level"].astype(str) == level)
        & (SCORES["protocol"].astype(str).str.replace("-", "_") == protocol)
        & (SCORES["split"].astype(str) == "test")
    ]
    assert len(rows) == 1, (model, variant, level, protocol)
    return rows.rename(columns={"accuracy_low": "low", "accuracy_high": "high"}).iloc[0].to_dict()


RESOLVED = r"resolution_(\w+)_(tracks|artists|effective|half_width)"


def resolved(protocol: str, what: str) -> float:
    """The median over the models of what a protocol resolves, as it is written."""
    rows = SCORES.astype(dict.fromkeys(("model", "variant", "protocol", "level", "split"), str))
    rows = rows[(rows["level"] == "track") & (rows["split"] == "test") & (rows["model"] != "dummy")]
    rows = rows[rows["protocol"].str.replace("-", "_") == protocol]
    both = rows.groupby("model")["variant"].transform("nunique") > 1
    rows = rows[(rows["variant"] == "tuned") | ~both]
    if what == "half_width":
        return round(50 * float((rows["accuracy_high"] - rows["accuracy_low"]).median()))
    return round(float(rows["effective_n" if what == "effective" else what].median()))


def read(name: str) -> pd.DataFrame:
    """A table of ``data/``."""
    return pd.read_parquet(ROOT / "data" / f"{name}.parquet")


def right(model: str) -> pd.DataFrame:
    """By track: the artist, and whether a model that has not heard the artist is right."""
    file, name = {"cnn": ("deep", "small-cnn"), "ear": ("ear", "ear")}.get(model, ("model", model))
    rows = read(f"results/{file}_predictions")
    rows = rows[(rows["model"] == name) & (rows["protocol"] == "artist-grouped")]
    columns = [f"p_{genre}" for genre in GENRES]
    rows = rows.astype(dict.fromkeys(columns, "float32"))
    mean = rows.groupby("track")[columns].mean()
    about = rows.groupby("track")[["genre", "artist"]].first()
    return about.assign(right=mean.idxmax(axis=1).str.removeprefix("p_") == about["genre"])


def right_elsewhere(model: str) -> pd.DataFrame:
    """The same of recordings from outside GTZAN."""
    rows = read("results/outside_predictions")
    asked = "leave-one-source-out" if model == "ear" else "released"
    rows = rows[(rows["model"] == model) & (rows["protocol"] == asked) & (rows["excerpt"] == 0)]
    rows = rows[rows["genre"].isin(GENRES) & rows["trust"].isin(["A", "B"])].set_index("clip")
    likeliest = rows[[f"p_{genre}" for genre in GENRES]].idxmax(axis=1).str.removeprefix("p_")
    return rows[["artist"]].assign(right=likeliest == rows["genre"])


@cache
def beside(a: str, b: str, *, elsewhere: bool) -> dict[str, list[float]]:
    """Two models on the tracks that both have answered, counted from their predictions."""
    one, other = (right_elsewhere(m) if elsewhere else right(m) for m in (a, b))
    both = one.join(other["right"].rename("right_other"), how="inner")
    if elsewhere:  # the ear's list of artists is the newest
        both["artist"] = right_elsewhere("ear")["artist"].reindex(both.index)
    gap = paired_difference(both["right"], both["right_other"], both["artist"]).interval
    return {
        "one": [100 * both["right"].mean()],
        "other": [100 * both["right_other"].mean()],
        "n": [len(both)],
        "gap": [100 * abs(both["right"].mean() - both["right_other"].mean())],
        "gap_interval": [100 * gap.low, 100 * gap.high],
    }


@cache
def counted() -> dict[str, list[float]]:
    """What other numbers of the prose pages should be, from the files behind them."""
    tracks, measured = read("gtzan/tracks"), read("gtzan/features")["track"].unique()
    genre = pd.Series(measured).str.split(".").str[0].value_counts()
    loud = read("research/loudness")
    loud = loud[loud["genre"].isin(GENRES)]
    importance = read("results/importance")
    rows = promises.judged(outside.load())
    rows = rows[(rows["model"] == "ear") & (rows["excerpt"] == 0) & ~rows["strange"]]
    held = mean_interval(rows["held"].to_numpy(), rows["artist"].to_numpy())
    released = model_card.load()
    ear = released.indexes["ear"]
    near = model_card.neighbours({"ear": ear}).set_index(["k", "other_artist"]).loc[(5, True)]
    found = store.load()
    versus = ladder.compare_models(found.predictions, reference=("svc", "study"))
    # A model that hears nothing is no competitor.
    others = versus[~versus["reference"].astype(bool) & (versus["model"] != "dummy")]
    picked = choice.nested(found.predictions, found.validation, reference=("svc", "study"))
    answers = json.loads((ROOT / "data" / "results" / "benchmark.json").read_text())["answers"]
    card = json.loads((ROOT / "data" / "models" / "ear.json").read_text())
    ours = [score(m.name, "study", "window", "random_windows")["accuracy"] - m.study_accuracy
            for m in estimators.MODELS.values() if m.study_accuracy]  # fmt: skip
    return {
        "n_tracks": [len(tracks)],
        "n_measured": [len(measured)],
        "n_unmeasured": [len(tracks) - len(measured)],
        "n_disco": [genre["disco"]],
        "n_reggae": [genre["reggae"]],
        "n_features": [len(COLUMNS)],
        "n_sources": [card["data"]["sources"]],
        "n_others": [len(others)],
        "n_same": [int((others["verdict"] == SAME).sum())],
        "n_folds": [10],
        "n_picked": [picked.folds[["model", "variant"]].drop_duplicates().shape[0]],
        "nested_accuracy": [100 * picked.accuracy.estimate],
        "fixed": [100 * abs(picked.fixed.interval.estimate)],
        "study_widest": [100 * max(map(abs, ours))],
        "level_with": [100 * (loud["all"] == loud["genre"]).mean()],
        "level_without": [100 * (loud["level_free"] == loud["genre"]).mean()],
        "level_n": [len(loud)],
        "level_columns": [len(COLUMNS) - len(LEVEL_FREE)],
        "importance_points": [100 * importance["drop"].max()],
        "promise_coverage": [100 * rows["held"].mean()],
        "promise_interval": [100 * held.low, 100 * held.high],
        "promise_n": [len(rows)],
        "neighbours_k": [5],
        "neighbours_same": [100 * near["precision"]],
        "neighbours_chance": [100 * near["chance"]],
        "neighbours_n": [near["n"]],
        "seconds_warm": [round(answers["warm"]["seconds"], 1)],
    }


def stored(key: str) -> list[float] | None:
    """The numbers that a name stands for, read from the files; None for words and constants."""
    if match := re.fullmatch(r"(\w+)_reported", key):
        return [100 * float(estimators.MODELS[match[1]].study_accuracy or 0)]
    if key.startswith("lit_"):
        row = LITERATURE.loc[key.removeprefix("lit_")]
        value = float(row["value"].replace("k", "e3"))
        return [100 * value if row["unit"] == "share" else value]
    if match := re.fullmatch(RESOLVED, key):
        return [resolved(*match.groups())]
    if match := re.fullmatch(r"([a-z]+)_beside_([a-z]+)(_elsewhere)?_(\w+)", key):
        return beside(match[1], match[2], elsewhere=bool(match[3])).get(match[4])
    if key in counted():
        return counted()[key]
    if not (match := re.fullmatch(r"(\w+)_(accuracy|interval|n)", key)):
        return None
    name, what = match.groups()
    if rung := re.fullmatch(r"(\w+)_(study|tuned)_(track|window)_(\w+)", name):
        row = score(*rung.groups())
    else:
        row = CARDS[name]
    if what == "n":
        return [row["n"]]
    return [100 * row[k] for k in (("accuracy",) if what == "accuracy" else ("low", "high"))]


@cache
def numbers() -> dict[str, str]:
    """What the extension of the book substitutes."""
    path = ROOT / "book" / "_ext" / "audionome_book.py"
    spec = importlib.util.spec_from_file_location("audionome_book", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn = {key: html.unescape(text) for key, text in MARK.findall(module.hero())}
    found: dict[str, str] = module.numbers()
    assert drawn
    assert drawn.items() <= found.items()
    return found


# What a page substitutes that is no number.
DRAWN = {"guess", "hero", "examples_to_try", "recording_credits"}
NAMED = {page: re.findall(r"\{\{ (\w+) \}\}", source(page).read_text("utf-8")) for page in TOC}


@pytest.mark.parametrize("key", sorted({key for keys in NAMED.values() for key in keys} - DRAWN))
def test_every_named_number_is_the_stored_one(key: str) -> None:
    wanted, text = stored(key), numbers()[key]
    if wanted is None:
        assert key in WORDS or key.endswith("_verdict"), key
        return
    plain = text.replace(",", "").replace("\N{MINUS SIGN}", "-")
    found = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", plain)]
    assert found == pytest.approx(wanted, abs=0.051)


def test_the_pages_show_the_numbers(site: Path) -> None:
    for page, keys in NAMED.items():
        shown = MARK.findall(built(site, page))
        assert set(keys) - DRAWN <= {key for key, _ in shown}, page
        for key, text in shown:
            assert html.unescape(re.sub("<[^>]+>", "", text)) == numbers()[key], (page, key)


def test_nothing_was_left_to_substitute(site: Path) -> None:
    for page in TOC:
        text = BeautifulSoup(built(site, page), "html.parser").get_text()
        assert not re.search(r"\{\{ \w+ \}\}", text), page


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_says_what_its_cells_say(
    page: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "AUDIONOME_BOOK", "1")
    monkeypatch.chdir(source(page).parent)
    text = built(site, page)
    plain = words(BeautifulSoup(text, "html.parser").get_text())
    shown = outputs(page)
    assert shown
    for one in shown:
        bundle = one._repr_mimebundle_()
        if "text/html" in bundle:
            assert bundle["text/html"] in text, bundle["text/html"][:300]
            continue
        # A link may go over two lines.
        told = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", bundle["text/markdown"])
        for line in told.splitlines():
            line = re.sub(r"</?\w+>", "", line)  # what folds a part of the page
            said = re.sub(r"^\s*(\d+\.|[-*#]+)\s", "", line)
            # What a role becomes is for the site to say; table cells stand by themselves.
            for part in re.split(r"\{[\w:]+\}`[^`]*`|\s*\|\s*", said):
                assert words(re.sub(r"[*`]|^[-:\s]+$", "", part)) in plain, line


def said(text: str) -> list[str]:
    """The texts that a code cell gives to `say`."""
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
    return [
        c.args[0].value
        for c in calls
        if isinstance(c.func, ast.Name)
        and c.func.id == "say"
        and c.args
        and isinstance(c.args[0], ast.Constant)
    ]


def paragraphs(page: str) -> list[str]:
    """The paragraphs that are written on a page, in Markdown or in a call of `say`."""
    parts = [[text] if kind == "markdown" else said(text) for kind, text in cells(page)]
    blocks = [b for part in parts for text in part for b in re.split(r"\n\s*\n|\n(?=\|)", text)]
    return [b for b in blocks if not b.startswith("```")]


def typed(block: str, allowed: set[str], *, cites: bool = False) -> list[str]:
    """Shares that a paragraph types; if it cites, any number, for that would be somebody else's."""
    shares = [found.replace("\N{NO-BREAK SPACE}", " ") for found in SHARE.findall(block)]
    if cites or re.search(r"\{cite:", block):
        allowed = allowed & {"95 %", "85 %", "80 %", "10 %"}
        items = re.sub(r"^\s*\d+\.\s", "", block, flags=re.MULTILINE)
        rest = UNTOLD.sub(" ", SHARE.sub(" ", items))
        found = re.findall(r"(?<!\w)\d[\d.,]*\b", rest)
        shares += [n for n in found if len(n) > 1 and n != str(len(COLUMNS))]
    return [found for found in shares if found not in allowed]


def test_what_is_typed_is_found() -> None:
    cites = "right on {what} of {cite:p}`key2019`, as in 2019"
    assert typed(f"It is {cites}, after 3 seconds and 57 columns.", MEANT) == []
    assert typed(f"It is {cites}: 61 %, or 70 %.", MEANT) == ["61 %", "70 %"]
    assert typed(f"It is {cites}, and {{{{ lit_key }}}}: 35 of 1,000.", MEANT) == ["35", "1,000"]
    assert typed("Two columns, 35 rows, 12.5 %.", MEANT) == ["12.5 %"]
    assert said('say("""A {b} 4.""", {"b": 1})\nshow(say)') == ["A {b} 4."]


@pytest.mark.parametrize("page", TOC)
def test_no_result_is_typed(page: str) -> None:
    cites = False
    for block in paragraphs(page):
        # The rows of a table belong to the paragraph before it.
        cites = "{cite:" in block or (
            cites and block.lstrip().startswith(("|", ":::{table", "```"))
        )
        assert typed(block, MEANT, cites=cites) == [], block


def test_pages_name_only_figures_that_the_literature_has() -> None:
    named = {key for page in TOC for key in re.findall(r"\blit_(\w+)", source(page).read_text())}
    assert named <= set(LITERATURE.index)
