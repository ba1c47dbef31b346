// A board to paint points on: spray, erase, undo. Points are [x, y] in the unit square, y upwards.
//
// The page's script keeps what it is told; a page loaded again starts a new script, so this browser
// tab keeps the points as well and tells them again.

const EDGE = 0.02;  // of the board, kept free round the unit square
const HISTORY = 60;
const SEND_AFTER = 120;  // ms, so that a held key tells once
const boards = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const canvas = parentElement.querySelector("canvas");
  if (!canvas || !data) return;
  let board = boards.get(canvas);
  if (!board) {
    board = make(parentElement, canvas, data);
    boards.set(canvas, board);
  }
  board.tell = (points) => setStateValue("points", { load: board.load, points });
  board.most = data.most;
  if (board.load !== data.load) take(board, data);
  draw(board);
}

// --- what is kept in this tab ------------------------------------------------------------------
function kept(board) {
  try {
    const found = JSON.parse(sessionStorage.getItem(board.name));
    const fine = (p) => Array.isArray(p) && p.length === 2 && p.every((v) => v >= 0 && v <= 1);
    return Array.isArray(found) && found.length <= board.most && found.every(fine) ? found : null;
  } catch { return null; }
}
function keep(board) {
  try { sessionStorage.setItem(board.name, JSON.stringify(board.points)); } catch { /* forbidden */ }
}

// The points of the page's script, unless it is new and this tab remembers some.
function take(board, data) {
  const first = board.load === null;
  board.load = data.load;
  const remembered = first && data.fresh ? kept(board) : null;
  if (!first) remember(board);
  board.points = remembered || data.points;
  keep(board);
  say(board);
  if (remembered) send(board);
}

function remember(board) {
  board.past.push(board.points.slice());
  if (board.past.length > HISTORY) board.past.shift();
}
function send(board) {
  keep(board);
  clearTimeout(board.timer);
  board.timer = setTimeout(() => board.tell(board.points), SEND_AFTER);
}
function changed(board, words) {
  say(board, words);
  draw(board);
  send(board);
}

// --- brush -------------------------------------------------------------------------------------
const clamp = (v) => Math.min(1, Math.max(0, v));
const rounded = (v) => Math.round(clamp(v) * 1e4) / 1e4;
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
function spray(board, [x, y]) {
  const room = board.most - board.points.length;
  const made = Math.min(board.number, room);
  for (let i = 0; i < made; i++)
    board.points.push([rounded(x + board.spread * normal()), rounded(y + board.spread * normal())]);
  return made;
}
const reach = (board) => Math.max(2 * board.spread, 0.02);
function erase(board, [x, y]) {
  const before = board.points.length;
  board.points = board.points.filter(([a, b]) => Math.hypot(a - x, b - y) > reach(board));
  return before - board.points.length;
}
function touch(board, place, erasing) {
  if (erasing ? erase(board, place) : spray(board, place)) board.touched = true;
  board.last = place;
}

// --- drawing -----------------------------------------------------------------------------------
function draw(board) {
  const { canvas, points } = board;
  const side = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
  if (!side) return;
  canvas.width = canvas.height = Math.round(side * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const at = ([x, y]) => [(EDGE + x * (1 - 2 * EDGE)) * side, (EDGE + (1 - y) * (1 - 2 * EDGE)) * side];
  pen.fillStyle = style.color;
  pen.globalAlpha = 0.8;
  for (const p of points) {
    pen.beginPath();
    pen.arc(...at(p), points.length > 300 ? 2.5 : 3.5, 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = style.getPropertyValue("--st-primary-color") || style.color;
  const focused = board.root.activeElement === canvas || document.activeElement === canvas;
  const cursor = board.hover || (focused ? board.cross : null);
  if (cursor) {
    const [x, y] = at(cursor);
    pen.lineWidth = 1.5;
    pen.setLineDash(board.erasing ? [3, 3] : []);
    pen.beginPath();
    pen.arc(x, y, reach(board) * (1 - 2 * EDGE) * side, 0, 7);
    pen.stroke();
    pen.setLineDash([]);
    if (!board.hover) {
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(x - 8, y); pen.lineTo(x + 8, y); pen.moveTo(x, y - 8); pen.lineTo(x, y + 8);
      pen.stroke();
    }
  }
}
function say(board, words = "") {
  const n = board.points.length;
  const full = n >= board.most ? " No more fit: erase some." : "";
  const count = n === 1 ? "1 point." : n.toLocaleString("en") + " points.";
  board.count.textContent = (n ? count : "No points yet: paint some.") + full + (words && " " + words);
  board.canvas.setAttribute("aria-label", "Board to paint points on: " + (n ? count : "empty."));
  board.buttons.undo.disabled = !board.past.length;
  board.buttons.clear.disabled = !n;
}

// --- hand, finger and keys ---------------------------------------------------------------------
function make(parentElement, canvas, data) {
  const all = (query) => [...parentElement.querySelectorAll(query)];
  const board = {
    canvas, root: canvas.getRootNode(), count: all(".count")[0], name: "gestalt-paint-" + data.name,
    buttons: Object.fromEntries(all("button").map((b) => [b.dataset.do, b])),
    points: [], past: [], load: null, most: data.most, erasing: false, spread: 0.04, number: 6,
    cross: [0.5, 0.5], hover: null, last: null, touched: false, pointer: null, timer: 0,
    tell: () => {},
  };
  for (const dial of all("input")) {
    const show = () => {
      const name = dial.dataset.dial, value = Number(dial.value);
      board[name] = name === "spread" ? value / 100 : value;
      all("output").find((o) => o.dataset.of === name).textContent =
        name === "spread" ? value + " %" : value;
      draw(board);
    };
    dial.addEventListener("input", show);
    show();
  }
  const mode = (erasing) => {
    board.erasing = erasing;
    board.buttons.spray.setAttribute("aria-pressed", !erasing);
    board.buttons.erase.setAttribute("aria-pressed", erasing);
    draw(board);
  };
  const undo = () => {
    if (!board.past.length) return;
    board.points = board.past.pop();
    changed(board, "The last change is undone.");
  };
  board.buttons.spray.addEventListener("click", () => mode(false));
  board.buttons.erase.addEventListener("click", () => mode(true));
  board.buttons.undo.addEventListener("click", undo);
  board.buttons.clear.addEventListener("click", () => {
    remember(board);
    board.points = [];
    changed(board);
  });
  byHand(board);
  byKeys(board, undo);
  new ResizeObserver(() => draw(board)).observe(canvas);
  return board;
}

function byHand(board) {
  const { canvas } = board;
  const place = (event) => {
    const box = canvas.getBoundingClientRect(), inner = 1 - 2 * EDGE;
    return [clamp(((event.clientX - box.left) / box.width - EDGE) / inner),
      clamp((1 - (event.clientY - box.top) / box.height - EDGE) / inner)];
  };
  const start = () => { remember(board); board.touched = false; };
  const end = () => {
    board.pointer = null;
    if (board.touched) changed(board);
    else { board.past.pop(); say(board); }
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (board.pointer !== null || event.button > 0) return;
    board.pointer = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    start();
    touch(board, place(event), board.erasing);
    draw(board);
  });
  canvas.addEventListener("pointermove", (event) => {
    board.hover = event.pointerType === "mouse" ? place(event) : null;
    if (event.pointerId === board.pointer) {
      const gap = board.erasing ? 0.01 : Math.max(0.015, board.spread / 2);
      const passed = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const e of passed.length ? passed : [event]) {
        const here = place(e);
        if (Math.hypot(here[0] - board.last[0], here[1] - board.last[1]) > gap)
          touch(board, here, board.erasing);
      }
      board.count.textContent = board.points.length.toLocaleString("en") + " points.";
    }
    draw(board);
  });
  for (const name of ["pointerup", "pointercancel"])
    canvas.addEventListener(name, (event) => { if (event.pointerId === board.pointer) end(); });
  canvas.addEventListener("pointerleave", () => { board.hover = null; draw(board); });
}

function byKeys(board, undo) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  board.canvas.addEventListener("keydown", (event) => {
    const step = moves[event.key];
    if (step) {
      board.hover = null;
      const far = event.shiftKey ? 0.1 : 0.02;
      board.cross = board.cross.map((v, i) => rounded(v + far * step[i]));
      draw(board);
    } else if (event.key === " " || event.key === "Delete" || event.key === "Backspace") {
      board.hover = null;
      remember(board);
      board.touched = false;
      touch(board, board.cross, event.key !== " " || board.erasing);
      if (board.touched) changed(board, "Across " + percent(board.cross[0]) + ", up " + percent(board.cross[1]) + ".");
      else board.past.pop();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  for (const name of ["focus", "blur"]) board.canvas.addEventListener(name, () => draw(board));
}
const percent = (v) => Math.round(100 * v) + " %";
