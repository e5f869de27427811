/**
 * A text with its {names} filled in; what is not given stays as it is.
 * @param {string} template
 * @param {TextValues} values
 */
export const filled = (template, values) =>
  template.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
