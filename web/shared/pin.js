import { element } from "./element.js";

const LINK = /^https?:\/\//i; // the house lets no other in; a link of another kind would run as script

/**
 * What is pinned: a note, or a link.
 * @param {string} text
 * @param {string} url
 */
export const pinned = (text, url) => LINK.test(url)
  ? element("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text)
  : element("span", {}, text);
