"use strict";

// Charts: what stands in the element, for readers without JavaScript, gives way to the drawing.
for (const div of document.querySelectorAll(".chart")) {
  const figure = JSON.parse(div.closest("figure").querySelector(".figure").textContent);
  div.replaceChildren();
  Plotly.newPlot(div, { ...figure, config: { responsive: true, displayModeBar: false } });
}

// Tables with a search: rows that hold every word are shown; a click on a heading sorts.
for (const holder of document.querySelectorAll(".searchable")) {
  const body = holder.querySelector("tbody");
  const rows = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const input = holder.querySelector("input");
  const output = holder.querySelector("output");
  const number = new Intl.NumberFormat("en");
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    output.textContent = `${number.format(shown)} of ${number.format(rows.length)} rows`;
  };
  input.addEventListener("input", show);
  holder.querySelector(".search").hidden = false;
  show();

  const collator = new Intl.Collator(undefined, { numeric: true });
  const headings = [...holder.querySelectorAll("thead th")];
  headings.forEach((heading, column) => {
    const isNumber = heading.classList.contains("number");
    const text = (row) => row.cells[column].textContent;
    const value = (row) => {
      const found = parseFloat(text(row).replace(/[^\d.−-]/g, "").replace("−", "-"));
      return Number.isNaN(found) ? -Infinity : found;
    };
    const compare = isNumber
      ? (a, b) => value(a) - value(b) || 0
      : (a, b) => collator.compare(text(a), text(b));
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === (isNumber ? "descending" : "ascending");
      const order = down === isNumber ? "ascending" : "descending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
    });
  });
}
