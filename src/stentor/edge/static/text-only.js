// Text only, for lines that carry no sound: a small pulse now and then, and a list of who spoke when. Nothing else is
// loaded.

const EVERY_MS = 4000;
const MOST_LINES = 30;

export class TextOnly {
  #told;
  #list;
  #timer = 0;
  /** @type {string | null} */
  #last = null;
  on = false;

  /**
   * @param {HTMLElement} list
   * @param {TextOnlyEvents} told
   */
  constructor(list, told) {
    this.#list = list;
    this.#told = told;
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    this.#last = null;
    clearTimeout(this.#timer);
    if (on) this.#look();
  }

  async #look() {
    if (!document.hidden && this.#told.live()) {
      try {
        const pulse = await this.#told.ask();
        if (!this.on) return;
        this.#told.show(pulse);
        this.#tell(pulse);
      } catch {
        // the next one may come through
      }
    }
    clearTimeout(this.#timer);
    if (this.on) this.#timer = setTimeout(() => this.#look(), EVERY_MS * (0.75 + Math.random() / 2));
  }

  /** @param {Pulse} pulse */
  #tell(pulse) {
    const names = pulse.seats.filter((seat) => seat.talking).map((seat) => seat.name).join(", ");
    if (names === this.#last) return;
    this.#last = names;
    const time = new Intl.DateTimeFormat(this.#told.language(), { timeStyle: "medium" }).format(pulse.at);
    const line = document.createElement("li");
    line.textContent = `${time} ${names ? this.#told.say("talks", { names }) : this.#told.say("nobody_talks")}`;
    this.#list.prepend(line);
    while (this.#list.children.length > MOST_LINES) this.#list.lastChild?.remove();
  }
}
