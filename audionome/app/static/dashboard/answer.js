// One answer: the sentence, the genre, why, where and when.

const CAUTION =
  "Audionome knows only these ten genres, from the 1 000 clips of the GTZAN collection. Music of " +
  "any other kind still gets one of the ten names: read the probabilities as likeness to those " +
  "clips, not as a verdict.";

// What is sure stands large: a genre only if it is one, and a guess below it.
function headOf(answer) {
  const sure = answer.status === "one";
  const head = element("div", { className: "an-head" }, [
    element("p", { className: sure ? "an-first" : "an-doubt" }, [
      element("span", { className: "an-genre", textContent: answer.headline }),
      sure ? element("span", { className: "an-confidence", textContent: answer.confidence }) : null,
    ]),
    sure
      ? null
      : element("p", {
          className: "an-guess",
          textContent: `Nearest: ${answer.genre}, ${answer.confidence}`,
        }),
  ]);
  head.style.setProperty("--an-genre", answer.color);
  return head;
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

function whyOf(why) {
  const items = why.map((textContent) => element("li", { textContent }));
  return element("ul", { className: "an-why" }, items);
}

function answerOf(model, player) {
  const title = element("h2", { className: "an-name", tabIndex: -1 });
  const sentence = element("p", { className: "an-sentence", role: "status" });
  const body = element("div");
  const details = element("div", { className: "an-details" });
  const root = element("section", { className: "an-answer", hidden: true }, [title, body, details]);
  root.setAttribute("aria-label", "Answer");

  function clear() {
    purge(root);
    body.replaceChildren();
    details.replaceChildren();
    sentence.textContent = "";
    delete root.dataset.job;
    delete root.dataset.status;
    root.hidden = true;
  }

  function show(job, name, answer) {
    clear();
    root.hidden = false;
    root.dataset.job = job;
    root.dataset.status = answer.status;
    title.textContent = name;
    sentence.textContent = answer.sentence;
    const { probabilities, timeline, reasons, typical, place } = answer.charts;
    body.append(
      headOf(answer),
      sentence,
      notesOf(answer.notes) ?? "",
      answer.second ? element("p", { className: "an-second", textContent: answer.second }) : "",
      element("p", { className: "an-because", textContent: "What spoke most, for it and against it:" }),
      whyOf(answer.why),
      player.root,
      factsOf(answer.facts),
      figureOf(model, probabilities),
      figureOf(model, timeline, { onTime: player.hear }),
      figureOf(model, reasons),
      figureOf(model, typical),
      figureOf(model, place),
    );
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
    details.append(element("p", { className: "an-help", textContent: CAUTION }));
  }

  // Two answers beside each other; the chart of both comes from Python.
  function compare(pairs, { names, chart }) {
    clear();
    root.hidden = false;
    root.dataset.job = pairs.map(({ job }) => job).join(" ");
    title.textContent = `${names[0]} and ${names[1]}`;
    const columns = pairs.map(({ answer }, k) =>
      element("section", { aria: { label: names[k] } }, [
        element("h3", { textContent: names[k] }),
        headOf(answer),
        element("p", { className: "an-sentence", textContent: answer.sentence }),
        notesOf(answer.notes),
        factsOf(answer.facts),
        whyOf(answer.why),
        figureOf(model, answer.charts.timeline),
        figureOf(model, answer.charts.typical),
      ]),
    );
    body.append(
      figureOf(model, chart),
      element("div", { className: "an-beside" }, columns),
      element("p", { className: "an-help", textContent: CAUTION }),
    );
  }

  return { root, title, clear, show, showDetails, compare };
}
