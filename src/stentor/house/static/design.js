// The page of the design system: what opens opens, and the colours are shown by their names.

import "./design-still.js";
import { $ } from "./shared/element.js";
import { openSheet } from "./shared/sheet.js";
import { sure } from "./shared/sure.js";
import { openTabs } from "./shared/tabs.js";
import { toast } from "./shared/toast.js";

for (const swatch of document.querySelectorAll("[data-colour]")) {
  const place = /** @type {HTMLElement} */ (swatch);
  place.style.setProperty("background", `var(--${place.dataset.colour})`);
}
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => openSheet($(/** @type {HTMLElement} */ (button).dataset.open ?? "")));
}
openTabs(/** @type {HTMLElement} */ (document.querySelector('.tabs[role="tablist"]')));
$("a-toast").addEventListener("click", () => toast($("a-toast").textContent));
$("a-question").addEventListener("click", () => sure($("a-question").textContent, { yes: $("a-toast").textContent, no: $("a-question").dataset.no }));
