// Seats on the stage (house/spaces/schema.py), and what a seat's own page shares.

/** What is stored of a seat, and what the stage says of it now. */
interface SeatView extends SeatStatus {
  name: string;
  role: string;
  volume: number;
  agreed_ms: number | null;
  agreed_text: number;
  withdrawn_ms: number | null;
  portrait: string | null;
  may: string[];
}

/** What the stage says of a seat several times a second. */
interface SeatStatus {
  id: string;
  state: "connected" | "lost" | "away";
  muted: boolean;
  self_muted: boolean;
  heard: boolean;
  aside: boolean;
  talking: boolean;
  delay_ms: number;
  loss: number;
  jitter_ms: number;
  quality: string;
  oddities: string[];
  spoken_s: number;
}

/** Who asks, and what they could do right now. */
interface You {
  rank: string;
  may: string[];
  seat: string;
  name: string;
  role: string | null;
}

interface Ban {
  seat: string;
  name: string;
}

/** Runs an action, and shows what came of it or why it did not work. */
type Command = (action: () => unknown) => Promise<void>;

/** What each part of the stage's page is given. */
interface PartOptions {
  space: string;
  token: string;
  command: Command;
}

/** Of a part that also changes the space. */
interface ChangingPartOptions extends PartOptions {
  change: (body: Record<string, unknown>) => Promise<void>;
}

/** Why the stage does not take a seat. */
interface StageProblem {
  status: number;
  code: string;
  detail: string;
  retryAfter: number;
}

/** What was measured of a connection. */
interface ConnectionNumbers {
  loss: number;
  jitter_ms: number;
  delay_ms: number;
}

/** What a sound check has found. */
interface SoundCheck extends ConnectionNumbers {
  failed?: undefined;
  loudest: boolean;
  heard: boolean;
  way: string;
}

/** A device's own settings, as they are remembered. */
interface DeviceChoice {
  music?: boolean;
  microphone?: string;
  output?: string;
}
