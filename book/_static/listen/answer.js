// The answer about one recording, drawn the same wherever the site listens: the genres, what the
// answer promises, ten bars, what is heard, and both over time.
"use strict";

(() => {
  const Audionome = window.Audionome;

  function make(tag, { dataset = {}, aria = {}, role = "", ...own } = {}, children = []) {
    const node = Object.assign(document.createElement(tag), own);
    Object.assign(node.dataset, dataset);
    Object.entries(aria).forEach(([key, value]) => node.setAttribute(`aria-${key}`, value));
    if (role) {
      node.setAttribute("role", role);
    }
    node.append(...[children].flat().filter((child) => child !== null && child !== ""));
    return node;
  }

  const { kindOf, likelihood, listed } = Audionome;

  // A place in a recording: 0:05.
  function minutes(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  const ranked = (probabilities) => Object.entries(probabilities).sort((a, b) => b[1] - a[1]);

  async function looks() {
    const { genres } = await Audionome.card();
    return new Map(genres.map((genre) => [genre.key, genre]));
  }

  const nameOf = (genres, key) => (genres.get(key) || { name: key }).name;

  // "jazz 55%, country 22%"
  const likeliest = (genres, probabilities) =>
    ranked(probabilities)
      .slice(0, 2)
      .map(([key, p]) => `${nameOf(genres, key)} ${likelihood(p)}`)
      .join(", ");

  // A surface in the colour and pattern of a genre; listen.css draws the pattern.
  function dress(node, genre) {
    node.style.setProperty("--genre", genre.colour);
    node.dataset.pattern = genre.pattern;
    return node;
  }

  // -- ten bars ----------------------------------------------------------------------------

  const rowsOf = new WeakMap();

  function barRow(genre) {
    const row = {
      item: make("li", { dataset: { genre: genre.key } }),
      fill: dress(make("span", { className: "listen-fill" }), genre),
      value: make("span", { className: "listen-value" }),
      mark: make("span", { className: "listen-mark" }),
    };
    row.item.append(
      make("span", { className: "listen-genre" }, [row.mark, genre.name]),
      make("span", { className: "listen-bar" }, [row.fill]),
      row.value,
    );
    return row;
  }

  // Draw or move ten bars in place. `set` holds the genres that the answer names. In the order of
  // the card, so that nothing jumps while they move; `sort` puts the likeliest first, `most` shows
  // no more than so many.
  async function bars(element, probabilities, set = [], { sort = false, most = Infinity } = {}) {
    const genres = await looks();
    let rows = rowsOf.get(element);
    if (!rows || !element.contains(rows.list)) {
      const list = make("ul", { className: "listen-bars" });
      rows = { list, of: new Map([...genres].map(([key, genre]) => [key, barRow(genre)])) };
      list.append(...[...rows.of.values()].map((row) => row.item));
      rowsOf.set(element, rows);
      element.replaceChildren(list);
    }
    const order = sort ? ranked(probabilities).map(([key]) => key) : [...genres.keys()];
    const first = new Set(ranked(probabilities).slice(0, most).map(([key]) => key));
    order.forEach((key, place) => {
      const { item, fill, value, mark } = rows.of.get(key);
      const named = set.includes(key);
      if (sort && rows.list.children[place] !== item) {
        rows.list.insertBefore(item, rows.list.children[place]);
      }
      item.hidden = !first.has(key);
      item.classList.toggle("listen-named", named);
      if (mark.childElementCount !== Number(named)) {
        const words = make("span", { className: "listen-unseen" }, ["In the answer: "]);
        mark.replaceChildren(...(named ? [words] : []));
      }
      fill.style.setProperty("--share", probabilities[key] || 0);
      value.textContent = likelihood(probabilities[key] || 0);
    });
  }

  // -- the parts of an answer --------------------------------------------------------------

  function verdictOf(answer, genres) {
    const set = answer.prediction_set;
    const colours = (set.length ? set : []).slice(0, 4).map((key) => genres.get(key).colour);
    const band = make("span", { className: "listen-band", aria: { hidden: "true" } });
    (set.length ? set : [answer.genre]).forEach((key) => {
      const part = make("span");
      part.style.setProperty("flex-grow", 100 * Math.max(0.08, answer.probabilities[key]));
      band.append(set.length ? dress(part, genres.get(key)) : part);
    });
    const one = answer.status === "one";
    const verdict = make("div", { className: "listen-verdict" }, [
      band,
      make("p", { className: "listen-headline" }, [
        answer.headline,
        one ? make("span", {}, [` ${likelihood(answer.confidence)}`]) : null,
      ]),
      answer.foreign // None of the ten genres is then likely to be right.
        ? null
        : make("p", { className: "listen-promise" }, [answer.promise]),
      answer.nearest ? make("p", {}, [answer.nearest]) : null,
      answer.foreign ? make("p", {}, [answer.foreign]) : null,
      ...answer.notes.map((note) => make("p", { className: "listen-note" }, [note])),
    ]);
    verdict.style.setProperty("--genre", colours[0] || "var(--pst-color-text-muted)");
    return verdict;
  }

  function genresOf(answer, genres, heading) {
    const box = make("div");
    const names = answer.prediction_set.map((key) => nameOf(genres, key));
    const words = names.length
      ? `In the answer: ${listed(names)}.`
      : "None of them is in the answer.";
    bars(box, answer.probabilities, answer.prediction_set, { sort: true });
    return make("section", { className: "listen-genres" }, [
      make(heading, {}, ["How likely is each genre?"]),
      box,
      make("p", { className: "listen-key" }, [words]),
    ]);
  }

  // What it hears, the strongest first; a click plays the window in which it is strongest.
  function tagsOf(answer, heading, onTime) {
    if (!answer.tags.length) {
      return null;
    }
    const rows = answer.tags.map((tag) => {
      const most = tag.over_time.indexOf(Math.max(...tag.over_time));
      const at = (answer.windows[most] || { start: 0 }).start;
      const fill = make("span", { className: "listen-fill" });
      fill.style.setProperty("--share", tag.strength);
      const parts = [
        make("span", { className: "listen-genre" }, [
          tag.name,
          make("small", {}, [kindOf(tag) ? ` ${kindOf(tag)}` : ""]),
        ]),
        make("span", { className: "listen-bar" }, [fill]),
        make("span", { className: "listen-value" }, [tag.strength.toFixed(2)]),
      ];
      if (!onTime) {
        return make("li", {}, parts);
      }
      const called = [tag.name, kindOf(tag)].filter(Boolean).join(", ");
      const words = `${called}, ${tag.strength.toFixed(2)} of 1 on average. `;
      const button = make("button", {
        type: "button",
        title: `Hear it at ${minutes(at)}`,
        aria: { label: `${words}Hear it at ${minutes(at)}.` },
      }, parts);
      button.addEventListener("click", () => onTime(at));
      return make("li", {}, [button]);
    });
    return make("section", { className: "listen-tags" }, [
      make(heading, {}, [answer.hearing]),
      make("ul", { className: "listen-bars" }, rows),
      make("p", { className: "listen-key" }, [
        onTime
          ? "Strength from 0 to 1, on average. Choose a word to hear it where it is strongest."
          : "Strength from 0 to 1, on average.",
      ]),
    ]);
  }

  function factsOf({ duration, windows, seconds }) {
    const n = windows.length;
    const facts = [
      `${duration < 59.5 ? `${Math.round(duration)} s` : `${minutes(duration)} min`} long`,
      `heard in ${n} window${n === 1 ? "" : "s"} of 3 s`,
      seconds && seconds.listen ? `answered in ${seconds.listen.toFixed(1)} s` : "",
    ];
    return make("p", { className: "listen-facts" }, [facts.filter(Boolean).join(" \u00b7 ")]);
  }

  // The numbers behind the drawings, written when somebody opens them: a long song has many.
  function tableOf(answer, genres) {
    const details = make("details", { className: "listen-table" }, [
      make("summary", {}, ["The numbers as a table"]),
    ]);
    details.addEventListener(
      "toggle",
      () => {
        const order = ranked(answer.probabilities).map(([key]) => key);
        const heads = [
          "from",
          "to",
          ...order.map((key) => nameOf(genres, key)),
          ...answer.tags.map((tag) => tag.name),
        ];
        const rows = answer.windows.map(({ start, end, probabilities }, k) => [
          minutes(start),
          minutes(end),
          ...order.map((key) => likelihood(probabilities[key])),
          ...answer.tags.map((tag) => tag.over_time[k].toFixed(2)),
        ]);
        const line = (cells, tag) => make("tr", {}, cells.map((text) => make(tag, {}, [text])));
        const table = make("table", {}, [
          make("caption", {}, ["Genres and words in each window of three seconds"]),
          make("thead", {}, [line(heads, "th")]),
          make("tbody", {}, rows.map((cells) => line(cells, "td"))),
        ]);
        table.querySelectorAll("th").forEach((cell) => cell.setAttribute("scope", "col"));
        details.append(
          make("div", {
            className: "listen-scroll",
            tabIndex: 0,
            role: "region",
            aria: { label: "The numbers as a table" },
          }, [table]),
        );
      },
      { once: true },
    );
    return details;
  }

  // -- the whole ---------------------------------------------------------------------------

  // A player that has not loaded yet keeps the place for later where the page can do that.
  function move(audio, seconds) {
    if (Audionome.seek) {
      Audionome.seek(audio, seconds);
    } else {
      audio.currentTime = seconds;
    }
  }

  const shown = new WeakMap(); // element -> what lets go of the player

  // Show an answer in an element and return its heading, which can take the focus. `audio` is a
  // player that the timeline follows and moves; one that stands nowhere yet is put into the answer.
  // `level` is that of the heading.
  async function showAnswer(element, answer, options = {}) {
    const { audio = null, name = "", level = 2 } = options;
    const genres = await looks();
    hideAnswer(element);
    const heading = `h${level + 1}`;
    const title = make(`h${level}`, { className: "listen-name", tabIndex: -1 }, [name]);
    const hear = (at) => {
      move(audio, at);
      audio.play().catch(() => {}); // A browser may refuse; its own button is there.
    };
    const timeline = Audionome.timeline(answer, { genres, audio, heading });
    element.replaceChildren(
      make("div", { className: "listen-answer", dataset: { status: answer.status } }, [
        title,
        verdictOf(answer, genres),
        audio && !audio.isConnected ? audio : null,
        timeline.root,
        make("div", { className: "listen-columns" }, [
          genresOf(answer, genres, heading),
          tagsOf(answer, heading, audio ? hear : null),
        ].filter(Boolean)),
        factsOf(answer),
        tableOf(answer, genres),
      ]),
    );
    shown.set(element, timeline.close);
    return title;
  }

  function hideAnswer(element) {
    (shown.get(element) || (() => {}))();
    shown.delete(element);
    element.replaceChildren();
  }

  Object.assign(Audionome, { make, bars, dress, move, showAnswer });
  Audionome.telling = { minutes, likeliest, ranked, nameOf };
})();
