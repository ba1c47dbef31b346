// The points in this browser: fetched once per map, in pieces that are drawn as they come. They are
// kept while the page is open, so that other maps of the same points, beside this one or on another
// page, show them without fetching them again.
const SAMPLE = 20000;

class Points {
  constructor(id, n) {
    this.id = id;
    this.n = n;
    this.loaded = 0;
    this.coarse = new Uint8Array(4 * n);
    this.fine = null;
    this.loading = this.fining = null;
    this.watchers = new Set();  // maps that draw these: came(), refined(), failed()
  }

  static of(id, n) {
    const kept = window.gestaltPoints;
    if (kept && kept.id === id && kept.n === n) return kept;
    return window.gestaltPoints = new Points(id, n);
  }

  get whole() { return this.loaded === this.n; }

  // Whether enough have come to tell how many lie in view.
  get told() { return this.loaded >= Math.min(this.n, SAMPLE); }

  // Fetch them by `ask`, once for all maps. A fetch that failed may be begun again.
  load(ask) {
    if (this.whole) return;
    this.loading ??= this.fetch(ask).finally(() => { this.loading = null; });
  }

  async fetch(ask) {
    const response = await ask("points");
    if (!response) return;
    await read(response, this.coarse, (bytes) => {
      this.loaded = Math.max(this.loaded, bytes >> 2);
      for (const map of this.watchers) map.came();
    }).catch(() => { for (const map of this.watchers) map.failed(); });
  }

  // The next 16 digits of the places, for those who zoom far in.
  refine(ask) {
    if (this.fine || !this.whole) return;
    this.fining ??= this.fetch_fine(ask);
  }

  async fetch_fine(ask) {
    const response = await ask("fine");
    const bytes = response && await read(response, new Uint8Array(4 * this.n)).catch(() => null);
    if (!bytes) return;
    this.fine = new Uint16Array(bytes.buffer);
    for (const map of this.watchers) map.refined();
  }

  // About how many points lie within limits in steps [x0, x1, y0, y1], from the first SAMPLE.
  within([x0, x1, y0, y1]) {
    const some = Math.min(this.loaded, SAMPLE);
    const at = new Uint16Array(this.coarse.buffer, 0, 2 * some);
    let inside = 0;
    for (let i = 0; i < at.length; i += 2) {
      if (at[i] >= x0 && at[i] <= x1 && at[i + 1] >= y0 && at[i + 1] <= y1) inside++;
    }
    return some ? inside / some * this.n : 0;
  }
}

// Read a response's bytes into an array; `came(bytes so far)` after each piece.
async function read(response, into, came) {
  const reader = response.body.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    into.set(value.subarray(0, into.length - at), at);
    at += value.length;
    came?.(Math.min(at, into.length));
  }
  if (at !== into.length) throw new Error("the points came in part");
  return into;
}
