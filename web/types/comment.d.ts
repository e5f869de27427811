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
  comments: CommentView[];
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
