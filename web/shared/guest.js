// Writing comments without an account. The house knows the same browser again by what it gave it the first time.

const KEPT = "stentor-guest";
const PATIENCE_MS = 8000;

/**
 * What this browser has of before; nothing where it may keep nothing.
 * @returns {{ name: string, device: string }}
 */
export function guest() {
  try {
    return { name: "", device: "", ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return { name: "", device: "" };
  }
}

/**
 * Sends a comment; what became of it. Throws what the house has against it, with the `status`.
 * @param {string} space
 * @param {{ name: string, text: string, question?: boolean }} comment
 * @returns {Promise<GuestCommentView>}
 */
export async function writeAsGuest(space, { name, ...said }) {
  const reply = await fetch(`/api/v1/spaces/${space}/guest-comments`, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify({ name, ...said, device: guest().device }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw Object.assign(new Error(answer.sentence), { status: reply.status });
  try {
    localStorage.setItem(KEPT, JSON.stringify({ name, device: answer.device }));
  } catch {
    // somebody new the next time
  }
  return answer;
}
