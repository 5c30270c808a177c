// The player: a time line in the colours of the answer, and one row of controls.

const NOT_KEPT = "The sound is not kept. Choose the file again to hear it.";
const PREPARING = "Preparing the sound…";
const PREPARING_WISH = "Preparing the sound… It plays as soon as it is there.";
const OTHER = (file, entry) => `“${file.name}” is another file. Choose “${entry.name}” to hear it.`;

// `sound(entry, signal)` brings the sound as the server decodes it; `onFile(entry)` is told when
// the file of an entry was chosen again.
function playerOf({ sound, onFile = () => {} }) {
  const source = soundOf({ sound, onChange: changed });
  const { audio } = source;
  const canvas = element("canvas", { className: "an-wave", aria: { hidden: "true" } });
  const head = element("div", { className: "an-playhead", aria: { hidden: "true" } });
  const slider = element("input", {
    type: "range",
    className: "an-windows",
    min: 0,
    step: 0.01,
    value: 0,
    title: "Click to hear it from there",
    aria: { label: "Time line" },
  });
  const toggle = button("Play", () => (audio.paused && !wish ? play(place) : stop()), {
    className: "an-plain an-toggle",
  });
  const time = element("span", { className: "an-time" });
  const here = element("p", { className: "an-here" });
  const level = element("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.05,
    value: 1,
    oninput: () => (audio.volume = level.value),
  });
  const volume = element("label", { className: "an-volume" }, ["Volume", level]);
  const message = element("p", { className: "an-message" });
  const said = element("p", { className: "an-unseen", role: "status" });
  const input = element("input", { type: "file", hidden: true });
  const choose = button("Choose the file", () => input.click());
  const again = button("Try again", source.retry);
  const trouble = element("div", { className: "an-trouble" }, [message, choose, again]);
  const track = element("div", { className: "an-track" }, [canvas, head, slider]);
  const controls = element("div", { className: "an-controls" }, [
    toggle,
    time,
    volume,
    here,
    trouble,
  ]);
  const aria = { label: "Player" };
  const root = element("div", { className: "an-player", hidden: true, role: "group", aria }, [
    track,
    controls,
    audio,
    input,
    said,
  ]);

  let entry = null;
  let windows = [];
  let outline = [];
  let span = 0; // s from the left end to the right
  let place = 0; // s at which the sound is, or would be
  let until = Infinity; // where what is heard ends
  let wish = null; // { start, end }: to be heard as soon as there is a sound
  let dragged = false;
  let sounds = false;

  // -- what is heard -----------------------------------------------------------------------

  function load(next) {
    entry = next;
    place = 0;
    until = Infinity;
    wish = null;
    sounds = false; // what was heard until now is another sound
    said.textContent = "";
    root.hidden = !entry;
    source.load(entry);
    answer(null);
  }

  function answer(full) {
    windows = full?.windows ?? [];
    outline = full?.details?.outline ?? [];
    span = full?.duration || windows.at(-1)?.end || 0;
    slider.max = span;
    track.hidden = !windows.length;
    mark();
    paint();
  }

  function changed() {
    const state = source.state();
    root.dataset.state = state;
    if (state === "ready" && wish) {
      const { start, end } = wish;
      play(start, end);
    }
    // The sound turned out to be another one than was heard: it goes on with the right one.
    if (state === "preparing" && sounds) wish = { start: place, end: until };
    if (state === "failed") wish = null;
    const words = {
      missing: NOT_KEPT,
      preparing: wish ? PREPARING_WISH : PREPARING,
      failed: source.sentence(),
    };
    message.textContent = words[state] ?? "";
    trouble.hidden = !message.textContent;
    choose.hidden = state !== "missing";
    again.hidden = state !== "failed";
    toggle.hidden = time.hidden = volume.hidden = state === "missing" || state === "failed";
    label();
  }

  function play(start, end = Infinity) {
    if (source.state() !== "ready") {
      wish = { start, end };
      place = start;
      changed();
      said.textContent = message.textContent; // somebody has asked for it
      mark();
      return;
    }
    wish = null;
    until = end;
    const from = start < span - 0.05 ? start : 0; // from the end it begins again
    if (Math.abs(audio.currentTime - from) > 0.01) audio.currentTime = from;
    place = from;
    audio.play().catch(() => {}); // a browser may refuse; the button is there
    mark();
  }

  function stop() {
    wish = null;
    audio.pause();
    changed();
  }

  function seek(start) {
    place = Math.max(0, Math.min(span, start));
    until = Infinity;
    if (source.state() === "ready") audio.currentTime = place;
    if (wish) wish = { start: place, end: Infinity };
    mark();
  }

  // Hear one window and no more.
  function hear(start) {
    const found = windowAt(start);
    if (found) play(found.start, found.end);
  }

  const windowAt = (second) => windows.find(({ end }) => second < end - 0.01) ?? windows.at(-1);

  // -- what is seen ------------------------------------------------------------------------

  function label() {
    const plays = !audio.paused || Boolean(wish);
    const text = plays ? "Pause" : "Play";
    if (toggle.textContent !== text) toggle.textContent = text;
    toggle.classList.toggle("an-playing", plays);
  }

  function mark() {
    const found = windowAt(place);
    if (!found) return;
    const { start, end, likeliest } = found;
    head.style.left = `${(100 * place) / span}%`;
    time.textContent = `${clock(place)} / ${clock(Math.round(span))}`;
    const text = `${clock(start)} to ${clock(end)}: ${likeliest}`;
    if (here.textContent !== text) here.textContent = text;
    // A screen reader would talk into the music at every step.
    if (!audio.paused && document.activeElement === slider) return;
    if (!dragged) slider.value = place;
    slider.setAttribute("aria-valuetext", `${clock(place)}. ${text}`);
  }

  function paint() {
    if (!windows.length || !canvas.clientWidth) return;
    const scale = window.devicePixelRatio || 1;
    const width = (canvas.width = Math.round(canvas.clientWidth * scale));
    const height = (canvas.height = Math.round(canvas.clientHeight * scale));
    const pen = canvas.getContext("2d");
    const { color: silent } = getComputedStyle(canvas);
    const draw = (from, to, low, high, color) => {
      pen.fillStyle = color;
      const top = (1 - high) * (height / 2);
      const tall = Math.max(scale, (high - low) * (height / 2));
      pen.fillRect(from * width, top, Math.max(1, (to - from) * width - scale * 0.4), tall);
    };
    // Until the outline comes, and where there is none: a block for every window.
    if (!outline.length) {
      for (const { start, end, color } of windows) draw(start / span, end / span, -0.5, 0.5, color);
      return;
    }
    const peak = Math.max(0.05, ...outline.map(([low, high]) => Math.max(-low, high)));
    outline.forEach(([low, high], i) => {
      const second = ((i + 0.5) / outline.length) * span;
      const found = windows.find(({ start, end }) => start <= second && second < end);
      const [from, to] = [i / outline.length, (i + 1) / outline.length];
      draw(from, to, low / peak, high / peak, found?.color ?? silent);
    });
  }

  function follow() {
    if (source.state() !== "ready" || dragged) return;
    place = Math.min(audio.currentTime, span);
    if (audio.currentTime >= until) {
      audio.pause();
      place = until - 0.02; // the window that was heard stays the one that is named
      audio.currentTime = place;
      until = Infinity;
    }
    mark();
  }

  function run() {
    if (audio.paused) return;
    follow();
    requestAnimationFrame(run);
  }

  audio.addEventListener("timeupdate", follow); // also while the page is not seen
  audio.addEventListener("play", () => {
    sounds = true;
    label();
    run();
  });
  audio.addEventListener("pause", () => {
    sounds = false;
    label();
  });

  // -- the time line -----------------------------------------------------------------------

  // A pointer chooses where to hear it from; keys move, and what plays goes on from there.
  slider.addEventListener("pointerdown", () => (dragged = true));
  slider.addEventListener("pointercancel", () => (dragged = false));
  slider.addEventListener("input", () => {
    if (!dragged) seek(slider.valueAsNumber);
    else {
      place = slider.valueAsNumber;
      mark();
    }
  });
  slider.addEventListener("pointerup", () => {
    if (!dragged) return;
    dragged = false;
    play(slider.valueAsNumber);
  });
  const step = {
    ArrowRight: () => windows.find(({ start }) => start > place + 0.05)?.start ?? span,
    ArrowLeft: () => windows.findLast(({ start }) => start < place - 0.5)?.start ?? 0,
    Home: () => 0,
    End: () => windows.at(-1).start,
  };
  Object.assign(step, { ArrowUp: step.ArrowRight, ArrowDown: step.ArrowLeft });
  slider.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " ") toggle.click();
    else if (event.key === "Enter") hear(place);
    else if (step[event.key]) {
      seek(step[event.key]());
      slider.value = place;
    } else return;
    event.preventDefault();
  });

  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (!file || !entry) return;
    if (entry.size && file.size !== entry.size) {
      message.textContent = said.textContent = OTHER(file, entry);
      return;
    }
    entry.file = file;
    source.load(entry);
    onFile(entry);
    toggle.focus();
  });

  const watch = new ResizeObserver(paint);
  watch.observe(track);

  function close() {
    watch.disconnect();
    load(null);
  }

  return {
    root,
    audio,
    load,
    answer,
    hear,
    toggle: () => toggle.click(),
    state: source.state,
    repaint: paint,
    close,
  };
}
