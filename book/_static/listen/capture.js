// The microphone: asked for only when a reader asks, and given back when it is no longer needed.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});
  const WORKLET = new URL("capture-worklet.js", document.currentScript.src).href;

  const QUIETEST = -60; // dB below full scale, where the level meter begins
  const PATIENCE = 5000; // ms without a sample, after which nothing will come

  const OTHERWISE = "or choose a file instead.";
  const REFUSED = {
    NotAllowedError:
      "The browser did not allow the microphone. Allow it in the address bar or in the " +
      `settings of this page and try again, ${OTHERWISE}`,
    NotFoundError: `No microphone was found. Connect one and try again, ${OTHERWISE}`,
    NotReadableError:
      "The microphone cannot be used. Another program may be using it: close that program and " +
      `try again, ${OTHERWISE}`,
  };
  REFUSED.SecurityError = REFUSED.NotAllowedError;
  REFUSED.AbortError = REFUSED.NotReadableError;
  const INSECURE =
    "Browsers give the microphone only to pages that come over https or from this computer " +
    `(http://localhost). Open this page at such an address, ${OTHERWISE}`;
  const OLD =
    `This browser cannot hand over the sound of a microphone. Use a newer one, ${OTHERWISE}`;
  const FILE =
    "This page was opened as a file, and browsers then do not hand over the sound of a " +
    "microphone. Open it from a web address.";
  const LOST =
    "A part of this page (capture-worklet.js) could not be loaded. Check the connection and try " +
    "again.";
  const GONE =
    "The microphone is gone: it was unplugged, or its permission was withdrawn. Connect or allow " +
    "it and start again.";
  const SILENT =
    "The microphone gives no sound, although the browser allowed it. Choose another microphone " +
    `in the browser and try again, ${OTHERWISE}`;

  const problem = (text) => new (Audionome.Problem || Error)(text);

  function refusal(error) {
    return problem(
      REFUSED[error.name] || `The microphone cannot be used (${error.message || error.name}).`
    );
  }

  function requirePossible() {
    if (window.location.protocol === "file:") {
      throw problem(FILE);
    }
    if (!window.isSecureContext) {
      throw problem(INSECURE);
    }
    const { mediaDevices } = navigator;
    if (!mediaDevices || !mediaDevices.getUserMedia || !window.AudioWorkletNode) {
      throw problem(OLD);
    }
  }

  // What helps speech harms music.
  const PLAIN = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

  const release = (stream) => stream.getTracks().forEach((track) => track.stop());

  // Who gives up while the browser still asks does not wait for the reader's reply.
  async function permitted(signal) {
    const asking = navigator.mediaDevices.getUserMedia({ audio: PLAIN });
    asking.then((stream) => signal.aborted && release(stream), () => {});
    const givenUp = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    try {
      return await Promise.race([asking, givenUp]);
    } catch (error) {
      throw signal.aborted ? signal.reason : refusal(error);
    }
  }

  // The microphone, and the sample rate that the ear takes.
  async function devices(context, signal) {
    const stream = await permitted(signal);
    try {
      const module = context.audioWorklet.addModule(WORKLET).catch(() => {
        throw problem(LOST);
      });
      const [card] = await Promise.all([Audionome.card(), module]);
      Audionome.stopIf(signal);
      return { stream, rate: card.sample_rate, source: context.createMediaStreamSource(stream) };
    } catch (error) {
      release(stream);
      const known = signal.aborted || error instanceof (Audionome.Problem || Error);
      throw known ? error : refusal(error);
    }
  }

  function levelOf(block) {
    let peak = 0;
    for (const value of block) {
      peak = Math.max(peak, Math.abs(value));
    }
    return Math.min(1, Math.max(0, 1 - (20 * Math.log10(peak + 1e-9)) / QUIETEST));
  }

  // Resolves when the microphone listens. onSamples gets mono sound at the ear's rate
  // (Float32Array), onLevel 0 to 1, onEnd a problem when the device is taken away; signal gives up
  // the asking.
  Audionome.capture = async ({ onSamples, onLevel, onEnd, signal } = {}) => {
    requirePossible();
    const asked = signal || new AbortController().signal;
    Audionome.stopIf(asked);
    // Made at once, within the click: later it would stay silent in some browsers.
    const context = new AudioContext();
    context.resume().catch(() => {});
    let opened;
    try {
      opened = await devices(context, asked);
    } catch (error) {
      context.close();
      throw error;
    }
    const { stream, rate, source } = opened;
    const resampler = Audionome.resampler(context.sampleRate, rate);
    const node = new AudioWorkletNode(context, "audionome-capture");
    let heard = 0;
    let live = true;

    function stop() {
      if (live) {
        live = false;
        clearTimeout(waiting);
        node.port.onmessage = null;
        release(stream);
        source.disconnect();
        node.disconnect();
        context.close();
      }
    }

    function end(text) {
      if (live) {
        stop();
        (onEnd || (() => {}))(problem(text));
      }
    }

    const waiting = setTimeout(() => end(SILENT), PATIENCE);
    node.port.onmessage = ({ data }) => {
      clearTimeout(waiting);
      const samples = resampler.push(data);
      heard += samples.length;
      if (onLevel) {
        onLevel(levelOf(data));
      }
      if (onSamples && samples.length) {
        onSamples(samples);
      }
    };
    stream.getAudioTracks().forEach((track) => track.addEventListener("ended", () => end(GONE)));
    source.connect(node).connect(context.destination); // it gives silence; unheard, it may not run
    return {
      stop,
      get seconds() {
        return heard / rate;
      },
    };
  };
})();
