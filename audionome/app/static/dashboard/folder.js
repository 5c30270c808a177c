// What was dropped or chosen, folders and all, as files with their paths in natural order.

// As audionome.files has them: what can be decoded, by the ends of names.
const SUFFIXES = new Set(
  (
    "8svx aac ac3 adts aif aifc aiff amr ape au avr awb caf dff dsf dts eac3 flac htk ircam m2a " +
    "m4a m4b m4r mka mp1 mp2 mp3 mpa mpc mpc2k nist oga ogg opus paf pvf rf64 sds snd sph spx " +
    "svx tak tta voc w64 wav wave weba wma wv wve 3g2 3gp asf avi f4v flv m2ts m4v mkv mov mp4 " +
    "mpeg mpg mts ogv ogx ts vob webm wmv"
  ).split(" "),
);
const SHARED_ENDS = new Set(["ts", "mts"]); // TypeScript has them too
const PACKET = 0x47; // begins every packet of a transport stream
const NATURAL = new Intl.Collator("en", { numeric: true });
const BREATH = 20; // files that are looked at before the page may do something else
const DEEPEST = 64; // folders in folders; a link may lead back to where it lies

const endOf = (name) => /\.(\w+)$/.exec(name)?.[1].toLowerCase() ?? "";
// What somebody picked may be called as it likes; only what lies in it can be hidden.
const isHidden = (path) => path.split("/").slice(1).some((part) => part.startsWith("."));

// Browsers call playlists and MIDI "audio" too: the end of a name decides where there is one.
function isSound({ name, type = "" }) {
  const end = endOf(name);
  return end ? SUFFIXES.has(end) : /^(audio|video)\//.test(type);
}

// Why a file of a folder is left out; a file that somebody picked by itself never is.
async function whyNot({ file, path }) {
  if (isHidden(path)) return "hidden";
  if (!isSound(file)) return "silent";
  if (!file.size) return "empty";
  if (!SHARED_ENDS.has(endOf(file.name))) return "";
  const head = new Uint8Array(await file.slice(0, 5).arrayBuffer().catch(() => new ArrayBuffer(0)));
  return head[0] === PACKET || head[4] === PACKET ? "" : "silent";
}

const LEFT_OUT = {
  silent: ["is not sound", "are not sound"],
  hidden: ["is hidden", "are hidden"],
  empty: ["is empty", "are empty"],
  unreadable: ["cannot be read", "cannot be read"],
};

// One sentence about what was left out, or ""; `others` are those that were not.
function leftOutOf(counts, others) {
  const reasons = Object.keys(LEFT_OUT).filter((reason) => counts[reason]);
  if (!reasons.length) return "";
  const said = (reason) => LEFT_OUT[reason][counts[reason] === 1 ? 0 : 1];
  const total = reasons.reduce((sum, reason) => sum + counts[reason], 0);
  const were = total === 1 ? "file was" : "files were";
  const parts =
    reasons.length > 1
      ? reasons.map((reason) => `${countOf(counts[reason])} ${said(reason)}`)
      : [`${total === 1 ? "it" : "they"} ${said(reasons[0])}`];
  return `${countOf(total)} ${others ? "other " : ""}${were} left out: ${parts.join(", ")}.`;
}

// Sorted, with the sentence about the rest in `left`.
async function soundsAmong(found, counts = {}) {
  const kept = [];
  for (const [k, one] of found.entries()) {
    // The browser waits for the disk each time that it tells a size.
    if (k % BREATH === BREATH - 1) await new Promise((done) => setTimeout(done));
    const reason = one.picked ? "" : await whyNot(one);
    if (reason) counts[reason] = (counts[reason] ?? 0) + 1;
    else kept.push({ file: one.file, path: one.path });
  }
  const parts = new Map(kept.map((one) => [one, one.path.split("/")]));
  const order = (one, other) => {
    const [a, b] = [parts.get(one), parts.get(other)];
    const k = a.findIndex((part, i) => part !== b[i]);
    return k < 0 ? a.length - b.length : NATURAL.compare(a[k], b[k] ?? "");
  };
  return Object.assign(kept.sort(order), { left: leftOutOf(counts, kept.length) });
}

// A folder gives at most a hundred of its entries at once.
async function entriesIn(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

async function walk(entry, path, found, counts, depth = 0) {
  const leave = (reason) => (counts[reason] = (counts[reason] ?? 0) + 1);
  try {
    if (depth && entry.name.startsWith(".")) {
      leave("hidden"); // a hidden folder counts as one
    } else if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ file, path });
    } else if (depth < DEEPEST) {
      const inside = await entriesIn(entry);
      const walks = inside.map((one) => walk(one, `${path}/${one.name}`, found, counts, depth + 1));
      await Promise.all(walks);
    }
  } catch {
    leave("unreadable");
  }
}

// What was dropped. Call it in the event itself: after it, the browser knows of it no more.
async function filesOf(dataTransfer) {
  const found = [];
  const counts = {};
  const walks = [...dataTransfer.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => [item.webkitGetAsEntry?.(), item.getAsFile()])
    .map(([entry, file]) => {
      if (entry?.isDirectory) return walk(entry, entry.name, found, counts);
      if (file) found.push({ file, path: file.name, picked: true });
      return null;
    });
  await Promise.all(walks);
  return soundsAmong(found, counts);
}

// What was chosen: files, or a folder.
function filesIn(files) {
  return soundsAmong(
    [...files].map((file) => ({
      file,
      path: file.webkitRelativePath || file.name,
      picked: !file.webkitRelativePath,
    })),
  );
}
