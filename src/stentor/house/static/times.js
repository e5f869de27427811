// Times that the page says in UTC, in the reader's own way and zone.

import { locale } from "./shared/texts.js";

for (const each of document.querySelectorAll("time[data-ms]")) {
  each.textContent = new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" })
    .format(Number(/** @type {HTMLElement} */ (each).dataset.ms));
}
