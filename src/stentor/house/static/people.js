// Who is on the stage: a row for each seat, what may be done with it, and a ring around whoever talks.
// Rows are made anew only when somebody or a right changes, so that no open menu or focus is lost while people talk.

import { $, ask, button, element, latest, light, sure, text } from "./page.js";
import { portrait } from "./portrait.js";
import { reporting } from "./reporting.js";
import { seatWords } from "./seat-words.js";
import { clock } from "./shared/clock.js";
import { icon } from "./shared/icon.js";
import { locale } from "./shared/texts.js";
import { OVER } from "./told.js";

const SURE = new Set(["remove", "ban", "ban_for_good", "hand_over"]); // not to be taken back with one press
const OUT = new Set(["remove", "ban", "ban_for_good"]);
const OPEN = new Set(["silent", "off"]); // what is no wonder while our own page sends nothing
/** @type {Record<string, { muted: boolean } | { role: string }>} */
const CHANGES = {
  mute: { muted: true }, unmute: { muted: false },
  co_host: { role: "co_host" }, speaker: { role: "speaker" }, hand_over: { role: "host" },
};

export class People {
  /**
   * `command` runs an action and shows what does not work; `silent` says whether our own page sends nothing.
   * @param {PartOptions & { silent: () => boolean }} page
   */
  constructor({ space, token, command, silent }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.silent = silent;
    this.drawn = "";
    this.spoken = 0; // seconds, by all of them
    /** @type {Map<string, SeatStatus>} */
    this.heard = new Map();
    /** @type {Map<string, { row: HTMLElement, marks: HTMLElement, who: HTMLElement, role: string, name: string, volume: number }>} */
    this.rows = new Map();
    document.addEventListener("click", ({ target }) => closeMenus(/** @type {Node} */ (target)));
    document.addEventListener("keydown", ({ key }) => key === "Escape" && closeMenus(null));
  }

  /**
   * Shows the seats of the house's view; how they sound comes by `hear` in between.
   * @param {SpaceView} view
   */
  draw(view) {
    this.you = view.you?.seat;
    this.leads = view.you?.role !== "speaker";
    this.open = !OVER.has(view.state);
    this.before = ["scheduled", "doors_open"].includes(view.state);
    const now = JSON.stringify([view.seats.map(({ id, name, role, portrait, may }) => [id, name, role, portrait, may]), view.banned, this.you]);
    if (now !== this.drawn) {
      this.drawn = now;
      const gone = [...this.rows].filter(([id]) => !view.seats.some((seat) => seat.id === id)).map(([, { name }]) => name);
      if (gone.length) $("people-said").textContent = text("stage.gone", { names: gone.join(", ") });
      const [before, focus] = [this.rows, document.activeElement];
      this.rows = new Map(view.seats.map((seat) => [seat.id, this.#kept(seat, before.get(seat.id))]));
      const rows = [...this.rows.values()].map(({ row }) => row);
      $("people").replaceChildren(...(rows.length ? rows : [element("li", { className: "quiet" }, text("stage.nobody"))]));
      if (focus instanceof HTMLElement && focus.isConnected) focus.focus();
      if ($("bans")) this.#bans(view.banned);
    }
    for (const seat of view.seats) {
      const drawn = this.rows.get(seat.id);
      if (drawn) drawn.volume = seat.volume;
      const range = /** @type {HTMLInputElement | null | undefined} */ (drawn?.row.querySelector("input[type=range]"));
      if (range && range !== document.activeElement) range.value = String(seat.volume);
      this.#mark({ ...seat, ...this.heard.get(seat.id) });
    }
  }

  /**
   * What the stage says of the seats just now: it holds until the next word, also when an older view is drawn again.
   * @param {SeatStatus[]} seats
   */
  hear(seats) {
    this.heard = new Map(seats.map((seat) => [seat.id, seat]));
    this.spoken = seats.reduce((sum, { spoken_s: spoken }) => sum + spoken, 0);
    for (const seat of seats) this.#mark(seat);
  }

  /**
   * The row that is there already, with its menu as it is open, unless something of its own has changed.
   * @param {SeatView} seat
   * @param {any} known
   */
  #kept(seat, known) {
    const of = JSON.stringify([seat.name, seat.role, seat.portrait, seat.may, this.you]);
    return known?.of === of ? known : { ...this.#row(seat), of };
  }

  /** @param {SeatView} seat */
  #row(seat) {
    const { id, name, role, may } = seat;
    const marks = element("span", { className: "quiet" });
    const who = element("span", { className: "role" });
    const verbs = may.filter((verb) => id !== this.you || verb === "hand_over" || verb === "turn");
    const row = element("li", { className: "seat" }, portrait(seat), element("strong", {}, name), marks, who, element("span", { className: "badge" }, icon("muted")), id !== this.you || verbs.length ? this.#menu(id, name, verbs) : null);
    return { row, marks, who, role, name, volume: seat.volume };
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {string[]} verbs
   */
  #menu(id, name, verbs) {
    const summary = element("summary", { ariaLabel: text("seat.menu", { name }) }, icon("more"));
    const menu = element("details", { className: "menu" }, summary);
    /** @param {string} verb */
    const press = async (verb) => {
      if (SURE.has(verb) && !await sure(text(`seat.sure_${verb}`, { name }), text(`seat.${verb}`), OUT.has(verb))) return;
      menu.open = false;
      this.command(() => this.#change(id, verb));
    };
    const turn = verbs.includes("turn") ? this.#volume(id, name) : null;
    menu.append(element("div", { className: "buttons" }, turn, ...verbs.filter((verb) => verb !== "turn").map((verb) => button(text(`seat.${verb}`), () => press(verb), { className: OUT.has(verb) ? "danger" : "" })), id === this.you ? null : reporting(this.space, id)));
    return menu;
  }

  /**
   * How loud a seat goes into the mix, for everybody.
   * @param {string} id
   * @param {string} name
   */
  #volume(id, name) {
    const range = element("input", { type: "range", min: "0", max: "200", step: "10", value: "100", ariaLabel: text("seat.turn_of", { name }) });
    const turn = latest((/** @type {number} */ volume) => this.command(() =>
      ask("PATCH", `/spaces/${this.space}/seats/${id}`, { token: this.token, body: { volume } })));
    range.addEventListener("change", () => turn(Number(range.value)));
    return element("label", {}, text("seat.turn"), range);
  }

  /**
   * @param {string} id
   * @param {string} verb
   */
  #change(id, verb) {
    /** @type {(method: string, noun: string, body?: object) => Promise<any>} */
    const to = (method, noun, body) => ask(method, `/spaces/${this.space}/${noun}/${id}`, { token: this.token, body });
    if (verb === "remove") return to("DELETE", "seats");
    if (verb === "ban_for_good") return ask("PUT", `/spaces/${this.space}/bans/${id}/for-good`, { token: this.token });
    return verb === "ban" ? to("PUT", "bans") : to("PATCH", "seats", CHANGES[verb]);
  }

  /** @param {Ban[]} banned */
  #bans(banned) {
    /** @param {string} seat */
    const lift = (seat) => this.command(() => ask("DELETE", `/spaces/${this.space}/bans/${seat}`, { token: this.token }));
    $("bans").hidden = !banned.length;
    $("banned").replaceChildren(...banned.map(({ seat, name }) =>
      element("li", {}, element("strong", {}, name), button(text("ban.lift"), () => lift(seat), { ariaLabel: `${text("ban.lift")}: ${name}` }))));
  }

  /**
   * How a seat sounds and what its connection is like; what is wrong sees whoever leads, and the person.
   * @param {SeatStatus} seat
   */
  #mark({ id, state, talking, heard, muted, self_muted: off, aside, quality, oddities, ...numbers }) {
    const drawn = this.rows.get(id);
    if (!drawn) return; // the house will tell of this seat
    const { row, marks, who: place, role } = drawn;
    const ours = id === this.you;
    const silent = muted || off || (ours && this.silent());
    const { open = false, before = false } = this;
    const { who, how } = seatWords({ state, talking, heard }, { role, ours, open, before, silent });
    const wrong = state === "connected" ? this.#wrong(ours, quality, oddities) : [];
    if (ours) this.#advise(wrong);
    else if (!this.leads) wrong.length = 0;
    row.title = wrong.includes(`line_${quality}`) ? numbersOf(numbers) : "";
    const turned = this.leads && drawn.volume !== 100 ? [text("seat.volume", { volume: drawn.volume })] : [];
    const spoken = numbers.spoken_s >= 1 && this.spoken ? [text("seat.spoken", { time: clock(numbers.spoken_s), share: percent(numbers.spoken_s / this.spoken) })] : [];
    set(place, [...words(who), ...turned, ...spoken]);
    const plain = how === "stage.open_mic" && wrong.includes("silent") ? "" : how; // that it is silent says that it is open
    set(marks, words([aside ? "stage.aside" : plain, ...wrong.map((key) => `odd.${key}`)]));
    row.dataset.muted = String(state === "connected" && open && silent);
    row.dataset.talking = String(talking && !silent);
    row.dataset.away = String(state !== "connected" && this.open);
  }

  /**
   * Keys of what is wrong with a seat.
   * @param {boolean} ours
   * @param {string} quality
   * @param {string[]} oddities
   */
  #wrong(ours, quality, oddities) {
    const found = oddities.filter((key) => !(ours && OPEN.has(key) && this.silent()));
    return quality === "good" ? found : [...found, `line_${quality}`];
  }

  /**
   * Tells us what to do about our own sound.
   * @param {string[]} wrong
   */
  #advise(wrong) {
    if ($("advice").dataset.drawn === wrong.join()) return;
    $("advice").dataset.drawn = wrong.join();
    $("advice").replaceChildren(...wrong.map((key) => light("yellow", text(`advice.${key}`))));
  }
}

/**
 * Closes what hangs open over the page, but not what somebody has pressed in, or is asked about; the focus goes back to what opened it.
 * @param {Node | null} pressed
 */
function closeMenus(pressed) {
  for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("#people .menu[open]"))) {
    if (menu.contains(pressed) || (pressed instanceof Element && pressed.closest("dialog"))) continue;
    if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
    menu.open = false;
  }
}

/** @param {number} share */
const percent = (share) => new Intl.NumberFormat(locale(), { style: "percent" }).format(share);

/** @param {string[]} keys */
const words = (keys) => keys.filter(Boolean).map((key) => text(key));

/**
 * Says it, where it is not said already.
 * @param {HTMLElement} place
 * @param {string[]} said
 */
function set(place, said) {
  const sentence = said.join(" · ");
  if (place.textContent !== sentence) place.textContent = sentence;
}

/**
 * What was measured of a connection, for whoever wants to know.
 * @param {ConnectionNumbers} numbers
 */
const numbersOf = ({ loss, jitter_ms: jitter, delay_ms: delay }) =>
  text("seat.numbers", { loss: Math.round(loss * 100), jitter, delay });
