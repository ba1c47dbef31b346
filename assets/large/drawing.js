// Draws the points piece by piece, so that the page answers meanwhile: what has arrived at once, a
// fair sample while the reader moves the map, and all of them after that.
const QUIET = 140;    // ms without movement after which everything is drawn again
const PATIENCE = 35;  // ms of drawing that a reader who moves the map waits for at most
const STILL = 5;      // so many times longer are the pieces while nothing moves
const GLANCE = 400;   // ms between pictures of what is drawn so far, while the first one grows
const FINE = 24;      // zoom from which the finer places are fetched
const FADED = 0.7;    // how far the colours of rows that are not selected go to paper
const LEAST_STRENGTH = 0.12, FEW = 20000;

class Drawing {
  constructor(view, painter) {
    this.view = view;
    this.painter = painter;
    this.piece = 100000;   // points drawn in about PATIENCE, adapted to the machine
    this.issued = null;    // the last piece sent to the graphics: {at (ms), count}
    this.shown = 0;        // when a picture was last shown, ms
    this.job = null;       // {size, strength, next, end, pass, few}
    this.stale = true;
    this.partial = false;  // whether only some points are drawn, while the map moves
    this.seen = false;     // whether a whole picture was ever shown
  }

  // One step; whether another is wanted.
  step(moving) {
    if (!this.painter.ready()) return true;
    if (!this.view.points.told) return false;  // each piece that comes asks for another step
    this.adapt();
    if (this.stale || (this.partial && !moving)) this.begin(moving);
    if (this.job) this.go_on(moving);
    return Boolean(this.job) || moving || this.partial;
  }

  // How long the last piece took says how large the next may be; a small one says little, since
  // each costs something by itself.
  adapt() {
    if (!this.issued) return;
    const { at, count } = this.issued, took = Math.max(performance.now() - at, 1);
    this.issued = null;
    if (count < this.piece / 2) return;
    const fits = Math.min(count * PATIENCE / took, 2 * this.piece);
    this.piece = Math.round(Math.min(Math.max(fits, 30000), 2e7));
  }

  begin(moving) {
    const { points, data, camera, panes, ratio } = this.view;
    const seen = Math.max(points.within(this.view.steps()), 1);
    const passes = data.lit ? 2 : 1, each = passes * panes.length;
    const few = moving && points.n * each > this.piece;
    const shown = few ? Math.max(Math.floor(this.piece / each), FEW) : points.n;
    const look = appearance(seen * Math.min(1, shown / points.n), camera.width * camera.height);
    this.stale = false;
    this.partial = few;
    this.job = { ...look, next: 0, end: Math.min(shown, points.n), pass: 2 - passes, few };
    this.painter.begin(camera, data.low, data.span, look.size * ratio);
    const fits = data.all, zoom = (fits[1] - fits[0]) / (camera.limits()[1] - camera.limits()[0]);
    if (zoom > FINE && !moving) points.refine(this.view.asking);
  }

  go_on(moving) {
    const { job } = this, { points, panes } = this.view, end = Math.min(job.end, points.loaded);
    const piece = (moving ? 1 : STILL) * this.piece / panes.length;
    const most = job.few ? job.end : Math.max(Math.floor(piece), 10000);
    const count = Math.min(end - job.next, most), now = performance.now();
    if (count > 0) {
      this.issued = { at: now, count: count * panes.length };
      for (const pane of panes) {
        const part = this.view.part(pane), fade = job.pass ? 0 : FADED;
        this.painter.add(pane.place, part, job.next, count, job.pass, job.strength, fade);
      }
      this.painter.send();
      job.next += count;
    }
    if (job.next < job.end) {
      if (count > 0 && !this.seen && now - this.shown > GLANCE) this.present(now);
    } else if (job.pass === 0) {
      job.pass = 1;
      job.next = 0;
    } else {
      this.present(now);
      this.seen = true;
      this.job = null;
      if (!job.few) this.view.whole();
    }
  }

  present(now) {
    this.shown = now;
    this.painter.present();
  }
}

// Size in px and opacity of a dot when about `seen` of them share `area` px, a third of it in use.
function appearance(seen, area) {
  const room = 0.35 * area / seen;
  const size = Math.min(Math.max(1.15 * Math.sqrt(room), 1.6), 9);
  const strength = Math.min(Math.max(0.7 * room / (size * size), LEAST_STRENGTH), 0.85);
  return { size, strength };
}
