// The points in this browser: fetched once per map, in pieces that are drawn as they come. A map that
// was fetched whole is kept while the page is open, so that another page shows it at once.
class Points {
  constructor() { this.id = ""; this.n = 0; this.loaded = 0; this.coarse = null; this.fine = null; this.marks = null; }

  static of(id, n) {
    const kept = window.gestaltPoints;
    if (kept && kept.id === id && kept.loaded === n) return kept;
    const points = new Points();
    Object.assign(points, { id, n, coarse: new Uint8Array(4 * n), marks: new Uint8Array(n) });
    points.marks.fill(128);
    window.gestaltPoints = points;
    return points;
  }

  // Colour codes (n bytes, or null for code 0) and which rows are lit (bits, or null for all).
  mark(codes, bits) {
    const { marks, n } = this;
    if (codes) marks.set(codes); else marks.fill(0);
    if (!bits) for (let i = 0; i < n; i++) marks[i] |= 128;
    else for (let i = 0; i < n; i++) marks[i] |= ((bits[i >> 3] >> (i & 7)) & 1) << 7;
  }

  // About how many points lie within limits in steps [x0, x1, y0, y1], from the first 20,000.
  within([x0, x1, y0, y1]) {
    const some = Math.min(this.loaded, 20000);
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
