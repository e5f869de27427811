// What the listener's page is doing (edge/static/listening.js).

type Mode =
  | "off" // nothing is wanted
  | "music" // the loop, before the doors open
  | "asking" // wanted, and the door has not answered
  | "live" // the programme
  | "outside" // the door keeps us out: the loop
  | "behind" // outside, and following some minutes behind
  | "seat" // nothing but the stage, where the listener is
  | "lost"; // what played gave up, and is tried again

/** What is said of the sound: the key of a text, or nothing. */
type Sounding = "" | "connecting" | "playing" | "waiting" | "reconnecting" | "blocked" | "full";

interface Listening {
  door: DoorDocument;
  mode: Mode;
  sound: Sounding;
  /** Whether the listener only reads who speaks. */
  reading: boolean;
  /** Whether the edge said last that it has no room. */
  full: boolean;
  /** Tries in a row that brought no sound. */
  losses: number;
  /** Whether who follows behind would be let in. */
  room: boolean;
  /** The address of what who follows hears. */
  follows: string;
  /** Whether the door is to be asked at once already. */
  soon: boolean;
  /** Whether this listener has heard any of the talk. */
  heard: boolean;
  /** Whether nothing is known of the space now: nobody answers, and no sound tells. */
  unreached: boolean;
  seen: StageSeen;
  /** Who is on the stage. */
  names: string[];
}

type ListeningEvent =
  | { type: "press" } // the page's one button
  | { type: "play" } // the buttons of a lock screen or a keyboard
  | { type: "pause" }
  | { type: "again" } // from the newest sound on
  | { type: "follow" } // to what is some minutes behind, or back
  | { type: "read"; on: boolean } // text only
  | { type: "door"; door: DoorDocument } // door.json came
  | { type: "refused"; full: boolean } // or did not
  | { type: "unreached" } // nobody answers
  | { type: "gate"; admitted: boolean }
  | { type: "sound"; sound: Sounding } // the player tells how it sounds
  | { type: "lost" }
  | { type: "end" } // nothing more will come
  | { type: "seat"; on: boolean; play?: boolean } // onto the stage, or off it: then whether to hear on
  | { type: "pulse"; pulse: Pulse };

type Deed =
  | { do: "listen" } // to the programme
  | { do: "loop" }
  | { do: "follow" }
  | { do: "bridge" } // music out of this browser's memory
  | { do: "stop" }
  | { do: "keep" } // the loop, for later
  | { do: "gate" } // asks whether we are let in
  | { do: "ask"; pace: Pace }; // asks the door, in so many seconds

interface Step {
  state: Listening;
  deeds: Deed[];
}
