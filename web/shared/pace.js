/**
 * A random time (ms) of a pace in seconds: many who came at once do not ask at once.
 * @param {Pace} pace
 */
export const between = ([from, to]) => (from + Math.random() * (to - from)) * 1000;
