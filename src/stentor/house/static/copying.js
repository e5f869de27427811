// Buttons that put the text of a field into the clipboard; where the browser does not let us, it is selected to be copied.

import { toast } from "./shared/toast.js";

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button[data-field]"))) {
  const field = /** @type {HTMLTextAreaElement | null} */ (document.getElementById(button.dataset.field ?? ""));
  if (!field) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      toast(button.dataset.copied ?? "");
    } catch {
      toast(button.dataset.byHand ?? "");
    }
  });
}
