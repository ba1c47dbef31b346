// Mouse, touch and keys: what the reader does with the map, told to `view`.
const STEP = 60;  // px that an arrow key moves
const MOST_CORNERS = 500;

class Hand {
  constructor(area, view) {
    this.area = area;
    this.view = view;
    this.tool = "lasso";
    this.down = new Map();  // pointers that are pressed, by id: [x, y]
    this.line = [];
    this.doing = "";        // "draw", "move" or ""
    const on = (name, handler, options) => area.addEventListener(name, handler.bind(this), options);
    on("pointerdown", this.press);
    on("pointermove", this.move);
    on("pointerup", this.release);
    on("pointercancel", this.cancel);
    on("pointerleave", () => { if (!this.down.size) view.leave(); });
    on("wheel", this.wheel, { passive: false });
    on("dblclick", () => view.home());
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
    const move = this.tool === "move" || event.button === 1 || event.shiftKey || this.down.size > 1;
    this.doing = move ? "move" : "draw";
    this.line = this.doing === "draw" ? [this.at(event)] : [];
    this.view.leave();
    event.preventDefault();
  }

  move(event) {
    const now = this.at(event), before = this.down.get(event.pointerId);
    if (!before) { this.view.hover(now); return; }
    if (this.doing === "move") this.drag(event.pointerId, now);
    else if (this.doing === "draw") {
      // A browser may report several places at once; all of them shape the line.
      const places = event.getCoalescedEvents?.().map((e) => this.at(e)) ?? [];
      for (const place of places.length ? places : [now]) this.extend(place);
      this.view.stroke(this.shown());
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
    if (this.tool === "box") this.line = [this.line[0], place];
    else this.line.push(place);
    if (this.line.length > MOST_CORNERS) this.line = this.line.filter((_, i) => i % 2 === 0);
  }

  shown() {
    if (this.tool !== "box" || this.line.length < 2) return this.line;
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
    this.view.stroke([]);
    if (line.length >= 3 && across(0) > 3 && across(1) > 3) this.view.select(this.tool, line);
    else this.view.hover(place, 0);
    this.line = [];
  }

  cancel() {
    this.down.clear();
    this.doing = "";
    this.line = [];
    this.view.stroke([]);
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.view.zoom(...this.at(event), Math.exp(-event.deltaY * lines * 0.0015));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const view = this.view, moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0],
      ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (moves[event.key]) view.pan(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") view.zoom_middle(1.5);
    else if (event.key === "-") view.zoom_middle(1 / 1.5);
    else if (event.key === "0") view.home();
    else if (event.key === "Enter") view.select_view();
    else if (event.key === "Escape") { this.cancel(); view.leave(); }
    else return;
    event.preventDefault();
  }
}
