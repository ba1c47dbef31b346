// Escape, or a double click on the map, lets the selection go. The plot itself cannot say so: after
// each selection it is a new one, which knows of none.
const TYPING = "input, textarea, select, [contenteditable], [role=dialog], [role=listbox]";

// Called anew whenever the page's colours change; Streamlit ends only the last call, so each ends the one
// before.
export default function ({ parentElement, data, setTriggerValue }) {
  parentElement.leave?.();
  const clear = () => setTriggerValue("cleared", Date.now());
  const pressed = (event) => {
    // The second press of a double click: plotly takes the click itself away.
    if (event.detail === 2 && event.target.closest?.(data.box)) clear();
  };
  const typed = (event) => {
    if (event.key === "Escape" && !event.target.closest?.(TYPING)) clear();
  };
  document.addEventListener("mousedown", pressed, true);
  document.addEventListener("keydown", typed);
  return parentElement.leave = () => {
    document.removeEventListener("mousedown", pressed, true);
    document.removeEventListener("keydown", typed);
  };
}
