// What lies behind an answer: sections that are closed until somebody wants them. A section is laid
// out and its charts are drawn when it is opened: a phone draws nothing that nobody looks at.

// `section`: { id, heading, sentences, charts } of Python's answer.
function sectionOf(model, section, { onTime, more = [] }) {
  const body = element("div", { className: "an-inside" });
  const root = element("details", { className: "an-section" }, [
    element("summary", {}, [element("h3", { textContent: section.heading })]),
    body,
  ]);
  root.dataset.section = section.id;

  function fill() {
    body.append(
      ...section.sentences.map((textContent) => element("p", { textContent })),
      ...more,
      ...section.charts.map((chart) =>
        figureOf(model, chart, {
          onTime: chart.over_time ? onTime : null,
          level: 4,
          // A chart that is all of a section needs no second heading of the same words.
          bare: chart.caption === section.heading,
        }),
      ),
    );
  }

  root.addEventListener("toggle", () => {
    if (!root.open) return;
    if (body.childElementCount) repaint(body); // the page may be wider or darker than it was
    else fill();
  });
  return root;
}

function neighboursOf(neighbours) {
  const items = neighbours.map(({ name, words }) =>
    element("li", {}, [
      element("strong", { textContent: name }),
      words ? ` (${words})` : null,
    ]),
  );
  return items.length ? [element("ul", { className: "an-neighbours" }, items)] : [];
}

const CAUTION =
  "It knows the names of ten genres. Music of any other kind still gets one of them: read the " +
  "percentages as likeness to these genres, not as a verdict.";

const UNFINISHED =
  "The closer look (spectrogram, timbre, key) was not finished when the page was left. " +
  "Choose the file again to have it.";

// What is known of the answer itself.
function aboutOf({ name, path, card }) {
  const file = path && path !== name ? path : name;
  return [
    factsOf([["File", file], ...card.facts]),
    ...[card.second, `${card.family} ${card.caution ?? CAUTION}`]
      .filter(Boolean)
      .map((textContent) => element("p", { textContent })),
  ];
}

function scienceOf({ model, player }) {
  const mine = element("div");
  const later = element("div", { className: "an-later" });
  const last = element("div");
  const root = element("section", { className: "an-science", aria: { label: "Look closer" } }, [
    element("h2", { textContent: "Look closer" }),
    mine,
    later,
    last,
  ]);

  function clear() {
    purge(root);
    for (const part of [mine, later, last]) part.replaceChildren();
  }

  function add(place, section, more = []) {
    place.append(sectionOf(model, section, { onTime: player.hear, more }));
  }

  function show(entry, { card, sections, details }) {
    clear();
    for (const section of sections) {
      add(mine, section, section.id === "place" ? neighboursOf(card.neighbours) : []);
    }
    if (details) showDetails(details);
    else if (entry.cut) showDetails({ sentence: UNFINISHED });
    else later.append(element("p", { className: "an-help", textContent: "Looking closer…" }));
    const about = { id: "about", heading: "About this answer", sentences: [], charts: [] };
    add(last, about, aboutOf({ ...entry, card }));
  }

  // The sections that take Python longer; `sentence` says why there are none.
  function showDetails({ sections = [], sentence = "" }) {
    purge(later);
    later.replaceChildren();
    if (sentence) later.append(element("p", { className: "an-unsure", textContent: sentence }));
    for (const section of sections) add(later, section);
  }

  return { root, clear, show, showDetails };
}
