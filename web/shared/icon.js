// The pictures of the design system: icons in the colour of the text, and reactions. What they say stands beside them.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = "./icons.svg";
const REACTIONS = "./reactions.svg";

/** What people may send, in the order in which it is offered. */
export const REACTION_NAMES = ["heart", "clap", "laugh", "wow", "thumb"];

/**
 * @param {string} sprite
 * @param {string} name
 * @param {string} className
 */
function symbol(sprite, name, className) {
  const picture = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  picture.setAttribute("class", className);
  picture.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  picture.append(use);
  return picture;
}

/** @param {string} name */
export const icon = (name) => symbol(ICONS, name, "icon");

/** @param {string} name */
export const reaction = (name) => symbol(REACTIONS, name, "reaction");
