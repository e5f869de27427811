// The soundboard: everybody on the stage sees what plays; hosts and co-hosts add, play, turn and stop.

import { $, ask, button, element, latest, text } from "./page.js";

const UPLOAD_MS = 60000; // a file may be 12 MB, over a line that talks meanwhile

export class Sounds {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.drawn = "";
    /** @type {PlayingView | null} */
    this.playing = null;
    /** @type {SoundView[]} */
    this.offered = []; // what we may play
    $("sound-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#add();
    });
    $("sound-file").addEventListener("change", () => this.#suggest());
    const turn = latest((/** @type {number} */ wanted) => this.#to("PATCH", "playing", { volume: wanted }));
    $("volume").addEventListener("change", () => this.playing && turn(volume()));
    $("sound-stop").addEventListener("click", () => this.#to("DELETE", "playing"));
  }

  /**
   * Shows what there is and what plays.
   * @param {SpaceView} view
   */
  draw({ sounds, playing, you }) {
    const may = you.may.includes("sounds");
    this.playing = playing;
    this.offered = may ? sounds : [];
    $("sounds").hidden = !may;
    $("sound-now").hidden = !playing;
    $("sound-stop").hidden = !playing || !may;
    const sentence = playing ? text("sounds.playing", { name: playing.name }) : text("sounds.silent");
    if ($("sound-now").textContent !== sentence) $("sound-now").textContent = sentence;
    const now = JSON.stringify([sounds, may]);
    if (now === this.drawn) return;
    this.drawn = now;
    $("soundboard").replaceChildren(...(may ? sounds.map((sound) => this.#row(sound)) : []));
  }

  /**
   * Plays the sound of that number, if there is one for us.
   * @param {number} number
   */
  play(number) {
    const sound = this.offered[number];
    if (sound) this.#to("PUT", "playing", { sound: sound.id, volume: volume() });
  }

  /** @param {SoundView} sound */
  #row({ id, name, length_ms: length }) {
    /**
     * @param {string} key
     * @param {() => void} action
     */
    const act = (key, action) => button(text(key), action, { ariaLabel: `${text(key)}: ${name}` });
    return element("li", {},
      element("strong", {}, name),
      element("span", { className: "quiet" }, text("sounds.seconds", { seconds: Math.max(1, Math.round(length / 1000)) })),
      element("span", { className: "buttons" },
        act("sounds.play", () => this.play(this.offered.findIndex((each) => each.id === id))),
        act("sounds.drop", () => this.#to("DELETE", `sounds/${id}`))));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  #to(method, path, body) {
    return this.command(() => ask(method, `/spaces/${this.space}/${path}`, { token: this.token, body }));
  }

  /** A file's name is a first name for the sound. */
  #suggest() {
    const [file] = $("sound-file").files;
    if (file && !$("sound-name").value) $("sound-name").value = file.name.replace(/\.[^.]*$/, "").slice(0, 80);
  }

  async #add() {
    const [file] = $("sound-file").files;
    const path = `/spaces/${this.space}/sounds?name=${encodeURIComponent($("sound-name").value)}`;
    $("sound-add").disabled = true;
    $("sound-missing").textContent = "";
    await this.command(async () => {
      const { left_out: missing } = await ask("PUT", path, { token: this.token, file, timeout: UPLOAD_MS });
      $("sound-missing").textContent = missing.map((/** @type {Missing} */ { code }) => text(`missing.${code}`)).join(" ");
      $("sound-form").reset();
    });
    $("sound-add").disabled = false;
  }
}

const volume = () => Number($("volume").value);
