// Where the sound of an answer comes from: from the file, or from the server where the browser
// cannot play the file, or plays something else than what was heard.

const SLOW = 4000; // ms after which a file without a length counts as one that cannot be played
const SAME = 0.3; // s that two lengths may differ
const UNHEARD = "The sound cannot be played in this browser. The answer is not affected.";

let sounding = null; // the audio that plays: one on the whole page

// `sound(entry, signal)` asks the server. `onChange` is told when one of these is another one:
// state() is "none", "missing" (the file is gone with the page), "loading", "preparing", "ready"
// or "failed"; sentence() says why it failed.
function soundOf({ sound, onChange }) {
  const audio = element("audio", { preload: "metadata" });
  let entry = null;
  let state = "none";
  let sentence = "";
  let url = "";
  let asked = null; // what the server is asked for
  let prepared = false; // the sound is the server's
  let timer = 0;

  function become(next, words = "") {
    state = next;
    sentence = words;
    onChange();
  }

  function release() {
    clearTimeout(timer);
    if (!url) return;
    audio.pause();
    audio.removeAttribute("src");
    audio.load(); // lets go of what was read
    URL.revokeObjectURL(url);
    url = "";
  }

  function use(blob) {
    release();
    url = URL.createObjectURL(blob);
    audio.src = url;
    timer = setTimeout(unusable, SLOW);
    become("loading");
  }

  function load(next) {
    asked?.abort();
    asked = null;
    release();
    entry = next;
    prepared = false;
    // Of a damaged file a browser plays other parts, whatever length it says.
    if (!entry) become("none");
    else if (entry.file && !entry.row?.mended) use(entry.file);
    else if (entry.file || entry.example) prepare();
    else become("missing");
  }

  async function prepare() {
    release();
    const mine = (asked = new AbortController());
    become("preparing");
    try {
      const blob = await sound(entry, mine.signal);
      if (asked !== mine) return;
      prepared = true;
      use(blob);
    } catch (error) {
      if (asked === mine) become("failed", error.message || UNHEARD);
    }
  }

  function unusable() {
    if (prepared) {
      release();
      become("failed", UNHEARD);
    } else prepare();
  }

  // Whether the file lasts as long as what was heard: another length is another time line.
  function fits() {
    const heard = entry.row?.duration;
    return prepared || !heard || Math.abs(audio.duration - heard) <= SAME;
  }

  function measured() {
    if (state !== "loading") return;
    if (audio.duration === Infinity) {
      audio.currentTime = 1e9; // a recording of the microphone says how long it is at its end
    } else if (!Number.isFinite(audio.duration)) {
      return;
    } else if (fits()) {
      clearTimeout(timer);
      if (audio.currentTime) audio.currentTime = 0;
      become("ready");
    } else unusable();
  }

  audio.addEventListener("loadedmetadata", measured);
  audio.addEventListener("durationchange", measured);
  audio.addEventListener("error", () => url && unusable());
  audio.addEventListener("play", () => {
    if (sounding !== audio) sounding?.pause();
    sounding = audio;
  });
  audio.addEventListener("timeupdate", () => {
    // A video is played without its sound where only the sound cannot be decoded.
    const mute = audio.webkitAudioDecodedByteCount === 0 || audio.mozHasAudio === false;
    if (state === "ready" && !prepared && !audio.paused && audio.currentTime > 0.5 && mute) {
      unusable();
    }
  });

  return { audio, load, retry: prepare, state: () => state, sentence: () => sentence };
}
