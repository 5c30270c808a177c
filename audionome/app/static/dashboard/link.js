// The way to Python. The kernel at its other end can be replaced: the page stays, and goes on.

const CARRIER = "audionome-carrier"; // name of the frame that brings another kernel
const LONGEST_START = 60000; // ms that another kernel may take to come
const LOOK_EVERY = 2000; // ms
const AWAY = "The server still does not answer. Start it again, then choose “Go on”.";

// What Voilà's page says of its kernel; undefined where the front end shows what became of it.
function kernelOf(page) {
  const config = page.getElementById("jupyter-config-data");
  const { baseUrl, kernelId } = config ? JSON.parse(config.textContent) : {};
  return kernelId && { address: `${baseUrl}api/kernels/${kernelId}`, window: page.defaultView };
}

// Whether this page stands in the frame of another one, which takes its model.
function handedOver(model) {
  const take = window.name === CARRIER && window.frameElement?.audionomeTake;
  if (take) take(model);
  return Boolean(take);
}

function linkOf(first) {
  let model = first;
  let frame = null;
  let dead = () => {};
  const listeners = [];

  async function reachable() {
    try {
      await fetch(kernelOf(document).address, { cache: "no-store" });
      return true;
    } catch {
      return false;
    }
  }

  function use(next) {
    for (const [type, callback] of listeners) {
      model.off(type, callback);
      next.on(type, callback);
    }
    model = next;
  }

  function carried() {
    const carrier = element("iframe", {
      name: CARRIER,
      src: location.href.split("#")[0],
      className: "an-carrier",
      tabIndex: -1,
      title: "Connection",
      aria: { hidden: "true" },
    });
    const coming = new Promise((resolve, reject) => {
      carrier.audionomeTake = resolve;
      const give = () => reject(new Error(AWAY));
      const timer = setTimeout(give, LONGEST_START);
      const look = setInterval(async () => (await reachable()) || give(), LOOK_EVERY);
      carrier.audionomeDone = () => {
        clearTimeout(timer);
        clearInterval(look);
      };
    });
    document.body.append(carrier);
    return { carrier, coming };
  }

  // Begin another kernel: the dashboard's page once more, unseen, whose model this page uses.
  async function renew() {
    if (!(await reachable())) throw new Error(AWAY);
    const { carrier, coming } = carried();
    try {
      const next = await coming;
      if (next.get("format") !== model.get("format")) location.reload(); // another version of us
      use(next);
    } catch (error) {
      carrier.remove();
      throw error;
    } finally {
      carrier.audionomeDone();
    }
    frame?.remove();
    frame = carrier;
  }

  return {
    renew,
    get: (name) => model.get(name),
    // What is said to a kernel that has died is lost, and whoever asked is told of it.
    send(...message) {
      try {
        model.send(...message);
      } catch (error) {
        console.warn(error);
        dead();
      }
    },
    whenDead(callback) {
      dead = callback;
    },
    on(type, callback) {
      listeners.push([type, callback]);
      model.on(type, callback);
    },
    off(type, callback) {
      const k = listeners.findIndex(([t, c]) => t === type && c === callback);
      if (k >= 0) listeners.splice(k, 1);
      model.off(type, callback);
    },
    kernel: () => kernelOf(frame?.contentDocument ?? document),
    close: () => frame?.remove(),
  };
}
