// A page whose connection came back is drawn once more. Streamlit waits for the next press, and
// where the server knows the page no longer (it was started anew, or the computer slept), that press
// would be lost, or lead to another page without the data that the address of this one names.
const STATE = "data-test-connection-state";

export default function ({ parentElement, setTriggerValue }) {
  parentElement.leave?.();
  const app = document.querySelector("[data-testid=stApp]");
  let connected = true;  // else nothing had called this
  const watcher = new MutationObserver(() => {
    const before = connected;
    connected = app.getAttribute(STATE) === "CONNECTED";
    if (connected && !before) setTriggerValue("back", true);
  });
  watcher.observe(app, { attributes: true, attributeFilter: [STATE] });
  return parentElement.leave = () => watcher.disconnect();
}
