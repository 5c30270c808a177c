// Recording for the panel: a level, a countdown, and two ways to end it.
"use strict";

(() => {
  const Audionome = window.Audionome;
  const MOST = 30; // s, the length of the clips that it learned from
  const LEAST = 3; // s, one window

  function joined(blocks) {
    const samples = new Float32Array(blocks.reduce((n, block) => n + block.length, 0));
    blocks.reduce((at, block) => {
      samples.set(block, at);
      return at + block.length;
    }, 0);
    return samples;
  }

  // Show the recorder in `box` and return a promise of what was heard: Float32Array, mono, at the
  // rate of the card; null if it was thrown away. It rejects with a Problem if there is nothing to
  // use. To be called straight from a click, since browsers want one; `signal` throws it away.
  function record(box, { signal, onBegin = () => {} }) {
    const { make, Problem, refusals, telling } = Audionome;
    const blocks = [];
    let length = 0;
    let rate = Infinity; // until the card is there
    const meter = make("meter", { min: 0, max: 1, value: 0, aria: { label: "Level" } });
    const left = make("p", { className: "listen-count" });
    left.textContent = "Allow the microphone in your browser.";
    const stop = make("button", { type: "button", className: "listen-main", disabled: true }, [
      "Stop and name the genre",
    ]);
    const drop = make("button", { type: "button" }, ["Throw it away"]);
    box.replaceChildren(
      left,
      meter,
      make("div", { className: "listen-buttons" }, [stop, drop]),
    );

    return new Promise((resolve, reject) => {
      const asking = new AbortController();
      let capture = null;
      let over = false;

      function end(settle, value) {
        if (over) {
          return;
        }
        over = true;
        asking.abort();
        if (capture) {
          capture.stop();
        }
        box.replaceChildren();
        settle(value);
      }

      function finish() {
        const seconds = length / rate;
        if (seconds < LEAST) {
          end(reject, new Problem(refusals.short(seconds)));
        } else {
          end(resolve, joined(blocks));
        }
      }

      function tell() {
        const seconds = length / rate;
        left.textContent = `Recording: ${telling.minutes(seconds)}. It stops by itself in ` +
          `${Math.max(0, Math.ceil(MOST - seconds))} s.`;
      }

      stop.addEventListener("click", finish);
      drop.addEventListener("click", () => end(resolve, null));
      signal.addEventListener("abort", () => end(resolve, null), { signal: asking.signal });
      document.addEventListener(
        "audionome-listening",
        ({ detail }) => detail !== "try" && end(resolve, null),
        { signal: asking.signal },
      );
      document.dispatchEvent(new CustomEvent("audionome-listening", { detail: "try" }));
      Audionome.card().then(
        (card) => {
          rate = card.sample_rate;
        },
        (problem) => end(reject, problem),
      );
      Audionome.capture({
        signal: asking.signal,
        onLevel: (level) => {
          meter.value = level;
        },
        onSamples: (block) => {
          if (over) {
            return;
          }
          blocks.push(block);
          length += block.length;
          tell();
          if (length >= MOST * rate) {
            finish();
          }
        },
        onEnd: (problem) => end(reject, problem),
      }).then(
        (begun) => {
          capture = begun;
          if (over) {
            begun.stop();
            return;
          }
          stop.disabled = false;
          stop.focus({ preventScroll: true });
          tell();
          onBegin();
        },
        (problem) => end(reject, problem),
      );
    });
  }

  Audionome.record = record;
})();
