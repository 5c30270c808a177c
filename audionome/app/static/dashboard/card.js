// The pieces of one answer as a person reads it; answer.js puts them together.

const LENGTHY = 48; // characters of a headline that would fill the screen
const MOST_BARS = 12; // genres that are all shown where there is room
const LONG = 11; // characters of a genre that need more room than the ten's

// All genres, or of very many the likeliest, those that are named and those that are asked for.
function likeliestOf(bars, asked = []) {
  if (bars.length <= MOST_BARS) return bars;
  return bars.filter(({ genre, named }, k) => k < MOST_BARS || named || asked.includes(genre));
}

// A coloured band, a part for each genre that is named, as wide as that is likely.
function bandOf({ bars }) {
  const named = bars.filter(({ named }) => named);
  const parts = named.map(({ color, share }) => {
    const part = element("span");
    part.style.setProperty("--an-genre", color);
    part.style.flexGrow = Math.max(8, 100 * share);
    return part;
  });
  const band = element("div", { className: "an-band" }, parts.length ? parts : [element("span")]);
  band.setAttribute("aria-hidden", "true"); // the headline says it
  return band;
}

function headlineOf({ status, headline, confidence }) {
  const lengthy = headline.length > LENGTHY ? " an-lengthy" : "";
  const line = element("p", { className: `an-headline${lengthy}` }, [
    element("span", { className: "an-genre", textContent: headline }),
  ]);
  if (status === "one") {
    line.append(" ", element("span", { className: "an-confidence", textContent: confidence }));
  }
  return line;
}

// How often such answers are right, and where the report shows it.
function rightOf({ right }, book) {
  if (!right?.sentence) return null;
  const there = book && right.page
    ? element("a", {
        href: book + right.page,
        target: "_blank", // the answers stay where they are
        rel: "noopener",
        textContent: "How we know",
      }, [element("span", { className: "an-unseen", textContent: " (opens the report)" })])
    : null;
  return element("p", { className: "an-right" }, [right.sentence, there ? " " : null, there]);
}

function headOf(card, { book = "" } = {}) {
  const words = (className, textContent) =>
    textContent ? element("p", { className, textContent }) : null;
  const head = element("div", { className: "an-head" }, [
    bandOf(card),
    headlineOf(card),
    words("an-guess", card.nearest),
    element("div", { className: "an-promise" }, [
      words("an-sentence", card.promise),
      " ",
      rightOf(card, book),
    ]),
    words("an-foreign", card.foreign),
    words("an-learned", card.learned),
    notesOf(card.notes),
  ]);
  head.dataset.status = card.status;
  if (card.bars.some(({ named }) => named)) head.style.setProperty("--an-genre", card.color);
  return head;
}

function notesOf(notes) {
  const items = notes.map((textContent) => element("li", { textContent }));
  return items.length ? element("ul", { className: "an-notes" }, items) : null;
}

// Where there is little room, a part shows what matters most, and this button the rest.
function unfoldOf(section, words) {
  const unfold = button(words, () => {
    const open = section.classList.toggle("an-open");
    unfold.setAttribute("aria-expanded", String(open));
  }, { className: "an-plain an-more", aria: { expanded: "false" } });
  return unfold;
}

function headingOf(section, words, more) {
  const heading = element("h3", { textContent: words });
  if (!more) return heading;
  return element("div", { className: "an-line" }, [heading, unfoldOf(section, more)]);
}

const TIGHTEST = 4; // steps in which card.css folds the card further

// Fold no more of a narrow card than it takes to see it from `top` to `end` without scrolling.
function fold(card, top, end) {
  if (!card.contains(end) || card.querySelector(".an-open")) return; // unfolded by hand: let it be
  const room = window.innerHeight - parseFloat(getComputedStyle(top).scrollMarginTop);
  for (let tight = 0; tight <= TIGHTEST; tight += 1) {
    card.dataset.tight = tight;
    for (const unfold of card.querySelectorAll(".an-more")) {
      const items = [...unfold.closest("section").querySelectorAll("li")];
      unfold.hidden = items.every(({ offsetHeight }) => offsetHeight);
    }
    const tall = end.getBoundingClientRect().bottom - top.getBoundingClientRect().top;
    if (tall <= room) return;
  }
}

function barOf({ name, color, share, text, named }) {
  const fill = element("span", { className: "an-fill" });
  fill.style.setProperty("--an-genre", color);
  fill.style.setProperty("--an-share", share);
  const mark = element("span", { className: "an-mark" }, [
    named ? element("span", { className: "an-unseen", textContent: "In the answer: " }) : null,
  ]);
  return element("li", { className: named ? "an-named" : "" }, [
    mark,
    element("span", {
      className: "an-what", textContent: name, dir: "auto", title: name.length > LONG ? name : "",
    }),
    element("span", { className: "an-bar" }, [fill]),
    element("span", { className: "an-value", textContent: text }),
  ]);
}

function barsOf({ bars, every = "All ten" }) {
  const section = element("section", { className: "an-bars" });
  section.classList.toggle("an-many", bars.length > MOST_BARS);
  section.classList.toggle("an-long", bars.some(({ name }) => name.length > LONG));
  section.append(
    headingOf(section, "How likely is each genre?", every),
    element("ul", {}, bars.map(barOf)),
  );
  return section;
}

// A strip: one bar per window, or per equal part of a long recording.
function stripOf(values) {
  const n = Math.min(values.length, 40);
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

// The tags; with a sound, each is a button that plays the window in which it is heard most.
function hearsOf({ hearing, hears }, onTime = null) {
  if (!hears.length) return null;
  const items = hears.map(({ name, kind, strength, over_time, words, at }) => {
    const parts = [
      onTime ? element("span", { className: "an-play", aria: { hidden: "true" } }) : null,
      element("span", { className: "an-tag" }, [
        name,
        " ",
        element("span", { className: "an-kind", textContent: kind }),
      ]),
      stripOf(over_time),
      element("span", { className: "an-strength", textContent: strength }),
    ];
    if (!onTime) {
      return element("li", {}, [element("span", { className: "an-hear" }, parts)]);
    }
    return element("li", {}, [
      element("button", {
        type: "button",
        className: "an-hear",
        title: `Hear it at ${clock(at)}`,
        onclick: () => onTime(at),
        aria: { label: `${words}. Hear it.` },
      }, parts),
    ]);
  });
  const section = element("section", { className: "an-hears" }, [
    element("h3", { textContent: hearing }),
    element("ul", {}, items),
  ]);
  section.append(unfoldOf(section, `All ${hears.length}`));
  return section;
}

// The weight in brackets never stands on a line of its own.
function reasonOf(words) {
  const [, start, end] = /^(.* )?(\S+ \([^()]*\))$/.exec(words) ?? [];
  if (!end) return element("li", { textContent: words });
  const together = element("span", { className: "an-together", textContent: end });
  return element("li", {}, [start ?? "", together]);
}

// What spoke for the genre and what against it: two lists.
function whyOf(why) {
  if (!why.length) return null; // nothing is named that there could be reasons for
  const section = element("section", { className: "an-why", aria: { label: "Why" } });
  why.forEach(([heading, reasons], side) => {
    section.append(
      headingOf(section, heading, side === 0 ? "All reasons" : ""),
      element("ul", {}, reasons.map(reasonOf)),
    );
  });
  return section;
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
