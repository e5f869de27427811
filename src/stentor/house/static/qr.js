// A link as a QR code, for whoever stands before the screen. What draws it is loaded when somebody wants one.

import { button, element, text } from "./page.js";

const ENCODER = "./vendor/lean-qr.js";
const DRAWING = "./vendor/lean-qr-svg.js";
/** Black on white also where the page is dark, with the white margin of four modules that ISO/IEC 18004 asks for. */
const LOOK = { on: "#000", off: "#fff", pad: 4 };

/**
 * A button that shows the code of an address and hides it again, and where it shows it.
 * @param {string} address
 * @param {string} name
 * @returns {[HTMLButtonElement, HTMLElement]}
 */
export function qr(address, name) {
  const label = `${text("qr.show")}: ${name}`;
  const place = element("div", { className: "qr", hidden: true });
  const press = button(text("qr.show"), async () => {
    place.hidden = !place.hidden;
    press.ariaExpanded = String(!place.hidden);
    if (place.hidden) return;
    place.replaceChildren(await draw(address, label).catch(() => element("p", { role: "alert" }, text("qr.failed"))));
  }, { ariaLabel: label, ariaExpanded: "false" });
  return [press, place];
}

/**
 * @param {string} address
 * @param {string} label
 */
async function draw(address, label) {
  const [{ generate }, { toSvg }] = await Promise.all([import(ENCODER), import(DRAWING)]);
  const drawn = toSvg(generate(address), document, LOOK);
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", label);
  return drawn;
}
