// The player: the browser's own controls under an outline in the colours of the answer.

function playerOf() {
  const audio = element("audio", { controls: true, preload: "metadata" });
  const canvas = element("canvas", { className: "an-wave", hidden: true });
  canvas.setAttribute("aria-hidden", "true"); // the slider over it says the same in words
  const slider = element("input", {
    type: "range",
    className: "an-windows",
    min: 0,
    step: 1,
    value: 0,
    hidden: true,
    aria: { label: "Window to hear" },
  });
  const here = element("p", { className: "an-here", hidden: true });
  const mute = element("p", { className: "an-help an-mute", hidden: true });
  mute.textContent = "This browser cannot play the file; the analysis does not need it to.";
  const track = element("div", { className: "an-track" }, [canvas, slider]);
  const root = element("div", { className: "an-player", hidden: true }, [track, here, audio, mute]);

  let url = "";
  let windows = [];
  let outline = [];
  let duration = 0;
  let until = Infinity; // where the window that is heard ends

  function load(source) {
    if (url) URL.revokeObjectURL(url);
    url = source ? URL.createObjectURL(source) : "";
    root.hidden = !source;
    audio.hidden = false;
    mute.hidden = true;
    until = Infinity;
    if (source) audio.src = url;
    else audio.removeAttribute("src");
    answer(null);
  }

  function answer(found) {
    windows = found?.windows ?? [];
    duration = found?.duration ?? 0;
    outline = found?.details?.outline ?? [];
    slider.max = Math.max(0, windows.length - 1);
    slider.value = 0;
    slider.hidden = canvas.hidden = !outline.length;
    here.hidden = !windows.length;
    mark();
    paint();
  }

  function at() {
    return windows.findIndex(({ end }) => audio.currentTime < end - 0.01);
  }

  function mark() {
    if (!windows.length) return;
    const k = at() < 0 ? windows.length - 1 : at();
    const { start, end, likeliest } = windows[k];
    if (document.activeElement !== slider) slider.value = k;
    slider.setAttribute("aria-valuetext", `${clock(start)} to ${clock(end)}: ${likeliest}`);
    const text = `${clock(start)} to ${clock(end)}: ${likeliest}`;
    if (here.textContent !== text) here.textContent = text;
  }

  function paint() {
    if (canvas.hidden || !canvas.clientWidth) return;
    const scale = window.devicePixelRatio || 1;
    const width = (canvas.width = Math.round(canvas.clientWidth * scale));
    const height = (canvas.height = Math.round(canvas.clientHeight * scale));
    const pen = canvas.getContext("2d");
    const step = width / outline.length;
    const peak = Math.max(0.05, ...outline.map(([low, high]) => Math.max(-low, high)));
    const style = getComputedStyle(canvas);
    outline.forEach(([low, high], i) => {
      const time = (i / outline.length) * (windows.at(-1)?.end ?? duration);
      const found = windows.find(({ end }) => time < end);
      pen.fillStyle = found ? found.color : style.color;
      const top = (1 - high / peak) * (height / 2);
      const bottom = (1 - low / peak) * (height / 2);
      pen.fillRect(i * step, top, Math.max(1, step - scale * 0.4), Math.max(scale, bottom - top));
    });
    const end = windows.at(-1)?.end ?? duration;
    if (end) {
      pen.fillStyle = style.color;
      pen.fillRect((Math.min(audio.currentTime, end) / end) * width - scale, 0, 2 * scale, height);
    }
  }

  // Hear one window and no more.
  function hear(time) {
    const found = windows.find(({ end }) => time < end) ?? windows.at(-1);
    if (!found || audio.hidden) return;
    until = found.end;
    audio.currentTime = found.start;
    audio.play().catch(() => {}); // a browser may refuse; its own button is there
    mark();
    paint();
  }

  slider.addEventListener("input", () => hear(windows[Number(slider.value)].start));
  audio.addEventListener("timeupdate", () => {
    if (audio.currentTime >= until) {
      audio.pause();
      until = Infinity;
    }
    mark();
    paint();
  });
  audio.addEventListener("seeking", () => {
    // Somebody moved on with the browser's own controls.
    if (audio.currentTime > until || audio.currentTime < until - 3.1) until = Infinity;
  });
  audio.addEventListener("loadedmetadata", () => {
    if (audio.duration !== Infinity) return;
    // A recording of the microphone does not say how long it is until its end was looked for.
    const back = () => {
      audio.removeEventListener("durationchange", back);
      audio.currentTime = 0;
    };
    audio.addEventListener("durationchange", back);
    audio.currentTime = 1e9;
  });
  audio.addEventListener("error", () => {
    if (!audio.hasAttribute("src")) return;
    audio.hidden = true;
    mute.hidden = false;
  });
  const watch = new ResizeObserver(paint);
  watch.observe(track);

  function close() {
    watch.disconnect();
    load(null);
  }

  return { root, load, answer, hear, repaint: paint, close };
}
