// The projector view: a dialog that fills the screen, or the window where the screen is refused.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});
  const root = document.documentElement;

  // Resolves whether the whole screen was given.
  async function fill() {
    const ask = root.requestFullscreen || root.webkitRequestFullscreen;
    try {
      await ask.call(root);
      return Boolean(document.fullscreenElement || document.webkitFullscreenElement);
    } catch {
      return false; // an iPhone has none, and a frame may be refused it
    }
  }

  function leave() {
    if (document.fullscreenElement) {
      document.exitFullscreen().catch(() => {});
    } else if (document.webkitFullscreenElement) {
      document.webkitExitFullscreen();
    }
  }

  // A screen that goes dark after a minute is no use in a room.
  function keepAwake() {
    const { wakeLock } = navigator;
    const lock = wakeLock ? wakeLock.request("screen").catch(() => null) : Promise.resolve(null);
    return () => lock.then((held) => held && held.release()).catch(() => {});
  }

  // The focus goes round in the dialog: its buttons, and what can be scrolled. Without this it
  // could also leave for the bars of the browser, which a full screen does not show.
  function goRound(dialog, event) {
    const all = [...dialog.querySelectorAll("button, [tabindex]")];
    const there = all.filter((one) => one.offsetParent);
    if (event.key === "Tab" && there.length) {
      event.preventDefault();
      const at = there.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
      there.at(at % there.length).focus();
    }
  }

  Audionome.projector = (dialog, { onClose }) => {
    let rest = () => {};
    let filled = false;

    async function open() {
      filled = await fill();
      dialog.showModal();
      rest = keepAwake();
    }

    const changed = () => {
      const full = document.fullscreenElement || document.webkitFullscreenElement;
      if (filled && !full && dialog.open) {
        dialog.close(); // Escape leaves the full screen without a key event
      }
    };
    document.addEventListener("fullscreenchange", changed);
    document.addEventListener("webkitfullscreenchange", changed);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && dialog.open) {
        rest = keepAwake(); // a hidden page loses it
      }
    });
    dialog.addEventListener("keydown", (event) => goRound(dialog, event));
    dialog.addEventListener("close", () => {
      filled = false;
      leave();
      rest();
      onClose();
    });
    return { open, close: () => dialog.close() };
  };
})();
