// What live listening shows: the headline, the bars, the strongest tags and the trail. The page has
// one such view, the projector another.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});

  const TAGS = 5;
  const LONG = 20; // letters of a headline from which on it is set smaller

  function tagRow() {
    const { make } = Audionome;
    const name = make("span", { className: "listen-genre" });
    const fill = make("span", { className: "listen-fill" });
    const value = make("span", { className: "listen-value" });
    const item = make("li", { hidden: true }, [
      name,
      make("span", { className: "listen-bar" }, [fill]),
      value,
    ]);
    return { item, name, fill, value };
  }

  function show({ item, name, fill, value }, tag) {
    item.hidden = !tag;
    if (tag) {
      name.textContent = tag.name;
      fill.style.setProperty("--share", tag.strength);
      value.textContent = tag.strength.toFixed(2);
    }
  }

  // "Heard: the last 12 seconds."
  function span({ ends, answer }) {
    const seconds = Math.round(ends.at(-1) - answer.windows[0].start);
    return seconds < 30 ? `About the last ${seconds} seconds.` : "About the last half minute.";
  }

  // `order` is that of the bars: on the page nothing jumps, the projector has the likeliest only.
  Audionome.liveView = (trail, { heading = "h3", order = {}, frame = {} } = {}) => {
    const { make } = Audionome;
    const headline = make("p", { className: "audionome-live-headline" });
    const note = make("p", { className: "audionome-live-note" });
    const bars = make("div", { className: "audionome-live-bars" });
    const rows = Array.from({ length: TAGS }, tagRow);
    const hearing = make(heading, {}, []);
    const tags = make("div", { className: "audionome-live-tags" }, [
      hearing,
      make("ul", { className: "listen-bars" }, rows.map((row) => row.item)),
    ]);
    const figure = Audionome.trailFigure(trail);
    const className = "audionome-live-view audionome-live-new";
    const element = make("div", { className, hidden: true, ...frame }, [
      make("div", { className: "audionome-live-words" }, [headline, note]),
      make("div", { className: "audionome-live-parts" }, [
        make("div", {}, [make(heading, {}, ["How likely is each genre?"]), bars]),
        tags,
      ]),
      figure.element,
    ]);

    // `heard` is what a step resolved to, the title its headline or that it is quiet.
    function update(heard, title) {
      const { answer, quiet } = heard;
      element.hidden = false;
      element.classList.toggle("audionome-live-faded", quiet);
      headline.textContent = title;
      headline.classList.toggle("audionome-live-long", title.length > LONG);
      // Of music of none of the ten genres nothing is promised.
      const promised = answer && !answer.foreign;
      const words = answer ? [promised && answer.promise, answer.foreign, span(heard)] : [];
      note.textContent = words.filter(Boolean).join(" ");
      note.classList.toggle("audionome-live-warning", Boolean(answer && answer.foreign));
      if (answer) {
        element.classList.remove("audionome-live-new"); // there is something to draw
        hearing.textContent = answer.hearing;
        tags.hidden = !answer.tags.length;
        rows.forEach((row, i) => show(row, answer.tags[i]));
        Audionome.bars(bars, answer.probabilities, answer.prediction_set, order);
      }
      figure.update();
    }

    // Until the first answer; what was drawn before stays, faded.
    function wait() {
      element.hidden = false;
      element.classList.add("audionome-live-faded");
      headline.textContent = "Listening\u2026";
    }

    return { element, update, wait, tell: figure.tell };
  };
})();
