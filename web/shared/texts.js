/**
 * A text with its {names} filled in; what is not given stays as it is.
 * @param {string} template
 * @param {TextValues} values
 */
export const filled = (template, values) =>
  template.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** For dates and numbers: the reader's own variety of the page's language. */
export const locale = () => {
  const { lang } = document.documentElement;
  return navigator.languages.find((tag) => tag.split("-")[0] === lang) ?? lang;
};

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
export const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];

/**
 * "in 2 days", "5 minutes ago": in the largest unit that is full, and days that are to come rounded.
 * @param {number} ms
 */
export function relative(ms) {
  const [unit, size] = UNITS.find(([, full]) => Math.abs(ms) >= full) ?? UNITS[3];
  const count = unit === "day" && ms > 0 ? Math.round(ms / size) : Math.trunc(ms / size);
  return new Intl.RelativeTimeFormat(locale()).format(count, unit);
}
