// The way out: the sentence, the genre, and each chart with its words and its numbers.

const config = { responsive: true, displayModeBar: false };
const PLAIN = "The drawing is not available; the table below has its numbers.";

function element(name, properties = {}, children = []) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

let plotly; // a promise of the library, once per page

// plotly.js comes from the Python side, so that no other host is asked.
function loadPlotly(model) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) {
      resolve(window.Plotly);
      return;
    }
    const onMessage = async (message, buffers) => {
      if (message.type !== "plotly" && message.type !== "failed") return;
      model.off("msg:custom", onMessage);
      if (message.type === "failed") {
        reject(new Error(message.sentence));
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

function tableOf({ caption, columns, rows }) {
  const head = columns.map((name) => element("th", { scope: "col", textContent: name }));
  const body = rows.map((row) =>
    element("tr", {}, row.map((value) => element("td", { textContent: value }))),
  );
  const table = element("table", {}, [
    element("caption", { textContent: caption }),
    element("thead", {}, [element("tr", {}, head)]),
    element("tbody", {}, body),
  ]);
  const scroll = element("div", { className: "an-scroll", tabIndex: 0 }, [table]);
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `Table: ${caption}`);
  return element("details", {}, [
    element("summary", { textContent: "The numbers as a table" }),
    scroll,
  ]);
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

function figureOf(model, chart) {
  const drawing = element("div", { className: "an-drawing" });
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", chart.alt);
  drawing.style.minHeight = `${chart.height}px`;
  const figure = element("figure", { className: "an-chart" }, [
    element("h3", { textContent: chart.caption }),
    drawing,
    element("figcaption", { textContent: chart.alt }),
    tableOf(chart),
  ]);
  loadPlotly(model)
    .then(async (Plotly) => {
      if (!figure.isConnected) return; // a newer answer has taken its place
      const { data, layout } = JSON.parse(chart.figure);
      const paint = () => Plotly.react(drawing, data, fitted(layout, figure), config);
      drawing.repaint = paint;
      await paint();
      figure.dataset.drawn = "true";
    })
    .catch(() => {
      drawing.style.minHeight = "";
      drawing.textContent = PLAIN;
    });
  return figure;
}

function render({ model, el }) {
  const said = element("p", { className: "an-sentence" });
  said.setAttribute("aria-live", "polite");
  const head = element("div", { className: "an-head", hidden: true });
  const body = element("div");
  const root = element("section", { className: "an an-answer" }, [head, said, body]);
  root.setAttribute("aria-label", "Answer");
  el.append(root);

  function purge() {
    for (const drawing of body.querySelectorAll(".js-plotly-plot")) window.Plotly.purge(drawing);
  }

  function show() {
    const result = model.get("result");
    purge();
    body.replaceChildren();
    head.replaceChildren();
    root.dataset.job = result.job ?? "";
    root.dataset.status = result.status ?? "";
    head.hidden = !result.genre;
    said.textContent = result.sentence ?? "";
    if (!result.genre) return;

    const doubt = { unsure: "Unsure: at best", unlike: "Unlike anything it learned: at best" };
    const genre = element("h2", { className: "an-genre", textContent: result.genre });
    head.style.setProperty("--an-genre", result.color);
    if (doubt[result.status]) {
      head.append(element("p", { className: "an-unsure", textContent: doubt[result.status] }));
    }
    head.append(
      element("p", { className: "an-first" }, [
        genre,
        element("span", { className: "an-confidence", textContent: result.confidence }),
      ]),
    );
    const facts = element("dl", { className: "an-facts" });
    for (const [name, value] of result.facts) {
      facts.append(
        element("div", {}, [
          element("dt", { textContent: name }),
          element("dd", { textContent: value }),
        ]),
      );
    }
    body.append(facts);
    for (const chart of result.charts) body.append(figureOf(model, chart));
    body.append(
      element("p", {
        className: "an-help",
        textContent:
          "Audionome knows only these ten genres, from the 1 000 clips of the GTZAN collection. " +
          "Music of any other kind still gets one of the ten names: read the probabilities as " +
          "likeness to those clips, not as a verdict.",
      }),
    );
  }

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => {
    for (const drawing of body.querySelectorAll(".js-plotly-plot")) drawing.repaint();
  };
  dark.addEventListener("change", repaint);
  model.on("change:result", show);
  show();
  // Fetched while the visitor looks for a file; a failure is told where a chart would be.
  const timer = setTimeout(() => loadPlotly(model).catch(() => {}), 500);

  return () => {
    clearTimeout(timer);
    dark.removeEventListener("change", repaint);
    model.off("change:result", show);
    purge();
  };
}

export default { render };
