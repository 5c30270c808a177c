// Guess first: a recording plays, the reader guesses its genre, then sees what its source and the
// model say. The score stays on the page.
"use strict";

(() => {
  const { make, guessing } = window.Audionome;
  const sounds = new URL("../examples/", document.currentScript.src).href;

  function shuffled(items) {
    const all = [...items];
    for (let i = all.length - 1; i > 0; i -= 1) {
      const j = Math.floor(Math.random() * (i + 1));
      [all[i], all[j]] = [all[j], all[i]];
    }
    return all;
  }

  class Game {
    constructor(place) {
      const { genres, rounds } = JSON.parse(place.querySelector(".guess-data").textContent);
      this.genres = genres;
      this.rounds = rounds;
      this.genreOf = (key) => genres.find((genre) => genre.key === key);
      this.title = make("h2", { className: "guess-title", tabIndex: -1 });
      this.score = make("p", { className: "guess-score" });
      this.lead = make("p", { className: "guess-lead" }, [
        "Play it, then choose. The machine has already made its guess.",
      ]);
      this.body = make("div", { className: "guess-body" });
      this.status = make("p", { className: "listen-unseen", role: "status" });
      this.audio = make("audio", {
        controls: true, preload: "none", aria: { label: "The recording to guess" },
      });
      this.problem = make("p", { className: "guess-problem", hidden: true });
      this.listen();
      this.box = make("section", { className: "guess-box" }, [
        make("div", { className: "guess-head" }, [this.title, this.score]),
        this.lead,
        // It stays where it is, since a player that is moved stops.
        make("div", { className: "guess-player" }, [guessing.wave(), this.audio]),
        this.body,
        this.problem,
        this.status,
      ]);
      this.last = null;
      this.begin();
      place.replaceChildren(this.box);
    }

    listen() {
      const { audio } = this;
      audio.addEventListener("play", () => {
        if (audio.paused) {
          return; // The news is old: something else has stopped it since.
        }
        this.box.classList.add("guess-playing");
        document.dispatchEvent(new CustomEvent("audionome-listening", { detail: "guess" }));
      });
      ["pause", "ended", "emptied"].forEach((name) =>
        audio.addEventListener(name, () => this.box.classList.remove("guess-playing")),
      );
      // A recording by the microphone must not hear it.
      document.addEventListener("audionome-listening", ({ detail }) => {
        if (detail !== "guess") {
          audio.pause();
        }
      });
      audio.addEventListener("playing", () => (this.problem.hidden = true));
      audio.addEventListener("error", () => {
        if (audio.getAttribute("src")) {
          this.problem.textContent =
            "The recording could not be loaded. Check the connection, or take another one.";
          this.problem.hidden = false;
        }
      });
    }

    // Every recording once, in a new order; the one heard last does not come first.
    begin() {
      do {
        this.waiting = shuffled(this.rounds);
      } while (this.rounds.length > 1 && this.waiting[0] === this.last);
      this.you = 0;
      this.machine = 0;
      this.next();
    }

    get number() {
      return this.rounds.length - this.waiting.length;
    }

    next() {
      const goesOn = this.last && !this.audio.paused;
      this.round = this.waiting.shift();
      this.last = this.round;
      this.problem.hidden = true;
      this.audio.src = `${sounds}${this.round.file}`;
      this.lead.hidden = false;
      this.title.textContent = "What genre is this?";
      this.status.textContent = "";
      this.tellScore();
      this.body.replaceChildren(
        ...guessing.question({
          number: this.number,
          of: this.rounds.length,
          genres: this.genres,
          onGuess: (key) => this.reveal(key),
        }),
      );
      if (goesOn) {
        this.audio.play().catch(() => {}); // its own button is there
      }
    }

    tellScore(after = 0) {
      const heard = this.number - 1 + after;
      this.score.hidden = !heard;
      this.score.textContent =
        `You ${this.you} of ${heard} \u00b7 Machine ${this.machine} of ${heard}`;
    }

    reveal(guess) {
      const { round } = this;
      const nameOf = (key) => this.genreOf(key).name;
      this.you += guess === round.genre;
      this.machine += round.answer.genre === round.genre;
      this.tellScore(1);
      this.lead.hidden = true;
      this.title.textContent = guessing.verdict(guess, round);
      this.body.replaceChildren(
        ...guessing.result({
          guess,
          round,
          notice: `${sounds}${round.notice}`,
          genreOf: this.genreOf,
          actions: this.actions(),
        }),
      );
      this.status.textContent = guessing.spoken(guess, round, nameOf);
      this.title.focus({ preventScroll: true });
      this.title.scrollIntoView({ block: "nearest" });
    }

    actions() {
      const { round } = this;
      const over = !this.waiting.length;
      const box = make("div", { className: "guess-check" });
      const check = guessing.button("Let your browser hear it", "guess-second", async () => {
        check.disabled = true;
        const done = await guessing.check(box, {
          url: `${sounds}${round.file}`,
          python: round.answer,
          nameOf: (key) => this.genreOf(key).name,
          say: (words) => {
            if (box.isConnected) {
              this.status.textContent = words;
            }
          },
        });
        check.disabled = done;
      });
      const onward = guessing.button(over ? "Play again" : "Another one", "guess-main", () => {
        if (over) {
          this.begin();
        } else {
          this.next();
        }
        this.title.focus({ preventScroll: true });
        this.title.scrollIntoView({ block: "nearest" });
      });
      const ladder = document.querySelector("figure.audionome-hero[id]");
      return make("div", { className: "guess-actions" }, [
        over ? make("p", { className: "guess-over" }, [this.ending()]) : "",
        make("div", { className: "guess-buttons" }, [
          onward,
          check,
          ladder ? guessing.link(`#${ladder.id}`, "See how often a machine is right") : "",
        ]),
        box,
      ]);
    }

    ending() {
      const n = this.rounds.length;
      return (
        `That was the last of ${n} recordings. You got ${this.you}, the machine ${this.machine}. ` +
        "That is too few to measure either of you; the picture below rests on many more."
      );
    }
  }

  document.querySelectorAll(".audionome-guess").forEach((place) => new Game(place));
})();
