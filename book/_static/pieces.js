// Ties the players of the example sounds to the charts: one sound for the whole page, and a line
// that moves through the charts while it plays. A click on a chart over time plays from there.
"use strict";

(() => {
  const { seek, position } = window.Audionome;
  const players = new Map();
  document.querySelectorAll(".audionome-player").forEach((figure) => {
    players.set(figure.dataset.piece, figure.querySelector("audio"));
  });
  const isOfPieces = (select) => [...select.options].every((o) => players.has(o.label));
  const choosers = [...document.querySelectorAll(".audionome-chooser select")].filter(isOfPieces);
  if (!players.size || !choosers.length) {
    return;
  }

  const chosen = (select) => select.selectedOptions[0].label;
  const audioOf = (select) => players.get(chosen(select));
  const NEAR_END = 0.1; // A sound that is moved to its very end would be over.
  // Seconds. The step of the slider is for the mouse: while a sound plays, it would be lost.
  const KEYS = {
    ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5,
  };

  // The page knows it before the file comes, and better than a browser that guesses meanwhile.
  const lengthOf = (audio) => Number(audio.closest("[data-piece]").dataset.seconds);

  const charts = choosers.map((select) => {
    const figure = select.closest("figure.audionome-chart");
    const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
    return {
      select,
      figure,
      div: figure.querySelector(".plotly-graph-div"),
      overTime: figure.classList.contains("over-time"),
      button: Object.assign(make("button", "audionome-play"), { type: "button" }),
      problem: make("p", "audionome-problem"),
      line: make("div", "audionome-playhead"),
      range: Object.assign(document.createElement("input"), { type: "range", min: 0, step: 0.1 }),
      told: document.createElement("output"),
      dragged: null, // Seconds, while the reader drags along the chart.
    };
  });

  // -- what plays --------------------------------------------------------------------------

  let piece = chosen(choosers[0]);
  let asked = charts[0]; // The chart whose reader asked for the sound.

  function choose(name) {
    piece = name;
    charts.forEach(({ select }) => {
      const there = [...select.options].findIndex((o) => o.label === name);
      if (there < 0 || there === select.selectedIndex) {
        return; // Not every chart has every sound.
      }
      select.selectedIndex = there;
      select.dispatchEvent(new CustomEvent("change", { detail: "follows" }));
    });
  }

  function play(chart) {
    const audio = audioOf(chart.select);
    if (audio.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) {
      audio.load(); // It failed before; perhaps the way to it is open again.
    }
    charts.forEach(({ problem }) => problem.replaceChildren());
    asked = chart;
    audio.play().catch(({ name }) => name !== "AbortError" && failed(audio));
  }

  // A browser that finds no sound under any of the addresses would wait for another one.
  function failed(audio) {
    audio.pause();
    const name = audio.closest("[data-piece]").dataset.piece;
    asked.problem.textContent = `“${name}” cannot be played: the browser could not load its sound.`;
  }

  function moveTo(audio, seconds) {
    seek(audio, Math.min(Math.max(seconds, 0), Math.max(lengthOf(audio) - NEAR_END, 0)));
    show();
  }

  // The new sound goes on where the old one was, if it is that long, and plays if that did.
  function change(chart) {
    const before = players.get(piece);
    const { paused, ended } = before;
    const seconds = ended ? 0 : position(before);
    before.pause();
    choose(chosen(chart.select));
    const audio = players.get(piece);
    moveTo(audio, seconds < lengthOf(audio) - NEAR_END ? seconds : 0);
    if (!paused) {
      play(chart);
    }
  }

  // -- a button, and the place in the sound, beside each menu ------------------------------

  const written = (seconds) => seconds.toFixed(1);
  const spoken = (words) => `${words.slice(0, -2)} seconds`;

  function addControls(chart) {
    const { select, button, range, told, problem, overTime } = chart;
    problem.setAttribute("role", "status");
    select.parentElement.after(button);
    button.addEventListener("click", () => {
      const audio = audioOf(select);
      if (audio.paused) {
        play(chart);
      } else {
        audio.pause();
      }
    });
    select.addEventListener("change", ({ detail }) => detail !== "follows" && change(chart));
    if (!overTime) {
      button.after(problem);
      return;
    }
    const label = document.createElement("label");
    label.className = "audionome-chooser audionome-position";
    label.append("Position ", range, told);
    const hint = document.createElement("small");
    hint.className = "audionome-hint";
    hint.textContent = "Click the chart to play from that point.";
    button.after(label, hint, problem);
    told.setAttribute("aria-live", "off"); // The slider tells the same.
    const slide = (seconds) => {
      moveTo(audioOf(select), seconds);
      range.setAttribute("aria-valuetext", spoken(told.textContent));
    };
    range.addEventListener("input", () => slide(Number(range.value)));
    range.addEventListener("keydown", (event) => {
      if (event.key in KEYS && !event.altKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        slide(position(audioOf(select)) + KEYS[event.key]);
      }
    });
  }

  function showPlace({ select, range, told }, seconds) {
    const name = chosen(select);
    const length = lengthOf(players.get(name));
    const words = `${written(seconds)} of ${written(length)} s`;
    if (told.textContent !== words) {
      range.max = length.toFixed(1);
      range.value = seconds;
      told.textContent = words;
      range.setAttribute("aria-label", `Position in ${name}`);
      // Someone who has moved here would hear a number ten times a second.
      if (audioOf(select).paused || document.activeElement !== range) {
        range.setAttribute("aria-valuetext", spoken(words));
      }
    }
  }

  function showLine({ div, line, select }, seconds) {
    const layout = div._fullLayout;
    const [from, to] = layout && layout.xaxis ? layout.xaxis.range : [1, 0];
    line.hidden = seconds < from || seconds > to || (!seconds && audioOf(select).paused);
    if (!line.hidden) {
      const { xaxis, _size: size } = layout;
      line.style.left = `${xaxis._offset + xaxis.l2p(seconds)}px`;
      line.style.top = `${size.t}px`;
      line.style.height = `${size.h}px`;
    }
  }

  function show() {
    charts.forEach((chart) => {
      const { select, button, overTime, dragged } = chart;
      const audio = audioOf(select);
      const words = audio.paused ? "Play" : "Pause";
      if (button.dataset.words !== `${words} ${chosen(select)}`) {
        button.dataset.words = `${words} ${chosen(select)}`;
        button.textContent = words;
        button.classList.toggle("playing", !audio.paused);
        button.setAttribute("aria-label", button.dataset.words);
      }
      if (overTime) {
        const seconds = dragged === null ? position(audio) : dragged;
        showPlace(chart, seconds);
        showLine(chart, seconds);
      }
    });
  }

  // -- a chart is a place to point at ------------------------------------------------------

  function timeAt({ div, select }, event) {
    const { xaxis } = div._fullLayout;
    const left = div.getBoundingClientRect().left + xaxis._offset;
    const seconds = xaxis.p2l(Math.min(Math.max(event.clientX - left, 0), xaxis._length));
    return Math.min(Math.max(seconds, 0), lengthOf(audioOf(select)));
  }

  function isOver({ div }, event) {
    const layout = div._fullLayout;
    if (!layout) {
      return false;
    }
    const { xaxis, _size: size } = layout;
    const box = div.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - xaxis._offset, event.clientY - box.top - size.t];
    return x >= 0 && x <= xaxis._length && y >= 0 && y <= size.h;
  }

  function addPointing(chart) {
    const { div, select } = chart;
    let pressed = null; // Where the finger or the mouse came down.
    const drag = (event) => {
      // A finger that moves up or down scrolls the page.
      if (event.pointerType !== "touch" || Math.abs(event.clientX - pressed.clientX) > 6) {
        chart.dragged = timeAt(chart, event);
        show();
      }
    };
    const release = () => {
      pressed = chart.dragged = null;
      show();
    };
    const ours = ({ pointerId }) => pressed && pressed.pointerId === pointerId;

    div.addEventListener("pointerdown", (event) => {
      if (event.isPrimary && event.button === 0 && isOver(chart, event)) {
        pressed = event;
        drag(event);
      }
    });
    // On the window: whoever drags does not stay inside of the chart.
    window.addEventListener("pointermove", (event) => ours(event) && drag(event));
    window.addEventListener("pointercancel", (event) => ours(event) && release());
    window.addEventListener("pointerup", (event) => {
      if (ours(event)) {
        const audio = audioOf(select);
        moveTo(audio, timeAt(chart, event));
        release();
        if (audio.paused) {
          play(chart);
        }
      }
    });
  }

  charts.forEach((chart) => {
    addControls(chart);
    if (chart.overTime) {
      const { figure, div, line } = chart;
      line.hidden = true;
      div.append(line);
      addPointing(chart);
      figure.addEventListener("audionome-drawn", () => {
        div.on("plotly_afterplot", show); // A menu or a new size moves the axis.
        show();
      });
    }
  });

  // -- the sound moves ---------------------------------------------------------------------

  let frame = null;
  function follow() {
    show();
    frame = players.get(piece).paused ? null : requestAnimationFrame(follow);
  }

  players.forEach((audio, name) => {
    audio.addEventListener("play", () => {
      if (audio.paused) {
        return; // The news is old: another sound has been chosen since.
      }
      choose(name);
      if (frame === null) {
        follow();
      }
    });
    audio.addEventListener("ended", () => seek(audio, 0));
    const check = () => {
      if (audio.error || audio.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) {
        failed(audio);
      }
    };
    // A source tells of its error before the browser gives up.
    audio.addEventListener("error", () => setTimeout(check), true);
    ["pause", "ended", "seeked"].forEach((e) => audio.addEventListener(e, show));
  });
  show();
})();
