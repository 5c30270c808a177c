// The trail of live listening: the share of every genre in the last minutes, as a drawing, as a
// sentence and as a table.
"use strict";

(() => {
  const Audionome = (window.Audionome = window.Audionome || {});

  const SPAN = 180; // s that are kept, and drawn at most
  const LEAST_SPAN = 60; // s that the drawing is wide at first
  const ROW = 10; // s of a row of the table
  const NAMED = 0.1; // share from which on a genre is in the legend; the likeliest always has it

  const spoken = (s) => {
    const [minutes, rest] = [Math.floor(s / 60), s % 60];
    const parts = [minutes && `${minutes} min`, (rest || !minutes) && `${rest} s`];
    return parts.filter(Boolean).join(" ");
  };

  function leader(shares) {
    return shares.indexOf(Math.max(...shares));
  }

  // -- what is kept ------------------------------------------------------------------------

  // One point a second of listening: the shares in the order of the genres, or null.
  Audionome.trail = (genres) => {
    const points = [];
    let last = null; // second of the newest point of this stretch
    const push = (shares) => {
      points.push(shares);
      points.splice(0, points.length - SPAN);
    };
    return {
      genres,
      points,
      add(second, probabilities) {
        const shares = probabilities && genres.map(({ key }) => probabilities[key]);
        // What a skipped step would have said is not known: the next one stands for it.
        const missed = last === null ? 0 : Math.min(SPAN, second - last - 1);
        for (let k = 0; k <= missed; k += 1) {
          push(shares);
        }
        last = second;
      },
      gap() {
        if (last !== null) {
          push(null);
        }
        last = null;
      },
      // Seconds that each genre led, the longest first.
      led() {
        const counts = genres.map(() => 0);
        points.forEach((shares) => shares && (counts[leader(shares)] += 1));
        const named = counts.map((seconds, i) => ({ name: genres[i].name, seconds }));
        return named.filter(({ seconds }) => seconds).sort((a, b) => b.seconds - a.seconds);
      },
      // The genres that can be seen, in their order.
      seen() {
        return genres.filter((_, i) => points.some((shares) => shares && shares[i] >= NAMED));
      },
      rows() {
        const rows = [];
        for (let to = points.length; to > 0; to -= ROW) {
          const part = points.slice(Math.max(0, to - ROW), to);
          const heard = part.filter(Boolean);
          const mean = genres.map((_, i) => heard.reduce((sum, p) => sum + p[i], 0) / heard.length);
          const first = heard.length ? leader(mean) : -1;
          const ago = points.length - to;
          rows.push({
            when: `${spoken(ago + part.length)} to ${spoken(ago)}`,
            genre: first < 0 ? "nothing heard" : genres[first].name,
            share: first < 0 ? "" : Audionome.likelihood(mean[first]),
          });
        }
        return rows;
      },
    };
  };

  // -- how it is drawn ---------------------------------------------------------------------

  const spanOf = ({ points }) => Math.max(LEAST_SPAN, points.length);

  // Stretches without a gap, as [first, last] indices of points.
  function stretches(points) {
    const found = [];
    points.forEach((shares, i) => {
      if (shares && (!i || !points[i - 1])) {
        found.push([i, i]);
      } else if (shares) {
        found[found.length - 1][1] = i;
      }
    });
    return found;
  }

  function light(colour) {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16) / 255);
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  }

  function draw(canvas, trail) {
    const { genres, points } = trail;
    const span = spanOf(trail);
    const { width, height } = canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    const context = canvas.getContext("2d");
    const size = [width, height].map((length) => Math.round(length * ratio));
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const x = (i) => width * (1 - (points.length - i) / span);
    const sums = points.map((shares) => {
      let sum = 0;
      return shares && [0, ...shares.map((share) => (sum += share))];
    });
    const y = (i, genre) => height * (1 - Math.min(1, sums[i][genre]));
    const font = parseFloat(style.fontSize);
    context.font = `${font}px ${style.fontFamily}`;
    context.textBaseline = "middle";

    function outline([first, last], genre) {
      context.beginPath();
      // Each point is a second wide; between their middles the edge is straight.
      const middles = [];
      for (let i = first; i <= last; i += 1) {
        middles.push([x(i + 0.5), i]);
      }
      const along = [[x(first), first], ...middles, [x(last + 1), last]];
      along.forEach(([at, i]) => context.lineTo(at, y(i, genre + 1)));
      along.reverse().forEach(([at, i]) => context.lineTo(at, y(i, genre)));
      context.closePath();
    }

    function areas(stretch) {
      genres.forEach(({ colour }, genre) => {
        outline(stretch, genre);
        context.fillStyle = colour;
        context.fill();
      });
      // The edges are cut out, so that they have the colour of whatever page is behind.
      context.globalCompositeOperation = "destination-out";
      genres.forEach((_, genre) => {
        outline(stretch, genre);
        context.stroke();
      });
      context.globalCompositeOperation = "source-over";
    }

    // A name stands in the middle of the widest place where it is wholly inside its area.
    function name([first, last], genre) {
      const text = genres[genre].name;
      const wide = Math.ceil(((context.measureText(text).width + font) / width) * span);
      let best = null;
      for (let from = first; from + wide - 1 <= last; from += 1) {
        const columns = Array.from({ length: wide }, (_, k) => from + k);
        const top = Math.max(...columns.map((i) => y(i, genre + 1)));
        const foot = Math.min(...columns.map((i) => y(i, genre)));
        best = foot - top > (best ? best.room : font * 1.2)
          ? { room: foot - top, at: from + wide / 2, middle: (top + foot) / 2 }
          : best;
      }
      if (best) {
        context.textAlign = "center";
        context.fillStyle = light(genres[genre].colour) > 0.18 ? "#000" : "#fff";
        context.fillText(text, x(best.at), best.middle);
      }
    }

    for (const stretch of stretches(points)) {
      areas(stretch);
      genres.forEach((_, genre) => name(stretch, genre));
    }
  }

  function tableOf(trail) {
    const { make } = Audionome;
    const line = (tag, cells) => make("tr", {}, cells.map((text) => make(tag, {}, [text])));
    const head = line("th", ["how long ago", "likeliest genre", "its probability"]);
    const rows = trail.rows().map(({ when, genre, share }) => line("td", [when, genre, share]));
    head.childNodes.forEach((cell) => cell.setAttribute("scope", "col"));
    return make("table", {}, [make("thead", {}, [head]), make("tbody", {}, rows)]);
  }

  function legendOf(genres) {
    const { make } = Audionome;
    return genres.map(({ name, colour }) => {
      const swatch = make("span", { className: "audionome-live-swatch" });
      swatch.style.setProperty("--genre", colour);
      return make("li", {}, [swatch, name]);
    });
  }

  // A figure of the trail. update() draws it; the words follow once every ten seconds.
  Audionome.trailFigure = (trail) => {
    const { make } = Audionome;
    const canvas = make("canvas", { role: "img" });
    const legend = make("ul", { className: "audionome-live-legend" });
    const begin = make("span");
    const axis = make("div", { className: "audionome-live-axis", aria: { hidden: "true" } }, [
      begin,
      make("span", {}, ["now"]),
    ]);
    const holder = make("div", {
      className: "listen-scroll",
      tabIndex: 0,
      role: "region",
      aria: { label: "The trail as a table" },
    });
    const details = make("details", {}, [make("summary", {}, ["The trail as a table"]), holder]);
    const element = make("figure", { className: "audionome-live-trail" }, [
      make("figcaption", {}, ["How likely each genre was in the last minutes", legend]),
      canvas,
      axis,
      details,
    ]);
    let named = []; // in the legend
    let told = -Infinity;

    function tell() {
      told = performance.now();
      const parts = trail.led().map(({ name, seconds }) => `${name} for ${spoken(seconds)}`);
      const led = parts.length ? `The likeliest genre was ${parts.join(", ")}.` : "";
      const label = `Share of each genre over the last ${spoken(trail.points.length)}. ${led}`;
      canvas.setAttribute("aria-label", label);
      if (details.open) {
        holder.replaceChildren(tableOf(trail));
      }
    }

    function update() {
      const seen = trail.seen();
      if (seen.length !== legend.childElementCount || seen.some((one, i) => one !== named[i])) {
        named = seen;
        legend.replaceChildren(...legendOf(seen)); // before the drawing, which has the room left
      }
      draw(canvas, trail);
      begin.textContent = `${spoken(spanOf(trail))} ago`;
      if (performance.now() - told > ROW * 1000) {
        tell();
      }
    }

    details.addEventListener("toggle", tell);
    new ResizeObserver(() => draw(canvas, trail)).observe(canvas);
    return { element, update, tell };
  };
})();
