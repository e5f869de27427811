// What those on the stage are told of their space: the words of its phase (spaces/phase.py), with the values they need.

import { text } from "./page.js";
import { locale, relative } from "./shared/texts.js";

/** States in which there is no stage any more. */
export const OVER = new Set(["ended", "replay", "cancelled"]);

/**
 * A headline and a sentence, for a host or a speaker.
 * @param {SpaceView} view
 */
export function told(view) {
  const who = view.you.role === "speaker" ? "speaker" : "host";
  const { scheduled_ms: planned, ended_ms: ended, now_ms: now, phase } = view;
  const minutes = new Intl.NumberFormat(locale(), { style: "unit", unit: "minute" });
  const begun = view.live_ms ?? view.doors_open_ms;
  const values = {
    host: view.seats.find(({ role }) => role === "host")?.name,
    date: planned && new Intl.DateTimeFormat(locale(), { dateStyle: "full", timeStyle: "short" }).format(planned),
    in: planned && relative(planned - now),
    minutes: planned && Math.floor((now - planned) / 60_000),
    length: begun && ended && minutes.format(Math.max(1, Math.round((ended - begun) / 60_000))),
  };
  return [text(`phase.${phase}.${who}`, values), text(`phase.${phase}.${who}_say`, values)];
}

/**
 * What is to be said of a space that is over.
 * @param {SpaceView} view
 */
export const over = (view) => told(view).map((sentence) => sentence.replace(/[^.]$/, "$&.")).join(" ");
