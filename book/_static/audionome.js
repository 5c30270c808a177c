// Draws the charts of a page with the local Plotly, in the colours of the theme.
"use strict";

(() => {
  const root = document.documentElement;
  const narrow = window.matchMedia("(max-width: 600px)");
  const touch = window.matchMedia("(pointer: coarse)");

  function colours() {
    const style = getComputedStyle(root);
    const dark = root.dataset.theme === "dark";
    const variable = (name, other) => style.getPropertyValue(name).trim() || other;
    return {
      ink: variable("--pst-color-text-base", dark ? "#ced6dd" : "#323232"),
      grid: dark ? "rgba(255,255,255,0.16)" : "rgba(0,0,0,0.12)",
      surface: variable("--pst-color-surface", dark ? "#29313d" : "#f5f5f5"),
    };
  }

  function themed() {
    const { ink, grid, surface } = colours();
    return {
      "font.color": ink,
      "font.size": narrow.matches ? 11 : 13,
      "xaxis.title.font.size": narrow.matches ? 11 : 13,
      "yaxis.title.font.size": narrow.matches ? 11 : 13,
      "xaxis.gridcolor": grid,
      "xaxis.zerolinecolor": grid,
      "yaxis.gridcolor": grid,
      "yaxis.zerolinecolor": grid,
      "hoverlabel.bgcolor": surface,
      "hoverlabel.font.color": ink,
      "hoverlabel.bordercolor": grid,
    };
  }

  // Plotly's menu cannot be used from the keyboard and is long on a phone: a native one can.
  function chooser(figure, div, menu, notes) {
    const label = document.createElement("label");
    label.className = "audionome-chooser";
    label.append(`${menu.name || "Show"} `);
    const select = document.createElement("select");
    const note = document.createElement("p");
    note.className = "audionome-note";
    note.setAttribute("aria-live", "polite");
    menu.buttons.forEach((button, i) => {
      select.add(new Option(button.label, String(i), false, i === (menu.active || 0)));
    });
    const tell = () => {
      note.textContent = notes[menu.buttons[Number(select.value)].label] || "";
    };
    select.addEventListener("change", () => {
      const [traces, layout] = menu.buttons[Number(select.value)].args;
      Plotly.update(div, traces, layout);
      tell();
    });
    tell();
    label.append(select);
    figure.insertBefore(label, div);
    figure.insertBefore(note, div);
  }

  async function draw(figure) {
    const div = figure.querySelector(".plotly-graph-div");
    const { data, layout } = JSON.parse(figure.querySelector(".audionome-figure").textContent);
    const menus = layout.updatemenus || [];
    menus.forEach((menu) => chooser(figure, div, menu, (layout.meta || {}).notes || {}));
    if (menus.length) {
      delete layout.updatemenus;
      delete layout.margin;
    }
    if (touch.matches) {
      layout.dragmode = false; // A finger on a chart scrolls the page.
    }
    await Plotly.newPlot(div, data, layout, {
      responsive: true,
      displayModeBar: false, // Its buttons would be hidden inside an image from a screen reader.
    });
    await Plotly.relayout(div, themed());
    figure.classList.add("drawn");
  }

  const figures = [...document.querySelectorAll("figure.audionome-chart")];
  figures.forEach(draw);
  const repaint = () => {
    figures
      .filter((figure) => figure.classList.contains("drawn"))
      .forEach((figure) => Plotly.relayout(figure.querySelector(".plotly-graph-div"), themed()));
  };
  new MutationObserver(repaint).observe(root, { attributeFilter: ["data-theme"] });
  narrow.addEventListener("change", repaint);
})();
