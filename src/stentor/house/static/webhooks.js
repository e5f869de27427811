// Webhooks of the site, or of one space: made, tried, turned off; and what was sent to them.

import { $, ask as call, button, element, sure, text, when } from "./page.js";
import { locale } from "./shared/texts.js";
import { attempt } from "./sign.js";

const NOT_THEIRS = new Set([401, 403, 404]);
const AGAIN_MS = 3000;

/** @type {{ id?: string }} */
const { id } = JSON.parse($("page").textContent); // of a space
const LIST = id ? `/spaces/${id}/webhooks` : "/site/webhooks";
const token = (id && sessionStorage.getItem(`stentor-invitation-${id}`)) ?? ""; // what the page of the stage keeps in this tab
/**
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown }} [more]
 */
const ask = (method, path, more = {}) => call(method, path, { token, ...more });

/** @typedef {{ number: number, name: string, url: string, events: string[], private: boolean, enabled: boolean, trouble: string, failing_ms: number | null }} Webhook */
/** @typedef {{ id: string, type: string, state: string, attempts: number, status: number, trouble: string, duration_ms: number, at_ms: number, due_ms: number | null }} Delivery */

/** @param {Webhook} hook */
function state(hook) {
  if (!hook.enabled) return text(hook.trouble ? `webhooks.${hook.trouble}` : "webhooks.off");
  return text(hook.failing_ms ? "webhooks.ill" : "webhooks.on");
}

/** @param {string} secret */
function show(secret) {
  $("secret").textContent = secret;
  $("fresh").hidden = false;
  $("fresh").scrollIntoView({ block: "nearest" });
}

/** @param {Webhook} hook */
function row(hook) {
  const said = [state(hook), hook.events.join(", ") || text("webhooks.all_events")];
  if (hook.private) said.push(text("webhooks.knows_private"));
  const path = `/webhooks/${hook.number}`;
  const turn = button(text(hook.enabled ? "webhooks.turn_off" : "webhooks.turn_on"), () => attempt(async () => {
    await ask("PATCH", path, { body: { enabled: !hook.enabled } });
    await draw();
  }), { className: "small" });
  const test = button(text("webhooks.test"), () => attempt(async () => {
    await ask("POST", `${path}/test`);
    $("notice").textContent = text("webhooks.tested");
  }), { className: "small" });
  const log = button(text("webhooks.log"), () => attempt(() => drawLog(hook)), { className: "small" });
  const fresh = button(text("webhooks.new_secret"), async () => {
    if (await sure(text("webhooks.new_secret_sure", { name: hook.name }), text("webhooks.new_secret"), false)) attempt(async () => show((await ask("POST", `${path}/secret`)).secret));
  }, { className: "small" });
  const removed = button(text("webhooks.delete"), async () => {
    if (await sure(text("webhooks.sure", { name: hook.name }), text("webhooks.delete"))) attempt(async () => {
      await ask("DELETE", path);
      $("log").hidden = true;
      await draw();
    });
  }, { className: "small danger" });
  const name = element("span", {}, element("strong", {}, hook.name), " ", element("code", {}, hook.url), element("br"), element("span", { className: "quiet" }, said.join(" · ")));
  return element("li", {}, name, element("span", { className: "buttons" }, log, test, turn, fresh, removed));
}

/** @param {Delivery} delivery */
function result(delivery) {
  const { attempts, status, state: is, trouble, due_ms } = delivery;
  if (is === "done") return text("webhooks.delivered", { status });
  const key = `webhooks.trouble_${trouble}`;
  const known = text(key);
  const why = known === key ? (status ? text("webhooks.status", { status }) : trouble) : known;
  return is === "waiting" ? text("webhooks.waiting", { attempts, why, when: when(due_ms ?? 0) }) : text("webhooks.given_up", { attempts, why });
}

/** @param {Webhook} hook */
async function drawLog(hook) {
  const { deliveries } = await ask("GET", `/webhooks/${hook.number}/deliveries`);
  const took = new Intl.NumberFormat(locale(), { style: "unit", unit: "millisecond" });
  const rows = deliveries.map((/** @type {Delivery} */ each) => {
    const said = element("span", {}, element("code", {}, each.type), element("br"), element("span", { className: "quiet" }, [when(each.at_ms), took.format(each.duration_ms), result(each)].join(" · ")));
    if (each.type === "webhook.test") return element("li", {}, said);
    const again = button(text("webhooks.again"), () => attempt(async () => {
      await ask("POST", `/webhooks/${hook.number}/deliveries/${each.id}`);
      $("notice").textContent = text("webhooks.sent_again");
    }), { className: "small" });
    return element("li", {}, said, again);
  });
  $("deliveries").replaceChildren(...(rows.length ? rows : [element("li", { className: "quiet" }, text("webhooks.log_none"))]));
  $("log-title").textContent = `${text("webhooks.log")}: ${hook.name}`;
  $("log").hidden = false;
  $("log").scrollIntoView({ block: "nearest" });
}

async function draw() {
  const { webhooks } = await ask("GET", LIST);
  $("parts").hidden = false; // whoever may not see them has nothing to fill in either
  $("webhooks").replaceChildren(...(webhooks.length ? webhooks.map(row) : [element("li", { className: "quiet" }, text("webhooks.none"))]));
}

$("add").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  const form = event.target;
  attempt(async () => {
    const given = new FormData(form);
    const body = { url: given.get("url"), name: given.get("name"), events: given.getAll("events"), private: given.has("private") };
    show((await ask("POST", LIST, { body })).secret);
    form.reset();
    await draw();
  });
});
attempt(() => draw().catch((error) => {
  if (!NOT_THEIRS.has(error.status)) setTimeout(() => attempt(draw), AGAIN_MS); // nothing of the page is shown without the list
  throw error;
}));
