// This tab's hold on a seat: since when, and whether it is muted. It is kept over a reload of the tab, and no longer
// than until the seat is given up here or taken on another device.

const STALE_MS = 4000; // what the house says of a seat may be so old
const WAIT_MS = 1000; // a page that is loaded again may be quicker than the end of the old one

export class Here {
  /**
   * `onAir` says whether our person is heard now: then the browser asks before it leaves the page.
   * @param {string} space
   * @param {() => boolean} onAir
   */
  constructor(space, onAir) {
    this.key = `stentor-on-stage-${space}`;
    this.left = -Infinity; // when, by performance.now()
    this.takenMs = 0; // when this tab took the seat, by the house's clock
    /** @type {(() => void) | undefined} */
    this.release = undefined;
    window.addEventListener("beforeunload", (event) => onAir() && event.preventDefault());
  }

  /**
   * Somebody has pressed the button here: from `now` on (ms, by the house's clock) the seat is this tab's.
   * @param {number} now
   */
  async take(now) {
    this.leave();
    this.takenMs = Math.round(now);
    await this.#lock();
  }

  /**
   * Remembers that we are on the stage, and whether muted.
   * @param {boolean} muted
   */
  keep(muted) {
    sessionStorage.setItem(this.key, JSON.stringify({ takenMs: this.takenMs, muted }));
  }

  /**
   * What this tab had before it was loaded again; null when it had nothing. A tab that was duplicated has a copy of
   * what is kept, but not the lock.
   * @returns {Promise<{ takenMs: number, muted: boolean } | null>}
   */
  async before() {
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "null");
    if (!kept) return null;
    this.takenMs = kept.takenMs;
    if (await this.#lock()) return kept;
    this.takenMs = 0;
    sessionStorage.removeItem(this.key);
    return null;
  }

  /** The seat is given up here; `displaced`: another device has it now. */
  leave(displaced = false) {
    this.left = displaced || !this.takenMs ? -Infinity : performance.now();
    sessionStorage.removeItem(this.key);
    this.release?.();
    this.release = undefined;
    this.takenMs = 0;
  }

  /**
   * Whether our person is on the stage with another device than this one, which is not.
   * @param {SpaceView} view
   */
  elsewhere({ seats, you }) {
    const connected = seats.some(({ id, state }) => id === you.seat && state === "connected");
    return connected && performance.now() - this.left > STALE_MS;
  }

  /**
   * Holds a lock of this browser for as long as the page lives or until `release`; gives whether it is ours.
   * @returns {Promise<boolean>}
   */
  #lock() {
    return new Promise((done) => {
      const held = () => new Promise((release) => {
        this.release = () => release(undefined);
        done(true);
      });
      const signal = AbortSignal.timeout(WAIT_MS);
      navigator.locks.request(`${this.key}-${this.takenMs}`, { signal }, held).catch(() => done(false));
    });
  }
}
