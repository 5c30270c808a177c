// The page: its parts, and what each tells the others.

// What is said when the kernel is gone, by how many files wait and whether there are answers.
function goneSentence(left, answers) {
  const files = left === 1 ? "the remaining file" : `the remaining ${left} files`;
  if (left) return `The server has ended this session. “Go on” hears ${files}; nothing is lost.`;
  return answers
    ? "The server has ended this session. Nothing is lost, and “Go on” connects this page again."
    : "The server has ended this session. “Go on” connects this page again.";
}
const NOT_THERE = "The server cannot be reached. Nothing is lost, and this page keeps trying.";
const GONE_ANSWER = ({ name }) =>
  `The answer about ${name} is not kept any more. Choose the file again.`;
const ELSEWHERE = "Another tab shows this session by now.";

// What is said of the connection, with the one button that goes on.
function connectionOf({ onAgain, below }) {
  const over = element("p");
  const again = button("Go on", onAgain, { className: "an-button" });
  const root = element("div", { className: "an-ended", role: "alert", hidden: true }, [over, again]);
  // It stays on top: what is scrolled to comes to lie below it, and what begins under it moves down.
  const watch = new ResizeObserver(() => {
    const height = root.offsetHeight;
    const { style } = document.documentElement;
    style.scrollPaddingTop = `${height}px`;
    style.setProperty("--an-above", `${height}px`);
    for (const part of height ? below() : []) {
      const { top } = part.getBoundingClientRect();
      if (!part.hidden && top >= 0 && top < height) scrollBy(0, top - height - 8);
    }
  });
  watch.observe(root);
  return {
    root,
    close: () => watch.disconnect(),
    say(sentence, { focus = false, waits = false } = {}) {
      root.hidden = !sentence;
      over.textContent = sentence;
      again.disabled = waits;
      if (sentence && focus) again.focus({ preventScroll: true });
    },
  };
}

// Sentences for a screen reader: one after the other, each of them once.
function announcerOf() {
  const root = element("p", { className: "an-unseen an-said", role: "status" });
  return { root, say: (sentence) => (root.textContent = sentence) };
}

function skipTo(text, target) {
  const link = element("a", { className: "an-skip", href: "#", textContent: text });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    target().focus();
  });
  return link;
}

// Files that are dropped anywhere; one that misses the field must not replace the page.
function droppingOf({ root, onDrop }) {
  let depth = 0;
  const carries = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
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
      onDrop(event.dataTransfer);
    },
  };
  const each = (act) =>
    Object.entries(listeners).forEach(([type, listener]) => document[act](type, listener));
  each("addEventListener");
  return { close: () => each("removeEventListener") };
}

function render({ model, el }) {
  if (handedOver(model)) return undefined;
  const link = linkOf(model);
  const announcer = announcerOf();
  const store = storeOf({ format: link.get("format"), onTrouble: warn });
  const queue = queueOf({
    link,
    on: { added, changed, removed, answered, detailed, told: tell, announced },
  });
  const recorder = recorderOf({
    onFile: (file) => take([{ file }]),
    onSay: announcer.say,
  });
  const player = playerOf({ sound: queue.sound, onFile: guarded(again) });
  const answer = answerOf({
    model: link,
    player,
    onProject: guarded(project),
    onPrint: () => window.print(),
  });
  const session = sessionOf({
    onShow: guarded(open),
    onCompare: guarded(compare),
    onRemove: guarded(queue.remove),
    onRetry: guarded(queue.retry),
    onForget: guarded(forget),
  });
  const comparison = comparisonOf({ onClose: guarded(endComparison), sound: queue.sound });
  const room = roomOf();
  const cover = coverOf({ onChange: covered });
  const projector = projectorOf({
    room,
    entriesOf: answers,
    onShow: guarded(open),
    onClose: () => shown && answer.title.focus(),
  });
  const lesson = classOf({
    room,
    cover,
    book: link.get("book"),
    onProject: guarded(project),
    onJoin: projector.openJoin,
  });
  const sheet = sheetOf();
  const connection = connectionOf({
    onAgain: guarded(goOn),
    below: () => [answer.root, comparison.root],
  });
  const earlier = earlierOf({ onShow: guarded(adopt), onDrop: guarded(dropEarlier) });
  const intake = intakeOf({
    limit: link.get("limit"),
    longest: link.get("longest"),
    lead: link.get("lead"),
    examples: link.get("examples"),
    recorder,
    onFiles: guarded(takeFound),
    onExample: guarded((example) => take([example])),
    onStop: guarded(queue.stopAll),
  });
  const notice = element("p", { className: "an-notice", textContent: link.get("notice") });
  notice.hidden = !notice.textContent;
  const warning = element("p", { className: "an-notice", role: "alert", hidden: true });
  const skip = skipTo("Skip to the answer", () => answer.title);
  skip.hidden = true;
  const root = element("div", { className: "an" }, [
    skip,
    connection.root,
    notice,
    warning,
    earlier.root,
    intake.root,
    session.root,
    cover.line,
    answer.root,
    session.single,
    comparison.root,
    lesson.root,
    projector.root,
    sheet.root,
    announcer.root,
  ]);
  el.append(root);

  const states = new WeakMap(); // of entries, as they are kept
  let shown = null; // { entry, full } of the answer on the page
  let server = "here";
  let connecting = false;
  let ready = false; // the stored session has been read
  let told = ""; // the state that the line of status speaks of
  let before = null; // what was shown before a comparison
  let chosen = false; // somebody has opened an answer while others are heard

  function guarded(callback) {
    const failed = (error) => {
      console.warn(error); // for whoever looks for it; the sentence is for everybody
      say("error", BROKEN);
    };
    return (...values) => {
      try {
        return Promise.resolve(callback(...values)).catch(failed);
      } catch (error) {
        return failed(error);
      }
    };
  }

  function warn(sentence) {
    warning.textContent = sentence;
    warning.hidden = false;
  }

  // What answers an act is read aloud; the steps of the work are not.
  function say(state, sentence) {
    tell(state, sentence);
    announcer.say(sentence);
  }

  function tell(state, sentence, fraction = 0) {
    told = state;
    intake.show(state, sentence, fraction);
  }

  // A sentence goes with what it speaks of; what a whole batch has become stays `unless` it is over.
  function hush({ unless = "" } = {}) {
    if (!queue.busy() && told !== unless) tell("idle", "");
  }

  // What can be shown to a class, as it was given.
  function answers() {
    return queue.entries.filter(({ state }) => state === "done");
  }

  function announced(sentence, entry) {
    const hidden = entry && cover.on();
    announcer.say(hidden ? `${entry.name} is answered. ${COVERED}` : sentence);
  }

  function covered(on) {
    root.classList.toggle("an-covered", on);
    intake.cover(on);
    announcer.say(on ? COVERED : "The answers are shown.");
  }

  function keep(entries) {
    store.save(entries, { answered: answers().length, shown: shown?.entry.job });
  }

  // -- what the queue tells ----------------------------------------------------------------

  function added(entries, { restored = false } = {}) {
    session.set(queue.entries);
    if (!restored) keep(entries);
    if (server !== "here") tellAway(); // they wait for it
  }

  function changed(entry) {
    session.update(entry);
    // Progress is not kept, the states are.
    if (states.get(entry) === entry.state) return;
    states.set(entry, entry.state);
    keep([entry]);
    if (server !== "here") tellAway();
  }

  function removed(jobs) {
    store.remove(jobs);
    for (const job of jobs) session.remove(job);
    if (shown && jobs.includes(shown.entry.job)) close();
    if (comparison.has(jobs)) comparison.close();
    hush();
    if (!queue.entries.length) intake.fold("none");
    if (server !== "here") tellAway();
    projector.prune();
    lesson.set(answers().length > 0);
  }

  function answered(entry, full) {
    store.saveAnswer(entry.job, full);
    lesson.set(true);
    projector.refresh();
    const watched = projector.root.open;
    if (watched && shown) return; // the room looks at another one
    // Of many files the first answer is opened; who has chosen another one keeps it.
    const alone = queue.alone();
    if (alone) tell("done", "", 1); // what it says goes, before the page is moved
    if (!alone && (shown || chosen)) return;
    show(entry, full, { focus: alone });
    if (cover.on() && !watched) guarded(project)();
  }

  function detailed(entry, full) {
    store.saveAnswer(entry.job, full);
    keep([entry]);
    comparison.update(entry, full);
    if (shown?.entry !== entry) return;
    shown.full = full;
    answer.showDetails(full.details);
    player.answer(full);
  }

  // -- what the visitor asks ---------------------------------------------------------------

  function take(items) {
    if (!items.length || !ready) return;
    chosen = false;
    const silent = shown && !shown.entry.file;
    const { fresh, retried, answered: old } = queue.add(items);
    if (silent && shown.entry.file) again(shown.entry);
    if (fresh.length + retried.length) toTheTop();
    if (fresh.length + retried.length || !old.length) return;
    if (old.length === 1) open(old[0]);
    else say("idle", `All ${old.length} of these files are answered already.`);
  }

  // What was found in folders; `left` says what else lies there.
  async function takeFound(finding) {
    const searching = () => queue.busy() || tell("idle", "Looking for sound in the folder…");
    const timer = setTimeout(searching, 300);
    const found = await finding.finally(() => clearTimeout(timer));
    session.note(found.left);
    if (found.length) {
      if (found.left) announcer.say(found.left);
      take(found);
    } else say("error", `There is no sound in this folder. ${found.left}`.trim());
  }

  function show(entry, full, { focus = false } = {}) {
    shown = { entry, full };
    keep([]);
    comparison.close();
    player.load(entry);
    answer.show(entry, full);
    player.answer(full);
    sheet.show(entry, full);
    session.mark(entry.job);
    skip.hidden = false;
    intake.fold("closed");
    if (focus) reach();
  }

  function scrollTo(part) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    part.scrollIntoView({ block: "start", behavior: still ? "instant" : "smooth" });
  }

  // Where the progress is seen, and what fails.
  function toTheTop() {
    if (intake.root.getBoundingClientRect().top < 0) scrollTo(intake.root);
  }

  function reach() {
    answer.title.focus({ preventScroll: true });
    scrollTo(answer.root);
  }

  // Its file was chosen again: what it sounds like can be heard now.
  function again(entry) {
    if (shown?.entry === entry) show(entry, shown.full);
  }

  async function open(entry) {
    const full = await store.answer(entry.job);
    if (!full) {
      if (!entry.file && !entry.example) say("error", GONE_ANSWER(entry));
      queue.again(entry);
      return null;
    }
    chosen = true;
    hush({ unless: "done" });
    show(entry, full, { focus: true });
    return full;
  }

  async function project() {
    const [first] = answers();
    const piece = shown ?? (first && { entry: first, full: await open(first) });
    if (piece?.full) projector.open({ ...piece, player });
  }

  function close() {
    shown = null;
    answer.clear();
    player.load(null);
    sheet.clear();
    skip.hidden = true;
  }

  async function compare(jobs) {
    const pairs = await Promise.all(
      jobs.map(async (job) => ({
        entry: queue.entries.find((entry) => entry.job === job),
        full: await store.answer(job),
      })),
    );
    const lost = pairs.find(({ full }) => !full);
    if (lost) {
      say("error", GONE_ANSWER(lost.entry));
      return;
    }
    hush({ unless: "done" });
    const now = shown;
    close();
    before = now;
    chosen = true;
    session.mark(null);
    comparison.show(pairs);
  }

  function endComparison() {
    comparison.close();
    const { entry, full } = before ?? {};
    before = null;
    if (entry && queue.entries.includes(entry)) show(entry, full, { focus: true });
    else session.root.querySelector("button").focus();
  }

  async function forget() {
    if (queue.busy()) queue.stopAll();
    queue.remove(queue.entries.map(({ job }) => job));
    close();
    await store.forget();
    say("idle", "This session is forgotten.");
    intake.input.focus();
    earlier.show(await store.earlier(), { open: !queue.entries.length });
  }

  // -- the session that is kept ------------------------------------------------------------

  async function begin() {
    restore(await store.open());
    ready = true;
    tell("idle", "");
    link.send({ type: "ping" }); // the page is there: Python loads the model now
    if (!queue.entries.length) earlier.show(await store.earlier());
  }

  function restore({ entries, shown: job }, how = {}) {
    queue.restore(entries);
    projector.prune();
    const some = answers();
    lesson.set(some.length > 0);
    const last = some.find((entry) => entry.job === job) ?? some.at(-1);
    if (last) store.answer(last.job).then((full) => full && show(last, full, how));
  }

  async function adopt(one) {
    const theirs = await store.adopt(one.id);
    intake.input.focus({ preventScroll: true }); // until there is an answer
    earlier.without(one, { open: false });
    if (theirs) restore(theirs, { focus: true });
    else say("error", ELSEWHERE);
  }

  async function dropEarlier(one) {
    await store.drop(one.id);
    if (!earlier.without(one)) intake.input.focus();
  }

  // -- the server --------------------------------------------------------------------------

  function connected(state) {
    server = state;
    const here = state === "here";
    session.ended(!here);
    if (here) {
      connection.say("");
      queue.resume();
      return;
    }
    queue.pause();
    if (shown && !shown.full.details) answer.showDetails({ sentence: UNFINISHED });
    tellAway({ focus: state === "gone" });
  }

  function tellAway(how) {
    if (connecting) return; // it says so
    const count = (state) => queue.entries.filter((entry) => entry.state === state).length;
    const sentence = server === "away" ? NOT_THERE : goneSentence(count("waiting"), count("done"));
    connection.say(sentence, how);
  }

  async function goOn() {
    connecting = true;
    connection.say("Connecting…", { waits: true });
    try {
      await link.renew();
    } catch (error) {
      connection.say(error.message, { focus: true });
      return;
    } finally {
      connecting = false;
    }
    queue.pause(); // the one that was here again meanwhile is not asked any more
    watch.again();
    connected("here");
  }

  const dropping = droppingOf({ root, onDrop: guarded((data) => takeFound(filesOf(data))) });
  const watch = watchOf({ link, onState: guarded(connected) });
  link.whenDead(watch.doubt);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const onDark = () => {
    repaint(root);
    player.repaint();
    comparison.repaint();
  };
  dark.addEventListener("change", onDark);
  // Fetched while the visitor looks for a file; a failure is told where a chart would be.
  const timer = setTimeout(() => loadPlotly(link).catch(() => {}), 500);
  // Voilà's page asks before it is left.
  window.audionomeBusy = () => queue.busy() || recorder.busy() || store.unkept();
  intake.show("starting", "", 0);
  if (cover.on()) covered(true);
  guarded(begin)();

  return () => {
    dropping.close();
    watch.close();
    clearTimeout(timer);
    dark.removeEventListener("change", onDark);
    purge(root);
    player.close();
    comparison.end();
    recorder.close();
    connection.close();
    session.close();
    lesson.close();
    projector.close();
    room.close();
    sheet.close();
    queue.close();
    store.close();
    link.close();
  };
}

export default { render };
