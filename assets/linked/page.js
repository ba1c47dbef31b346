// The page: one state, shown by the map, the table and the legend at once.
const $ = (id) => document.getElementById(id);
const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
const MANY = 24, STEPS = 32, PRINTED = 60;

const scheme = matchMedia("(prefers-color-scheme: dark)");
let data, state, map, table, waiting = "";

const theme = () => data.themes[scheme.matches ? "dark" : "light"];
const look = (chosen) => ({
  ...state, colors: state.palette, theme: chosen, labels: data.columns[state.color]?.role === "group",
});
// light: only what lies over the points has changed.
function draw(light) {
  if (!waiting) requestAnimationFrame(() => { map.draw(look(theme()), waiting === "light"); waiting = ""; });
  waiting = light === true && waiting !== "all" ? "light" : "all";
}

// --- colour ---------------------------------------------------------------------------------
function paint() {
  const column = data.columns[state.color], chosen = theme();
  state.off.clear();
  if (!column) { state.palette = [{ fill: chosen.ink }]; state.codes.fill(0); legend([]); }
  else if (column.words && !column.days) kinds(column, chosen);
  else ramp(column, chosen);
  hide();
}

// At most 24 kinds have a colour of their own; the others share one grey, hollow like noise.
function kinds(column, chosen) {
  const sizes = new Uint32Array(column.words.length + 1);
  for (let i = 0; i < data.n; i++) sizes[column.values[i]]++;
  const places = [...column.words.keys()];
  if (!column.role) places.sort((a, b) => sizes[b + 1] - sizes[a + 1]);
  const grey = { fill: chosen.noise, hollow: true };
  const code = new Uint16Array(column.words.length + 1), entries = [];
  state.palette = [grey];
  let others = sizes[0];
  places.forEach((place, rank) => {
    const mine = column.role ? !column.loose.includes(place) : rank < MANY;
    if (!mine) {
      others += sizes[place + 1];
      return;
    }
    const slot = (column.role ? place : rank) % chosen.colors.length;
    const corners = state.shaped ? data.corners[(column.role ? place : rank) % data.corners.length] : null;
    state.palette.push({ fill: chosen.colors[slot], corners });
    code[place + 1] = state.palette.length - 1;
    entries.push({ name: column.words[place], rows: sizes[place + 1], code: code[place + 1] });
  });
  if (others) entries.push({ name: column.role ? column.words.at(-1) : "Other or no value", rows: others, code: 0 });
  for (let i = 0; i < data.n; i++) state.codes[i] = code[column.values[i]];
  legend(entries);
}

// Numbers and dates, from the lowest to the highest; what has none is hollow.
function ramp(column, chosen) {
  const { days, words } = column, at = (i) => (days ? days[column.values[i] - 1] ?? NaN : column.values[i]);
  let [low, high] = [Infinity, -Infinity];
  for (const v of days || column.values) if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); }
  state.palette = chosen.ramp.map((fill) => ({ fill }));
  state.palette.push({ fill: chosen.noise, hollow: true });
  for (let i = 0; i < data.n; i++) {
    const share = high > low ? (at(i) - low) / (high - low) : 0.5;
    state.codes[i] = Number.isFinite(at(i)) ? Math.min(Math.floor(share * STEPS), STEPS - 1) : STEPS;
  }
  const [first, last] = days ? [words[0], words.at(-1)] : [low, high].map((v) => shown(v, column.whole));
  legend([], { low: first, high: last, name: column.name });
}

function legend(entries, bar) {
  const items = entries.map((entry) => {
    const item = document.createElement("li"), button = document.createElement("button");
    const dot = document.createElement("canvas"), color = state.palette[entry.code];
    dot.width = dot.height = 28;
    dot.setAttribute("aria-hidden", "true");
    const pen = dot.getContext("2d");
    pen.translate(14, 14);
    pen.fillStyle = pen.strokeStyle = color.fill;
    mark(pen, color, 10);
    button.setAttribute("aria-pressed", "true");
    button.append(dot, entry.name + " ");
    const size = document.createElement("span");
    size.className = "muted";
    size.append(entry.rows.toLocaleString("en"));
    button.append(size);
    button.addEventListener("click", () => {
      const off = !state.off.delete(entry.code);
      if (off) state.off.add(entry.code);
      button.setAttribute("aria-pressed", String(!off));
      hide();
    });
    item.append(button);
    return item;
  });
  $("legend").replaceChildren(...items);
  $("bar").hidden = !bar;
  if (bar) {
    const stops = state.palette.slice(0, STEPS).map((c) => c.fill).join(", ");
    $("bar").querySelector("i").style.background = `linear-gradient(90deg, ${stops})`;
    $("low").textContent = bar.low;
    $("high").textContent = bar.high;
  }
  $("all").hidden = !entries.length;
}

// --- what is shown --------------------------------------------------------------------------
function hide() {
  for (let i = 0; i < data.n; i++) state.hidden[i] = state.off.has(state.codes[i]) ? 1 : 0;
  list();
}

function list() {
  const hit = found(data, state.words), rows = [];
  state.any = state.selected.includes(1);
  for (let i = 0; i < data.n; i++) {
    if (!state.hidden[i] && (!hit || hit[i]) && (!state.any || state.selected[i])) rows.push(i);
  }
  table.look = state;
  table.show(rows);
  tell(rows.length, hit !== null);
  draw();
}

function tell(listed, searched) {
  const n = state.selected.reduce((a, b) => a + b, 0), column = data.columns[data.group];
  let words = n ? `${n.toLocaleString("en")} of ${count(data.n, "row")} selected` : "No rows selected";
  if (n && column) {
    const sizes = new Map();
    for (let i = 0; i < data.n; i++) if (state.selected[i]) {
      const name = cell(column, i);
      sizes.set(name, (sizes.get(name) || 0) + 1);
    }
    const most = [...sizes].sort((a, b) => b[1] - a[1]);
    words += ": " + most.slice(0, 4).map(([name, k]) => `${name} ${k.toLocaleString("en")}`).join(", ");
    if (most.length > 4) words += ` and ${count(most.length - 4, "other group")}`;
  }
  $("said").textContent = words + ".";
  $("listed").textContent = `${count(listed, "row")} listed` + (searched ? " that hold these words" : "") + ".";
  $("clear").disabled = !n;
}

// --- what the reader does -------------------------------------------------------------------
function pick(row) {
  state.active = row;
  table.mark(state);
  if (row >= 0) table.reveal();
  hover(row);
  draw(true);
}

function toggle(row) {
  state.selected[row] ^= 1;
  list();
}

function select(hit, how) {
  for (let i = 0; i < data.n; i++) {
    if (how === "new") state.selected[i] = hit[i];
    else if (hit[i]) state.selected[i] = how === "add" ? 1 : 0;
  }
  const none = how === "new" && state.any && !hit.includes(1);
  list();
  if (none) $("aloud").textContent = "Nothing is selected.";
}

function hover(row, aloud) {
  const card = $("card");
  card.hidden = row < 0 || state.hidden[row] === 1;
  if (card.hidden) return;
  const lines = data.columns.map((column) => {
    const line = document.createElement("div"), name = document.createElement("b");
    name.append(column.name + " ");
    line.append(name, cell(column, row));
    return line;
  });
  card.replaceChildren(...lines);
  const x = map.px(row), y = map.py(row);
  card.hidden = !(x >= 0 && x <= map.w && y >= 0 && y <= map.h);
  const left = x + 16 + card.offsetWidth > map.w ? x - 16 - card.offsetWidth : x + 16;
  card.style.left = Math.max(0, left) + "px";
  card.style.top = Math.max(0, Math.min(y - 12, map.h - card.offsetHeight)) + "px";
  if (aloud) $("aloud").textContent = lines.map((line) => line.textContent).join("; ");
}

function saved() {
  const url = URL.createObjectURL(new Blob([csv(data, table.list)], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "gestalt-rows.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// What paper shows instead: the first rows listed, and on printing the view on white.
function printed() {
  $("print-heads").replaceChildren(...data.columns.map((column) => boxed("th", column.name)));
  $("print-rows").replaceChildren(...[...table.list.slice(0, PRINTED)].map((row) => {
    const line = document.createElement("tr");
    line.append(...data.columns.map((column) => boxed("td", cell(column, row))));
    return line;
  }));
  const listed = Math.min(PRINTED, table.list.length);
  $("print-note").textContent = `${listed.toLocaleString("en")} of ${count(table.list.length, "listed row")}.`;
}

function boxed(tag, words) {
  const box = document.createElement(tag);
  box.append(words);
  return box;
}

// --- controls ---------------------------------------------------------------------------------
function coloring() {
  data.columns.forEach((column, i) => {
    if (column.role !== "row" && (!column.words || column.colored)) $("color").append(new Option(column.name, i));
  });
  $("color").value = String(state.color);
  $("color").addEventListener("change", (event) => { state.color = Number(event.target.value); paint(); });
  $("shaped").parentElement.hidden = data.n > data.mostShaped;
  $("shaped").addEventListener("change", (event) => { state.shaped = event.target.checked; paint(); });
}

function tooling() {
  for (const tool of ["lasso", "box", "move"]) {
    $(tool).addEventListener("click", () => {
      state.tool = tool;
      for (const name of ["lasso", "box", "move"]) $(name).setAttribute("aria-pressed", String(name === tool));
    });
  }
  $("in").addEventListener("click", () => { map.zoom(1.4); draw(); });
  $("out").addEventListener("click", () => { map.zoom(1 / 1.4); draw(); });
  $("fit").addEventListener("click", () => { map.fit(); draw(); });
}

function listing() {
  $("clear").addEventListener("click", () => select(new Uint8Array(data.n), "new"));
  $("all").addEventListener("click", () => {
    state.off.clear();
    for (const button of $("legend").querySelectorAll("button")) button.setAttribute("aria-pressed", "true");
    hide();
  });
  $("take").addEventListener("click", () => {
    const hit = new Uint8Array(data.n);
    for (const row of table.list) hit[row] = 1;
    select(hit, "new");
  });
  $("save").addEventListener("click", saved);
  let typing = 0;
  $("search").addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => { state.words = event.target.value; list(); }, 150);
  });
}

function start(given) {
  data = given;
  state = {
    tool: "lasso", color: data.color, shaped: false, words: "", off: new Set(),
    hidden: new Uint8Array(data.n), selected: data.selected || new Uint8Array(data.n),
    any: false, active: -1, palette: [], codes: new Uint16Array(data.n),
  };
  map = new PointMap($("plot"), data);
  table = new RowTable($("grid"), data, { pick, toggle, hover });
  coloring();
  tooling();
  listing();
  hands(map, state, { hover, pick, select, draw, say: (words) => { $("aloud").textContent = words; } });
  document.body.classList.add("live");
  new ResizeObserver(() => { map.resize(); draw(); }).observe($("board"));
  scheme.addEventListener("change", paint);
  addEventListener("beforeprint", () => {
    $("still").src = map.picture(look(data.themes.light), 1600);
    printed();
  });
  map.resize();
  paint();
  printed();
}

if (typeof DecompressionStream === "undefined") {
  $("said").textContent = "This browser is too old for the linked map: the picture and the text are all here.";
} else {
  unpack($("data").textContent).then(start);
}
