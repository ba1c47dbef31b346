// Where the reader looks: the middle in data units, and pixels per unit of x (times aspect for y).
class Camera {
  constructor() { this.x = 0; this.y = 0; this.scale = 1; this.aspect = 1; this.width = 1; this.height = 1; }

  resize(width, height) { this.width = width; this.height = height; }

  // Show limits [x0, x1, y0, y1] as large as they fit.
  show([x0, x1, y0, y1]) {
    this.x = (x0 + x1) / 2;
    this.y = (y0 + y1) / 2;
    this.scale = Math.min(this.width / (x1 - x0), this.height / ((y1 - y0) * this.aspect));
  }

  limits() {
    const w = this.width / this.scale / 2, h = this.height / this.scale / this.aspect / 2;
    return [this.x - w, this.x + w, this.y - h, this.y + h];
  }

  toData(px, py) {
    return [this.x + (px - this.width / 2) / this.scale,
      this.y - (py - this.height / 2) / (this.scale * this.aspect)];
  }

  toScreen(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale,
      this.height / 2 - (y - this.y) * this.scale * this.aspect];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / (this.scale * this.aspect);
  }

  // Zoom by a factor; the data under (px, py) stays there. least, most: of the scale.
  zoom(px, py, factor, least, most) {
    const [x, y] = this.toData(px, py);
    this.scale = Math.min(Math.max(this.scale * factor, least), most);
    const [nx, ny] = this.toData(px, py);
    this.x += x - nx;
    this.y += y - ny;
  }
}
