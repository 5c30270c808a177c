// Live listening: the microphone, or the piece that plays, is heard as it goes. Fills every
// .audionome-live of a page.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});

  const INTRO =
    "Audionome hears the music as it goes. Every second it answers for roughly the last half " +
    "minute of music. If the music pauses, the answer can differ from the one about a recording. " +
    "Silence is left out. Nothing leaves this page: no sound is sent or stored.";
  const ASKING = "The browser asks whether this page may use the microphone.";
  const QUIET = "It is quiet.";
  const MUTE = "No sound at all arrives. The microphone may be muted.";
  const HIDDEN = "Listening stopped because this page was hidden.";
  const PLAYS = "Stopped, because another sound plays here.";
  const RECORDS = "Stopped, because another part of this page records now.";
  const SLOW = "This device is too slow to hear every second; some are skipped.";
  const PRESS = "Press play on the player to begin.";
  const BROKEN =
    "A part of live listening could not be loaded. Check the connection and reload the page.";
  const GIVEN_BACK = {
    microphone: "The microphone is switched off.",
    piece: "The piece is paused.",
  };

  const plays = () => [...document.querySelectorAll("audio, video")].some((one) => !one.paused);

  // -- one container -----------------------------------------------------------------------

  function fill(container) {
    const { make } = Audionome;
    const parts = Audionome.liveControls();
    const room = Audionome.projectorParts();
    const chooser = Audionome.pieceChooser({ onChoose: choose });
    const views = [];
    let trail = null;
    let run = null; // what is heard now: { kind, choice, source, controller }
    let before = null; // what was stopped and can go on
    let seconds = 0; // of listening, for the trail and the announcements
    let latest = null; // what the views show: what was heard, and its headline

    const said = Audionome.announcer(announce);
    const projector = Audionome.projector(room.dialog, { onClose: layOut });

    function announce(words) {
      (room.dialog.open ? room.said : parts.said).textContent = words;
    }

    function tell(words, { aloud = true } = {}) {
      parts.status.textContent = words;
      room.status.textContent = words;
      if (aloud && words) {
        announce(words);
      }
    }

    function layOut() {
      const [on, ready] = [Boolean(run), Boolean(run && run.ready)];
      parts.microphone.hidden = parts.piece.hidden = on;
      parts.stop.hidden = !on;
      parts.large.hidden = !views.length;
      parts.again.hidden = room.again.hidden = on || !before;
      room.play.hidden = !(ready && run.kind === "piece");
      room.play.textContent = chooser.audio.paused ? "Play" : "Pause";
      parts.level.hidden = !(ready && run.kind === "microphone");
      parts.progress.hidden = !on || ready || !run.progress;
      container.classList.toggle("audionome-live-on", on);
    }

    function makeViews(card) {
      if (!trail) {
        trail = Audionome.trail(card.genres);
        // A low screen does not show it all: the projector's view can be scrolled.
        const frame = { tabIndex: 0, role: "region", aria: { label: "What is heard" } };
        const large = { heading: "h2", order: { sort: true, most: 5 }, frame };
        views.push(Audionome.liveView(trail), Audionome.liveView(trail, large));
        parts.views.append(views[0].element);
        room.dialog.append(views[1].element, room.foot, room.said);
      }
    }

    // The projector's view is drawn only while it is open.
    function show() {
      const open = room.dialog.open ? views : views.slice(0, 1);
      open.forEach((view) => (latest ? view.update(...latest) : view.wait()));
    }

    function wordsOf({ answer, quiet, mute }) {
      if (quiet) {
        return mute && run.kind === "microphone" ? MUTE : QUIET;
      }
      return answer.headline;
    }

    // A step that comes late is skipped, never queued.
    async function second(mine, end, samples) {
      const heard = await mine.ear.step(end, samples).catch((error) => fail(mine, error));
      if (mine !== run) {
        return;
      }
      mine.steps.push(Boolean(heard));
      mine.steps.splice(0, mine.steps.length - 10);
      if (heard) {
        seconds += Math.max(1, end - (mine.end || end - 1));
        mine.end = end;
        const words = wordsOf(heard);
        trail.add(seconds, heard.quiet ? null : heard.answer.probabilities);
        latest = [heard, words];
        show();
        said.hear(words, seconds);
        container.dispatchEvent(new CustomEvent("audionome-heard", { detail: heard }));
      }
      const slow = mine.steps.filter((done) => !done).length > 3;
      if (mine.kind === "microphone" || !chooser.audio.paused) {
        tell(slow ? SLOW : mine.name, { aloud: slow && !mine.slow });
        mine.slow = mine.slow || slow; // it is announced once
      }
    }

    function sourceOf(kind, choice) {
      if (kind === "microphone") {
        return Audionome.microphone({
          onLevel: (level) => (parts.meter.value = level),
          onEnd: (problem) => stop(problem.message, { goOn: true }),
        });
      }
      return Audionome.piece({
        audio: chooser.audio,
        open: (signal) => chooser.open(choice, signal),
        onSkip: () => run && anew(run),
      });
    }

    function anew(mine) {
      mine.ear.reset();
      mine.end = null;
      trail.gap();
    }

    async function start(kind, choice = null) {
      stop("");
      document.dispatchEvent(new CustomEvent("audionome-listening", { detail: "live" }));
      const controller = new AbortController();
      const mine = { kind, choice, controller, steps: [], source: sourceOf(kind, choice) };
      run = mine;
      before = null;
      tell(kind === "microphone" ? ASKING : `Reading ${choice.name}.`);
      layOut();
      const progress = (fraction, words) => load(mine, fraction, words);
      try {
        const loading = Promise.all([Audionome.load({ progress }), Audionome.card()]);
        loading.catch(() => {}); // told below, if the source opens
        await mine.source.open(controller.signal);
        mine.opened = true;
        const [engine, card] = await loading;
        if (mine === run) {
          await begin(mine, engine, card);
        }
      } catch (error) {
        fail(mine, error);
      }
    }

    // Also when a reader presses play on the player.
    function choose(choice) {
      if (!run || run.choice !== choice) {
        start("piece", choice);
      }
    }

    function load(mine, fraction, words) {
      if (mine === run && !mine.ready) {
        mine.progress = true;
        parts.progress.value = fraction;
        if (mine.opened) {
          tell(`${Audionome.sentence(words)}\u2026`, { aloud: false });
        }
        layOut();
      }
    }

    async function begin(mine, engine, card) {
      makeViews(card);
      mine.ear = Audionome.follow(engine, { card, quietest: mine.source.quietest });
      mine.ready = true;
      mine.name = mine.kind === "piece" ? `Listening to ${mine.choice.name}.` : "Listening.";
      said.reset();
      trail.gap();
      latest = null;
      show();
      mine.source.begin(card, (end, samples) => second(mine, end, samples));
      const first = card.window / card.sample_rate;
      tell(`${mine.name} The first answer comes after ${first} seconds of sound.`);
      layOut();
      if (mine.kind === "piece" && !(await chooser.play())) {
        tell(PRESS);
      }
    }

    // The piece that is heard may stand still, by the player or by the projector's button.
    function playOrPause() {
      if (chooser.audio.paused) {
        const mine = run;
        chooser.play().catch((error) => fail(mine, error));
      } else {
        chooser.audio.pause();
      }
    }

    function moved() {
      if (!run || run.kind !== "piece" || !run.ready) {
        return;
      }
      const { paused, ended } = chooser.audio;
      if (paused) {
        tell(`${ended ? "The piece is over." : "The piece is paused."} Press play to go on.`);
      } else if (run.still) {
        tell(run.name, { aloud: false });
      }
      run.still = paused;
      layOut();
    }

    // Gives the device back. What was drawn stays.
    function stop(words, { goOn = false } = {}) {
      if (run) {
        const { kind, choice, controller, source, ready } = run;
        controller.abort();
        source.stop();
        before = goOn && ready ? { kind, choice } : null;
        run = null;
        if (trail) {
          trail.gap();
        }
        views.forEach((view) => view.tell());
      }
      parts.meter.value = 0;
      tell(words);
      layOut();
    }

    function fail(mine, error) {
      if (mine === run && error.name !== "AbortError") {
        stop(Audionome.said(error).message);
      }
      return null;
    }

    // The button that was pressed may be gone: the one in its place takes the focus.
    function focusOn(...buttons) {
      const there = buttons.find((button) => !button.hidden);
      if (there) {
        there.focus();
      }
    }

    function goOn() {
      if (before) {
        start(before.kind, before.choice);
      }
    }

    parts.microphone.addEventListener("click", () => {
      start("microphone");
      focusOn(parts.stop);
    });
    parts.piece.addEventListener("click", () => {
      chooser.element.hidden = !chooser.element.hidden;
      parts.piece.setAttribute("aria-expanded", String(!chooser.element.hidden));
      tell("");
      if (!chooser.element.hidden) {
        chooser.show().catch((error) => tell(Audionome.said(error).message));
      }
    });
    parts.stop.addEventListener("click", () => {
      const { kind } = run;
      stop(kind === "microphone" ? `Stopped. ${GIVEN_BACK[kind]}` : "Stopped.");
      focusOn(kind === "piece" ? parts.piece : parts.microphone);
    });
    parts.again.addEventListener("click", () => {
      goOn();
      focusOn(parts.stop);
    });
    room.again.addEventListener("click", () => {
      goOn();
      room.leave.focus();
    });
    parts.large.addEventListener("click", () => projector.open().then(show));
    room.leave.addEventListener("click", () => projector.close());
    room.play.addEventListener("click", playOrPause);
    ["play", "pause"].forEach((event) => chooser.audio.addEventListener(event, moved));

    const give = (why) => run && stop(`${why} ${GIVEN_BACK[run.kind]}`, { goOn: true });
    document.addEventListener("visibilitychange", () => document.hidden && give(HIDDEN));
    window.addEventListener("pagehide", () => give(HIDDEN));
    document.addEventListener("audionome-listening", ({ detail }) => {
      if (detail !== "live" && run) {
        chooser.audio.pause();
        give(plays() ? PLAYS : RECORDS);
      }
    });

    parts.views = make("div");
    container.replaceChildren(
      make("p", { className: "audionome-live-intro" }, [INTRO]),
      parts.row,
      chooser.element,
      parts.status,
      parts.progress,
      parts.views,
      parts.said,
      room.dialog,
    );
    layOut();
  }

  document.querySelectorAll(".audionome-live").forEach((container) => {
    try {
      fill(container);
    } catch {
      const text = container.querySelector("p");
      text.textContent = BROKEN;
      text.style.animation = "none"; // it is seen at once
    }
  });
})();
