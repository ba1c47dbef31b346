// Maps that stand beside each other, and pictures, are drawn by the server for a wide or a narrow screen.
const NARROW = matchMedia("(max-width: 640px)");

// What was asked for stands with the page: each run calls this anew, and a server that stays of another
// mind must not be asked for ever.
export default function ({ data, setTriggerValue }) {
  const look = () => {
    const seen = NARROW.matches ? "narrow" : "wide";
    if (seen === data.drawn) window.gestaltWidth = null;
    else if (seen !== window.gestaltWidth) setTriggerValue("changed", window.gestaltWidth = seen);
  };
  NARROW.addEventListener("change", look);
  look();
  return () => NARROW.removeEventListener("change", look);
}
