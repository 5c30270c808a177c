// The page for the projector: the room guesses, then the answer is revealed.

const KEYS = "1234567890";
const keyHelp = (count) =>
  `Keys: ${count > KEYS.length ? "" : `1 to ${KEYS[count - 1]} vote, `}Backspace takes a vote ` +
  "back, R reveals, P plays, ← and → change the piece, " +
  "N shows the file’s name, J shows how to join and goes back, F full screen, Esc leaves.";
const ROOMS = "audionome-votes"; // where a tab keeps what the room said
const NO_SOUND =
  "The sound of this piece is not there any more. Leave with Esc, choose the file again, " +
  "and come back.";
const NO_VOTES = "No votes yet: choose a genre to vote.";
const NOT_THERE_NOW = "The answer about this piece is not kept any more.";

const votesOf = (count) => plural(count, "vote");

// What most of the room said: one genre, or several with as many votes.
function roomSaid(votes, bars) {
  const counts = bars.map(({ genre, name }) => [votes.filter((one) => one === genre).length, name]);
  const most = Math.max(...counts.map(([count]) => count));
  if (!most) return "";
  const names = counts.filter(([count]) => count === most).map(([, name]) => name).sort();
  const said = names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names[0];
  const each = names.length > 1 ? `${most} of ${votes.length} each` : `${most} of ${votes.length}`;
  return `The room said ${said} (${each}).`;
}

// All genres in the order of the alphabet: the order of the answer would give it away.
function guessSceneOf({ onVote, onUndo }) {
  const total = element("p", { className: "an-total" });
  const undo = button("Take back the last vote", onUndo);
  const list = element("ul", { className: "an-choices" });
  const keys = element("p", { className: "an-keys" });
  const root = element("div", { className: "an-scene an-guessing" }, [
    element("h2", { textContent: "What genre is it?" }),
    list,
    element("div", { className: "an-voted" }, [total, undo]),
    keys,
  ]);
  let choices = [];
  const keyed = () => choices.length <= KEYS.length;

  function show(bars) {
    const sorted = [...bars].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    const many = sorted.length > KEYS.length; // more than there are keys
    choices = sorted.map(({ genre, name }, k) => {
      const count = element("span", { className: "an-votes" });
      const choice = button("", () => onVote(genre), { className: "an-choice" });
      choice.append(
        ...(many ? [] : [element("kbd", { textContent: KEYS[k], aria: { hidden: "true" } })]),
        element("span", { className: "an-what", textContent: name, dir: "auto" }),
        count,
      );
      return { genre, name, choice, count };
    });
    list.classList.toggle("an-many", many);
    list.replaceChildren(...choices.map(({ choice }) => element("li", {}, [choice])));
    keys.textContent = keyHelp(choices.length);
  }

  function count(votes) {
    for (const { genre, name, choice, count: shown } of choices) {
      const mine = votes.filter((one) => one === genre).length;
      shown.textContent = mine || "";
      choice.setAttribute("aria-label", `${name}, ${votesOf(mine)}`);
    }
    total.textContent = votes.length ? votesOf(votes.length) : NO_VOTES;
    undo.disabled = !votes.length;
  }

  return { root, show, count, of: (key) => keyed() && choices[KEYS.indexOf(key)] };
}

function answerSceneOf() {
  const root = element("div", { className: "an-scene an-revealed" });

  function rowOf({ genre, name, color, share, text, named }, votes) {
    const fill = element("span", { className: "an-fill" });
    fill.style.width = `${100 * share}%`;
    fill.style.background = color;
    const mine = votes.filter((one) => one === genre).length;
    return element("tr", { className: named ? "an-named" : "" }, [
      element("th", { scope: "row", textContent: name }),
      element("td", { className: "an-room" }, [element("span", { className: "an-bar" }, [fill])]),
      element("td", { textContent: text }),
      votes.length ? element("td", { className: "an-votes", textContent: mine || "" }) : null,
    ]);
  }

  function tableOfBars(bars, votes) {
    const names = ["Genre", "", "Audionome", ...(votes.length ? ["The room"] : [])];
    const heads = names.map((textContent) => element("th", { scope: "col", textContent }));
    return element("table", { className: "an-large" }, [
      element("caption", { className: "an-unseen", textContent: "How likely is each genre?" }),
      element("thead", {}, [element("tr", {}, heads)]),
      element("tbody", {}, likeliestOf(bars, votes).map((bar) => rowOf(bar, votes))),
    ]);
  }

  function show(card, votes) {
    const { headline, status, confidence, color, hearing, hears, bars } = card;
    const large = element("h2", { className: "an-headline", textContent: headline, tabIndex: -1 });
    large.dataset.long = [9, 18, 40].filter((most) => headline.length > most).length;
    const said = roomSaid(votes, bars);
    const tags = hears.slice(0, 6).map(({ name }) => element("li", { textContent: name }));
    const words = element("div", { className: "an-words" }, [
      large,
      status === "one"
        ? element("p", { className: "an-confidence", textContent: confidence })
        : null,
      ...[card.nearest, card.promise, card.foreign, card.learned, ...card.notes]
        .filter(Boolean)
        .map((textContent) => element("p", { textContent })),
      said ? element("p", { className: "an-said-by-all", textContent: said }) : null,
      tags.length ? element("h3", { textContent: hearing }) : null,
      tags.length ? element("ul", { className: "an-tags" }, tags) : null,
    ]);
    words.style.setProperty("--an-genre", color);
    root.replaceChildren(words, tableOfBars(bars, votes));
    return large;
  }

  return { root, show, clear: () => root.replaceChildren() };
}

// The sound, without a word that names a genre or a file.
function soundButtonOf() {
  const play = button("Play", () => player?.toggle(), { className: "an-plain an-strong" });
  const time = element("span", { className: "an-time" });
  const none = element("p", { className: "an-no-sound", textContent: NO_SOUND, hidden: true });
  const root = element("div", { className: "an-sounding" }, [play, time, none]);
  const events = ["play", "pause", "timeupdate", "durationchange"];
  const watch = new MutationObserver(mark); // of the player's state
  let player = null;

  function mark() {
    if (!player) return;
    const { audio } = player;
    const gone = ["none", "missing", "failed"].includes(player.state());
    play.textContent = audio.paused ? "Play" : "Pause";
    play.hidden = time.hidden = gone;
    none.hidden = !gone;
    const long = Number.isFinite(audio.duration) ? ` / ${clock(audio.duration)}` : "";
    time.textContent = clock(audio.currentTime) + long;
    if (player.state() === "preparing") time.textContent = PREPARING;
  }

  function use(next) {
    watch.disconnect();
    for (const type of events) player?.audio.removeEventListener(type, mark);
    player = next;
    if (!player) return;
    for (const type of events) player.audio.addEventListener(type, mark);
    watch.observe(player.root, { attributes: true, attributeFilter: ["data-state"] });
    mark();
  }

  return { root, play, use };
}

// `entriesOf()` gives what can be shown, in its order; `onShow(entry)` opens one on
// the page, loads the player, and resolves with its answer; `onClose` is told when it is left.
function projectorOf({ room, entriesOf, onShow, onClose = () => {} }) {
  const rooms = new Map(tabKeeps(ROOMS, [])); // by job: { votes, revealed }
  const keepRooms = () => keepInTab(ROOMS, [...rooms]);
  const join = joinOf(room);
  const sound = soundButtonOf();
  const guess = guessSceneOf({ onVote: vote, onUndo: undo });
  const answer = answerSceneOf();
  const joining = element("div", { className: "an-scene an-joining" }, [
    element("h2", { textContent: "Join in" }),
    join.root,
  ]);
  const said = element("p", { className: "an-unseen", role: "status" });
  const where = element("p", { className: "an-where" });
  const file = element("p", { className: "an-file", dir: "auto", hidden: true });
  const name = button("Show the file’s name", () => showName(file.hidden));
  const how = button("How to join", toggleJoin);
  const light = button("Light background", toggleLight);
  const full = button("Full screen", toggleFull, { hidden: !document.fullscreenEnabled });
  const leave = button("Leave", close);
  const back = button("← Previous", () => step(-1), { aria: { label: "Previous piece" } });
  const reveal = button("Reveal", toggleReveal, { className: "an-plain an-strong" });
  const next = button("Next →", () => step(1), { aria: { label: "Next piece" } });
  const foot = element("footer", {}, [back, sound.root, reveal, next]);
  const stage = element("div", { className: "an-stage" }, [
    element("header", {}, [
      where,
      file,
      element("div", { className: "an-tools" }, [name, how, light, full, leave]),
    ]),
    guess.root,
    answer.root,
    joining,
    foot,
    said,
  ]);
  const root = element("dialog", { className: "an-projector" }, [stage]);
  root.setAttribute("aria-label", "For the whole room");

  let shown = null; // { entry, full, player }
  let view = "piece"; // or "join"

  const stateOf = () => {
    const { job } = shown.entry;
    if (!rooms.has(job)) rooms.set(job, { votes: [], revealed: false });
    return rooms.get(job);
  };

  // -- what is seen ------------------------------------------------------------------------

  function show(wanted) {
    view = wanted;
    const piece = view === "piece" && shown;
    const revealed = piece && shown.full && stateOf().revealed;
    guess.root.hidden = !piece || revealed || !shown.full;
    answer.root.hidden = !revealed;
    joining.hidden = view !== "join";
    foot.hidden = where.hidden = name.hidden = !piece;
    how.hidden = view === "join" && !shown;
    how.textContent = view === "join" ? "Back to the piece" : "How to join";
    if (view === "join") join.start();
    else join.stop();
    showName(false);
    if (!revealed) said.textContent = ""; // of the last answer nothing is left, also unseen
    if (piece) showPiece(revealed);
  }

  function showPlace() {
    const entries = entriesOf();
    const k = entries.findIndex(({ job }) => job === shown.entry.job);
    where.textContent = k < 0 ? "" : `Piece ${k + 1} of ${entries.length}`;
    back.disabled = k <= 0;
    next.disabled = k === entries.length - 1; // one that was removed comes before it
  }

  function showPiece(revealed) {
    showPlace();
    reveal.disabled = !shown.full;
    reveal.textContent = revealed ? "Hide the answer" : "Reveal";
    if (!shown.full) return;
    const { votes } = stateOf();
    answer.clear(); // nothing of an answer is on the page before it is asked for
    if (revealed) {
      const large = answer.show(shown.full.card, votes);
      said.textContent = `${large.textContent}. ${roomSaid(votes, shown.full.card.bars)}`;
    } else guess.count(votes);
  }

  function showName(seen) {
    const wanted = seen && view === "piece";
    file.hidden = !wanted;
    file.textContent = wanted ? shown.entry.name : "";
    name.textContent = wanted ? "Hide the file’s name" : "Show the file’s name";
  }

  function toggleJoin() {
    show(view === "join" ? "piece" : "join");
    how.focus();
  }

  function toggleLight() {
    const now = root.classList.toggle("an-light");
    light.textContent = now ? "Dark background" : "Light background";
  }

  // Not the dialog itself: browsers refuse that.
  async function toggleFull() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await stage.requestFullscreen();
    } catch {
      full.hidden = true; // this browser has none
    }
  }

  const onFull = () =>
    (full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen");

  // -- what the room says ------------------------------------------------------------------

  function vote(genre) {
    const { votes } = stateOf();
    votes.push(genre);
    keepRooms();
    guess.count(votes);
    const { name: called } = shown.full.card.bars.find((bar) => bar.genre === genre);
    said.textContent = `${called}: ${votesOf(votes.filter((one) => one === genre).length)}`;
  }

  function undo() {
    const { votes } = stateOf();
    votes.pop();
    keepRooms();
    guess.count(votes);
    said.textContent = `One vote taken back: ${votesOf(votes.length)}`;
  }

  function toggleReveal() {
    const state = stateOf();
    state.revealed = !state.revealed;
    keepRooms();
    show("piece");
    if (state.revealed) answer.root.querySelector("h2").focus();
    else reveal.focus();
  }

  async function step(by) {
    const entries = entriesOf();
    const entry = entries[entries.findIndex(({ job }) => job === shown.entry.job) + by];
    if (!entry) return;
    const { player } = shown;
    player.audio.pause();
    shown = { entry, full: null, player };
    show("piece"); // nothing of the last one stays while the next is looked for
    const found = await onShow(entry);
    if (shown?.entry !== entry) return;
    if (found) put({ entry, full: found, player });
    else said.textContent = where.textContent = NOT_THERE_NOW;
    // A button that was just used may have become disabled.
    if (!stage.contains(document.activeElement)) sound.play.focus();
  }

  function put(piece) {
    shown = piece;
    root.classList.remove("an-pointed");
    guess.show(piece.full.card.bars);
    sound.use(piece.player);
    show("piece");
  }

  // -- coming and going --------------------------------------------------------------------

  function enter() {
    if (!root.open) root.showModal();
  }

  function open(piece) {
    enter();
    put(piece);
    (sound.play.hidden ? reveal : sound.play).focus();
  }

  function openJoin() {
    enter();
    show("join");
    leave.focus();
  }

  function close() {
    if (root.open) root.close();
  }

  root.addEventListener("close", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    join.stop();
    shown?.player.audio.pause();
    sound.use(null);
    answer.clear();
    said.textContent = "";
    shown = null;
    onClose();
  });
  // Esc goes back to the piece, and from there it leaves.
  root.addEventListener("cancel", (event) => {
    if (view !== "join" || !shown) return;
    event.preventDefault();
    toggleJoin();
  });
  // A genre below a pointer that rests would look chosen.
  root.addEventListener("pointermove", ({ movementX, movementY }) => {
    if (movementX || movementY) root.classList.add("an-pointed");
  });

  const always = {
    p: () => shown?.player.toggle(),
    j: () => shown && toggleJoin(),
    f: toggleFull,
  };
  const acts = {
    r: () => shown.full && toggleReveal(),
    n: () => showName(file.hidden),
    Backspace: () => !guess.root.hidden && undo(),
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
  };
  // Of the document: who has clicked beside the buttons still has the keys.
  const onKey = (event) => {
    if (!root.open || event.altKey || event.ctrlKey || event.metaKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    // A key that is held counts once, also on a button.
    if (event.repeat && key === "Enter") event.preventDefault();
    const choice = !guess.root.hidden && guess.of(key);
    const ofPiece = view === "piece" && shown ? acts[key] : null;
    const act = choice ? () => vote(choice.genre) : (ofPiece ?? always[key]);
    if (!act) return;
    event.preventDefault();
    if (!event.repeat) act();
  };
  document.addEventListener("keydown", onKey);
  document.addEventListener("fullscreenchange", onFull);
  show("piece");

  return {
    root,
    open,
    openJoin,
    // Others are answered while the room looks at this one.
    refresh() {
      if (root.open && shown && view === "piece") showPlace();
    },
    // What the room said of a piece goes with it.
    prune() {
      const jobs = new Set(entriesOf().map(({ job }) => job));
      for (const job of rooms.keys()) if (!jobs.has(job)) rooms.delete(job);
      keepRooms();
    },
    close() {
      close();
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("fullscreenchange", onFull);
    },
  };
}
