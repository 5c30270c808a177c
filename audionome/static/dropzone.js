// The way in: one file by choice or by drag and drop, sent to Python in pieces.
// `job` numbers the chosen file; whatever belongs to an older one is ignored on both sides.

const PIECE = 1 << 20; // bytes in one message
const AHEAD = 4; // pieces that may wait for their receipt
// Time without a sign of life (ms) before the server counts as lost.
const PATIENCE = { uploading: 30000, analysing: 120000 };

const MIB = 2 ** 20;
const LOST = "The server does not answer. Reload the page and choose the file again.";

function element(name, properties = {}, children = []) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function sizeOf(bytes) {
  return bytes < MIB ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

function render({ model, el }) {
  const limit = model.get("limit");
  const id = `an-${Math.random().toString(36).slice(2)}`;

  const input = element("input", { type: "file", id, className: "an-input" });
  input.accept = "audio/*,video/*,.wav,.mp3,.flac,.ogg,.oga,.opus,.m4a,.aac,.aif,.aiff,.webm";
  input.setAttribute("aria-describedby", `${id}-help`);
  const label = element("label", { htmlFor: id, className: "an-target" }, [
    element("span", { className: "an-button", textContent: "Choose a sound file" }),
    element("span", { className: "an-or", textContent: "or drop it here" }),
  ]);
  const help = element("p", { id: `${id}-help`, className: "an-help" });
  help.textContent =
    `WAV, MP3, FLAC, OGG, Opus or M4A, at least 3 seconds, up to ${Math.floor(limit / MIB)} MiB. ` +
    "The sound stays in memory for the answer: it is never written to disk, logged or passed on.";
  const target = element("div", { className: "an-choose" }, [input, label]);

  const name = element("span", { className: "an-name" });
  const size = element("span", { className: "an-size" });
  const player = element("audio", { controls: true, preload: "metadata" });
  const silent = element("p", { className: "an-help an-mute", hidden: true });
  silent.textContent = "This browser cannot play the file; the analysis does not need it to.";
  const file = element("div", { className: "an-file", hidden: true }, [
    element("p", { className: "an-title" }, [name, size]),
    player,
    silent,
  ]);

  const bar = element("progress", { max: 1, value: 0 });
  bar.setAttribute("aria-label", "Progress");
  const stop = element("button", { type: "button", className: "an-stop", textContent: "Stop" });
  const work = element("div", { className: "an-work", hidden: true }, [bar, stop]);
  const status = element("p", { className: "an-status" });
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");

  const root = element("section", { className: "an an-drop" }, [
    element("h1", { textContent: "What genre is it?" }),
    element("p", {
      className: "an-lead",
      textContent:
        "Audionome listens to a piece of music, three seconds at a time, and says which of ten " +
        "genres it resembles most, and how sure that is.",
    }),
    target,
    help,
    file,
    work,
    status,
  ]);
  root.setAttribute("aria-label", "Choose a sound file");
  el.append(root);

  let job = 0;
  let total = 1;
  let received = 0;
  let heard = 0; // when the server last gave a sign of life
  let wake = () => {};
  let url = "";

  function show(state, sentence, fraction) {
    root.dataset.state = state;
    const busy = state === "uploading" || state === "analysing";
    if (!busy && document.activeElement === stop) input.focus(); // the button is going away
    work.hidden = !busy;
    root.setAttribute("aria-busy", String(busy));
    // Half of the bar for the way to the server, half for the work there.
    bar.value = state === "uploading" ? fraction / 2 : 0.5 + fraction / 2;
    // Equal text is not set again, or a screen reader would repeat it.
    if (status.textContent !== sentence) status.textContent = sentence;
  }

  function play(chosen) {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(chosen);
    silent.hidden = true;
    player.hidden = false;
    player.src = url;
    name.textContent = chosen.name;
    size.textContent = sizeOf(chosen.size);
    file.hidden = false;
  }

  function begin(message) {
    job = Math.max(job + 1, Date.now());
    received = 0;
    model.send({ job, ...message });
    wake();
    return job;
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

  async function send(chosen) {
    play(chosen);
    if (chosen.size > limit) {
      const sentence =
        `This file has ${sizeOf(chosen.size)}; at most ${Math.floor(limit / MIB)} MiB can be ` +
        "sent. Cut it, or save it as MP3, and try again.";
      begin({ type: "cancel" }); // the file before this one is of no interest any more
      show("error", sentence, 0);
      return;
    }
    total = chosen.size;
    const mine = begin({ type: "begin", size: chosen.size });
    heard = performance.now();
    show("uploading", "Sending the file…", 0);
    for (let start = 0; start < chosen.size; start += PIECE) {
      let piece;
      try {
        piece = await chosen.slice(start, start + PIECE).arrayBuffer();
      } catch {
        if (mine !== job) return;
        begin({ type: "cancel" });
        show("error", "This file cannot be read; a folder cannot be dropped here.", 0);
        return;
      }
      const current = () => mine === job && root.dataset.state === "uploading";
      while (current() && start - received >= AHEAD * PIECE) await receipt();
      if (!current()) return;
      model.send({ type: "chunk", job: mine }, undefined, [piece]);
    }
  }

  function choose(files) {
    if (files && files.length) send(files[0]);
  }

  function onMessage(message) {
    if (message.type !== "received" || message.job !== job) return;
    received = message.bytes;
    heard = performance.now();
    if (root.dataset.state === "uploading") {
      bar.value = received / total / 2;
    }
    wake();
  }

  function onReport() {
    const report = model.get("report");
    if (!report || report.job !== job || !job) return;
    if (report.state === "idle") return; // the answer to a "cancel" of ours, which is told already
    heard = performance.now();
    show(report.state, report.sentence, report.fraction);
    wake();
  }

  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // the same file may be chosen again
    choose(files);
  });
  stop.addEventListener("click", () => {
    begin({ type: "cancel" });
    show("idle", "Stopped. Choose a file to begin again.", 0);
  });
  player.addEventListener("error", () => {
    player.hidden = true;
    silent.hidden = false;
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
  const enter = mark(1);
  const leave = mark(-1);
  const over = (event) => carries(event) && event.preventDefault();
  const drop = (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    root.classList.remove("an-over");
    choose(event.dataTransfer.files);
  };
  const listeners = { dragenter: enter, dragleave: leave, dragover: over, drop };
  for (const [type, listener] of Object.entries(listeners)) {
    document.addEventListener(type, listener);
  }
  model.on("msg:custom", onMessage);
  model.on("change:report", onReport);
  const watch = setInterval(() => {
    const patience = PATIENCE[root.dataset.state];
    if (patience && performance.now() - heard > patience) show("error", LOST, 0);
  }, 2000);
  show("idle", "", 0);

  return () => {
    for (const [type, listener] of Object.entries(listeners)) {
      document.removeEventListener(type, listener);
    }
    model.off("msg:custom", onMessage);
    model.off("change:report", onReport);
    clearInterval(watch);
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
