// One of the maps beside each other: what lies over its dots, its key, and what is under the mouse.
class Pane {
  constructor(view, root, place) {
    this.view = view;
    this.place = place;
    this.root = root;
    this.area = root.querySelector(".area");
    this.tip = root.querySelector(".tip");
    this.overlay = new Overlay(this.area);
    this.hand = new Hand(this.area, this);
    this.codes = null;    // the colour of each point, or null for one colour
    this.marks = null;    // colour and light of each point, as drawn
    this.left = this.top = 0;
  }

  get camera() { return this.view.camera; }

  fill(data, shared) {
    this.data = data;
    this.root.querySelector(".name").textContent = data.title;
    this.area.setAttribute("aria-label", data.title ? `${data.title}. ${shared.name}` : shared.name);
    this.area.setAttribute("aria-description", shared.help);
    this.overlay.fill({ ...shared, ...data });
    this.legend(data);
  }

  legend(data) {
    const key = this.root.querySelector(".key"), bar = this.root.querySelector(".bar");
    key.replaceChildren(...data.key.map((words) => {
      const line = document.createElement("span");
      line.textContent = words;
      return line;
    }));
    bar.hidden = !data.bar;
    if (!data.bar) return;
    bar.querySelector("i").style.background = `linear-gradient(0deg, ${data.bar.colors.join()})`;
    for (const name of ["title", "low", "high"]) {
      bar.querySelector("." + name).textContent = data.bar[name];
    }
  }

  // Where this map stands in the canvas, px; all are of one size.
  stand(frame) {
    const box = this.area.getBoundingClientRect();
    this.left = Math.round(box.left - frame.left);
    this.top = Math.round(box.top - frame.top);
  }

  // Colour codes (n bytes, or null for code 0) and which rows are lit (bits, or null for all).
  mark(n, bits) {
    this.marks ??= new Uint8Array(n);
    const { marks, codes } = this;
    if (codes) marks.set(codes); else marks.fill(0);
    if (!bits) for (let i = 0; i < n; i++) marks[i] |= 128;
    else for (let i = 0; i < n; i++) marks[i] |= ((bits[i >> 3] >> (i & 7)) & 1) << 7;
  }

  follow() { this.overlay.follow(this.camera); }

  stroke(line, cross) { this.overlay.drawn(line, cross); }

  // Say what lies under the mouse once it rests; delay in ms.
  hover(place, delay = 70) {
    clearTimeout(this.resting);
    if (this.tip_at && Math.hypot(place[0] - this.tip_at[0], place[1] - this.tip_at[1]) > 6) this.leave();
    this.resting = setTimeout(() => this.tell(place), delay);
  }

  async tell([px, py]) {
    this.asking?.abort();
    this.asking = new AbortController();
    const { camera } = this;
    const [x, y] = camera.toData(px, py), [x1, y0] = camera.toData(px + 8, py + 8);
    const query = new URLSearchParams({ pane: this.place, x, y, rx: x1 - x, ry: y - y0 });
    const response = await this.view.ask(`near?${query}`, this.asking.signal);
    const found = response && await response.json().catch(() => null);
    if (!found?.lines) return;
    this.tip_at = [px, py];
    this.tip.replaceChildren(...found.lines.map((words, i) => {
      const line = document.createElement(i === 0 && found.group ? "b" : "span");
      line.textContent = words;
      return line;
    }));
    this.tip.hidden = false;
    const [left, top] = camera.toScreen(found.x, found.y);
    const right = left > camera.width / 2, below = top < camera.height / 2;
    this.tip.style.cssText = `${right ? "right" : "left"}:${right ? camera.width - left + 12 : left + 12}px;`
      + `${below ? "top" : "bottom"}:${below ? top + 8 : camera.height - top + 8}px`;
  }

  leave() {
    clearTimeout(this.resting);
    this.asking?.abort();
    this.tip_at = null;
    this.tip.hidden = true;
  }
}
