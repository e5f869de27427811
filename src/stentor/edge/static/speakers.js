// For how long each person had the floor in a recording.

import { clock } from "./shared/clock.js";
import { $, element } from "./shared/element.js";

/**
 * Below the chapters; nothing where nobody spoke.
 * @param {{ people: { seat: string, name: string, seconds: number, share: number }[] } | null} found as speaking.json has it
 * @param {{ say: Say, portraits: import("./portraits.js").Portraits, language: string }} page
 */
export function showSpeakers(found, { say, portraits, language }) {
  $("speakers")?.remove();
  if (!found?.people.length) return;
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const rows = found.people.map(({ seat, name, seconds, share }) => element("li", {},
    portraits.make(seat, name), element("bdi", {}, name), element("span", {}, `${clock(seconds)} · ${percent.format(share)}`)));
  const list = element("ul", { className: "chapters speakers" }, ...rows);
  $("chapters-panel").append(element("details", { id: "speakers" }, element("summary", {}, say("speaking_times")), list));
}
