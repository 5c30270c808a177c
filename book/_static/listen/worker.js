// Runs the two graphs. The first hears a window of sound (a row of numbers), the second answers
// about rows. Before them the sound is cut into windows, as audionome/audio/cutting.py does; the
// numbers of that rule and all sentences are in the card.
"use strict";

let card = null;
let ear = null;
let head = null;
const cancelled = new Set();

class Refusal extends Error {
  constructor(kind, text) {
    super(text);
    this.kind = kind;
  }
}

const { clock, either, fill, likelihood, listed, sentence } = self.Audionome;

// -- from samples to windows ---------------------------------------------------------------

function refuse(word, kind, values) {
  throw new Refusal(kind, fill(card.words[word], values));
}

const tenths = (samples) => (Math.floor((10 * samples) / card.sample_rate) / 10).toFixed(1);

function requireSound(samples, name) {
  const { sound } = card;
  let loudest = 0;
  for (let i = 0; i < samples.length; i += 1) {
    const size = Math.abs(samples[i]);
    if (!(size <= sound.most)) {
      refuse("not_finite", "other", { name });
    }
    loudest = Math.max(loudest, size);
  }
  if (!samples.length) {
    refuse("empty", "empty", { name });
  }
  if (samples.length < card.window - 1) {
    refuse("too_short", "short", { name, seconds: tenths(samples.length) });
  }
  if (!(loudest >= Math.fround(sound.silence))) {
    refuse("silent", "silent", { name });
  }
}

// As numpy.quantile: between the two nearest of the sorted values.
function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}

// Level (standard deviation) and span of the frames between edges.
function levelsOf(samples, edges) {
  const frames = edges.length - 1;
  const levels = new Float64Array(frames);
  const spans = new Float32Array(frames);
  for (let k = 0; k < frames; k += 1) {
    const [start, stop] = [edges[k], edges[k + 1]];
    let sum = 0;
    let low = Infinity;
    let high = -Infinity;
    for (let i = start; i < stop; i += 1) {
      sum += samples[i];
      low = Math.min(low, samples[i]);
      high = Math.max(high, samples[i]);
    }
    const mean = sum / (stop - start);
    let squares = 0;
    for (let i = start; i < stop; i += 1) {
      squares += (samples[i] - mean) ** 2;
    }
    levels[k] = Math.sqrt(squares / (stop - start));
    spans[k] = high - low;
  }
  return { levels, spans };
}

// The edges of the frames that are looked at together: many at first, so that the loudest are
// known, then few. What is left behind the last whole frame is a frame, and alone.
function partsOf(length) {
  const { frame, ahead, step } = card.sound;
  const edge = (k) => Math.round(k * frame * card.sample_rate);
  const parts = [];
  let edges = [0];
  for (let k = 1; edge(k) <= length; k += 1) {
    edges.push(edge(k));
    if (k >= ahead && (k - ahead) % step === 0) {
      parts.push(edges);
      edges = [edge(k)];
    }
  }
  const last = edges[edges.length - 1];
  return [...parts, edges, [last, length]].filter((part) => part.length > 1 && part[0] < length);
}

// Where the sound is: [start, stop] in samples; silence of a second and more lies between.
function stretches(samples) {
  const { sound, sample_rate: rate } = card;
  const least = Math.fround(sound.silence);
  const loud = (i) => Math.abs(samples[i]) >= least;
  const found = [];
  let open = null; // the stretch that may go on
  const hear = (start, stop) => {
    if (open && start - open.stop >= sound.pause * sound.frame * rate) {
      open = null;
    }
    if (!open) {
      let begin = start;
      while (begin < stop && !loud(begin)) {
        begin += 1;
      }
      // No sample of it may be loud though it spans enough: then it begins with its frame.
      open = { start: begin < stop ? begin : start, stop };
      found.push(open);
    }
    let end = stop;
    while (end > start && !loud(end - 1)) {
      end -= 1;
    }
    open.stop = end > start ? end : stop;
  };
  let loudest = 0;
  for (const edges of partsOf(samples.length)) {
    const { levels, spans } = levelsOf(samples, edges);
    loudest = Math.max(loudest, quantile(levels, sound.loudest));
    const audible = (k) => spans[k] >= least && levels[k] >= sound.quiet * loudest;
    for (let k = 0, first = 0; k < levels.length; k += 1) {
      if (k + 1 === levels.length || audible(k + 1) !== audible(k)) {
        if (audible(k)) {
          hear(edges[first], edges[k + 1]);
        }
        first = k + 1;
      }
    }
  }
  return found;
}

// A constant offset, from a bad converter, is taken away.
function centred(piece) {
  let sum = 0;
  piece.forEach((value) => (sum += value));
  const mean = sum / piece.length;
  let squares = 0;
  piece.forEach((value) => (squares += (value - mean) ** 2));
  const deviation = Math.sqrt(squares / piece.length);
  if (Math.abs(mean) > card.sound.offset * deviation) {
    const offset = Math.fround(mean);
    return piece.map((value) => value - offset);
  }
  return piece;
}

function joined(parts) {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  parts.forEach((part) => {
    all.set(part, at);
    at += part.length;
  });
  return all;
}

const padded = (piece) => {
  const patch = new Float32Array(card.window);
  patch.set(piece);
  return patch;
};

// The windows of a recording, where they are, and how much silence was left out (s).
function cut(samples, name) {
  requireSound(samples, name);
  const { sound, sample_rate: rate, window: hop } = card;
  const parts = stretches(samples);
  const heard = joined(parts.map(({ start, stop }) => samples.subarray(start, stop)));
  const duration = samples.length / rate;
  const time = (sample) => {
    let before = 0;
    for (const { start, stop } of parts) {
      if (sample < before + stop - start || start === parts[parts.length - 1].start) {
        return (start + sample - before) / rate;
      }
      before += stop - start;
    }
    return sample / rate;
  };
  const windows = [];
  const times = [];
  const add = (start, piece) => {
    const middle = time(start + Math.floor(hop / 2));
    const half = sound.seconds / 2;
    times.push([Math.max(0, middle - half), Math.min(middle + half, duration)]);
    windows.push(piece);
  };
  let n = 0;
  for (; n + hop <= heard.length; n += hop) {
    add(n, centred(heard.slice(n, n + hop)));
  }
  const left = heard.slice(n);
  if (left.length >= hop - 1) {
    add(n, padded(centred(left)));
  } else if (n && left.length >= Math.round(sound.rest * rate)) {
    const before = windows[windows.length - 1];
    add(n + left.length - hop, joined([before, centred(left)]).slice(-hop));
  } else if (!n && left.length >= sound.least * rate) {
    add(0, padded(centred(left)));
  } else if (!n && left.length) {
    refuse("hardly_any", "short", { name, seconds: tenths(left.length) });
  } else if (!n) {
    refuse("silent", "silent", { name });
  }
  return { windows, times, duration, silence: duration - heard.length / rate };
}

// -- the graphs ----------------------------------------------------------------------------

async function load({ card: about, runtime, glue, wasm, ear: network, head: rules }) {
  importScripts(runtime);
  card = about;
  ort.env.wasm.numThreads = 1; // more need headers that a plain server does not send
  ort.env.wasm.wasmPaths = { mjs: glue };
  ort.env.wasm.wasmBinary = wasm;
  ort.env.logLevel = "error";
  // The network takes the level as an input that may be left out, which this runtime cannot feed.
  new DataView(network).setFloat32(card.level.place, card.level.value, true);
  const options = { executionProviders: ["wasm"], logSeverityLevel: 3 }; // errors
  ear = await ort.InferenceSession.create(new Uint8Array(network), options);
  head = await ort.InferenceSession.create(new Uint8Array(rules), options);
}

// The runtime does one thing at a time: a window of a song, then one of live listening.
let turn = Promise.resolve();

function inTurn(work) {
  const done = turn.then(work);
  turn = done.catch(() => {});
  return done;
}

async function rowOf(window) {
  const samples = new ort.Tensor("float32", window, [1, window.length]);
  const { embedding, tags } = await inTurn(() => ear.run({ samples }));
  return joined([embedding.data, tags.data]);
}

async function answerOf(rows, length) {
  const shape = [rows.length, card.columns];
  const inputs = {
    rows: new ort.Tensor("float32", joined(rows), shape),
    length: new ort.Tensor("float32", [length], []),
  };
  return inTurn(() => head.run(inputs));
}

function statusOf(named) {
  if (!named.length) {
    return "out-of-distribution";
  }
  return named.length === 1 ? "one" : named.length <= card.few ? "few" : "many";
}

// The numbers of the graph with the words of the card, under the names that Python gives them.
function told(found, { times, duration, silence, notes, seconds }) {
  const { genres, words } = card;
  const table = (values) =>
    Object.fromEntries(genres.map(({ key }, g) => [key, Number(values[g])]));
  const of = (name) => Array.from(found[name].data, Number);
  const probabilities = table(of("probabilities"));
  const ranked = genres.map(({ key }) => key).sort((a, b) => probabilities[b] - probabilities[a]);
  const isNamed = of("named");
  const named = ranked.filter((key) => isNamed[genres.findIndex((one) => one.key === key)]);
  const status = statusOf(named);
  const nameOf = (key) => genres.find((one) => one.key === key).name;
  const headline = sentence(fill(words.headlines[status], { genres: either(named.map(nameOf)) }));
  const promise = named.length ? words.promise : words.no_promise;
  const [curves, strengths, foreign] = [of("curves"), of("strengths"), of("foreign")];
  const meanings = card.tags.length;
  const toldTags = of("told");
  const styles = toldTags.filter((m) => foreign[m]).map((m) => card.tags[m].name);
  const sounding = named.length === 1 ? words.foreign_one : words.foreign;
  const windows = of("windows");
  // As `leading_genre` of the library says.
  const lead = probabilities[ranked[0]] - probabilities[ranked[1]];
  const leading = named.length || lead >= 2 / genres.length ? ranked[0] : "";
  const nearest = leading
    ? fill(words.nearest, {
        genre: nameOf(leading),
        probability: likelihood(probabilities[leading]),
      })
    : `${sentence(words.no_leader)}.`;
  return {
    genre: ranked[0],
    headline,
    promise,
    message: `${headline}. ${promise}`,
    status,
    prediction_set: named,
    coverage: card.coverage,
    confidence: probabilities[ranked[0]],
    probabilities,
    distance: of("distance")[0],
    windows: times.map(([start, end], w) => ({
      start,
      end,
      probabilities: table(windows.slice(w * genres.length, (w + 1) * genres.length)),
    })),
    hearing: named.length ? words.hearing : words.hearing_other,
    tags: toldTags.map((m) => ({
      ...card.tags[m],
      strength: strengths[m],
      over_time: times.map((_, w) => curves[w * meanings + m]),
    })),
    foreign: named.length && styles.length
      ? fill(sounding, { styles: listed(styles), genre: nameOf(named[0]) })
      : "",
    leading,
    nearest: named.length ? "" : nearest,
    duration,
    silence,
    notes,
    seconds,
  };
}

// -- what the page asks --------------------------------------------------------------------

const breathe = () => new Promise((resolve) => setTimeout(resolve));

async function classify(id, { samples, name, notes }) {
  const began = performance.now();
  const { windows, times, duration, silence } = cut(samples, name);
  const rows = [];
  for (const window of windows) {
    await breathe(); // so that a cancellation is heard
    if (cancelled.delete(id)) {
      return null;
    }
    rows.push(await rowOf(window));
    postMessage({ id, progress: rows.length / windows.length });
  }
  const length = (duration - silence) / card.sound.seconds;
  const found = await answerOf(rows, length);
  if (silence >= card.sound.told_from) {
    notes.push(fill(card.words.silence, { time: clock(silence) }));
  }
  const seconds = { listen: (performance.now() - began) / 1000 };
  return told(found, { times, duration, silence, notes, seconds });
}

async function hear({ samples }) {
  const { sound, sample_rate: rate } = card;
  const heard = stretches(samples).reduce((sum, { start, stop }) => sum + stop - start, 0);
  return heard < sound.least * rate ? null : rowOf(centred(samples));
}

async function answer({ rows, length, times }) {
  const began = performance.now();
  const { seconds: step } = card.sound;
  const places = times || rows.map((_, k) => [k * step, (k + 1) * step]);
  const found = await answerOf(rows, length);
  const seconds = { listen: (performance.now() - began) / 1000 };
  const duration = length * step;
  return told(found, { times: places, duration, silence: 0, notes: [], seconds });
}

async function handle({ id, kind, ...values }) {
  try {
    const work = { load: () => load(values), classify: () => classify(id, values),
      hear: () => hear(values), answer: () => answer(values) };
    const result = await work[kind]();
    postMessage({ id, result });
  } catch (error) {
    const { kind: why, message = String(error), name } = Object(error);
    postMessage({ id, problem: why ? { kind: why, text: message } : { name, message } });
  }
}

self.onmessage = ({ data }) => {
  if (data.kind === "cancel") {
    cancelled.add(data.id);
  } else {
    handle(data);
  }
};
