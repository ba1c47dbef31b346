// Without WebGL: the server draws the part of the map in view; until it arrives the former picture is
// moved and stretched to where it belongs.
class PicturePainter {
  constructor(canvas, ask, shown) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.ask = ask;      // (path) -> Response
    this.shown = shown;  // called when a picture has come
    this.image = null;
    this.limits = null;
    this.asked = "";
    this.timer = 0;
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
  }

  // Draw what there is, and ask for what is in view once the reader rests.
  draw(camera, paper, version) {
    const c = this.context, { width, height } = this.canvas, ratio = width / camera.width;
    c.fillStyle = paper;
    c.fillRect(0, 0, width, height);
    if (this.image) {
      const [x0, x1, y0, y1] = this.limits;
      const [left, top] = camera.toScreen(x0, y1), [right, bottom] = camera.toScreen(x1, y0);
      c.drawImage(this.image, left * ratio, top * ratio, (right - left) * ratio,
        (bottom - top) * ratio);
    }
    const limits = camera.limits();
    const w = Math.round(camera.width), h = Math.round(camera.height);
    const path = `picture/${version}?` + new URLSearchParams({
      x0: limits[0], x1: limits[1], y0: limits[2], y1: limits[3], w, h });
    if (path === this.asked) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(path, limits), this.image ? 150 : 0);
  }

  async fetch(path, limits) {
    this.asked = path;
    const response = await this.ask(path);
    if (!response) return;
    const image = await createImageBitmap(await response.blob());
    if (path !== this.asked) return;
    this.image = image;
    this.limits = limits;
    this.shown();
  }

  close() { clearTimeout(this.timer); }
}
