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

// Called anew whenever data change; Streamlit ends only the last call, so each ends the one before. What
// was asked for stands with the page: a server that stays of another mind must not be asked for ever.
export default function ({ parentElement, data, setTriggerValue }) {
  parentElement.leave?.();
  const watch = setInterval(() => {
    const dark = isDark(parentElement);
    if (dark === data.dark) window.gestaltTheme = null;
    else if (dark !== window.gestaltTheme) setTriggerValue("changed", window.gestaltTheme = dark);
  }, LOOK);
  return parentElement.leave = () => clearInterval(watch);
}
