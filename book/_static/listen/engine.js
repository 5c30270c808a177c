// The classifier in the page: what it needs is fetched when somebody asks, and works in a worker.
// The rules of an answer are in the graphs and the card that Python writes; see worker.js.
"use strict";

(() => {
  const home = new URL(".", document.currentScript.src).href;
  const version = new URL(document.currentScript.src).search;
  const old =
    "This browser cannot run the model: it lacks WebAssembly or what goes with it. Try a current " +
    "browser, or use the app, which listens on your computer.";
  const memory =
    "This device has too little free memory for that. Close other pages and try again, or use " +
    "the app.";
  const asFile =
    "Browsers do not let a page that was opened as a file load the model. Run \"make serve\" in " +
    "the folder of Audionome and open http://localhost:8000, or read the published site.";

  // What cannot be done, as a sentence for the reader; kind: "wasm", "file", "network", "memory",
  // "decode", "empty", "short", "silent", "long" or "other".
  class Problem extends Error {
    constructor(sentence, kind = "other") {
      super(sentence);
      this.name = "Problem";
      this.kind = kind;
    }
  }

  function said(error) {
    if (error instanceof Problem || error.name === "AbortError") {
      return error;
    }
    const text = String(error.message || error);
    if (error instanceof RangeError || /memory|alloc/i.test(text)) {
      return new Problem(memory, "memory");
    }
    return new Problem(`The page cannot listen: ${text.replace(/\.$/, "")}.`);
  }

  // -- what is fetched ---------------------------------------------------------------------

  async function fetched(url, onBytes) {
    let answer;
    try {
      answer = await fetch(url);
    } catch {
      answer = null;
    }
    if (!answer || !answer.ok) {
      const what = answer ? `the server answered ${answer.status}` : "there was no answer";
      throw new Problem(
        `A part of the model could not be loaded (${what}). Check the connection and try again.`,
        "network",
      );
    }
    if (!onBytes || !answer.body) {
      return answer.arrayBuffer();
    }
    const parts = [];
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return new Blob(parts).arrayBuffer();
      }
      parts.push(value);
      onBytes(value.length);
    }
  }

  const isPacked = (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b;

  // Some servers unpack it on the way.
  async function unpacked(buffer) {
    if (!isPacked(new Uint8Array(buffer, 0, 2))) {
      return buffer;
    }
    if (!window.DecompressionStream) {
      throw new Problem(old, "wasm");
    }
    const stream = new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  let cardOnce = null;

  function card() {
    if (location.protocol === "file:") {
      return Promise.reject(new Problem(asFile, "file"));
    }
    cardOnce ||= fetched(`${home}card.json${version}`).then(
      (buffer) => JSON.parse(new TextDecoder().decode(buffer)),
    );
    cardOnce.catch(() => (cardOnce = null)); // the next click tries again
    return cardOnce;
  }

  // -- the worker --------------------------------------------------------------------------

  // From a blob, because a worker from an address would not be under the policy of the page, which
  // lets nothing out.
  function begin() {
    const scripts = ["words.js", "worker.js"].map((name) => `${home}${name}${version}`);
    const url = URL.createObjectURL(
      new Blob([`importScripts(${JSON.stringify(scripts).slice(1, -1)});`], {
        type: "text/javascript",
      }),
    );
    try {
      return new Worker(url);
    } finally {
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    }
  }

  class Engine {
    constructor(worker, about, onEnd) {
      this.card = about;
      this.worker = worker;
      this.waiting = new Map();
      this.last = 0;
      worker.onmessage = ({ data }) => this.hears(data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.end(said(new Error(event.message || "its worker stopped")));
      };
      this.onEnd = onEnd;
    }

    hears({ id, progress, result, problem }) {
      const waits = this.waiting.get(id);
      if (!waits) {
        return;
      }
      if (progress !== undefined) {
        waits.progress(progress);
        return;
      }
      this.waiting.delete(id);
      if (problem) {
        waits.reject(problem.kind ? new Problem(problem.text, problem.kind) : said(problem));
      } else {
        waits.resolve(result);
      }
    }

    ask(kind, values, { transfer = [], progress = () => {}, signal } = {}) {
      if (signal?.aborted) {
        return Promise.reject(signal.reason);
      }
      if (!this.worker) {
        return Promise.reject(new Problem("The model has stopped; try again."));
      }
      this.last += 1;
      const id = this.last;
      return new Promise((resolve, reject) => {
        this.waiting.set(id, { resolve, reject, progress });
        signal?.addEventListener("abort", () => {
          if (this.waiting.delete(id)) {
            this.worker?.postMessage({ id, kind: "cancel" });
            reject(signal.reason);
          }
        });
        this.worker.postMessage({ id, kind, ...values }, transfer);
      });
    }

    end(problem) {
      this.worker.terminate();
      this.worker = null;
      this.waiting.forEach(({ reject }) => reject(problem));
      this.waiting.clear();
      this.onEnd();
    }

    // Classifies mono samples at card.sample_rate; progress gets the share that is done.
    classify(samples, { name = "The recording", progress, signal } = {}) {
      const own = samples.slice(); // the worker takes it away
      return this.ask("classify", { samples: own, name, notes: samples.notes || [] }, {
        transfer: [own.buffer], progress, signal,
      });
    }

    // Hears one window of card.window samples; gives its row, or null if it is silent.
    hear(samples) {
      return this.ask("hear", { samples });
    }

    // Answers about rows of windows; length counts the sound in windows.
    answer(rows, { length = rows.length, times } = {}) {
      return this.ask("answer", { rows, length, times });
    }
  }

  async function start(progress) {
    if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
      throw new Problem(old, "wasm");
    }
    const about = await card();
    const names = Object.keys(about.files);
    const all = names.reduce((sum, name) => sum + about.files[name].bytes, 0);
    let seen = 0;
    const contents = await Promise.all(
      names.map((name) => {
        const url = `${home}${name}?v=${about.files[name].sha256.slice(0, 12)}`;
        // The worker loads the scripts by itself; here they come into the cache.
        return fetched(url, (bytes) => {
          seen += bytes;
          progress(Math.min(0.9, (0.9 * seen) / all), "loading the model");
        });
      }),
    );
    const of = (name) => contents[names.indexOf(name)];
    const wasm = await unpacked(of("ort-wasm.wasm.gz"));
    const url = (name) => `${home}${name}?v=${about.files[name].sha256.slice(0, 12)}`;
    const engine = new Engine(begin(), about, () => (engineOnce = null));
    try {
      await engine.ask(
        "load",
        {
          card: about,
          runtime: url("ort.js"),
          glue: url("ort-wasm.js"),
          wasm,
          ear: of("musicnn.onnx"),
          head: of("head.onnx"),
        },
        { transfer: [wasm] },
      );
    } catch (error) {
      engine.end(error);
      throw error;
    }
    progress(1, "ready");
    return engine;
  }

  let engineOnce = null;
  const listeners = new Set();

  function load({ progress = () => {} } = {}) {
    listeners.add(progress);
    engineOnce ||= start((share, words) => listeners.forEach((tell) => tell(share, words))).catch(
      (error) => {
        engineOnce = null; // the next click tries again
        throw said(error);
      },
    );
    const done = () => listeners.delete(progress);
    engineOnce.then(done, done);
    return engineOnce;
  }

  Object.assign(window.Audionome, { Problem, card, load, said });
})();
