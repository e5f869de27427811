// What is set for other servers: one by one, and by lists that are shown before they are taken over.

import { $, ask, button, element, sure, text } from "./page.js";
import { attempt, values } from "./sign.js";

/** @typedef {{ domain: string, severity: string, no_media: boolean, no_reports: boolean, comment: string }} ServerPolicy */
/** @typedef {{ policy: ServerPolicy, people: number, follows: number }} ServerRow */
/** @typedef {{ policy: ServerPolicy, now: ServerPolicy | null, follows: number, changes: boolean }} PreviewRow */
/** @typedef {{ rows: PreviewRow[], skipped: { line: number, text: string, trouble: string }[] }} ServerListView */

/** Rows of a list that are shown one by one; of the others there is the number. */
const MOST_SHOWN = 500;
let chosen = "";

/** @param {ServerPolicy | null} policy */
function said(policy) {
  if (!policy) return text("servers.nothing");
  const found = policy.severity === "none" ? [] : [text(`servers.is_${policy.severity}`)];
  if (policy.no_media) found.push(text("servers.is_no_media"));
  if (policy.no_reports) found.push(text("servers.is_no_reports"));
  return found.join(", ");
}

/** @param {ServerRow} row */
function drawn({ policy, people, follows }) {
  const quiet = (/** @type {string} */ words) => element("span", { className: "quiet" }, words);
  return element("li", {},
    element("span", {}, element("strong", {}, policy.domain), " ", quiet(said(policy)), " ",
      quiet(text("servers.known", { people, follows })), ...(policy.comment ? [element("br", {}), quiet(policy.comment)] : [])),
    button(text("servers.change"), () => edit(policy), { className: "small", ariaLabel: `${text("servers.change")}: ${policy.domain}` }),
    button(text("servers.lift"), () => lift(policy.domain), { className: "small danger", ariaLabel: `${text("servers.lift")}: ${policy.domain}` }));
}

async function draw() {
  /** @type {{ servers: ServerRow[] }} */
  const { servers } = await ask("GET", "/site/servers");
  $("servers").replaceChildren(...(servers.length ? servers.map(drawn) : [element("li", { className: "quiet" }, text("servers.none"))]));
}

/** @param {ServerPolicy} policy */
function edit(policy) {
  const form = /** @type {HTMLFormElement} */ ($("set"));
  for (const name of /** @type {const} */ (["domain", "severity", "comment"])) form[name].value = policy[name];
  for (const name of /** @type {const} */ (["no_media", "no_reports"])) form[name].checked = policy[name];
  form.severity.focus();
}

/** @param {string} domain */
async function lift(domain) {
  if (!await sure(text("servers.lift_sure", { domain }), text("servers.lift"), false)) return;
  await attempt(async () => {
    await ask("DELETE", `/site/servers/${encodeURIComponent(domain)}`);
    $("notice").textContent = text("servers.lifted", { domain });
    await draw();
  });
}

$("set").addEventListener("submit", async (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  const form = event.target, [domain, severity, comment] = ["domain", "severity", "comment"].map((name) => String(values(form)[name]));
  if (severity === "block" && !await sure(text("servers.block_sure", { domain }), text("servers.block_yes"))) return;
  await attempt(async () => {
    const body = { severity, comment, no_media: form.no_media.checked, no_reports: form.no_reports.checked };
    await ask("PUT", `/site/servers/${encodeURIComponent(domain)}`, { body });
    form.reset();
    $("notice").textContent = text("servers.saved", { domain });
    await draw();
  });
});

/** @param {ServerListView} seen */
function preview({ rows, skipped }) {
  const changing = rows.filter((row) => row.changes);
  $("seen").hidden = false;
  $("take").hidden = changing.length === 0;
  $("sums").textContent = text("servers.sums", { changing: changing.length, same: rows.length - changing.length, left: skipped.length });
  $("rows").replaceChildren(...changing.slice(0, MOST_SHOWN).map(({ policy, now, follows }) => element("li", {},
    element("label", { className: "check" }, element("input", { type: "checkbox", checked: true, value: policy.domain }), " ", policy.domain),
    element("span", { className: "quiet" }, `${said(now)} → ${said(policy)}${follows ? `. ${text("servers.resting", { count: follows })}` : ""}`))));
  $("left").hidden = skipped.length === 0;
  $("skipped").replaceChildren(...skipped.slice(0, MOST_SHOWN).map(({ line, text: words, trouble }) => element("li", {},
    element("span", {}, text("servers.line", { line }), ` ${words} `, element("span", { className: "quiet" }, text(`servers.trouble_${trouble}`))))));
}

$("list").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  const [file] = event.target.file.files;
  attempt(async () => {
    chosen = await file.text();
    preview(await ask("POST", "/site/server-lists/preview", { body: { text: chosen } }));
  });
});

$("take").addEventListener("click", () => attempt(async () => {
  /** @type {NodeListOf<HTMLInputElement>} */
  const boxes = $("rows").querySelectorAll("input");
  const left = new Set([...boxes].filter((box) => !box.checked).map((box) => box.value));
  /** @type {ServerListView} */
  const { rows } = await ask("POST", "/site/server-lists/preview", { body: { text: chosen } });
  const only = rows.map((row) => row.policy.domain).filter((domain) => !left.has(domain));
  await ask("POST", "/site/server-lists", { body: { text: chosen, only } });
  $("seen").hidden = true;
  $("notice").textContent = text("servers.taken", { count: only.length });
  await draw();
}));
attempt(draw);
