// The bar of the stage: a toolbar, and what its buttons open.

import { Drawer } from "./drawer.js";
import { invite } from "./invite.js";
import { $, link, sure, text } from "./page.js";
import { qr } from "./qr.js";
import { openSheet } from "./shared/sheet.js";

/** What a key of a toolbar goes to, of `count` buttons from the one at `at`. */
const GOALS = /** @type {Record<string, (at: number, count: number) => number>} */ ({
  ArrowLeft: (at, count) => (at + count - 1) % count,
  ArrowRight: (at, count) => (at + 1) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
});

export class Bar {
  /** @type {SpaceView | null} */
  #view = null;

  /** @param {{ press: (verb: string) => unknown, token: () => string }} page */
  constructor({ press, token }) {
    this.drawer = new Drawer();
    this.token = token;
    /** @type {Record<string, () => unknown>} */
    this.acts = {
      "sounds-open": () => this.drawer.show("sounds"),
      "invite-one": () => this.invite(),
      "share-open": () => openSheet($("share")),
      "settings-open": () => openSheet($("settings")),
      end: async () => await sure(text("do.sure_end", { title: this.#view?.title }), text("do.end_yes")) && press("end"),
      "mute-all": () => press("mute"),
    };
    for (const [id, act] of Object.entries(this.acts)) $(id).addEventListener("click", () => this.#act(act));
    $("leave").addEventListener("click", () => $("tools").hidePopover());
    $("bar").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#move(event));
    $("share-link").append(link($("listen").href, text("studio.share_title")));
    $("share-ways").append(...qr($("listen").href, text("studio.share_title")));
  }

  /**
   * Shows the buttons that this person may press now.
   * @param {SpaceView} view
   */
  draw(view) {
    this.#view = view;
    const { may } = view.you;
    const wanted = { end: "end", "invite-one": "invite", "mute-all": "mute_speakers", "sounds-open": "sounds" };
    for (const [id, verb] of Object.entries(wanted)) $(id).hidden = !may.includes(verb);
  }

  /** Opens the invitations, for whoever may invite. */
  invite() {
    if (this.#view?.you.may.includes("invite")) invite(this.#view, this.token());
  }

  /**
   * Whether we are on the stage: then devices are chosen in a sheet above the bar, and not in the page.
   * @param {boolean} on
   */
  turned(on) {
    const focused = $("mic").contains(document.activeElement);
    $("mic").popover = on ? "auto" : null;
    $("mic-open").hidden = !on;
    if (focused && on) $("mute").focus();
  }

  /** @param {() => unknown} act */
  #act(act) {
    $("tools").hidePopover();
    act();
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const there = [...$("bar").querySelectorAll("button")].filter((button) => button.checkVisibility() && !button.disabled);
    const at = there.indexOf(document.activeElement);
    const goal = GOALS[event.key];
    if (at < 0 || !goal) return;
    event.preventDefault();
    there[goal(at, there.length)].focus();
  }
}
