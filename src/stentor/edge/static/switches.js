// A box to tick that this browser remembers.

/**
 * Calls `change` with whether `box` is ticked: now, and whenever that changes. Remembered under `name`.
 * @param {HTMLInputElement} box
 * @param {string} name
 * @param {(on: boolean) => void} change
 */
export function remembered(box, name, change) {
  const key = `stentor.${name}`;
  try {
    const kept = localStorage.getItem(key);
    if (kept) box.checked = kept === "yes";
  } catch {
    // a frame on another site may not remember anything
  }
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(key, box.checked ? "yes" : "no");
    } catch {
      // then it holds until the page is left
    }
    change(box.checked);
  });
  change(box.checked);
}
