// Whether the server and this visit's kernel are there. A kernel that was ended (for want of
// memory, or because the page was away for too long) says nothing, so the server is asked.

const CHECK_EVERY = 2000; // ms
const LONGEST = 10000; // ms that an answer may take
const MISSED = 2; // questions without an answer before the server counts as away

// `onState` is told "here", "away" (no server) or "gone" (a server without our kernel).
function watchOf({ link, onState }) {
  if (!link.kernel()) return { close() {}, again() {}, doubt() {} };
  let state = "here";
  let missed = 0;
  let asking = false;

  function becomes(next) {
    if (next === state) return;
    state = next;
    if (state === "gone") link.kernel().window.audionomeEnded = true; // nothing is left to end
    onState(state);
  }

  async function check() {
    if (asking || state === "gone") return; // until another kernel is there
    asking = true;
    let answer = null;
    try {
      const signal = AbortSignal.timeout(LONGEST);
      answer = await fetch(link.kernel().address, { cache: "no-store", signal });
    } catch {
      missed += 1;
    } finally {
      asking = false;
    }
    if (answer?.status === 404) becomes("gone");
    else if (answer?.ok) {
      missed = 0;
      becomes("here");
    } else if (missed >= MISSED) becomes("away");
  }

  const timer = setInterval(check, CHECK_EVERY);
  const looked = () => document.hidden || check();
  document.addEventListener("visibilitychange", looked);
  window.addEventListener("online", check);

  return {
    // Something has failed that needs the kernel.
    doubt() {
      becomes("away");
      check();
    },
    // Another kernel has come.
    again() {
      missed = 0;
      becomes("here");
    },
    close() {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", looked);
      window.removeEventListener("online", check);
    },
  };
}
