/**
 * The element of that id. What kind it is, the page's template says.
 * @type {(id: string) => any}
 */
export const $ = (id) => document.getElementById(id);

/**
 * An element with properties and children; strings become text, never markup.
 * @param {string} name
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  const { dataset, ...rest } = properties;
  Object.assign(made, rest);
  Object.assign(made.dataset, dataset);
  made.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child !== null && child !== "")));
  return made;
}
