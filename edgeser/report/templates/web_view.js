// What is seen: planes of features, the ribbon of decisions, bars of probabilities.

const LEVELS = 256;

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function coloursOf(hex) {
  const bytes = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  return Array.from({ length: LEVELS }, (_, i) => bytes.subarray(3 * i, 3 * i + 3));
}

// One canvas a plane, a column a frame, low frequencies at the bottom; the newest are kept.
class Planes {
  constructor(facts, figures) {
    this.facts = facts;
    this.contexts = figures.map((figure) => figure.querySelector("canvas").getContext("2d"));
    this.colours = facts.planes.map((plane) => coloursOf(facts.palettes[plane.palette]));
    this.begin(facts.windowFrames);
  }

  begin(columns) {
    this.columns = columns;
    this.frames = this.drawn = 0;
    this.waiting = [];
    for (const { canvas } of this.contexts) {
      canvas.width = columns; // clears it
      canvas.height = this.facts.channels;
    }
  }

  push(rows) {
    this.frames += rows.length;
    this.waiting.push(...rows);
    if (this.waiting.length > this.columns) this.waiting = this.waiting.slice(-this.columns);
  }

  // Number of the frame that the first column shows.
  get first() {
    return Math.max(0, this.frames - this.columns);
  }

  draw() {
    const fresh = this.waiting.length;
    if (fresh === 0) return;
    const end = Math.min(this.frames, this.columns), shift = Math.max(0, this.shownEnd + fresh - end);
    this.contexts.forEach((context, plane) => this.drawPlane(context, plane, end - fresh, shift));
    this.drawn = this.frames;
    this.waiting = [];
  }

  get shownEnd() {
    return Math.min(this.drawn, this.columns);
  }

  drawPlane(context, plane, at, shift) {
    const { channels, planes } = this.facts, fresh = this.waiting.length;
    if (shift > 0) {
      context.globalCompositeOperation = "copy";
      context.drawImage(context.canvas, -shift, 0);
      context.globalCompositeOperation = "source-over";
    }
    const image = context.createImageData(fresh, channels);
    this.waiting.forEach((row, column) => {
      for (let channel = 0; channel < channels; ++channel) {
        const colour = this.colours[plane][row[channel * planes.length + plane] + 128];
        const pixel = 4 * ((channels - 1 - channel) * fresh + column);
        image.data.set(colour, pixel);
        image.data[pixel + 3] = 255;
      }
    });
    context.putImageData(image, at, 0);
  }
}

// Each decision where it fell, as wide as the frames that were new to it.
class Ribbon {
  constructor(facts, place) {
    this.facts = facts;
    this.place = place;
    this.begin();
  }

  begin() {
    this.shown = [];
    this.place.replaceChildren();
  }

  push(decision) {
    const piece = element("span", decision.unsure ? "?" : decision.name, `hue${decision.label % 8}`);
    piece.classList.toggle("unsure", decision.unsure);
    piece.title = decision.title;
    this.place.append(piece);
    this.shown.push({ piece, decision });
  }

  draw(first, columns) {
    while (this.shown.length > 0 && this.shown[0].decision.frame <= first) {
      this.shown.shift().piece.remove();
    }
    const { hopFrames } = this.facts;
    for (const { piece, decision } of this.shown) {
      const begin = Math.max(decision.frame - hopFrames, first, 0);
      piece.style.left = `${100 * (begin - first) / columns}%`;
      piece.style.width = `${100 * (decision.frame - begin) / columns}%`;
    }
  }
}

class Bars {
  constructor(facts, list) {
    this.rows = facts.classes.map((name, label) => {
      const row = element("li"), track = element("span", "", "track");
      const bar = element("span", "", `bar hue${label % 8}`), share = element("span", "", "share");
      track.append(bar);
      row.append(element("span", name, "name"), track, share);
      list.append(row);
      return { row, bar, share };
    });
    this.show(null);
  }

  show(decision) {
    this.rows.forEach(({ row, bar, share }, label) => {
      const value = decision ? decision.shares[label] : 0;
      bar.style.width = `${100 * value}%`;
      share.textContent = decision ? percent(value) : "–";
      row.classList.toggle("said", decision !== null && decision.label === label);
      row.classList.toggle("unsure", decision !== null && decision.unsure);
    });
  }
}

function percent(share) {
  return `${(100 * share).toFixed(share > 0.0995 ? 0 : 1)}\u00a0%`;
}

function bytes(count) {
  return count < 1e6 ? `${(count / 1e3).toFixed(1)}\u00a0kB` : `${(count / 1e6).toFixed(2)}\u00a0MB`;
}

function milliseconds(ms) {
  return ms < 0.1 ? `${(1000 * ms).toPrecision(2)}\u00a0µs` : `${ms.toPrecision(3)}\u00a0ms`;
}

function seconds(value) {
  return `${value.toFixed(2)}\u00a0s`;
}

function hertz(rate) {
  return `${String(rate).replace(/(\d)(?=(\d{3})+$)/g, "$1,")}\u00a0Hz`;
}
