/**
 * "1:02:03" or "12:34" of seconds; `hours` are shown from one on, or always.
 * @param {number} seconds
 */
export function clock(seconds, hours = false) {
  const whole = Math.max(0, Math.floor(seconds));
  /** @param {number} number */
  const pad = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 && !hours
    ? `${minutes}:${pad(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}
