// The picture of the voices: one column for some seconds, as an SVG that is drawn once and filled as it plays.

const SVG = "http://www.w3.org/2000/svg";
const MOST_COLUMNS = 240;
const PEAK_S = 0.96; // of each pair of peaks

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
function columns({ data, length }, most = MOST_COLUMNS) {
  const count = Math.min(most, length);
  const heights = new Array(count).fill(0);
  for (let at = 0; at < length; at += 1) {
    const column = Math.floor((at * count) / length);
    heights[column] = Math.max(heights[column], data[2 * at + 1]);
  }
  const loudest = Math.max(1, ...heights);
  return heights.map((height) => Math.sqrt(height / loudest));
}

export class Wave {
  /** @type {Peaks} */
  #peaks = { data: [], length: 0 };
  #from = 0;
  #to = Infinity;

  /**
   * `place` is where it is drawn, `audio` what plays.
   * @param {HTMLElement} place
   * @param {HTMLAudioElement} audio
   */
  constructor(place, audio) {
    this.place = place;
    this.audio = audio;
  }

  /**
   * Draws peaks (audiowaveform's JSON).
   * @param {Peaks} peaks
   */
  draw(peaks) {
    this.#peaks = peaks;
    this.#draw();
  }

  /** Shows these seconds of the recording alone; without them all of it. */
  show(from = 0, to = Infinity) {
    if (from === this.#from && to === this.#to) return;
    [this.#from, this.#to] = [from, to];
    this.#draw();
  }

  /** The seconds that are shown: the first, and how many. */
  get #shown() {
    const end = Math.min(this.#to, this.audio.duration || 0);
    return [Math.min(this.#from, end), Math.max(0.001, end - Math.min(this.#from, end))];
  }

  /**
   * Which second of the recording stands at a place on the screen.
   * @param {number} clientX
   */
  at(clientX) {
    const { left, width } = this.place.getBoundingClientRect();
    const [from, length] = this.#shown;
    return from + Math.max(0, Math.min(1, (clientX - left) / width)) * length;
  }

  /**
   * Where a second of the recording stands: 0 at the beginning of what is shown, 1 at its end.
   * @param {number} seconds
   */
  part(seconds) {
    const [from, length] = this.#shown;
    return Math.max(0, Math.min(1, (seconds - from) / length));
  }

  /**
   * Colours what lies before this second.
   * @param {number} seconds
   */
  fill(seconds) {
    const svg = this.place.querySelector("svg");
    svg?.querySelector("rect")?.setAttribute("width", String(this.part(seconds) * svg.viewBox.baseVal.width));
  }

  #draw() {
    const { data, length } = this.#peaks;
    if (!length) return;
    const whole = this.#to === Infinity;
    const first = whole ? 0 : Math.floor(this.#from / PEAK_S);
    const last = whole ? length : Math.min(length, Math.ceil(this.#to / PEAK_S));
    this.#path(columns({ data: data.slice(2 * first, 2 * last), length: last - first }));
    this.fill(this.audio.currentTime);
  }

  /** @param {number[]} heights */
  #path(heights) {
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
    this.place.replaceChildren(svg);
  }
}
