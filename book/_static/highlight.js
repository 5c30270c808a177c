// Brings one line or group of a chart forward: by its menu, or by a click on it or on its name.
"use strict";

(() => {
  const NEAR = 15; // Pixels within which a click means a line or a point.

  function toSegment([x, y], [ax, ay], [bx, by]) {
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = length ? ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length : 0;
    const at = Math.min(Math.max(along, 0), 1);
    return Math.hypot(ax + at * (bx - ax) - x, ay + at * (by - ay) - y);
  }

  // From a place on the page's chart to the points of a trace, and to what joins them.
  function distance(points, place) {
    const { trace } = points[0];
    const joined = trace.mode.includes("lines");
    let [nearest, before] = [Infinity, null];
    points.forEach(({ x, y }) => {
      const here = [trace._xA.c2p(x), trace._yA.c2p(y)];
      if (here.every(Number.isFinite)) {
        nearest = Math.min(nearest, toSegment(place, joined && before ? before : here, here));
        before = here;
      } else {
        before = null; // A gap.
      }
    });
    return nearest;
  }

  function pointedAt(div, event) {
    const { xaxis, _size: size } = div._fullLayout;
    const box = div.getBoundingClientRect();
    const place = [event.clientX - box.left - xaxis._offset, event.clientY - box.top - size.t];
    if (place[0] < 0 || place[0] > xaxis._length || place[1] < 0 || place[1] > size.h) {
      return null; // Beside the chart, where the legend is.
    }
    const found = div.calcdata
      .filter(([{ trace }]) => trace && trace.visible === true && trace.type === "scatter")
      .map((points) => ({ name: points[0].trace.name, far: distance(points, place) }))
      .sort((one, other) => one.far - other.far)[0];
    return found && found.far <= NEAR ? found.name : null;
  }

  function prepare(figure) {
    const div = figure.querySelector(".plotly-graph-div");
    const { data, layout } = JSON.parse(figure.querySelector(".audionome-figure").textContent);
    const { highlight, neighbours } = layout.meta || {};
    const select = highlight && figure.querySelector(`select[name="${highlight}"]`);
    if (!select) {
      return;
    }
    const hint = document.createElement("small");
    hint.className = "audionome-hint";
    const what = data.some(({ mode = "" }) => mode.includes("lines")) ? "line" : "point";
    hint.textContent = neighbours
      ? "Or click a name below the chart. Click it again to see all."
      : `Or click a ${what} or its name. Click it again to see all.`;
    select.parentElement.after(hint);

    // What is chosen already is let go: the first choice is all of them.
    const choose = (name) => {
      const option = [...select.options].find((one) => one.label === name);
      if (option) {
        select.value = option.selected ? select.options[0].value : option.value;
        select.dispatchEvent(new Event("change"));
      }
    };
    figure.addEventListener("audionome-drawn", () => {
      div.on("plotly_legendclick", ({ curveNumber }) => {
        choose(div.data[curveNumber].name);
        return false; // Plotly would hide it.
      });
      div.on("plotly_legenddoubleclick", () => false);
      if (neighbours) {
        return; // There, a click on a point does something else.
      }
      if (div._fullLayout._has("gl3d")) {
        div.on("plotly_click", ({ points }) => choose(points[0].data.name));
        return;
      }
      let pressed = null;
      div.addEventListener("pointerdown", (event) => {
        pressed = event;
      });
      div.addEventListener("click", (event) => {
        const moved = Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY);
        const name = moved < 5 && pointedAt(div, event);
        if (name) {
          choose(name);
        }
      });
    });
  }

  document.querySelectorAll("figure.audionome-chart").forEach(prepare);
})();
