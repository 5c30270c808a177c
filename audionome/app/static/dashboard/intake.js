// The way in: files by choice, drop, microphone or example; one after the other goes to Python.
// `job` numbers a recording; whatever belongs to another one is ignored on both sides.

const PIECE = 1 << 20; // bytes in one message
const AHEAD = 4; // pieces that may wait for their receipt
// Without a sign of life for so long (ms) the server counts as lost. It is asked every few seconds.
const PATIENCE = 20000;
const ASK = 4000;
const LOST =
  "The server does not answer. It may be busy, so this page goes on waiting; if nothing comes, " +
  "reload the page and choose the file again. What is on the page stays until then.";
const INTERRUPTED =
  "The connection was interrupted while the file was sent; choose it again.";

const ENDED = "This session has ended on the server";
const KEPT = ": the answers on this page can still be read, but starting again clears them.";

function render({ model, el }) {
  const limit = model.get("limit");
  const minutes = Math.floor(model.get("longest") / 60);
  const id = `an-${Math.random().toString(36).slice(2)}`;

  const input = element("input", { type: "file", id, multiple: true, className: "an-input" });
  input.accept = "audio/*,video/*,.wav,.mp3,.flac,.ogg,.oga,.opus,.m4a,.aac,.aif,.aiff,.webm";
  input.setAttribute("aria-describedby", `${id}-help`);
  const label = element("label", { htmlFor: id, className: "an-target" }, [
    element("span", { className: "an-button", textContent: "Choose sound files" }),
    element("span", { className: "an-or", textContent: "or drop them here" }),
  ]);
  const help = element("p", { id: `${id}-help`, className: "an-help" });
  help.textContent =
    `WAV, MP3, FLAC, OGG, Opus or M4A, one or many, at least 3 seconds and up to ` +
    `${minutes} minutes and ${Math.floor(limit / MIB)} MiB each. The sound stays in memory for the answer: it is never ` +
    "written to disk, logged or passed on.";
  const target = element("div", { className: "an-choose" }, [input, label]);

  const groups = model.get("examples").map(([heading, entries]) =>
    element(
      "optgroup",
      { label: heading },
      entries.map(([value, text]) => element("option", { value, textContent: text })),
    ),
  );
  const pick = element("select", { id: `${id}-pick` }, groups);
  const hear = button("Try it", () => {
    const name = pick.selectedOptions[0].textContent;
    enqueue([{ name, example: pick.value }]);
  });
  const example = element("div", { className: "an-example", hidden: !groups.length }, [
    element("label", { htmlFor: `${id}-pick`, textContent: "Or an example:" }),
    pick,
    hear,
  ]);

  const bar = element("progress", { max: 1, value: 0, aria: { label: "Progress" } });
  const stop = button("Stop", stopAll, { className: "an-plain an-stop" });
  const work = element("div", { className: "an-work", hidden: true }, [bar, stop]);
  const status = element("p", { className: "an-status", role: "status" });
  status.setAttribute("aria-live", "polite");

  const recorder = recorderOf({
    onFile: (file) => enqueue([file]),
    onSay: (state, sentence) => (busy() ? null : show(state, sentence, 0)),
  });
  const player = playerOf();
  const answer = answerOf(model, player);
  const session = sessionOf({ onShow: open, onCompare: compare, onForget: forget });

  const over = element("p");
  const again = button("Start again", () => location.reload(), { className: "an-button" });
  const ended = element("div", { className: "an-ended", role: "alert", hidden: true }, [
    over,
    again,
  ]);
  const notice = element("p", { className: "an-notice", textContent: model.get("notice") });
  notice.hidden = !notice.textContent;
  const ways = element("div", { className: "an-ways" }, [recorder.root, example]);

  const drop = element("section", { className: "an-drop" }, [
    element("h1", { textContent: "What genre is it?" }),
    element("p", {
      className: "an-lead",
      textContent:
        "Audionome listens to a piece of music, three seconds at a time, and says which of ten " +
        "genres it resembles most, how sure that is, and why.",
    }),
    target,
    ways,
    help,
    work,
    status,
  ]);
  drop.setAttribute("aria-label", "Choose music");
  const root = element("div", { className: "an" }, [
    ended,
    notice,
    drop,
    session.root,
    answer.root,
  ]);
  el.append(root);

  let job = 0; // the recording that Python works on
  let current = null; // its entry
  let received = 0;
  let grown = 0; // when the server last had more of it than before
  let settled = 0; // the job of which a pong said that its end is there
  let heard = 0; // when the server last gave a sign of life
  let batch = { size: 0, done: 0, failed: 0 };
  let comparing = "";
  let lost = false; // the server may have gone, or is slow
  let wake = () => {};

  const busy = () => ["uploading", "analysing"].includes(drop.dataset.state);
  const waiting = () => session.entries.filter(({ state }) => state === "waiting");

  function show(state, sentence, fraction) {
    drop.dataset.state = state;
    const works = busy();
    if (!works && document.activeElement === stop) input.focus(); // the button is going away
    work.hidden = !works;
    drop.setAttribute("aria-busy", String(works));
    // Half of the bar for the way to the server, half for the work there.
    const share = state === "uploading" ? fraction / 2 : 0.5 + fraction / 2;
    bar.value = batch.size > 1 ? (batch.done + share) / batch.size : share;
    const many = works && batch.size > 1 ? `File ${batch.done + 1} of ${batch.size}: ` : "";
    // Equal text is not set again, or a screen reader would repeat it.
    const text = many + sentence;
    if (status.textContent !== text) status.textContent = text;
  }

  // -- the queue ---------------------------------------------------------------------------

  function enqueue(files) {
    if (!files.length || !ended.hidden) return;
    if (lost) fail(LOST);
    if (!current && !waiting().length) batch = { size: 0, done: 0, failed: 0 };
    batch.size += files.length;
    for (const file of files) {
      const own = file.example ? { example: file.example, file: null } : { file };
      session.add({ job: nextJob(), name: file.name, state: "waiting", sentence: "", ...own });
    }
    if (!current) next();
  }

  let last = 0;
  function nextJob() {
    last = Math.max(last + 1, Date.now());
    return last;
  }

  function next() {
    const [entry] = waiting();
    if (!entry) {
      finish();
      return;
    }
    current = entry;
    entry.state = "working";
    entry.job = nextJob(); // the newest, so that Python drops everything before it
    job = entry.job;
    received = 0;
    heard = grown = performance.now();
    session.paint();
    if (batch.size === 1) answer.clear();
    if (entry.example) {
      model.send({ type: "example", job, id: entry.example, name: entry.name });
      show("analysing", "Opening the example…", 0);
    } else send(entry).catch((error) => broken(error));
  }

  async function send({ file, job: mine }) {
    if (file.size > limit) {
      fail(
        `This file has more than ${Math.floor(limit / MIB)} MiB, the most that can be sent. ` +
          "Cut it, or save it as MP3, and try again.",
      );
      return;
    }
    model.send({ type: "begin", job: mine, name: file.name, size: file.size });
    show("uploading", "Sending the file…", 0);
    const going = () => current?.job === mine;
    for (let start = 0; start < file.size; start += PIECE) {
      let piece;
      try {
        piece = await file.slice(start, start + PIECE).arrayBuffer();
      } catch {
        if (going()) fail("This file cannot be read; a folder cannot be dropped here.");
        return;
      }
      while (going() && start - received >= AHEAD * PIECE) await receipt();
      if (!going()) return;
      model.send({ type: "chunk", job: mine }, undefined, [piece]);
    }
  }

  function receipt() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1000);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // The current recording has no answer; the others go on.
  function fail(sentence) {
    lost = false;
    current.state = "error";
    current.sentence = sentence;
    batch.failed += 1;
    session.paint();
    if (batch.size === 1) answer.clear();
    after(sentence);
  }

  function after(sentence) {
    const state = current.state;
    current = null;
    batch.done += 1;
    wake();
    if (batch.size === 1) show(state, sentence, 1);
    next();
  }

  function finish() {
    if (batch.size < 2) return;
    const good = batch.done - batch.failed;
    const files = `${batch.size} files: ${good} answered`;
    const bad = batch.failed
      ? `, ${batch.failed} could not be read; the table says why`
      : ". Choose one in the table";
    show(good ? "done" : "error", `${files}${bad}.`, 1);
  }

  function stopAll() {
    for (const entry of [current, ...waiting()]) if (entry) entry.state = "stopped";
    current = null;
    lost = false;
    job = nextJob();
    model.send({ type: "cancel", job });
    wake();
    session.paint();
    show("idle", "Stopped. Choose a file to begin again.", 0);
  }

  // -- what Python says --------------------------------------------------------------------

  function alive() {
    heard = performance.now();
    if (!lost) return;
    lost = false;
    show(received < (current.file?.size ?? 0) ? "uploading" : "analysing", "Going on…", 0);
  }

  // What was on its way when the connection broke is lost on both sides; a pong brings it to light.
  function onPong({ job: at, state, bytes }) {
    if (!current) return;
    const arrived = at === job && state !== "uploading";
    if (arrived || (at === job && bytes > received)) {
      received = arrived ? (current.file?.size ?? 0) : bytes;
      grown = performance.now();
      wake();
    }
    if (!arrived) {
      if (performance.now() - grown > PATIENCE) interrupted();
    } else if (state !== "analysing") {
      if (settled === job) model.send({ type: "again", job }); // it was there a pong ago
      settled = job;
    }
  }

  function interrupted() {
    job = nextJob();
    model.send({ type: "cancel", job });
    fail(INTERRUPTED);
  }

  function onMessage(message, buffers) {
    alive();
    const entry = session.of(message.job);
    if (message.type === "received" && message.job === job) {
      received = message.bytes;
      grown = performance.now();
      if (drop.dataset.state === "uploading") {
        show("uploading", "Sending the file…", received / current.file.size);
      }
      wake();
    } else if (message.type === "pong") {
      onPong(message);
    } else if (message.type === "report") {
      onReport(message.report);
    } else if (message.type === "sound" && entry) {
      entry.file = new File([buffers[0]], message.name);
    } else if (message.type === "answer" && entry && entry === current) {
      entry.answer = message;
      entry.state = "done";
      const first = batch.done - batch.failed === 0;
      // Of many files the first answer is opened; who has chosen another one keeps it.
      if (batch.size === 1 || first) open(entry, { quiet: true });
      session.paint();
    } else if (message.type === "details" && entry?.answer) {
      entry.answer.details = message;
      if (answer.root.dataset.job === String(message.job)) {
        answer.showDetails(message);
        player.answer(entry.answer);
      }
    } else if (message.type === "compared" && message.jobs.join() === comparing) {
      answer.compare(message.jobs.map(session.of), message);
      player.load(null);
      session.mark(null);
      answer.title.focus();
    } else if (message.type === "failed" && message.what === "compared") {
      show("error", message.sentence, 0);
    }
  }

  function onReport(report) {
    if (!current || report?.job !== job) return; // "idle" answers a stop of ours
    alive();
    if (report.state === "error") fail(report.sentence);
    else if (report.state === "done") after(report.sentence);
    else if (report.state === "analysing") show("analysing", report.sentence, report.fraction);
    wake();
  }

  // -- what the visitor asks ---------------------------------------------------------------

  function open(entry, { quiet = false } = {}) {
    comparing = "";
    player.load(entry.file);
    answer.show(entry.job, entry.name, entry.answer);
    player.answer(entry.answer);
    session.mark(entry.job);
    if (!quiet) answer.title.focus();
  }

  function compare(jobs) {
    comparing = jobs.join();
    model.send({ type: "compare", jobs });
  }

  function forget() {
    if (busy()) stopAll();
    if (ended.hidden) model.send({ type: "forget" });
    session.forget();
    answer.clear();
    player.load(null);
    show("idle", "Everything of this session is forgotten.", 0);
    (ended.hidden ? input : again).focus();
  }

  // Nobody works for this page any more: it can be read, and begun again.
  function end() {
    for (const entry of [current, ...waiting()]) if (entry) entry.state = "stopped";
    current = null;
    lost = false;
    wake();
    recorder.close();
    for (const part of [target, ways]) part.inert = true;
    session.end();
    show("idle", "", 0);
    const answered = session.entries.some((entry) => entry.answer);
    ended.hidden = false;
    over.textContent = ENDED + (answered ? KEPT : ".");
    again.focus({ preventScroll: true });
  }

  function broken(error) {
    console.warn(error); // for whoever looks for it; the sentence is for everybody
    show("error", BROKEN, 0);
  }

  const guarded = (callback) => (...values) => {
    try {
      return callback(...values);
    } catch (error) {
      return broken(error);
    }
  };

  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // the same file may be chosen again
    guarded(enqueue)(files);
  });

  // A file that misses the field must not replace the page.
  let depth = 0;
  const carries = (event) => event.dataTransfer && event.dataTransfer.types.includes("Files");
  const mark = (change) => (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    root.classList.toggle("an-over", depth > 0);
  };
  const listeners = {
    dragenter: mark(1),
    dragleave: mark(-1),
    dragover: (event) => carries(event) && event.preventDefault(),
    drop: (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      depth = 0;
      root.classList.remove("an-over");
      guarded(enqueue)([...event.dataTransfer.files]);
    },
  };
  for (const [type, listener] of Object.entries(listeners)) {
    document.addEventListener(type, listener);
  }
  const handlers = { "msg:custom": guarded(onMessage), "change:report": guarded(() => onReport(model.get("report"))) };
  for (const [type, handler] of Object.entries(handlers)) model.on(type, handler);
  const watch = watchOf({ onEnd: guarded(end) });
  const heartbeat = setInterval(() => {
    if (!current) return;
    if (!lost && performance.now() - heard > PATIENCE) {
      lost = true;
      show("error", LOST, 0);
    }
    model.send({ type: "ping" });
  }, ASK);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const onDark = () => {
    repaint(root);
    player.repaint();
  };
  dark.addEventListener("change", onDark);
  // Fetched while the visitor looks for a file; a failure is told where a chart would be.
  const timer = setTimeout(() => loadPlotly(model).catch(() => {}), 500);
  show("idle", "", 0);
  model.send({ type: "ping" }); // the page is there: Python loads the model now

  return () => {
    for (const [type, listener] of Object.entries(listeners)) {
      document.removeEventListener(type, listener);
    }
    for (const [type, handler] of Object.entries(handlers)) model.off(type, handler);
    watch.close();
    clearInterval(heartbeat);
    clearTimeout(timer);
    dark.removeEventListener("change", onDark);
    purge(root);
    player.close();
    recorder.close();
  };
}

export default { render };
