// Setting a site up: one question at a time, then whether people can reach it.

import { $, ask, light, text } from "./page.js";
import { locale } from "./shared/texts.js";
import { attempt, values } from "./sign.js";

const ROLES = ["stage", "programme", "archive", "edge"];
const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);
const LITTLE_H = 24;

const steps = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-step]")]);

/** @param {number} at */
function show(at) {
  steps.forEach((step, index) => { step.hidden = index !== at; });
  $("step").textContent = text("welcome.step", { at: at + 1, all: steps.length });
  const first = /** @type {HTMLElement} */ (steps[at]?.querySelector("input:checked, input:not([type=radio]), h2"));
  first.focus();
  if (first instanceof HTMLInputElement) first.select();
  for (const back of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-back]"))) back.hidden = at === 0;
  if (at === steps.length - 1) look();
}

/** How people come in, told by this page's own address. */
function address() {
  const { hostname, origin } = location;
  if (HERE.has(hostname)) return light("yellow", text("welcome.address_here", { address: origin }));
  return isSecureContext
    ? light("green", text("welcome.address", { address: origin }))
    : light("red", text("welcome.address_open", { address: origin }));
}

/** Whoever is here by another address than that of invitations cannot use a passkey of the one at the other. */
function compare() {
  const told = $("address");
  told.hidden = location.origin === told.dataset.house;
  if (!told.hidden) told.replaceChildren(light("yellow", text("welcome.address_other", { here: location.origin, address: told.dataset.house ?? "" })));
}

/** @param {{ role: string, numbers: Record<string, number> }[]} processes */
function running(processes) {
  const missing = ROLES.filter((role) => !processes.some((each) => each.role === role));
  return missing.length
    ? light("red", text("welcome.missing", { roles: missing.map((role) => text(`part.${role}`)).join(", ") }))
    : light("green", text("welcome.running"));
}

/** @param {{ numbers: Record<string, number> }[]} processes */
function room(processes) {
  const hours = Math.min(...processes.flatMap(({ numbers }) =>
    Object.entries(numbers).filter(([name]) => name.startsWith("disk_hours_left")).map(([, value]) => value)));
  if (!Number.isFinite(hours)) return light("green", text("welcome.room_ample"));
  const said = { hours: Math.floor(hours).toLocaleString(locale()) };
  return light(hours < LITTLE_H ? "yellow" : "green", text(hours < LITTLE_H ? "welcome.room_little" : "welcome.room", said));
}

const look = () => attempt(async () => {
  $("found").replaceChildren(address());
  const { processes } = await ask("GET", "/processes");
  $("found").append(running(processes), room(processes));
});

/** @type {Record<string, string>} */
const PORTS = { starttls: "587", tls: "465", none: "25" };
const server = /** @type {HTMLFieldSetElement} */ ($("mail-server"));
const mails = /** @type {HTMLFormElement} */ (server.form);
/** @param {string} name */
const mailField = (name) => /** @type {HTMLInputElement} */ (mails.elements.namedItem(name));

/** Mail is by no server, or by one that has just taken a test mail. */
async function setMail() {
  const { mails: wish, port, ...rest } = values(mails);
  if (wish === "no") return ask("PATCH", "/site/mail", { body: { server: "" } });
  await ask("PATCH", "/site/mail", { body: { ...rest, port: Number(port) } });
  return ask("POST", "/site/mail/test", { body: { to: rest.sender }, timeout: 30000 });
}

mails.addEventListener("change", () => {
  server.hidden = server.disabled = mailField("mails").value === "no";
});
mailField("security").addEventListener("change", () => {
  mailField("port").value = PORTS[mailField("security").value] ?? "";
});
steps.forEach((step, at) => {
  step.querySelector("[data-back]")?.addEventListener("click", () => show(at - 1));
  step.addEventListener("submit", (/** @type {any} */ event) => {
    event.preventDefault();
    attempt(async () => {
      await (event.target === mails ? setMail() : ask("PATCH", "/site", { body: values(event.target) }));
      show(at + 1);
    });
  });
});
$("look").addEventListener("click", look);
compare();
attempt(async () => {
  const site = /** @type {any} */ (await ask("GET", "/site"));
  for (const form of document.forms) {
    for (const name of ["name", "sign_up", "create_spaces"]) {
      const field = /** @type {any} */ (form.elements.namedItem(name));
      if (field) field.value = site[name];
    }
  }
  show(0);
});
