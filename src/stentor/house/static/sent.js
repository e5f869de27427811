// How a destination of a simulcast stands: a light, and a sentence.

import { light, text, when } from "./page.js";

/** @typedef {{ state: string, trouble: string, since_ms: number | null, dropped: number, behind_ms?: number, lost_ms?: number }} Sent */
const BEHIND_MS = 5000; // less is a picture that is large
/** @type {Record<string, string>} */
const COLOURS = { live: "green", connecting: "yellow", waiting: "red" };

/**
 * @param {Sent} one
 * @param {string} [words] what the server said itself
 * @param {string} [name]
 */
export function sent(one, words = "", name = "") {
  const parts = [text(`simulcast.state_${one.state}`, { when: one.since_ms ? when(one.since_ms) : "" })];
  if (one.trouble) parts.push(text(`simulcast.trouble_${one.trouble}`));
  if (one.trouble && words) parts.push(text("simulcast.said", { words }));
  if (one.lost_ms) parts.push(text("simulcast.lost", { seconds: Math.round(one.lost_ms / 1000) }));
  if (one.dropped) parts.push(text("simulcast.dropped"));
  if ((one.behind_ms ?? 0) > BEHIND_MS) parts.push(text("simulcast.behind", { seconds: Math.round((one.behind_ms ?? 0) / 1000) }));
  return light(COLOURS[one.state] ?? "off", `${name}${name && ": "}${parts.join(" ")}`);
}
