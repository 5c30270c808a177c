// "Let your browser hear it": the page computes the answer anew and sets it beside Python's.
"use strict";

(() => {
  const { make, likelihood } = window.Audionome;
  const LOADING = 0.6; // of the way; the rest is listening
  const SAME = 0.005; // rounded, both sides then show the same per cent

  async function soundOf(url, signal) {
    let reply = null;
    try {
      reply = await fetch(url, { signal });
    } catch (error) {
      if (error.name === "AbortError") {
        throw error;
      }
    }
    if (!reply || !reply.ok) {
      throw new Audionome.Problem(
        "The recording could not be loaded. Check the connection and try again.",
        "network",
      );
    }
    return reply.blob();
  }

  async function hear(url, { tell, signal }) {
    const engine = await Audionome.load({
      progress: (share, words) => !signal.aborted && tell(LOADING * share, words),
    });
    Audionome.stopIf(signal);
    tell(LOADING, "decoding the recording");
    const samples = await Audionome.decode(await soundOf(url, signal), {
      name: "The recording",
      signal,
    });
    return engine.classify(samples, {
      signal,
      progress: (share) => tell(LOADING + (1 - LOADING) * share, "listening"),
    });
  }

  // Both answers, and by how much they differ.
  function beside(python, here, nameOf) {
    const keys = Object.keys(python.probabilities).sort(
      (a, b) => python.probabilities[b] - python.probabilities[a],
    );
    const most = Math.max(
      ...keys.map((key) => Math.abs(python.probabilities[key] - here.probabilities[key])),
    );
    const cell = (tag, text, scope) => {
      const made = make(tag, {}, [text]);
      if (scope) {
        made.setAttribute("scope", scope);
      }
      return made;
    };
    const heads = ["genre", "Python, when this site was built", "your browser, just now"];
    const rows = keys.slice(0, 3).map((key) =>
      make("tr", {}, [
        cell("th", nameOf(key), "row"),
        cell("td", likelihood(python.probabilities[key])),
        cell("td", likelihood(here.probabilities[key])),
      ]),
    );
    const table = make("table", { className: "guess-beside" }, [
      make("thead", {}, [make("tr", {}, heads.map((head) => cell("th", head, "col")))]),
      make("tbody", {}, rows),
    ]);
    const points = `${(100 * most).toFixed(2)} percentage points`;
    const time = here.seconds.listen.toFixed(1);
    const differ =
      python.headline === here.headline && most < SAME
        ? `Your browser gives the same answer: no genre differs by more than ${points}.`
        : `Your browser says \u201c${here.headline}\u201d: a genre differs by ${points}, because ` +
          "it decodes the file in its own way.";
    return {
      table,
      words: `${differ} It listened for ${time} s, and nothing left this page.`,
    };
  }

  // Fills `box`; resolves when it is done, stopped or has failed, and never rejects.
  async function check(box, { url, python, nameOf, say }) {
    const stop = new AbortController();
    const bar = make("progress", { max: 1, value: 0, aria: { label: "Progress" } });
    const words = make("span", {}, ["loading the model"]);
    const cancel = make("button", { type: "button", className: "guess-second" }, ["Cancel"]);
    cancel.addEventListener("click", () => stop.abort());
    box.replaceChildren(make("div", { className: "guess-working" }, [bar, words, cancel]));
    const tell = (share, told) => {
      bar.value = share;
      words.textContent = `${told} \u2026`;
    };
    try {
      const here = await Promise.race([
        hear(url, { tell, signal: stop.signal }),
        new Promise((_, reject) => {
          stop.signal.addEventListener("abort", () => reject(stop.signal.reason));
        }),
      ]);
      const found = beside(python, here, nameOf);
      box.replaceChildren(found.table, make("p", {}, [found.words]));
      say(found.words);
      return true;
    } catch (error) {
      const problem = Audionome.said(error);
      const stopped = problem.name === "AbortError";
      box.replaceChildren(
        stopped ? "" : make("p", { className: "guess-problem" }, [problem.message]),
      );
      say(stopped ? "Stopped." : problem.message);
      return false;
    }
  }

  Audionome.guessing.check = check;
})();
