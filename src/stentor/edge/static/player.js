// Plays the programme in whichever way fits this browser: low-latency HLS through hls.js, Apple's own HLS, or the
// plain stream. Whatever fails falls back to the plain stream; whatever ends is reported, and the page asks the door.
// A Firefox on a system without FFmpeg's libraries says that it plays AAC, and cannot: what fails to decode becomes Opus.

const HLS_SCRIPT = new URL("./vendor/hls.light.min.js", import.meta.url);
const ARTWORK = [{ src: new URL("./icon.svg", import.meta.url).href, sizes: "any", type: "image/svg+xml" }];
const CHUNK_MS = 320;
const COMFORT_S = 3.2; // what the edge sends at once
const FASTER = 1.05;
const NATIVE_COMFORT_S = 8; // Apple's own player keeps two segments
const STALL_MS = 5000; // hls.js waits for a lost line without an end, and in silence; Firefox does not even say so
const OPUS = "rendition=opus-24";
const SESSION = "X-Playback-Session-Id";
const SLOWER = 0.97; // neither is heard as another pitch: browsers keep it

/**
 * Plays HLS itself and has no (or only a managed) MediaSource, or is Safari, whose own player is the better one.
 * @param {HTMLAudioElement} audio
 */
function isApple(audio) {
  const asks = !("MediaSource" in window) || /^((?!chrome|chromium|android).)*safari/i.test(navigator.userAgent);
  return asks && audio.canPlayType("application/vnd.apple.mpegurl") !== ""; // Firefox would complain of the question
}

/** @type {Promise<HlsClass | null> | null} */
let loading = null;
function loadHls() {
  loading ??= new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = HLS_SCRIPT.href;
    script.onload = () => resolve(window.Hls ?? null);
    script.onerror = () => {
      loading = null;
      resolve(null);
    };
    document.head.append(script);
  });
  return loading;
}

/**
 * hls.js asks for list, list of a rendition and beginning of a file one after the other. While it is loaded itself they
 * come, and are in the browser's memory when it asks.
 * @param {string} address
 * @param {RequestInit} init
 */
async function ahead(address, init) {
  let at = new URL(address, location.href);
  for (const named of [/^([^#\s].*)/m, /MAP:URI="([^"]+)/]) {
    const reply = await fetch(at, at.origin === location.origin ? init : {});
    const [, next] = named.exec(await reply.text()) ?? [];
    if (!reply.ok || !next) return;
    at = new URL(next, reply.url); // which is another one where a player is led to its own
  }
  await fetch(at);
}

/** @type {Record<string, Sounding>} */
const STATES = { hold: "waiting", bridge: "reconnecting" };

export class Player {
  #audio;
  #told;
  /** @type {Hls | null} */
  #hls = null;
  /** @type {number | null} */
  #origin = null;
  #gentle = true;
  #heard = 0; // the place up to which this way of playing has brought sound
  #heardAt = 0; // when it came there, by performance.now(); 0 before the first sound
  /** @type {Partial<Streams>} */
  #streams = {};
  #opus = false; // whether this browser has failed to play AAC
  #turn = 0; // counts what was asked for, so that a late script does not start what was stopped

  /**
   * @param {HTMLAudioElement} audio
   * @param {PlayerEvents} told
   */
  constructor(audio, told) {
    this.#audio = audio;
    this.#told = told;
    this.on = false;
    this.way = "";
    audio.preservesPitch = true;
    audio.addEventListener("playing", () => {
      this.#heardAt = performance.now();
      this.#opus ||= audio.currentSrc.endsWith(OPUS);
      this.#told.onState(STATES[this.way] ?? "playing");
    });
    audio.addEventListener("waiting", () => this.on && this.#told.onState("connecting"));
    audio.addEventListener("ended", () => (this.#hls ? this.#end() : this.#lost()));
    audio.addEventListener("error", () => this.#failed());
  }

  // What plays the sound is fetched before anybody presses, but not by those who save data.
  prepare() {
    if (isApple(this.#audio) || navigator.connection?.saveData) return;
    fetch(HLS_SCRIPT, { priority: "low" }).then((reply) => reply.blob()).catch(() => {}); // who presses asks again
  }

  /**
   * @param {Partial<Streams>} streams
   * @param {number | null} origin
   */
  async listen(streams, origin) {
    const turn = this.#begin("");
    this.#origin = origin;
    this.#streams = streams;
    const { hls = "" } = streams;
    if (isApple(this.#audio)) {
      this.#play("native", hls);
      return;
    }
    const session = Math.random().toString(36).slice(2); // so that six connections are counted as one player
    if (!window.Hls && origin) ahead(hls, { headers: { [SESSION]: session } }).catch(() => {}); // hls.js asks again
    const Hls = "MediaSource" in window && !(this.#opus && streams.opus) ? await loadHls() : null;
    if (turn !== this.#turn) return;
    if (!Hls?.isSupported()) {
      this.#playPlain();
      return;
    }
    this.way = "hls";
    this.#hls = new Hls({
      xhrSetup: (xhr, address) => {
        const { origin, pathname } = new URL(address, location.href);
        if (origin !== location.origin || !pathname.endsWith(".m3u8")) return; // elsewhere each would be asked for twice
        xhr.open("GET", address, true);
        xhr.setRequestHeader(SESSION, session);
      },
      enableWorker: false, // parts are 8 kB: a worker costs more than it saves, and the pulse is read from them here
      lowLatencyMode: true,
      maxLiveSyncPlaybackRate: this.#fastest,
      backBufferLength: 10,
    });
    this.#hls.on(Hls.Events.FRAG_LOADED, (_, data) => this.#told.onBytes(data.payload));
    this.#hls.on(Hls.Events.ERROR, (_, error) => {
      if (error.fatal && turn === this.#turn) this.#fallBack(error.type === Hls.ErrorTypes.MEDIA_ERROR);
    });
    this.#hls.loadSource(hls);
    this.#hls.attachMedia(this.#audio);
    this.#start();
  }

  /** @param {string} address */
  loop(address) {
    this.#begin("hold");
    this.#audio.loop = true;
    this.#audio.src = this.playable(address);
    this.#start();
  }

  /**
   * The address of a file in what this browser plays, as far as is known.
   * @param {string} address
   */
  playable(address) {
    return this.#opus ? `${address}&${OPUS}` : address;
  }

  /**
   * Music from this browser's memory while the connection is mended: the lock screen keeps its button, and the ear its
   * sound. The player counts as off, so that the page goes on trying.
   * @param {string} address
   */
  bridge(address) {
    this.#begin("bridge");
    this.on = false;
    this.#audio.loop = true;
    this.#audio.src = address;
    this.#audio.play().catch(() => {});
  }

  /**
   * Whether who is behind hears a little faster until he is not.
   * @param {boolean} on
   */
  set gentle(on) {
    this.#gentle = on;
    if (this.#hls) this.#hls.config.maxLiveSyncPlaybackRate = this.#fastest;
    if (!on) this.#audio.playbackRate = 1;
  }

  get #fastest() {
    return this.#gentle ? FASTER : 1;
  }

  stop() {
    this.#begin("");
    this.on = false;
    this.#told.onState("");
  }

  // The number of the chunk that is heard now, or null when this way of playing does not tell.
  chunk() {
    const date = this.#hls?.playingDate ?? this.#nativeDate();
    return date && this.#origin ? Math.floor((date.getTime() - this.#origin) / CHUNK_MS) : null;
  }

  // Seconds between what is heard and the newest sound this player knows of, or null when nothing plays.
  behind() {
    if (!this.on || this.way === "hold" || this.#audio.paused || !this.#audio.currentTime) return null;
    if (this.#hls) return this.#hls.latency || null;
    const { seekable, buffered, currentTime } = this.#audio;
    const known = this.way === "native" ? seekable : buffered;
    return known.length ? known.end(known.length - 1) - currentTime : null;
  }

  // A line that brought sound and brings none for some seconds is lost, whatever else is still hoped for.
  watch() {
    const { currentTime, paused } = this.#audio;
    if (!this.on || !this.#heardAt) return;
    if (paused || currentTime !== this.#heard) {
      this.#heard = currentTime;
      this.#heardAt = performance.now();
    } else if (performance.now() - this.#heardAt > STALL_MS) this.#giveUp();
  }

  // Who is far behind hears a little faster until he is not; a short buffer of the plain stream is played slower.
  // hls.js does the same for itself.
  keepUp() {
    if (!this.#gentle || !["plain", "native"].includes(this.way)) return;
    const comfort = this.way === "plain" ? COMFORT_S : NATIVE_COMFORT_S;
    const ahead = this.behind() ?? comfort;
    const audio = this.#audio;
    if (ahead > 2 * comfort) audio.playbackRate = FASTER;
    else if (this.way === "plain" && ahead < comfort / 4) audio.playbackRate = SLOWER;
    else if (ahead <= comfort) audio.playbackRate = 1; // between one and two comforts it goes on as it was
  }

  // Jumps to the newest sound; false when this way of playing must begin anew for that.
  goLive() {
    const { seekable } = this.#audio;
    const newest = this.way === "native" && seekable.length ? seekable.end(seekable.length - 1) - COMFORT_S : null;
    const live = this.#hls?.liveSyncPosition ?? newest;
    if (live === null) return false;
    this.#audio.currentTime = live;
    return true;
  }

  /**
   * @param {string} title
   * @param {string} artist
   */
  describe(title, artist) {
    if (!("mediaSession" in navigator)) return;
    const known = navigator.mediaSession.metadata;
    if (known?.title === title && known.artist === artist) return;
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist, artwork: ARTWORK });
  }

  /** @param {(on: boolean) => void} handler */
  onToggle(handler) {
    if (!("mediaSession" in navigator)) return;
    navigator.mediaSession.setActionHandler("play", () => handler(true));
    navigator.mediaSession.setActionHandler("pause", () => handler(false));
    navigator.mediaSession.setActionHandler("stop", () => handler(false));
  }

  #nativeDate() {
    if (this.way !== "native" || !this.#audio.getStartDate) return null;
    const start = this.#audio.getStartDate().getTime();
    return Number.isNaN(start) ? null : new Date(start + this.#audio.currentTime * 1000);
  }

  /** @param {string} way */
  #begin(way) {
    this.#hls?.destroy();
    this.#hls = null;
    this.#origin = null;
    this.way = way;
    this.on = true;
    this.#heardAt = 0;
    this.#audio.loop = false;
    this.#audio.playbackRate = 1;
    this.#audio.removeAttribute("src");
    this.#audio.load();
    return ++this.#turn;
  }

  /**
   * @param {string} way
   * @param {string} address
   */
  #play(way, address) {
    this.way = way;
    this.#audio.src = address;
    this.#start();
  }

  async #start() {
    const turn = this.#turn;
    this.#told.onState("connecting");
    try {
      await this.#audio.play();
    } catch (error) {
      if (turn === this.#turn && error.name === "NotAllowedError") this.#told.onState("blocked");
    }
  }

  #playPlain() {
    const address = this.#opus ? this.#streams.opus : this.#streams.aac;
    if (address) this.#play("plain", address);
    else this.#giveUp();
  }

  /** @param {boolean} undecodable */
  #fallBack(undecodable) {
    this.#opus ||= undecodable;
    this.#begin("");
    this.#playPlain();
  }

  // Music that does not play is tried in Opus; whether it is the decoder or the line that fails, a browser does not tell.
  #failed() {
    const { src } = this.#audio;
    if (this.#hls) this.#fallBack(true);
    else if (this.on && this.way === "hold" && !src.endsWith(OPUS)) {
      this.#audio.src = `${src}&${OPUS}`;
      this.#start();
    } else this.#lost();
  }

  // The playlist has said that nothing more will come.
  #end() {
    this.on = false;
    this.#told.onEnd();
  }

  #giveUp() {
    this.on = false;
    this.#told.onLost();
  }

  #lost() {
    if (!this.on || this.#hls || !this.#audio.getAttribute("src")) return;
    this.#giveUp();
  }
}
