// The pulse (spaces/pulse.py): what listeners are told while a space is on air, most often inside the sound.

interface Pulse {
  state: State;
  chunk: number;
  at: number;
  source: string;
  listeners: number;
  asked: number;
  seats: PulseSeat[];
  pinned: number;
  reactions?: Record<string, number>;
  witness?: string;
}

interface PulseSeat {
  id: string;
  name: string;
  role: string;
  talking: boolean;
  muted: boolean;
  level: number;
}
