// The verdict so far in a sentence: what is full, and who fills it.

import { ask, text } from "./page.js";
import { locale } from "./shared/texts.js";

const LEAST_COVER = 0.9; // below that nothing is said (evidence/verdict.py)

/**
 * @param {string} space
 * @param {string} token
 */
export async function verdict(space, token) {
  return said(await ask("GET", `/spaces/${space}/verdict`, { token }));
}

/** @param {Verdict} verdict */
export function said({ rows, finding, accuses, fault, resource, used, audience, hearing, cover }) {
  const percent = (/** @type {number} */ share) => Math.round(100 * share).toLocaleString(locale());
  const values = {
    what: resource ? text(`verdict.${resource}`) : "",
    used: percent(used?.value ?? 0),
    audience: percent(audience?.value ?? 0),
    hearing: hearing.toLocaleString(locale()),
    cover: percent(cover),
  };
  if (!rows) return ""; // nothing has been counted yet
  switch (finding) {
    case "NOTHING WAS FULL": return text(accuses ? "verdict.absorbed" : "verdict.nothing", values);
    case "POPULARITY": return text("verdict.popularity", values);
    case "ATTACK": return text("verdict.attack", values);
    case "MIXED": return text(accuses ? "verdict.mixed" : "verdict.blurred", values);
    case "SELF-INFLICTED": return text("verdict.own", { why: text(`verdict.fault_${fault}`) });
    default: return text(cover < LEAST_COVER ? "verdict.unknown" : "verdict.untold", values);
  }
}
