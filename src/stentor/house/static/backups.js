// Backups: made now or every day, fetched, deleted.

import { $, ask, button, element, pause, sure, text, when } from "./page.js";
import { locale } from "./shared/texts.js";
import { attempt, values } from "./sign.js";

const EVERY_MS = 2000;

/** @param {number} bytes */
function size(bytes) {
  const [unit, by] = bytes < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, maximumFractionDigits: bytes < 1e7 ? 1 : 0 }).format(bytes / /** @type {number} */ (by));
}

/** @param {any} backup */
function row(backup) {
  const said = [size(backup.size_bytes), text(backup.checked_ms ? "backups.checked" : "backups.unchecked")];
  if (backup.by) said.push(`@${backup.by}`);
  const fetched = element("a", { className: "button small", href: `/api/v1/site/backups/${backup.name}`, download: backup.name }, text("backups.fetch"));
  const removed = button(text("backups.delete"), async () => {
    if (await sure(text("backups.sure", { when: when(backup.made_ms) }), text("backups.delete"))) attempt(async () => draw(await ask("DELETE", `/site/backups/${backup.name}`)));
  }, { className: "small danger" });
  const name = element("span", {}, when(backup.made_ms), element("span", { className: "quiet" }, ` · ${said.join(" · ")}`));
  return element("li", {}, name, fetched, removed);
}

let running = false;

/** @param {any} found */
function draw(found) {
  const none = element("li", { className: "quiet" }, text("backups.none"));
  $("backups").replaceChildren(...(found.backups.length ? found.backups.map(row) : [none]));
  running = Boolean(found.running);
  $("running").hidden = !running;
  if (running) $("written").textContent = text("backups.written", { size: size(found.running.written_bytes) });
  $("make").disabled = running;
  $("failed").hidden = !found.failed;
  if (found.failed) $("failed").textContent = `${text("backups.failed")} ${failure(found.failed)}`;
}

/** @param {{ code: string, detail: string }} failed */
function failure({ code, detail }) {
  const key = `problem.${code}`;
  const said = text(key);
  return said === key ? detail : said;
}

/** Looks again for as long as one is being made. */
async function follow() {
  while (running) {
    await pause(EVERY_MS);
    if (!(await attempt(async () => draw(await ask("GET", "/site/backups"))))) return;
  }
  $("notice").textContent = $("failed").hidden ? text("backups.done") : "";
}

$("make").addEventListener("click", async () => {
  $("notice").textContent = "";
  if (await attempt(async () => draw(await ask("POST", "/site/backups")))) await follow();
});
$("plan").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  attempt(async () => {
    const { hour, keep } = /** @type {any} */ (values(event.target));
    draw(await ask("PATCH", "/site/backups", { body: { hour: hour === "" ? null : Number(hour), keep: Number(keep) } }));
    $("notice").textContent = text("backups.planned");
  });
});
for (const option of /** @type {NodeListOf<HTMLOptionElement>} */ (document.querySelectorAll("#hour option[value]:not([value=''])"))) {
  const now = new Date();
  now.setUTCHours(Number(option.value), 0, 0, 0);
  option.textContent = new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(now);
}
attempt(async () => {
  draw(await ask("GET", "/site/backups"));
  if (running) await follow();
});
