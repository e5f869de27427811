// All that the stage's page shows, as the house tells it: one stream of server-sent events.

import { ask } from "./page.js";

const LOST_MS = 6000; // the house says something each second

/**
 * Reads one stream to its end, a minute at most; throws what `ask` throws, and when the stream breaks off.
 * `heard` has what to call by the name of an event, and as the stream begins (`opened`). EventSource could not send a
 * token; without one the session counts.
 * @param {string} space
 * @param {string} token
 * @param {Record<string, (data: any) => unknown>} heard
 */
export async function follow(space, token, heard) {
  const lost = new AbortController();
  const late = () => setTimeout(() => lost.abort(), LOST_MS);
  let timer = late();
  try {
    const body = await ask("GET", `/spaces/${space}/stream`, { token, stream: lost.signal });
    heard.opened?.(null);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = late();
      const events = (text + value).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const [, kind = "seats", data] = /^(?:event: (\w+)\n)?data: (.*)$/.exec(event) ?? [];
        if (data) heard[kind]?.(JSON.parse(data));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
