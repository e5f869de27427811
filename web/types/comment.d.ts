// Comments (house/comments/schema.py), and comments.json of an edge (edge/door.py).

interface CommentView {
  id: number;
  name: string;
  handle: string;
  role: string;
  text: string;
  at_ms: number;
}

/** `comments.json`: the newest comments, the oldest of them first. */
interface Chat {
  state: "open" | "off" | "crowded";
  retry_s: Pace;
  /** Whether one may write without an account. */
  guests: boolean;
  comments: CommentView[];
}

/** What became of a guest's comment. */
interface GuestCommentView {
  held: boolean;
  name: string;
  text: string;
  device: string;
}

interface HeldComment {
  id: number;
  guest: string;
  name: string;
  text: string;
  at_ms: number;
}

interface GuestView {
  guest: string;
  name: string;
  standing: string;
}

/** For those who keep order: what waits, and whom they have judged. */
interface GuestModeration {
  opens: boolean;
  held: HeldComment[];
  guests: GuestView[];
}

/** For those who keep order. */
interface ModerationView {
  state: string;
  limit: number;
  words: string[];
  comments: CommentView[];
  silenced: Person[];
}

interface Person {
  handle: string;
  name: string;
}
