// Dates on the axes of a plotly map follow the reader's zoom. The page names round dates of the range
// that it draws; zoomed in, none of them may be left. Plotly asks its layout for the dates each time
// the range changes, and is given those of the range that is shown then.
const APART = { x: 110, y: 70 };  // px between dates, about

// Called anew whenever data change; Streamlit ends only the last call, so each ends the one before.
export default function ({ parentElement, data }) {
  parentElement.leave?.();
  const before = (event) => {  // plotly hears of it
    const plot = event.target.closest?.(".js-plotly-plot");
    if (!plot?.layout || !plot.closest(data.box)) return;
    for (const [name, axis] of Object.entries(plot.layout)) {
      const side = /^[xy](?=axis)/.exec(name)?.[0];
      if (data.dated.includes(side) && axis.tickmode === "array") follow(axis, side, plot);
    }
  };
  const heard = ["wheel", "mousedown", "touchstart", "click"];  // a button by key is a click too
  for (const name of heard) document.addEventListener(name, before, { capture: true, passive: true });
  return parentElement.leave = () => {
    for (const name of heard) document.removeEventListener(name, before, { capture: true });
  };
}

function follow(axis, side, plot) {
  if (Object.getOwnPropertyDescriptor(axis, "tickvals")?.get) return;
  ["tickvals", "ticktext"].forEach((name, i) => {
    let drawn = axis[name];  // by the page, for the whole view
    Object.defineProperty(axis, name, {
      configurable: true,
      enumerable: true,
      get: () => (axis.autorange || !axis.range ? drawn : shown(axis, side, plot).map((tick) => tick[i])),
      set: (value) => { drawn = value; },
    });
  });
}

// [[day, words], ...] of what an axis shows; of less than a minute, its two ends; none where it begins
// or ends beyond the years that a browser can name.
function shown(axis, side, plot) {
  const [low, high] = [...axis.range].map(Number).sort((a, b) => a - b);
  const room = side === "x" ? plot.clientWidth : plot.clientHeight;
  const found = date_ticks(low, high, room / APART[side]);
  if (found.length || high - low > 1) return found;
  const second = (day) => new Date(Math.round(day * 86400) * 1000).toISOString().slice(0, -5);
  return [low, high].map((day) => [day, second(day).replace("T", " ")]);
}
