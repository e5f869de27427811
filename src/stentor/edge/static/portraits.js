// Portraits: initials on a quiet colour, and over them the picture of whoever has one. Pictures never compete with the
// sound: they are asked for once it plays, or when the page has been there for a while, each at a random moment of a
// time that grows with the audience. A crowded edge offers none, and who saves data gets none.

import { initials, portrait } from "./shared/portrait.js";

const ALONE_MS = 5000;
const LISTENERS_A_SECOND = 500;
const MOST_S = 120;

export class Portraits {
  #silent;
  /** @type {Record<string, string> | null} */
  #offer = null; // the addresses by seat, as door.json has them
  /** @type {HTMLElement[]} */
  #places = []; // elements that show a seat
  /** @type {Map<string, HTMLElement>} */
  #onStage = new Map(); // by seat: the one of these in the list of who is on the stage
  #begun = false;
  listeners = 0;

  /**
   * `silent` says whether nothing is to be asked for now.
   * @param {() => boolean} silent
   */
  constructor(silent) {
    this.#silent = silent;
    setTimeout(() => this.begin(), ALONE_MS);
  }

  /** From now on pictures may be asked for. */
  begin() {
    this.#begun = true;
    for (const place of this.#places) this.#look(place);
  }

  /**
   * What door.json says: the addresses by seat, or null where none are to be asked for.
   * @param {Record<string, string> | null} addresses
   */
  offer(addresses) {
    this.#offer = addresses;
    for (const place of this.#places) this.#look(place);
  }

  /**
   * The portrait on the stage: always the same element, so that a picture does not flicker.
   * @param {string} seat
   * @param {string} name
   */
  of(seat, name) {
    const place = this.#onStage.get(seat) ?? this.make(seat, name);
    this.#onStage.set(seat, place);
    place.dataset.initials = initials(name);
    return place;
  }

  /**
   * One more portrait of a seat.
   * @param {string} seat
   * @param {string} name
   */
  make(seat, name) {
    const place = portrait(seat, name);
    Object.assign(place.dataset, { seat, address: "" });
    this.#places.push(place);
    this.#look(place);
    return place;
  }

  /** @param {HTMLElement} place */
  #look(place) {
    if (!this.#offer) return; // what is there stays
    const address = this.#offer[place.dataset.seat ?? ""] ?? "";
    if (place.dataset.address === address) return;
    place.replaceChildren();
    place.dataset.address = "";
    if (!address || !this.#begun || this.#spared) return;
    place.dataset.address = address;
    setTimeout(() => this.#load(place, address), Math.random() * 1000 * Math.min(MOST_S, this.listeners / LISTENERS_A_SECOND));
  }

  get #spared() {
    return this.#silent() || Boolean(navigator.connection?.saveData);
  }

  /**
   * @param {HTMLElement} place
   * @param {string} address
   */
  async #load(place, address) {
    if (place.dataset.address !== address) return;
    if (!this.#offer || this.#spared) {
      place.dataset.address = ""; // perhaps later
      return;
    }
    const picture = new Image();
    picture.alt = "";
    picture.fetchPriority = "low";
    picture.src = address;
    try {
      await picture.decode();
    } catch {
      return; // the initials stay
    }
    if (place.dataset.address === address) place.replaceChildren(picture);
  }
}
