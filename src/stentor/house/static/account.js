// One's own account: profile, ways to sign in, sessions, invitations, export, deletion.

import { $, ask, button, element, link, text, when } from "./page.js";
import { signInAgain } from "./again.js";
import { attempt, canPasskey, download, makePasskey, sayProblem, showCodes, toProvider, values } from "./sign.js";
import { showTokens } from "./tokens.js";
import { remember } from "./shared/remembered.js";
import { forgetAll } from "./unsent.js";

const notice = $("notice");
/** @type {PeoplePage} */
const page = JSON.parse($("page").textContent);
/** @type {AccountView | null} */
let mine = null;

/**
 * Does `work`, after a new sign-in where it takes one.
 * @param {() => unknown} work
 */
const sure = (work) => attempt(work, async () => mine !== null && signInAgain(mine, page.provider));

/**
 * Does `work` and says that it is done.
 * @param {() => unknown} work
 */
const save = (work) => sure(async () => {
  await work();
  notice.textContent = text("account.saved");
});

/**
 * Calls `work` when a form is sent, with its fields, and when all went well sets them to what is kept (or empty).
 * @param {string} id
 * @param {(fields: Record<string, FormDataEntryValue>) => unknown} work
 */
function on(id, work) {
  $(id).addEventListener("submit", async (/** @type {FormEvent} */ event) => {
    event.preventDefault();
    if (await save(() => work(values(event.target)))) event.target.reset();
  });
}

/** @param {AccountView} view */
function draw(view) {
  mine = view;
  const { profile } = view;
  // Defaults, not values: what somebody has begun to type before this came stays.
  $("profile").elements.name.defaultValue = profile.name;
  $("profile").elements.bio.defaultValue = profile.bio;
  $("profile").elements.public.defaultChecked = view.public;
  $("picture").hidden = $("picture-remove").hidden = !profile.picture;
  if (profile.picture) $("picture").src = profile.picture;
  $("current").hidden = !view.has_password;
  $("codes-left").textContent = text("codes.left", { count: view.recovery_codes_left });
  $("passkeys").replaceChildren(...view.passkeys.map((key) => item(key.name,
    key.used_ms ? text("account.used", { when: when(key.used_ms) }) : text("account.made", { when: when(key.created_ms) }),
    button(text("account.remove"), () => save(async () => draw(await ask("DELETE", `/account/passkeys/${key.id}`)))))));
  drawProvider(view.providers.length > 0);
  $("inviting").hidden = !view.invites.length;
  $("invite").elements.role.replaceChildren(...view.invites.map((role) =>
    element("option", { value: role, defaultSelected: role === "member" }, text(`site.${role}`))));
}

/** @param {boolean} linked */
function drawProvider(linked) {
  $("provider").hidden = !page.provider;
  $("provider-said").textContent = text(linked ? "account.provider_linked" : "account.provider_hint", { name: page.provider });
  $("provider-link").textContent = text("account.provider_link", { name: page.provider });
  $("provider-link").hidden = linked;
  $("provider-unlink").hidden = !linked;
}

/**
 * @param {string} name
 * @param {string} detail
 * @param {...(Node | null)} more
 */
const item = (name, detail, ...more) => element("li", {},
  element("span", {}, element("strong", {}, name), " ", element("span", { className: "quiet" }, detail)), ...more);

/**
 * "Firefox on Windows".
 * @param {SessionView} session
 */
const device = ({ browser, system }) =>
  browser && system ? text("account.device", { browser, system }) : browser || system || text("account.device_unknown");

/** @param {{ sessions: SessionView[] }} view */
function drawSessions({ sessions }) {
  $("sessions").replaceChildren(...sessions.map((each) => item(device(each),
    each.current ? text("account.here") : text("account.seen", { when: when(each.seen_ms) }),
    each.current ? null : button(text("account.end"), () =>
      save(async () => drawSessions(await ask("DELETE", `/account/sessions/${each.id}`)))))));
  $("sessions-end").hidden = sessions.length < 2;
}

/** @param {{ invitations: SiteInvitationView[] }} view */
function drawInvitations({ invitations }) {
  $("invitations").replaceChildren(...invitations.map((each) => item(text(`site.${each.role}`),
    text("account.until", { when: when(each.expires_ms) }),
    button(text("account.withdraw"), () =>
      save(async () => drawInvitations(await ask("DELETE", `/site/invitations/${each.id}`)))))));
}

/** @param {{ mail: string, confirmed_ms: number | null, reports: boolean, sends: boolean }} own */
function drawMail({ mail, confirmed_ms: confirmed, reports, sends }) {
  const key = !sends ? "account.mail_off" : !mail ? "account.mail_hint" : confirmed ? "account.mail_well" : "account.mail_asked";
  $("mail-said").textContent = text(key);
  $("mail").elements.mail.defaultValue = mail;
  for (const field of $("mail").elements) field.disabled = !sends && !mail;
  const box = /** @type {HTMLInputElement | null} */ ($("mail-reports"));
  if (box) [box.checked, box.disabled] = [reports, !confirmed];
}

on("profile", async ({ name, bio, public: shown }) =>
  draw(await ask("PATCH", "/account", { body: { name, bio, public: shown !== undefined } })));
on("passkey", async ({ name }) => {
  const passkey = await makePasskey("/account/passkeys/options");
  draw(await ask("POST", "/account/passkeys", { body: { name, passkey } }));
});
on("password", async ({ current, password }) => {
  const body = mine?.has_password ? { current, password } : { password };
  draw(await ask("PUT", "/account/password", { body }));
  drawSessions(await ask("GET", "/account/sessions"));
});
on("mail", async ({ mail }) => drawMail(await ask("PUT", "/account/mail", { body: { mail } })));
$("mail-reports")?.addEventListener("change", (/** @type {EventOn<HTMLInputElement>} */ { target }) =>
  save(async () => drawMail(await ask("PUT", "/account/mail", { body: { reports: target.checked } }))));
on("invite", async ({ role }) => {
  const made = await ask("POST", "/site/invitations", { body: { role } });
  $("invited").replaceChildren(element("p", {}, text("account.invited")), link(made.link, text("account.invited")));
  drawInvitations(await ask("GET", "/site/invitations"));
});
$("leave").addEventListener("submit", async (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  await sure(async () => {
    const { status } = await ask("DELETE", "/account", { body: values(event.target) });
    location.assign(new URL(status).pathname);
  });
});
$("export").addEventListener("click", () => sure(async () => {
  const found = await ask("GET", "/account/export", { timeout: 60000 });
  download(JSON.stringify(found, null, 2), "application/json", `stentor-${mine?.profile.handle}.json`);
  $("archive").click();
}));
$("picture-file").addEventListener("change", async (/** @type {EventOn<HTMLInputElement>} */ { target }) => {
  await save(async () => draw(await ask("PUT", "/account/picture", { file: target.files?.[0], timeout: 60000 })));
  target.value = "";
});
$("picture-remove").addEventListener("click", () => save(async () => draw(await ask("DELETE", "/account/picture"))));
$("codes-new").addEventListener("click", () => save(async () => {
  const { recovery_codes: codes } = await ask("POST", "/account/recovery-codes");
  showCodes(codes);
  $("codes-hint").hidden = false;
  $("codes-left").textContent = text("codes.left", { count: codes.length });
}));
$("provider-link").addEventListener("click", () => sure(() => toProvider("/account/provider")));
$("provider-unlink").addEventListener("click", () => save(async () => {
  await ask("DELETE", "/account/provider");
  draw(await ask("GET", "/account"));
}));
$("sessions-end").addEventListener("click", () => save(async () => drawSessions(await ask("DELETE", "/account/sessions"))));
$("sign-out").addEventListener("click", () => attempt(async () => {
  await ask("POST", "/sign-out");
  forgetAll();
  remember(false); // the front page asks nobody
  location.assign("/");
}));

$("passkey").querySelector("button").disabled = !canPasskey();
draw(page.account); // at once: nothing that stands below may move under somebody's finger later
await attempt(async () => {
  drawSessions(await ask("GET", "/account/sessions"));
  drawMail(await ask("GET", "/account/mail"));
  drawInvitations(await ask("GET", "/site/invitations"));
  await showTokens(sure);
});
sayProblem(page.problem);
