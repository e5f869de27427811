// What people write beside the space: the newest comments, asked for only while somebody looks at them.

/** @type {Pace} */
const AWAY_S = [10, 20];
/** @type {Record<Chat["state"], string | undefined>} */
const CLOSED = { open: undefined, off: "comments_off", crowded: "comments_crowded" };

/**
 * @param {string} name
 * @param {string} className
 * @param {...(Node | string)} children
 */
function part(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

export class Comments {
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  #read = "";
  #timer = 0;
  #askedAt = -Infinity;
  /** @type {Pace} */
  #pace = [3, 6];

  /**
   * `panel` is the element that opens and closes; `say` is the page's texts, `language` tells the reader's.
   * @param {{ panel: any, say: Say, language: () => string }} page
   */
  constructor({ panel, say, language }) {
    this.panel = panel;
    this.say = say;
    this.language = language;
    this.said = panel.querySelector("[role=status]");
    this.list = panel.querySelector("[role=log]");
    this.write = panel.querySelector("#comments-write");
    document.addEventListener("visibilitychange", () => this.#plan());
  }

  /**
   * Where comments are read and written, as the door says; null when there are none.
   * @param {CommentAddresses | null} addresses
   */
  offer(addresses) {
    this.#read = addresses?.read ?? "";
    this.write.hidden = !addresses?.write;
    if (addresses?.write) this.write.querySelector("a").href = addresses.write;
    this.#plan();
  }

  get #looked() {
    return this.#read && this.panel.open && !document.hidden;
  }

  // The next question at a random moment of the pace that the last answer has set: a crowd does not come at once.
  #plan() {
    clearTimeout(this.#timer);
    if (!this.#looked) return;
    const [from, to] = this.#pace;
    const due = this.#askedAt + (from + Math.random() * (to - from)) * 1000;
    this.#timer = setTimeout(() => this.#ask(), Math.max(0, due - performance.now()));
  }

  async #ask() {
    this.#askedAt = performance.now();
    try {
      const reply = await fetch(this.#read, { signal: AbortSignal.timeout(8000) });
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      this.#show(await reply.json());
    } catch {
      this.#pace = AWAY_S;
      this.#tell("comments_away");
    }
    this.#plan();
  }

  /** @param {Chat} chat */
  #show({ state, retry_s: pace, comments }) {
    this.#pace = pace;
    const there = new Set(comments.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (there.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const below = scrollHeight - clientHeight - scrollTop < 40; // who reads further up is left in peace
    for (const comment of comments) {
      if (this.#rows.has(comment.id)) continue;
      const row = this.#row(comment);
      this.#rows.set(comment.id, row);
      this.list.append(row);
    }
    if (below) this.list.scrollTop = this.list.scrollHeight;
    this.#tell(CLOSED[state] ?? (comments.length ? "" : "comments_none"));
  }

  /** @param {CommentView} comment */
  #row({ name, handle, role, text, at_ms: at }) {
    const time = new Intl.DateTimeFormat(this.language(), { timeStyle: "short" }).format(at);
    const about = [`@${handle}`, this.say(role), time].filter(Boolean).join(" · ");
    return part("div", "", part("b", "", part("bdi", "", name)), " ", part("span", "soft", about), part("bdi", "", text));
  }

  /** @param {string} key */
  #tell(key) {
    const sentence = key && this.say(key);
    if (this.said.textContent !== sentence) this.said.textContent = sentence;
  }
}
