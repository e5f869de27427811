// Captions: the switch, and where they are. What shows them (spoken.js) is loaded by those who want to read; they need
// not hear.

const KEY = "stentor-captions";

/**
 * A browser may forbid the storage altogether.
 * @template T
 * @param {(kept: Storage) => T} use
 */
function storage(use) {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

export class Captions {
  /** @type {CaptionAddresses | null} */
  #addresses = null;
  /** @type {Promise<import("./spoken.js").Spoken | null> | null} */
  #spoken = null;
  #reading = false;
  #may = false;

  /**
   * `button` turns them on and off, `panel` has the lines, `wait` says why there are none; `say` is the page's texts.
   * @param {{ button: HTMLElement, panel: HTMLElement, wait: HTMLElement, say: Say }} page
   */
  constructor({ button, panel, wait, say }) {
    this.button = button;
    this.panel = panel;
    this.wait = wait;
    this.say = say;
    this.on = storage((kept) => kept.getItem(KEY)) === "on";
    button.addEventListener("click", () => {
      this.on = !this.on;
      storage((kept) => kept.setItem(KEY, this.on ? "on" : "off"));
      this.#switch();
    });
    this.#switch();
  }

  /**
   * Where the captions are, or nothing when there are none; who is `reading` only has them without the switch. While
   * there `may` be some one can ask for them: nothing jumps when the first comes.
   * @param {CaptionAddresses | null} addresses
   * @param {{ reading: boolean, may: boolean }} circumstances
   */
  offer(addresses, { reading, may }) {
    this.#addresses = addresses;
    this.#reading = reading;
    this.#may = may;
    this.#switch();
  }

  /**
   * Which chunk is heard now; null when nothing is, or the player does not tell: then all is shown that was said.
   * @param {number | null} chunk
   */
  async heard(chunk) {
    if (this.panel.hidden || document.hidden || !this.#addresses) return;
    const { panel, say } = this;
    /** @param {typeof import("./spoken.js")} module */
    const made = ({ Spoken }) => new Spoken({ panel, say });
    this.#spoken ??= import("./spoken.js").then(made).catch(() => (this.#spoken = null)); // without a line it is tried again
    (await this.#spoken)?.look(this.#addresses, chunk);
  }

  #switch() {
    const there = Boolean(this.#addresses);
    this.button.hidden = !this.#may;
    this.button.setAttribute("aria-pressed", String(this.on));
    this.panel.hidden = !(this.#may && this.on) && !(there && this.#reading);
    this.wait.textContent = this.say(there ? "captions_wait" : "captions_none");
  }
}
