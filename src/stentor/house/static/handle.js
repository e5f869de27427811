// Handles as people may write them, and the one that a name suggests.

const LONGEST = 30;
/** What accents hide, as people write it who have no such key. */
const LETTERS = new Map([["ä", "ae"], ["ö", "oe"], ["ü", "ue"], ["ß", "ss"], ["æ", "ae"], ["ø", "o"], ["ł", "l"]]);

/**
 * What is being written as a handle: in small letters, without accents, with hyphens for spaces.
 * @param {string} written
 */
export const plain = (written) =>
  written.normalize("NFC").toLowerCase().replace(/[^a-z]/g, (sign) => LETTERS.get(sign) ?? sign)
    .normalize("NFKD").replace(/\p{M}/gu, "").replace(/\s/g, "-");

/**
 * The handle for a name; empty where it has no letters of ours.
 * @param {string} name
 */
export const suggested = (name) =>
  plain(name).replace(/[^a-z0-9_-]/g, "").replace(/-+/g, "-").replace(/^[-_]+/, "").slice(0, LONGEST).replace(/[-_]+$/, "");
