// What is to be heard: one recording after the other goes to Python, in pieces. Each time that
// Python is given something it gets a new number, a turn; whatever belongs to an older one is
// ignored on both sides.
//
// An entry: { job, name, path, file, size, modified, example, state, fraction, sentence, row }.
// `looked`: the closer look has come; `cut`: it will not come, as the page or the server went away.
// `state` is "waiting", "working", "done", "error", "stopped", or "lost": it had no answer when
// the page was left, and its sound is gone with the page.

const PIECE = 1 << 20; // bytes in one message
const AHEAD = 4; // pieces that may wait for their receipt
// Without news for so long (ms) something was lost on the way. The server is asked meanwhile.
const PATIENCE = window.audionomePatience ?? 20000;
const ASK = Math.min(4000, PATIENCE / 2);
const TRIES = 3; // times that a file is sent before it is given up
const BUSY = "The server is slow to answer. This page goes on waiting.";
const INTERRUPTED =
  "The connection broke while the file was sent. Try it again, or choose a smaller file.";
const UNREADABLE =
  "The browser cannot read this file any more: it was moved, changed or deleted. Choose it again.";
const STOPPED = "Stopped. What was answered stays.";
const NO_FILE = "The sound is not kept with the session. Choose the file again.";
const GOING_ON = "The server is away; open this answer again once it is back.";
const TOO_LARGE = (limit) =>
  `This file has more than ${Math.floor(limit / MIB)} MiB, the most that can be sent. ` +
  "Cut it, or save it as MP3, and try again.";

const identityOf = ({ path, name, size, modified }) => `${path || name}|${size}|${modified}`;
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

// `on` is told of everything: added(entries), changed(entry), removed(jobs), answered(entry, full),
// detailed(entry, full), told(state, sentence, fraction), announced(sentence, entry).
function queueOf({ link, on }) {
  const limit = link.get("limit");
  const entries = [];
  const known = new Map(); // entries of files, by identity
  const turns = new Map(); // the latest turns' tasks
  const sounds = []; // tasks that nobody sees in the table
  const prepared = new Map(); // those whose file is sent, by turn: Python makes the sound
  let last = 0; // the newest number
  let current = null; // a task: { purpose, entry, turn, tries, received, grown, settled }
  let paused = false; // nobody is there to work
  let heard = 0; // when the server last gave a sign of life
  let slow = false;
  let works = false; // what was told last
  let wake = () => {};
  let batch = { size: 0, done: 0, failed: 0 };

  const waiting = () => entries.filter(({ state }) => state === "waiting");
  const working = () => current?.purpose === "answer";
  const numbered = () => (last = Math.max(last + 1, Date.now()));

  function change(entry, values) {
    Object.assign(entry, values);
    on.changed(entry);
  }

  function told(state, sentence, fraction = 0) {
    works = state === "uploading" || state === "analysing";
    on.told(state, sentence, fraction);
  }

  // How far the work has come.
  function tell(state, sentence, fraction = 0) {
    const many = batch.size > 1;
    // Half for the way to the server, half for the work there.
    const share = state === "uploading" ? fraction / 2 : 0.5 + fraction / 2;
    change(current.entry, { fraction: share, sentence });
    const place = many ? `File ${Math.min(batch.done + 1, batch.size)} of ${batch.size}: ` : "";
    told(state, place + sentence, many ? (batch.done + share) / batch.size : share);
  }

  // -- what is asked -----------------------------------------------------------------------

  function openBatch(count) {
    if (!working() && !waiting().length) batch = { size: 0, done: 0, failed: 0 };
    batch.size += count;
  }

  function wait(some) {
    const fresh = some.filter(({ state }) => state !== "waiting" && state !== "working");
    openBatch(fresh.length);
    for (const entry of fresh) {
      change(entry, { state: "waiting", sentence: "", fraction: 0, row: null });
    }
  }

  // The one entry whose file this seems to be: chosen by itself or with another folder around it, a
  // file has another path.
  function knownElsewhere({ path, name, size, modified }, met) {
    if (!size) return undefined;
    const alike = entries.filter(
      (one) =>
        !one.example && !met.has(one) &&
        one.name === name && one.size === size && one.modified === modified,
    );
    const within = (long, short) => `/${long}`.endsWith(`/${short}`);
    const near = alike.filter((one) => within(one.path, path) || within(path, one.path));
    const some = near.length ? near : alike.filter(({ file }) => !file);
    return some.length === 1 ? some[0] : undefined;
  }

  // Take files, examples and recordings. Files that are known get their sound back, and are heard
  // if they have no answer. Tells what became of them.
  function add(items) {
    const fresh = [];
    const retried = [];
    const answered = [];
    const given = items.map(({ file = null, path = "", example, name = file.name }) => {
      const { size = 0, lastModified: modified = 0 } = file ?? {};
      const one = { file, path, example, name, size, modified };
      return { ...one, identity: example ? `example ${example}` : identityOf(one) };
    });
    const met = new Set(given.map(({ identity }) => known.get(identity)));
    for (const one of given) {
      const { file, path, example, name, size, modified, identity } = one;
      const old = known.get(identity) ?? knownElsewhere(one, met);
      if (!old) {
        const entry = {
          job: numbered(), name, path: path || name, file, size, modified, example, identity,
          state: "new", fraction: 0, sentence: "", row: null,
        };
        known.set(identity, entry);
        entries.push(entry);
        fresh.push(entry);
        continue;
      }
      met.add(old);
      if (file) old.file = file;
      known.set(identity, old); // who was chosen in two ways is known by both
      // An answer of an earlier visit that ended before the closer look is made anew.
      if (old.state === "done" && !old.cut) answered.push(old);
      else retried.push(old);
    }
    openBatch(fresh.length);
    for (const entry of fresh) entry.state = "waiting";
    if (fresh.length) on.added(fresh);
    wait(retried);
    next();
    return { fresh, retried, answered };
  }

  function retry(jobs) {
    const some = entries.filter(({ job, state }) => jobs.includes(job) && state !== "done");
    for (const entry of some) {
      if (!entry.file && !entry.example) change(entry, { state: "lost", sentence: NO_FILE });
    }
    wait(some.filter(({ file, example }) => file || example));
    next();
  }

  // The browser has lost an answer that it should keep: it is heard again, if its sound is here.
  function again(entry) {
    change(entry, { state: "lost", sentence: NO_FILE, row: null });
    retry([entry.job]);
  }

  // The sound of an entry as the server hears it, for a browser that cannot play the file. Its file
  // is sent before the next answer; the sound is made between answers.
  function sound(entry, signal) {
    return new Promise((resolve, reject) => {
      const task = { purpose: "sound", entry, resolve, reject };
      const abort = () => {
        const k = sounds.indexOf(task);
        if (k >= 0) sounds.splice(k, 1);
        if (current === task || prepared.delete(task.turn)) {
          link.send({ type: "cancel", job: task.turn, purpose: "sound" });
        }
        if (current === task) {
          current = null;
          next();
        }
        reject(new Error(""));
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (entry.file || entry.example) sounds.push(task);
      else reject(new Error(NO_FILE));
      next();
    });
  }

  function cancel() {
    if (working()) current = null;
    slow = false;
    if (!paused) link.send({ type: "cancel", job: numbered() });
    wake();
  }

  function stopAll() {
    const some = [...(working() ? [current.entry] : []), ...waiting()];
    cancel();
    for (const entry of some) change(entry, { state: "stopped", sentence: "", fraction: 0 });
    told("idle", STOPPED);
    on.announced(STOPPED);
  }

  function remove(jobs) {
    const gone = new Set(jobs);
    const kept = entries.filter(({ job }) => !gone.has(job));
    for (const entry of entries) {
      if (!gone.has(entry.job)) continue;
      if (entry.state === "waiting" || entry.state === "working") batch.size -= 1;
    }
    for (const [identity, { job }] of known) if (gone.has(job)) known.delete(identity);
    entries.splice(0, entries.length, ...kept);
    on.removed(jobs);
    if (current && gone.has(current.entry.job)) cancel();
    if (!paused) next();
  }

  function restore(stored) {
    for (const entry of stored) {
      const undone = entry.state === "waiting" || entry.state === "working";
      const now = undone ? { state: "lost", sentence: NO_FILE } : {};
      const whole = { ...entry, file: null, fraction: 0, cut: !entry.looked, ...now };
      last = Math.max(last, entry.job);
      known.set(whole.identity, whole);
      entries.push(whole);
    }
    if (entries.length) on.added(entries, { restored: true });
  }

  // -- one after the other -----------------------------------------------------------------

  function next() {
    if (current || paused) return;
    const task = sounds.shift();
    const entry = task?.entry ?? entries.find(({ state }) => state === "waiting");
    if (!entry) {
      finish();
      return;
    }
    begin(task ?? { purpose: "answer", entry });
  }

  function begin(task) {
    const turn = numbered(); // the newest, so that Python drops everything before it
    const now = performance.now();
    current = Object.assign(task, { turn, tries: (task.tries ?? 0) + 1, received: 0, grown: now });
    turns.set(turn, current);
    for (const old of [...turns.keys()].slice(0, -4)) turns.delete(old);
    heard = now;
    const { entry, purpose } = current;
    if (purpose === "answer") change(entry, { state: "working", sentence: "", fraction: 0 });
    if (entry.example && !entry.file && working()) {
      link.send({ type: "example", job: turn, id: entry.example, name: entry.name });
      tell("analysing", "Opening the example…");
    } else send(current).catch((error) => failed(error));
  }

  function failed(error) {
    console.warn(error); // for whoever looks for it; the sentence is for everybody
    if (current) fail(BROKEN);
  }

  async function send(task) {
    const { turn: job, purpose } = task;
    const { name, example } = task.entry;
    const file = task.entry.file ?? new Blob(); // the server has the examples
    const going = () => current === task && task.turn === job; // it may be begun once more
    if (file.size > limit) {
      fail(TOO_LARGE(limit));
      return;
    }
    const seconds = task.entry.row?.duration;
    link.send({ type: "begin", job, name, size: file.size, purpose, example, seconds });
    if (working()) tell("uploading", "Sending the file…");
    for (let start = 0; start < file.size; start += PIECE) {
      let piece;
      try {
        piece = await file.slice(start, start + PIECE).arrayBuffer();
      } catch {
        if (going()) fail(UNREADABLE);
        return;
      }
      const free = () => start - task.received < AHEAD * PIECE;
      while (going() && !free()) await receipt();
      if (!going()) return;
      link.send({ type: "chunk", job, purpose }, undefined, [piece]);
    }
    if (purpose === "sound" && !file.size) prepare(task);
  }

  function prepare(task) {
    prepared.set(task.turn, task);
    current = null;
    next();
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

  // The current one has no answer; the others go on.
  function fail(sentence) {
    const task = current;
    if (task.purpose === "sound") {
      current = null;
      task.reject(new Error(sentence));
      next();
      return;
    }
    change(task.entry, { state: "error", sentence, fraction: 0 });
    on.announced(`${task.entry.name}: no answer. ${sentence}`);
    batch.failed += 1;
    done(`${task.entry.name}: ${sentence}`);
  }

  function done(sentence) {
    const { state } = current.entry;
    current = null;
    slow = false;
    batch.done += 1;
    wake();
    if (batch.size === 1) told(state, sentence, 1);
    next();
  }

  // Nothing is heard any more, and nothing waits.
  function finish() {
    const { size, done: count, failed: bad } = batch;
    batch = { size: 0, done: 0, failed: 0 };
    if (size < 2 || count < size) {
      if (works) told("idle", "");
      return;
    }
    const good = size - bad;
    const why = bad ? `, ${bad} could not be; the table says why` : "";
    const sentence = `${plural(size, "file")}: ${good} answered${why}.`;
    told(good ? "done" : "error", sentence, 1);
    on.announced(sentence);
  }

  // -- what Python says --------------------------------------------------------------------

  function alive() {
    heard = performance.now();
    slow = false;
  }

  // What was on its way when the connection broke is lost on both sides; a pong brings it to light.
  function onPong({ job, state, bytes, making }) {
    for (const one of prepared.values()) {
      // A pong may have been on its way when it was asked for.
      if (making.includes(one.turn) || performance.now() - one.grown < ASK) continue;
      prepared.delete(one.turn);
      sounds.push(one); // it was lost on its way
      next();
    }
    const task = current;
    if (!task) return;
    if (task.purpose === "sound") {
      const sent = task.received >= (task.entry.file?.size ?? 0);
      if (!sent && performance.now() - task.grown > PATIENCE) interrupted(task);
      return;
    }
    const mine = job === task.turn;
    const arrived = mine && state !== "uploading";
    if (arrived || (mine && bytes > task.received)) {
      task.received = arrived ? task.entry.size : bytes;
      task.grown = performance.now();
      wake();
    }
    if (!arrived) {
      if (performance.now() - task.grown > PATIENCE) interrupted(task);
    } else if (state !== "analysing") {
      if (task.settled) link.send({ type: "again", job }); // it was there a pong ago
      task.settled = true;
    }
  }

  function interrupted(task) {
    if (task.tries < TRIES) begin(task);
    else fail(INTERRUPTED);
  }

  function onAnswer(task, full) {
    if (task !== current || task.purpose !== "answer" || full.job !== task.turn) return;
    const { entry } = task;
    task.full = full;
    const now = { cut: false, looked: false };
    change(entry, { state: "done", sentence: "", fraction: 1, row: full.row, ...now });
    on.answered(entry, full);
    on.announced(full.announce, entry);
  }

  function onDetails(task, details) {
    if (!task?.full) return;
    task.full.details = details;
    Object.assign(task.entry, { looked: true, cut: false });
    if (known.get(task.entry.identity) === task.entry) on.detailed(task.entry, task.full);
  }

  // What a sound has become that Python was asked for.
  function onSound({ type, job, mime, sentence }, buffers) {
    const task = prepared.get(job) ?? current;
    if (task?.purpose !== "sound" || task.turn !== job) return; // nobody wants it any more
    prepared.delete(job);
    if (type === "decoded") task.resolve(new Blob(buffers, { type: mime }));
    else task.reject(new Error(sentence));
    if (task === current) {
      current = null;
      next();
    }
  }

  function onMessage(message, buffers) {
    alive();
    const task = turns.get(message.job);
    const mine = task && task === current && message.job === task.turn;
    if (message.type === "received" && mine) {
      task.received = message.bytes;
      task.grown = performance.now();
      if (working()) tell("uploading", "Sending the file…", task.received / task.entry.size);
      wake();
      if (task.purpose === "sound" && task.received === task.entry.file.size) prepare(task);
    } else if (message.type === "pong") onPong(message);
    else if (message.type === "report") onReport(message.report);
    else if (message.type === "sound" && task) {
      task.entry.file = new File([buffers[0]], message.name);
    } else if (message.type === "answer" && task) onAnswer(task, message);
    else if (message.type === "details") onDetails(task, message);
    else if (message.type === "decoded" || message.what === "sound") onSound(message, buffers);
  }

  function onReport(report) {
    const task = current;
    if (!task || report?.job !== task.turn) return; // "idle" answers a stop of ours
    alive();
    if (report.state === "error") fail(report.sentence);
    else if (task.purpose === "sound") return;
    else if (report.state === "done") {
      if (task.full) done("");
      else link.send({ type: "again", job: task.turn }); // it was lost on its way
    } else if (report.state === "analysing") tell("analysing", report.sentence, report.fraction);
    wake();
  }

  const guarded = (callback) => (...values) => {
    try {
      callback(...values);
    } catch (error) {
      failed(error);
    }
  };
  const handlers = {
    "msg:custom": guarded(onMessage),
    "change:report": guarded(() => onReport(link.get("report"))),
  };
  for (const [type, handler] of Object.entries(handlers)) link.on(type, handler);
  const heartbeat = setInterval(() => {
    if ((!current && !prepared.size) || paused) return;
    if (!slow && performance.now() - heard > PATIENCE) {
      slow = true;
      if (working()) tell("analysing", BUSY, current.entry.fraction);
    }
    link.send({ type: "ping" });
  }, ASK);

  return {
    entries,
    add,
    retry,
    again,
    remove,
    restore,
    sound,
    stopAll,
    busy: () => Boolean(working()) || waiting().length > 0,
    alone: () => batch.size === 1,
    // The kernel is gone: what has no answer yet waits for another one.
    pause() {
      if (paused) return;
      paused = true;
      const task = current;
      current = null;
      wake();
      for (const entry of entries) {
        if (entry.state === "done" && !entry.looked) entry.cut = true;
      }
      if (task?.purpose === "sound") task.reject(new Error(GOING_ON));
      for (const one of [...sounds.splice(0), ...prepared.values()]) {
        one.reject(new Error(GOING_ON));
      }
      prepared.clear();
      if (task?.entry.state === "working") {
        change(task.entry, { state: "waiting", sentence: "", fraction: 0 });
      }
      told("idle", "");
    },
    resume() {
      paused = false;
      batch = { size: waiting().length, done: 0, failed: 0 };
      next();
    },
    close() {
      clearInterval(heartbeat);
      for (const [type, handler] of Object.entries(handlers)) link.off(type, handler);
    },
  };
}
