// An app made with masto, for two people: it signs both in, and then walks: home, post, answer, notification, stream.
// What only a browser can do, and what was found, are lines of JSON; a line with a code answers the first.
import { createInterface } from "node:readline";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";

const url = process.argv[2];
const back = "com.example.lark:/back";
const scopes = "read write follow push";
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const oauth = createOAuthAPIClient({ url });
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function signIn(who) {
  const app = await createRestAPIClient({ url }).v1.apps.create({ clientName: "Lark", redirectUris: back, scopes });
  say({ authorize: who, client_id: app.clientId, redirect_uri: back, scope: scopes });
  const known = { clientId: app.clientId, clientSecret: app.clientSecret };
  const code = (await lines.next()).value;
  const grant = { grantType: "authorization_code", redirectUri: back, scope: scopes, code };
  const accessToken = (await oauth.token.create({ ...known, ...grant })).accessToken;
  const rest = createRestAPIClient({ url, accessToken });
  const { configuration } = await rest.v2.instance.fetch();
  const streams = createStreamingAPIClient({ streamingApiUrl: configuration.urls.streaming, accessToken });
  return { rest, streams, me: await rest.v1.accounts.verifyCredentials(), end: () => oauth.revoke({ ...known, token: accessToken }) };
}

// Everything of a stream as it comes; `has` waits for what fits.
function listen(streams) {
  const came = [];
  const waiting = [];
  (async () => {
    for await (const event of streams.user.subscribe()) {
      came.push(event);
      for (const look of waiting.splice(0)) look();
    }
  })();
  return async function has(fits, withinMs) {
    const until = Date.now() + withinMs;
    for (;;) {
      const found = came.find(fits);
      if (found || Date.now() > until) return found;
      await Promise.race([new Promise((done) => waiting.push(done)), new Promise((done) => setTimeout(done, 200))]);
    }
  };
}

const ann = await signIn("ann");
const ben = await signIn("ben");
const there = await ben.rest.v1.accounts.lookup({ acct: ann.me.acct });
const stands = await ben.rest.v1.accounts.$select(there.id).follow();
const annHears = listen(ann.streams);
const benHears = listen(ben.streams);

// Nothing says when a stream has begun: the first post that is heard counts.
let post, update;
for (let at = 0; at < 10 && !update; at++) {
  post = await ann.rest.v1.statuses.create({ status: `Good evening ${at} #radio`, visibility: "public" });
  update = await benHears((event) => event.event === "update" && event.payload.id === post.id, 2000);
}
const home = await ben.rest.v1.timelines.home.list({ limit: 5 });
const answer = await ben.rest.v1.statuses.create({ status: "@ann and to you", inReplyToId: post.id });
const told = await annHears((event) => event.event === "notification" && event.payload.type === "mention", 20000);
await ann.rest.v1.statuses.$select(answer.id).favourite();
const liked = await benHears((event) => event.event === "notification" && event.payload.type === "favourite", 20000);
const notifications = await ann.rest.v1.notifications.list();
const grouped = await ann.rest.v2.notifications.list();
const context = await ann.rest.v1.statuses.$select(post.id).context.fetch();
const pages = [];
for await (const page of ben.rest.v1.accounts.$select(there.id).statuses.list({ limit: 1 })) pages.push(page.map((each) => each.id));
await ann.rest.v1.statuses.$select(post.id).remove();
const gone = await benHears((event) => event.event === "delete" && event.payload === post.id, 20000);
for (const each of [ann, ben]) {
  each.streams.close();
  await each.end();
}
const after = await ann.rest.v1.accounts.verifyCredentials().catch((error) => error.statusCode);

say({
  found: {
    people: [ann.me.acct, ben.me.acct],
    following: stands.following,
    post: post.id,
    update: update?.payload.id,
    home: home[0]?.id,
    answer: answer.id,
    told: told?.payload.status.id,
    liked: liked?.payload.status.id,
    notifications: notifications.map((each) => each.type),
    groups: grouped.notificationGroups.map((each) => each.type),
    descendants: context.descendants.map((each) => each.id),
    pages,
    gone: gone !== undefined,
    after,
  },
});
process.exit(0);
