// Beside the session's table: what has no answer, a single answer, earlier sessions, and the way for
// thousands of files.

const MANY = 50; // files, from which on the command line may be the better way
const COMMAND = "audionome classify --json --jobs -1 FOLDER > answers.jsonl";
const NOTICES = [
  [
    "error",
    (n) => (n === 1 ? "1 file failed." : `${countOf(n)} files failed.`),
    ["Try it again", "Try all again"],
    ["Remove it", "Remove them"],
  ],
  [
    "stopped",
    (n) => (n === 1 ? "1 file was stopped." : `${countOf(n)} files were stopped.`),
    ["Resume", "Resume all"],
    ["Remove it", "Remove them"],
  ],
  [
    "lost",
    (n) =>
      n === 1
        ? "1 file was not heard before the page was left: choose it again."
        : `${countOf(n)} files were not heard before the page was left: choose them again.`,
    ["Try it again", "Try all again"],
    ["Remove it", "Remove them"],
  ],
];

// One line about all that have no answer, with what can be done about them.
function noticeOf([state, words, retryNames, removeNames], { onRetry, onRemove }) {
  let some = [];
  const told = element("span");
  const retry = button("", () => onRetry(some.filter(canRetry)));
  const remove = button("", () => onRemove(some));
  const root = element("p", { className: "an-unanswered" }, [told, retry, remove]);
  root.dataset.kind = state;
  return {
    root,
    set(entries, ended) {
      some = entries.filter((entry) => entry.state === state);
      root.hidden = !some.length;
      const k = some.length === 1 ? 0 : 1;
      told.textContent = words(some.length);
      retry.textContent = retryNames[k];
      remove.textContent = removeNames[k];
      retry.hidden = !some.some(canRetry);
      retry.disabled = ended;
    },
  };
}

// The way for thousands of files.
function commandOf() {
  const line = element("code", { textContent: COMMAND });
  const where = element("span");
  const copied = element("span", { className: "an-help", role: "status" });
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(line.textContent);
    } catch {
      // Over plain http there is no clipboard but the old one.
      getSelection().selectAllChildren(line);
      document.execCommand("copy");
    }
    copied.textContent = "Copied.";
    setTimeout(() => (copied.textContent = ""), 3000);
  });
  const root = element("details", { className: "an-many", hidden: true }, [
    element("summary", { textContent: "Thousands of files? Use the command line" }),
    element("p", {}, [
      "This command hears a whole folder, on all cores of your computer, and writes one answer " +
        "per line into answers.jsonl. ",
      where,
      " If you run Audionome from its source, activate its environment first: ",
      element("code", { textContent: ". .venv/bin/activate" }),
    ]),
    element("p", { className: "an-command" }, [line, copy, copied]),
  ]);
  return {
    root,
    set(entries) {
      root.hidden = entries.length < MANY;
      const folder = folderOf(entries);
      // A name that a shell would read as more than a name is left to its owner.
      const safe = /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(folder);
      line.textContent = COMMAND.replace("FOLDER", safe ? `"${folder}"` : "FOLDER");
      where.textContent = safe
        ? `Type it in the folder that holds “${folder}”.`
        : "Type the path of your folder in place of FOLDER.";
    },
  };
}

// What can be done with the only answer of a session.
function singleOf({ onSave, onForget }) {
  const root = element("p", { className: "an-single", hidden: true }, [
    element("span", { textContent: "This session has one answer." }),
    button("Download as CSV", onSave),
    button("Forget this answer", onForget),
  ]);
  return { root, set: (there) => (root.hidden = !there) };
}

// Sessions of this browser that no tab shows, the newest first.
function earlierOf({ onShow, onDrop }) {
  const root = element("div", { className: "an-earlier", hidden: true });
  const sentence = "This browser keeps an earlier session: ";
  let sessions = [];

  function wordsOf({ answered, changed }) {
    const when = new Date(changed).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    return `${plural(answered, "answer")}, ${when}`;
  }

  function drop(session) {
    const words = wordsOf(session);
    if (window.confirm(`Delete the earlier session with ${words}?`)) onDrop(session);
  }

  function lineOf(session, before = "") {
    const words = wordsOf(session);
    const act = (name, call) =>
      button(name, () => call(session), { aria: { label: `${name}: ${words}` } });
    return [
      element("span", { textContent: `${before}${words}` }),
      act("Show it", onShow),
      act("Delete it", drop),
    ];
  }

  function paint(open) {
    root.hidden = !sessions.length;
    if (sessions.length < 2) {
      root.replaceChildren(...sessions.map((one) => element("p", {}, lineOf(one, sentence))));
      return;
    }
    const lines = sessions.map((one) => element("li", {}, lineOf(one)));
    root.replaceChildren(
      element("details", { open }, [
        element("summary", {
          textContent: `This browser keeps ${sessions.length} earlier sessions`,
        }),
        element("ul", {}, lines),
      ]),
    );
  }

  return {
    root,
    // `open`: there is nothing else to see.
    show(some, { open = true } = {}) {
      sessions = some;
      paint(open);
    },
    // One of them is no longer an earlier one; tells whether the focus found a place here.
    without({ id }, { open = root.querySelector("details")?.open ?? true } = {}) {
      sessions = sessions.filter((one) => one.id !== id);
      paint(open);
      const next = open ? root.querySelector("button") : null;
      next?.focus();
      return Boolean(next);
    },
  };
}
