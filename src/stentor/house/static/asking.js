// Asking to speak, and speaking, in one page: a name, the place in the line, the microphone, the seat, and back again.
// A crowd may have this open, so it asks the house rarely, and more rarely while the house does not answer.

import * as alerts from "./alerts.js";
import { $, about, ask, pause, text } from "./page.js";
import { follow } from "./event-stream.js";
import * as microphone from "./microphone.js";
import { OwnSeat, say, warn } from "./own-seat.js";
import { People } from "./people.js";
import { OVER } from "./told.js";

const POLL_MS = 5000;
const LONGEST_POLL_MS = 60000;
const NEXT_MS = 200; // so long after the stage's stream ended the next is asked for
const AGAIN_MS = 2000; // after one that broke off
const REFUSED = new Set([401, 403]);
const MAY_ASK = new Set(["", "closed"]);
const ANSWERS = new Set(["accepted", "closed", "banned"]); // to who waits

export class Asking {
  /**
   * `turned` hears when we go onto the stage, before the microphone is on the line, and when we are off it, and then
   * whether another device has our seat; `hush` is to silence what else plays, while one listens to oneself.
   * @param {AskingPage} page
   * @param {{ turned?: (on: boolean, displaced?: boolean) => void, hush?: (on: boolean) => void }} [around]
   */
  constructor({ id, seated }, { turned = () => {}, hush = () => {} } = {}) {
    this.space = id;
    this.path = `/spaces/${id}/requests`;
    this.kept = `stentor-request-${id}`; // one request a browser: asked anew it keeps its place
    this.seated = seated; // whose seat is their account's needs no request
    this.token = seated ? "" : localStorage.getItem(this.kept) ?? "";
    this.moved = false; // a host has taken our seat
    this.on = false; // whether we are on the stage, or on the way there
    /** @type {SpaceView | null} */
    this.view = null;
    /** @type {Command} */
    const command = (action) => this.#command(action);
    const part = { space: id, token: this.token, command };
    this.own = new OwnSeat({ ...part, turned: (on, displaced) => (this.#turned(on), turned(on, displaced)), hush });
    this.people = new People({ ...part, silent: () => this.own.muted });
    $("ask-form").addEventListener("submit", (/** @type {FormEvent} */ event) => {
      event.preventDefault();
      this.#send(event.target.elements.name.value);
    });
    $("withdraw").addEventListener("click", () => this.#attempt(() => ask("DELETE", `${this.path}/own`, { token: this.token })));
    $("decline").addEventListener("click", () => this.#decline());
    $("testing").addEventListener("toggle", () => this.#test());
    $("studio").addEventListener("click", () => sessionStorage.setItem(`stentor-invitation-${id}`, this.token));
    alerts.settings();
    const obstacle = microphone.blocked();
    $("asking-parts").hidden = Boolean(obstacle);
    if (obstacle) warn(text(obstacle));
    else this.#run();
  }

  /**
   * Shows what has become of the request; without one, the form.
   * @param {RequestView | { state: string, place?: number, waiting?: number }} request
   */
  #show({ state, place, waiting }) {
    if (!MAY_ASK.has(state)) this.moved = false;
    const said = this.moved && MAY_ASK.has(state) ? text("error.audience") : state && text(`ask.${state}`, { place, waiting });
    const changed = $("asking").dataset.state !== state;
    if ($("standing").textContent !== said) $("standing").textContent = said;
    $("asking").dataset.state = state;
    $("ask-form").hidden = !MAY_ASK.has(state);
    $("withdraw").hidden = state !== "waiting";
    $("own-sound").hidden = !["waiting", "accepted"].includes(state);
    $("seat").hidden = state !== "accepted" || !this.view; // which says by what servers the stage is reached
    if ($("own-sound").hidden) $("testing").open = false;
    if (changed) this.own.buttons(); // the sound check is for those who have a seat
    if (state === "waiting") $("green").hidden = true;
  }

  /**
   * What the house says has become of the request: an answer to it is announced.
   * @param {RequestView} request
   */
  #hear(request) {
    const waited = $("asking").dataset.state === "waiting";
    this.#show(request);
    if (waited && ANSWERS.has(request.state)) alerts.alert($("standing").textContent);
  }

  /**
   * On the stage there is nothing to be asked and tested, but somebody to talk with.
   * @param {boolean} on
   */
  #turned(on) {
    this.on = on;
    $("asking-title").textContent = text(on ? "stage.people" : "ask.heading");
    for (const id of ["standing", "agreed", "decline", "alerts"]) $(id).hidden = on;
    $("on-stage").hidden = !on;
    if (on) $("testing").open = false;
  }

  /** Asks again and again what has become of us; while we have a seat, the stage tells. */
  async #run() {
    this.#show({ state: "" });
    await this.own.green.choices(null);
    for (let wait = POLL_MS; ; await pause(about(wait))) {
      try {
        if (this.token) this.#hear(await ask("GET", `${this.path}/own`, { token: this.token }));
        else if (this.seated) this.#show({ state: "accepted" });
        if ($("warning").textContent === text("ask.quiet")) warn("");
        wait = POLL_MS;
      } catch (error) {
        if (REFUSED.has(error.status)) this.#forget();
        else warn(text("ask.quiet"));
        wait = Math.min(LONGEST_POLL_MS, Math.max(wait * 2, error.retryAfter * 1000));
      }
      if ($("asking").dataset.state === "accepted") await this.#takePart();
    }
  }

  /** Shows the stage, for as long as we have a seat there. */
  async #takePart() {
    const heard = {
      /** @param {SpaceView} found */
      view: (found) => {
        const first = !this.view;
        this.#look(found);
        if (first) this.own.back();
      },
      /** @param {SeatStatus[]} seats */
      seats: (seats) => this.people.hear(seats),
    };
    for (;;) {
      let wait = NEXT_MS;
      try {
        await follow(this.space, this.token, heard);
      } catch (error) {
        if (REFUSED.has(error.status)) return this.#leaveStage();
        if (!this.on) say(text("error.house"));
        this.people.hear([]); // then what a view says is newer
        wait = AGAIN_MS;
      }
      await pause(about(wait));
    }
  }

  /** @param {SpaceView} found */
  #look(found) {
    this.view = found;
    $("seat").hidden = $("asking").dataset.state !== "accepted";
    if (!this.on && $("status").textContent === text("error.house")) say(text("status.ready"));
    this.own.look(found);
    this.people.draw(found);
    $("decline").hidden = this.on || OVER.has(found.state);
    $("studio").hidden = found.you.role === "speaker";
  }

  /** A host has taken our seat, or it has gone in another way. */
  #leaveStage() {
    this.moved = true;
    this.seated = false;
    this.view = null;
    this.own.stop("");
    this.#show({ state: "closed" });
  }

  /** Rather not: nobody waits for us any more. */
  async #decline() {
    try {
      await ask("DELETE", `/spaces/${this.space}/seats/${this.view?.you.seat}`, { token: this.token });
      this.#leaveStage();
      this.moved = false;
      this.#show({ state: "closed" });
    } catch (error) {
      warn(text("error.unknown", { detail: error.message }));
    }
  }

  /** The microphone is open while it is tested, and while we speak. */
  #test() {
    if (!$("testing").open) return this.on || this.own.letGo();
    if (!this.own.stream) this.own.use().catch((error) => warn(text(microphone.reason(error))));
  }

  /** @param {string} name */
  #send(name) {
    this.moved = false;
    return this.#attempt(async () => {
      const request = await ask("POST", this.path, { token: this.token, body: { name } }).catch((error) => {
        if (error.status !== 401) throw error;
        return ask("POST", this.path, { body: { name } }); // the token of an earlier request has run out
      });
      this.#know(request.token);
      localStorage.setItem(this.kept, request.token);
      $("testing").open = true; // here the browser asks for the microphone
      return request;
    });
  }

  /**
   * Does something about the request; what the house says against it is shown.
   * @param {() => Promise<RequestView>} action
   */
  async #attempt(action) {
    warn("");
    try {
      this.#show(await action());
    } catch (error) {
      warn(error.message);
    }
  }

  /** @type {Command} */
  async #command(action) {
    try {
      await action();
      this.#look(await ask("GET", `/spaces/${this.space}`, { token: this.token, timeout: 4000 }));
    } catch (error) {
      warn(text("error.unknown", { detail: error.message }));
    }
  }

  /** @param {string} token */
  #know(token) {
    this.token = this.people.token = token;
    this.own.become(token);
  }

  /** The token is worth nothing any more: it has run out, or is of another house. */
  #forget() {
    this.#know("");
    localStorage.removeItem(this.kept);
    this.#show({ state: "" });
  }
}
