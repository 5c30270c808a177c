// What this session has heard: a table to find in, to sort, to compare and to take home.

const NEWEST_FAILED = 3; // so many failures stay on top, however much comes after them
const AT_FIRST = 16; // rows that are painted when the order changes; right after it
const AT_ONCE = 50; // so many; more come when somebody scrolls to the last
const PAUSE = 100; // ms, in which somebody may type on
const KEPT_ROWS = 200; // rows that are kept, though they are not shown

function sessionOf({ onShow, onCompare, onRemove, onRetry, onForget }) {
  const jobsOf = (some) => some.map(({ job }) => job);
  const rows = new Map(); // by entry
  const finished = new WeakMap(); // when an entry left the queue, counted
  const changed = new Set(); // entries whose rows are to be painted
  let entries = [];
  let chosen = []; // to compare, the older first
  let order = { column: null, down: false };
  let shownJob = null;
  let over = false; // nobody is there to hear anything again
  let count = 0;
  let planned = false;
  let moved = false; // the order, or what is in the table, may be another
  let most = AT_ONCE;
  let rest = 0; // the timer of the rows that come right after

  const heads = [["file", "File"], ...ROW_COLUMNS].map(([column, text]) => {
    const sort = button(text, () => sortBy(column), { className: "an-sort" });
    const head = { scope: "col", role: "columnheader", className: `an-c-${column}` };
    return [column, element("th", head, [sort])];
  });
  const unseenHead = (className, textContent) =>
    element("th", { scope: "col", role: "columnheader", className }, [
      element("span", { className: "an-unseen", textContent }),
    ]);
  const body = element("tbody", { role: "rowgroup" });
  const top = element("tr", { role: "row" }, [
    unseenHead("an-mark", "Compare"),
    ...heads.map(([, head]) => head),
    unseenHead("an-do", "Remove"),
  ]);
  const table = element("table", { role: "table" }, [
    element("caption", {
      textContent: "Choose a file to see its answer; mark two to compare them.",
    }),
    element("thead", { role: "rowgroup" }, [top]),
    body,
  ]);
  const finder = finderOf({ onChange: fromTheTop, onOrder: (column) => sortBy(column || null) });
  const notices = NOTICES.map((notice) => noticeOf(notice, { onRetry: retry, onRemove: remove }));
  const compare = button("Compare the two marked", () => onCompare(jobsOf(chosen)));
  const save = button("Download as CSV", saveCsv);
  const forget = button("Forget this session", forgetAll);
  const tools = element("div", { className: "an-tools" }, [compare, save, forget]);
  const command = commandOf();
  const single = singleOf({ onSave: saveCsv, onForget: forgetAll });
  const aria = { label: "Table: this session" };
  const more = button("", showMore, { hidden: true });
  const scroll = element("div", { className: "an-scroll", tabIndex: 0, role: "region", aria }, [
    table,
    more,
  ]);
  const left = element("p", { className: "an-help an-left" }); // what a folder holds beside sound
  const root = element("section", { className: "an-session", hidden: true }, [
    element("div", { className: "an-top" }, [
      element("h2", { textContent: "This session" }),
      tools,
    ]),
    left,
    finder.root,
    ...notices.map((notice) => notice.root),
    scroll,
    command.root,
  ]);
  root.setAttribute("aria-label", "This session");
  scroll.addEventListener("keydown", step);
  const watch = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && showMore(), {
    root: scroll,
    rootMargin: "200px",
  });
  watch.observe(more);

  // -- order -------------------------------------------------------------------------------

  function sortBy(column) {
    // The likeliest first is what is asked for; of the rest, A first.
    const first = column === "probability";
    const down = order.column === column ? !order.down : first;
    order = { column, down: column ? down : false };
    finder.ordered(column);
    fromTheTop();
  }

  function valueOf({ name, path, row }, column) {
    if (column === "file") return path || name;
    if (!row) return null;
    const numbers = { probability: row.confidence, tempo: row.tempo, length: row.duration };
    return column in numbers ? numbers[column] : cellTextsOf(row)[column];
  }

  // What is heard now; the newest failures; what is done, the newest first; what is to be heard.
  function newestFirst(some) {
    const when = (entry) => finished.get(entry) ?? 0;
    const done = some.filter(isOver).sort((a, b) => when(b) - when(a));
    const failed = done.filter(({ state }) => state === "error");
    const onTop = new Set(failed.slice(0, NEWEST_FAILED));
    return [
      ...some.filter(({ state }) => state === "working"),
      ...onTop,
      ...done.filter((entry) => !onTop.has(entry)),
      ...some.filter((entry) => entry.state !== "working" && !isOver(entry)),
    ];
  }

  function sorted(some) {
    const { column, down } = order;
    if (!column) return newestFirst(some);
    const values = new Map(some.map((entry) => [entry, valueOf(entry, column)]));
    const sign = down ? -1 : 1;
    return [...some].sort((one, other) => {
      const [a, b] = [values.get(one), values.get(other)];
      if (a === null || b === null) return (a === null) - (b === null); // without a value: last
      return sign * (typeof a === "number" ? a - b : NATURAL.compare(a, b));
    });
  }

  const inOrder = () => sorted(entries.filter(finder.matches));

  // -- what is painted ---------------------------------------------------------------------

  function later(entry) {
    if (entry) changed.add(entry);
    if (planned) return;
    planned = true;
    queueMicrotask(paint); // many changes at once are painted once
  }

  function repaint() {
    moved = true;
    paint();
  }

  function fromTheTop() {
    most = AT_FIRST;
    scroll.scrollTop = 0;
    repaint();
    clearTimeout(rest);
    rest = setTimeout(() => {
      most = Math.max(most, AT_ONCE);
      repaint();
    }, PAUSE);
  }

  // The focus stays where it was: on the button, or on the first row that came if it is gone.
  function showMore() {
    const held = document.activeElement === more;
    const last = body.lastElementChild;
    most += AT_ONCE;
    repaint();
    if (held && more.hidden) last.nextElementSibling?.querySelector("button").focus();
  }

  function rowFor(entry) {
    if (!rows.has(entry)) {
      const calls = { onShow, onMark: pick, onRetry: retry, onRemove: removeOne };
      rows.set(entry, rowOf(entry, calls));
      changed.add(entry);
    }
    return rows.get(entry);
  }

  // Bring the rows into order; who stays where it is, is not touched.
  function arrange(wanted) {
    const active = body.contains(document.activeElement) ? document.activeElement : null;
    const keep = new Set(wanted);
    for (const row of [...body.children]) if (!keep.has(row)) row.remove();
    let here = body.firstElementChild;
    for (const row of wanted) {
      if (row !== here && here?.nextElementSibling === row) {
        here.remove(); // it comes further below
        here = row;
      }
      if (row === here) here = here.nextElementSibling;
      else body.insertBefore(row, here);
    }
    if (rows.size > KEPT_ROWS) {
      for (const [entry, { root: row }] of rows) if (!keep.has(row)) rows.delete(entry);
    }
    [...body.children].forEach((row, k) => row.setAttribute("aria-rowindex", k + 2));
    if (active?.isConnected && document.activeElement !== active) {
      active.focus({ preventScroll: true });
    }
  }

  function paint() {
    planned = false;
    if (moved) {
      finder.count(entries);
      const shown = inOrder();
      finder.tell(shown.length, entries.length);
      arrange(shown.slice(0, most).map((entry) => rowFor(entry).root));
      frame(shown);
    }
    moved = false;
    for (const entry of changed) {
      rows.get(entry)?.update({
        chosen: chosen.includes(entry),
        shown: entry.job === shownJob,
        ended: over,
      });
    }
    changed.clear();
  }

  // Everything about the rows.
  function frame(shown) {
    // One answer is the card, and a table says no more. What is there once, stays.
    const [first] = entries;
    const bare = ["error", "stopped", "lost"].includes(first?.state) || left.textContent;
    root.hidden = entries.length < (bare || !root.hidden ? 1 : 2);
    single.set(root.hidden && first?.row);
    for (const [column, head] of heads) {
      const mine = column === order.column;
      head.setAttribute("aria-sort", mine ? (order.down ? "descending" : "ascending") : "none");
    }
    table.setAttribute("aria-rowcount", shown.length + 1);
    more.hidden = shown.length <= most;
    more.textContent = `Show more: ${countOf(shown.length - most)} are below`;
    for (const notice of notices) notice.set(entries, over);
    command.set(entries);
    compare.disabled = chosen.length !== 2;
    save.disabled = !shown.length;
    const some = finder.narrowed() ? `${countOf(shown.length)} shown ` : "";
    save.textContent = `Download ${some}as CSV`;
  }

  // -- what the visitor does ---------------------------------------------------------------

  function pick(entry) {
    const before = chosen;
    chosen = chosen.includes(entry)
      ? chosen.filter((other) => other !== entry)
      : [...chosen, entry].slice(-2);
    for (const other of [...before, entry]) changed.add(other);
    compare.disabled = chosen.length !== 2;
    paint();
  }

  function retry(some) {
    if (!over && some.length) onRetry(jobsOf(some));
  }

  function remove(some) {
    onRemove(jobsOf(some));
    paint();
    if (!document.activeElement?.isConnected || document.activeElement === document.body) {
      scroll.focus({ preventScroll: true });
    }
  }

  // The focus goes to the row that comes into its place.
  function removeOne(entry) {
    const { root: row } = rowFor(entry);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    remove([entry]);
    next?.querySelector(".an-remove")?.focus();
  }

  function forgetAll() {
    const answers = entries.filter(({ row }) => row).length;
    const question = `Forget all ${countOf(answers)} answers of this session?`;
    if (answers < 2 || window.confirm(question)) onForget();
  }

  function saveCsv() {
    const shown = inOrder();
    download(csvName(shown, finder.label()), "text/csv", csvOf(shown));
  }

  // Up and down go to the same button of the next row.
  function step(event) {
    const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const cell = event.target.closest("tbody td, tbody th");
    if (!way || !cell) return;
    event.preventDefault();
    const name = cell.classList[0];
    let row = cell.parentElement[way];
    while (row && !row.querySelector(`.${name} :is(button, input):enabled`)) row = row[way];
    row?.querySelector(`.${name} :is(button, input):enabled`).focus();
  }

  // -- what it is told ---------------------------------------------------------------------

  const states = new Map(); // as they were painted

  function turned(entry) {
    const before = states.get(entry);
    states.set(entry, entry.state);
    if (before === entry.state) return false;
    if (isOver(entry)) finished.set(entry, (count += 1));
    return true;
  }

  function drop(some) {
    for (const entry of some) {
      rows.get(entry)?.root.remove();
      for (const map of [rows, states, changed]) map.delete(entry);
    }
    chosen = chosen.filter((entry) => !some.includes(entry));
  }

  return {
    root,
    single: single.root, // in the table's place, where one answer is all that there is
    close() {
      clearTimeout(rest);
      watch.disconnect();
    },
    note(sentence) {
      left.textContent = sentence;
    },
    // All that there is.
    set(all) {
      const now = new Set(all);
      drop(entries.filter((entry) => !now.has(entry)));
      entries = [...all];
      for (const entry of entries) if (turned(entry)) changed.add(entry);
      moved = true;
      later();
    },
    update(entry) {
      if (!states.has(entry)) entries.push(entry);
      if (turned(entry)) moved = true;
      later(entry);
    },
    remove(job) {
      const gone = entries.filter((entry) => entry.job === job);
      drop(gone);
      entries = entries.filter((entry) => entry.job !== job);
      if (!entries.length) left.textContent = "";
      moved = true;
      later();
    },
    // The answer that is open, or null.
    mark(job) {
      for (const entry of entries) {
        if (entry.job === shownJob || entry.job === job) changed.add(entry);
      }
      shownJob = job;
      later();
    },
    ended(now) {
      over = now;
      for (const entry of entries) changed.add(entry);
      moved = true;
      later();
    },
    // The answered ones, as they stand in the table.
    answered: () => inOrder().filter(({ row }) => row),
  };
}
