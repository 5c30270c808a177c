// One row of the session's table. A row is built anew when its entry changes its state; while it is
// sent and heard, only its bar moves.

const TELLS = {
  waiting: "Waiting",
  working: "Being heard",
  stopped: "Stopped before it was heard",
  lost: "Not heard yet; choose this file again",
};
// Column, heading, what a phone writes before the value.
const ROW_COLUMNS = [
  ["answer", "Answer", ""],
  ["probability", "Probability", ""],
  ["hears", "Sounds like", ""],
  ["tempo", "BPM", "BPM "],
  ["length", "Length", ""],
];

const inThousands = new Intl.NumberFormat("en");
const countOf = (n) => inThousands.format(n);
const isOver = ({ state }) => state === "done" || state === "error";
// A recording can be heard again while the page still has its sound.
const canRetry = ({ state, file, example }) =>
  ["error", "stopped", "lost"].includes(state) && Boolean(file || example);

function cellTextsOf(row) {
  return {
    answer: row.headline,
    probability: row.confidence_text,
    hears: row.hears,
    tempo: row.tempo_text,
    length: row.length,
  };
}

// "Music/Rock" of "Music/Rock/song.mp3"
function placeOf({ path, name }) {
  return path?.endsWith(`/${name}`) ? path.slice(0, -name.length - 1) : "";
}

const cellOf = (className, children) => element("td", { className, role: "cell" }, children);

function progressOf({ name }) {
  const bar = element("progress", { max: 1, value: 0, aria: { label: `Progress of ${name}` } });
  const share = element("span", { className: "an-share" });
  return {
    root: element("span", { className: "an-heard" }, [bar, share]),
    set(fraction) {
      bar.value = fraction;
      const text = `${Math.floor(100 * fraction)}%`;
      if (share.textContent !== text) share.textContent = text;
    },
  };
}

function answerCells(row) {
  const texts = cellTextsOf(row);
  return ROW_COLUMNS.map(([column, , brief]) => {
    const cell = cellOf(`an-c-${column}`, [texts[column] ?? ""]);
    if (brief && texts[column]) cell.dataset.brief = brief;
    if (column === "answer") {
      const known = row.status === "out-of-distribution" ? "an-dot an-hollow" : "an-dot";
      cell.prepend(element("span", { className: known, aria: { hidden: true } }));
      cell.style.setProperty("--an-genre", row.color);
    }
    return cell;
  });
}

function rowOf(entry, { onShow, onMark, onRetry, onRemove }) {
  const root = element("tr", { role: "row" });
  let built = [];
  let said = "";
  let parts = {};

  function openerOf({ name, row }) {
    const open = row
      ? button("", () => onShow(entry), { className: "an-link" })
      : element("span", { className: "an-link" });
    open.title = name;
    open.append(element("bdi", { textContent: name }));
    return open;
  }

  function build() {
    const { name, row, state } = entry;
    const aria = (label) => ({ aria: { label } });
    const box = element("input", {
      type: "checkbox",
      disabled: !row,
      onchange: () => onMark(entry),
      ...aria(`Compare ${name}`),
    });
    const open = openerOf(entry);
    const place = placeOf(entry);
    const head = element("th", { scope: "row", role: "rowheader", className: "an-file" }, [
      open,
      place ? element("bdi", { className: "an-place", textContent: place }) : "",
    ]);
    const again = state === "stopped" ? "Resume" : "Try again";
    const retry = button(again, () => onRetry([entry]), {
      className: "an-plain an-small",
      ...aria(`${again}: ${name}`),
    });
    const remove = button("×", () => onRemove(entry), {
      className: "an-plain an-small an-remove",
      title: "Remove",
      ...aria(`Remove ${name}`),
    });
    const bar = state === "working" ? progressOf(entry) : null;
    const words = element("span", { className: "an-told" });
    const tells = [words, bar?.root ?? "", canRetry(entry) ? retry : ""];
    const told = element("td", { className: "an-tells", role: "cell" }, tells);
    root.replaceChildren(
      cellOf("an-mark", [box]),
      head,
      ...(row ? answerCells(row) : [told]),
      cellOf("an-do", [remove]),
    );
    told.colSpan = ROW_COLUMNS.length;
    Object.assign(root.dataset, { job: entry.job, state });
    parts = { box, open, words, bar, retry, remove };
    said = "";
  }

  // Who is on a button of the row stays on it, or on the next best.
  function rebuild() {
    const was = Object.keys(parts).find((key) => parts[key] === document.activeElement);
    build();
    if (was) (parts[was].isConnected && !parts[was].disabled ? parts[was] : parts.remove).focus();
  }

  // `marks` says what else is to be seen: { chosen, shown, ended }.
  function update({ chosen, shown, ended }) {
    const look = [entry.state, entry.job, entry.row, canRetry(entry)];
    if (look.some((value, k) => value !== built[k])) rebuild();
    built = look;
    const { box, open, words, bar, retry } = parts;
    const gone = entry.state === "stopped" && !canRetry(entry) ? TELLS.lost : "";
    const tells = gone || entry.sentence || TELLS[entry.state] || "";
    if (tells !== said) words.textContent = said = tells;
    bar?.set(entry.fraction ?? 0);
    box.checked = chosen;
    retry.disabled = ended;
    if (shown) open.setAttribute("aria-current", "true");
    else open.removeAttribute("aria-current");
    root.classList.toggle("an-shown", shown);
  }

  return { root, update };
}
