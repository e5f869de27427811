// What comes beside a recording: chapters.json, peaks.json, gaps.json (edge/replay.py), and captions.json.

/** One turn of a speaker, or music when there is no seat; pins and items of the rundown are chapters too. */
interface Chapter {
  startTime: number;
  title: string;
  seat?: string;
  pin?: string;
  item?: string;
}

/** `peaks.json`, as audiowaveform writes it: pairs of the lowest and the highest. */
interface Peaks {
  data: number[];
  length: number;
}

/** A part of a recording in which something else stands in for the sound, or nothing. */
interface Span {
  source: string;
  start_ms: number;
  duration_s: number;
}

/** Somebody's words in `captions.json`. */
interface Cue {
  start_ms: number;
  end_ms: number;
  seat: string;
  name: string;
  text: string;
  language: string;
  made_ms: number;
}

/** A line as edges show it: by whom and how it was corrected, they keep to themselves. */
interface ShownCue extends Cue {
  corrected?: boolean;
}

/** `captions.json` and `transcript.json` of a space on air; `at` is when an edge made it. */
interface CueDocument {
  doors_open_ms: number | null;
  at: number;
  cues: ShownCue[];
}
