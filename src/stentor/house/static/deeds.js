// What one does with a post, in place: the server says anew how it looks, and the focus stays.

import { Composer } from "./composer.js";
import { sure, text } from "./page.js";
import { localise } from "./post-times.js";
import { load, send, wrongOf } from "./sending.js";
import { toast } from "./shared/toast.js";

export function followDeeds() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const post = /** @type {HTMLElement | null} */ (form.closest("[data-post]"));
    if (form.dataset.sure && form.dataset.agreed === undefined) {
      event.preventDefault();
      asks(form, event.submitter);
      return;
    }
    if (!form.dataset.deed || !post) return;
    event.preventDefault();
    tell(() => does(form, post, event.submitter));
  });
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const pressed = /** @type {Element} */ (event.target);
    const link = /** @type {HTMLElement | null} */ (pressed.closest("[data-delete], [data-reply], button[data-copy]"));
    const post = /** @type {HTMLElement | null} */ (link?.closest("[data-post]"));
    if (!link || !post) return;
    event.preventDefault();
    if (link.dataset.delete) tell(() => removes(link, post));
    else if (link.dataset.reply) tell(() => replies(link, post));
    else tell(() => copies(link));
  });
}

/**
 * Sends a form once somebody is sure.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} by
 */
async function asks(form, by) {
  if (!await sure(form.dataset.sure ?? "", form.dataset.yes ?? "")) return by?.focus();
  form.dataset.agreed = "";
  return form.requestSubmit(by);
}

/** @param {() => Promise<unknown>} work */
async function tell(work) {
  try {
    await work();
  } catch (error) {
    toast(error.message);
  }
}

/** @param {HTMLElement} post */
const card = ({ dataset, classList }) =>
  `/home/posts/${dataset.post}/card?${new URLSearchParams({ ...(classList.contains("large") && { large: "" }), depth: dataset.depth ?? "0", here: location.pathname })}`;

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} post
 * @param {HTMLElement | null} by
 */
async function does(form, post, by) {
  const button = form.querySelector("button");
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const pressed = button?.getAttribute("aria-pressed");
  if (pressed) button?.setAttribute("aria-pressed", String(pressed === "false"));
  try {
    const found = await send(form, { by, next: card(post) });
    const wrong = wrongOf(found);
    if (wrong && found.answer.redirected && found.answer.status === 404) return leave(post); // one's own boost, taken back
    if (wrong) throw new Error(wrong);
    renew(post, found.page, form.dataset.deed ?? "");
  } catch (error) {
    if (pressed) button?.setAttribute("aria-pressed", pressed);
    throw error;
  } finally {
    form.ariaBusy = "false";
  }
}

/**
 * Puts a post in the place of what it was; the focus stays where it was in it.
 * @param {HTMLElement} post
 * @param {Document} page
 * @param {string} deed
 */
function renew(post, page, deed) {
  const fresh = /** @type {HTMLElement | null} */ (page.querySelector("article"));
  if (!fresh) return;
  const focused = post.contains(document.activeElement);
  const open = [...post.querySelectorAll(".warned")].map((each) => /** @type {HTMLDetailsElement} */ (each).open);
  localise(fresh);
  post.replaceWith(fresh);
  for (const [at, each] of fresh.querySelectorAll(".warned").entries()) /** @type {HTMLDetailsElement} */ (each).open = open[at] ?? false;
  if (!focused) return;
  const same = /** @type {HTMLElement | null} */ (fresh.querySelector(`[data-deed="${deed}"] button`));
  if (same) return same.focus();
  fresh.tabIndex = -1;
  fresh.focus({ preventScroll: true });
}

/**
 * A post that is there no more goes, and the focus to the one beside it.
 * @param {HTMLElement} post
 */
function leave(post) {
  const beside = /** @type {HTMLElement | null} */ (post.nextElementSibling ?? post.previousElementSibling);
  post.remove();
  if (!beside) return;
  beside.tabIndex = -1;
  beside.focus({ preventScroll: true });
}

/**
 * @param {HTMLElement} link
 * @param {HTMLElement} post
 */
async function removes(link, post) {
  const menu = link.closest("details");
  if (!await sure(text("home.sure_delete"), text("home.delete_sure"))) {
    menu?.querySelector("summary")?.focus();
    return;
  }
  const found = await load(`/home/posts/${link.dataset.delete}/delete`, { method: "POST", body: new URLSearchParams({ next: "/home" }) });
  const wrong = wrongOf(found);
  if (wrong) throw new Error(wrong);
  if (post.classList.contains("large")) location.assign("/home");
  else leave(post);
}

/** @param {HTMLElement} button */
async function copies(button) {
  await navigator.clipboard.writeText(new URL(button.dataset.copy ?? "", location.href).href);
  button.closest("details")?.removeAttribute("open");
  toast(text("home.copied"));
}

/**
 * Opens a form below a post; what is sent from it appears there. Pressed again, an empty one is closed.
 * @param {HTMLElement} link
 * @param {HTMLElement} post
 */
async function replies(link, post) {
  if (post.classList.contains("large")) {
    /** @type {HTMLElement | null} */ (document.querySelector("#reply textarea"))?.focus();
    return;
  }
  const there = post.nextElementSibling;
  if (there?.matches(".compose")) {
    const field = /** @type {HTMLTextAreaElement | null} */ (there.querySelector("textarea[name='text']"));
    if (field?.value.trim()) field.focus();
    else {
      there.remove();
      link.focus();
    }
    return;
  }
  const found = await load(`/home/compose?${new URLSearchParams({ reply: link.dataset.reply ?? "", part: "" })}`);
  const form = /** @type {HTMLFormElement | null} */ (found.page.querySelector("form"));
  const wrong = wrongOf(found);
  if (wrong || !form) throw new Error(wrong || text("error.house"));
  post.after(form);
  const composer = new Composer(form, async (address) => {
    const id = /\/posts\/(\d+)$/.exec(address)?.[1];
    if (!id) return false;
    const depth = post.dataset.depth ? Math.min(3, Number(post.dataset.depth) + 1) : post.closest("section") ? 1 : 0;
    const [mine, theirs] = await Promise.all([load(`/home/posts/${id}/card?depth=${depth}&here=${location.pathname}`), load(card(post))]);
    const made = /** @type {HTMLElement | null} */ (mine.page.querySelector("article"));
    if (!made) return false;
    localise(made);
    form.replaceWith(made);
    made.tabIndex = -1;
    made.focus();
    renew(post, theirs.page, "reply");
    toast(text("home.posted"));
    return true;
  });
  composer.focus();
}
