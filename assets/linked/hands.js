// Mouse, touch and keyboard on the map. on: {hover(row), pick(row), select(hit, how), say(words)}.
const STILL = 4, STEP = 12;

function hands(map, state, on) {
  const { canvas } = map, pressed = new Map();
  let last = null, moved = 0, pinch = null;

  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const finish = (outline, how) => on.select(map.within(outline, state.hidden), how);
  const how = (event) => (event.shiftKey ? "add" : event.altKey ? "remove" : "new");

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pressed.set(event.pointerId, where(event));
    map.cross = null;
    pinch = null;
    moved = 0;
    last = where(event);
    map.outline = state.tool === "lasso" && pressed.size === 1 ? [last] : [];
    on.hover(-1);
  });

  canvas.addEventListener("pointermove", (event) => {
    const at = where(event);
    if (!pressed.has(event.pointerId)) {
      if (event.pointerType === "mouse") on.hover(map.nearest(...at, state.hidden));
      return;
    }
    const [dx, dy] = [at[0] - last[0], at[1] - last[1]];
    pressed.set(event.pointerId, at);
    moved += Math.hypot(dx, dy);
    if (pressed.size === 2) pinched();
    else if (state.tool === "move") map.pan(dx, dy);
    else if (state.tool === "lasso" && Math.hypot(dx, dy) >= 2) map.outline.push(at);
    else if (state.tool === "box") {
      const [x0, y0] = (map.start ||= last);
      map.outline = [[x0, y0], [at[0], y0], at, [x0, at[1]]];
    }
    if (state.tool !== "lasso" || Math.hypot(dx, dy) >= 2) last = at;
    on.draw(pressed.size < 2 && state.tool !== "move");
  });

  function pinched() {
    const [a, b] = [...pressed.values()];
    const now = { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, d: Math.hypot(a[0] - b[0], a[1] - b[1]) };
    map.outline = [];
    if (pinch) {
      map.pan(now.x - pinch.x, now.y - pinch.y);
      if (pinch.d > 0) map.zoom(now.d / pinch.d, now.x, now.y);
    }
    pinch = now;
  }

  canvas.addEventListener("pointerup", (event) => {
    if (!pressed.delete(event.pointerId)) return;
    const outline = map.outline, two = pinch !== null;
    if (pressed.size) return;
    map.outline = [];
    map.start = null;
    pinch = null;
    if (two) return on.draw();
    if (moved < STILL) on.pick(map.nearest(...where(event), state.hidden));
    else if (state.tool !== "move" && outline.length > 2) finish(outline, how(event));
    on.draw(true);
  });

  canvas.addEventListener("pointercancel", (event) => {
    pressed.delete(event.pointerId);
    map.outline = [];
    map.start = null;
    on.draw();
  });
  canvas.addEventListener("pointerleave", () => on.hover(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    map.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...where(event));
    on.draw();
  }, { passive: false });
  canvas.addEventListener("dblclick", () => { map.fit(); on.draw(); });

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) map.pan(-60 * arrow[0], -60 * arrow[1]);
    else if (arrow) step(arrow);
    else if (event.key === "+" || event.key === "=") map.zoom(1.3, ...(map.cross || []));
    else if (event.key === "-") map.zoom(1 / 1.3, ...(map.cross || []));
    else if (event.key === "0") map.fit();
    else if (event.key === " ") corner();
    else if (event.key === "Enter") enter(event);
    else if (event.key === "Escape") escape();
    else return;
    event.preventDefault();
    on.draw();
  });

  function step([dx, dy]) {
    const [x, y] = map.cross || [map.w / 2, map.h / 2];
    map.cross = [
      Math.min(Math.max(x + STEP * dx, 0), map.w), Math.min(Math.max(y + STEP * dy, 0), map.h),
    ];
    on.hover(map.nearest(...map.cross, state.hidden), true);
  }

  function corner() {
    map.cross ||= [map.w / 2, map.h / 2];
    map.outline.push(map.cross);
    on.say(`${map.outline.length} ${map.outline.length === 1 ? "corner" : "corners"} set.`);
  }

  function enter(event) {
    if (map.outline.length > 2) finish(map.outline, how(event));
    else if (map.cross) on.pick(map.nearest(...map.cross, state.hidden, 40));
    map.outline = [];
  }

  function escape() {
    if (map.outline.length || map.cross) { map.outline = []; map.cross = null; on.hover(-1); }
    else on.select(new Uint8Array(map.data.n), "new");
  }
}
