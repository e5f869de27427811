// What comes back from the audience: how many listen, their reactions, and for speakers what is written. All of it is read
// where the audience reads it.

import { $, element, pause, text, when } from "./page.js";
import { roleOf } from "./comment-row.js";
import { commentRow, fill } from "./shared/comment.js";
import { between } from "./shared/pace.js";
import { REACTION_NAMES, reaction } from "./shared/icon.js";
import { locale } from "./shared/texts.js";

/** @type {Pace} */
const LOOK_S = [2, 4];

export class Audience {
  /** @type {SpaceView | null} */
  #view = null;

  /** @param {SpaceView} view */
  look(view) {
    const begins = !this.#view;
    this.#view = view;
    const on = Boolean(view.audience.pulse);
    const count = view.listeners.toLocaleString(locale());
    $("audience-count").textContent = $("audience").textContent = on ? text("spaces.listeners", { count }) : "";
    if (!on) $("audience-reactions").replaceChildren();
    if (begins) this.#follow();
  }

  async #follow() {
    for (;;) {
      const { audience, you } = /** @type {SpaceView} */ (this.#view);
      if (audience.pulse && !document.hidden) {
        await read(audience.pulse, ({ reactions }) => showReactions(reactions ?? {}));
        if (!you.may.includes("comments")) await read(`${audience.page}/comments.json`, showComments); // else they are moderated
      }
      await pause(between(LOOK_S));
    }
  }
}

/**
 * Gives what is at `address` to `show`; what cannot be read now is read the next time.
 * @param {string} address
 * @param {(found: any) => void} show
 */
export async function read(address, show) {
  try {
    const reply = await fetch(address, { credentials: "omit", signal: AbortSignal.timeout(4000) });
    if (reply.ok) show(await reply.json());
  } catch {
    // the next time
  }
}

/** @param {Record<string, number>} counts */
function showReactions(counts) {
  const given = REACTION_NAMES.filter((name) => counts[name]);
  $("audience-reactions").replaceChildren(...given.map((name) => element("span", { title: text(`reaction.${name}`) },
    reaction(name), element("span", { className: "unseen" }, text(`reaction.${name}`)),
    ` ${counts[name].toLocaleString(locale())}  `)));
}

/** @param {Chat} chat */
function showComments({ state, comments }) {
  $("comments").hidden = state !== "open";
  $("comments-said").textContent = comments.length ? "" : text("comments.none");
  fill($("comments-log"), comments, (comment) => commentRow(comment, { role: roleOf(comment), when: when(comment.at_ms) }));
}
