// The door while a space is too small for all: this device's ticket, its place, and whether it is let in. The place
// never changes, so asking again gains nothing; what changes is the door's threshold, which everybody reads.

const RENEW_MS = 23 * 3600 * 1000;
const COUNTED_LOOKS = 3; // so often who waits asks for its ticket again: whoever does not has gone, for the house

export class Gate {
  #address;
  #key;
  #pass;
  #player; // in a private space a ticket is heard by one player at a time: this one, until the page is loaded anew
  /** @type {Ticket | null} */
  #ticket = null;
  #looks = 0;

  /** @param {string} space */
  constructor(space) {
    this.#address = `/s/${space}/ticket`;
    this.#key = `stentor.ticket.${space}`;
    this.#player = space.includes("/") ? Math.random().toString(36).slice(2) : "";
    this.#pass = new URLSearchParams(location.hash.slice(1)).get("pass") ?? "";
    this.#ticket = this.#kept();
  }

  /**
   * Whether the door lets this device in now; asks for a ticket first when that could matter.
   * @param {DoorDocument} door
   */
  async admits(door) {
    if (!(door.p < 1)) return true;
    if (!this.#ticket || this.#pass) await this.ask();
    const mine = this.#ticket;
    if (!mine) return false;
    if (mine.u < door.p || door.passes.includes(mine.class) || mine.issued_ms < door.narrow_ms) return true;
    this.#looks += 1;
    if (this.#looks % COUNTED_LOOKS === 0) this.#fetch();
    return false;
  }

  // A ticket, the one we have made better by a pass. Who has one before the door becomes narrow was inside.
  async ask() {
    if (!this.#ticket || this.#pass || this.#player) await this.#fetch();
  }

  async #fetch() {
    const query = new URLSearchParams({ ticket: this.#ticket?.ticket ?? "", pass: this.#pass, player: this.#player });
    try {
      const reply = await fetch(`${this.#address}?${query}`, { signal: AbortSignal.timeout(8000) });
      if (reply.status === 409) location.assign(`/enter/${this.#address.split("/")[2]}?elsewhere`); // and says why
      if (!reply.ok) return;
      this.#ticket = await reply.json();
      this.#pass = "";
      localStorage.setItem(this.#key, JSON.stringify(this.#ticket));
    } catch {
      // the edge is away for a moment, or this browser keeps nothing: the next try is soon
    }
  }

  /**
   * The streams' addresses with our ticket, and which player we are.
   * @param {DoorDocument} door
   */
  streams(door) {
    const { ticket } = this.#ticket ?? {};
    if (!ticket && !this.#player) return door.streams;
    /** @param {string} [address] */
    const shown = (address) => `${address}?ticket=${ticket ?? ""}${this.#player && `&player=${this.#player}`}`;
    const { aac, opus, mp4, hls } = door.streams;
    return { ...door.streams, aac: shown(aac), opus: shown(opus), mp4: shown(mp4), hls: shown(hls) };
  }

  /**
   * The share of those outside who stand before us, and the minutes until it is our turn (null: nobody can say).
   * @param {DoorDocument} door
   * @returns {Outlook | null}
   */
  outlook(door) {
    if (!this.#ticket) return null;
    const left = Math.max(0, this.#ticket.u - door.p);
    return { ahead: left / (1 - door.p), minutes: door.pace > 0 && !door.held ? Math.ceil(left / door.pace) : null };
  }

  /** @returns {Ticket | null} */
  #kept() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null");
      return kept && Date.now() - kept.issued_ms < RENEW_MS ? kept : null;
    } catch {
      return null;
    }
  }
}
