// One answer: the genres, what it sounds like, why, where and when.

const CAUTION =
  "It knows the names of ten genres. Music of any other kind still gets one of them: read the " +
  "probabilities as likeness to these genres, not as a verdict.";

// One genre stands large; a set of them smaller, and a doubt in another colour.
const SIZES = { one: "an-first", few: "an-few" };

function headOf(answer) {
  const one = answer.status === "one";
  const head = element("div", { className: "an-head" }, [
    element("p", { className: SIZES[answer.status] ?? "an-doubt" }, [
      element("span", { className: "an-genre", textContent: answer.headline }),
      one ? element("span", { className: "an-confidence", textContent: answer.confidence }) : null,
    ]),
    answer.status === "out-of-distribution"
      ? element("p", {
          className: "an-guess",
          textContent: `Nearest: ${answer.nearest}`,
        })
      : null,
  ]);
  head.style.setProperty("--an-genre", answer.color);
  return head;
}

// A strip: one bar per window, or per equal part of a long recording.
function stripOf(values) {
  const n = Math.min(values.length, 60);
  const bars = Array.from({ length: n }, (_, k) => {
    const part = values.slice(
      Math.floor((k * values.length) / n),
      Math.floor(((k + 1) * values.length) / n),
    );
    const bar = element("span");
    const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
    bar.style.height = `${Math.max(4, 100 * mean)}%`;
    return bar;
  });
  const strip = element("span", { className: "an-strip" }, bars);
  strip.setAttribute("aria-hidden", "true"); // the button's name says it in words
  return strip;
}

// The tags; each is a button that plays the window in which it is heard most.
function hearsOf({ hearing, hears, foreign }, onTime = null) {
  if (!hears.length) return "";
  const items = hears.map(({ name, kind, strength, over_time, words, at }) => {
    const parts = [
      element("span", { className: "an-tag", textContent: name }),
      element("span", { className: "an-kind", textContent: kind }),
      stripOf(over_time),
      element("span", { className: "an-strength", textContent: strength }),
    ];
    const row = onTime
      ? element("button", {
          type: "button",
          className: "an-hear",
          onclick: () => onTime(at),
          aria: { label: `${words}. Hear it.` },
        }, parts)
      : element("span", { className: "an-hear" }, parts);
    return element("li", {}, [row]);
  });
  return element("section", { className: "an-hears", aria: { label: hearing } }, [
    element("h3", { textContent: hearing }),
    element("ul", {}, items),
    foreign ? element("p", { className: "an-foreign", textContent: foreign }) : null,
  ]);
}

function notesOf(notes) {
  const items = notes.map((textContent) => element("li", { textContent }));
  return items.length ? element("ul", { className: "an-notes" }, items) : null;
}

function factsOf(facts) {
  const pairs = facts.map(([name, value]) =>
    element("div", {}, [
      element("dt", { textContent: name }),
      element("dd", { textContent: value }),
    ]),
  );
  return element("dl", { className: "an-facts" }, pairs);
}

// What spoke for the genre and what against it: two lists.
function whyOf(why) {
  const sides = why.map(([heading, reasons]) =>
    element("section", {}, [
      element("h3", { textContent: heading }),
      element(
        "ul",
        {},
        reasons.map((textContent) => element("li", { textContent })),
      ),
    ]),
  );
  return element("div", { className: "an-why" }, sides);
}

function answerOf(model, player) {
  const title = element("h2", { className: "an-name", tabIndex: -1 });
  const sentence = element("p", { className: "an-sentence" });
  const body = element("div");
  const details = element("div", { className: "an-details" });
  const root = element("section", { className: "an-answer", hidden: true }, [title, body, details]);
  root.setAttribute("aria-label", "Answer");
  let family = ""; // what the model learned from

  function clear() {
    purge(root);
    body.replaceChildren();
    details.replaceChildren();
    sentence.textContent = "";
    delete root.dataset.job;
    delete root.dataset.status;
    root.hidden = true;
  }

  function show(entry, answer) {
    clear();
    root.hidden = false;
    root.dataset.job = entry.job;
    root.dataset.status = answer.status;
    title.textContent = entry.name;
    sentence.textContent = answer.promise;
    const { hears, probabilities, timeline, reasons, typical, place } = answer.charts;
    body.append(
      headOf(answer),
      sentence,
      hearsOf(answer, player.hear),
      notesOf(answer.notes) ?? "",
      factsOf(answer.facts),
      player.root,
      whyOf(answer.why),
      answer.second ? element("p", { className: "an-second", textContent: answer.second }) : "",
      hears ? figureOf(model, hears, { onTime: player.hear }) : "",
      figureOf(model, probabilities),
      figureOf(model, timeline, { onTime: player.hear }),
      figureOf(model, reasons),
      figureOf(model, typical),
      figureOf(model, place),
    );
    family = answer.family;
    if (answer.details) showDetails(answer.details);
    else details.append(element("p", { className: "an-help", textContent: "Looking closer…" }));
  }

  function showDetails(found) {
    purge(details);
    details.replaceChildren();
    if (found.sentence) {
      details.append(element("p", { className: "an-unsure", textContent: found.sentence }));
    } else {
      details.append(
        element("h2", { textContent: found.heading }),
        element("p", { className: "an-key", textContent: found.key }),
      );
      for (const chart of found.charts) {
        details.append(figureOf(model, chart, { onTime: player.hear }));
      }
    }
    details.append(element("p", { className: "an-help", textContent: `${family} ${CAUTION}` }));
  }

  // Two answers beside each other.
  function compare(pairs) {
    clear();
    root.hidden = false;
    const names = pairs.map(({ entry }) => entry.name);
    root.dataset.job = pairs.map(({ entry }) => entry.job).join(" ");
    title.textContent = names.join(" and ");
    const columns = pairs.map(({ entry, full }) =>
      element("section", { aria: { label: entry.name } }, [
        element("h3", { textContent: entry.name }),
        headOf(full),
        element("p", { className: "an-sentence", textContent: full.promise }),
        hearsOf(full),
        factsOf(full.facts),
      ]),
    );
    body.append(element("div", { className: "an-beside" }, columns));
  }

  return { root, title, clear, show, showDetails, compare };
}
