// The picture of the voices: one column for some seconds, as an SVG that is drawn once and filled as it plays.

const SVG = "http://www.w3.org/2000/svg";
const MOST_COLUMNS = 240;

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function make(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

/**
 * Heights from 0 to 1: the loudest of each column, on a scale on which quiet voices are seen too.
 * @param {Peaks} peaks
 */
export function columns({ data, length }, most = MOST_COLUMNS) {
  const count = Math.min(most, length);
  const heights = new Array(count).fill(0);
  for (let at = 0; at < length; at += 1) {
    const column = Math.floor((at * count) / length);
    heights[column] = Math.max(heights[column], data[2 * at + 1]);
  }
  const loudest = Math.max(1, ...heights);
  return heights.map((height) => Math.sqrt(height / loudest));
}

/**
 * Draws the peaks (audiowaveform's JSON) into an element.
 * @param {HTMLElement} place
 * @param {Peaks} peaks
 */
export function drawWave(place, peaks) {
  const heights = columns(peaks);
  const path = heights
    .map((height, at) => {
      const tall = 4 + 92 * height;
      return `M${at * 10 + 1} ${50 - tall / 2}h8v${tall}h-8z`;
    })
    .join("");
  const svg = make("svg", { viewBox: `0 0 ${heights.length * 10} 100`, preserveAspectRatio: "none" });
  svg.setAttribute("aria-hidden", "true");
  const clip = make("clipPath", { id: "heard" });
  clip.append(make("rect", { x: 0, y: 0, width: 0, height: 100 }));
  svg.append(clip, make("path", { d: path }), make("path", { d: path, class: "played", "clip-path": "url(#heard)" }));
  place.replaceChildren(svg);
}

/**
 * Colours the part (0 to 1) that has been heard.
 * @param {HTMLElement} place
 * @param {number} part
 */
export function fillWave(place, part) {
  const svg = place.querySelector("svg");
  svg?.querySelector("rect")?.setAttribute("width", String(part * svg.viewBox.baseVal.width));
}
