// Lets a reader choose a track on the map and walk from it to the tracks that sound like it.
"use strict";

(() => {
  function label(text, control) {
    const box = document.createElement("label");
    box.className = "audionome-chooser";
    box.append(`${text} `, control);
    return box;
  }

  // Tracks are numbered through all genres, as `near` counts them.
  function numbered(data) {
    const points = data.filter((trace) => trace.text);
    return points.flatMap((trace, curve) =>
      trace.text.map((name, i) => ({ name, genre: trace.name, curve, x: trace.x[i], y: trace.y[i] })),
    );
  }

  function prepare(figure) {
    const div = figure.querySelector(".plotly-graph-div");
    const { data, layout } = JSON.parse(figure.querySelector(".audionome-figure").textContent);
    const { near, similarity, titles } = (layout.meta || {}).neighbours || {};
    if (!near) {
      return;
    }
    const tracks = numbered(data);
    const named = (i) => (titles && titles[i] ? `${tracks[i].name}, ${titles[i]}` : tracks[i].name);
    const genres = document.createElement("select");
    const names = document.createElement("select");
    const found = document.createElement("div");
    found.className = "audionome-neighbours";
    found.setAttribute("aria-live", "polite");
    [...new Set(tracks.map(({ genre }) => genre))].forEach((genre) => genres.add(new Option(genre)));

    const fill = (genre) => {
      genres.value = genre;
      names.replaceChildren();
      tracks.forEach((track, i) => {
        if (track.genre === genre) {
          names.add(new Option(named(i), String(i)));
        }
      });
    };

    const draw = (chosen) => {
      if (!figure.classList.contains("drawn")) {
        return;
      }
      const line = (axis) => near[chosen].flatMap((i) => [tracks[chosen][axis], tracks[i][axis], null]);
      const [lines, ring] = [data.length - 2, data.length - 1];
      Plotly.restyle(div, { x: [line("x")], y: [line("y")] }, [lines]);
      Plotly.restyle(div, { x: [[tracks[chosen].x]], y: [[tracks[chosen].y]] }, [ring]);
    };

    const choose = (chosen) => {
      fill(tracks[chosen].genre);
      names.value = String(chosen);
      const title = document.createElement("p");
      title.textContent = `Nearest to ${named(chosen)}, by other artists:`;
      const list = document.createElement("ol");
      near[chosen].forEach((i, place) => {
        const entry = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = named(i);
        button.addEventListener("click", () => {
          choose(i);
          found.querySelector("button").focus();
        });
        entry.append(button, ` ${tracks[i].genre}, cosine ${similarity[chosen][place].toFixed(2)}`);
        list.append(entry);
      });
      found.replaceChildren(title, list);
      draw(chosen);
    };

    genres.addEventListener("change", () => {
      fill(genres.value);
      choose(Number(names.value));
    });
    names.addEventListener("change", () => choose(Number(names.value)));
    figure.insertBefore(label("Genre", genres), div);
    figure.insertBefore(label("Track", names), div);
    div.after(found);
    choose(0);

    figure.addEventListener("audionome-drawn", () => {
      const first = tracks.map(({ curve }) => curve);
      div.on("plotly_click", ({ points: [{ curveNumber, pointNumber }] }) => {
        if (curveNumber < data.length - 2) {
          choose(first.indexOf(curveNumber) + pointNumber);
        }
      });
      draw(Number(names.value));
    });
  }

  document.querySelectorAll("figure.audionome-chart").forEach(prepare);
})();
