// What of the session is shown: by text, by what became of it, by genre, and in which order.

const FINDER_STATES = [
  ["done", "Answered"],
  ["error", "Failed"],
  ["lost", "To choose again"],
  ["stopped", "Stopped"],
  ["waiting", "Waiting"],
];
const ORDERS = [
  ["", "Newest first"],
  ["file", "File"],
  ["answer", "Answer"],
  ["probability", "Probability"],
  ["hears", "Sounds like"],
  ["tempo", "BPM"],
  ["length", "Length"],
];
const UNLIKE = "out-of-distribution";
const FEWEST_TO_FIND = 6; // fewer are seen at a glance

const plainText = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// The genre under which an answer is counted: its likeliest, or none.
function genreOf({ row }) {
  if (!row) return null;
  if (row.status === UNLIKE) return [UNLIKE, "Unlike all it knows", ""];
  return [row.genre, row.genre_name.charAt(0).toUpperCase() + row.genre_name.slice(1), row.color];
}

function chipsOf(label, onPick) {
  const chips = new Map();
  const root = element("div", { className: "an-chips", role: "group", aria: { label } });

  function chipOf(kind, text, color) {
    const count = element("span", { className: "an-count" });
    const dot = color === undefined ? "" : element("span", { className: "an-dot" });
    const chip = button("", () => onPick(kind), { className: "an-plain an-chip" });
    if (dot) {
      dot.classList.toggle("an-hollow", !color);
      if (color) chip.style.setProperty("--an-genre", color);
    }
    chip.append(dot, `${text} `, count);
    return { root: chip, count };
  }

  // Every kind is [key, text, count, color or undefined].
  function set(kinds, picked) {
    for (const [kind, chip] of chips) {
      if (kinds.some(([key]) => key === kind)) continue;
      chip.root.remove();
      chips.delete(kind);
    }
    kinds.forEach(([key, text, n, color], k) => {
      if (!chips.has(key)) chips.set(key, chipOf(key, text, color));
      const chip = chips.get(key);
      const told = countOf(n);
      if (chip.count.textContent !== told) chip.count.textContent = told;
      chip.root.setAttribute("aria-pressed", String(key === picked));
      const there = root.children[k];
      // Nothing moves away under a hand that is on it.
      const held = root.contains(document.activeElement) && chip.root.isConnected;
      if (there !== chip.root && !held) root.insertBefore(chip.root, there ?? null);
    });
    root.hidden = kinds.length < 2;
  }

  return { root, set };
}

function finderOf({ onChange, onOrder }) {
  let kind = "all";
  let words = [];
  const texts = new WeakMap();
  const id = `an-find-${Math.random().toString(36).slice(2)}`;
  const text = element("input", { type: "search", id, autocomplete: "off", spellcheck: false });
  const order = element("select", { id: `${id}-order` });
  for (const [value, textContent] of ORDERS) {
    order.append(element("option", { value, textContent }));
  }
  const states = chipsOf("Show by what became of it", pick);
  const genres = chipsOf("Show by genre", pick);
  const genreHead = element("span", { textContent: "Likeliest genre:", className: "an-help" });
  const genreLine = element("div", { className: "an-genres" }, [genreHead, genres.root]);
  const told = element("span", { className: "an-help" });
  const aloud = element("span", { className: "an-unseen", role: "status" });
  const root = element("div", { className: "an-finder", hidden: true }, [
    states.root,
    genreLine,
    element("div", { className: "an-ask" }, [
      element("label", { htmlFor: id, textContent: "Find" }),
      text,
      element("label", { htmlFor: order.id, textContent: "Sort" }),
      order,
      told,
      aloud,
    ]),
  ]);

  function changed() {
    aloud.textContent = "";
    onChange();
    aloud.textContent = told.textContent || "All are shown.";
  }

  function pick(key) {
    kind = kind === key ? "all" : key;
    changed();
  }

  function read() {
    words = plainText(text.value).split(/\s+/).filter(Boolean);
  }

  text.addEventListener("input", () => {
    read();
    changed();
  });
  order.addEventListener("change", () => onOrder(order.value));

  // What can be found in an entry, worked out once for each answer.
  function textOf(entry) {
    const { row, name, path } = entry;
    const known = texts.get(entry);
    if (known?.row === row) return known.text;
    const about = row ? [row.headline, row.genre_name, row.hears, ...row.prediction_set] : [];
    const found = { row, text: plainText([path, name, ...about].join(" ")) };
    texts.set(entry, found);
    return found.text;
  }

  function matches(entry) {
    if (kind.startsWith("state ") && kind !== `state ${entry.state}`) return false;
    if (kind.startsWith("genre ") && kind !== `genre ${genreOf(entry)?.[0]}`) return false;
    if (!words.length) return true;
    return words.every((word) => textOf(entry).includes(word));
  }

  // Count what there is; a kind that is gone is no longer asked for.
  function count(entries) {
    const byState = new Map();
    const byGenre = new Map();
    for (const entry of entries) {
      byState.set(entry.state, (byState.get(entry.state) ?? 0) + 1);
      const genre = genreOf(entry);
      if (!genre) continue;
      const [key, name, color] = genre;
      const before = byGenre.get(key)?.[2] ?? 0;
      byGenre.set(key, [`genre ${key}`, name, before + 1, color]);
    }
    const kinds = FINDER_STATES.filter(([state]) => byState.has(state)).map(([state, name]) => [
      `state ${state}`,
      name,
      byState.get(state),
    ]);
    const found = [...byGenre.values()].sort((a, b) => b[2] - a[2] || a[1].localeCompare(b[1]));
    if (![...kinds, ...found].some(([key]) => key === kind)) kind = "all";
    const all = ["all", "All", entries.length];
    states.set([all, ...kinds], kind);
    genres.set(found, kind);
    genreLine.hidden = found.length < 2;
    // What is there once stays, also while the table becomes shorter.
    root.hidden = entries.length < (root.hidden ? FEWEST_TO_FIND : 1);
    if (!root.hidden) return;
    kind = "all"; // what cannot be seen must not hide anything
    text.value = "";
    words = [];
  }

  function tell(shown, all) {
    told.textContent = narrowed() ? `${countOf(shown)} of ${countOf(all)} shown` : "";
  }

  const narrowed = () => kind !== "all" || words.length > 0;

  return {
    root,
    matches,
    count,
    tell,
    narrowed,
    // A word for the name of a file with what is shown.
    label: () => [kind === "all" ? "" : kind.split(" ")[1], ...words].filter(Boolean).join("-"),
    ordered(column) {
      order.value = column ?? "";
    },
  };
}
