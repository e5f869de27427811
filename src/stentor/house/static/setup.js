// How a space is set up: who may ask to speak, topics, links, recording, co-owners; and another space like it.

import { Cover } from "./cover.js";
import { $, ask, button, element, text } from "./page.js";

export class Setup {
  /** @param {PartOptions} page */
  constructor(page) {
    const { space, token, command } = page;
    this.cover = new Cover(page);
    this.space = space;
    this.token = token;
    this.command = command;
    /** @type {SpaceView | null} */
    this.view = null;
    this.touched = false;
    this.known = ""; // the version of which the co-owners were asked
    $("setup-form").addEventListener("input", () => (this.touched = true));
    $("setup-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#save();
    });
    $("owners-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#own("PUT", $("owners-handle").value.trim().replace(/^@/, ""));
    });
    $("copy").addEventListener("click", () => this.#copy());
    $("template").addEventListener("click", () => this.#keep());
  }

  /** @param {SpaceView} view */
  draw(view) {
    this.view = view;
    const may = view.you.may.includes("edit");
    $("setup").hidden = !may;
    if (!may) return;
    this.cover.draw(view);
    $("owners-form").hidden = !["host", "admin"].includes(view.you.rank);
    if ($("settings").open && this.known !== String(view.version)) this.#owners(view.version);
    $("setup-record-row").hidden = view.state !== "scheduled";
    if (this.touched) return;
    $("setup-asking").value = view.asking;
    $("setup-topics").value = view.about.topics.map((topic) => `#${topic}`).join(" ");
    $("setup-links").value = view.about.links.map(({ title, url }) => (url.endsWith(title) ? url : `${url} ${title}`)).join("\n");
    $("setup-record").checked = view.records;
  }

  #save() {
    const topics = $("setup-topics").value.split(/[\s,]+/).filter(Boolean);
    const links = $("setup-links").value.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean)
      .map((/** @type {string} */ line) => ({ url: line.split(/\s/)[0], title: line.split(/\s+/).slice(1).join(" ") }));
    const { space, token, view } = this;
    return this.command(async () => {
      await ask("PUT", `/spaces/${space}/about`, { token, body: { topics, links } });
      if ($("setup-asking").value !== view?.asking) await ask("PATCH", `/spaces/${space}`, { token, body: { asking: $("setup-asking").value } });
      if (view?.state === "scheduled" && $("setup-record").checked !== view.records) {
        await ask("PUT", `/spaces/${space}/recording`, { token, body: { on: $("setup-record").checked } });
      }
      this.touched = false;
      $("setup-said").textContent = text("edit.saved");
    });
  }

  /** @param {number} version */
  async #owners(version) {
    this.known = String(version);
    const { owners } = await ask("GET", `/spaces/${this.space}/owners`, { token: this.token }).catch(() => ({ owners: [] }));
    this.#list(owners);
  }

  /** @param {{ handle: string, name: string }[]} owners */
  #list(owners) {
    const leads = !$("owners-form").hidden;
    $("owners").replaceChildren(...owners.map(({ handle, name }) => element("li", {},
      element("span", {}, `${name} · @${handle}`),
      leads ? button(text("owners.drop"), () => this.#own("DELETE", handle), { className: "small" }) : null)));
  }

  /**
   * @param {string} method
   * @param {string} handle
   */
  #own(method, handle) {
    return this.command(async () => {
      const { owners } = await ask(method, `/spaces/${this.space}/owners/${encodeURIComponent(handle)}`, { token: this.token });
      $("owners-handle").value = "";
      this.#list(owners);
    });
  }

  #copy() {
    return this.command(async () => {
      const { space, invitation } = await ask("POST", `/spaces/${this.space}/copy`, { token: this.token, body: {} });
      location.assign(this.token ? invitation.link : `/stage/${space.id}`);
    });
  }

  #keep() {
    return this.command(async () => {
      await ask("POST", "/templates", { body: { space: this.space, name: this.view?.title } });
      $("setup-said").textContent = text("setup.kept");
    });
  }
}
