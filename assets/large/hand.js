// Mouse, touch and keys: what the reader does with one map, told to it and to the view.
const STEP = 60;  // px that an arrow key moves the map
const CROSS = 20, CROSS_FINE = 4;  // px that it moves the cross of one who draws by keys
const MOST_CORNERS = 500;

class Hand {
  constructor(area, pane) {
    this.area = area;
    this.pane = pane;
    this.view = pane.view;
    this.cross = null;      // where one who draws by keys is, px
    this.down = new Map();  // pointers that are pressed, by id: [x, y]
    this.line = [];
    this.doing = "";        // "draw", "move" or ""
    const on = (name, handler, options) => area.addEventListener(name, handler.bind(this), options);
    on("pointerdown", this.press);
    on("pointermove", this.move);
    on("pointerup", this.release);
    on("pointercancel", this.cancel);
    on("pointerleave", () => { if (!this.down.size) pane.leave(); });
    on("wheel", this.wheel, { passive: false });
    on("dblclick", () => { if (!this.view.clear()) this.view.home(); });
    on("keydown", this.key);
  }

  at(event) {
    const box = this.area.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    if (event.button > 1) return;
    this.area.focus({ preventScroll: true });
    this.area.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, this.at(event));
    const move = this.view.tool === "move" || event.button === 1 || event.shiftKey || this.down.size > 1;
    this.doing = move ? "move" : "draw";
    this.line = this.doing === "draw" ? [this.at(event)] : [];
    this.cross = null;
    this.pane.stroke([]);  // a second finger drops what the first has drawn
    this.pane.leave();
    event.preventDefault();
  }

  move(event) {
    const now = this.at(event), before = this.down.get(event.pointerId);
    if (!before) { this.pane.hover(now); return; }
    if (this.doing === "move") this.drag(event.pointerId, now);
    else if (this.doing === "draw") {
      // A browser may report several places at once; all of them shape the line.
      const places = event.getCoalescedEvents?.().map((e) => this.at(e)) ?? [];
      for (const place of places.length ? places : [now]) this.extend(place);
      this.pane.stroke(this.shown());
    }
    this.down.set(event.pointerId, now);
  }

  // One pointer moves the map, two also zoom it.
  drag(id, now) {
    const before = this.down.get(id), other = [...this.down].find(([i]) => i !== id)?.[1];
    if (other) {
      const length = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
      const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
      this.view.zoom(...middle, length(now) / Math.max(length(before), 1));
      this.view.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    } else this.view.pan(now[0] - before[0], now[1] - before[1]);
  }

  extend(place) {
    const [x, y] = this.line.at(-1) ?? place;
    if (this.line.length && Math.hypot(place[0] - x, place[1] - y) < 2) return;
    if (this.view.tool === "box") this.line = [this.line[0], place];
    else this.line.push(place);
    if (this.line.length > MOST_CORNERS) this.line = this.line.filter((_, i) => i % 2 === 0);
  }

  shown() {
    if (this.view.tool !== "box" || this.line.length < 2) return this.line;
    const [[x0, y0], [x1, y1]] = this.line;
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  }

  release(event) {
    this.down.delete(event.pointerId);
    if (this.down.size) return;
    if (this.doing === "draw") this.finish(this.at(event));
    this.doing = "";
  }

  finish(place) {
    this.extend(place);
    const line = this.shown();
    const across = (i) => Math.max(...line.map((p) => p[i])) - Math.min(...line.map((p) => p[i]));
    this.pane.stroke([]);
    if (line.length >= 3 && across(0) > 3 && across(1) > 3) this.view.select(this.view.tool, line);
    else this.pane.hover(place, 0);
    this.line = [];
  }

  cancel() {
    this.down.clear();
    this.doing = "";
    this.line = [];
    this.cross = null;
    this.pane.stroke([]);
    this.view.say("");
  }

  wheel(event) {
    // Where a page is read by scrolling, the wheel zooms with Ctrl only.
    if (this.view.data.reading && !event.ctrlKey) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.view.zoom(...this.at(event), Math.exp(-event.deltaY * lines * 0.0015));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const view = this.view, moves = { ArrowLeft: [1, 0], ArrowRight: [-1, 0],
      ArrowUp: [0, 1], ArrowDown: [0, -1] }, way = moves[event.key];
    if (this.cross ? this.draws(event, way) : this.begins(event)) {
      event.preventDefault();
      return;
    }
    if (way) view.pan(way[0] * STEP, way[1] * STEP);
    else if (event.key === "+" || event.key === "=") view.zoom_middle(1.5);
    else if (event.key === "-") view.zoom_middle(1 / 1.5);
    else if (event.key === "0") view.home();
    else if (event.key === "Enter") view.select_view();
    else if (event.key === "Escape") { if (!this.down.size) view.clear(); this.cancel(); this.pane.leave(); }
    else return;
    event.preventDefault();
  }

  // D takes up a cross that arrow keys move: Space sets a corner, Enter closes the outline.
  begins(event) {
    if (event.key.toLowerCase() !== "d" || !this.view.data.selects) return false;
    this.cross = [this.area.clientWidth / 2, this.area.clientHeight / 2];
    this.line = [];
    this.trace();
    return true;
  }

  draws(event, way) {
    const step = event.shiftKey ? CROSS_FINE : CROSS, [x, y] = this.cross;
    if (way) {
      const inside = (v, most) => Math.min(Math.max(v, 0), most);
      this.cross = [inside(x - way[0] * step, this.area.clientWidth),
        inside(y - way[1] * step, this.area.clientHeight)];
    } else if (event.key === " ") this.line.push(this.cross);
    else if (event.key === "Enter") {
      const box = this.view.tool === "box";
      this.line.push(this.cross);
      if (box) this.line = [this.line[0], this.line.at(-1)];
      const line = this.shown();
      this.cancel();
      if (line.length >= 3) this.view.select(box ? "box" : "lasso", line);
      return true;
    } else return false;
    this.trace();
    return true;
  }

  trace() {
    const line = this.line;
    this.line = this.view.tool === "box" ? [line[0] ?? this.cross, this.cross] : [...line, this.cross];
    this.pane.stroke(this.shown(), this.cross);
    this.line = line;
    this.view.say(`${line.length} ${line.length === 1 ? "corner" : "corners"}. Arrow keys move the cross, `
      + "Space sets a corner, Enter closes the outline, Escape drops it.");
  }
}
