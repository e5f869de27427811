import { element } from "./element.js";

const ADDRESS = /\bhttps?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]/gi; // without the sentence's own signs after it

/**
 * A text of somebody else as nodes: addresses of the web are links, everything else is text.
 * @param {string} text
 */
export function linked(text) {
  /** @type {(string | HTMLElement)[]} */
  const nodes = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    nodes.push(text.slice(end, index), element("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, address));
    end = index + address.length;
  }
  return [...nodes, text.slice(end)];
}
