// The rundown as lines of text, and the end that it plans.

export const MINUTE_MS = 60_000;
const LINE = /^(.*?)(?:[\s,;·–-]+(\d{1,3}))?\s*$/; // a title, and the minutes behind it

/**
 * What somebody wrote, an item a line; one whose title is the same as before stays the same item.
 * @param {string} written
 * @param {{ id: string, title: string }[]} before
 */
export function parsed(written, before) {
  const left = [...before];
  return written.split("\n").filter((line) => line.trim()).map((line) => {
    const [, title, minutes] = /** @type {RegExpExecArray} */ (LINE.exec(line.trim()));
    const at = left.findIndex((item) => item.title === title);
    const id = at < 0 ? "" : left.splice(at, 1)[0].id;
    return { id, title: title || line.trim(), minutes: title ? Number(minutes ?? 0) : 0 };
  });
}

/**
 * When the talk is to end (ms since 1970): all the minutes after it began, or is to begin; null where none are planned.
 * @param {{ rundown: { minutes: number }[], live_ms: number | null, scheduled_ms: number | null }} view
 */
export function plannedEnd({ rundown, live_ms: live, scheduled_ms: planned }) {
  const minutes = rundown.reduce((sum, item) => sum + item.minutes, 0);
  const begin = live ?? planned;
  return minutes && begin ? begin + minutes * MINUTE_MS : null;
}
