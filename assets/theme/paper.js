// A plot is drawn for the width of the screen; the sheet it is printed on is narrower and would cut it.
// While the browser prints, plots take the sheet's width and keep their shape (see app.css).
function fit() {
  for (const plot of document.querySelectorAll(".js-plotly-plot .svg-container")) {
    const { offsetWidth: width, offsetHeight: height } = plot;
    plot.style.setProperty("--drawn", `${width / height}`);
    for (const svg of plot.querySelectorAll(".main-svg")) svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
}

function free() {
  for (const plot of document.querySelectorAll(".js-plotly-plot .svg-container")) {
    plot.style.removeProperty("--drawn");
    for (const svg of plot.querySelectorAll(".main-svg")) svg.removeAttribute("viewBox");
  }
}

export default function () {
  addEventListener("beforeprint", fit);
  addEventListener("afterprint", free);
  return () => {
    removeEventListener("beforeprint", fit);
    removeEventListener("afterprint", free);
  };
}
