// What is said of a seat in the list of those on the stage, as keys of texts: who it is, and how it is.

/**
 * `open` says whether there is a stage now, `before` whether the talk is to come: then it is told who is ready, and nobody
 * is missed. `ours` is our own seat, `silent` one that sends nothing.
 * @param {{ state: string, talking: boolean, heard: boolean }} seat
 * @param {{ role: string, ours: boolean, open: boolean, before: boolean, silent: boolean }} known
 */
export function seatWords({ state, talking, heard }, { role, ours, open, before, silent }) {
  const who = [...(ours ? ["stage.you"] : []), `role.${role}`];
  if (!open) return { who, how: "" };
  if (state === "lost") return { who, how: "stage.lost" };
  if (state === "away") return { who, how: !before ? "stage.away" : ours ? "" : "stage.invited" };
  if (before && !heard) return { who, how: "stage.unheard" };
  if (silent) return { who, how: before ? "stage.ready_muted" : "stage.is_muted" };
  return { who, how: talking ? "stage.talking" : before ? "stage.ready" : "stage.open_mic" };
}
