// Talkback: while it is on, those on the stage hear us, and nobody else. The microphone opens only when the stage has said
// that it keeps us apart, and is off when it ends: whoever goes on speaking is never heard by mistake.

import { $, ask, text } from "./page.js";
import { say } from "./own-seat.js";

const AGAIN_MS = 2000; // an order may be lost

export class Aside {
  /** @param {{ space: string, token: string, own: import("./own-seat.js").OwnSeat }} page */
  constructor({ space, token, own }) {
    this.space = space;
    this.token = token;
    this.own = own;
    this.wanted = false;
    this.toldMs = 0;
    $("aside").addEventListener("click", () => {
      $("tools").hidePopover(); // on a phone it lies over what says that it is on
      this.toggle();
    });
    $("mute").addEventListener("click", () => this.wanted && this.#end());
  }

  /** Begins or ends, where it makes sense: on the stage, while the audience listens. */
  toggle() {
    if (this.wanted) this.#end();
    else if (!$("aside").hidden) this.#begin();
  }

  #begin() {
    const { own } = this;
    own.close();
    this.wanted = own.apart = true;
    this.#tell();
    this.#draw();
  }

  #end() {
    this.wanted = this.own.apart = false;
    this.own.openAside(false);
    this.#tell();
    this.#draw();
  }

  /**
   * What the house says: there is talkback on the stage, while the audience listens.
   * @param {SpaceView} view
   */
  look(view) {
    const there = ["live", "interrupted"].includes(view.state) && this.own.seat?.state === "connected";
    $("aside").hidden = !there;
    if (this.wanted && !there) this.#end();
  }

  /**
   * What the stage says just now; nothing, when it cannot be heard.
   * @param {SeatStatus[]} seats
   */
  hear(seats) {
    const aside = Boolean(seats.find(({ id }) => id === this.own.view?.you.seat)?.aside);
    this.own.openAside(this.wanted && aside);
    if (aside !== this.wanted && performance.now() - this.toldMs > AGAIN_MS) this.#tell();
    this.#draw();
  }

  #draw() {
    const { aside } = this.own;
    if ($("aside").ariaPressed !== String(this.wanted)) {
      $("aside").ariaPressed = String(this.wanted);
      this.own.showMuted();
    }
    if (aside) say(text("status.aside"));
    else if ($("status").textContent === text("status.aside")) this.own.sayMuted();
  }

  #tell() {
    this.toldMs = performance.now();
    const path = `/spaces/${this.space}/seats/${this.own.view?.you.seat}`;
    ask("PATCH", path, { token: this.token, body: { aside: this.wanted } }).catch(() => {}); // it is told again
  }
}
