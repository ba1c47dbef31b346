// What was done in the lessons stays with the tab: a page loaded again is a new session to the server,
// which asks once, and then says what to keep.
const NAME = "gestalt-lessons";

export default function ({ data, setTriggerValue }) {
  try {
    if (data.asked) sessionStorage.setItem(NAME, data.done);
    else setTriggerValue("found", sessionStorage.getItem(NAME) || "{}");
  } catch {
    // The browser keeps nothing: what was done is then lost with the page, as without this.
  }
}
