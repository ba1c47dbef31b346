// The large map: fetches the points once, draws them, and tells the server only what was selected.
const QUIET = 140;    // ms without movement after which everything is drawn again
const PATIENCE = 35;  // ms of drawing that a reader who moves the map waits for at most
const DEEPEST = 4e6;  // how far in one may zoom
const FINE = 24;      // zoom from which the finer places are fetched
const RENEW = 10000; // ms between two requests for a new link
const FADED = 0.7;   // how far the colours of rows that are not selected go to paper
const LEAST_STRENGTH = 0.12, FEW = 20000;

class LargeMap {
  constructor(root, send) {
    this.root = root;
    this.send = send;
    this.camera = new Camera();
    this.data = null;
    this.points = null;
    this.piece = 100000;   // points drawn at once, adapted to the machine
    this.job = null;       // {size, strength, next, end, pass, passes, covers}
    this.started = 0;
    this.moved = -1e9;
    this.renewed = -1e9;
    this.stale = true;
    this.partial = false;  // whether only some points are drawn, while the map moves
    this.coloured = false;
    this.frame = 0;
    this.wanted = { codes: "", lit: "" };
    this.parts = { codes: null, lit: null };
    this.area = root.querySelector(".area");
    this.status = root.querySelector(".status");
    this.tip = root.querySelector(".tip");
    this.overlay = new Overlay(this.area);
    this.hand = new Hand(this.area, this);
    this.lost = (event) => { event.preventDefault(); this.fall_back(); };
    this.buttons();
    this.choose_painter();
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.area);
  }

  choose_painter() {
    try {
      this.painter = new WebglPainter(this.area.querySelector("canvas"), this.lost);
    } catch { this.fall_back(); }
  }

  // From now on the server draws; a canvas that was used for WebGL cannot be used otherwise.
  fall_back() {
    if (this.picture) return;
    this.painter?.close(this.lost);
    this.painter = null;
    const old = this.area.querySelector("canvas"), fresh = document.createElement("canvas");
    old.replaceWith(fresh);
    this.picture = new PicturePainter(fresh, (path) => this.ask(path), () => this.redraw());
    this.root.dataset.painter = "picture";
    this.size = "";
    this.resize();
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
    this.hand.tool = tool;
    this.area.dataset.tool = tool;
    for (const button of this.root.querySelectorAll(".tools button[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.dataset.does === tool));
    }
  }

  // --- what the server says ------------------------------------------------------------------
  update(data) {
    const before = this.data;
    this.data = data;
    for (const [name, color] of Object.entries(data.theme)) this.root.style.setProperty("--" + name, color);
    this.area.setAttribute("aria-label", data.name);
    this.camera.aspect = data.aspect;
    this.overlay.fill(data);
    this.legend(data);
    this.painter?.palette(data.colors, data.theme.paper);
    if (!before) this.take("lasso");
    this.drawn_at = "";
    this.resize();
    if (!before || before.revision !== data.revision) this.home();
    if (!before || before.points !== data.points) this.open();
    else this.recolor();
    this.redraw();
  }

  legend(data) {
    const key = this.root.querySelector(".key"), bar = this.root.querySelector(".bar");
    key.replaceChildren(...data.key.map((words) => {
      const line = document.createElement("span");
      line.textContent = words;
      return line;
    }));
    bar.hidden = !data.bar;
    if (!data.bar) return;
    bar.querySelector("i").style.background = `linear-gradient(0deg, ${data.bar.colors.join()})`;
    for (const name of ["title", "low", "high"]) {
      bar.querySelector("." + name).textContent = data.bar[name];
    }
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
    if (this.picture) { this.redraw(); return; }
    this.points = Points.of(this.data.points, this.data.n);
    this.wanted = { codes: null, lit: null };
    this.parts = { codes: null, lit: null };
    this.fining = this.coloured = false;
    const points = this.points;
    try {
      this.painter.allocate(points.n);
    } catch { this.fall_back(); return; }
    this.painter.marks(points.marks, 0);
    const coloured = this.recolor();
    if (points.loaded === points.n) {
      this.painter.points(points.coarse, 0);
      if (points.fine) this.painter.fine(points.fine);
    } else await this.load(points);
    await coloured;
    this.redraw();
  }

  async load(points) {
    const response = await this.ask("points");
    if (!response || points !== this.points) return;
    await read(response, points.coarse, (bytes) => {
      if (points !== this.points) return;
      const whole = bytes >> 2, at = 4 * points.loaded;
      this.painter?.points(points.coarse.subarray(at, 4 * whole), at);
      points.loaded = whole;
      this.say();
      this.tick();
    }).catch(() => this.say("The points did not arrive: load the page again."));
  }

  // Fetch what changed of colours and light, 1 byte and 1 bit per point, and mark the points anew.
  async recolor() {
    const { points, data } = this;
    if (this.picture || !points) return;
    const wanted = { codes: data.codes, lit: data.lit };
    if (wanted.codes === this.wanted.codes && wanted.lit === this.wanted.lit) return;
    const changed = ["codes", "lit"].filter((name) => wanted[name] !== this.wanted[name]);
    this.wanted = wanted;
    const fresh = { ...this.parts };
    await Promise.all(changed.map(async (name) => {
      fresh[name] = null;
      if (!wanted[name]) return;
      const size = name === "codes" ? points.n : Math.ceil(points.n / 8);
      const response = await this.ask(`${name}/${wanted[name]}`);
      if (response) fresh[name] = await read(response, new Uint8Array(size)).catch(() => null);
    }));
    if (this.wanted !== wanted || points !== this.points) return;  // more has changed meanwhile
    this.parts = fresh;
    points.mark(fresh.codes, fresh.lit);
    this.painter?.marks(points.marks, 0);
    this.coloured = true;
    this.redraw();
  }

  async refine() {
    const points = this.points;
    if (this.fining || points.fine || points.loaded < points.n) return;
    this.fining = true;
    const response = await this.ask("fine");
    const bytes = response && await read(response, new Uint8Array(4 * points.n)).catch(() => null);
    if (!bytes || points !== this.points) return;
    points.fine = new Uint16Array(bytes.buffer);
    this.painter?.fine(points.fine);
    this.redraw();
  }

  // --- drawing -------------------------------------------------------------------------------
  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = this.area.clientWidth, height = this.area.clientHeight;
    if (!width || !height) return;
    const size = `${width} ${height} ${ratio}`;
    if (size === this.size) return;
    const first = !this.size, limits = this.camera.limits();
    this.size = size;
    this.ratio = ratio;
    this.camera.resize(width, height);
    if (this.data) { if (first) this.home(); else this.camera.show(limits); }
    (this.painter ?? this.picture).resize(Math.round(width * ratio), Math.round(height * ratio));
    this.redraw();
  }

  redraw() {
    this.stale = true;
    this.tick();
  }

  looked() {  // the camera moved
    this.moved = performance.now();
    this.leave();
    this.redraw();
  }

  tick() {
    if (!this.frame) this.frame = requestAnimationFrame((now) => { this.frame = 0; this.draw(now); });
  }

  draw(now) {
    if (!this.data || !this.size) return;
    if (this.drawn_at !== this.where()) {
      this.drawn_at = this.where();
      this.overlay.follow(this.camera);
    }
    if (this.picture) {
      if (this.stale) this.picture.draw(this.camera, this.data.theme.paper, this.version());
      this.stale = false;
      this.say();
      return;
    }
    if (!this.points || !this.coloured) return;
    if (!this.painter.ready()) { this.tick(); return; }
    this.adapt();
    const moving = now - this.moved < QUIET;
    if (this.stale || (this.partial && !moving)) this.begin(moving);
    if (this.job) this.continue();
    if (this.job || moving || this.partial) this.tick();
  }

  where() { const c = this.camera; return [c.x, c.y, c.scale, c.width, c.height].join(); }

  version() { return this.data.codes + "-" + this.data.lit; }

  // How long the last piece took says how large the next may be.
  adapt() {
    if (!this.issued) return;
    const took = performance.now() - this.issued;
    this.issued = 0;
    this.piece = Math.round(Math.min(Math.max(this.piece * Math.min(PATIENCE / took, 2), 30000), 2e7));
  }

  begin(moving) {
    const { points, data, camera } = this, steps = this.steps();
    const seen = Math.max(points.within(steps), 1);
    const passes = data.lit ? 2 : 1;
    const whole = points.n * passes <= this.piece;
    const few = moving && !whole;
    const shown = few ? Math.max(Math.floor(this.piece / passes), FEW) : points.n;
    const look = appearance(seen * Math.min(1, shown / points.n), camera.width * camera.height);
    this.stale = false;
    this.partial = few;
    this.job = { ...look, next: 0, end: Math.min(shown, points.n), passes, pass: 2 - passes, few };
    this.painter.begin(camera, data.low, data.span, look.size * this.ratio);
    const fits = data.all, zoom = (fits[1] - fits[0]) / (camera.limits()[1] - camera.limits()[0]);
    if (zoom > FINE && !moving) this.refine();
  }

  steps() {
    const { low, span } = this.data, [x0, x1, y0, y1] = this.camera.limits();
    return [(x0 - low[0]) / span[0], (x1 - low[0]) / span[0], (y0 - low[1]) / span[1],
      (y1 - low[1]) / span[1]].map((v) => v * 65536);
  }

  continue() {
    const { job, points } = this, end = Math.min(job.end, points.loaded);
    const count = Math.min(end - job.next, job.few ? job.end : this.piece);
    if (count > 0) {
      this.issued = performance.now();
      this.painter.add(job.next, count, job.pass, job.strength, job.pass ? 0 : FADED);
      job.next += count;
    }
    if (job.next < job.end) {
      if (count > 0 && !this.seen) this.painter.present();
    } else if (job.pass === 0) {
      job.pass = 1;
      job.next = 0;
    } else {
      this.painter.present();
      this.seen = true;
      this.job = null;
      if (!job.few) this.whole();
    }
    this.say();
  }

  whole() {
    this.root.dataset.drawn = this.points.n;
    this.root.dataset.version = this.version();
    if (this.points.loaded === this.points.n && !this.opened) {
      this.opened = performance.now();
      this.root.dataset.seconds = ((this.opened - this.started) / 1000).toFixed(2);
    }
  }

  say(words) {
    const { points, data } = this;
    if (!words && this.picture) words = data.without;
    else if (!words && points && points.loaded < points.n) {
      words = `${points.loaded.toLocaleString("en")} of ${points.n.toLocaleString("en")} points have arrived.`;
    } else words ??= "";
    if (this.status.textContent !== words) this.status.textContent = words;
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

  stroke(line) { this.overlay.drawn(line); }

  select(type, line) {
    const corners = line.map(([px, py]) => this.camera.toData(px, py));
    const x = corners.map((c) => c[0]), y = corners.map((c) => c[1]);
    const shape = type === "box" ? { type, x: [Math.min(...x), Math.max(...x)],
      y: [Math.min(...y), Math.max(...y)] } : { type: "lasso", x, y };
    this.send("picked", { ...shape, view: this.camera.limits() });
  }

  select_view() {
    const [x0, x1, y0, y1] = this.camera.limits();
    this.send("picked", { type: "box", x: [x0, x1], y: [y0, y1], view: [x0, x1, y0, y1] });
  }

  // Say what lies under the mouse once it rests; delay in ms.
  hover(place, delay = 70) {
    clearTimeout(this.resting);
    if (this.tip_at && Math.hypot(place[0] - this.tip_at[0], place[1] - this.tip_at[1]) > 6) this.leave();
    this.resting = setTimeout(() => this.tell(place), delay);
  }

  async tell([px, py]) {
    this.asking?.abort();
    this.asking = new AbortController();
    const [x, y] = this.camera.toData(px, py), [x1, y0] = this.camera.toData(px + 8, py + 8);
    const query = new URLSearchParams({ x, y, rx: x1 - x, ry: y - y0 });
    const response = await this.ask(`near?${query}`, this.asking.signal);
    const found = response && await response.json().catch(() => null);
    if (!found?.lines) return;
    this.tip_at = [px, py];
    this.tip.replaceChildren(...found.lines.map((words, i) => {
      const line = document.createElement(i === 0 && found.group ? "b" : "span");
      line.textContent = words;
      return line;
    }));
    this.tip.hidden = false;
    const [left, top] = this.camera.toScreen(found.x, found.y);
    const right = left > this.camera.width / 2, below = top < this.camera.height / 2;
    this.tip.style.cssText = `${right ? "right" : "left"}:${right ? this.camera.width - left + 12 : left + 12}px;`
      + `${below ? "top" : "bottom"}:${below ? top + 8 : this.camera.height - top + 8}px`;
  }

  leave() {
    clearTimeout(this.resting);
    this.asking?.abort();
    this.tip_at = null;
    this.tip.hidden = true;
  }

  close() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    this.watcher.disconnect();
    this.painter?.close(this.lost);
    this.picture?.close();
  }
}

// Size in px and opacity of a dot when about `seen` of them share `area` px, a third of it in use.
function appearance(seen, area) {
  const room = 0.35 * area / seen;
  const size = Math.min(Math.max(1.15 * Math.sqrt(room), 1.6), 9);
  const strength = Math.min(Math.max(0.7 * room / (size * size), LEAST_STRENGTH), 0.85);
  return { size, strength };
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".large");
  if (!root.map) root.map = new LargeMap(root, (name, value) => root.send(name, value));
  root.send = setTriggerValue;
  root.map.update(data);
  return () => { root.map?.close(); root.map = null; };
}
