// One slide at a time, by key, click or touch. The address says which, so a reload stays there:
// "#3", or "#3-dark". Nothing moves: a slide is there or not.
const slides = [...document.querySelectorAll(".slide")];
const at = (id) => document.getElementById(id);
let here = 0, dark = false;

function read() {
  const [, number, shade] = /^#(\d{1,4})(-dark)?$/.exec(location.hash) || [, "1", ""];
  here = Math.min(Math.max(Number(number), 1), slides.length) - 1;
  dark = shade === "-dark";
}

function show(speak) {
  document.documentElement.classList.toggle("dark", dark);
  slides.forEach((slide, i) => { slide.hidden = i !== here; });
  at("where").textContent = `${here + 1} of ${slides.length}`;
  at("back").disabled = here === 0;
  at("next").disabled = here === slides.length - 1;
  at("shade").setAttribute("aria-pressed", String(dark));
  history.replaceState(null, "", `#${here + 1}${dark ? "-dark" : ""}`);
  const title = slides[here].querySelector("h1, h2");
  document.title = `${title.textContent} · ${document.querySelector("h1").textContent}`;
  if (!speak) return;
  at("said").textContent = `Slide ${here + 1} of ${slides.length}: ${title.textContent}`;
  title.focus({ preventScroll: true });
  slides[here].scrollTop = 0;
}

function go(to) {
  const wanted = Math.min(Math.max(to, 0), slides.length - 1);
  if (wanted === here) return;
  here = wanted;
  show(true);
}

function shade() { dark = !dark; show(false); }
function leave() { location.assign(document.body.dataset.back); }

const KEYS = {
  ArrowRight: () => go(here + 1), PageDown: () => go(here + 1), " ": () => go(here + 1),
  ArrowLeft: () => go(here - 1), PageUp: () => go(here - 1), Backspace: () => go(here - 1),
  Home: () => go(0), End: () => go(slides.length - 1), Escape: leave, d: shade, D: shade,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // A button keeps its own keys.
  if (event.key === " " && event.target.closest("button, a")) return;
  const act = event.key === " " && event.shiftKey ? KEYS.ArrowLeft : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
let from = null;
addEventListener("touchstart", (event) => { from = event.touches[0]; }, { passive: true });
addEventListener("touchend", (event) => {
  if (!from) return;
  const dx = event.changedTouches[0].clientX - from.clientX;
  const dy = event.changedTouches[0].clientY - from.clientY;
  from = null;
  if (Math.abs(dx) > 60 && Math.abs(dx) > 2 * Math.abs(dy)) go(here + (dx < 0 ? 1 : -1));
}, { passive: true });
addEventListener("hashchange", () => { read(); show(true); });
at("back").addEventListener("click", () => go(here - 1));
at("next").addEventListener("click", () => go(here + 1));
at("shade").addEventListener("click", shade);

document.documentElement.classList.add("running");
read();
show(false);
