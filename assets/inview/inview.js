// What a plotly map shows when a lasso or a box ends on it, where the reader has zoomed or moved it:
// the selection has the map drawn anew, and the new plot would show everything again.
let plot = null;  // the one that the mouse was pressed on

// Called anew whenever data change; Streamlit ends only the last call, so each ends the one before.
export default function ({ parentElement, data, setStateValue }) {
  parentElement.leave?.();
  let told = JSON.stringify([data.revision, data.known]);
  const pressed = (event) => {
    const found = event.target.closest?.(".js-plotly-plot");
    plot = found?.closest(data.box) ? found : null;
  };
  // A plot that is replaced while a line is drawn on it still hears every move, and fails at each.
  const moved = (event) => { if (plot && !plot._fullLayout) event.stopImmediatePropagation(); };
  const released = () => {
    const pressed_on = plot, shown = plot?._fullLayout;
    plot = null;
    if (pressed_on && !shown) pressed_on._dragging = false;  // nothing is left to be drawn on
    if (data.revision && ["lasso", "select"].includes(shown?.dragmode)) tell(shown);
  };
  const tell = ({ xaxis: x, yaxis: y }) => {
    // A plot whose reader has not moved it still finds its range by itself.
    const limits = x.autorange && y.autorange ? [] : [...x.range, ...y.range].map(Number);
    const words = JSON.stringify([data.revision, limits]);
    if (words === told) return;
    told = words;
    setStateValue("shown", { revision: data.revision, limits });
  };
  // Before plotly hears of it, so that this is known when the selection arrives.
  const heard = { mousedown: pressed, touchstart: pressed, mousemove: moved, touchmove: moved,
    mouseup: released, touchend: released };
  for (const [name, hear] of Object.entries(heard)) document.addEventListener(name, hear, true);
  return parentElement.leave = () => {
    for (const [name, hear] of Object.entries(heard)) document.removeEventListener(name, hear, true);
  };
}
