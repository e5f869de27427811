// A timeline: what is new is offered and does not push what is read, older posts come in place, and how far one has read
// is kept.

import { about, ask, element, text } from "./page.js";
import { localise } from "./post-times.js";
import { load, wrongOf } from "./sending.js";
import { toast } from "./shared/toast.js";

const LOOK_MS = 30_000;
const READ_MS = 2000;
const PAGE = 20;

export function followTimeline() {
  const notices = /** @type {HTMLElement | null} */ (document.querySelector("[data-newest]"));
  if (notices) {
    document.querySelector("[data-read]")?.remove();
    setTimeout(() => ask("PUT", "/markers/notifications", { body: { post: notices.dataset.newest } }).catch(() => {}), READ_MS);
  }
  const timeline = /** @type {HTMLElement | null} */ (document.querySelector("[data-timeline]"));
  if (!timeline) return;
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest("a[data-older]"));
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    older(timeline, link).catch((error) => toast(error.message));
  });
  if (timeline.dataset.fresh) new Fresh(timeline, timeline.dataset.fresh);
  if (timeline.dataset.timeline === "home") keepRead(timeline);
}

/** @param {HTMLElement} timeline */
const newest = (timeline) =>
  [.../** @type {NodeListOf<HTMLElement>} */ (timeline.querySelectorAll("[data-post]"))].reduce((found, { dataset }) => {
    const id = BigInt(dataset.post ?? "0");
    return id > found ? id : found;
  }, 0n);

/** @param {Document} page */
const postsOf = (page) => /** @type {HTMLElement[]} */ ([...(page.querySelector("[data-timeline]")?.querySelectorAll(":scope > *") ?? [])]);

/** @param {HTMLElement} post */
function focus(post) {
  post.tabIndex = -1;
  post.focus({ preventScroll: true });
  post.scrollIntoView({ block: "nearest" });
}

/**
 * @param {HTMLElement} timeline
 * @param {HTMLAnchorElement} link
 */
async function older(timeline, link) {
  link.ariaBusy = "true";
  try {
    const found = await load(link.href);
    const wrong = wrongOf(found);
    if (wrong) throw new Error(wrong);
    const posts = postsOf(found.page).filter(({ id }) => !id || !document.getElementById(id));
    for (const each of posts) localise(each);
    timeline.append(...posts);
    const next = /** @type {HTMLAnchorElement | null} */ (found.page.querySelector("a[data-older]"));
    if (next) link.href = next.href;
    else link.parentElement?.remove();
    if (posts[0]) focus(posts[0]);
    toast(text("home.shown"));
  } finally {
    link.ariaBusy = "false";
  }
}

/** Looks for what is new while somebody looks, and offers it. */
class Fresh {
  /**
   * @param {HTMLElement} timeline
   * @param {string} address
   */
  constructor(timeline, address) {
    this.timeline = timeline;
    this.path = address.replace("/api/v1", "");
    this.button = element("button", { type: "button", className: "small primary fresh", hidden: true });
    this.said = element("p", { className: "unseen", role: "status" });
    timeline.before(this.said, this.button);
    this.button.addEventListener("click", () => this.show().catch((error) => toast(error.message)));
    this.top = newest(timeline);
    const look = async () => {
      if (!document.hidden) await this.look().catch(() => {}); // the next look finds it
      setTimeout(look, about(LOOK_MS));
    };
    setTimeout(look, about(LOOK_MS));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.look().catch(() => {}); });
  }

  async look() {
    const top = newest(this.timeline) || this.top;
    const { posts } = await ask("GET", `${this.path}?after=${top}&limit=${PAGE}`);
    const count = posts.length;
    if (!count) return;
    const said = text(count === 1 ? "home.new_one" : "home.new_many", { count: count === PAGE ? `${PAGE}+` : count });
    this.button.hidden = false;
    if (this.button.textContent !== said) this.said.textContent = this.button.textContent = said;
  }

  async show() {
    const found = await load(location.pathname);
    const wrong = wrongOf(found);
    if (wrong) throw new Error(wrong);
    const top = newest(this.timeline);
    const posts = postsOf(found.page);
    const news = posts.filter(({ dataset }) => dataset.post && BigInt(dataset.post) > top);
    for (const each of posts) localise(each);
    if (news.length >= PAGE) this.timeline.replaceChildren(...posts); // a gap else
    else this.timeline.prepend(...news);
    this.button.hidden = true;
    this.said.textContent = "";
    if (news[0]) focus(news[0]);
    document.querySelector(".empty")?.remove();
  }
}

/**
 * Notes up to which post one has read: what was to be seen for a while.
 * @param {HTMLElement} timeline
 */
function keepRead(timeline) {
  document.querySelector("[data-read]")?.remove();
  let kept = BigInt(timeline.dataset.mark || "0"), seen = kept, timer = 0;
  const keep = () => {
    if (seen <= kept) return;
    kept = seen;
    ask("PUT", "/markers/home", { body: { post: String(seen) } }).catch(() => {}); // the next one notes it, too
  };
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const id = BigInt(/** @type {HTMLElement} */ (target).dataset.post ?? "0");
      if (isIntersecting && id > seen) seen = id;
    }
    clearTimeout(timer);
    timer = setTimeout(keep, READ_MS);
  });
  const follow = () => { for (const each of timeline.querySelectorAll(":scope > [data-post]")) watch.observe(each); };
  follow();
  new MutationObserver(follow).observe(timeline, { childList: true });
}
