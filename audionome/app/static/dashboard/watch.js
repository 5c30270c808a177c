// Whether this visit still has its kernel: one that was ended (for want of memory, or because the
// page was away for too long) says nothing, so the server is asked.

const CHECK_EVERY = 3000; // ms

function watchOf({ onEnd }) {
  // Only Voilà's page names its kernel; elsewhere the front end itself shows what became of it.
  const config = document.getElementById("jupyter-config-data");
  const { baseUrl, kernelId } = config ? JSON.parse(config.textContent) : {};
  if (!kernelId) return { close() {} };

  async function check() {
    if (document.hidden) return;
    try {
      const answer = await fetch(`${baseUrl}api/kernels/${kernelId}`, { cache: "no-store" });
      if (answer.status === 404) end();
    } catch {
      // The server is away; whoever waits for an answer is told so.
    }
  }

  function end() {
    if (!close()) return;
    window.audionomeEnded = true; // Voilà's page then asks for no further end
    onEnd();
  }

  let timer = setInterval(check, CHECK_EVERY);
  document.addEventListener("visibilitychange", check);

  // Tells whether it was still watching.
  function close() {
    const watched = timer !== null;
    clearInterval(timer);
    timer = null;
    document.removeEventListener("visibilitychange", check);
    return watched;
  }

  return { close };
}
