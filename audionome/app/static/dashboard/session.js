// What this session has heard: a table to sort, to choose from, to compare and to take home.

const COLUMNS = [
  ["name", "File"],
  ["answer", "Answer"],
  ["probability", "Probability", "an-minor"], // minor: there is no room for it on a phone
  ["hears", "Sounds like", "an-minor"],
  ["tempo", "BPM"],
  ["length", "Length", "an-minor"],
];
const WORDS = { waiting: "waiting", working: "being heard", stopped: "stopped" };

// entry: { job, name, file, state, sentence, answer }; state is "waiting", "working", "done",
// "error" or "stopped".
function sessionOf({ onShow, onCompare, onForget }) {
  const entries = [];
  const chosen = []; // jobs to compare, the older first
  let order = { column: null, down: false };
  let shown = null;
  let ended = false; // nobody is there to compare

  const heads = COLUMNS.map(([column, text, className = ""]) => {
    const sort = button(text, () => sortBy(column), { className: "an-sort" });
    return element("th", { scope: "col", className }, [sort]);
  });
  const compareHead = element("th", { scope: "col" }, [
    element("span", { className: "an-unseen", textContent: "Compare" }),
  ]);
  const body = element("tbody");
  const table = element("table", {}, [
    element("caption", { textContent: "Choose a file to see its answer; mark two to compare them." }),
    element("thead", {}, [element("tr", {}, [compareHead, ...heads])]),
    body,
  ]);
  const compare = button("Compare the two marked", () => onCompare([...chosen]));
  const save = button("Download as CSV", saveCsv);
  const forget = button("Forget everything", onForget);
  const tools = element("div", { className: "an-tools" }, [compare, save, forget]);
  const aria = { label: "Table: this session" };
  const scroll = element("div", { className: "an-scroll", tabIndex: 0, role: "region", aria }, [
    table,
  ]);
  const root = element("section", { className: "an-session", hidden: true }, [
    element("h2", { textContent: "This session" }),
    scroll,
    tools,
  ]);
  root.setAttribute("aria-label", "This session");

  function sortBy(column) {
    order = { column, down: order.column === column && !order.down };
    paint();
  }

  function valueOf(entry, column) {
    if (column === "name") return entry.name;
    const row = entry.row;
    if (!row) return null;
    return {
      answer: row.headline,
      probability: row.confidence,
      hears: row.hears,
      tempo: row.tempo,
      length: row.duration,
    }[column];
  }

  function sorted() {
    if (!order.column) return entries;
    const sign = order.down ? -1 : 1;
    return [...entries].sort((one, other) => {
      const [a, b] = [valueOf(one, order.column), valueOf(other, order.column)];
      if (a === null || b === null) return (a === null) - (b === null); // without answer: last
      return sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
    });
  }

  function cellsOf(entry) {
    const cells = entry.row && {
      answer: entry.row.headline,
      probability: `${Math.round(100 * entry.row.confidence)}%`,
      hears: entry.row.hears,
      tempo: entry.row.tempo_text,
      length: entry.row.length,
    };
    const open = button(entry.name, () => onShow(entry), {
      className: "an-link",
      disabled: !cells,
    });
    if (entry.job === shown) open.setAttribute("aria-current", "true");
    const box = element("input", {
      type: "checkbox",
      checked: chosen.includes(entry.job),
      disabled: !cells || ended,
      aria: { label: `Compare ${entry.name}` },
    });
    box.addEventListener("change", () => {
      const k = chosen.indexOf(entry.job);
      if (k >= 0) chosen.splice(k, 1);
      else chosen.push(entry.job);
      if (chosen.length > 2) chosen.shift();
      paint();
      body.querySelector(`[data-job="${entry.job}"] input`).focus();
    });
    const told = cells
      ? COLUMNS.slice(1).map(([column, , className = ""]) =>
          element("td", { className, textContent: cells[column] }),
        )
      : [
          element("td", {
            colSpan: COLUMNS.length - 1,
            className: `an-${entry.state}`,
            textContent: entry.sentence || WORDS[entry.state],
          }),
        ];
    const row = element("tr", {}, [
      element("td", {}, [box]),
      element("td", {}, [open]),
      ...told,
    ]);
    row.dataset.job = entry.job;
    row.dataset.state = entry.state;
    return row;
  }

  function paint() {
    root.hidden = entries.length < 2;
    heads.forEach((head, k) => {
      const mine = COLUMNS[k][0] === order.column;
      head.setAttribute("aria-sort", mine ? (order.down ? "descending" : "ascending") : "none");
    });
    body.replaceChildren(...sorted().map(cellsOf));
    compare.disabled = ended || chosen.length !== 2;
    save.disabled = !entries.some((entry) => entry.row);
  }

  function saveCsv() {
    const records = sorted().flatMap(({ name, sentence, row }) => {
      if (row) return [{ ...row.record, file: name }];
      return sentence ? [{ file: name, status: "error", message: sentence }] : [];
    });
    const columns = Object.keys(entries.find((entry) => entry.row).row.record);
    // Spreadsheets take a text that begins like this for a formula.
    const safe = (value) => (typeof value === "string" ? value.replace(/^(?=[=+\-@\t\r])/, "'") : value);
    const quoted = (value) => `"${String(safe(value ?? "")).replaceAll('"', '""')}"`;
    const lines = [columns, ...records.map((record) => columns.map((name) => record[name]))];
    const text = lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
    download("audionome.csv", "text/csv", ["\ufeff", text]);
  }

  return {
    root,
    entries,
    mark(job) {
      shown = job;
      paint();
    },
    ended(now) {
      ended = now;
      paint();
    },
    update: paint,
    remove(job) {
      const k = entries.findIndex((entry) => entry.job === job);
      if (k >= 0) entries.splice(k, 1);
      paint();
    },
    add(entry) {
      entries.push(entry);
      paint();
    },
  };
}
