// From what a reader gives (a file, a link of the site, a recording) to samples and a player.
"use strict";

(() => {
  const Audionome = window.Audionome;
  const { make } = Audionome;
  const FIRST = 6; // examples that are shown at once
  const KINDS = "audio/*,video/*,.wav,.mp3,.flac,.ogg,.oga,.opus,.m4a,.aac,.webm,.aif,.aiff";

  // 16-bit WAV of what was heard, for browsers that decode a file but cannot play it.
  function wav(samples, rate) {
    const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
    const text = (at, letters) =>
      [...letters].forEach((letter, k) => view.setUint8(at + k, letter.charCodeAt(0)));
    text(0, "RIFF");
    view.setUint32(4, 36 + 2 * samples.length, true);
    text(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    [1, 1].forEach((value, k) => view.setUint16(20 + 2 * k, value, true));
    view.setUint32(24, rate, true);
    view.setUint32(28, 2 * rate, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    text(36, "data");
    view.setUint32(40, 2 * samples.length, true);
    samples.forEach((value, k) => {
      view.setInt16(44 + 2 * k, Math.round(32767 * Math.max(-1, Math.min(1, value))), true);
    });
    return new Blob([view], { type: "audio/wav" });
  }

  // A player of a file; of the decoded samples where the browser decodes the file but cannot play
  // it, or does not know how long it is.
  function playerOf({ blob, name }, rate) {
    const audio = make("audio", {
      controls: true,
      preload: "metadata",
      aria: { label: `Play ${name}` },
    });
    let url = "";
    let again = true;
    const take = (source) => {
      URL.revokeObjectURL(url);
      url = URL.createObjectURL(source);
      audio.src = url;
    };
    const decoded = async () => {
      if (again) {
        again = false;
        await Audionome.decode(blob, { name }).then(
          (samples) => take(wav(samples, rate)),
          () => {}, // The answer stands without a player.
        );
      }
    };
    audio.addEventListener("error", decoded);
    audio.addEventListener("loadedmetadata", () => Number.isFinite(audio.duration) || decoded());
    take(blob);
    audio.release = () => {
      again = false;
      audio.pause();
      audio.removeAttribute("src");
      URL.revokeObjectURL(url);
    };
    return audio;
  }

  // Files and folders of a drop; a folder can be told from a file only at once.
  function dropped(transfer) {
    const entries = [...transfer.items]
      .filter(({ kind }) => kind === "file")
      .map((item) => (item.webkitGetAsEntry ? item.webkitGetAsEntry() : null));
    const folders = entries.filter((entry) => entry && entry.isDirectory).map(({ name }) => name);
    const files = [...transfer.files].filter((file, k) => !(entries[k] || {}).isDirectory);
    return { files, folders };
  }

  // A drop anywhere on the page counts: a browser would leave the page for a file that misses.
  function acceptDrops({ root, take, say }) {
    let depth = 0;
    const carries = ({ dataTransfer, target }) =>
      dataTransfer &&
      (dataTransfer.types.includes("Files") ||
        (dataTransfer.types.includes("text/uri-list") && root.contains(target)));
    const on = (type, change, then = () => {}) =>
      document.addEventListener(type, (event) => {
        if (carries(event)) {
          event.preventDefault();
          depth = type === "drop" ? 0 : Math.max(0, depth + change);
          root.classList.toggle("listen-over", depth > 0);
          then(event.dataTransfer);
        }
      });
    on("dragenter", 1);
    on("dragover", 0);
    on("dragleave", -1);
    on("drop", 0, (transfer) => {
      const given = dropped(transfer);
      if (given.files.length || given.folders.length) {
        take(given);
      } else {
        say(Audionome.refusals.link, { problem: true });
      }
    });
  }

  // -- where files come in -----------------------------------------------------------------

  function drawing() {
    const note = make("span", { className: "listen-wave", aria: { hidden: "true" } });
    note.append(...Array.from({ length: 9 }, () => make("i")));
    return note;
  }

  function fieldOf() {
    const id = `listen-${Math.random().toString(36).slice(2)}`;
    const input = make("input", { type: "file", id, multiple: true, className: "listen-file" });
    input.accept = KINDS;
    input.setAttribute("aria-describedby", `${id}-hint`);
    const record = make("button", { type: "button" }, [
      make("span", { className: "listen-dot", aria: { hidden: "true" } }),
      "Record with the microphone",
    ]);
    const choose = make("div", { className: "listen-choose" }, [
      drawing(),
      make("p", { className: "listen-invite" }, [
        "Drop a song here",
      ]),
      make("div", { className: "listen-buttons" }, [
        input,
        make("label", { htmlFor: id, className: "listen-main" }, ["Choose a file"]),
        record,
      ]),
      make("p", { className: "listen-hint", id: `${id}-hint` }, [
        "MP3, WAV, FLAC, M4A, OGG and more; at least three seconds.",
      ]),
    ]);
    const recorder = make("div", { className: "listen-recorder", hidden: true });
    const root = make("div", { className: "listen-drop" }, [choose, recorder]);
    return { root, choose, recorder, input, record };
  }

  // The page lists its examples, made at the build: each becomes a button.
  function examplesOf(container, onChoose) {
    const groups = [...container.querySelectorAll(".audionome-examples")];
    groups.forEach((group) => {
      const items = [...group.querySelectorAll("li[data-file]")];
      items.forEach((item) => {
        const link = item.querySelector("a");
        const { title, artist } = item.dataset;
        const button = make("button", { type: "button", className: "listen-example" }, [
          make("strong", {}, [title]),
          make("span", {}, [artist]),
        ]);
        button.addEventListener("click", () => onChoose({ name: title, url: link.href }));
        link.replaceWith(button);
      });
      if (items.length > FIRST && group.tagName !== "DETAILS") {
        const more = make("button", { type: "button", className: "listen-more" }, [
          `Show all ${items.length} recordings`,
        ]);
        items.slice(FIRST).forEach((item) => (item.hidden = true));
        more.addEventListener("click", () => {
          items.forEach((item) => (item.hidden = false));
          more.remove();
          items[FIRST].querySelector("button").focus();
        });
        group.append(more);
      }
    });
    return groups;
  }

  async function soundOf({ url, blob, name }, signal) {
    if (!url) {
      return blob;
    }
    try {
      const response = await fetch(url, { signal });
      if (response.ok) {
        return await response.blob();
      }
    } catch (error) {
      Audionome.stopIf(signal);
    }
    throw new Audionome.Problem(Audionome.refusals.offline(name), "network");
  }

  // What to tell the reader about a failure, and of which kind it is.
  async function told(error, { blob = null, name = "" } = {}) {
    const { kind, message } = Audionome.said(error);
    const sentence =
      kind === "decode" && blob ? await Audionome.refusals.undecoded(blob, name) : message;
    return { kind, sentence };
  }

  const parts = { wav, playerOf, fieldOf, acceptDrops, examplesOf, soundOf, told };
  Audionome.intake = parts;
})();
