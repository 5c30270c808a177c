// Changes the sample rate of sound as it comes: a windowed-sinc filter in polyphase form. Browsers
// do it well for whole files only: live, some interpolate between two samples, and some refuse.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});

  const DECIBELS = 80; // by which all that would fold back is weakened
  const PASSED = 0.875; // of the lower of the two bands: up to 7 kHz at 16 kHz

  const divisor = (a, b) => (b ? divisor(b, a % b) : a);

  // The modified Bessel function of order 0, which shapes Kaiser's window.
  function bessel(x) {
    let term = 1;
    let sum = 1;
    for (let k = 1; term > 1e-12 * sum; k += 1) {
      term *= (x / (2 * k)) ** 2;
      sum += term;
    }
    return sum;
  }

  // One row of weights for each place that an output sample can have between two input samples.
  function filters(up, from, to) {
    const band = Math.min(from, to) / 2;
    const width = ((1 - PASSED) * band) / from;
    const half = Math.ceil((DECIBELS - 7.95) / (2.285 * 2 * Math.PI * width) / 2);
    const cut = (((1 + PASSED) / 2) * band) / from;
    const beta = 0.1102 * (DECIBELS - 8.7);
    const weight = (t) => {
      const x = 2 * Math.PI * cut * t;
      const window = bessel(beta * Math.sqrt(Math.max(0, 1 - (t / half) ** 2))) / bessel(beta);
      return (Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x) * window;
    };
    const rows = [];
    for (let phase = 0; phase < up; phase += 1) {
      const row = new Float32Array(2 * half);
      let sum = 0;
      for (let k = 0; k < 2 * half; k += 1) {
        row[k] = weight(phase / up - (k - half + 1));
        sum += row[k];
      }
      rows.push(row.map((value) => value / sum)); // a constant stays what it is
    }
    return { rows, half };
  }

  // push(block) gives the samples that are certain so far, flush() the last ones. The first sample
  // stays the first: there is no delay in the result.
  Audionome.resampler = (from, to) => {
    const [rate, wanted] = [Math.round(from), Math.round(to)];
    if (rate === wanted) {
      return { push: (block) => Float32Array.from(block), flush: () => new Float32Array(0) };
    }
    const common = divisor(rate, wanted);
    const [up, down] = [wanted / common, rate / common];
    const { rows, half } = filters(up, rate, wanted);
    const taps = 2 * half;
    let rest = new Float32Array(half - 1);
    let phase = 0;

    function push(block) {
      const input = new Float32Array(rest.length + block.length);
      input.set(rest);
      input.set(block, rest.length);
      const most = Math.max(0, Math.ceil(((input.length - taps + 2) * up) / down));
      const output = new Float32Array(most);
      let [n, at] = [0, 0];
      while (at + taps <= input.length) {
        const row = rows[phase];
        let sum = 0;
        for (let k = 0; k < taps; k += 1) {
          sum += row[k] * input[at + k];
        }
        output[n] = sum;
        n += 1;
        phase += down;
        at += Math.floor(phase / up);
        phase %= up;
      }
      rest = input.slice(at);
      return output.subarray(0, n);
    }

    return { push, flush: () => push(new Float32Array(half)) };
  };
})();
