// Charts: drawn by plotly.js when they come near the screen, with their words and their numbers.

const config = { responsive: true, displayModeBar: false };
const PLAIN = "The drawing is not available; the table below has its numbers.";

let plotly; // a promise of the library, once per page

// plotly.js comes from the Python side, so that no other host is asked.
function loadPlotly(model) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) {
      resolve(window.Plotly);
      return;
    }
    const onMessage = async (message, buffers) => {
      const failed = message.type === "failed" && message.what === "plotly";
      if (message.type !== "plotly" && !failed) return;
      model.off("msg:custom", onMessage);
      if (failed) {
        reject(new Error("plotly.js was not sent"));
        return;
      }
      try {
        const packed = new Blob([buffers[0]]).stream();
        const code = await new Response(
          packed.pipeThrough(new DecompressionStream("gzip")),
        ).blob();
        // Without these names the library sets window.Plotly whatever else is on the page.
        const wrapped = ["(function(define,module,exports){", code, "\n}).call(window);"];
        const url = URL.createObjectURL(new Blob(wrapped, { type: "text/javascript" }));
        const script = element("script", { src: url });
        script.onload = () => {
          URL.revokeObjectURL(url);
          resolve(window.Plotly);
        };
        script.onerror = () => reject(new Error("plotly.js did not run"));
        document.head.append(script);
      } catch (error) {
        reject(error);
      }
    };
    model.on("msg:custom", onMessage);
    model.send({ type: "plotly" });
  });
  return plotly;
}

// The colours of the page, and room on a phone: the legend below everything, a finger scrolls.
function fitted(layout, page) {
  const style = getComputedStyle(page);
  const ink = style.getPropertyValue("--an-ink").trim();
  const grid = style.getPropertyValue("--an-line").trim() + "80";
  const axis = (of) => ({ ...of, gridcolor: grid, zerolinecolor: grid });
  return {
    ...layout,
    font: { ...layout.font, color: ink },
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
    legend: { ...layout.legend, yref: "container", y: 0, yanchor: "bottom" },
    hoverlabel: {
      ...layout.hoverlabel,
      bgcolor: style.getPropertyValue("--an-field").trim(),
      font: { color: ink },
    },
    dragmode: matchMedia("(pointer: coarse)").matches ? false : layout.dragmode,
  };
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      target.draw();
    }
  },
  { rootMargin: "400px" },
);

// A table is written when it is opened: that of an hour has more than a thousand rows.
function numbersOf(chart) {
  const { caption, columns, rows } = chart;
  const name = element("span", { className: "an-unseen", textContent: `: ${caption}` });
  const numbers = element("details", {}, [
    element("summary", {}, ["The numbers as a table", name]),
  ]);
  const write = () => numbers.append(tableOf(caption, columns, rows));
  numbers.addEventListener("toggle", write, { once: true });
  return numbers;
}

// `onTime` is called with a moment (s) when somebody clicks a chart over time. `level` is that of
// the caption's heading; `bare` leaves it out, where the heading above says the same.
function figureOf(model, chart, { onTime = null, level = 3, bare = false } = {}) {
  const drawing = element("div", {
    className: "an-drawing",
    role: "img",
    aria: { label: chart.caption }, // its words stand below it, and are read once
  });
  drawing.style.minHeight = `${chart.height}px`;
  const aria = { label: chart.caption };
  const figure = element("figure", { className: "an-chart", aria }, [
    bare ? null : element(`h${level}`, { textContent: chart.caption }),
    drawing,
    element("figcaption", { textContent: chart.alt }),
    numbersOf(chart),
  ]);
  figure.draw = async () => {
    try {
      const Plotly = await loadPlotly(model);
      if (!figure.isConnected) return; // another answer has taken its place
      const { data, layout } = JSON.parse(chart.figure);
      drawing.repaint = () => Plotly.react(drawing, data, fitted(layout, figure), config);
      await drawing.repaint();
      figure.dataset.drawn = "true";
    } catch {
      drawing.style.minHeight = "";
      drawing.textContent = PLAIN;
    }
  };
  if (onTime) {
    drawing.classList.add("an-clickable");
    drawing.addEventListener("click", (event) => {
      const area = drawing.querySelector(".nsewdrag")?.getBoundingClientRect();
      if (!area || event.clientX < area.left || event.clientX > area.right) return;
      onTime(drawing._fullLayout.xaxis.p2c(event.clientX - area.left));
    });
  }
  near.observe(figure);
  return figure;
}

function repaint(root) {
  for (const drawing of root.querySelectorAll(".js-plotly-plot")) drawing.repaint();
}

function purge(root) {
  for (const figure of root.querySelectorAll(".an-chart")) near.unobserve(figure);
  for (const drawing of root.querySelectorAll(".js-plotly-plot")) window.Plotly.purge(drawing);
}
