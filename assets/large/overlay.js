// Everything on the map that is not a dot, in SVG over it: outlines, names, axes, the key, the
// selection and the stroke being drawn. Text is only ever set as text.
const SVG = "http://www.w3.org/2000/svg";
const APART = 24, EDGE = 16; // px between names; so near the side a number would be cut off

function svg(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

class Overlay {
  constructor(root) {
    this.root = svg("svg", { class: "over", "aria-hidden": "true" }, root);
    this.axes = svg("g", {}, this.root);
    this.lines = svg("g", {}, this.root);
    this.words = svg("g", {}, this.root);
    this.stroke = svg("path", { class: "stroke" }, this.root);
    this.cross = svg("path", { class: "cross" }, this.root);
    this.places = [];
  }

  // Lines are kept in parts of the data's range, so that large coordinates keep their digits.
  fill(data) {
    this.low = data.low;
    this.span = data.span;
    this.names = data.axes;
    this.dated = data.dated;
    this.lines.replaceChildren();
    for (const line of [...data.lines, ...data.selection]) {
      const d = line.rings.map((ring) => "M" + ring.map(([x, y]) =>
        `${(x - this.low[0]) / this.span[0]},${(y - this.low[1]) / this.span[1]}`).join("L") + "Z");
      const path = svg("path", { d: d.join(""), fill: line.fill || "none", stroke: line.color,
        "stroke-width": line.width, "vector-effect": "non-scaling-stroke" }, this.lines);
      if (line.dotted) path.setAttribute("stroke-dasharray", "2 4");
    }
    this.words.replaceChildren();
    this.places = data.words.map((word) => {
      const group = svg("g", { class: word.bold ? "word" : "word faint" }, this.words);
      const text = svg("text", { "text-anchor": "middle", dy: "0.35em" });
      if (word.color) svg("tspan", { fill: word.color }, text).textContent = "● ";
      svg("tspan", word.ink ? { style: `fill:${word.ink};font-weight:600` } : {}, text).textContent = word.text;
      const width = 8 * [...word.text].length + (word.color ? 26 : 12);
      svg("rect", { x: -width / 2, y: -11, width, height: 22, rx: 2 }, group);
      group.append(text);
      return { group, width, x: word.x, y: word.y };
    });
  }

  follow(camera) {
    const [left, bottom] = camera.toScreen(...this.low);
    const sx = this.span[0] * camera.scale, sy = this.span[1] * camera.scale * camera.aspect;
    this.lines.setAttribute("transform", `matrix(${sx} 0 0 ${-sy} ${left} ${bottom})`);
    this.axes.replaceChildren();
    this.edge = { left: 0, top: 0, bottom: 0 };  // px that the words of axes take
    if (this.names.length === 2) this.draw_axes(camera);
    this.spread(camera);
  }

  // Names at their places, moved up and down, never past each other, until they are apart; those in
  // view keep off its sides and the words of its axes.
  spread(camera) {
    const { left, top, bottom } = this.edge;
    const { width, height } = camera;
    const inside = (at, size, half, low, high) => at < 0 || at > size || high - low < 2 * half
      ? at : Math.min(Math.max(at, low + half), high - half);
    const upright = (y) => inside(y, height, APART / 2, top, height - bottom);
    const seen = this.places.map((p) => {
      const [px, py] = camera.toScreen(p.x, p.y);
      return { ...p, at: [inside(px, width, p.width / 2, left, width), upright(py)] };
    }).sort((a, b) => a.at[1] - b.at[1]);
    const y = seen.map((p) => p.at[1]), pairs = [];
    seen.forEach((upper, i) => seen.forEach((lower, j) => {
      const near = Math.abs(upper.at[0] - lower.at[0]) < (upper.width + lower.width) / 2;
      if (j > i && near) pairs.push([i, j]);
    }));
    for (let round = 0, moved = true; moved && round < 100; round++) {
      moved = false;
      for (const [i, j] of pairs) {
        const short = APART - (y[j] - y[i]);
        if (short < 0.1) continue;
        y[i] -= short / 2, y[j] += short / 2, moved = true;
      }
    }
    seen.forEach(({ group, at }, i) =>
      group.setAttribute("transform", `translate(${at[0].toFixed(1)} ${y[i].toFixed(1)})`));
  }

  draw_axes(camera) {
    const [x0, x1, y0, y1] = camera.limits(), { width, height } = camera, [across, up] = this.dated;
    for (const [value, words] of (across ? date_ticks : ticks)(x0, x1, width / 110)) {
      const px = camera.toScreen(value, 0)[0];
      svg("line", { x1: px, x2: px, y1: 0, y2: height }, this.axes);
      const anchor = px < EDGE ? "start" : px > width - EDGE ? "end" : "middle";
      this.mark(px, height - 6, words, anchor);
    }
    this.edge = { left: 0, top: 24, bottom: 38 };
    for (const [value, words] of (up ? date_ticks : ticks)(y0, y1, height / 70)) {
      const py = camera.toScreen(0, value)[1];
      svg("line", { x1: 0, x2: width, y1: py, y2: py }, this.axes);
      this.mark(4, py - 3, words, "start");
      this.edge.left = Math.max(this.edge.left, 10 + 7 * words.length);
    }
    this.mark(width - 8, height - 22, this.names[0] + " →", "end", "axis");
    this.mark(8, 16, "↑ " + this.names[1], "start", "axis");
  }

  mark(x, y, words, anchor, kind = "tick") {
    svg("text", { x, y, "text-anchor": anchor, class: kind }, this.axes).textContent = words;
  }

  // The line under the mouse, screen points [[x, y], ...], none for []; and the cross of one who
  // draws by keys.
  drawn(points, cross) {
    this.cross.setAttribute("d", cross ? `M${cross[0] - 9},${cross[1]}h18M${cross[0]},${cross[1] - 9}v18` : "");
    this.stroke.setAttribute("d", points.length ? "M" + points.map((p) => p.join()).join("L") + "Z" : "");
  }
}
