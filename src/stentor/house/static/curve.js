// How many listened over an evening, as a line: in as many steps as there are pixels for it, each with its highest number.

const HEIGHT = 64;
const STEP_PX = 3;
const SVG = "http://www.w3.org/2000/svg";

/**
 * `peaks` in `count` steps or fewer; each has the highest of its own.
 * @param {number[]} peaks
 * @param {number} count
 */
export function reduced(peaks, count) {
  if (peaks.length <= count) return peaks;
  const size = peaks.length / count;
  return Array.from({ length: count }, (_, at) => Math.max(...peaks.slice(Math.floor(at * size), Math.floor((at + 1) * size))));
}

/**
 * The outline of what lies below the numbers, in a box of `width` by `height`; each step is level.
 * @param {number[]} steps
 * @param {number} width
 * @param {number} height
 */
export function outline(steps, width, height) {
  const most = Math.max(1, ...steps);
  const x = (/** @type {number} */ at) => Math.round(10 * at * width / steps.length) / 10;
  const y = (/** @type {number} */ value) => Math.round(10 * (height - value / most * (height - 2))) / 10;
  return `M0 ${height}${steps.map((value, at) => `V${y(value)}H${x(at + 1)}`).join("")}V${height}Z`;
}

/**
 * Draws into `place`, and again when its width changes.
 * @param {HTMLElement} place
 * @param {number[]} peaks
 * @param {string} said what it shows, for those who do not see it
 */
export function draw(place, peaks, said) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", said);
  svg.append(path);
  place.replaceChildren(svg);
  const fit = () => {
    const width = Math.max(60, Math.floor(place.clientWidth));
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    path.setAttribute("d", outline(reduced(peaks, Math.floor(width / STEP_PX)), width, HEIGHT));
  };
  new ResizeObserver((_, observer) => (svg.isConnected ? fit() : observer.disconnect())).observe(place);
  fit();
}
