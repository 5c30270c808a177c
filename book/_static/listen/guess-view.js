// What the guessing game draws: the question, and the answers side by side. guess.js plays it.
"use strict";

(() => {
  const { dress, kindOf, make, likelihood, sentence } = window.Audionome;

  // -- small parts -------------------------------------------------------------------------

  function button(text, className, onClick) {
    const made = make("button", { type: "button", className }, [text]);
    made.addEventListener("click", onClick);
    return made;
  }

  const link = (href, text) => make("a", { href }, [text]);

  // -- before the guess --------------------------------------------------------------------

  // Nothing here may differ from recording to recording but its number.
  function question({ number, of, genres, onGuess }) {
    const choices = genres.map(({ key, name }) =>
      button(sentence(name), "guess-choice", () => onGuess(key)),
    );
    const group = { className: "guess-choices", role: "group", aria: { label: "Your guess" } };
    return [
      make("div", group, choices),
      make("p", { className: "guess-foot" }, [
        button("I cannot tell", "guess-pass", () => onGuess("")),
        `Recording ${number} of ${of}`,
      ]),
    ];
  }

  // Moves while the recording plays, the same for every recording.
  function wave() {
    const bars = Array.from({ length: 40 }, () => make("i"));
    return make("div", { className: "guess-wave", aria: { hidden: "true" } }, bars);
  }

  // -- after it ----------------------------------------------------------------------------

  function verdict(guess, { genre, answer }) {
    const [you, machine] = [guess === genre, answer.genre === genre];
    if (!guess) {
      return machine ? "The machine got it." : "The machine missed it.";
    }
    if (you) {
      return machine ? "You both got it." : "You got it. The machine did not.";
    }
    return machine ? "The machine got it. You did not." : "You both missed it.";
  }

  // What the machine says, as plainly where it is wrong as where it is right.
  function plainly({ genre, answer }, nameOf) {
    const [first, truth] = [nameOf(answer.genre), nameOf(genre)];
    const whole = `\u201c${answer.headline}\u201d`;
    if (answer.genre === genre) {
      return answer.status === "one"
        ? `The machine is right, and names ${first} alone.`
        : `The machine is right, but not sure: ${first} comes first, and its answer is ${whole}.`;
    }
    const share = likelihood(answer.probabilities[genre]);
    return answer.prediction_set.includes(genre)
      ? `The machine is wrong: ${first} comes first, ${truth} gets ${share}. ` +
          `Its answer, ${whole}, does include ${truth}.`
      : `The machine is wrong: it says ${whole}, and gives ${truth} ${share}.`;
  }

  function tile(heading, genre, small) {
    const band = make("span", { className: "guess-band", aria: { hidden: "true" } });
    return make("div", { className: "guess-tile" }, [
      make("dt", {}, [genre ? dress(band, genre) : band, heading]),
      make("dd", {}, [
        make("span", { className: "guess-genre" }, [genre ? sentence(genre.name) : "No guess"]),
        make("small", {}, [small]),
      ]),
    ]);
  }

  const mark = (right) => (right ? "\u2713 right" : "\u2717 wrong");

  function tiles(guess, { genre, genre_source: source, answer }, genreOf) {
    const sure = `${mark(answer.genre === genre)}, ${likelihood(answer.confidence)} sure`;
    return make("dl", { className: "guess-tiles" }, [
      tile("You", guess ? genreOf(guess) : null, guess ? mark(guess === genre) : "you passed"),
      tile("Its source", genreOf(genre), source),
      tile("The machine", genreOf(answer.genre), sure),
    ]);
  }

  function bars(round, genreOf) {
    const { genre, answer } = round;
    const ranked = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
    const shown = ranked.filter(([key], place) => place < 5 || key === genre);
    const rows = shown.map(([key, p]) => {
      const fill = dress(make("span", { className: "listen-fill" }), genreOf(key));
      fill.style.setProperty("--share", p);
      const truth = key === genre;
      return make("li", { className: truth ? "guess-truth" : "" }, [
        make("span", { className: "listen-genre" }, [
          genreOf(key).name,
          truth ? make("small", {}, [" its source"]) : "",
        ]),
        make("span", { className: "listen-bar" }, [fill]),
        make("span", { className: "listen-value" }, [likelihood(p)]),
      ]);
    });
    return make("section", {}, [
      make("h3", {}, ["How likely it finds each genre"]),
      make("ul", { className: "listen-bars" }, rows),
    ]);
  }

  function words({ hearing, tags, foreign }) {
    const items = tags.map((tag) => {
      const kind = kindOf(tag);
      return make("li", {}, [tag.name, kind ? make("small", {}, [` ${kind}`]) : ""]);
    });
    return make("section", {}, [
      make("h3", {}, [hearing]),
      items.length
        ? make("ul", { className: "guess-words" }, items)
        : make("p", {}, ["No word is strong enough to be told."]),
      foreign ? make("p", {}, [foreign]) : "",
    ]);
  }

  // `notice` is where the words lie that come with the recording.
  function credit({ title, artist, game, licence, licence_url: terms, source, changes }, notice) {
    return make("p", { className: "guess-credit" }, [
      "You heard ",
      ...(game
        ? [`${title} by ${artist}, from the game `, link(source, game)]
        : [link(source, title), ` by ${artist}`]),
      " (",
      link(terms, licence),
      ", ",
      link(notice, "notice"),
      `). ${changes}`,
    ]);
  }

  function result({ guess, round, notice, genreOf, actions }) {
    const nameOf = (key) => genreOf(key).name;
    return [
      tiles(guess, round, genreOf),
      make("p", { className: "guess-plainly" }, [plainly(round, nameOf)]),
      make("div", { className: "guess-columns" }, [bars(round, genreOf), words(round.answer)]),
      credit(round, notice),
      actions,
    ];
  }

  // One sentence for those who cannot see the tiles.
  function spoken(guess, { genre, answer }, nameOf) {
    const you = guess ? `You said ${nameOf(guess)}` : "You passed";
    return (
      `${you}; its source says ${nameOf(genre)}; the machine says ${nameOf(answer.genre)}, ` +
      `${likelihood(answer.confidence)} sure.`
    );
  }

  Object.assign(window.Audionome, {
    guessing: { button, link, plainly, question, result, spoken, verdict, wave },
  });
})();
