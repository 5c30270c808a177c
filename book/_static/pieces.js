// Ties the players of the example sounds to the charts: one sound for the whole page, and a line
// that moves through the charts while it plays.
"use strict";

(() => {
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
  const chartOf = (select) => select.closest("figure.audionome-chart");
  let following = false;

  function choose(piece) {
    following = true;
    choosers.filter((select) => chosen(select) !== piece).forEach((select) => {
      const there = [...select.options].findIndex((o) => o.label === piece);
      if (there < 0) {
        return; // Not every chart has every sound.
      }
      select.selectedIndex = there;
      // Only the chart that a reader changes speaks up in a screen reader.
      const note = chartOf(select).querySelector(".audionome-note");
      if (note) {
        note.setAttribute("aria-live", "off");
      }
      select.dispatchEvent(new Event("change"));
    });
    following = false;
    label();
  }

  // -- a button beside each menu ---------------------------------------------------------

  const buttons = choosers.map((select) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "audionome-play";
    button.addEventListener("click", () => {
      const audio = players.get(chosen(select));
      if (audio.paused) {
        audio.play();
      } else {
        audio.pause();
      }
    });
    select.parentElement.after(button);
    return button;
  });

  function label() {
    choosers.forEach((select, i) => {
      const playing = !players.get(chosen(select)).paused;
      buttons[i].textContent = playing ? "\u23f8 Pause" : "\u25b6 Play";
      buttons[i].setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${chosen(select)}`);
    });
  }

  choosers.forEach((select) => {
    select.addEventListener("change", () => {
      if (following) {
        return;
      }
      const note = chartOf(select).querySelector(".audionome-note");
      if (note) {
        note.setAttribute("aria-live", "polite");
      }
      players.forEach((audio) => audio.pause());
      choose(chosen(select));
    });
  });

  // -- the line that moves ---------------------------------------------------------------

  const lines = choosers
    .map((select) => chartOf(select).querySelector(".plotly-graph-div"))
    .map((div) => ({ div, line: document.createElement("div") }));
  lines.forEach(({ div, line }) => {
    line.className = "audionome-playhead";
    line.hidden = true;
    div.append(line);
  });

  function place(seconds) {
    lines.forEach(({ div, line }) => {
      const layout = div._fullLayout;
      line.hidden = seconds === null || !layout || !(layout.meta || {}).overTime;
      if (!line.hidden) {
        const { xaxis, _size: size } = layout;
        line.style.left = `${xaxis._offset + xaxis.l2p(seconds)}px`;
        line.style.top = `${size.t}px`;
        line.style.height = `${size.h}px`;
      }
    });
  }

  players.forEach((audio, piece) => {
    const follow = () => {
      if (!audio.paused) {
        place(audio.currentTime);
        requestAnimationFrame(follow);
      }
    };
    audio.addEventListener("play", () => {
      players.forEach((other) => other !== audio && other.pause());
      choose(piece);
      follow();
    });
    audio.addEventListener("pause", () => {
      label();
    });
    audio.addEventListener("ended", () => {
      place(null);
      label();
    });
    audio.addEventListener("seeked", () => audio.paused && place(audio.currentTime));
  });
  label();
})();
