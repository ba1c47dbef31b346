// The server draws maps and pictures for a light or a dark page. When the page changes (the system's
// dark hours, the menu), Streamlit recolours its own parts at once and runs nothing: ask for a run.
const LOOK = 500;  // ms

function isDark(element) {
  const probe = document.createElement("i");
  probe.style.color = "var(--st-background-color)";
  element.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

export default function ({ parentElement, data, setTriggerValue }) {
  let asked = null;
  const watch = setInterval(() => {
    const dark = isDark(parentElement);
    if (dark === data.dark) asked = null;
    else if (dark !== asked) setTriggerValue("changed", asked = dark);
  }, LOOK);
  return () => clearInterval(watch);
}
