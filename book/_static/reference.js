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

  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let hits = 0;
    folds.forEach((fold) => {
      let here = 0;
      [...fold.querySelectorAll("tbody tr")].forEach((row) => {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        here += row.hidden ? 0 : 1;
      });
      fold.open = Boolean(wanted) && here > 0;
      hits += here;
    });
    found.textContent = wanted ? `${hits} found` : "";
  });
})();
