// Whether we may be recorded: said before the microphone opens, kept with the recording, and taken back by a button.

import { $, ask, button, sure, text, when } from "./page.js";

const TEXT = "1"; // the version of `consent.recorded` in the texts, as spaces/setting.py has it

export class Consent {
  /** @param {{ space: string, seat: { token: string, command: (action: () => unknown) => unknown, stop: (sentence: string) => void } }} of */
  constructor({ space, seat }) {
    this.space = space;
    this.seat = seat;
    /** @type {SpaceView | null} */
    this.view = null;
    this.said = "";
    this.back = button(text("consent.back"), () => this.#takeBack(), { className: "small" });
  }

  get #own() {
    return this.view?.seats.find(({ id }) => id === this.view?.you.seat);
  }

  /** Whether the button that leads onto the stage is to be one that agrees. */
  get needed() {
    return Boolean(this.view?.records && this.#own && this.#own.agreed_ms === null);
  }

  /** @param {SpaceView} view */
  draw(view) {
    this.view = view;
    const own = this.#own;
    const at = own?.agreed_ms ?? null;
    const said = !view.records ? text("consent.unrecorded")
      : at !== null ? text("consent.agreed", { when: when(at) })
        : own?.withdrawn_ms ? text("consent.withdrawn", { when: when(own.withdrawn_ms) }) : text("consent.recorded");
    this.#showWithdrawn(view);
    if (said === this.said) return;
    this.said = said;
    $("agreed").replaceChildren(said, ...(view.records && at !== null ? [" ", this.back] : []));
  }

  /**
   * Says with the offer that we have read what stands beside the button we have pressed.
   * @returns {Record<string, string>}
   */
  give() {
    return this.view?.records === false ? {} : { "Seat-Agreed": TEXT };
  }

  /**
   * Hosts are told who has taken it back, and where what they said is cut.
   * @param {SpaceView} view
   */
  #showWithdrawn(view) {
    const place = document.getElementById("consent-withdrawn");
    if (!place) return;
    const names = view.seats.filter(({ withdrawn_ms: at }) => at !== null).map(({ name }) => name);
    const hosts = view.you.role !== "speaker";
    place.hidden = !names.length || !hosts || !view.records;
    const { lang } = document.documentElement;
    const sentence = text("consent.host", { names: new Intl.ListFormat(lang).format(names) });
    if (!place.hidden && place.textContent !== sentence) place.textContent = sentence;
  }

  async #takeBack() {
    if (!await sure(text("consent.sure"), text("consent.back"))) return;
    await this.seat.command(async () => {
      await ask("DELETE", `/spaces/${this.space}/seats/${this.view?.you.seat}/agreement`, { token: this.seat.token });
      this.seat.stop(text("consent.off"));
    });
  }
}
