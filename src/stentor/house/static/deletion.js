// How far the deletion of an account is, for whoever was deleted and is signed out.

import { $, ask, element, text, when } from "./page.js";
import { attempt } from "./sign.js";

const AGAIN_MS = 3000;
const { token } = JSON.parse($("page").textContent);

/**
 * One kind of jobs: how many are done, and what holds up the others.
 * @param {DeletionStep} step
 */
export function step({ kind, jobs, done, trouble }) {
  const state = done === jobs ? text("deletion.done") : text("deletion.waits", { done, jobs });
  const why = done < jobs && trouble ? text(trouble === "space-on-air" ? "deletion.on_air" : "deletion.again") : "";
  return element("li", {}, element("span", {}, text(`deletion.${kind}`)),
    element("span", { className: "quiet" }, [state, why].filter(Boolean).join(" ")));
}

async function look() {
  const found = await ask("GET", `/account/deletion/${token}`);
  $("state").textContent = text(found.done ? "deletion.all" : "deletion.going", { when: when(found.asked_ms), number: found.number });
  $("steps").replaceChildren(...found.steps.map(step));
  if (!found.done) setTimeout(() => attempt(look), AGAIN_MS);
}

attempt(look);
