// Draws points that lie in the graphics memory: 4 bytes of place, 1 byte of colour and light for each
// of the maps beside each other, and 4 more bytes of place once the reader zooms so far in that 65,536
// steps show.
const VERTEX = `#version 300 es
layout(location = 0) in vec2 coarse;
layout(location = 1) in uint mark;
layout(location = 2) in vec2 fine;
uniform vec2 middle, rest, scale;
uniform float size, strength, fade;
uniform vec3 paper;
uniform uint lit;
uniform sampler2D colors;
flat out vec4 color;
void main() {
  vec2 at = ((coarse - middle) + (fine - rest)) * scale;
  gl_Position = (mark >> 7) == lit ? vec4(at, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size;
  color = texelFetch(colors, ivec2(int(mark & 127u), 0), 0);
  color = vec4(mix(color.rgb, paper, fade), strength);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 color;
uniform bool round_;
out vec4 shown;
void main() {
  float edge = round_ ? 1.0 - smoothstep(0.82, 1.0, 2.0 * length(gl_PointCoord - 0.5)) : 1.0;
  shown = vec4(color.rgb, color.a * edge);
}`;
const UNIFORMS = ["middle", "rest", "scale", "size", "strength", "fade", "paper", "lit", "colors", "round_"];
const LEVELS = 65536;

class WebglPainter {
  // Throws when the browser offers no WebGL 2, or too little memory. lost, restored: called when the
  // browser takes the graphics away, and gives them back.
  constructor(canvas, lost, restored) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!gl) throw new Error("no WebGL 2");
    this.gl = gl;
    this.canvas = canvas;
    this.heard = { webglcontextlost: lost, webglcontextrestored: restored };
    for (const [name, handler] of Object.entries(this.heard)) canvas.addEventListener(name, handler);
    this.make();
  }

  // Everything that lies in the graphics memory, but the points.
  make() {
    const gl = this.gl;
    this.sync = null;
    this.program = this.build();
    this.at = {};
    for (const name of UNIFORMS) this.at[name] = gl.getUniformLocation(this.program, name);
    this.coarse = gl.createBuffer();
    this.finer = gl.createBuffer();
    this.maps = [];  // of each map: {marks, colors}
    this.whole = gl.createFramebuffer();
    this.pixels = gl.createRenderbuffer();
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
  }

  build() {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("shaders refused");
    return program;
  }

  // Room for n points in so many maps.
  allocate(n, maps) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.coarse);
    gl.bufferData(gl.ARRAY_BUFFER, 4 * n, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, false, 0, 0);
    gl.enableVertexAttribArray(1);
    for (let i = 0; i < maps; i++) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.map(i).marks);
      gl.bufferData(gl.ARRAY_BUFFER, n, gl.STATIC_DRAW);
    }
    gl.disableVertexAttribArray(2);
    gl.vertexAttrib2f(2, 0.5, 0.5);
    if (gl.getError()) throw new Error("no graphics memory");
  }

  map(i) {
    const gl = this.gl;
    return this.maps[i] ??= { marks: gl.createBuffer(), colors: gl.createTexture() };
  }

  points(bytes, from) { this.put(this.coarse, bytes, from); }

  marks(i, bytes) { this.put(this.map(i).marks, bytes, 0); }

  put(buffer, bytes, from) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferSubData(this.gl.ARRAY_BUFFER, from, bytes);
  }

  fine(values) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.finer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(2);
    gl.vertexAttribPointer(2, 2, gl.UNSIGNED_SHORT, true, 0, 0);
  }

  // The colours of a map by code, "#RRGGBB", and the paper behind them.
  palette(i, colors, paper) {
    const gl = this.gl, table = new Uint8Array(128 * 4);
    colors.forEach((c, j) => table.set([...rgb(c), 255], 4 * j));
    gl.bindTexture(gl.TEXTURE_2D, this.map(i).colors);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 128, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.paper = rgb(paper).map((v) => v / 255);
  }

  resize(width, height) {
    const gl = this.gl;
    this.canvas.width = width;
    this.canvas.height = height;
    gl.bindRenderbuffer(gl.RENDERBUFFER, this.pixels);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.whole);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, this.pixels);
  }

  // Start an empty picture for a camera; low, span: the range of the 65,536 steps in data units.
  begin(camera, low, span, size) {
    const gl = this.gl, { middle, steps } = placing(camera, low, span);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.whole);
    gl.clearColor(...this.paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform3f(this.at.paper, ...this.paper);
    gl.uniform2f(this.at.middle, ...middle.map(Math.floor));
    gl.uniform2f(this.at.rest, ...middle.map((v) => v - Math.floor(v)));
    gl.uniform2f(this.at.scale, ...steps);
    gl.uniform1f(this.at.size, size);
    gl.uniform1i(this.at.round_, size >= 3 ? 1 : 0);
  }

  // Draw some points in map i, in the part [left, bottom, width, height] of the canvas: those that
  // are lit (1) or not (0); fade: how far their colours go to paper.
  add(i, part, first, count, lit, strength, fade) {
    const gl = this.gl, { marks, colors } = this.map(i);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.whole);
    gl.viewport(...part);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(...part);
    gl.bindBuffer(gl.ARRAY_BUFFER, marks);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
    gl.bindTexture(gl.TEXTURE_2D, colors);
    gl.uniform1ui(this.at.lit, lit);
    gl.uniform1f(this.at.strength, strength);
    gl.uniform1f(this.at.fade, fade);
    gl.drawArrays(gl.POINTS, first, count);
    gl.disable(gl.SCISSOR_TEST);
  }

  // Send off what was added; `ready` says when it is drawn.
  send() {
    const gl = this.gl;
    if (this.sync) gl.deleteSync(this.sync);
    this.sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  ready() {
    if (!this.sync) return true;
    if (this.gl.getSyncParameter(this.sync, this.gl.SYNC_STATUS) !== this.gl.SIGNALED) return false;
    this.gl.deleteSync(this.sync);
    this.sync = null;
    return true;
  }

  present() {
    const gl = this.gl, { width, height } = this.canvas;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.whole);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
  }

  close() {
    for (const [name, handler] of Object.entries(this.heard)) {
      this.canvas.removeEventListener(name, handler);
    }
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

// Where the middle of the view lies, in steps of the points, and how far a step goes, in halves of the
// view; low, span: the range of the steps in data units.
function placing(camera, low, span) {
  return {
    middle: [camera.x, camera.y].map((v, i) => (v - low[i]) / span[i] * LEVELS),
    steps: [2 * camera.scale / camera.width * span[0] / LEVELS,
      2 * camera.scale * camera.aspect / camera.height * span[1] / LEVELS],
  };
}

function rgb(color) { return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)); }
