// A space as the house tells of it (house/spaces/schema.py). Only the fields that scripts read stand here.

type State = "scheduled" | "doors_open" | "live" | "interrupted" | "ended" | "replay" | "cancelled";

/** The lights of a space by their name. */
type Lights = Record<string, { color: string; reason: string }>;

/** A share of what there is of something. */
interface Share { value: number; low: number; high: number }

/** What an evening is so far (house/counts/schema.py). */
interface Verdict {
  rows: number;
  finding: string;
  accuses: boolean;
  fault: string | null;
  resource: string | null;
  used: Share | null;
  audience: Share | null;
  hearing: number;
  cover: number;
}

/** A number of an audience, with its interval and its method. */
interface Figure {
  value: number;
  low: number;
  high: number;
  method: string;
  at_ms: number | null;
  at_least: boolean;
}

/** How many listened over time: the highest number of each step. */
interface Curve {
  since_ms: number;
  step_s: number;
  peaks: number[];
}

/** A space in the list. */
interface SpaceRow {
  id: string;
  title: string;
  state: State;
  phase: string;
  scheduled_ms: number | null;
  doors_open_ms: number | null;
  live_ms: number | null;
  ended_ms: number | null;
  listeners: number;
  listen: string;
  host: string;
  people: string[];
  length_ms: number | null;
  lights: Lights | null;
  stage: string | null;
}

/** Everything about a space for those on its stage. */
interface SpaceView {
  version: number;
  destinations: { name: string, state: string, trouble: string, since_ms: number | null, dropped: number }[];
  id: string;
  title: string;
  state: State;
  phase: string;
  scheduled_ms: number | null;
  doors_open_ms: number | null;
  live_ms: number | null;
  ended_ms: number | null;
  ends_ms: number | null;
  now_ms: number;
  description: string;
  language: string;
  listeners: number;
  seats: SeatView[];
  lights: Lights;
  audience: Record<string, string>;
  hindrances: Record<string, Hindrance[]>;
  pins: PinView[];
  rundown: ItemView[];
  ladder: LadderView;
  delay: DelayView | null;
  door: DoorView;
  you: You;
  full: boolean;
  switches: Record<string, boolean>;
  comments: string;
  comment_slow_s: number;
  sounds: SoundView[];
  playing: PlayingView | null;
  banned: Ban[];
  ice_servers: RTCIceServer[];
  keep: KeepTimes;
  site_keep: KeepTimes;
  recording: string | null;
  recording_until_ms: number | null;
  removals: RemovalView[];
  about: { topics: string[], links: { title: string, url: string }[], cover_ms: number | null, cover_words: string };
  show: string;
  records: boolean;
  trim: TrimView | null;
  listed: boolean;
  asking: "anyone" | "signed_in" | "members" | "invited" | "nobody";
  visibility: "public" | "unlisted" | "members" | "invited" | "password" | "tickets";
  erasing: boolean;
}

/** A part of a recording that was deleted for good, or all of it. */
interface RemovalView {
  from_ms: number;
  to_ms: number | null;
  at_ms: number;
  reason: string;
}

/** What the replay shows; it ends with the recording when `to_ms` is null. */
interface TrimView {
  from_ms: number;
  to_ms: number | null;
}

/** For how many days after the end things are kept; 0 for no limit. */
interface KeepTimes {
  recording: number;
  comments: number;
}

/** What speaks against opening the doors or going live. */
interface Hindrance {
  about: string;
  color: string;
  reason: string;
}

interface PinView {
  id: string;
  text: string;
  url: string;
  pinned_ms: number;
}

/** A part of the talk; the one that began last is on now. */
interface ItemView {
  id: string;
  title: string;
  minutes: number;
  begun_ms: number | null;
}

interface LadderView {
  rung: number;
  cause: string;
  value: number;
  pinned: number | null;
}

/** What the audience asks and was asked (house/comments/ballot_schema.py). */
interface BallotsView {
  polls: { id: string; question: string; answers: string[]; counts: number[]; closed_ms: number | null }[];
  questions: { id: number; name: string; text: string; votes: number }[];
  taken: { id: number; text: string; to_ms: number | null }[];
}

/** How much later the audience hears, and what it never heard. */
interface DelayView {
  seconds: number;
  news_ms: number;
  dumps: { from_ms: number; to_ms: number; at_ms: number }[];
}

/** Who is let in. */
interface DoorView {
  p: number;
  waiting: number;
  places: number;
  limited: boolean;
  overflow_s: number;
}

interface SoundView {
  id: string;
  name: string;
  length_ms: number;
}

interface PlayingView {
  name: string;
}

/** One thing of a file that could not be taken. */
interface Missing {
  code: string;
}

/** Somebody who asks to speak, as hosts see them. */
interface Waiting {
  id: string;
  name: string;
  asked_ms: number;
}

/** A request to speak, for its person. */
interface RequestView {
  state: string;
  place: number;
  waiting: number;
  token: string;
  link: string;
}

interface BackstageMessage {
  id: number;
  name: string;
  text: string;
  at_ms: number;
}

/** A seat's link; whoever has it has the seat. */
interface Invitation {
  seat: string;
  name: string;
  role: string;
  link: string;
}
