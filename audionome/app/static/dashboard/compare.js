// Two answers beside each other. Everything here is read from the two answers that the browser
// keeps, so that it needs no server: differences, and no measurement.

const SIDES = ["A", "B"];
const FEW_POINTS = 3; // a smaller difference is none to speak of

const pointsOf = (share) => Math.round(100 * share);
const sideOf = (k) =>
  element("span", {
    className: `an-side an-side-${SIDES[k].toLowerCase()}`,
    textContent: SIDES[k],
  });

const UNKNOWN = { share: 0, text: "not known" }; // to the model that gave the other answer

// For each genre both shares, as number and in words, and the difference in points; the largest
// difference first. Answers of an earlier visit may be another model's, with other genres.
function differencesOf(pairs) {
  const [bars, others] = pairs.map(({ full }) => full.card.bars);
  return bars
    .map(({ genre, name, share, text }) => {
      const other = others.find((bar) => bar.genre === genre) ?? UNKNOWN;
      const points = pointsOf(share - other.share);
      return { name, shares: [share, other.share], texts: [text, other.text], points };
    })
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
}

function moreOf(points) {
  if (!points) return "under 1";
  return `${SIDES[points > 0 ? 0 : 1]} +${Math.abs(points)}`;
}

function summaryOf(pairs, differences) {
  const [{ name, texts, points }] = differences;
  const [one, other] = pairs.map(({ full }) => full.card.headline);
  const same = one === other ? "Both get the same answer" : "The answers differ";
  if (Math.abs(points) < FEW_POINTS) return `${same}; no genre differs by ${FEW_POINTS} points.`;
  return `${same}; they are furthest apart on ${name}: ${texts[0]} for A and ${texts[1]} for B.`;
}

function differenceChartOf(differences) {
  const most = Math.max(...differences.flatMap(({ shares }) => shares));
  const rows = differences.map(({ name, shares, texts, points }) => {
    const bars = shares.map((share, k) => {
      const bar = element("span", { className: `an-bar-${SIDES[k].toLowerCase()}` });
      bar.style.width = `${(100 * share) / most}%`;
      return element("span", { className: "an-pair" }, [
        element("span", { className: "an-room" }, [bar]),
        element("span", { className: "an-value", textContent: texts[k] }),
      ]);
    });
    return element("div", { className: "an-difference" }, [
      element("span", { className: "an-what", textContent: name }),
      element("span", { className: "an-pairs" }, bars),
      element("span", { className: "an-points", textContent: moreOf(points) }),
    ]);
  });
  const caption = "Where they differ";
  const alt =
    "Likelihood of each genre in A and in B, and the difference in percentage points. Largest: " +
    differences
      .slice(0, 3)
      .map(({ name, points }) => `${name}, ${moreOf(points)}`)
      .join("; ");
  const table = differences.map(({ name, texts, points }) => [name, ...texts, moreOf(points)]);
  const columns = ["Genre", "A", "B", "Difference (points)"];
  const aria = { label: caption };
  return element("figure", { className: "an-differences", aria }, [
    element("h3", { textContent: caption }),
    element("div", { className: "an-rows", role: "img", aria }, rows),
    element("figcaption", { textContent: `${alt}.` }),
    numbersOf({ caption, columns, rows: table }),
  ]);
}

// Which tags both have, and which only one has.
function tagsBesideOf(pairs) {
  const [tags, others] = pairs.map(({ full }) => full.card.hears.map(({ name }) => name));
  if (!tags.length && !others.length) return null;
  const lines = [
    ["Heard in both", tags.filter((name) => others.includes(name))],
    ["Only in A", tags.filter((name) => !others.includes(name))],
    ["Only in B", others.filter((name) => !tags.includes(name))],
  ];
  return element("dl", { className: "an-shared" }, lines.map(([name, some]) =>
    element("div", {}, [
      element("dt", { textContent: name }),
      element("dd", { textContent: some.join(", ") || "nothing" }),
    ]),
  ));
}

function columnOf({ entry, full }, k, player) {
  const { headline, status, confidence, nearest, foreign, learned, notes } = full.card;
  const sure = status === "one" ? confidence : nearest;
  const [tempo, length] = full.card.facts.map(([, words]) => words);
  const tags = full.card.hears.map(({ name, words, at }) =>
    button(name, () => player.hear(at), {
      className: "an-plain an-tag",
      title: `Hear it at ${clock(at)}`,
      aria: { label: `${words}. Hear it.` },
    }),
  );
  return element("section", { aria: { label: `${SIDES[k]}: ${entry.name}` } }, [
    element("h3", {}, [sideOf(k), " ", element("bdi", { textContent: entry.name })]),
    element("p", { className: "an-verdict" }, [
      element("span", { className: "an-genre", textContent: headline }),
      sure ? element("span", { className: "an-confidence", textContent: ` ${sure}` }) : null,
    ]),
    element("p", { className: "an-help", textContent: `${tempo}, ${length}` }),
    foreign ? element("p", { className: "an-foreign", textContent: foreign }) : null,
    learned ? element("p", { className: "an-learned", textContent: learned }) : null,
    notesOf(notes),
    player.root,
    tags.length
      ? element("div", { className: "an-tags" }, [
          element("span", { className: "an-help", textContent: full.card.hearing }),
          ...tags,
        ])
      : null,
  ]);
}

function comparisonOf({ onClose, sound }) {
  const title = element("h2", { textContent: "Two answers compared", tabIndex: -1 });
  const summary = element("p", { className: "an-sentence" });
  const body = element("div");
  const players = SIDES.map(() => playerOf({ sound }));
  const root = element("section", { className: "an-compare", hidden: true }, [
    element("div", { className: "an-line" }, [title, button("Close the comparison", onClose)]),
    summary,
    body,
  ]);
  root.setAttribute("aria-label", "Comparison");
  let shown = [];

  function show(pairs) {
    shown = pairs;
    root.hidden = false;
    const differences = differencesOf(pairs);
    summary.textContent = summaryOf(pairs, differences);
    pairs.forEach(({ entry }, k) => players[k].load(entry));
    const columns = pairs.map((pair, k) => columnOf(pair, k, players[k]));
    body.replaceChildren(
      element("div", { className: "an-sides" }, columns),
      ...[tagsBesideOf(pairs), differenceChartOf(differences)].filter(Boolean),
    );
    pairs.forEach(({ full }, k) => players[k].answer(full));
    title.focus({ preventScroll: true });
    root.scrollIntoView({ block: "start" });
  }

  // Details have come of an answer that may be one of the two.
  function update(entry, full) {
    shown.forEach((pair, k) => {
      if (pair.entry === entry) players[k].answer(full);
    });
  }

  function close() {
    shown = [];
    root.hidden = true;
    body.replaceChildren();
    for (const player of players) player.load(null);
  }

  return {
    root,
    show,
    update,
    close,
    has: (jobs) => shown.some(({ entry }) => jobs.includes(entry.job)),
    repaint: () => players.forEach((player) => player.repaint()),
    end: () => players.forEach((player) => player.close()),
  };
}
