// Fedify tells many servers of a post, with its queue in the process: `node send.mjs PORT INBOXES WORKERS`. INBOXES is a
// file with one address a line. It says `ready`, begins at the first line that it reads, and says `queued`.

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { Temporal } from "@js-temporal/polyfill";
import { createFederation, generateCryptoKeyPair, InProcessMessageQueue, MemoryKvStore, ParallelMessageQueue } from "@fedify/fedify";
import { Create, Note, Person, PUBLIC_COLLECTION } from "@fedify/vocab";

const [port, file, workers] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];
const origin = `http://localhost:${port}`;
const pair = await generateCryptoKeyPair("RSASSA-PKCS1-v1_5");
const federation = createFederation({
  kv: new MemoryKvStore(), queue: new ParallelMessageQueue(new InProcessMessageQueue(), workers),
  allowPrivateAddress: true, origin,
});

federation.setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
  const keys = await ctx.getActorKeyPairs(identifier);
  return new Person({ id: ctx.getActorUri(identifier), preferredUsername: identifier, inbox: ctx.getInboxUri(identifier), publicKey: keys[0].cryptographicKey });
}).setKeyPairsDispatcher(() => [pair]);
federation.setInboxListeners("/users/{identifier}/inbox", "/inbox");

createServer((_, outgoing) => outgoing.writeHead(404).end()).listen(port, "127.0.0.1");
const recipients = readFileSync(file, "utf-8").trim().split("\n").map((inbox) => {
  const url = new URL(inbox);
  return { id: new URL("/users/somebody", url), inboxId: url, endpoints: { sharedInbox: url } };
});
console.log("ready");
await once(process.stdin, "data");
const ctx = federation.createContext(new URL(origin));
const actor = ctx.getActorUri("ada");
const note = new Note({
  id: new URL(`${origin}/notes/1`), attribution: actor, to: PUBLIC_COLLECTION, cc: new URL(`${actor}/followers`),
  content: `<p>${"A post of usual length says what happened, and to whom. ".repeat(4)}</p>`, published: Temporal.Now.instant(),
});
await ctx.sendActivity({ identifier: "ada" }, recipients,
  new Create({ id: new URL(`${origin}/notes/1#create`), actor, object: note, to: PUBLIC_COLLECTION }), { preferSharedInbox: true });
console.log("queued");
