// The class: how it joins and how many are in, as the server says it.

const ASK_ROOM = 10000; // ms between two questions, asked only while somebody looks
const NO_ROOM =
  "This page runs in a notebook. For a class, start the dashboard with: audionome dashboard " +
  "--host 0.0.0.0";
const OTHER_SERVER =
  "This server cannot say how to join. For a class, start the dashboard with: " +
  "audionome dashboard --host 0.0.0.0";
const ROOM_AWAY = "The server cannot be reached, so nobody can join now. This page keeps trying.";
const GUESS_FIRST = "audionome-guess-first"; // where a tab keeps whether answers are covered
const COVERED = "Covered: the class guesses first.";

// What this tab keeps under a name.
function tabKeeps(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keepInTab(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A page without storage begins anew each time.
  }
}

// Whether the page covers its answers: on a mirrored screen the class sees the page as well.
function coverOf({ onChange }) {
  const box = element("input", {
    type: "checkbox",
    checked: tabKeeps(GUESS_FIRST, false) === true,
    onchange() {
      keepInTab(GUESS_FIRST, box.checked);
      onChange(box.checked);
    },
  });
  return {
    root: element("label", { className: "an-guess-first" }, [box, "The class guesses first"]),
    line: element("p", {
      className: "an-cover",
      textContent: `${COVERED} “For a class” at the bottom of the page shows the answers again.`,
    }),
    on: () => box.checked,
  };
}

function roomOf() {
  const kernel = kernelOf(document);
  const base = kernel?.address.replace(/api\/kernels\/[^/]*$/, "");
  const watchers = new Set();
  let timer = null;
  let last = null;

  async function ask() {
    if (document.hidden && last) return;
    if (!base) {
      tell({ trouble: NO_ROOM });
      return;
    }
    try {
      const scheme = location.protocol.replace(":", "");
      const answer = await fetch(`${base}class?scheme=${scheme}`, { cache: "no-store" });
      const json = answer.headers.get("content-type")?.startsWith("application/json");
      if (!answer.ok || !json) tell({ trouble: OTHER_SERVER });
      else tell(await answer.json());
    } catch {
      tell({ trouble: ROOM_AWAY });
    }
  }

  function tell(found) {
    last = found;
    for (const watcher of watchers) watcher(found);
  }

  // Returns how to end it.
  function watch(onFound) {
    watchers.add(onFound);
    if (last) onFound(last);
    ask();
    timer ??= setInterval(ask, ASK_ROOM);
    return () => {
      watchers.delete(onFound);
      if (watchers.size) return;
      clearInterval(timer);
      timer = null;
    };
  }

  return { base, watch, close: () => clearInterval(timer) };
}

// The address with its QR code and who is in; `start` asks, `stop` ends that.
function joinOf(room) {
  const code = element("img", { className: "an-code", hidden: true });
  const lead = element("p", { textContent: "Others open this address in a browser:" });
  const address = element("p", { className: "an-address", dir: "ltr" });
  const closed = element("p");
  const commands = element("div", { className: "an-commands" });
  const count = element("p", { className: "an-count" });
  const silent = element("p", { className: "an-help" });
  const words = element("div", {}, [lead, address, closed, commands, count, silent]);
  const root = element("div", { className: "an-join" }, [code, words]);
  let end = null;
  show({});

  function show(found) {
    address.textContent = found.address ?? "";
    lead.hidden = address.hidden = code.hidden = !found.address;
    if (found.address) {
      // The same drawing is not asked for again.
      const source = new URL(room.base + found.code, location.href).href;
      if (code.src !== source) code.src = source;
      code.alt = `QR code of ${found.address}`;
    }
    closed.textContent = found.trouble ?? found.closed ?? "";
    closed.hidden = !closed.textContent;
    commands.replaceChildren(
      ...(found.commands ?? []).map((textContent) => element("code", { textContent })),
    );
    count.textContent = found.people ?? "";
    silent.textContent = found.silent ?? "";
  }

  return {
    root,
    start() {
      end ??= room.watch(show);
    },
    stop() {
      end?.();
      end = null;
    },
  };
}

// What a teacher needs, at the bottom of the page.
function classOf({ room, cover, book, onProject, onJoin }) {
  const join = joinOf(room);
  const project = button("Show the answer to the class", onProject, { disabled: true });
  const large = button("Show how to join, large", onJoin);
  const none = element("p", {
    className: "an-help",
    textContent: "There is no answer to show yet: choose a file first.",
  });
  const more = book
    ? element("p", {}, [
        element("a", {
          href: `${book}book/usage.html#for-a-class`,
          target: "_blank",
          rel: "noopener",
          textContent: "How to prepare a lesson with this page",
        }),
      ])
    : null;
  const root = element("details", { className: "an-class" }, [
    element("summary", {}, [element("h2", { textContent: "For a class" })]),
    element("p", {
      textContent:
        "Show an answer to the whole room: the class hears the piece and votes for a genre, then " +
        "you reveal what Audionome says. The class can also open this page on its own devices.",
    }),
    cover.root,
    element("p", {
      className: "an-help",
      textContent:
        "For a screen that the class sees all the time: the answers on this page stay covered, " +
        "and the first one opens the view for the class. The names of the files stay visible.",
    }),
    element("div", { className: "an-tools" }, [project, large]),
    none,
    join.root,
    more,
  ]);
  root.addEventListener("toggle", () => (root.open ? join.start() : join.stop()));

  return {
    root,
    set(any) {
      project.disabled = !any;
      none.hidden = any;
    },
    close: join.stop,
  };
}
