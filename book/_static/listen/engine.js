// The classifier in the page: what it needs is fetched when somebody asks, and works in a worker.
// The rules of an answer are in the graphs and the card that Python writes; see worker.js.
"use strict";

(() => {
  const home = new URL(".", document.currentScript.src).href;
  const SCRIPTS = ["words.js", "worker.js"]; // of the worker
  const PATIENCE = 12; // times 5 s without a word of the worker, which the browser may have ended
  const old =
    "This browser cannot run the model: it lacks WebAssembly or what goes with it. Try a current " +
    "browser, or use the app, which listens on your computer.";
  const memory =
    "This device has too little free memory for that. Close other pages and try again, or use " +
    "the app.";
  const failed =
    "Something in this page failed while it listened. Try again; if it happens again, use the app.";
  const unloaded = (why) =>
    `A part of the model could not be loaded (${why}). Check the connection and try again.`;
  const asFile =
    "Browsers do not let a page that was opened as a file load the model. Run \"make serve\" in " +
    "the folder of Audionome and open http://localhost:8000, or read the published site.";

  // What cannot be done, as a sentence for the reader; kind: "wasm", "file", "network", "memory",
  // "decode", "empty", "short", "silent", "long", "failed" or "other".
  class Problem extends Error {
    constructor(sentence, kind = "other") {
      super(sentence);
      this.name = "Problem";
      this.kind = kind;
    }
  }

  // WebAssembly that runs out of memory throws a number, or says one of these.
  const starved = /^\d+$|out of memory|\balloc|\boom\b|out of bounds|array (buffer|length)/i;

  // Any error as a sentence: the words of a program help no reader.
  function said(error) {
    if (error instanceof Problem || error?.name === "AbortError") {
      return error;
    }
    const text = String(error?.message ?? error ?? "");
    if (error?.name === "RangeError" || starved.test(text)) {
      return new Problem(memory, "memory");
    }
    console.warn(text);
    return new Problem(failed, "failed");
  }

  // What signal.throwIfAborted() does; older browsers lack it.
  function stopIf(signal) {
    if (signal?.aborted) {
      throw signal.reason || new DOMException("It was cancelled.", "AbortError");
    }
  }

  // -- what is fetched ---------------------------------------------------------------------

  async function fetched(url, { onBytes, cache = "default" } = {}) {
    try {
      const answer = await fetch(url, { cache });
      if (!answer.ok) {
        throw new Problem(unloaded(`the server answered ${answer.status}`), "network");
      }
      if (!onBytes || !answer.body) {
        return await answer.arrayBuffer();
      }
      const parts = [];
      const reader = answer.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          return await new Blob(parts).arrayBuffer();
        }
        parts.push(value);
        onBytes(value.length);
      }
    } catch (error) {
      throw error instanceof Problem
        ? error
        : new Problem(unloaded("there was no answer"), "network");
    }
  }

  // Where a page may compute it: browsers keep it from plain http on another machine.
  async function digestOf(buffer) {
    const hash = await crypto.subtle?.digest("SHA-256", buffer);
    return hash && [...new Uint8Array(hash)].map((b) => b.toString(16).padStart(2, "0")).join("");
  }

  // A file of the model, as the card describes it: a network that asks for a password answers, too,
  // and a site may change while its page is open.
  async function part(about, name, onBytes) {
    const buffer = await fetched(addressOf(about, name), { onBytes });
    const { bytes, sha256 } = about.files[name];
    const unpackedOnTheWay = name.endsWith(".gz") && !isPacked(new Uint8Array(buffer));
    const digest = unpackedOnTheWay ? sha256 : await digestOf(buffer);
    if ((buffer.byteLength !== bytes && !unpackedOnTheWay) || (digest && digest !== sha256)) {
      throw new Problem(unloaded("something else came instead"), "network");
    }
    return buffer;
  }

  const addressOf = ({ files }, name) => `${home}${name}?v=${files[name].sha256.slice(0, 12)}`;

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
    // Always asked for: it names the versions of all others.
    cardOnce ||= fetched(`${home}card.json`, { cache: "no-cache" }).then((buffer) => {
      try {
        return JSON.parse(new TextDecoder().decode(buffer));
      } catch {
        throw new Problem(unloaded("something else came instead"), "network");
      }
    });
    cardOnce.catch(() => (cardOnce = null)); // the next click tries again
    return cardOnce;
  }

  // -- the worker --------------------------------------------------------------------------

  // From a blob, because a worker from an address would not be under the policy of the page, which
  // lets nothing out.
  function begin(about) {
    const scripts = SCRIPTS.map((name) => addressOf(about, name));
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
      this.loaded = false;
      worker.onmessage = ({ data }) => this.hears(data);
      worker.onerror = (event) => {
        event.preventDefault();
        const lost = new Problem(unloaded("a script did not come"), "network");
        this.end(this.loaded ? said(new Error(event.message)) : lost);
      };
      this.onEnd = onEnd;
      this.silent = 0;
      this.watch = setInterval(() => {
        this.silent = this.waiting.size ? this.silent + 1 : 0;
        if (this.silent > PATIENCE) {
          this.end(new Problem(memory, "memory"));
        }
      }, 5000);
    }

    hears({ id, progress, result, problem }) {
      this.silent = 0;
      const waits = this.waiting.get(id);
      if (!waits) {
        return;
      }
      if (progress !== undefined) {
        waits.progress(progress);
        return;
      }
      this.waiting.delete(id);
      if (!problem) {
        waits.resolve(result);
      } else if (problem.kind) {
        waits.reject(new Problem(problem.text, problem.kind));
      } else {
        // What failed once without a reason stays broken: the next try has a new worker.
        waits.reject(said(problem));
        this.end(said(problem));
      }
    }

    ask(kind, values, { transfer = [], progress = () => {}, signal } = {}) {
      if (signal?.aborted) {
        return Promise.reject(signal.reason);
      }
      if (!this.worker) {
        return Promise.reject(new Problem(failed, "failed"));
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
      if (!this.worker) {
        return;
      }
      clearInterval(this.watch);
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
    const needed = [window.Worker, window.OfflineAudioContext];
    if (typeof WebAssembly !== "object" || needed.some((one) => typeof one !== "function")) {
      throw new Problem(old, "wasm");
    }
    const about = await card();
    const names = Object.keys(about.files).filter((name) => !SCRIPTS.includes(name));
    const all = names.reduce((sum, name) => sum + about.files[name].bytes, 0);
    let seen = 0;
    const contents = await Promise.all(
      names.map((name) => {
        // The worker loads the scripts by itself; here they come into the cache.
        return part(about, name, (bytes) => {
          seen += bytes;
          progress(Math.min(0.9, (0.9 * seen) / all), "loading the model");
        });
      }),
    );
    const of = (name) => contents[names.indexOf(name)];
    const wasm = await unpacked(of("ort-wasm.wasm.gz"));
    const engine = new Engine(begin(about), about, () => (engineOnce = null));
    try {
      await engine.ask(
        "load",
        {
          card: about,
          runtime: addressOf(about, "ort.js"),
          glue: addressOf(about, "ort-wasm.js"),
          wasm,
          ear: of("musicnn.onnx"),
          head: of("head.onnx"),
        },
        { transfer: [wasm] },
      );
    } catch (error) {
      engine.end(error);
      throw error.kind === "failed"
        ? new Problem(unloaded("it did not come whole"), "network")
        : error;
    }
    engine.loaded = true;
    progress(1, "ready");
    return engine;
  }

  let engineOnce = null;
  const listeners = new Set();

  function load({ progress = () => {} } = {}) {
    listeners.add(progress);
    engineOnce ||= start((share, words) => listeners.forEach((tell) => tell(share, words))).catch(
      (error) => {
        engineOnce = null; // the next click tries again, and asks what the site has now
        cardOnce = null;
        throw said(error);
      },
    );
    const done = () => listeners.delete(progress);
    engineOnce.then(done, done);
    return engineOnce;
  }

  Object.assign(window.Audionome, { Problem, card, load, old, said, stopIf });
})();
