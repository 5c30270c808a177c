// One answer: the card, which fits a screen, and the closed sections below it.

function answerOf({ model, player, onProject = null, onPrint = null }) {
  const title = element("h2", { className: "an-name", tabIndex: -1, dir: "auto" });
  const acts = element("div", { className: "an-acts" });
  const body = element("div", { className: "an-body" });
  const card = element("article", { className: "an-card" }, [
    title,
    acts,
    body,
  ]);
  const science = scienceOf({ model, player });
  const root = element("section", { className: "an-answer", hidden: true }, [card, science.root]);
  root.setAttribute("aria-label", "Answer");

  // The buttons stand beside the name or, on a narrow card, below everything: the keyboard comes to
  // them where they are seen.
  function settle() {
    const above = getComputedStyle(acts).position === "absolute";
    const place = above ? title : body;
    if (place.nextSibling !== acts) place.after(acts);
    fold(card, root, player.root);
  }

  // The player is as wide as the card, and says more or less while the sound comes.
  new ResizeObserver(() => requestAnimationFrame(settle)).observe(player.root);

  function clear() {
    science.clear();
    body.replaceChildren();
    acts.replaceChildren();
    delete root.dataset.job;
    delete root.dataset.status;
    root.hidden = true;
  }

  // After a reload a file is gone, and there is nothing to hear; the server has the examples.
  function show(entry, full) {
    clear();
    const found = full.card;
    root.hidden = false;
    root.dataset.job = entry.job;
    root.dataset.status = found.status;
    title.textContent = title.title = entry.name;
    if (onProject) acts.append(button("Show it to the class", () => onProject({ entry, full })));
    if (onPrint) acts.append(button("Print this answer", () => onPrint({ entry, full })));
    const alike = found.neighbours.slice(0, 1).map(({ name }) => ["Most like", name]);
    const hears = hearsOf(found, entry.file || entry.example ? player.hear : null);
    const facts = factsOf([...found.facts.slice(0, 2), ...alike]);
    body.append(
      headOf(found, { book: model.get("book") ?? "" }),
      element("div", { className: "an-columns" }, [
        barsOf(found),
        element("div", { className: "an-heard" }, [hears, facts]),
        whyOf(found.why),
      ]),
      player.root,
    );
    requestAnimationFrame(settle); // once the player, too, is filled
    science.show(entry, full);
  }

  return { root, title, clear, show, showDetails: science.showDetails };
}
