// What one press leads to is one entry of the browser's history. Streamlit makes an entry of every
// address a page passes through: opening a file passes through six, and Back would need six presses.
const PRESSES = ["pointerup", "click", "keydown", "drop", "change"];

// A table without groups, or a step waited for: what follows takes its place.
const unfinished = (query) => query.has("wait") || (query.has("t") && !query.has("c"));

function watch() {
  const { history, location } = window;
  const push = history.pushState;
  let entered = true;  // whether the last press has its entry; the page just opened has one
  for (const press of PRESSES) addEventListener(press, () => (entered = false), true);
  // What comes by itself after Back or Forward must not cut off the entries that follow.
  addEventListener("popstate", () => (entered = true), true);
  history.pushState = (state, title, to) => {
    const same = new URL(to ?? "", location).pathname === location.pathname;
    const over = entered || (same && unfinished(new URLSearchParams(location.search)));
    entered = true;
    if (over) history.replaceState(state, title, to);
    else push.call(history, state, title, to);
  };
}

export default function () {
  if (!window.gestaltAddress) watch();
  window.gestaltAddress = true;
}
