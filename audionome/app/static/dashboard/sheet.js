// The printed page: one answer on one sheet of paper, whatever the screen shows.

function sheetOf() {
  const root = element("section", { className: "an-sheet", aria: { label: "Printed answer" } });
  const printed = element("span");
  const today = () => {
    const date = new Date().toLocaleDateString("en-GB", { dateStyle: "long" });
    printed.textContent = `Printed on ${date}.`;
  };
  addEventListener("beforeprint", today);

  const line = (name, className, textContent) =>
    textContent ? element(name, { className, textContent }) : null;
  const list = (items) =>
    element("ul", {}, items.map((textContent) => element("li", { textContent })));
  const part = (heading, content) =>
    element("section", {}, [element("h3", { textContent: heading }), content]);

  function barsOfSheet(bars) {
    const rows = likeliestOf(bars).map(({ name, share, color, text, named }) => {
      const fill = element("span", { className: "an-fill" });
      fill.style.width = `${100 * share}%`;
      fill.style.background = color;
      return element("tr", { className: named ? "an-named" : "" }, [
        element("th", { scope: "row", textContent: name }),
        element("td", {}, [element("span", { className: "an-bar" }, [fill])]),
        element("td", { textContent: text }),
      ]);
    });
    return element("table", {}, [element("tbody", {}, rows)]);
  }

  function tagsOfSheet(hears) {
    const items = hears.map(({ name, kind, strength }) =>
      element("li", {}, [
        element("span", { textContent: `${name} (${kind})` }),
        element("span", { textContent: strength }),
      ]),
    );
    return element("ul", { className: "an-tags" }, items);
  }

  function factsOfSheet(facts) {
    return list(facts.map(([name, value]) => `${name}: ${value}`));
  }

  function show(entry, { card }) {
    const sure = card.status === "one" ? ` ${card.confidence}` : "";
    const head = element("div", { className: "an-top" }, [
      element("p", { className: "an-headline" }, [
        card.headline,
        line("span", "an-confidence", sure),
      ]),
      line("p", "", card.nearest),
      line("p", "", card.promise),
      line("p", "", card.right?.sentence),
      line("p", "an-strong", card.learned),
      line("p", "", card.foreign),
      ...card.notes.map((note) => line("p", "", note)),
    ]);
    head.style.borderColor = card.color;
    const why = card.why.map(([heading, reasons]) => part(heading, list(reasons)));
    root.replaceChildren(
      element("h1", { textContent: entry.name, dir: "auto" }),
      head,
      element("div", { className: "an-two" }, [
        part("How likely is each genre?", barsOfSheet(card.bars)),
        element("div", {}, [
          card.hears.length ? part(card.hearing, tagsOfSheet(card.hears)) : null,
          part("The recording", factsOfSheet(card.facts)),
        ]),
        ...why,
      ]),
      element("p", { className: "an-foot" }, [card.model ? `${card.model}. ` : null, printed]),
    );
    today();
  }

  return {
    root,
    show,
    clear: () => root.replaceChildren(),
    close: () => removeEventListener("beforeprint", today),
  };
}
