// Genres and words over time, under one slider: it follows a player, and a click, a drag or a key
// moves the player.
"use strict";

(() => {
  const Audionome = window.Audionome;
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 150; // of the stacked genres (px)
  const TILE = 8; // of a pattern (px)
  const GAP = 0.5; // s between two windows that is drawn as one
  const SHOWN = 0.08; // a genre's mean probability, or 0.4 in one window, that earns it a name
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]; // s between two ticks

  // White lines over the full colour, as in the charts of the book.
  const LINES = {
    "/": "M-2 6 L6 -2 M2 10 L10 2",
    "\\": "M2 -2 L10 6 M-2 2 L6 10",
    x: "M0 0 L8 8 M8 0 L0 8",
    "-": "M0 4 H8",
    "|": "M4 0 V8",
    "+": "M0 4 H8 M4 0 V8",
    ".": "M4 4 h0.01",
  };

  function svg(tag, attributes, children = []) {
    const node = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    node.append(...children);
    return node;
  }

  let drawn = 0; // numbers the patterns of a page

  function patternsOf(genres) {
    drawn += 1;
    const ids = new Map();
    const tiles = [...genres.values()].map(({ key, colour, pattern }) => {
      ids.set(key, `listen-${drawn}-${key}`);
      const lines = LINES[pattern];
      const look = {
        d: lines || "",
        fill: "none",
        stroke: "#fff",
        "stroke-opacity": 0.55,
        "stroke-width": pattern === "." ? 2.5 : 1.2,
        "stroke-linecap": pattern === "." ? "round" : "butt",
      };
      const box = { id: ids.get(key), width: TILE, height: TILE, patternUnits: "userSpaceOnUse" };
      const ground = svg("rect", { width: TILE, height: TILE, fill: colour });
      return svg("pattern", box, lines ? [ground, svg("path", look)] : [ground]);
    });
    return { defs: svg("defs", {}, tiles), ids };
  }

  // Where each window is drawn: to the next one, or to its own end before silence.
  function spansOf(windows) {
    return windows.map(({ start, end }, k) => {
      const next = windows[k + 1];
      return [start, next && next.start - end <= GAP ? next.start : end];
    });
  }

  function stackOf({ windows, probabilities }, genres) {
    const { defs, ids } = patternsOf(genres);
    const mean = (key) => windows.reduce((sum, w) => sum + w.probabilities[key], 0);
    const order = Object.keys(probabilities).sort((a, b) => mean(b) - mean(a));
    const spans = spansOf(windows);
    const drawing = svg("svg", { class: "listen-stack", height: HEIGHT }, [defs]);
    const areas = order.map((key) => {
      const area = svg("path", { fill: `url(#${ids.get(key)})` });
      drawing.append(area);
      return area;
    });
    function draw(width, duration) {
      drawing.setAttribute("width", width);
      const below = windows.map(() => 0);
      order.forEach((key, k) => {
        areas[k].setAttribute("d", windows.map(({ probabilities: p }, n) => {
          const [from, to] = spans[n].map((at) => ((at / duration) * width).toFixed(1));
          const low = (1 - below[n]) * HEIGHT;
          below[n] += p[key];
          const top = (1 - below[n]) * HEIGHT;
          return `M${from} ${low.toFixed(1)}H${to}V${top.toFixed(1)}H${from}Z`;
        }).join(""));
      });
    }
    const told = order.filter((key) => mean(key) / windows.length >= SHOWN ||
      windows.some((w) => w.probabilities[key] >= 0.4));
    return { drawing, draw, told };
  }

  function stripOf(tag, windows, most) {
    const spans = spansOf(windows);
    const drawing = svg("svg", { class: "listen-strip", height: 14 });
    const cells = tag.over_time.map((value) => {
      const cell = svg("rect", { height: 14, "fill-opacity": (0.06 + 0.94 * value / most) });
      drawing.append(cell);
      return cell;
    });
    function draw(width, duration) {
      drawing.setAttribute("width", width);
      cells.forEach((cell, k) => {
        const [from, to] = spans[k].map((at) => (at / duration) * width);
        cell.setAttribute("x", from.toFixed(1));
        cell.setAttribute("width", Math.max(0.5, to - from - 0.5).toFixed(1));
      });
    }
    return { drawing, draw };
  }

  function legendOf(keys, genres) {
    return Audionome.make("ul", { className: "listen-legend" }, keys.map((key) => {
      const genre = genres.get(key);
      const swatch = Audionome.make("span", {
        className: "listen-swatch",
        dataset: { pattern: genre.pattern },
        aria: { hidden: "true" },
      });
      swatch.style.setProperty("--genre", genre.colour);
      return Audionome.make("li", {}, [swatch, genre.name]);
    }));
  }

  // How the likeliest genre changes, in a sentence.
  function told({ windows, leading, nearest }, genres) {
    if (leading === "") {
      return nearest; // no genre stands out
    }
    const { listed, telling } = Audionome;
    const { ranked, nameOf, likeliest } = telling;
    const counts = {};
    windows.forEach(({ probabilities }) => {
      const [[first]] = ranked(probabilities);
      counts[first] = (counts[first] || 0) + 1;
    });
    const shares = ranked(counts).map(([key, n]) => `${nameOf(genres, key)} in ${n}`);
    return windows.length === 1
      ? `It is one window of three seconds: ${likeliest(genres, windows[0].probabilities)}.`
      : `Of ${windows.length} windows of three seconds, the likeliest genre is ${listed(shares)}.`;
  }

  function axisOf(duration) {
    const { make, telling } = Audionome;
    const step = STEPS.find((size) => duration / size <= 4) || 3600; // fits a phone
    const ticks = Array.from({ length: Math.floor(duration / step) + 1 }, (_, k) => k * step);
    return make("div", { className: "listen-axis" }, ticks.map((at) => {
      const late = at > 0.9 * duration; // Its words stand before it.
      const tick = make("span", { className: late ? "listen-late" : "" }, [telling.minutes(at)]);
      tick.style.setProperty("--at", at / duration);
      return tick;
    }));
  }

  // -- the slider --------------------------------------------------------------------------

  function follow({ slider, cursor, now, audio, answer, genres }) {
    const { listed, telling } = Audionome;
    const { minutes, likeliest } = telling;
    const { windows, duration, tags } = answer;
    const hearing = `${answer.hearing[0].toLowerCase()}${answer.hearing.slice(1)}`;
    const gone = new AbortController();
    const { signal } = gone;
    const at = () => (Audionome.position ? Audionome.position(audio) : audio.currentTime);
    let said = -1;
    let frame = 0;

    const windowAt = (seconds) => {
      const k = windows.findIndex(({ end }) => seconds < end - 0.01);
      return k < 0 ? windows.length - 1 : k;
    };

    function heardIn(k) {
      return tags
        .filter((tag) => tag.over_time[k] >= 0.1)
        .sort((a, b) => b.over_time[k] - a.over_time[k])
        .slice(0, 2)
        .map((tag) => tag.name);
    }

    function place() {
      const seconds = Math.min(at(), duration);
      cursor.style.setProperty("--at", seconds / duration);
      slider.setAttribute("aria-valuenow", seconds.toFixed(1));
      const k = windowAt(seconds);
      const { start, end, probabilities } = windows[k];
      const heard = heardIn(k);
      const inside = seconds >= start - 0.01;
      const sounds = heard.length ? `; ${hearing} ${listed(heard)}` : "";
      const words = inside ? `${likeliest(genres, probabilities)}${sounds}` : "silence";
      const where = `${minutes(seconds)} of ${minutes(duration)}`;
      slider.setAttribute("aria-valuetext", `${where}: ${words}`);
      const about = inside ? k : -2;
      if (said !== about) {
        said = about;
        const span = inside ? `${minutes(start)} to ${minutes(end)}` : minutes(seconds);
        now.textContent = `${span}: ${words}`;
      }
    }

    function run() {
      place();
      frame = audio.paused ? 0 : requestAnimationFrame(run);
    }

    function seek(seconds) {
      Audionome.move(audio, Math.max(0, Math.min(seconds, duration - 0.05)));
      place();
    }

    const toggle = () => (audio.paused ? audio.play().catch(() => {}) : audio.pause());
    const stepped = (by) => seek(windows[
      Math.max(0, Math.min(windows.length - 1, windowAt(at()) + by))
    ].start);
    const far = Math.max(1, Math.round(windows.length / 10));
    const keys = {
      ArrowRight: () => stepped(1),
      ArrowUp: () => stepped(1),
      ArrowLeft: () => stepped(-1),
      ArrowDown: () => stepped(-1),
      PageUp: () => stepped(far),
      PageDown: () => stepped(-far),
      Home: () => seek(0),
      End: () => seek(windows.at(-1).start),
      " ": toggle,
      Enter: toggle,
    };
    const on = (node, type, listener) => node.addEventListener(type, listener, { signal });
    on(slider, "keydown", (event) => {
      if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        keys[event.key]();
      }
    });
    const under = ({ clientX }) => {
      const { left, width } = slider.getBoundingClientRect();
      return ((clientX - left) / width) * duration;
    };
    on(slider, "pointerdown", (event) => {
      if (event.button === 0) {
        slider.setPointerCapture(event.pointerId);
        slider.focus({ preventScroll: true });
        seek(under(event));
      }
    });
    on(slider, "pointermove", (event) => {
      if (slider.hasPointerCapture(event.pointerId)) {
        seek(under(event));
      }
    });
    on(audio, "play", () => {
      cancelAnimationFrame(frame);
      run();
    });
    ["pause", "seeked", "ended", "loadedmetadata"].forEach((type) => on(audio, type, place));
    place();
    return () => {
      gone.abort();
      cancelAnimationFrame(frame);
    };
  }

  // Return the drawing of an answer over time: `root`, and `close()`, which lets go of the player.
  function timeline(answer, { genres, audio = null, heading = "h3" }) {
    const { make } = Audionome;
    const stack = stackOf(answer, genres);
    const most = Math.max(0.1, ...answer.tags.flatMap((tag) => tag.over_time));
    const strips = answer.tags.map((tag) => stripOf(tag, answer.windows, most));
    const rows = strips.map(({ drawing }, k) =>
      make("div", { className: "listen-row" }, [
        make("span", {}, [answer.tags[k].name]),
        drawing,
      ]));
    const cursor = make("div", { className: "listen-cursor", hidden: !audio });
    const sentence = told(answer, genres);
    const role = audio
      ? { role: "slider", tabIndex: 0, aria: {
        label: "Position in the recording",
        valuemin: 0,
        valuemax: answer.duration.toFixed(1),
      } }
      : { role: "img", aria: { label: sentence } };
    const slider = make("div", { className: "listen-scrub", ...role }, [
      stack.drawing,
      axisOf(answer.duration),
      ...rows,
      cursor,
    ]);
    const now = make("p", { className: "listen-now", aria: { hidden: "true" } });
    const root = make("section", { className: "listen-timeline" }, [
      make(heading, {}, ["Over time"]),
      make("p", { className: "listen-key" }, [
        sentence,
        audio ? " Click or drag to listen from any point; arrow keys work as well." : "",
      ]),
      legendOf(stack.told, genres),
      slider,
      audio ? now : null,
    ]);
    const sized = new ResizeObserver(() => {
      const width = slider.clientWidth;
      if (width) {
        [stack, ...strips].forEach((part) => part.draw(width, answer.duration));
      }
    });
    sized.observe(slider);
    const stop = audio ? follow({ slider, cursor, now, audio, answer, genres }) : () => {};
    return {
      root,
      close() {
        sized.disconnect();
        stop();
      },
    };
  }

  Audionome.timeline = timeline;
})();
