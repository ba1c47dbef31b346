// The table twin: only the rows in sight are elements, so 50,000 rows scroll like fifty.
// on: {pick(row), toggle(row), hover(row)}.
const ROW = 30, SPARE = 6;

class RowTable {
  constructor(grid, data, on) {
    Object.assign(this, { grid, data, on, list: [], at: -1, sort: { column: -1, down: false } });
    this.look = { selected: new Uint8Array(data.n), active: -1 };
    this.body = grid.querySelector("#grid-body");
    this.heads();
    grid.addEventListener("scroll", () => this.render());
    grid.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => this.click(event));
    this.body.addEventListener("pointermove", (event) => on.hover(this.rowOf(event)));
    this.body.addEventListener("pointerleave", () => on.hover(-1));
    new ResizeObserver(() => this.render()).observe(grid);
    grid.setAttribute("aria-colcount", data.columns.length);
  }

  heads() {
    const head = this.grid.querySelector("#grid-head"), widths = [];
    this.data.columns.forEach((column, i) => {
      const cell = document.createElement("div"), button = document.createElement("button");
      cell.setAttribute("role", "columnheader");
      cell.setAttribute("aria-sort", "none");
      if (!column.words) cell.classList.add("n");
      button.append(column.name);
      button.title = `Sort by ${column.name}`;
      button.addEventListener("click", () => this.sortBy(i));
      cell.append(button);
      head.append(cell);
      widths.push(column.words ? (column.role ? 150 : column.long ? 320 : 170) : 110);
    });
    const wide = widths.reduce((a, b) => a + b, 0);
    this.grid.style.setProperty("--columns", widths.map((w) => `minmax(${w}px, ${w}fr)`).join(" "));
    this.grid.style.setProperty("--wide", wide + 16 + "px");
  }

  sortBy(column) {
    const { sort } = this, same = sort.column === column;
    this.sort = same && sort.down ? { column: -1, down: false } : { column, down: same };
    const cells = this.grid.querySelectorAll("[role=columnheader]");
    cells.forEach((cell, i) => {
      const on = this.sort.column === i;
      cell.setAttribute("aria-sort", on ? (this.sort.down ? "descending" : "ascending") : "none");
    });
    this.show(this.list);
  }

  // list: rows to show.
  show(list) {
    const { column, down } = this.sort, sorted = Int32Array.from(list);
    sorted.sort(column < 0 ? undefined : order(this.data.columns[column], down));
    this.list = sorted;
    this.at = sorted.indexOf(this.look.active);
    this.body.style.height = ROW * sorted.length + "px";
    this.grid.setAttribute("aria-rowcount", sorted.length + 1);
    this.render();
  }

  // look: {selected, active}.
  mark(look) {
    this.look = look;
    if (this.list[this.at] !== look.active) this.at = this.list.indexOf(look.active);
    this.render();
  }

  reveal() {
    if (this.at < 0) return;
    const top = this.at * ROW, { scrollTop, clientHeight } = this.grid;
    if (top < scrollTop) this.grid.scrollTop = top;
    if (top + 2 * ROW > scrollTop + clientHeight) this.grid.scrollTop = top + 2 * ROW - clientHeight;
    this.render();
  }

  render() {
    const first = Math.max(0, Math.floor(this.grid.scrollTop / ROW) - SPARE);
    const last = Math.min(this.list.length, first + Math.ceil(this.grid.clientHeight / ROW) + 2 * SPARE);
    const rows = [];
    for (let i = first; i < last; i++) rows.push(this.line(i));
    this.body.replaceChildren(...rows);
    const here = this.at >= first && this.at < last;
    if (here) this.grid.setAttribute("aria-activedescendant", "row-" + this.at);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  line(i) {
    const row = this.list[i], line = document.createElement("div");
    line.id = "row-" + i;
    line.dataset.at = i;
    line.setAttribute("role", "row");
    line.setAttribute("aria-rowindex", i + 2);
    line.setAttribute("aria-selected", this.look.selected[row] === 1);
    line.classList.toggle("here", row === this.look.active);
    line.style.top = i * ROW + "px";
    for (const column of this.data.columns) {
      const box = document.createElement("div");
      box.setAttribute("role", "gridcell");
      if (!column.words) box.className = "n";
      if (column.role === "group") {
        const dot = document.createElement("span");
        dot.className = column.dots[column.values[row] - 1] ?? "dot";
        box.append(dot);
      }
      box.append(cell(column, row));
      line.append(box);
    }
    return line;
  }

  rowOf(event) {
    const line = event.target.closest("[data-at]");
    return line ? this.list[line.dataset.at] : -1;
  }

  click(event) {
    const row = this.rowOf(event);
    if (row < 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) this.on.toggle(row);
    else this.on.pick(row);
  }

  key(event) {
    if (event.target !== this.grid || !this.list.length) return;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW) - 2), last = this.list.length - 1;
    const moves = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + page,
      PageUp: this.at - page, Home: 0, End: last };
    if (event.key in moves) this.on.pick(this.list[Math.min(Math.max(moves[event.key], 0), last)]);
    else if (event.key === " " && this.at >= 0) this.on.toggle(this.list[this.at]);
    else return;
    event.preventDefault();
  }
}
