// Our own seat: the microphone, going onto the stage and off it, muting. The pages of the stage and the audience share it.

import { $, ask, text } from "./page.js";
import { Consent } from "./consent.js";
import { GreenRoom, MUSIC_BPS } from "./green-room.js";
import { Here } from "./here.js";
import { single } from "./keys.js";
import * as microphone from "./microphone.js";
import { OVER, over } from "./told.js";
import { Seat } from "./whip.js";

const RENEW_MS = 8000; // what the house says of a seat may be some seconds old

/** @param {string} sentence */
export const say = (sentence) => { if ($("status").textContent !== sentence) $("status").textContent = sentence; };
/** @param {string} sentence */
export const warn = (sentence) => { $("warning").textContent = sentence; };

export class OwnSeat {
  /**
   * `turned` hears when we go onto the stage, before the microphone is on the line, and when we are off it, and then
   * whether another device has our seat. `hush` is to silence what else the page plays, while one listens to oneself.
   * @param {PartOptions & { turned?: (on: boolean, displaced?: boolean) => void, hush?: (on: boolean) => void }} page
   */
  constructor({ space, token, command, turned = () => {}, hush = () => {} }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.turned = turned;
    /** @type {SpaceView | null} */
    this.view = null;
    /** @type {Seat | null} */
    this.seat = null;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.muted = false; // our own microphone is off
    this.hostMuted = false; // a host has muted our seat
    this.undoing = false; // we have said that it is to end, and what the house says may be older than that
    this.aside = false; // our microphone is open for those on the stage alone
    this.apart = false; // it is to be: the mute button ends it (aside.js)
    this.joined = 0; // when the connection was made, by performance.now()
    this.ahead = 0; // ms of the house's clock before ours
    this.here = new Here(space, () => this.wanted && ["live", "interrupted"].includes(this.view?.state ?? ""));
    this.meter = new microphone.Meter($("level"), (silent) => warn(silent ? text("status.silent") : ""));
    this.green = new GreenRoom({ space, token, use: () => this.use(), hush, warn });
    this.consent = new Consent({ space, seat: this });
    this.#listen();
  }

  /** Whether we are on the stage, or on the way there. */
  get wanted() {
    return Boolean(this.seat?.wanted);
  }

  #listen() {
    $("join").addEventListener("click", () => this.join());
    $("mute").addEventListener("click", () => this.mute());
    $("leave").addEventListener("click", () => this.stop(text("status.left")));
    $("hear").addEventListener("click", () => $("mix").play().then(() => { $("hear").hidden = true; }, () => {}));
    for (const id of ["microphone", "music"]) {
      $(id).addEventListener("change", () => this.stream && this.use().catch((error) => warn(text(microphone.reason(error)))));
    }
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.green.choices(this.stream));
    document.addEventListener("keydown", (event) => event.key?.toLowerCase() === "m" && single(event) && $("mute").click());
    window.addEventListener("pagehide", () => this.seat?.leave());
  }

  /**
   * Who we are is said in another way from now on, also to the stage: it lets go whoever came by the link.
   * @param {string} token
   */
  become(token) {
    this.token = this.green.token = token;
    if (!this.seat) return;
    this.seat.token = token;
    this.seat.renew();
  }

  /**
   * What the house says now.
   * @param {SpaceView} view
   */
  look(view) {
    this.view = view;
    this.ahead = view.now_ms - Date.now();
    const own = view.seats.find(({ id }) => id === view.you.seat);
    if (!this.undoing && Boolean(own?.muted) !== this.hostMuted) {
      this.hostMuted = !this.hostMuted;
      this.showMuted();
    }
    this.#sayAmongUs();
    this.green.look(view);
    this.consent.draw(view);
    this.#offerToMove();
    // Sound may fail in one direction only: then the stage knows, and we do not.
    const unheard = own?.state === "lost" && this.seat?.state === "connected";
    if (unheard && performance.now() - this.joined > RENEW_MS) this.seat?.renew();
    if (!OVER.has(view.state)) return;
    if (this.seat) this.stop(over(view));
    else say(over(view));
    $("join").disabled = true;
    $("join").hidden = true;
  }

  /** Goes onto the stage: somebody has pressed the button, or the page was loaded `again` while we were there. */
  async join(again = false) {
    warn("");
    $("join").disabled = true;
    say(text("status.microphone"));
    this.turned(true);
    let opened;
    try {
      this.green.leave();
      opened = await this.use();
    } catch (error) {
      this.turned(false);
      say(text("status.ready"));
      warn(text(microphone.reason(error)));
      this.buttons();
      return;
    }
    const header = this.consent.give();
    if (!again) await this.here.take(Date.now() + this.ahead);
    this.here.keep(this.muted);
    const url = `/whip/${this.space}`;
    const { token, view, here: { takenMs } } = this;
    this.seat = new Seat({ url, token, takenMs, stream: opened, audio: $("mix"), bps: this.#bps, iceServers: view?.ice_servers ?? [], agreed: () => header });
    this.seat.addEventListener("change", this.#changed);
    this.seat.addEventListener("blocked", () => { $("hear").hidden = false; });
    this.seat.join();
  }

  /** Goes back onto the stage where this tab was before it was loaded again. */
  async back() {
    const before = await this.here.before();
    if (!before || this.seat || $("join").disabled) return;
    this.muted = before.muted;
    this.showMuted();
    await this.join(true);
  }

  /** Opens the microphone as it is wanted and puts it where the old one was. */
  async use() {
    const opened = await microphone.open(this.green.wishes);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = opened;
    opened.getAudioTracks()[0].enabled = !this.muted;
    this.aside = false;
    this.meter.start(opened);
    await this.seat?.replace(opened, this.#bps);
    await this.green.choices(this.stream);
    return this.stream ?? opened;
  }

  /** The most that our sound may cost; 0 leaves it to the browser, which knows speech. */
  get #bps() {
    return this.green.wishes.music ? MUSIC_BPS : 0;
  }

  #changed = () => {
    if (!this.seat) return;
    const { state, problem } = this.seat;
    if (state === "connecting" || state === "reconnecting") say(text(`status.${state}`));
    if (state === "waiting" && problem) say(this.#waiting(problem));
    if (state === "connected") {
      this.sayMuted();
      this.#tellMuted();
      this.joined = performance.now();
      warn("");
    }
    if (state === "refused" && problem) this.stop(problem.code === "displaced" ? text("status.elsewhere") : refusal(problem));
    if (state === "left") say(text("status.left"));
    this.#sayAmongUs();
    this.buttons();
  };

  /** Before the talk those on the stage are among themselves. */
  #sayAmongUs() {
    const before = ["scheduled", "doors_open"].includes(this.view?.state ?? "");
    $("among-us").hidden = !(before && this.seat?.state === "connected");
  }

  /** Whoever is on the stage with another device may go on here. */
  #offerToMove() {
    const elsewhere = Boolean(!this.seat && this.view && this.here.elsewhere(this.view));
    $("join").textContent = text(elsewhere ? "stage.use_here" : this.consent.needed ? "consent.join" : "stage.join");
    if (elsewhere) say(text("status.elsewhere"));
    else if ($("status").textContent === text("status.elsewhere")) say(text("status.ready"));
  }

  /**
   * Why the stage does not take us now, though it may soon.
   * @param {StageProblem} problem
   */
  #waiting({ code, status }) {
    if (code === "stage-full") return text("error.full");
    if (this.view && OVER.has(this.view.state)) return over(this.view);
    const key = `problem.${code}`, said = text(key);
    return status === 503 || said === key ? text("status.reconnecting") : said;
  }

  buttons() {
    const on = this.wanted;
    $("join").hidden = on;
    $("join").disabled = false;
    this.#offerToMove();
    for (const id of ["mute", "leave"]) $(id).hidden = !on;
    if (on) return;
    $("hear").hidden = true;
    this.green.enter();
  }

  /**
   * Ends our part; the microphone is let go, its lamp goes out.
   * @param {string} sentence
   */
  stop(sentence) {
    const leaving = this.seat;
    const displaced = sentence === text("status.elsewhere");
    this.here.leave(displaced);
    this.seat = null;
    leaving?.removeEventListener("change", this.#changed);
    leaving?.leave();
    this.letGo();
    say(sentence);
    this.buttons();
    this.#sayAmongUs();
    if (leaving) this.turned(false, displaced);
  }

  /** The microphone is not needed any more. */
  letGo() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.meter.stop();
  }

  /** Mutes our microphone, or unmutes it and, if a host has muted it, our seat. */
  mute() {
    if (!this.seat || !this.stream || this.apart) return;
    this.#turn(!(this.muted || this.hostMuted));
    if (!this.hostMuted) return;
    this.hostMuted = false;
    this.undoing = true;
    const told = this.#tell({ muted: false });
    told.catch(() => { this.undoing = false; }); // then the house is right: we are muted
    this.command(() => told).finally(() => { this.undoing = false; });
    this.showMuted();
  }

  /** Mutes our microphone and never unmutes it: what a host has muted meanwhile stays so. */
  close() {
    if (this.seat && this.stream && !this.apart && !this.muted) this.#turn(true);
  }

  /** @param {boolean} off */
  #turn(off) {
    this.muted = off;
    this.here.keep(off);
    const [track] = this.stream?.getAudioTracks() ?? [];
    if (track) track.enabled = !off;
    this.#tellMuted();
    this.showMuted();
  }

  /**
   * Opens the microphone for those on the stage alone, or closes it again; for the audience it stays muted.
   * @param {boolean} on
   */
  openAside(on) {
    if (on === this.aside || !this.stream || !this.muted) return;
    this.aside = on;
    this.stream.getAudioTracks()[0].enabled = on;
  }

  /** The others see at once that our microphone is off; a house that is away learns it with the next connection. */
  #tellMuted() {
    this.#tell({ self_muted: this.muted }).catch(() => {});
  }

  /** @param {Record<string, boolean>} body */
  #tell(body) {
    return ask("PATCH", `/spaces/${this.space}/seats/${this.view?.you.seat}`, { token: this.token, body });
  }

  /** What the mute button says. */
  showMuted() {
    const off = this.muted || this.hostMuted;
    ($("mute").querySelector("span") ?? $("mute")).textContent = text(this.apart ? "stage.aside_end" : off ? "stage.unmute" : "stage.mute");
    $("mute").setAttribute("aria-pressed", String(off));
    if (this.seat?.state === "connected") this.sayMuted();
  }

  sayMuted() {
    say(text(this.hostMuted ? "status.host_muted" : this.muted ? "status.connected_muted" : "status.connected"));
  }
}

/**
 * Why the stage does not take us at all.
 * @param {StageProblem} problem
 */
function refusal({ code, detail, status }) {
  if (code === "consent-needed") return text("consent.needed");
  if (status === 401 || status === 403) return text("error.token");
  const key = `problem.${code}`, said = text(key);
  return text("error.unknown", { detail: said === key ? detail : said });
}
