// The microphone: a recording becomes a file like any other.

const LEAST = 3; // s, one window
const MOST = 60; // s
const REFUSED = {
  NotAllowedError:
    "The browser did not allow the microphone. Allow it in the address bar or the settings of " +
    "this page, and try again; or choose a file.",
  NotFoundError: "No microphone was found. Connect one and try again, or choose a file.",
  NotReadableError: "Another program holds the microphone. Close it and try again.",
};
const INSECURE =
  "Browsers give the microphone only to pages on this computer or over https. Record with " +
  "another app, and choose the file here.";

// "recording 14.05.33": two recordings never have one name, and no colon, which a file cannot have.
function timeOfDay() {
  const now = new Date();
  const parts = [now.getHours(), now.getMinutes(), now.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(".");
}

// `onSay` is told each sentence, for whoever does not see it.
function recorderOf({ onFile, onSay }) {
  const start = button("Record with the microphone", () => (recording ? stop() : begin()));
  const meter = element("meter", {
    min: 0,
    max: 1,
    value: 0,
    hidden: true,
    aria: { label: "Level" },
  });
  const said = element("p", { className: "an-help an-recorder" });
  const root = element("div", { className: "an-record" }, [start, meter, said]);
  let recording = null;
  let closed = false;

  // A recording stays in sight where everything else is folded, and so does what went wrong.
  function tell(state, sentence) {
    said.textContent = sentence;
    root.dataset.state = recording ? "recording" : state;
    if (sentence) onSay(sentence);
  }

  async function begin() {
    if (!navigator.mediaDevices || !window.MediaRecorder) {
      tell("error", INSECURE);
      return;
    }
    start.disabled = true;
    tell("asking", "The browser asks whether this page may listen…");
    let stream;
    try {
      // What helps speech harms music.
      const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    } catch (error) {
      tell("error", REFUSED[error.name] ?? `The microphone cannot be used: ${error.message}.`);
      return;
    } finally {
      start.disabled = false;
    }
    if (closed) {
      for (const track of stream.getTracks()) track.stop(); // the answer came too late
      return;
    }
    const recorder = new MediaRecorder(stream);
    const pieces = [];
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      meter.value = Math.min(1, 2 * Math.max(...samples.map(Math.abs)));
      start.textContent = `Stop recording (${clock(seconds())} of at most ${clock(MOST)})`;
      if (seconds() >= MOST) stop();
    }, 100);
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => {
      const length = seconds();
      release();
      if (length < LEAST) {
        const sentence = `That was only ${length.toFixed(1)} s; record at least ${LEAST} s.`;
        tell("error", sentence);
        return;
      }
      const kind = recorder.mimeType.split(";")[0] || "audio/webm";
      const suffix = kind.includes("mp4") ? "m4a" : kind.includes("ogg") ? "ogg" : "webm";
      tell("idle", "");
      onFile(new File(pieces, `recording ${timeOfDay()}.${suffix}`, { type: kind }));
    });
    recording = {
      recorder,
      free() {
        clearInterval(timer);
        context.close();
        for (const track of stream.getTracks()) track.stop();
      },
    };
    recorder.start();
    start.textContent = "Stop recording";
    start.setAttribute("aria-label", "Stop recording"); // the time is for the eye
    meter.hidden = false;
    tell("recording", "Recording. Ten to thirty seconds of music are a good length.");
  }

  function release() {
    recording?.free();
    recording = null;
    meter.hidden = true;
    start.removeAttribute("aria-label");
    start.textContent = "Record with the microphone";
  }

  function stop() {
    if (recording?.recorder.state === "recording") recording.recorder.stop();
  }

  function close() {
    closed = true;
    release();
  }

  return { root, close, busy: () => Boolean(recording) };
}
