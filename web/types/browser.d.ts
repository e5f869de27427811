// What browsers have and TypeScript's own types do not know, and the little that is used of hls.js.

interface Navigator {
  /** Only Chromium tells. */
  connection?: { saveData: boolean };
}

interface Window {
  Hls?: HlsClass;
}

interface HTMLMediaElement {
  /** Only Safari: when the sound began, by the playlist. */
  getStartDate?(): Date;
}

interface HlsClass {
  new (options: Partial<HlsOptions>): Hls;
  isSupported(): boolean;
  Events: { FRAG_LOADED: "hlsFragLoaded"; ERROR: "hlsError" };
  ErrorTypes: { MEDIA_ERROR: string };
}

interface HlsOptions {
  enableWorker: boolean;
  lowLatencyMode: boolean;
  maxLiveSyncPlaybackRate: number;
  backBufferLength: number;
  /** Called before each request, perhaps with one that is not open yet. */
  xhrSetup: (xhr: XMLHttpRequest, address: string) => void;
}

interface Hls {
  config: HlsOptions;
  playingDate: Date | null;
  latency: number;
  liveSyncPosition: number | null;
  on(event: "hlsFragLoaded", told: (event: string, data: { payload: ArrayBuffer }) => void): void;
  on(event: "hlsError", told: (event: string, error: { fatal: boolean; type: string }) => void): void;
  loadSource(address: string): void;
  attachMedia(media: HTMLMediaElement): void;
  destroy(): void;
}
