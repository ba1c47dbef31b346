// Maps that stand beside each other, and pictures, are drawn by the server for a wide or a narrow screen.
const NARROW = matchMedia("(max-width: 640px)");

// Called anew whenever data change; Streamlit ends only the last call, so each ends the one before. What
// was asked for stands with the page: a server that stays of another mind must not be asked for ever.
export default function ({ parentElement, data, setTriggerValue }) {
  parentElement.leave?.();
  const look = () => {
    const seen = NARROW.matches ? "narrow" : "wide";
    if (seen === data.drawn) window.gestaltWidth = null;
    else if (seen !== window.gestaltWidth) setTriggerValue("changed", window.gestaltWidth = seen);
  };
  NARROW.addEventListener("change", look);
  look();
  return parentElement.leave = () => NARROW.removeEventListener("change", look);
}
