// Draws points on the processor. Without a graphics card the browser carries WebGL out in software,
// where a point costs a microsecond; here it costs some nanoseconds. Takes what WebglPainter takes.
class PixelPainter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    if (!this.context) throw new Error("no canvas");
    this.maps = [];  // of each map: {marks, colors}
    this.finer = null;
  }

  make() {}

  // The points stay where they were fetched to; nothing has to be given room.
  allocate() { this.coarse = this.finer = null; }

  map(i) { return this.maps[i] ??= { marks: null, colors: [] }; }

  points(bytes) { this.coarse = new Uint16Array(bytes.buffer); }

  marks(i, bytes) { this.map(i).marks = bytes; }

  fine(values) { this.finer = values; }

  palette(i, colors, paper) {
    this.map(i).colors = colors.map(rgb);
    this.paper = rgb(paper);
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.whole = new Uint32Array(this.image.data.buffer);
  }

  begin(camera, low, span, size) {
    const [red, green, blue] = this.paper;
    this.place = placing(camera, low, span);
    this.size = size;
    this.whole.fill(((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
  }

  add(i, part, first, count, lit, strength, fade) {
    const { marks, colors } = this.map(i), [left, bottom, width, height] = part;
    const { middle, steps } = this.place, top = this.canvas.height - bottom - height;
    const across = steps[0] * width / 2, down = -steps[1] * height / 2;
    const pen = {
      shades: new Uint8Array(128 * 3),
      alpha: Math.round(strength * 256),
      across, down,
      x: left + width / 2 - middle[0] * across,
      y: top + height / 2 - middle[1] * down,
      left, top, right: left + width, bottom: top + height,
    };
    colors.forEach((color, j) => color.forEach((v, c) => {
      pen.shades[3 * j + c] = Math.round(v + (this.paper[c] - v) * fade);
    }));
    const draw = this.size >= 3 ? this.disks : this.squares;
    draw.call(this, marks, first, first + count, lit ? 128 : 0, pen);
  }

  // Small points: the pixels whose middles lie in a square of the size round the place.
  squares(marks, first, end, lit, pen) {
    const { coarse, finer, image: { data, width } } = this, half = this.size / 2 + 0.5;
    const { shades, alpha, across, down, x, y, left, top, right, bottom } = pen;
    for (let i = first; i < end; i++) {
      const mark = marks[i];
      if ((mark & 128) !== lit) continue;
      const more = finer ? finer[2 * i] / 65536 : 0.5, over = finer ? finer[2 * i + 1] / 65536 : 0.5;
      const px = (coarse[2 * i] + more) * across + x, py = (coarse[2 * i + 1] + over) * down + y;
      const x0 = Math.max(Math.ceil(px - half), left), x1 = Math.min(Math.ceil(px + half - 1), right);
      const y0 = Math.max(Math.ceil(py - half), top), y1 = Math.min(Math.ceil(py + half - 1), bottom);
      if (x0 >= x1) continue;
      const shade = 3 * (mark & 127);
      const red = shades[shade], green = shades[shade + 1], blue = shades[shade + 2];
      for (let row = y0; row < y1; row++) {
        for (let at = 4 * (row * width + x0), stop = at + 4 * (x1 - x0); at < stop; at += 4) {
          data[at] += ((red - data[at]) * alpha + 128) >> 8;
          data[at + 1] += ((green - data[at + 1]) * alpha + 128) >> 8;
          data[at + 2] += ((blue - data[at + 2]) * alpha + 128) >> 8;
        }
      }
    }
  }

  // Larger points, of which there are few in view: disks with a soft edge.
  disks(marks, first, end, lit, pen) {
    const { coarse, finer, size, image: { data, width } } = this, half = size / 2 + 0.5;
    const { shades, alpha, across, down, x, y, left, top, right, bottom } = pen;
    for (let i = first; i < end; i++) {
      const mark = marks[i];
      if ((mark & 128) !== lit) continue;
      const more = finer ? finer[2 * i] / 65536 : 0.5, over = finer ? finer[2 * i + 1] / 65536 : 0.5;
      const px = (coarse[2 * i] + more) * across + x, py = (coarse[2 * i + 1] + over) * down + y;
      const x0 = Math.max(Math.ceil(px - half), left), x1 = Math.min(Math.ceil(px + half - 1), right);
      const y0 = Math.max(Math.ceil(py - half), top), y1 = Math.min(Math.ceil(py + half - 1), bottom);
      const shade = 3 * (mark & 127);
      for (let row = y0; row < y1; row++) {
        for (let column = x0; column < x1; column++) {
          const far = 2 * Math.hypot(column + 0.5 - px, row + 0.5 - py) / size;
          const part = Math.min(Math.max((1 - far) / 0.18, 0), 1), edge = part * part * (3 - 2 * part);
          const at = 4 * (row * width + column);
          for (let c = 0; c < 3; c++) data[at + c] += (shades[shade + c] - data[at + c]) * alpha * edge / 256;
        }
      }
    }
  }

  send() {}

  ready() { return true; }

  present() { this.context.putImageData(this.image, 0, 0); }

  close() { this.image = this.whole = this.coarse = null; }
}

// Whether the browser has WebGL but no graphics card: asked once per page, for each answer takes one
// of the few graphics contexts that a browser has.
function softwareOnly() {
  return window.gestaltSoftware ??= drawnBySoftware();
}

// By the names of the known software drivers; null when the browser gives no context now.
function drawnBySoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return null;
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}
