// The page of the design system: what opens opens, and the colours are shown by their names.

import { $ } from "./shared/element.js";
import { openSheet } from "./shared/sheet.js";
import { openTabs } from "./shared/tabs.js";
import { toast } from "./shared/toast.js";

for (const swatch of document.querySelectorAll("[data-colour]")) {
  const place = /** @type {HTMLElement} */ (swatch);
  place.style.setProperty("background", `var(--${place.dataset.colour})`);
}
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => openSheet($(/** @type {HTMLElement} */ (button).dataset.open ?? "")));
}
openTabs(/** @type {HTMLElement} */ (document.querySelector(".tabs")));
$("a-toast").addEventListener("click", () => toast($("a-toast").textContent));
