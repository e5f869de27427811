// Who spoke how long, of a recording's chapters.

/**
 * Seconds and share of each person from `fromS` on (when the talk went live), who spoke longest first. A turn goes on
 * until the next; short words between belong to who had the floor.
 * @param {{ startTime: number, endTime?: number, title: string, seat?: string }[]} chapters
 */
export function speaking(chapters, fromS = 0) {
  /** @type {Map<string, { seat: string, name: string, seconds: number }>} */
  const people = new Map();
  for (const { startTime, endTime = startTime, title, seat } of chapters) {
    const seconds = endTime - Math.max(startTime, fromS);
    if (!seat || seconds <= 0) continue;
    const before = people.get(seat)?.seconds ?? 0;
    people.set(seat, { seat, name: title, seconds: before + seconds });
  }
  const all = [...people.values()].sort((one, other) => other.seconds - one.seconds);
  const sum = all.reduce((total, { seconds }) => total + seconds, 0);
  return all.map((person) => ({ ...person, share: person.seconds / sum }));
}
