// The panel that hears a file, a recording or an example, on the reader's own computer.
"use strict";

(() => {
  const Audionome = window.Audionome || {};
  const containers = [...document.querySelectorAll(".audionome-try")];
  const needed = "card load decode capture make timeline intake refusals record".split(" ");
  if (needed.some((part) => !Audionome[part])) {
    containers.forEach((container) => {
      const sentence = document.createElement("p");
      sentence.textContent = "A part of this page did not load. Reload the page to try again.";
      container.prepend(sentence);
      container.classList.add("listen-failed");
    });
    return;
  }

  const { make, refusals, intake: sounds } = Audionome;
  const { minutes } = Audionome.telling;
  const LOADED = 0.4; // of the bar, when the model is there
  const FETCHED = 0.9; // of the loading, when all is there and only has to start
  const KEPT = 20; // earlier answers

  const CURABLE = ["network", "memory", "failed"]; // kinds of problems that may pass

  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

  // At once. Without the card no file is heard, which is told then.
  const mostFiles = () =>
    Audionome.card().then(({ limits }) => limits.files_max, () => Infinity);

  // What no file can be heard without: its failure ends the row of files.
  const vital = (promise) =>
    promise.catch((error) => {
      throw Object.assign(error, { vital: true });
    });

  // -- the parts that a reader sees --------------------------------------------------------

  function workOf(onStop) {
    const title = make("p", { className: "listen-title" });
    const bar = make("progress", { max: 1, value: 0, aria: { label: "Progress" } });
    const step = make("p", { className: "listen-step" });
    const stop = make("button", { type: "button" }, ["Cancel"]);
    stop.addEventListener("click", onStop);
    const root = make("div", { className: "listen-work", hidden: true }, [
      make("div", {}, [title, step]),
      bar,
      stop,
    ]);
    return { root, title, bar, step, stop };
  }

  // -- the panel ---------------------------------------------------------------------------

  function panelOf(container) {
    const above = container.closest("section")?.querySelector("h1, h2, h3");
    const level = above ? Number(above.tagName[1]) + 1 : 2;
    const intake = sounds.fieldOf();
    const examples = sounds.examplesOf(container, (entry) => hear([entry]));
    const work = workOf(cancel);
    const says = make("p", { className: "listen-says listen-unseen", role: "status" });
    const again = make("button", { type: "button", hidden: true }, ["Try again"]);
    const shown = make("div", { className: "listen-shown" });
    const earlier = make("section", { className: "listen-earlier", hidden: true });
    const root = make("section", { className: "listen-panel", aria: { label: "Try it" } }, [
      make("p", { className: "listen-lead" }, [
        make("strong", {}, ["Nothing leaves your computer."]),
        " This page listens by itself; no sound is sent anywhere.",
      ]),
      intake.root,
      work.root,
      says,
      again,
      shown,
      earlier,
      ...examples,
    ]);
    let run = new AbortController(); // of what is being heard
    let taking = new AbortController(); // of the recording
    let answers = []; // newest first: { name, blob, answer }
    let current = null;
    let player = null;
    let takes = 0;
    let rate = 0;

    const inside = () =>
      document.activeElement === document.body || root.contains(document.activeElement);

    function say(text, { problem = false } = {}) {
      says.textContent = text;
      says.classList.toggle("listen-unseen", !problem);
      says.classList.toggle("listen-problem", problem);
      again.hidden = true;
    }

    function busy(on) {
      const held = work.root.contains(document.activeElement);
      work.root.hidden = !on;
      if (on) {
        work.root.scrollIntoView({ block: "nearest" });
      }
      root.dataset.state = on ? "working" : "idle";
      root.setAttribute("aria-busy", String(on));
      if (!on && held) {
        intake.input.focus({ preventScroll: true }); // The button that had it has gone.
      }
    }

    function step(fraction, text) {
      work.bar.value = fraction;
      work.step.textContent = text;
    }

    // -- answers ---------------------------------------------------------------------------

    async function open(entry, { go = true } = {}) {
      if (player) {
        player.release();
      }
      current = entry;
      player = sounds.playerOf(entry, rate);
      player.addEventListener("play", () => {
        document.dispatchEvent(new CustomEvent("audionome-listening", { detail: "try" }));
      });
      const focus = go && inside();
      const title = await Audionome.showAnswer(shown, entry.answer, {
        audio: player,
        name: entry.name,
        level,
      });
      shown.hidden = false;
      list();
      if (focus) {
        const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
        title.focus({ preventScroll: true });
        shown.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
      }
    }

    function list() {
      const others = answers.filter((entry) => entry !== current);
      earlier.hidden = !others.length;
      const items = others.map((entry) => {
        const button = make("button", { type: "button" }, [
          make("span", {}, [entry.name]),
          make("strong", {}, [entry.answer.headline]),
        ]);
        button.addEventListener("click", () => open(entry));
        return make("li", {}, [button]);
      });
      const clear = make("button", { type: "button", className: "listen-more" }, [
        "Forget these answers",
      ]);
      clear.addEventListener("click", () => {
        answers = answers.filter((entry) => entry === current);
        list();
        intake.input.focus({ preventScroll: true });
      });
      earlier.replaceChildren(
        make(`h${level}`, {}, ["Earlier answers"]),
        make("ol", { reversed: true }, items),
        clear,
      );
    }

    // -- listening -------------------------------------------------------------------------

    async function answerOf(entry, { signal, before }) {
      work.title.textContent = `${before}${entry.name}`;
      const { name } = entry;
      const told = (from, to, words) => (share) => {
        if (!signal.aborted) {
          step(from + (to - from) * share, words(share));
        }
      };
      step(0, "Opening\u2026");
      const { files, sample_rate } = await vital(Audionome.card());
      rate = sample_rate;
      const size = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
      const of = megabytes(size);
      entry.blob = await sounds.soundOf(entry, signal);
      Audionome.stopIf(signal);
      const loading = vital(Audionome.load({
        progress: told(0, LOADED, (share) =>
          share < FETCHED
            ? `Loading the model, once: ${megabytes((share / FETCHED) * size)} of ${of} MB`
            : "Starting the model\u2026"),
      }));
      loading.then(() => told(LOADED, 1, () => "Decoding\u2026")(0), () => {});
      const [engine, samples] = await Promise.all([
        loading,
        entry.samples || Audionome.decode(entry.blob, { name, signal }),
      ]);
      Audionome.stopIf(signal);
      const length = samples.length / rate;
      const answer = await engine.classify(samples, {
        name,
        signal,
        progress: told(LOADED, 1, (share) =>
          `Listening: ${minutes(share * length)} of ${minutes(length)}`),
      });
      Audionome.stopIf(signal);
      entry.blob = entry.blob || sounds.wav(samples, rate);
      delete entry.samples;
      return answer;
    }

    // Hear one file after the other. Whatever was being heard before is dropped.
    async function hear(entries, { note = "" } = {}) {
      run.abort();
      taking.abort();
      run = new AbortController();
      const { signal } = run;
      if (player) {
        player.pause(); // Its controls go.
      }
      const many = entries.length > 1;
      const found = [];
      const failed = new Set(); // sentences: one that holds for all files is said once
      const left = []; // what a second try may cure
      busy(true);
      shown.hidden = true;
      say(many ? `Listening to ${entries.length} files.` : `Listening to ${entries[0].name}.`);
      for (const [k, given] of entries.entries()) {
        const entry = { ...given };
        try {
          const before = many ? `${k + 1} of ${entries.length}: ` : "";
          entry.answer = await answerOf(entry, { signal, before });
          found.push(entry);
          answers = [entry, ...answers].slice(0, KEPT);
          busy(many && k + 1 < entries.length); // The bar goes before the page scrolls.
          if (found.length === 1) {
            await open(entry, { go: !many });
          }
          list();
        } catch (error) {
          if (signal.aborted) {
            return;
          }
          const { kind, sentence } = await sounds.told(error, entry);
          failed.add(sentence);
          if (CURABLE.includes(kind)) {
            left.push(given, ...(error.vital ? entries.slice(k + 1) : []));
          }
          if (error.vital) {
            break;
          }
        }
        if (signal.aborted) {
          return;
        }
      }
      busy(false);
      shown.hidden = !current;
      const heard = many
        ? `${found.length} of ${entries.length} files heard.`
        : found.map(({ name, answer }) => `${name}: ${answer.headline}.`).join("");
      const told = [note, ...failed].filter(Boolean).join(" ");
      say(told ? [many ? heard : "", told].join(" ").trim() : heard, { problem: Boolean(told) });
      again.hidden = !left.length;
      again.onclick = () => hear(left);
    }

    function cancel() {
      run.abort();
      busy(false);
      shown.hidden = !current;
      say("Cancelled.");
    }

    async function take({ files, folders = [] }) {
      const notes = folders.slice(0, 1).map(refusals.folder);
      const most = await mostFiles();
      if (files.length > most) {
        notes.push(refusals.many(most));
      }
      const entries = files.slice(0, most).map((blob) => ({ name: blob.name, blob }));
      if (entries.length) {
        hear(entries, { note: notes.join(" ") });
      } else if (notes.length) {
        say(notes.join(" "), { problem: true });
      }
    }

    async function record() {
      run.abort();
      taking = new AbortController();
      const { signal } = taking;
      busy(false);
      shown.hidden = !current;
      say("");
      if (player) {
        player.pause();
      }
      intake.choose.hidden = true;
      intake.recorder.hidden = false;
      root.dataset.state = "recording";
      Audionome.load({ progress() {} }).catch(() => {}); // It is told when it is needed.
      let samples = null;
      let problem = "";
      try {
        samples = await Audionome.record(intake.recorder, {
          signal,
          onBegin: () => say("Recording. It stops by itself after half a minute."),
        });
      } catch (error) {
        problem = (await sounds.told(error)).sentence;
      }
      intake.recorder.hidden = true;
      intake.choose.hidden = false;
      if (signal.aborted) {
        return; // A file was chosen instead.
      }
      root.dataset.state = "idle";
      intake.record.focus({ preventScroll: true });
      if (samples) {
        takes += 1;
        hear([{ name: `Recording ${takes}`, samples }]);
      } else {
        say(problem || "The recording was thrown away.", { problem: Boolean(problem) });
      }
    }

    intake.input.addEventListener("change", () => {
      const files = [...intake.input.files];
      intake.input.value = ""; // The same file may be chosen again.
      take({ files });
    });
    intake.record.addEventListener("click", record);
    document.addEventListener("audionome-listening", ({ detail }) => {
      if (detail !== "try" && player) {
        player.pause();
      }
    });
    container.replaceChildren(root);
    return { root, take, say };
  }

  const panels = containers.map(panelOf);
  if (panels.length) {
    sounds.acceptDrops(panels[0]);
  }
})();
