// The way in: files by choice or drop, folders, the microphone, examples. It folds to one line once
// there is something to read.

const SOUNDS =
  "audio/*,video/*,.wav,.mp3,.flac,.ogg,.oga,.opus,.m4a,.aac,.aif,.aiff,.aifc,.au,.wma,.wv,.ape," +
  ".mka,.webm";

// A button that is a file input: the input lies unseen over its label, and takes keys and clicks.
function chooserOf({ id, text, className = "", directory = false, onFiles }) {
  const input = element("input", { type: "file", id, multiple: true, className: "an-input" });
  if (directory) input.webkitdirectory = true;
  else input.accept = SOUNDS;
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // the same file may be chosen again
    onFiles(filesIn(files));
  });
  const label = element("label", { htmlFor: id, className: `an-plain ${className}`, textContent: text });
  return { input, root: element("span", { className: "an-chooser" }, [input, label]) };
}

function examplesOf(groups, { id, onTry }) {
  const told = element("p", { className: "an-help an-expect" });
  const entries = new Map(
    groups.flatMap(([, list]) => list.map(([value, text, expect = ""]) => [value, { text, expect }])),
  );
  const pick = element(
    "select",
    { id: `${id}-pick` },
    groups.map(([label, list]) =>
      element("optgroup", { label }, list.map(([value, textContent]) =>
        element("option", { value, textContent }),
      )),
    ),
  );
  const tell = () => (told.textContent = entries.get(pick.value)?.expect ?? "");
  pick.addEventListener("change", tell);
  tell();
  const hear = button("Try it", () => onTry({ name: entries.get(pick.value).text, example: pick.value }));
  // Those that are named after their genre.
  const telling = [...pick.children].filter((group) => group.querySelector("[value^='piece ']"));
  const root = element("div", { className: "an-example", hidden: !entries.size }, [
    element("label", { htmlFor: `${id}-pick`, textContent: "Or an example:" }),
    pick,
    hear,
    told,
  ]);
  return {
    root,
    cover(covered) {
      for (const group of telling) {
        if (covered) group.remove();
        else pick.append(group);
      }
      tell();
    },
  };
}

function intakeOf({ limit, longest, lead: does, examples, recorder, onFiles, onExample, onStop }) {
  const id = `an-${Math.random().toString(36).slice(2)}`;
  const minutes = Math.floor(longest / 60);
  const files = chooserOf({ id, text: "Choose sound files", className: "an-button", onFiles });
  const folder = chooserOf({ id: `${id}-folder`, text: "Choose a folder", directory: true, onFiles });
  const help = element("p", { id: `${id}-help`, className: "an-help an-more-help" });
  help.textContent =
    "Any sound file, one or hundreds, from 3 seconds up to " +
    `${minutes} minutes and ${Math.floor(limit / MIB)} MiB each. The sound stays in memory for the ` +
    "answer: it is never written to disk, logged or passed on. Answers stay in this browser for " +
    `${DAYS} days, or until you forget them.`;
  files.input.setAttribute("aria-describedby", help.id);
  const more = button("More ways", () => fold(drop.dataset.fold === "open" ? "closed" : "open"), {
    className: "an-plain an-unfold",
    hidden: true,
  });
  more.setAttribute("aria-expanded", "false");
  const target = element("div", { className: "an-choose" }, [
    files.root,
    folder.root,
    element("span", { className: "an-or", textContent: "or drop them here" }),
    more,
  ]);
  const example = examplesOf(examples, { id, onTry: onExample });
  const ways = element("div", { className: "an-ways" }, [recorder.root, example.root]);
  const bar = element("progress", { max: 1, value: 0, aria: { label: "Progress" } });
  const stop = button("Stop", onStop, { className: "an-plain an-stop" });
  const work = element("div", { className: "an-work", hidden: true }, [bar, stop]);
  const status = element("p", { className: "an-status" });

  const lead = element("p", { className: "an-lead", textContent: does });
  const drop = element("section", { className: "an-drop", aria: { label: "Choose music" } }, [
    element("h1", { textContent: "What genre is it?" }),
    lead,
    target,
    ways,
    help,
    work,
    status,
  ]);
  drop.dataset.state = "idle";
  drop.dataset.fold = "none";

  // "none": everything stands there; "closed": one line; "open": everything below the line.
  function fold(how) {
    drop.dataset.fold = how;
    more.hidden = how === "none";
    more.textContent = how === "open" ? "Fewer ways" : "More ways";
    more.setAttribute("aria-expanded", String(how === "open"));
  }

  function show(state, sentence, fraction) {
    drop.dataset.state = state;
    const works = state === "uploading" || state === "analysing";
    if (!works && document.activeElement === stop) files.input.focus(); // it is going away
    work.hidden = !works;
    drop.setAttribute("aria-busy", String(works));
    bar.value = fraction;
    if (status.textContent !== sentence) status.textContent = sentence;
    status.hidden = !sentence;
  }

  const works = [target, ways];
  return { root: drop, show, fold, cover: example.cover, input: files.input, works };
}
