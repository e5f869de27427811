// door.json (edge/door.py), and what lets a listener in.

/** From and to, in seconds: at a random moment in between something is asked for again. */
type Pace = [number, number];

/** `door.json`: what the listener's page knows of its space. */
interface DoorDocument {
  space: string;
  title: string;
  description?: string;
  state: State | "removed" | "unrecorded";
  scheduled_ms: number | null;
  doors_open_ms: number | null;
  live_ms: number | null;
  ended_ms: number | null;
  host: string;
  p: number;
  narrow_ms: number;
  passes: string[];
  held: boolean;
  pace: number;
  retry_s: Pace;
  overflow_s: number;
  streams: Streams;
  ask: string | null;
  pins: Pin[];
  pinned: number;
  portraits: Record<string, string> | null;
  react: ReactionOffer | null;
  comments: CommentAddresses | null;
  asked: AskedOffer | null;
}

/** Addresses of what can be heard and read now. */
interface Streams {
  hold: string;
  aac?: string;
  opus?: string;
  mp4?: string;
  hls?: string;
  overflow?: string;
  captions?: string;
  transcript?: string;
}

/** Where captions are read: the newest, and all since the talk began. */
interface CaptionAddresses {
  newest: string;
  whole: string;
}

interface Pin {
  text: string;
  url: string;
  at_ms: number;
}

/** What the audience may react with; of `one_in` presses one is sent. */
interface ReactionOffer {
  names: string[];
  one_in: number;
}

interface CommentAddresses {
  read: string;
  write: string | null;
}

/** Where polls and questions are read, votes go, and one asks; whether something is asked or answered now. */
interface AskedOffer {
  read: string;
  vote: string | null;
  write: string | null;
  changed: number;
  now: boolean;
}

/** `asked.json` (edge/asked.py). */
interface AskedDocument {
  open: boolean;
  guests: boolean;
  retry_s: Pace;
  polls: { id: string; question: string; answers: string[]; opened_ms: number; closed_ms: number | null; counts: number[] | null }[];
  questions: { id: number; name: string; handle: string; text: string; at_ms: number; votes: number }[];
  taken: { id: number; text: string; votes: number; from_ms: number; to_ms: number | null }[];
}

/** A device's place at the door (edge/gate.py). */
interface Ticket {
  ticket: string;
  u: number;
  class: string;
  issued_ms: number;
}

/** Where a device stands before a narrow door: the share of those outside before it, and the minutes, if anybody knows. */
interface Outlook {
  ahead: number;
  minutes: number | null;
}

/** A text of the listener's page in the reader's language, with values filled in. */
type Say = (key: string, values?: Record<string, string | number>) => string;

/** What a player tells the page. */
interface PlayerEvents {
  onState(state: Sounding): void;
  onBytes(bytes: ArrayBuffer): void;
  onLost(): void;
  onEnd(): void;
}

/** What the page does for those who only read. */
interface TextOnlyEvents {
  /** Whether there is something to ask for. */
  live(): boolean;
  ask(): Promise<Pulse>;
  show(pulse: Pulse): void;
  say: Say;
  language(): string;
}
