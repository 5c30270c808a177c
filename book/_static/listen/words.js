// How numbers and lists are written in a sentence; for the page and its worker.
"use strict";

self.Audionome = self.Audionome || {};

(() => {
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

  const joined = (names, last) =>
    names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;

  const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

  // A length or a place in a recording.
  function clock(seconds) {
    if (seconds < 59.95) {
      return `${seconds.toFixed(1)} s`;
    }
    const whole = Math.round(seconds);
    const two = (n) => String(n).padStart(2, "0");
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    return hours
      ? `${hours}:${two(minutes)}:${two(whole % 60)} h`
      : `${minutes}:${two(whole % 60)} min`;
  }

  // A probability: the model is never certain, and nothing is impossible.
  function likelihood(value) {
    if (value >= 0.9995) {
      return ">99.9%";
    }
    if (value < 0.0005) {
      return "<0.1%";
    }
    return `${(100 * value).toFixed(value >= 0.095 && value < 0.99 ? 0 : 1)}%`;
  }

  const either = (names) => joined(names, "or");
  const listed = (names) => joined(names, "and");

  // What kind of word a tag is, where the word does not say so itself, as "female voice" does.
  const kindOf = ({ name, kind }) => (name.includes(kind) ? "" : kind);

  Object.assign(self.Audionome, { clock, either, fill, kindOf, likelihood, listed, sentence });
})();
