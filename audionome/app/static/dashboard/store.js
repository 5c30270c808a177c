// The session, kept in this browser: rows and answers, never a sound. It outlives a reload, a
// crash and a server that was started again.

const DATABASE = "audionome";
const TAB = "audionome-session"; // where a tab keeps the name of its session
const DAYS = 30; // after which a session that nobody opened is deleted
const SESSIONS = 20; // that are kept
// ms that another tab has to say that a session is its own; nobody waits for the longer one.
const ASKING = { own: 1000, other: 1500 };
const OPENING = 5000; // ms that the browser may take to open what it keeps
const FULL =
  "This browser has no room left to keep answers. Download the table before you leave the page.";
const UNKEPT =
  "This browser keeps nothing for this page. Download the table before you leave or reload it.";

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onabort = () => reject(request.error);
  });

const tooLate = (time) =>
  new Promise((_, reject) => setTimeout(() => reject(new Error("It takes too long.")), time));

function openDatabase(format) {
  const request = indexedDB.open(DATABASE, format);
  request.onupgradeneeded = () => {
    const base = request.result;
    // What another version of this page has kept cannot be shown by this one.
    for (const name of base.objectStoreNames) base.deleteObjectStore(name);
    base.createObjectStore("sessions", { keyPath: "id" });
    for (const name of ["entries", "answers"]) {
      base.createObjectStore(name, { keyPath: ["session", "job"] });
    }
  };
  return settled(request);
}

// `format` numbers the form of the answers; `onTrouble` is told a sentence, once.
function storeOf({ format, onTrouble }) {
  const memory = new Map(); // answers that the browser does not keep
  const channel = window.BroadcastChannel ? new BroadcastChannel(DATABASE) : null;
  let base = null;
  let id = "";
  let told = false;

  const nameOf = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const ofSession = (session) => IDBKeyRange.bound([session, 0], [session, Infinity]);
  const all = (name, range) => settled(base.transaction(name).objectStore(name).getAll(range));

  function trouble(sentence) {
    if (!told) onTrouble(sentence);
    told = true;
  }

  const lockOf = (session) => `${DATABASE} ${session}`;

  // Held as long as the page lives; browsers have such locks on this computer and over https.
  let release = () => {};
  function hold() {
    release();
    const released = new Promise((resolve) => (release = resolve));
    navigator.locks?.request(lockOf(id), () => released);
  }

  async function held(session) {
    const { held: names } = await navigator.locks.query();
    return names.some(({ name }) => name === lockOf(session));
  }

  function take(session) {
    id = session;
    hold();
    try {
      sessionStorage.setItem(TAB, id);
    } catch {
      // A page without storage begins anew each time.
    }
  }

  channel?.addEventListener("message", ({ data }) => {
    if (data.asks === id) channel.postMessage({ mine: id });
  });

  // Whether another tab shows this session.
  async function taken(session) {
    return navigator.locks ? held(session) : answers(session, ASKING.other);
  }

  // Whether another tab shows this session, which is the tab's own: a copied tab has the name of the first. The
  // page before a reload may hold the lock for a moment longer, so the tab is asked.
  async function copied(session) {
    return (!navigator.locks || (await held(session))) && answers(session, ASKING.own);
  }

  function answers(session, patience) {
    if (!channel) return Promise.resolve(false);
    return new Promise((resolve) => {
      const listen = ({ data }) => data.mine === session && finish(true);
      const finish = (answer) => {
        channel.removeEventListener("message", listen);
        resolve(answer);
      };
      channel.addEventListener("message", listen);
      channel.postMessage({ asks: session });
      setTimeout(() => finish(false), patience);
    });
  }

  function write(change) {
    return new Promise((resolve, reject) => {
      const work = base.transaction(["sessions", "entries", "answers"], "readwrite");
      work.oncomplete = () => resolve();
      work.onerror = work.onabort = () => reject(work.error);
      change((name) => work.objectStore(name));
    });
  }

  async function attempt(change) {
    if (!base) return false;
    try {
      await write(change);
      return true;
    } catch (error) {
      console.warn(error); // for whoever looks for it; the sentence is for everybody
      trouble(FULL);
      return false;
    }
  }

  // Return the sessions with answers that no tab shows, the newest first; old ones are deleted.
  async function earlier() {
    if (!base) return [];
    const oldest = Date.now() - DAYS * 24 * 3600 * 1000;
    const others = (await all("sessions")).filter((session) => session.id !== id);
    const apart = await Promise.all(others.map((session) => taken(session.id)));
    const free = others.filter((_, k) => !apart[k]).sort((a, b) => b.changed - a.changed);
    const worth = ({ answered, changed }, k) => answered && changed > oldest && k < SESSIONS;
    for (const session of free.filter((one, k) => !worth(one, k))) await drop(session.id);
    return free.filter(worth);
  }

  function drop(session) {
    return attempt((of) => {
      of("sessions").delete(session);
      of("entries").delete(ofSession(session));
      of("answers").delete(ofSession(session));
    });
  }

  const read = async (session) => ({
    entries: await all("entries", ofSession(session)),
    shown: (await settled(base.transaction("sessions").objectStore("sessions").get(session)))?.shown,
  });

  // Return the entries of this tab's session, and the job that it showed.
  async function open() {
    let mine = "";
    try {
      mine = sessionStorage.getItem(TAB) ?? "";
      base = await Promise.race([openDatabase(format), tooLate(OPENING)]);
      base.onversionchange = () => base.close();
    } catch (error) {
      console.warn(error);
      trouble(UNKEPT);
      take(nameOf());
      return { entries: [] };
    }
    take(mine && !(await copied(mine)) ? mine : nameOf());
    return read(id);
  }

  const plain = ({ file, fraction, ...entry }) => ({ ...entry, session: id });

  // Keep entries as they are now, and of the whole session how many are `answered` and which one
  // is `shown`.
  function save(entries, { answered, shown }) {
    return attempt((of) => {
      of("sessions").put({ id, changed: Date.now(), answered, shown });
      for (const entry of entries) of("entries").put(plain(entry));
    });
  }

  async function saveAnswer(job, full) {
    const kept = await attempt((of) => of("answers").put({ session: id, job, full }));
    if (kept) memory.delete(job);
    else memory.set(job, full);
  }

  async function answer(job) {
    if (memory.has(job) || !base) return memory.get(job) ?? null;
    const store = base.transaction("answers").objectStore("answers");
    return (await settled(store.get([id, job])))?.full ?? null;
  }

  function remove(jobs) {
    for (const job of jobs) memory.delete(job);
    return attempt((of) => {
      for (const job of jobs) {
        of("entries").delete([id, job]);
        of("answers").delete([id, job]);
      }
    });
  }

  function forget() {
    memory.clear();
    return drop(id);
  }

  // Show an earlier session in this tab; what the tab has already becomes part of it.
  // Gives nothing if another tab shows it by now.
  async function adopt(session) {
    if (await taken(session)) return null;
    const theirs = await read(session);
    const mine = id;
    const names = ["entries", "answers"];
    const ours = await Promise.all(names.map((name) => all(name, ofSession(mine))));
    take(session);
    await attempt((of) => {
      names.forEach((name, k) => ours[k].forEach((one) => of(name).put({ ...one, session })));
    });
    await drop(mine);
    return theirs;
  }

  // Whether an answer would be lost with the page.
  const unkept = () => memory.size > 0;

  function close() {
    release();
    channel?.close();
    base?.close();
  }

  return { open, earlier, save, saveAnswer, answer, remove, forget, adopt, drop, close, unkept };
}
