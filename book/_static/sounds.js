// One sound at a time on a page, and each can be moved through, whatever server it comes from.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});
  const wanted = new WeakMap();

  // Where a sound is, or where it will be once it has come.
  Audionome.position = (audio) => (wanted.has(audio) ? wanted.get(audio) : audio.currentTime);

  const movable = (audio) => audio.seekable.length > 0 && audio.seekable.end(0) > 0;

  // Moves a sound that plays, waits, or has not been loaded.
  Audionome.seek = (audio, seconds) => {
    if (movable(audio)) {
      wanted.delete(audio); // An older wish, if the news of its coming is still on its way.
    } else {
      wanted.set(audio, seconds);
    }
    audio.currentTime = seconds;
  };

  const ready = (audio) =>
    new Promise((done) => {
      if (audio.paused || audio.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) {
        done();
      } else {
        const events = ["canplay", "pause", "error"];
        events.forEach((e) => audio.addEventListener(e, done, { once: true }));
      }
    });

  // A simple server sends no part of a file on its own, and browsers then know the start alone.
  async function bringWhole(audio) {
    const source = audio.currentSrc;
    const { muted } = audio;
    audio.muted = muted || wanted.has(audio); // Nobody asked for the beginning.
    try {
      const [reply] = await Promise.all([fetch(source), ready(audio)]);
      if (!reply.ok) {
        throw new Error(reply.statusText);
      }
      const sound = await reply.blob();
      if (audio.currentSrc !== source) {
        return; // It has become another sound.
      }
      const { paused } = audio;
      const seconds = Audionome.position(audio);
      audio.src = URL.createObjectURL(sound);
      Audionome.seek(audio, seconds);
      if (!paused) {
        await audio.play().catch(() => {}); // Somebody stopped it meanwhile.
      }
    } catch {
      wanted.delete(audio); // It plays on from where it is.
    } finally {
      audio.muted = muted;
    }
  }

  // These events do not rise through the page, but they can be caught on their way down.
  document.addEventListener(
    "play",
    ({ target }) => {
      // The news may be old.
      if (!target.paused) {
        const others = [...document.querySelectorAll("audio, video")].filter((a) => a !== target);
        others.forEach((audio) => audio.pause());
      }
    },
    true,
  );
  document.addEventListener(
    "loadedmetadata",
    ({ target: audio }) => {
      if (movable(audio)) {
        const seconds = Audionome.position(audio);
        wanted.delete(audio);
        if (Math.abs(audio.currentTime - seconds) > 0.02) {
          audio.currentTime = seconds;
        }
      } else if (audio.currentSrc.startsWith("http")) {
        bringWhole(audio);
      }
    },
    true,
  );
})();
