// The page of the design system: what opens opens, and the colours are shown by their names.

import { draw } from "./curve.js";
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
openTabs(/** @type {HTMLElement} */ (document.querySelector(".tabs")));
$("a-toast").addEventListener("click", () => toast($("a-toast").textContent));
$("a-question").addEventListener("click", () => sure($("a-question").textContent, { yes: $("a-toast").textContent, no: $("a-question").dataset.no }));
const heard = Array.from({ length: 200 }, (_, at) => Math.round(900 * Math.sin((at + 1) / 64) ** 2 + (at % 7)));
draw($("a-curve"), heard, $("a-curve").parentElement.previousElementSibling.textContent);
