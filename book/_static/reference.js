// A box above the folded tables of a reference that shows only the rows with a word in them.
"use strict";

(() => {
  const folds = [...document.querySelectorAll("details.audionome-fold")];
  if (!folds.length) {
    return;
  }
  const box = document.createElement("div");
  const label = document.createElement("label");
  const input = document.createElement("input");
  const found = document.createElement("output");
  box.className = "audionome-search";
  label.textContent = "Search";
  Object.assign(input, { type: "search", id: "audionome-search", placeholder: "a name or a word" });
  label.htmlFor = input.id;
  box.append(label, input, found);
  // Before the cell of the first table, not in its output.
  (folds[0].closest(".cell") || folds[0]).before(box);

  // As names are spoken: "learning rate" finds learning_rate.
  const plain = (text) => text.toLowerCase().replace(/[\s_-]+/g, " ").trim();
  // A single letter is a name ("C"), no part of a word.
  const holds = (text, wanted) =>
    wanted.length === 1 ? text.split(/[^a-z0-9]+/).includes(wanted) : text.includes(wanted);
  const parts = folds.map((fold) => {
    const summary = fold.querySelector("summary");
    const [title] = summary.textContent.split(":");
    const initials = (title.match(/[a-z]+/gi) || []).map((word) => word[0]).join("");
    const hits = document.createElement("span");
    hits.className = "audionome-hits";
    summary.append(hits);
    return {
      fold,
      hits,
      // An algorithm is found by its name, its class or its initials: SGD, SVM, KNN.
      names: [title, fold.querySelector("p").textContent].map(plain),
      initials: initials.toLowerCase(),
      rows: [...fold.querySelectorAll("tbody tr")].map((row) => [row, plain(row.textContent)]),
    };
  });

  input.addEventListener("input", () => {
    const wanted = plain(input.value);
    let all = 0;
    parts.forEach(({ fold, hits, names, initials, rows }) => {
      const whole =
        wanted === initials || (wanted.length > 1 && names.some((name) => holds(name, wanted)));
      let here = 0;
      rows.forEach(([row, text]) => {
        row.hidden = !(whole || !wanted || holds(text, wanted));
        here += row.hidden ? 0 : 1;
      });
      fold.open = Boolean(wanted) && here > 0;
      fold.hidden = Boolean(wanted) && !here;
      hits.textContent = wanted ? ` (${here} found)` : "";
      all += here;
    });
    found.textContent = wanted ? `${all} found` : "";
  });
})();
