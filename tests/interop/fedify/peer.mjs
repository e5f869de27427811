// A small server of the fediverse made with Fedify: `node peer.mjs PORT PICTURE`. Two people live there, robin and sam.
//
// What others tell it is believed only where Fedify has checked who says so. `GET /control` tells what is so here now,
// as others' words have made it; `POST /control` lets somebody here do something.

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { Temporal } from "@js-temporal/polyfill";
import { configure, getConsoleSink } from "@logtape/logtape";
import { createFederation, generateCryptoKeyPair, InProcessMessageQueue, MemoryKvStore } from "@fedify/fedify";
import {
  Accept, Announce, Block, Collection, Create, Delete, Document, Endpoints, Flag, Follow, Like, Mention, Move, Note,
  Person, PUBLIC_COLLECTION, Question, QuoteRequest, Reject, Undo, Update,
} from "@fedify/vocab";

await configure({ sinks: { out: getConsoleSink() }, loggers: [
  { category: "fedify", sinks: ["out"], lowestLevel: process.env.LEVEL ?? "warning" }, { category: ["logtape", "meta"], lowestLevel: "error" }] });
const [port, picture] = [Number(process.argv[2]), process.argv[3]];
const origin = `http://localhost:${port}`;
const pairs = { robin: [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5")], sam: [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5")] };

const seen = { posts: {}, likes: {}, boosts: {}, followers: {}, following: {}, blocks: {}, moves: {}, reports: [], votes: [], stamps: {}, kinds: [] };
const [written, asked, quoted] = [new Map(), new Map(), new Map()];
const [moved, others] = [{}, {}];

const federation = createFederation({
  kv: new MemoryKvStore(), queue: new InProcessMessageQueue(), allowPrivateAddress: true, origin,
});

federation.setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
  if (!(identifier in pairs)) return null;
  const keys = await ctx.getActorKeyPairs(identifier);
  return new Person({
    id: ctx.getActorUri(identifier), preferredUsername: identifier, name: identifier, summary: "Somebody at Fedify",
    url: ctx.getActorUri(identifier), inbox: ctx.getInboxUri(identifier), followers: ctx.getFollowersUri(identifier),
    endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
    publicKey: keys[0].cryptographicKey, assertionMethods: keys.map((key) => key.multikey),
    aliases: [...(identifier === "sam" ? [ctx.getActorUri("robin")] : []), ...(others[identifier] ?? []).map((each) => new URL(each))],
    successor: moved[identifier] ? new URL(moved[identifier]) : null,
  });
}).setKeyPairsDispatcher((_, identifier) => pairs[identifier] ?? []);

federation.setFollowersDispatcher("/users/{identifier}/followers", (_, identifier) => ({ items: followers(identifier) }));
for (const [kind, path] of [[Note, "notes"], [Question, "questions"]]) {
  federation.setObjectDispatcher(kind, `/${path}/{id}`, (ctx, { id }) => written.get(ctx.getObjectUri(kind, { id }).href) ?? null);
}

federation.setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: "robin" }))
  .on(Follow, async (ctx, follow) => {
    const who = ctx.parseUri(follow.objectId);
    if (who?.type !== "actor") return;
    told(follow);
    const actor = await follow.getActor(ctx);
    add(seen.followers, who.identifier, { id: actor.id.href, inbox: actor.inboxId.href, shared: actor.endpoints?.sharedInbox?.href });
    await ctx.sendActivity({ identifier: who.identifier }, actor, new Accept({ id: fresh(), actor: follow.objectId, object: follow }));
  })
  .on(Accept, (_, accept) => {
    told(accept);
    if (asked.get(accept.objectId?.href) === accept.actorId.href) seen.following[accept.actorId.href] = true;
    if (quoted.has(accept.objectId?.href)) seen.stamps[quoted.get(accept.objectId.href)] = accept.resultId?.href ?? null;
  })
  .on(QuoteRequest, async (ctx, request) => {
    told(request);
    const [actor, owner] = [await request.getActor(ctx), ctx.getActorUri("robin")];
    const stamp = new URL(`${origin}/stamps/${randomUUID()}`);
    await ctx.sendActivity({ identifier: "robin" }, actor, new Accept({ id: fresh(), actor: owner, object: request, result: stamp }));
  })
  .on(Reject, (_, reject) => { told(reject); delete seen.following[reject.actorId.href]; })
  .on(Create, async (ctx, create) => keep(ctx, create))
  .on(Update, async (ctx, update) => keep(ctx, update))
  .on(Delete, (_, deleted) => { told(deleted); delete seen.posts[deleted.objectId?.href]; })
  .on(Like, (_, like) => { told(like); add(seen.likes, like.objectId.href, { id: like.actorId.href }); })
  .on(Announce, (_, boost) => { told(boost); add(seen.boosts, boost.objectId.href, { id: boost.actorId.href }); })
  .on(Block, (_, block) => { told(block); add(seen.blocks, block.objectId.href, { id: block.actorId.href }); })
  .on(Move, (_, move) => { told(move); seen.moves[move.objectId.href] = move.targetId.href; })
  .on(Flag, (_, flag) => { told(flag); seen.reports.push({ of: flag.objectIds.map((each) => each.href), text: `${flag.content ?? ""}` }); })
  .on(Undo, async (ctx, undo) => {
    const done = await undo.getObject(ctx);
    told(undo, done?.constructor.name);
    const [what, by] = [done?.objectId?.href, undo.actorId.href];
    if (done instanceof Follow) drop(seen.followers, ctx.parseUri(done.objectId)?.identifier, by);
    if (done instanceof Like) drop(seen.likes, what, by);
    if (done instanceof Announce) drop(seen.boosts, what, by);
    if (done instanceof Block) drop(seen.blocks, what, by);
  });

function told(activity, of = "") { seen.kinds.push(`${activity.constructor.name}${of && ` ${of}`}`); }
function add(where, what, who) { (where[what] ??= []).push(...((where[what] ?? []).some((each) => each.id === who.id) ? [] : [who])); }
function drop(where, what, id) { where[what] = (where[what] ?? []).filter((each) => each.id !== id); }
function fresh() { return new URL(`${origin}/activities/${randomUUID()}`); }
function followers(name) {
  return (seen.followers[name] ?? []).map(({ id, inbox, shared }) => (
    { id: new URL(id), inboxId: new URL(inbox), endpoints: shared ? { sharedInbox: new URL(shared) } : null }));
}

async function keep(ctx, activity) {
  const object = await activity.getObject(ctx);
  told(activity, object?.constructor.name);
  if (object instanceof Note && object.name && object.replyTargetId && !object.content) {
    seen.votes.push({ of: object.replyTargetId.href, name: `${object.name}`, by: activity.actorId.href });
  } else if (object?.id && object.attributionId?.href === activity.actorId.href) {
    seen.posts[object.id.href] = await described(ctx, object);
  }
}

// What others' words are to Fedify, which reads them strictly, with a processor of JSON-LD.
async function described(ctx, object) {
  const found = {
    type: object.constructor.name, content: `${object.content ?? ""}`, summary: object.summary ? `${object.summary}` : null,
    reply_to: object.replyTargetId?.href ?? null, to: object.toIds.map((each) => each.href), url: object.url?.href?.href ?? object.url?.href ?? null,
    quote: object.quoteUrl?.href ?? object.quoteId?.href ?? null, updated: object.updated?.toString() ?? null, attachments: [], tags: [], choices: [],
  };
  for await (const each of object.getAttachments(ctx)) {
    const url = each.url?.href?.href ?? each.url?.href ?? each.href?.href ?? null;
    found.attachments.push({ type: each.constructor.name, url, name: each.name ? `${each.name}` : null, media_type: each.mediaType ?? null, width: each.width ?? null });
  }
  for await (const each of object.getTags(ctx)) found.tags.push({ type: each.constructor.name, name: `${each.name ?? ""}`, href: each.href?.href ?? null });
  if (object instanceof Question) {
    for await (const each of object.getExclusiveOptions(ctx)) found.choices.push({ name: `${each.name}`, votes: (await each.getReplies(ctx))?.totalItems ?? null });
    for await (const each of object.getInclusiveOptions(ctx)) found.choices.push({ name: `${each.name}`, votes: (await each.getReplies(ctx))?.totalItems ?? null });
    found.closed = object.closed != null;
    found.voters = object.voters ?? null;
  }
  return found;
}

// What stands at an address; what was only just written may take a moment to stand there.
async function read(ctx, sender, uri) {
  const documentLoader = await ctx.getDocumentLoader(sender);
  for (let tries = 0; tries < 50; tries++) {
    const found = await ctx.lookupObject(new URL(uri), { documentLoader });
    if (found) return found;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`there is nothing at ${uri}`);
}

async function act({ verb, who = "robin", uri, target, text, reply_to, choices, pictured, mention }) {
  const ctx = federation.createContext(new URL(origin));
  const [sender, actor] = [{ identifier: who }, ctx.getActorUri(who)];
  const found = uri && verb !== "edit" && verb !== "delete" ? await read(ctx, sender, uri) : null;
  const whose = async () => (found instanceof Person ? found : await found.getAttribution(ctx));
  const send = (to, activity) => ctx.sendActivity(sender, to, activity, { preferSharedInbox: true });
  const all = { tos: [PUBLIC_COLLECTION], ccs: [ctx.getFollowersUri(who), ...(mention ? [new URL(mention)] : [])] };
  const recipients = [...followers(who), ...(mention ? [await ctx.lookupObject(new URL(mention))] : [])];
  switch (verb) {
    case "follow": {
      const id = fresh();
      asked.set(id.href, found.id.href);
      return send(found, new Follow({ id, actor, object: found.id }));
    }
    case "unfollow": return send(found, new Undo({ id: fresh(), actor, object: new Follow({ id: fresh(), actor, object: found.id }) }));
    case "like": return send(await whose(), new Like({ id: fresh(), actor, object: found.id }));
    case "unlike": return send(await whose(), new Undo({ id: fresh(), actor, object: new Like({ id: fresh(), actor, object: found.id }) }));
    case "boost": return send([await whose(), ...followers(who)], new Announce({ id: fresh(), actor, object: found.id, ...all }));
    case "unboost": return send(await whose(), new Undo({ id: fresh(), actor, object: new Announce({ id: fresh(), actor, object: found.id }) }));
    case "block": return send(found, new Block({ id: fresh(), actor, object: found.id }));
    case "unblock": return send(found, new Undo({ id: fresh(), actor, object: new Block({ id: fresh(), actor, object: found.id }) }));
    case "report": {
      const of = await whose();
      return send(of, new Flag({ id: fresh(), actor, objects: [of.id, ...(found === of ? [] : [found.id])], content: text }));
    }
    case "move":
      moved[who] = target;
      return send("followers", new Move({ id: fresh(), actor, object: actor, target: new URL(target) }));
    case "alias":
      (others[who] ??= []).push(target);
      return null;
    case "vote":
      return send(await whose(), new Create({ id: fresh(), actor, to: (await whose()).id, object: new Note({
        id: new URL(`${origin}/votes/${randomUUID()}`), attribution: actor, name: text, replyTarget: found.id, to: (await whose()).id }) }));
    case "delete":
      written.delete(uri);
      return send("followers", new Delete({ id: fresh(), actor, object: new URL(uri), ...all }));
    case "quote": {
      const [id, request] = [ctx.getObjectUri(Note, { id: randomUUID() }), fresh()];
      const made = new Note({ id, attribution: actor, content: text, ...all, published: Temporal.Now.instant(), quote: found.id, quoteUrl: found.id });
      written.set(id.href, made);
      quoted.set(request.href, id.href);
      await send(await whose(), new QuoteRequest({ id: request, actor, object: found.id, instrument: made }));
      return id.href;
    }
    case "note": case "edit": {
      const kind = choices ? Question : Note;
      const id = verb === "edit" ? new URL(uri) : ctx.getObjectUri(kind, { id: randomUUID() });
      const made = new kind({
        id, attribution: actor, content: text, ...all, published: Temporal.Now.instant(),
        replyTarget: reply_to ? new URL(reply_to) : null,
        tags: mention ? [new Mention({ href: new URL(mention), name: "@ada" })] : [],
        attachments: pictured ? [new Document({ url: new URL(`${origin}/picture.jpg`), mediaType: "image/jpeg", name: "A picture" })] : [],
        ...(choices ? { exclusiveOptions: choices.map((name) => new Note({ name, replies: new Collection({ totalItems: 0 }) })),
          endTime: Temporal.Now.instant().add({ hours: 1 }) } : {}),
        ...(verb === "edit" ? { updated: Temporal.Now.instant() } : {}),
      });
      written.set(id.href, made);
      await send(recipients, new (verb === "edit" ? Update : Create)({ id: fresh(), actor, object: made, ...all }));
      return id.href;
    }
  }
  throw new Error(`nobody here can ${verb}`);
}

async function control(request) {
  if (request.method === "GET") return Response.json(seen);
  try {
    return Response.json({ done: (await act(await request.json())) ?? null });
  } catch (error) {
    return Response.json({ error: `${error.stack}` }, { status: 500 });
  }
}

createServer(async (incoming, outgoing) => {
  const chunks = [];
  for await (const each of incoming) chunks.push(each);
  const empty = ["GET", "HEAD"].includes(incoming.method);
  const request = new Request(new URL(incoming.url, `http://${incoming.headers.host}`), {
    method: incoming.method, headers: incoming.headers, body: empty ? undefined : Buffer.concat(chunks),
  });
  const path = incoming.url.split("?")[0];
  const response = path === "/control" ? await control(request)
    : path === "/picture.jpg" ? new Response(readFileSync(picture), { headers: { "content-type": "image/jpeg" } })
    : await federation.fetch(request, { contextData: undefined });
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}).listen(port, "127.0.0.1");
