// The large map, or several of the same points beside each other: fetches the points once, draws
// them, and tells the server only what was selected.
const DEEPEST = 4e6;  // how far in one may zoom
const RENEW = 10000;  // ms between two requests for a new link
const RETURN = 3000;  // ms that the browser has to give lost graphics back
const HELP = "Arrow keys move the map, plus and minus zoom, 0 shows it all";
const SELECTS = ", Enter selects what is in view, D draws an outline by keys, Escape clears.";

class LargeMap {
  constructor(root, send) {
    this.root = root;
    this.send = send;
    this.camera = new Camera();
    this.data = null;
    this.points = null;
    this.panes = [];
    this.tool = "lasso";
    this.started = 0;
    this.moved = -1e9;
    this.renewed = -1e9;
    this.coloured = false;
    this.frame = 0;
    this.lit = null;
    this.wanted = { codes: [], lit: "" };
    this.status = root.querySelector(".status");
    this.asking = (path) => this.ask(path);
    this.buttons();
    this.choose_painter();
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(root);
  }

  // --- what draws ------------------------------------------------------------------------------
  choose_painter() {
    try {
      const canvas = this.root.querySelector("canvas");
      // gestaltPainter: set by tests and measurements of one of the two.
      const name = window.gestaltPainter ?? (softwareOnly() ? "pixels" : "webgl");
      this.painter = name === "pixels" ? new PixelPainter(canvas)
        : new WebglPainter(canvas, (event) => this.lost(event), () => this.restored());
      this.root.dataset.painter = name;
      this.drawing = new Drawing(this, this.painter);
    } catch { this.fall_back("without"); }
  }

  // The browser took the graphics away (another page, a driver that started anew): it mostly gives
  // them back.
  lost(event) {
    event.preventDefault();
    this.gone = setTimeout(() => this.fall_back("lost"), RETURN);
    this.say("The browser has taken the graphics away; the map comes back in a moment.");
  }

  restored() {
    clearTimeout(this.gone);
    this.gone = 0;
    try {
      this.painter.make();
      this.drawing = new Drawing(this, this.painter);
      this.size = "";
      this.dress();
      if (this.points) this.hand_over();
      this.say("");
      this.resize();
    } catch { this.fall_back("lost"); }
  }

  // From now on the server draws, for the reason that the sentence of this name says; a canvas that
  // was used for WebGL cannot be used otherwise.
  fall_back(reason) {
    if (this.picture) return;
    clearTimeout(this.gone);
    this.gone = 0;
    this.painter?.close();
    this.painter = this.drawing = null;
    const old = this.root.querySelector("canvas"), fresh = document.createElement("canvas");
    old.replaceWith(fresh);
    this.picture = new PicturePainter(fresh, this.asking, () => this.redraw());
    this.reason = reason;
    this.root.dataset.painter = "picture";
    this.words = "";
    this.size = "";
    this.resize();
  }

  dress() {
    for (const pane of this.panes) {
      this.painter?.palette(pane.place, pane.data.colors, this.data.theme.paper);
    }
  }

  // All that is known of the points goes to the graphics memory.
  hand_over() {
    const { points, painter, panes } = this;
    painter.allocate(points.n, panes.length);
    if (points.loaded) painter.points(points.coarse.subarray(0, 4 * points.loaded), 0);
    this.sent = points.loaded;
    if (points.fine) painter.fine(points.fine);
    for (const pane of panes) if (pane.marks) painter.marks(pane.place, pane.marks);
  }

  buttons() {
    const act = { zoomin: () => this.zoom_middle(1.5), zoomout: () => this.zoom_middle(1 / 1.5),
      all: () => this.show_all(), keep: () => this.send("kept", this.camera.limits()) };
    for (const button of this.root.querySelectorAll(".tools button")) {
      button.addEventListener("click", () => {
        const name = button.dataset.does;
        if (act[name]) act[name](); else this.take(name);
      });
    }
  }

  take(tool) {
    this.tool = tool;
    for (const pane of this.panes) pane.area.dataset.tool = tool;
    for (const button of this.root.querySelectorAll(".tools button[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.dataset.does === tool));
    }
  }

  // --- what the server says ------------------------------------------------------------------
  update(data) {
    const before = this.data;
    this.data = data;
    for (const [name, color] of Object.entries(data.theme)) this.root.style.setProperty("--" + name, color);
    this.camera.aspect = data.aspect;
    const fresh = this.lay_out(data);
    // Whatever else a run of the page changes, drawing millions of points anew is only for this.
    const look = JSON.stringify([data.theme, data.aspect, data.panes.map((pane) => pane.colors)]);
    const dressed = look !== this.look;
    this.look = look;
    if (fresh || dressed) this.dress();
    if (!before) this.take(data.selects && !matchMedia("(pointer: coarse)").matches ? "lasso" : "move");
    this.drawn_at = "";
    this.resize();
    if (!before || before.revision !== data.revision) this.home();
    if (fresh || before.points !== data.points) this.open();
    else {
      this.points?.load(this.asking);  // a link that had run out may have stopped it
      this.recolor();
    }
    if (dressed || this.picture) this.redraw(); else this.tick();
  }

  // The maps beside each other; whether their number has changed.
  lay_out(data) {
    const fresh = this.panes.length !== data.panes.length;
    if (fresh) {
      const template = this.root.querySelector("template").content.firstElementChild;
      this.panes = data.panes.map((_, i) => new Pane(this, template.cloneNode(true), i));
      this.root.querySelector(".panes").replaceChildren(...this.panes.map((pane) => pane.root));
      for (const pane of this.panes) pane.area.dataset.tool = this.tool;
      this.size = "";
    }
    this.root.style.setProperty("--across", data.across);
    this.root.classList.toggle("many", data.panes.length > 1);
    this.root.classList.toggle("small", data.panes.length > 1);
    this.root.classList.toggle("reading", Boolean(data.reading));
    for (const button of this.root.querySelectorAll("[data-does=lasso], [data-does=box]")) {
      button.hidden = !data.selects;
    }
    this.root.querySelector("[data-does=keep]").hidden = !data.keeps;
    const shared = { low: data.low, span: data.span, axes: data.axes, dated: data.dated, selection: data.selection,
      name: data.name, help: HELP + (data.selects ? SELECTS : ".") };
    this.panes.forEach((pane, i) => pane.fill(data.panes[i], shared));
    return fresh;
  }

  // An answer of our route, or null when this map is not ours any more.
  async ask(path, signal) {
    const response = await fetch(`/large/${this.data.token}/${path}`, { signal,
      headers: { "X-Gestalt-Key": this.data.secret },
      cache: "no-store", credentials: "same-origin" }).catch(() => null);
    if (response?.ok) return response;
    // The link to the points has run out: ask for another, but not at every move of the mouse.
    if (response?.status === 404 && performance.now() - this.renewed > RENEW) {
      this.renewed = performance.now();
      this.send("renew", Date.now());
    }
    return null;
  }

  async open() {
    this.started = performance.now();
    this.opened = 0;
    if (this.picture) { this.redraw(); return; }
    this.points?.watchers.delete(this);
    const points = this.points = Points.of(this.data.points, this.data.n);
    points.watchers.add(this);
    this.wanted = { codes: [], lit: null };
    this.coloured = false;
    for (const pane of this.panes) pane.codes = pane.marks = null;
    try {
      if (!this.gone) this.hand_over();
    } catch { this.fall_back("without"); return; }
    points.load(this.asking);
    await this.recolor();
  }

  // More points have come.
  came() {
    const { points } = this, at = this.sent;
    if (!this.gone) {
      this.painter?.points(points.coarse.subarray(4 * at, 4 * points.loaded), 4 * at);
      this.sent = points.loaded;
    }
    this.say();
    this.tick();
  }

  refined() {
    if (!this.gone) this.painter?.fine(this.points.fine);
    this.redraw();
  }

  failed() { this.say("The points did not arrive: load the page again."); }

  // Fetch what changed of colours and light, 1 byte and 1 bit per point, and mark the points anew.
  async recolor() {
    const { points, data, panes } = this;
    if (this.picture || !points) return;
    const wanted = { codes: data.panes.map((pane) => pane.codes), lit: data.lit }, had = this.wanted;
    if (JSON.stringify(wanted) === JSON.stringify(had)) return;
    this.wanted = wanted;
    const bytes = async (path, size) => {
      const response = await this.ask(path);
      return response && read(response, new Uint8Array(size)).catch(() => null);
    };
    const codes = wanted.codes.map((version, i) => version === had.codes[i] ? panes[i].codes
      : version ? bytes(`codes/${version}`, points.n) : null);
    const lit = wanted.lit === had.lit ? this.lit
      : wanted.lit ? bytes(`lit/${wanted.lit}`, Math.ceil(points.n / 8)) : null;
    const came = await Promise.all([lit, ...codes]);
    if (this.wanted !== wanted || points !== this.points) return;  // more has changed meanwhile
    this.lit = came[0];
    for (const pane of panes) {
      pane.codes = came[1 + pane.place];
      pane.mark(points.n, this.lit);
      if (!this.gone) this.painter?.marks(pane.place, pane.marks);
    }
    this.coloured = true;
    this.redraw();
  }

  // --- drawing -------------------------------------------------------------------------------
  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2), frame = this.root.getBoundingClientRect();
    const area = this.panes[0]?.area, width = area?.clientWidth, height = area?.clientHeight;
    if (!width || !height) return;
    const size = [width, height, frame.width, frame.height, ratio].join();
    if (size === this.size) return;
    const first = !this.size, limits = this.camera.limits();
    this.size = size;
    this.ratio = ratio;
    this.camera.resize(width, height);
    for (const pane of this.panes) pane.stand(frame);
    if (this.data) { if (first && !this.kept_view) this.home(); else this.camera.show(limits); }
    this.kept_view = true;
    (this.painter ?? this.picture).resize(Math.round(frame.width * ratio), Math.round(frame.height * ratio));
    this.drawn_at = "";
    this.redraw();
  }

  // The part of the canvas that a map has: [left, bottom, width, height].
  part(pane) {
    const { ratio, camera } = this, scaled = (v) => Math.round(v * ratio);
    const height = scaled(camera.height), under = this.painter.canvas.height - scaled(pane.top) - height;
    return [scaled(pane.left), under, scaled(camera.width), height];
  }

  redraw() {
    if (this.drawing) this.drawing.stale = true;
    this.stale = true;
    this.tick();
  }

  looked() {  // the camera moved
    this.moved = performance.now();
    for (const pane of this.panes) pane.leave();
    this.redraw();
  }

  tick() {
    if (!this.frame) this.frame = requestAnimationFrame((now) => { this.frame = 0; this.draw(now); });
  }

  draw(now) {
    if (!this.data || !this.size) return;
    if (this.drawn_at !== this.where()) {
      this.drawn_at = this.where();
      for (const pane of this.panes) pane.follow();
    }
    if (this.picture) {
      const { panes, camera, ratio, data } = this;
      if (this.stale) this.picture.draw(panes, camera, ratio, data.theme.paper, this.version());
      this.stale = false;
    } else if (this.points && this.coloured && !this.gone) {
      if (this.drawing.step(now - this.moved < QUIET)) this.tick();
    }
    this.say();
  }

  where() { const c = this.camera; return [c.x, c.y, c.scale, c.width, c.height].join(); }

  version() { return `${this.data.panes.map((pane) => pane.codes).join("+")}-${this.data.lit}`; }

  // What is in view, in steps of the points: [x0, x1, y0, y1].
  steps() {
    const { low, span } = this.data, [x0, x1, y0, y1] = this.camera.limits();
    return [(x0 - low[0]) / span[0], (x1 - low[0]) / span[0], (y0 - low[1]) / span[1],
      (y1 - low[1]) / span[1]].map((v) => v * 65536);
  }

  whole() {
    this.root.dataset.drawn = this.points.n;
    this.root.dataset.version = this.version();
    if (this.points.whole && !this.opened) {
      this.opened = performance.now();
      this.root.dataset.seconds = ((this.opened - this.started) / 1000).toFixed(2);
    }
  }

  // Words in the corner, kept until others (or "") take their place; else how far the points are.
  say(words) {
    if (words !== undefined) this.words = words;
    const { points, data } = this;
    let said = this.words;
    if (!said && this.picture) said = data?.[this.reason];
    else if (!said && points && !points.whole) {
      said = `${points.loaded.toLocaleString("en")} of ${points.n.toLocaleString("en")} points have arrived.`;
    }
    said ||= "";
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  // --- what the hand does ----------------------------------------------------------------------
  home() { this.camera.show(this.data.home); this.looked(); }

  show_all() { this.camera.show(this.data.all); this.looked(); }

  pan(dx, dy) { this.camera.pan(dx, dy); this.looked(); }

  zoom(px, py, factor) {
    const all = this.data.all, fit = this.camera.width / (all[1] - all[0]);
    this.camera.zoom(px, py, factor, fit / 20, fit * DEEPEST);
    this.looked();
  }

  zoom_middle(factor) { this.zoom(this.camera.width / 2, this.camera.height / 2, factor); }

  select(type, line) {
    const corners = line.map(([px, py]) => this.camera.toData(px, py));
    const x = corners.map((c) => c[0]), y = corners.map((c) => c[1]);
    const shape = type === "box" ? { type, x: [Math.min(...x), Math.max(...x)],
      y: [Math.min(...y), Math.max(...y)] } : { type: "lasso", x, y };
    this.send("picked", { ...shape, view: this.camera.limits() });
  }

  select_view() {
    if (!this.data.selects) return;
    const [x0, x1, y0, y1] = this.camera.limits();
    this.send("picked", { type: "box", x: [x0, x1], y: [y0, y1], view: [x0, x1, y0, y1] });
  }

  // Let the selection go; whether there was one.
  clear() {
    if (!this.data.selects || !this.data.selection.length) return false;
    this.send("cleared", Date.now());
    return true;
  }

  close() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.gone);
    this.points?.watchers.delete(this);
    for (const pane of this.panes) pane.leave();
    this.watcher.disconnect();
    this.painter?.close();
    this.picture?.close();
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".large");
  if (!root.map) root.map = new LargeMap(root, (name, value) => root.send(name, value));
  root.send = setTriggerValue;
  root.map.update(data);
  return () => { root.map?.close(); root.map = null; };
}
