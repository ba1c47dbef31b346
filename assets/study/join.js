// The page of a participant: draw, keep, send until it is stored.

const study = location.pathname.split("/").filter(Boolean).pop();
const KEY = "gestalt-study-" + study;
const COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"];
const MAX_VERTICES = 300, MAX_STROKES = 200, MAX_GROUPS = 100;
const $ = (id) => document.getElementById(id);
const sections = ["welcome", "work", "rate", "end", "gone"];

let me = null;        // {person, token}
let task = null;      // what the server told of the study
let plots = [];       // {position, points, step, strokes, rating, finished, sent, xy}
let at = 0;           // which plot is shown
let mode = "new";     // "new", "erase", or the number of a group
let outline = [];     // being drawn, unit box
let cross = null;     // keyboard cursor, unit box
let sending = false, failures = 0;

// --- what is kept in this browser ----------------------------------------------------------
// A browser that keeps nothing (private window) still works until it is closed.
function kept() {
  try { return JSON.parse(localStorage.getItem(KEY)) || {}; } catch { return {}; }
}
function keep() {
  const own = plots.map(({ position, step, strokes, rating, finished }) =>
    ({ position, step, strokes, rating, finished }));
  try { localStorage.setItem(KEY, JSON.stringify({ me, own })); } catch { /* full or forbidden */ }
}
function forget() { try { localStorage.removeItem(KEY); } catch { /* as above */ } }

// --- the server ----------------------------------------------------------------------------
async function call(path, options = {}) {
  const headers = me ? { "X-Person": me.person, "X-Secret": me.token } : {};
  const response = await fetch("/join/api/" + path, { headers, ...options });
  if (response.ok) return response;
  let words = "";
  try { words = (await response.json()).error; } catch { /* no words from a proxy */ }
  const error = new Error(words || "The server answers " + response.status + ".");
  error.final = response.status === 400 || response.status === 413;
  throw error;
}

function unsent() { return plots.filter((p) => p.step > p.sent); }

async function send() {
  if (sending) return;
  sending = true;
  while (unsent().length) {
    const plot = unsent()[0];
    const { step, strokes, rating, finished } = plot;
    tell(failures ? "Not stored yet: trying again" : "Storing");
    try {
      const body = JSON.stringify({ step, strokes, rating, finished });
      const response = await call("answers/" + plot.position, { method: "PUT", body });
      plot.sent = Math.max(step, (await response.json()).step);
      // Another tab was further: take a step beyond it, so that what is on screen counts.
      if (plot.sent > plot.step) plot.step = plot.sent;
      failures = 0;
      plot.refused = false;
      trouble("");
    } catch (error) {
      if (error.final) { trouble(error.message); plot.sent = plot.step; plot.refused = true; break; }
      failures += 1;
      if (failures > 2) trouble("The server cannot be reached. What you drew is kept in this browser and sent as soon as it answers; leave the page open.");
      await new Promise((wake) => setTimeout(wake, Math.min(500 * 2 ** failures, 5000)));
    }
  }
  sending = false;
  tell(unsent().length ? "Not stored" : whether());
}

// --- groups ---------------------------------------------------------------------------------
function inside(x, y, ring) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x0, y0] = ring[j], [x1, y1] = ring[i];
    if ((y0 > y) !== (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)) odd = !odd;
  }
  return odd;
}
function labels(plot) {
  const found = new Int16Array(plot.points).fill(-1);
  for (const stroke of plot.strokes) {
    const xs = stroke.outline.map((p) => p[0]), ys = stroke.outline.map((p) => p[1]);
    const low = [Math.min(...xs), Math.min(...ys)], high = [Math.max(...xs), Math.max(...ys)];
    for (let i = 0; i < plot.points; i++) {
      const x = plot.xy[2 * i], y = plot.xy[2 * i + 1];
      if (x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1] && inside(x, y, stroke.outline))
        found[i] = stroke.group;
    }
  }
  return found;
}
function groupsOf(found) { return [...new Set(found)].filter((g) => g >= 0).sort((a, b) => a - b); }
function nextGroup(plot) { return 1 + Math.max(-1, ...plot.strokes.map((s) => s.group)); }

function change(plot, fields) {
  Object.assign(plot, fields, { step: plot.step + 1 });
  keep();
  draw();
  send();
}

function closeOutline() {
  const plot = plots[at];
  const ring = simpler(outline);
  outline = [];
  if (ring.length < 3) { draw(); return; }
  const group = mode === "new" ? nextGroup(plot) : mode === "erase" ? -1 : mode;
  if (plot.strokes.length >= MAX_STROKES || group >= MAX_GROUPS) {
    trouble("No more outlines fit on one plot: undo some.");
    draw();
    return;
  }
  const before = labels(plot);
  const trial = { ...plot, strokes: [...plot.strokes, { group, outline: ring }] };
  const after = labels(trial);
  if (after.every((g, i) => g === before[i])) {
    say(mode === "erase" ? "No grouped point lies in the outline." : "No point lies in the outline.");
    draw();
    return;
  }
  change(plot, { strokes: trial.strokes, finished: false });
  if (group >= 0) {
    const size = after.filter((g) => g === group).length;
    say("Group " + (groupsOf(after).indexOf(group) + 1) + " has " + size + (size === 1 ? " point." : " points."));
  } else say("The points in the outline are in no group now.");
}
function simpler(ring) {
  const step = Math.ceil(ring.length / MAX_VERTICES);
  return ring.filter((_, i) => i % step === 0).map(([x, y]) => [+x.toFixed(5), +y.toFixed(5)]);
}

// --- drawing --------------------------------------------------------------------------------
const canvas = $("plot"), pen = canvas.getContext("2d");
const EDGE = 0.03;  // of the board, kept free round the points
let side = 0;
const toPixels = (x, y) => [(EDGE + x * (1 - 2 * EDGE)) * side, (EDGE + (1 - y) * (1 - 2 * EDGE)) * side];
const toUnit = (px, py) => [(px / side - EDGE) / (1 - 2 * EDGE), 1 - (py / side - EDGE) / (1 - 2 * EDGE)];

function draw() {
  const plot = plots[at];
  if (!plot || !plot.xy || $("work").hidden) return;
  const ratio = window.devicePixelRatio || 1;
  side = canvas.clientWidth;
  canvas.width = canvas.height = Math.round(side * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(document.body);
  const ink = style.color, paper = style.backgroundColor;
  const found = labels(plot), order = groupsOf(found);
  pen.globalAlpha = plot.points > 500 ? 0.65 : 0.85;
  // One marker size for every plot of the study, and one colour until a point is grouped.
  for (let i = 0; i < plot.points; i++) {
    const [x, y] = toPixels(plot.xy[2 * i], plot.xy[2 * i + 1]);
    pen.fillStyle = found[i] < 0 ? ink : COLORS[order.indexOf(found[i]) % COLORS.length];
    pen.beginPath();
    pen.arc(x, y, 2.5, 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;
  pen.font = "600 15px Inter, system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  order.forEach((group, k) => {
    let x = 0, y = 0, n = 0;
    found.forEach((g, i) => { if (g === group) { x += plot.xy[2 * i]; y += plot.xy[2 * i + 1]; n++; } });
    const [px, py] = toPixels(x / n, y / n);
    pen.lineWidth = 5;
    pen.strokeStyle = paper;
    pen.strokeText(k + 1, px, py);
    pen.fillStyle = ink;
    pen.fillText(k + 1, px, py);
  });
  if (outline.length) {
    pen.strokeStyle = style.getPropertyValue("--accent");
    pen.lineWidth = 2;
    pen.setLineDash([6, 4]);
    pen.beginPath();
    outline.forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](...toPixels(x, y)));
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }
  if (cross && document.activeElement === canvas) {
    const [x, y] = toPixels(...cross);
    pen.strokeStyle = style.getPropertyValue("--accent");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(x - 10, y); pen.lineTo(x + 10, y); pen.moveTo(x, y - 10); pen.lineTo(x, y + 10);
    pen.stroke();
  }
  tools(plot, order, found);
}

function tools(plot, order, found) {
  if (typeof mode === "number" && !order.includes(mode)) mode = "new";
  const shown = order.map((group, k) => {
    const button = document.createElement("button");
    button.textContent = "Add to " + (k + 1);
    button.setAttribute("aria-pressed", mode === group);
    button.style.borderLeft = "6px solid " + COLORS[k % COLORS.length];
    button.addEventListener("click", () => { mode = group; draw(); });
    return button;
  });
  const focused = [...$("groups").children].indexOf(document.activeElement);
  $("groups").replaceChildren(...shown);
  if (focused >= 0 && shown[focused]) shown[focused].focus();
  $("new").setAttribute("aria-pressed", mode === "new");
  $("erase").setAttribute("aria-pressed", mode === "erase");
  $("erase").disabled = !order.length;
  $("undo").disabled = !plot.strokes.length;
  $("clear").disabled = order.length > 0;  // one touch beside Undo would take all groups away
  $("done").textContent = order.length ? "Finish this plot" : "Finish: I see no groups";
  const free = found.filter((g) => g < 0).length;
  $("where").textContent = "Plot " + (at + 1) + " of " + plots.length;
  canvas.setAttribute("aria-label", "Plot of " + plot.points + " points in " + order.length +
    " groups, " + free + " points in no group. Draw round the points that form one group.");
}

// --- hand, finger and keys ----------------------------------------------------------------
function place(event) {
  const box = canvas.getBoundingClientRect();
  return toUnit(event.clientX - box.left, event.clientY - box.top);
}
let pointer = null;
canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button > 0) return;
  pointer = event.pointerId;
  canvas.setPointerCapture(pointer);
  outline = [place(event)];
  event.preventDefault();
  canvas.focus({ preventScroll: true });
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const e of all.length ? all : [event]) {
    const [x, y] = place(e), [x0, y0] = outline[outline.length - 1];
    if (Math.hypot(x - x0, y - y0) > 0.004) outline.push([x, y]);
  }
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  if (event.pointerId !== pointer) return;
  pointer = null;
  closeOutline();
});
canvas.addEventListener("pointercancel", (event) => {
  if (event.pointerId !== pointer) return;
  pointer = null;
  outline = [];
  draw();
});
canvas.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const clamp = (v) => Math.min(1.02, Math.max(-0.02, v));
  if (moves[event.key]) {
    const far = event.shiftKey ? 0.1 : 0.02;
    cross = cross || [0.5, 0.5];
    cross = [clamp(cross[0] + far * moves[event.key][0]), clamp(cross[1] + far * moves[event.key][1])];
    draw();
  } else if (event.key === " ") {
    cross = cross || [0.5, 0.5];
    outline.push([...cross]);
    say(outline.length === 1 ? "First corner set." : outline.length + " corners set.");
    draw();
  } else if (event.key === "Enter") closeOutline();
  else if (event.key === "Escape") { outline = []; draw(); }
  else return;
  event.preventDefault();
});
canvas.addEventListener("blur", draw);
canvas.addEventListener("focus", draw);
window.addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
window.addEventListener("online", send);
window.addEventListener("beforeunload", (event) => { if (unsent().length) event.preventDefault(); });

// --- the way through ------------------------------------------------------------------------
function show(name) { sections.forEach((s) => { $(s).hidden = s !== name; }); scrollTo(0, 0); }
function say(words) { $("said").textContent = words; }
function whether() { return plots.some((p) => p.refused) ? "Not stored" : "Stored"; }
function tell(words) { $("saved").textContent = words; $("stored").textContent = words === "Stored" ? "Your answers are stored." : words + " …"; }
function trouble(words) { $("trouble").textContent = words; $("trouble").hidden = !words; }

async function showPlot(index) {
  at = index;
  mode = "new";
  outline = [];
  cross = null;
  say("");
  if (!plots[at].xy) {
    try {
      const raw = await (await call("points/" + plots[at].position)).arrayBuffer();
      plots[at].xy = new Float32Array(raw);
      trouble("");
    } catch (error) {
      trouble(error.message);
      if (!error.final) setTimeout(() => { if (at === index) showPlot(index); }, 2000);
      return;
    }
  }
  show("work");
  tell(unsent().length ? "Storing" : whether());
  draw();
}
function next() {
  const left = plots.findIndex((p) => !p.finished);
  if (left >= 0) showPlot(left);
  else show("end");
}

$("start").addEventListener("click", async () => {
  $("start").disabled = true;
  try {
    me = await (await call(study + "/people", { method: "POST" })).json();
    await load();
  } catch (error) {
    trouble(error.message);
    $("start").disabled = false;
  }
});
$("new").addEventListener("click", () => { mode = "new"; draw(); });
$("erase").addEventListener("click", () => { mode = "erase"; draw(); });
$("undo").addEventListener("click", () => {
  change(plots[at], { strokes: plots[at].strokes.slice(0, -1), finished: false });
  say("The last outline is undone.");
});
$("clear").addEventListener("click", () => {
  if (plots[at].strokes.length) change(plots[at], { strokes: [], finished: false });
  show("rate");
});
$("done").addEventListener("click", () => show("rate"));
$("back").addEventListener("click", () => { show("work"); draw(); });
for (let value = 1; value <= 5; value++) {
  const button = document.createElement("button");
  button.textContent = value;
  button.setAttribute("aria-label", value + " of 5");
  button.addEventListener("click", () => {
    change(plots[at], { rating: value, finished: true });
    next();
  });
  $("scale").append(button);
}
$("review").addEventListener("click", () => showPlot(0));
$("delete").addEventListener("click", async () => {
  if (!confirm("Delete all groups that you drew in this study?")) return;
  try {
    await call("me", { method: "DELETE" });
    forget();
    plots = [];
    show("gone");
  } catch (error) { trouble(error.message); }
});

// Of what the server has and what this browser kept, the later step counts.
async function load() {
  task = await (await call("task")).json();
  const own = new Map((kept().own || []).map((p) => [p.position, p]));
  plots = task.plots.map((plot) => {
    const mine = own.get(plot.position);
    const later = mine && mine.step > plot.step ? mine : plot;
    return { ...plot, ...later, sent: plot.step };
  });
  document.title = task.title;
  keep();
  send();
  next();
}

async function begin() {
  const saved = kept();
  if (saved.me) {
    me = saved.me;
    try { await load(); return; } catch (error) {
      if (!error.final) {
        trouble("The server cannot be reached: trying again. What you drew is kept in this browser.");
        setTimeout(begin, 3000);
        return;
      }
      me = null;
      forget();
    }
  }
  try {
    const about = await (await call(study + "/about")).json();
    trouble(about.open ? "" : "This study is closed: it takes no more answers.");
    document.title = about.title;
    $("title").textContent = about.title;
    $("consent").textContent = about.consent;
    $("start").hidden = !about.open;
    show("welcome");
  } catch (error) {
    trouble(error.message);
    if (!error.final) setTimeout(begin, 3000);
  }
}
begin();
