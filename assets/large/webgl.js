// Draws points that lie in the graphics memory: 4 bytes of place, 1 byte of colour and light each,
// and 4 more bytes of place once the reader zooms so far in that 65,536 steps show.
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
  // Throws when the browser offers no WebGL 2, or too little memory.
  constructor(canvas, lost) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!gl) throw new Error("no WebGL 2");
    this.gl = gl;
    this.canvas = canvas;
    this.sync = null;
    canvas.addEventListener("webglcontextlost", lost);
    this.program = this.build();
    this.at = {};
    for (const name of UNIFORMS) this.at[name] = gl.getUniformLocation(this.program, name);
    this.buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
    this.colors = gl.createTexture();
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

  // Room for n points.
  allocate(n) {
    const gl = this.gl, [coarse, mark] = this.buffers;
    gl.bindBuffer(gl.ARRAY_BUFFER, coarse);
    gl.bufferData(gl.ARRAY_BUFFER, 4 * n, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, mark);
    gl.bufferData(gl.ARRAY_BUFFER, n, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
    gl.disableVertexAttribArray(2);
    gl.vertexAttrib2f(2, 0.5, 0.5);
    if (gl.getError()) throw new Error("no graphics memory");
  }

  points(bytes, from) { this.put(0, bytes, from); }

  marks(bytes, from) { this.put(1, bytes, from); }

  fine(values) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[2]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(2);
    gl.vertexAttribPointer(2, 2, gl.UNSIGNED_SHORT, true, 0, 0);
  }

  put(which, bytes, from) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[which]);
    this.gl.bufferSubData(this.gl.ARRAY_BUFFER, from, bytes);
  }

  // The colours by code, "#RRGGBB", and the paper behind them.
  palette(colors, paper) {
    const gl = this.gl, table = new Uint8Array(128 * 4);
    colors.forEach((c, i) => table.set([...rgb(c), 255], 4 * i));
    gl.bindTexture(gl.TEXTURE_2D, this.colors);
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
    gl.viewport(0, 0, width, height);
  }

  // Start an empty picture for a camera; low, span: the range of the 65,536 steps in data units.
  begin(camera, low, span, size) {
    const gl = this.gl;
    const middle = [camera.x, camera.y].map((v, i) => (v - low[i]) / span[i] * LEVELS);
    const steps = [2 * camera.scale / camera.width * span[0] / LEVELS,
      2 * camera.scale * camera.aspect / camera.height * span[1] / LEVELS];
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

  // Draw some points: those that are lit (1) or not (0); fade: how far their colours go to paper.
  add(first, count, lit, strength, fade) {
    const gl = this.gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.whole);
    gl.uniform1ui(this.at.lit, lit);
    gl.uniform1f(this.at.strength, strength);
    gl.uniform1f(this.at.fade, fade);
    gl.drawArrays(gl.POINTS, first, count);
    if (this.sync) gl.deleteSync(this.sync);
    this.sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  // Whether all that was added is drawn.
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

  close(lost) {
    this.canvas.removeEventListener("webglcontextlost", lost);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function rgb(color) { return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)); }
