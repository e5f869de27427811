// Portraits: initials on a quiet colour, and over them the picture of whoever has one. Pictures never compete with the
// sound: they are asked for once it plays, or when the page has been there for a while, each at a random moment of a
// time that grows with the audience. A crowded edge offers none, and who saves data gets none.

const ALONE_MS = 5000;
const LISTENERS_A_SECOND = 500;
const MOST_S = 120;

function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], ...words.slice(1).slice(-1)].map((word) => [...word][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

// From the id of the seat: the same at every visit.
function hue(seat) {
  return [...seat].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 0);
}

export class Portraits {
  #silent;
  #offer = null; // the addresses by seat, as door.json has them
  #places = []; // elements that show a seat
  #onStage = new Map(); // by seat: the one of these in the list of who is on the stage
  #begun = false;
  listeners = 0;

  /** `silent` says whether nothing is to be asked for now. */
  constructor(silent) {
    this.#silent = silent;
    setTimeout(() => this.begin(), ALONE_MS);
  }

  /** From now on pictures may be asked for. */
  begin() {
    this.#begun = true;
    for (const place of this.#places) this.#look(place);
  }

  /** What door.json says: the addresses by seat, or null where none are to be asked for. */
  offer(addresses) {
    this.#offer = addresses;
    for (const place of this.#places) this.#look(place);
  }

  /** The portrait on the stage: always the same element, so that a picture does not flicker. */
  of(seat, name) {
    if (!this.#onStage.has(seat)) this.#onStage.set(seat, this.make(seat, name));
    const place = this.#onStage.get(seat);
    place.dataset.initials = initials(name);
    return place;
  }

  /** One more portrait of a seat. */
  make(seat, name) {
    const place = document.createElement("span");
    place.className = "portrait";
    place.setAttribute("aria-hidden", "true"); // the name stands beside it
    place.style.setProperty("--hue", String(hue(seat)));
    Object.assign(place.dataset, { seat, initials: initials(name), address: "" });
    this.#places.push(place);
    this.#look(place);
    return place;
  }

  #look(place) {
    if (!this.#offer) return; // what is there stays
    const address = this.#offer[place.dataset.seat] ?? "";
    if (place.dataset.address === address) return;
    place.replaceChildren();
    place.dataset.address = "";
    if (!address || !this.#begun || this.#spared) return;
    place.dataset.address = address;
    setTimeout(() => this.#load(place, address), Math.random() * 1000 * Math.min(MOST_S, this.listeners / LISTENERS_A_SECOND));
  }

  get #spared() {
    // @ts-ignore: not every browser tells
    return this.#silent() || Boolean(navigator.connection?.saveData);
  }

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
