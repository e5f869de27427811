// Those who ask to speak, as hosts and co-hosts see them: in order, each to be accepted or declined.

import * as alerts from "./alerts.js";
import { badge } from "./drawer.js";
import { $, ask, button, element, text, when } from "./page.js";
import { portrait } from "./shared/portrait.js";
import { toast } from "./shared/toast.js";
import { reporting } from "./reporting.js";

const RAISING = new Set(["host", "owner", "admin"]); // who makes co-hosts
/** @type {Record<string, Record<string, unknown>>} */
const CHANGES = {
  open_asking: { asking: "anyone" },
  close_asking: { asking: "nobody" },
  open_reactions: { reactions: true },
  close_reactions: { reactions: false },
};

export class Line {
  /**
   * `command` runs an action and shows what does not work; `change` sets what the audience may do.
   * @param {ChangingPartOptions} page
   */
  constructor({ space, token, command, change }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.change = change;
    this.drawn = "";
    /** @type {Waiting[]} */
    this.requests = [];
    /** @type {Set<string> | null} */
    this.heard = null; // who waited when the line was last told; null before that
    /** @type {{ id: string, name: string }[] | null} */
    this.swaps = null; // whose place one could take; null while there is room
    alerts.settings();
  }

  /**
   * The line as the house tells it, null to those who may not see it. Who is new in it is announced, but not those
   * who wait already when one comes.
   * @param {{ requests: Waiting[] } | null} told
   */
  hear(told) {
    const requests = told?.requests ?? [];
    const fresh = this.heard ? requests.filter(({ id }) => !this.heard?.has(id)) : [];
    this.heard = told && new Set(requests.map(({ id }) => id));
    this.draw(requests);
    if (fresh.length === 1) alerts.alert(text("alerts.asks", { name: fresh[0].name }));
    else if (fresh.length) alerts.alert(text("alerts.ask", { count: fresh.length }), fresh.length);
  }

  /**
   * Shows itself to whoever may answer those who ask.
   * @param {SpaceView} view
   */
  look(view) {
    const may = view.you.may.includes("open_asking") || view.you.may.includes("close_asking");
    $("line").hidden = $("line-alerts").hidden = !may;
    if (!may) return badge("line", 0);
    this.#buttons(view);
    this.#room(view);
    this.draw();
  }

  /** @param {SpaceView} view */
  #buttons({ you, switches }) {
    const verbs = Object.keys(CHANGES).filter((verb) => you.may.includes(verb));
    const flips = you.may.includes("switch") ? Object.entries(switches).filter(([name]) => name !== "unedited") : []; // editions.js has that
    const drawn = JSON.stringify([verbs, flips]);
    if ($("line-buttons").dataset.drawn === drawn) return;
    $("line-buttons").dataset.drawn = drawn;
    $("line-buttons").replaceChildren(
      ...verbs.map((verb) => button(text(`line.${verb}`), () => this.change(CHANGES[verb]), { className: "small" })),
      ...flips.map(([name, on]) =>
        button(text(`switch.${name}_${on ? "off" : "on"}`), () => this.change({ switches: { [name]: !on } }), { className: "small" }),
      ),
    );
  }

  /**
   * Whether the stage has room, and with whom one who asks could swap.
   * @param {SpaceView} view
   */
  #room({ full, seats, you }) {
    this.gives = you.may.includes("invite"); // who keeps order without a seat declines, and gives no place
    this.leads = this.gives && RAISING.has(you.rank);
    const there = seats.filter(({ id, state, may }) => state !== "away" && id !== you.seat && may.includes("remove"));
    this.swaps = full && this.gives ? there.map(({ id, name }) => ({ id, name })) : null;
  }

  /**
   * Shows who asks to speak.
   * @param {Waiting[]} requests
   */
  draw(requests = this.requests) {
    this.requests = requests;
    const now = JSON.stringify([requests, this.swaps, this.gives, this.leads]);
    if (now === this.drawn) return;
    this.drawn = now;
    badge("line", requests.length);
    $("line-nobody").hidden = requests.length > 0;
    const said = [requests.length ? text("line.came", { count: requests.length }) : "", this.swaps ? text("line.full") : ""];
    $("line-said").textContent = said.filter(Boolean).join(" · ");
    $("waiting").replaceChildren(...requests.map((each) => this.#row(each)));
  }

  /** @param {Waiting} request */
  #row({ id, name, asked_ms: asked }) {
    const path = `/spaces/${this.space}/requests/${id}`;
    /**
     * @param {string} method
     * @param {string} address
     */
    const answer = (method, address) => this.command(async () => {
      this.draw((await ask(method, address, { token: this.token })).requests);
    });
    return element("li", {},
      portrait(id, name),
      element("strong", {}, name),
      element("span", { className: "quiet" }, text("line.since", { when: when(asked) })),
      this.swaps ? this.#swap(name, this.swaps, (seat) => answer("POST", `${path}/accept?instead=${seat}`)) : null,
      element("span", { className: "buttons" },
        this.swaps || !this.gives ? null : button(text("line.accept"), () => answer("POST", `${path}/accept`), { className: "primary", ariaLabel: `${text("line.accept")}: ${name}` }),
        button(text("line.decline"), () => answer("DELETE", path), { ariaLabel: `${text("line.decline")}: ${name}` }),
        this.swaps || !this.leads ? null : button(text("line.co_host"), () => this.#raise(id, name, path), { ariaLabel: `${text("line.co_host")}: ${name}` })),
      reporting(this.space, id));
  }

  /**
   * From the audience to co-host in one step, which can be taken back: they stay as a speaker then.
   * @param {string} id
   * @param {string} name
   * @param {string} path
   */
  #raise(id, name, path) {
    const back = () => this.command(() =>
      ask("PATCH", `/spaces/${this.space}/seats/${id}`, { token: this.token, body: { role: "speaker" } }));
    return this.command(async () => {
      this.draw((await ask("POST", `${path}/accept?role=co_host`, { token: this.token })).requests);
      toast(text("line.raised", { name }), { words: text("line.undo"), press: back });
    });
  }

  /**
   * On a full stage: who goes into the audience for the one who asks.
   * @param {string} name
   * @param {{ id: string, name: string }[]} seats
   * @param {(seat: string) => unknown} chosen
   */
  #swap(name, seats, chosen) {
    const options = seats.map((seat) => element("option", { value: seat.id }, seat.name));
    const select = element("select", { ariaLabel: `${text("line.swap")}: ${name}` }, element("option", { value: "" }, text("line.swap")), ...options);
    select.addEventListener("change", () => select.value && chosen(select.value));
    return select;
  }
}
