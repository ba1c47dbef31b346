// Without WebGL: the server draws the part of the map in view; until it arrives the former picture is
// moved and stretched to where it belongs. Each of the maps beside each other has its own.
class PicturePainter {
  constructor(canvas, ask, shown) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.ask = ask;      // (path) -> Response
    this.shown = shown;  // called when a picture has come
    this.had = [];       // by map: {image, limits, asked, timer}
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
  }

  // Draw what there is, and ask for what is in view once the reader rests.
  draw(panes, camera, ratio, paper, version) {
    const c = this.context;
    c.fillStyle = paper;
    c.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (const pane of panes) {
      const had = this.had[pane.place] ??= { image: null, asked: "", timer: 0 };
      c.save();
      c.setTransform(ratio, 0, 0, ratio, pane.left * ratio, pane.top * ratio);
      c.beginPath();
      c.rect(0, 0, camera.width, camera.height);
      c.clip();
      if (had.image) {
        const [x0, x1, y0, y1] = had.limits;
        const [left, top] = camera.toScreen(x0, y1), [right, bottom] = camera.toScreen(x1, y0);
        c.drawImage(had.image, left, top, right - left, bottom - top);
      }
      c.restore();
      this.want(had, pane.place, camera, version);
    }
  }

  want(had, place, camera, version) {
    const limits = camera.limits();
    const w = Math.round(camera.width), h = Math.round(camera.height);
    const path = `picture/${version}?` + new URLSearchParams({ pane: place,
      x0: limits[0], x1: limits[1], y0: limits[2], y1: limits[3], w, h });
    if (path === had.asked) return;
    clearTimeout(had.timer);
    had.timer = setTimeout(() => this.fetch(had, path, limits), had.image ? 150 : 0);
  }

  async fetch(had, path, limits) {
    had.asked = path;
    const response = await this.ask(path);
    if (!response) return;
    const image = await createImageBitmap(await response.blob());
    if (path !== had.asked) return;
    had.image = image;
    had.limits = limits;
    this.shown();
  }

  close() { for (const had of this.had) clearTimeout(had?.timer); }
}
