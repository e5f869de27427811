// What is said of a seat in the list of those on the stage, as keys of texts: who it is, and how it is.

/**
 * `open` says whether there is a stage now: before the doors nobody can be on it, and nobody is missed. `ours` is our own
 * seat, `silent` one that sends nothing.
 * @param {{ state: string, talking: boolean }} seat
 * @param {{ role: string, ours: boolean, open: boolean, silent: boolean }} known
 */
export function seatWords({ state, talking }, { role, ours, open, silent }) {
  const who = [...(ours ? ["stage.you"] : []), `role.${role}`];
  if (!open) return { who, how: ours ? "" : "stage.invited" };
  if (state !== "connected") return { who, how: state === "lost" ? "stage.lost" : "stage.away" };
  if (silent) return { who, how: "stage.is_muted" };
  return { who, how: talking ? "stage.talking" : "stage.open_mic" };
}
