// The table of spaces/phase.py, as the listener's page is given it.

interface Facts {
  life: string;
  stage: string;
  recorder: string;
  plan: string;
  place: string;
}

/** Fits where each fact is among those named; what it does not name may be anything. */
type PhaseRow = { phase: string } & { [Fact in keyof Facts]?: string[] };

interface PhaseTable {
  rows: PhaseRow[];
  /** In ms. */
  limits: { overdue: number; missed: number; empty: number; silent: number; unfinished: number };
  /** Phases, each with a reader who is told something else than listeners are. */
  own: string[];
}

/** When somebody was last on the stage, heard, and speaking, as the newest pulse (`at`) knows; ms from the opening of the doors. */
interface StageSeen {
  at: number;
  there: number;
  heard: number;
  spoke: number;
}
