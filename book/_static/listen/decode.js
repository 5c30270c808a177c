// A file to mono samples at the rate of the ear: the browser decodes, channels are mixed as Python
// mixes them (audionome/audio/decoding.py; the numbers of that rule are in the card).
"use strict";

(() => {
  const { Problem, clock, fill, stopIf } = window.Audionome;

  // What its header says (s), or NaN: so that nobody waits for what is too long.
  function stated(blob) {
    return new Promise((resolve) => {
      const audio = document.createElement("audio");
      const url = URL.createObjectURL(blob);
      const done = (seconds) => {
        clearTimeout(late);
        audio.removeAttribute("src");
        audio.load();
        URL.revokeObjectURL(url);
        resolve(seconds);
      };
      const late = setTimeout(() => done(NaN), 3000);
      audio.preload = "metadata";
      audio.onloadedmetadata = () => done(audio.duration);
      audio.onerror = () => done(NaN);
      audio.src = url;
    });
  }

  // Without such a tag, the length of an MP3 file is a guess of the browser.
  async function statesLength(blob) {
    const head = new Uint8Array(await blob.slice(0, 10).arrayBuffer());
    const text = (bytes) => String.fromCharCode(...bytes);
    const tagged = text(head.subarray(0, 3)) === "ID3";
    const size = tagged ? head.subarray(6).reduce((sum, one) => 128 * sum + (one & 127), 10) : 0;
    const frame = new Uint8Array(await blob.slice(size, size + 256).arrayBuffer());
    const isMp3 = frame[0] === 0xff && (frame[1] & 0xe0) === 0xe0;
    return !isMp3 || /Xing|Info|VBRI/.test(text(frame));
  }

  function contextAt(rate) {
    try {
      return new OfflineAudioContext(1, 1, rate);
    } catch {
      throw new Problem(window.Audionome.old, "wasm");
    }
  }

  function tooLong(name, seconds, most) {
    return new Problem(
      `${name} lasts ${clock(seconds)}; the page hears up to ${most / 60} minutes. ` +
        "The app and the command line hear hours: use them, or choose a shorter part.",
      "long",
    );
  }

  const breathe = () => new Promise((resolve) => setTimeout(resolve));

  function power(samples, start, stop) {
    let sum = 0;
    for (let i = start; i < stop; i += 1) {
      sum += samples[i] * samples[i];
    }
    return sum / (stop - start);
  }

  function add(samples, channels, signs, start, stop) {
    for (let i = start; i < stop; i += 1) {
      let sum = 0;
      for (let c = 0; c < channels.length; c += 1) {
        sum += signs[c] * channels[c][i];
      }
      samples[i] = sum / channels.length;
    }
  }

  // Writes the mean of the channels; where they cancel each other out, of inverted ones. Returns
  // whether they did.
  function mix(samples, channels, start, stop, { mixing, sound }) {
    const powers = channels.map((channel) => power(channel, start, stop));
    const loudest = Math.max(...powers);
    const mean = powers.reduce((sum, one) => sum + one, 0) / powers.length;
    add(samples, channels, channels.map(() => 1), start, stop);
    const left = power(samples, start, stop) * channels.length;
    if (!(left < mixing.cancelled * mean && loudest >= sound.silence ** 2)) {
      return false;
    }
    const reference = channels[powers.findIndex((one) => one >= loudest / 2)];
    const signs = channels.map((channel) => {
      let product = 0;
      for (let i = start; i < stop; i += 1) {
        product += channel[i] * reference[i];
      }
      return product < 0 ? -1 : 1;
    });
    add(samples, channels, signs, start, stop);
    return true;
  }

  // Mono, and for how many seconds channels cancelled each other out.
  async function mono(buffer, card, signal) {
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, c) =>
      buffer.getChannelData(c),
    );
    if (channels.length === 1) {
      return { samples: channels[0], cancelled: 0 };
    }
    const { frame } = card.mixing;
    const samples = new Float32Array(buffer.length);
    const frames = Math.max(1, Math.floor(buffer.length / frame));
    let cancelled = 0;
    for (let k = 0; k < frames; k += 1) {
      const [start, stop] = [k * frame, k + 1 < frames ? (k + 1) * frame : buffer.length];
      if (mix(samples, channels, start, stop, card)) {
        cancelled += (stop - start) / buffer.sampleRate;
      }
      if (k % 500 === 499) {
        await breathe();
        stopIf(signal);
      }
    }
    return { samples, cancelled };
  }

  // Every second sample, behind the filter that Python's resampler uses: that of the browser would
  // take the highest octave away.
  async function halved(samples, taps, signal) {
    const reach = taps.length - 1;
    const padded = new Float32Array(samples.length + 2 * reach);
    padded.set(samples, reach);
    const half = new Float32Array(Math.ceil(samples.length / 2));
    for (let n = 0; n < half.length; n += 1) {
      const middle = 2 * n + reach;
      let sum = taps[0] * padded[middle];
      for (let k = 1; k <= reach; k += 1) {
        sum += taps[k] * (padded[middle - k] + padded[middle + k]);
      }
      half[n] = sum;
      if (n % 40000 === 39999) {
        await breathe();
        stopIf(signal);
      }
    }
    return half;
  }

  // Mono samples at card.sample_rate. What has to be told about the mix is in their `notes`.
  async function decode(blob, { name = "The recording", signal } = {}) {
    const about = await window.Audionome.card();
    const { limits, words, mixing, sample_rate: rate } = about;
    if (!blob.size) {
      throw new Problem(`${name} is empty (0 bytes); choose another file.`, "empty");
    }
    if (blob.size > limits.bytes_max) {
      throw new Problem(
        `${name} has ${Math.round(blob.size / 1e6)} MB, which is too much for a page. ` +
          "The app and the command line read it.",
        "long",
      );
    }
    const seconds = await stated(blob);
    // A file that is too small for the length that it states is mistaken.
    const lies = !Number.isFinite(seconds) || 8 * blob.size < limits.bitrate_min * seconds;
    if (!lies && seconds > limits.seconds_max) {
      throw tooLong(name, seconds, limits.seconds_max);
    }
    stopIf(signal);
    const context = contextAt(2 * rate);
    let buffer;
    try {
      buffer = await context.decodeAudioData(await blob.arrayBuffer());
    } catch (error) {
      if (error instanceof RangeError) {
        throw window.Audionome.said(error);
      }
      throw new Problem(
        `This browser cannot decode ${name}. It may be damaged, or no audio at all, or in a ` +
          "format that the browser does not know. The app reads more formats.",
        "decode",
      );
    }
    stopIf(signal);
    if (buffer.duration > limits.seconds_max) {
      throw tooLong(name, buffer.duration, limits.seconds_max);
    }
    const { samples: mixed, cancelled } = await mono(buffer, about, signal);
    const samples = await halved(mixed, Float64Array.from(about.lowpass), signal);
    samples.notes = [];
    if (!lies && seconds - buffer.duration > limits.cut && (await statesLength(blob))) {
      const told = { heard: clock(buffer.duration), stated: clock(seconds) };
      samples.notes.push(fill(words.cut, told));
    }
    if (cancelled >= Math.min(mixing.told_from, buffer.duration / 2) && cancelled > 0) {
      samples.notes.push(fill(words.cancelling, { time: clock(cancelled) }));
    }
    return samples;
  }

  window.Audionome.decode = decode;
})();
