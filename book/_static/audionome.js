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

  // What a figure asks for on a phone ("narrow") or elsewhere ("wide") stands in its meta.
  function themed(div) {
    const meta = (div.layout || {}).meta || {};
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
      ...(narrow.matches ? meta.narrow : meta.wide),
    };
  }

  // On a phone, long names of rows would leave no room for what is drawn beside them.
  function folded(div) {
    const names = ((div._fullLayout || {}).yaxis || {})._categories || [];
    if (!names.some((name) => name.length > 18)) {
      return {};
    }
    const fold = (name) => {
      const middle = (at) => Math.abs(at - name.length / 2);
      const spaces = [...name.matchAll(/ /g)].map((space) => space.index);
      const at = spaces.sort((one, other) => middle(one) - middle(other))[0];
      return name.length > 18 && at ? `${name.slice(0, at)}<br>${name.slice(at + 1)}` : name;
    };
    return {
      "yaxis.tickvals": narrow.matches ? names : null,
      "yaxis.ticktext": narrow.matches ? names.map(fold) : null,
    };
  }

  // Intervals lie half on their bar and half on the page, and numbers on cells of every shade.
  function paint(div) {
    const { ink } = colours();
    const of = (test) => div.data.flatMap((trace, i) => (test(trace) ? [i] : []));
    const bars = of((trace) => trace.type === "bar" && trace.error_x);
    const cells = of((trace) => trace.type === "heatmap" && trace.texttemplate);
    const look = { ...folded(div), ...themed(div) };
    if (bars.length) {
      return Plotly.update(div, { "error_x.color": ink }, look, bars);
    }
    return cells.length
      ? Plotly.update(div, { "textfont.color": ink }, look, cells)
      : Plotly.relayout(div, look);
  }

  // Plotly's own menus and sliders cannot be used from the keyboard: native ones can.
  function menuControl(menu, update, groups) {
    const select = document.createElement("select");
    select.name = menu.name || "";
    // Choices of one kind stand next to each other, under its name.
    const place = (name) => {
      const last = select.lastElementChild;
      if (!name || (last && last.label === name)) {
        return name ? last : select;
      }
      const made = document.createElement("optgroup");
      made.label = name;
      return select.appendChild(made);
    };
    menu.buttons.forEach(({ label }, i) => {
      place(groups[label]).append(new Option(label, String(i), false, i === (menu.active || 0)));
    });
    const chosen = () => menu.buttons[Number(select.value)];
    // A menu that follows the one which a reader changed says nothing.
    select.addEventListener("change", ({ detail }) => update(chosen().args, detail !== "follows"));
    return { name: menu.name || "Show", parts: [select], label: () => chosen().label };
  }

  function sliderControl(slider, update) {
    const range = document.createElement("input");
    const value = document.createElement("output");
    value.setAttribute("aria-live", "off"); // The slider tells its own value.
    Object.assign(range, { type: "range", min: 0, max: slider.steps.length - 1, step: 1 });
    range.value = slider.active || 0;
    const chosen = () => slider.steps[Number(range.value)];
    const tell = () => {
      value.textContent = chosen().label;
      range.setAttribute("aria-valuetext", chosen().label);
    };
    range.addEventListener("input", () => {
      tell();
      update(chosen().args);
    });
    tell();
    return { name: slider.name || "Step", parts: [range, value], label: () => chosen().label };
  }

  function addControls(figure, div, layout, change) {
    const { notes = {}, groups = {}, highlight } = layout.meta || {};
    const note = document.createElement("p");
    note.className = "audionome-note";
    note.setAttribute("aria-live", "off");
    const controls = [];
    const labelsOf = (some) => some.map((one) => one.label());
    // A note belongs to all choices together, to those of what is drawn, or to single ones.
    const tell = () => {
      const labels = controls.length ? labelsOf(controls) : Object.keys(notes);
      const drawn = labelsOf(controls.filter(({ name }) => name !== highlight));
      note.textContent =
        notes[labels.join(" | ")] ||
        notes[drawn.join(" | ")] ||
        labels.map((l) => notes[l] || "").join(" ").trim();
    };
    const update = (changes, aloud = true) => {
      change(changes);
      note.setAttribute("aria-live", aloud ? "polite" : "off");
      tell();
    };
    (layout.updatemenus || []).forEach((menu) => controls.push(menuControl(menu, update, groups)));
    (layout.sliders || []).forEach((slider) => controls.push(sliderControl(slider, update)));
    controls.forEach(({ name, parts }) => {
      const label = document.createElement("label");
      label.className = "audionome-chooser";
      label.append(`${name} `, ...parts);
      figure.insertBefore(label, div);
    });
    if (Object.keys(notes).length) {
      figure.insertBefore(note, div);
      tell();
    }
    if (controls.length) {
      delete layout.updatemenus;
      delete layout.sliders;
      delete layout.margin;
    }
  }

  // Menus and sliders are there at once, their chart when it comes near: see below.
  function prepare(figure) {
    const div = figure.querySelector(".plotly-graph-div");
    const { data, layout } = JSON.parse(figure.querySelector(".audionome-figure").textContent);
    const waiting = [];
    let begun = false;
    addControls(figure, div, layout, async (changes) => {
      if (figure.classList.contains("drawn")) {
        await Plotly.update(div, ...changes);
        // A choice may ask for other things on a phone than the one before it.
        if ((changes[1] || {}).meta) {
          await paint(div);
        }
      } else {
        waiting.push(changes);
      }
    });
    const { overTime } = layout.meta || {};
    figure.classList.toggle("over-time", Boolean(overTime));
    if (touch.matches || overTime) {
      layout.dragmode = false; // A finger scrolls the page, and a chart over time is for seeking.
    }
    return async () => {
      if (begun || !figure.isConnected) {
        return;
      }
      begun = true;
      await Plotly.newPlot(div, data, layout, {
        responsive: true,
        displayModeBar: false, // Its buttons would be hidden inside an image from a screen reader.
      });
      while (waiting.length) {
        await Plotly.update(div, ...waiting.shift());
      }
      await paint(div);
      div.style.minHeight = ""; // It kept the place until now.
      figure.classList.add("drawn");
      figure.dispatchEvent(new Event("audionome-drawn"));
    };
  }

  const figures = [...document.querySelectorAll("figure.audionome-chart")];
  const draw = new Map(figures.map((figure) => [figure, prepare(figure)]));
  // A long page opens faster when it draws only what a reader is about to see.
  const near = new IntersectionObserver(
    (seen) => seen.filter((one) => one.isIntersecting).forEach((one) => draw.get(one.target)()),
    { rootMargin: "1200px 0px" },
  );
  figures.forEach((figure) => near.observe(figure));
  window.addEventListener("beforeprint", () => draw.forEach((begin) => begin()));

  const repaint = () => {
    figures
      .filter((figure) => figure.classList.contains("drawn"))
      .map((figure) => figure.querySelector(".plotly-graph-div"))
      .forEach(paint);
  };
  new MutationObserver(repaint).observe(root, { attributeFilter: ["data-theme"] });
  narrow.addEventListener("change", repaint);

  // -- every table can be taken along ------------------------------------------------------

  function csv(table) {
    // A spreadsheet knows the minus of the keyboard alone.
    const cell = ({ textContent: text }) => `"${text.replace(/\u2212/g, "-").replace(/"/g, '""')}"`;
    return [...table.rows].map((row) => [...row.cells].map(cell).join(",")).join("\r\n");
  }

  // Named after the chart, or the heading that the table stands under.
  function fileName(box) {
    const figure = box.closest("figure.audionome-chart");
    const title = figure
      ? figure.querySelector("figcaption")
      : box.closest("section").querySelector("h1, h2, h3, h4");
    const words = (title.firstChild || title).textContent.toLowerCase().match(/[a-z0-9]+/g);
    return `${words.slice(0, 8).join("-")}.csv`;
  }

  document.querySelectorAll(".audionome-scroll").forEach((box) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "audionome-csv";
    button.textContent = "Download as CSV";
    button.addEventListener("click", () => {
      // The mark at the beginning tells spreadsheets that this is UTF-8.
      const text = new Blob(["\ufeff", csv(box.querySelector("table"))], { type: "text/csv" });
      const link = document.createElement("a");
      Object.assign(link, { href: URL.createObjectURL(text), download: fileName(box) });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    box.after(button);

    const more = () => {
      const below = box.scrollHeight - box.clientHeight - box.scrollTop;
      const right = box.scrollWidth - box.clientWidth - box.scrollLeft;
      box.classList.toggle("more-below", below > 2);
      box.classList.toggle("more-right", right > 2);
    };
    box.addEventListener("scroll", more, { passive: true });
    new ResizeObserver(more).observe(box);
  });
})();
