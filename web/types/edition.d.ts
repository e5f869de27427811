// The listener cut of a recording (house/editions/schema.py).

/** How far it is; `state` is that of an order, null without one. */
interface EditionView {
  space: string;
  state: string | null;
  done: number;
  problem: string;
  cut: CutView | null;
}

/** The cut there is. */
interface CutView {
  length_ms: number;
  cut_ms: number;
  left_out_ms: Record<string, number>;
  joins: number;
  size_bytes: number;
  loudness: Loudness | null;
  signed: boolean;
  made_ms: number;
  processor_s: number;
}

/** Before and after, in LUFS; how far it was raised, in dB. */
interface Loudness {
  before_lufs: number;
  gain_db: number;
  after_lufs: number;
  peak_dbtp: number;
}
