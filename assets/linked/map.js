// The map on a canvas: points as stamped sprites, pan and zoom, nearest point, points in an outline.
// A canvas needs no WebGL and prints; 50,000 points are blended into its pixels here.
const NO_PLACE = 65535, FINEST = 64, REACH = 14, FAINT = 0.18;

// Positions in world units: the longer side of all points is 1.
function placed(data) {
  const [[x0, x1], [y0, y1]] = data.limits;
  const wide = x1 - x0, high = (y1 - y0) * data.aspect, unit = Math.max(wide, high) || 1;
  const x = new Float32Array(data.n), y = new Float32Array(data.n);
  for (let i = 0; i < data.n; i++) {
    const none = data.x[i] === NO_PLACE;
    x[i] = none ? NaN : (data.x[i] / 65534) * (wide / unit);
    y[i] = none ? NaN : (data.y[i] / 65534) * (high / unit);
  }
  return { x, y, wide: wide / unit, high: high / unit, unit };
}

function inside(x, y, ring) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x0, y0] = ring[j], [x1, y1] = ring[i];
    if ((y0 > y) !== (y1 > y) && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) odd = !odd;
  }
  return odd;
}

// Round numbers between two ends, in steps of 1, 2 or 5 times a power of ten, and what they are called.
// Of dates the axis counts days since 1970-01-01.
function ticks(low, high, most, date) {
  const rough = (high - low) / most;
  if (date && isFinite(new Date(low * DAY)) && isFinite(new Date(high * DAY))) return dates(low, high, rough);
  return steps(low, high, round(rough)).map((v) => [v, String(Number(v.toPrecision(6)))]);
}

function round(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough);
}

function steps(low, high, step) {
  const out = [];
  for (let i = Math.ceil(low / step); i * step <= high && out.length < 99; i++) out.push(i * step);
  return out;
}

// Years, months, days or times of day, as analytics.figures.dates has them.
const DAY = 864e5, MONTH = 30.436875, MONTHS = [1, 2, 3, 6];
const DAYS = [1 / 1440, 1 / 288, 1 / 96, 1 / 48, 1 / 24, 1 / 8, 1 / 4, 1 / 2, 1, 2, 7, 14];

function dates(low, high, rough) {
  // Without seconds, and without the sign and zeros before a year of five digits or more.
  const iso = (day, cut) => new Date(Math.round(day * 1440) * 6e4).toISOString()
    .replace(/^\+0*/, "").replace("T", " ").slice(0, -8).slice(0, cut);
  const days = DAYS.find((s) => s >= rough);
  if (days) return steps(low, high, days).map((v) => [v, iso(v, days < 1 ? undefined : -6)]);
  const months = MONTHS.find((m) => m * MONTH >= rough) || 12 * Math.max(1, round(rough / MONTH / 12));
  const first = new Date(low * DAY), out = [];
  const from = Math.floor((12 * first.getUTCFullYear() + first.getUTCMonth()) / months) * months;
  for (let at = from; out.length < 99; at += months) {
    const day = new Date(0).setUTCFullYear(Math.floor(at / 12), ((at % 12) + 12) % 12, 1) / DAY;
    if (!(day <= high)) break;
    if (day >= low) out.push([day, iso(day, months % 12 ? -9 : -12)]);
  }
  return out;
}

// A colour as the pixel's red with blue, and its green.
function ink(hex) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return { rb: r | (b << 16), g: g << 8 };
}

// How much of each pixel a mark covers, 0 to 256, for four places within a pixel.
const STAMPS = new Map();

function stampOf(color, size, opacity) {
  const key = [color.hollow, color.corners?.flat(), size.toFixed(1), opacity.toFixed(3)].join();
  if (STAMPS.size > 500) STAMPS.clear();
  if (!STAMPS.has(key)) STAMPS.set(key, [0, 1, 2, 3].map((k) => covered(color, size, opacity, k & 1, k >> 1)));
  return STAMPS.get(key);
}

function covered(color, size, opacity, right, down) {
  const canvas = document.createElement("canvas"), w = 2 * Math.ceil(0.65 * size + 1) + 1;
  canvas.width = canvas.height = w;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.translate((w - 1) / 2 + 0.25 + right / 2, (w - 1) / 2 + 0.25 + down / 2);
  mark(pen, color, size / 2);
  const { data } = pen.getImageData(0, 0, w, w), alpha = new Uint16Array(w * w);
  for (let i = 0; i < alpha.length; i++) alpha[i] = Math.round((data[4 * i + 3] / 255) * 256 * opacity);
  return { w, alpha };
}

function mark(pen, color, r) {
  pen.beginPath();
  if (color.corners) for (const [x, y] of color.corners) pen.lineTo(x * r, y * r);
  else pen.arc(0, 0, color.hollow ? r * 0.8 : r, 0, 7);
  pen.closePath();
  pen.lineWidth = Math.max(0.8, r * 0.4);
  if (color.hollow) pen.stroke(); else pen.fill();
}

function blend(pixels, width, height, { rb, g, stamp }, x, y) {
  const fx = Math.floor(x), fy = Math.floor(y);
  const { w, alpha } = stamp[(x - fx >= 0.5 ? 1 : 0) + (y - fy >= 0.5 ? 2 : 0)];
  const left = fx - (w - 1) / 2, top = fy - (w - 1) / 2;
  for (let j = Math.max(0, -top); j < w && top + j < height; j++) {
    let p = (top + j) * width + Math.max(0, left), k = j * w + Math.max(0, -left);
    for (const end = j * w + Math.min(w, width - left); k < end; k++, p++) {
      const a = alpha[k];
      if (!a) continue;
      const below = pixels[p], rest = 256 - a;
      const both = (((below & 0xff00ff) * rest + rb * a) >>> 8) & 0xff00ff;
      pixels[p] = 0xff000000 | both | ((((below & 0xff00) * rest + g * a) >>> 8) & 0xff00);
    }
  }
}

class PointMap {
  constructor(canvas, data) {
    Object.assign(this, { canvas, data, at: placed(data), w: 0, h: 0 });
    this.base = document.createElement("canvas");
    this.outline = [];   // being drawn, in px
    this.cross = null;   // the keyboard's cursor, in px
    this.fit();
  }

  resize() {
    const box = this.canvas.getBoundingClientRect(), first = !this.w;
    if (!box.width || !box.height) return;  // not shown, as on paper
    this.w = box.width; this.h = box.height;
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(this.w * this.ratio);
    this.canvas.height = Math.round(this.h * this.ratio);
    if (first || this.whole) this.fit();
  }

  fit() {
    this.view = this.fitted(this.w, this.h);
    this.whole = true;
  }

  fitted(w, h) {
    const { wide, high } = this.at;
    const scale = 0.9 * Math.min(w / Math.max(wide, 1e-9), h / Math.max(high, 1e-9));
    return { x: wide / 2, y: high / 2, scale: Math.max(scale, 1) };
  }

  px(i) { return this.view.scale * (this.at.x[i] - this.view.x) + this.w / 2; }
  py(i) { return this.h / 2 - this.view.scale * (this.at.y[i] - this.view.y); }
  world(x, y) {
    const { view } = this;
    return [view.x + (x - this.w / 2) / view.scale, view.y - (y - this.h / 2) / view.scale];
  }

  pan(dx, dy) {
    this.whole = false;
    this.view.x -= dx / this.view.scale;
    this.view.y += dy / this.view.scale;
  }

  zoom(factor, x = this.w / 2, y = this.h / 2) {
    const before = this.world(x, y), least = this.fitted(this.w, this.h).scale;
    this.whole = false;
    this.view.scale = Math.min(Math.max(this.view.scale * factor, least / 4), least * FINEST);
    const after = this.world(x, y);
    this.view.x += before[0] - after[0];
    this.view.y += before[1] - after[1];
  }

  // The nearest point that is not hidden, within REACH px, or -1.
  nearest(x, y, hidden, reach = REACH) {
    let best = -1, least = reach * reach;
    for (let i = 0; i < this.data.n; i++) {
      if (hidden[i]) continue;
      const dx = this.px(i) - x, dy = this.py(i) - y, d = dx * dx + dy * dy;
      if (d <= least) { least = d; best = i; }
    }
    return best;
  }

  // The points in an outline in px that are not hidden: Uint8Array (n).
  within(outline, hidden) {
    const ring = outline.map(([x, y]) => this.world(x, y)), hit = new Uint8Array(this.data.n);
    const xs = ring.map((p) => p[0]), ys = ring.map((p) => p[1]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const { x, y } = this.at;
    for (let i = 0; i < this.data.n; i++) {
      if (hidden[i] || !(x[i] >= x0 && x[i] <= x1 && y[i] >= y0 && y[i] <= y1)) continue;
      if (inside(x[i], y[i], ring)) hit[i] = 1;
    }
    return hit;
  }

  // look: {colors, codes, hidden, selected, any, active, theme, labels}. light: only the outline,
  // cross or mark has changed.
  draw(look, light) {
    const { canvas, base, ratio } = this, pen = canvas.getContext("2d");
    if (!canvas.width) return;
    if (!light || base.width !== canvas.width || base.height !== canvas.height) {
      base.width = canvas.width;
      base.height = canvas.height;
      this.paint(base, look, ratio);
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(base, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.overlay(pen, look);
  }

  // The same view as a picture, w px wide.
  picture(look, w) {
    const canvas = document.createElement("canvas"), ratio = w / this.w;
    canvas.width = w;
    canvas.height = Math.round(this.h * ratio);
    this.paint(canvas, look, ratio);
    return canvas.toDataURL("image/png");
  }

  paint(canvas, look, ratio) {
    const pen = canvas.getContext("2d", { willReadFrequently: true }), { theme } = look;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = theme.paper;
    pen.fillRect(0, 0, this.w + 1, this.h + 1);
    const words = this.data.axes.length ? this.grid(pen, theme) : [];
    const image = pen.getImageData(0, 0, canvas.width, canvas.height);
    for (const strong of look.any ? [false, true] : [true]) this.stamp(image, look, strong, ratio);
    pen.putImageData(image, 0, 0);
    this.read(pen, theme, words);
    if (look.labels) this.names(pen, theme);
  }

  // Blends a stamp per point into the pixels, the loose ones under the others. In software this is
  // about thirty times as fast as 50,000 calls of drawImage.
  stamp(image, look, strong, ratio) {
    const { hidden, selected, any, codes } = look, pixels = new Uint32Array(image.data.buffer);
    const grown = Math.max(1, this.view.scale / this.fitted(this.w, this.h).scale) ** 0.35;
    const size = this.data.dot.size * Math.min(grown, 3) * ratio;
    const opacity = this.data.dot.opacity * (strong ? 1 : FAINT);
    const looks = look.colors.map((c) => ({ ...ink(c.fill), loose: Boolean(c.hollow), stamp: stampOf(c, size, opacity) }));
    for (const loose of [true, false]) {
      for (let i = 0; i < this.data.n; i++) {
        const mine = looks[codes[i]];
        if (hidden[i] || mine.loose !== loose || (any && (selected[i] === 1) !== strong)) continue;
        const x = this.px(i) * ratio, y = this.py(i) * ratio;
        if (x > -20 && x < image.width + 20 && y > -20 && y < image.height + 20) {
          blend(pixels, image.width, image.height, mine, x, y);
        }
      }
    }
  }

  // The lines of the axes; returns their words, which go over the points: [words, x, y, alignment].
  grid(pen, theme) {
    const [[x0], [y0]] = this.data.limits, { unit } = this.at, { aspect, axes, dated } = this.data;
    const [left, top] = this.world(0, 0), [right, bottom] = this.world(this.w, this.h), words = [];
    pen.fillStyle = theme.rule;
    for (const [v, word] of ticks(x0 + left * unit, x0 + right * unit, this.w / 110, dated[0])) {
      const x = ((v - x0) / unit - this.view.x) * this.view.scale + this.w / 2;
      pen.fillRect(x, 0, 1, this.h - 34);
      words.push([word, x, this.h - 20, "center"]);
    }
    for (const [v, word] of ticks(y0 + (bottom * unit) / aspect, y0 + (top * unit) / aspect, this.h / 80, dated[1])) {
      const y = this.h / 2 - (((v - y0) * aspect) / unit - this.view.y) * this.view.scale;
      if (y > this.h - 34) continue;
      pen.fillRect(0, y, this.w, 1);
      words.push([word, 4, y - 4, "left"]);
    }
    return [...words, [`→ ${axes[0]}    ↑ ${axes[1]}`, 8, this.h - 5, "left"]];
  }

  read(pen, theme, words) {
    Object.assign(pen, { font: "12px Inter, system-ui, sans-serif", lineWidth: 3, lineJoin: "round" });
    Object.assign(pen, { strokeStyle: theme.paper, fillStyle: theme.muted });
    for (const [word, x, y, side] of words) {
      pen.textAlign = side;
      pen.strokeText(word, x, y);
      pen.fillText(word, x, y);
    }
  }

  // Names on the groups, the largest first; one that would cover another is left out.
  names(pen, theme) {
    const boxes = [];
    pen.font = "600 14px Inter, system-ui, sans-serif";
    pen.textAlign = "center";
    pen.lineJoin = "round";
    for (const { name, x, y } of this.data.places) {
      const [[x0], [y0]] = this.data.limits, { unit } = this.at;
      const px = ((x - x0) / unit - this.view.x) * this.view.scale + this.w / 2;
      const py = this.h / 2 - (((y - y0) * this.data.aspect) / unit - this.view.y) * this.view.scale;
      const half = pen.measureText(name).width / 2 + 6;
      const box = [px - half, py - 14, px + half, py + 8];
      if (boxes.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
      boxes.push(box);
      pen.strokeStyle = theme.paper;
      pen.lineWidth = 4;
      pen.strokeText(name, px, py);
      pen.fillStyle = theme.ink;
      pen.fillText(name, px, py);
    }
  }

  overlay(pen, { active, hidden, theme }) {
    pen.strokeStyle = theme.ink;
    pen.lineWidth = 2;
    if (active >= 0 && !hidden[active]) {
      pen.beginPath();
      pen.arc(this.px(active), this.py(active), 9, 0, 7);
      pen.stroke();
    }
    pen.strokeStyle = theme.accent;
    if (this.outline.length) {
      pen.setLineDash([4, 3]);
      pen.beginPath();
      for (const [x, y] of this.outline) pen.lineTo(x, y);
      pen.closePath();
      pen.stroke();
      pen.setLineDash([]);
    }
    if (this.cross) {
      const [x, y] = this.cross;
      pen.beginPath();
      pen.moveTo(x - 12, y); pen.lineTo(x + 12, y); pen.moveTo(x, y - 12); pen.lineTo(x, y + 12);
      pen.stroke();
    }
  }
}
