// The parts of live listening on the page: its buttons, the chooser of a piece, the projector's
// frame, and what is announced.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});
  const HERE = document.currentScript.src;

  const STAYS = 4; // s that a headline must stay before it is announced
  const PAUSE = 12; // s between two announcements
  const NO_EXAMPLE =
    "The example could not be loaded. Check the connection, or choose a file of your own.";
  const UNPLAYABLE =
    "This browser cannot play that file. Save it as MP3 or WAV and choose it again.";

  // Says a headline once it has stayed, and not often.
  Audionome.announcer = (say) => {
    let [told, current, since, last] = ["", "", 0, -PAUSE];
    return {
      hear(words, now) {
        since = words === current ? since : now;
        current = words;
        if (words !== told && now - since >= STAYS && now - last >= PAUSE) {
          [told, last] = [words, now];
          say(words.replace(/([^.])$/, "$1."));
        }
      },
      reset() {
        [told, current, last] = ["", "", -PAUSE];
      },
    };
  };

  // -- the buttons -------------------------------------------------------------------------

  Audionome.liveControls = () => {
    const { make } = Audionome;
    const button = (text, className = "") =>
      make("button", { type: "button", className: `audionome-live-button ${className}` }, [text]);
    const parts = {
      microphone: button("Listen through the microphone", "audionome-live-first"),
      piece: button("Listen to a piece as it plays"),
      stop: button("Stop listening"),
      again: button("Go on listening", "audionome-live-first"),
      large: button("Open the projector view"),
      meter: make("meter", { min: 0, max: 1, value: 0 }),
      status: make("p", { className: "audionome-live-status" }),
      progress: make("progress", { max: 1, value: 0, aria: { label: "Loading" } }),
      said: make("p", { className: "listen-unseen", role: "status" }),
    };
    parts.level = make("label", { className: "audionome-live-level" }, ["Level ", parts.meter]);
    parts.piece.setAttribute("aria-expanded", "false");
    parts.row = make("div", { className: "audionome-live-controls" }, [
      parts.again,
      parts.microphone,
      parts.piece,
      parts.stop,
      parts.large,
      parts.level,
    ]);
    return parts;
  };

  Audionome.projectorParts = () => {
    const { make } = Audionome;
    const button = (text) =>
      make("button", { type: "button", className: "audionome-live-button" }, [text]);
    const parts = {
      leave: button("Leave the projector view"),
      again: button("Go on listening"),
      play: button("Play"),
      status: make("p", { className: "audionome-live-status" }),
      said: make("p", { className: "listen-unseen", role: "status" }),
    };
    parts.leave.autofocus = true; // when the dialog opens
    parts.dialog = make("dialog", {
      className: "audionome-projector",
      aria: { label: "Projector view" },
    });
    parts.foot = make("div", { className: "audionome-live-controls" }, [
      parts.status,
      parts.again,
      parts.play,
      parts.leave,
    ]);
    return parts;
  };

  // -- which piece -------------------------------------------------------------------------

  async function loadExamples() {
    const { examples } = await Audionome.card();
    return examples.map((one) => ({
      ...one,
      name: [one.title, one.artist].filter(Boolean).join(", "),
      url: new URL(one.url, HERE).href,
    }));
  }

  // Who made an example, and on which terms: their licences ask for it.
  function creditOf({ file, title, artist, licence, licence_url: terms, source }) {
    const { make } = Audionome;
    if (!file || !licence) {
      return [];
    }
    const link = (text, href) => (href ? make("a", { href }, [text]) : text);
    return [link(title, source), artist ? ` by ${artist}, ` : ", ", link(licence, terms), "."];
  }

  Audionome.pieceChooser = ({ onChoose }) => {
    const { make } = Audionome;
    const select = make("select");
    const className = "audionome-live-button";
    const go = make("button", { type: "button", className, disabled: true }, [
      "Play it and listen",
    ]);
    const input = make("input", { type: "file", accept: "audio/*,video/*" });
    const audio = make("audio", { controls: true, hidden: true });
    const credit = make("p", { className: "audionome-live-credit" });
    const element = make("div", { className: "audionome-live-chooser", hidden: true }, [
      make("div", { className: "audionome-live-controls" }, [
        make("label", {}, ["An example ", select]),
        go,
      ]),
      make("label", {}, ["Or a file of your own ", input]),
      audio,
      credit,
    ]);
    let examples = [];
    let held = null; // the piece in the player: { choice, samples }

    async function show() {
      if (!examples.length) {
        examples = await loadExamples();
        select.replaceChildren(...examples.map(({ name }, i) => new Option(name, String(i))));
        go.disabled = false;
      }
    }

    async function bytes({ blob, url }, signal) {
      if (blob) {
        return blob;
      }
      const answer = await fetch(url, { signal }).catch((error) => {
        throw signal.aborted ? error : new Audionome.Problem(NO_EXAMPLE);
      });
      if (!answer.ok) {
        throw new Audionome.Problem(NO_EXAMPLE);
      }
      return answer.blob();
    }

    // Puts a piece into the player and resolves to its samples.
    async function open(choice, signal) {
      if (held && held.choice === choice) {
        return held.samples;
      }
      const blob = await bytes(choice, signal);
      const samples = await Audionome.decode(blob, { name: `"${choice.name}"`, signal });
      Audionome.stopIf(signal);
      if (held) {
        URL.revokeObjectURL(audio.src);
      }
      held = { choice, samples };
      audio.src = URL.createObjectURL(blob);
      audio.hidden = false;
      audio.setAttribute("aria-label", choice.name);
      credit.replaceChildren(...creditOf(choice));
      return samples;
    }

    // Resolves whether it plays: a browser may want a press on its own button.
    async function play() {
      if (audio.ended) {
        audio.currentTime = 0;
      }
      try {
        await audio.play();
        return true;
      } catch (error) {
        if (error.name === "NotSupportedError") {
          held = null;
          throw new Audionome.Problem(UNPLAYABLE);
        }
        return error.name === "AbortError"; // paused meanwhile
      }
    }

    go.addEventListener("click", () => {
      const choice = examples[Number(select.value)];
      if (choice) {
        onChoose(choice);
      }
    });
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (file) {
        onChoose({ name: file.name, blob: file });
      }
      input.value = ""; // the same file can be chosen again
    });
    audio.addEventListener("play", () => held && onChoose(held.choice));
    return { element, audio, show, open, play };
  };
})();
