// Hears music as it goes: a window that ends at every whole second, and the answer about the last
// half minute. Where the sound comes from, and what is shown of it, is for others.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});

  const MOST = 10; // windows of an answer
  const TICK = 100; // ms between two looks at a player

  // A microphone is never quite silent: below this it hears an empty room. -60 dB.
  const EMPTY_ROOM = 1e-3;

  function loudness(samples) {
    let [sum, squares] = [0, 0];
    for (const value of samples) {
      sum += value;
      squares += value * value;
    }
    const mean = sum / samples.length;
    return Math.sqrt(Math.max(0, squares / samples.length - mean * mean));
  }

  // -- the answer at a time ----------------------------------------------------------------

  // The windows that end at t, t - 3, t - 6, ...: where a step was skipped, the next before it.
  function chain(rows, end, length) {
    const chosen = [];
    let next = end;
    for (const [time, row] of [...rows].reverse()) {
      if (time <= next && time > end - MOST * length) {
        chosen.unshift([time, row]);
        next = time - length;
      }
    }
    return chosen;
  }

  // step(end, samples) hears the three seconds before `end`, a whole second. It resolves to what
  // was heard, or to null if the step before it still runs: then this one is skipped.
  Audionome.follow = (engine, { card, quietest = 0 }) => {
    const length = card.window / card.sample_rate; // s
    const rows = new Map(); // end of a window to its row, null where it is silent
    let busy = false;
    let round = 0;

    function reset() {
      rows.clear();
      round += 1;
    }

    async function hear(end, samples) {
      const [began, mine] = [performance.now(), round];
      const loud = loudness(samples);
      const row = loud > quietest ? await engine.hear(samples) : null;
      if (mine !== round) {
        return null;
      }
      rows.set(end, row);
      rows.forEach((_, time) => time <= end - MOST * length && rows.delete(time));
      const heard = chain(rows, end, length).filter(([, one]) => one);
      const ends = heard.map(([time]) => time);
      const times = ends.map((time) => [time - length, time]);
      const answer = heard.length
        ? await engine.answer(heard.map(([, one]) => one), { length: heard.length, times })
        : null;
      const took = performance.now() - began;
      return mine === round ? { end, ends, answer, quiet: !row, mute: loud === 0, took } : null;
    }

    async function step(end, samples) {
      if (busy) {
        return null;
      }
      busy = true;
      try {
        return await hear(end, samples);
      } finally {
        busy = false;
      }
    }

    return { step, reset };
  };

  // -- where the sound comes from ----------------------------------------------------------

  // The last seconds of a stream, and a call at each whole second of it.
  function stream({ sample_rate: rate, window: length }, onSecond) {
    const kept = new Float32Array(length + rate);
    let n = 0;
    return (block) => {
      const before = Math.floor(n / rate);
      for (const value of block) {
        kept[n % kept.length] = value;
        n += 1;
      }
      const end = Math.floor(n / rate);
      const first = end * rate - length;
      if (end > before && first >= 0) {
        onSecond(end, new Float32Array(length).map((_, i) => kept[(first + i) % kept.length]));
      }
    };
  }

  // A source is opened within a click, and begins once the ear is there.
  Audionome.microphone = ({ onLevel, onEnd }) => {
    let [device, hear] = [null, () => {}];
    return {
      quietest: EMPTY_ROOM,
      async open(signal) {
        const onSamples = (block) => hear(block);
        device = await Audionome.capture({ onSamples, onLevel, onEnd, signal });
      },
      begin(card, onSecond) {
        hear = stream(card, onSecond);
      },
      stop() {
        hear = () => {};
        if (device) {
          device.stop();
        }
      },
    };
  };

  // What a player plays, taken from the decoded samples: nothing is lost on the way. A reader who
  // skips begins anew, since what was skipped was not heard.
  Audionome.piece = ({ audio, open, onSkip }) => {
    let samples = null;
    let timer = 0;
    let look = () => {};
    let skip = () => {};

    function begin({ sample_rate: rate, window: length }, onSecond) {
      let [from, last] = [audio.currentTime, -1];
      look = () => {
        const end = Math.floor(Math.min(audio.currentTime, samples.length / rate));
        const first = end * rate - length;
        if (end > last && first >= from * rate) {
          last = end;
          onSecond(end, samples.slice(first, end * rate));
        }
      };
      skip = () => {
        [from, last] = [audio.currentTime, -1];
        onSkip();
      };
      timer = setInterval(() => !audio.paused && !audio.seeking && look(), TICK);
      audio.addEventListener("seeking", skip);
      audio.addEventListener("ended", look);
    }

    return {
      quietest: 0,
      async open(signal) {
        samples = samples || (await open(signal));
      },
      begin,
      stop() {
        clearInterval(timer);
        audio.removeEventListener("seeking", skip);
        audio.removeEventListener("ended", look);
        audio.pause();
      },
    };
  };
})();
