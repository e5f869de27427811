// Bluesky's own server of personal data (PDS), and beside it the directory of names (PLC) that it asks, in memory.
// Called with the ports of both and a folder. Nothing outside of this machine is asked.
import http from "node:http";
import { randomBytes } from "node:crypto";

const [port, directory, folder] = process.argv.slice(2);
const known = new Map();

const key = (text) => text.replace(/^did:key:/, "");
const document = (did, operation) => ({
  "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
  id: did,
  alsoKnownAs: operation.alsoKnownAs,
  verificationMethod: Object.entries(operation.verificationMethods).map(([name, made]) => (
    { id: `${did}#${name}`, type: "Multikey", controller: did, publicKeyMultibase: key(made) })),
  service: Object.entries(operation.services).map(([name, made]) => (
    { id: `#${name}`, type: made.type, serviceEndpoint: made.endpoint })),
});

const answered = (response, status, value) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
};
http.createServer(async (request, response) => {
  const [, did, ...below] = decodeURIComponent(request.url).split("/");
  if (request.method === "POST") {
    let text = "";
    for await (const part of request) text += part;
    known.set(did, JSON.parse(text));
    return answered(response, 200, {});
  }
  const operation = known.get(did);
  if (!operation) return answered(response, 404, { message: "DID not registered" });
  if (below.join("/") === "log/last") return answered(response, 200, operation);
  return answered(response, 200, below[0] === "data" ? { did, ...operation } : document(did, operation));
}).listen(Number(directory), "127.0.0.1");

Object.assign(process.env, {
  PDS_PORT: port, PDS_HOSTNAME: "localhost", PDS_DEV_MODE: "1", PDS_DATA_DIRECTORY: folder,
  PDS_BLOBSTORE_DISK_LOCATION: `${folder}/blobs`, PDS_DID_PLC_URL: `http://127.0.0.1:${directory}`,
  PDS_SERVICE_HANDLE_DOMAINS: ".test", PDS_INVITE_REQUIRED: "0", PDS_DISABLE_SSRF_PROTECTION: "1",
  PDS_JWT_SECRET: randomBytes(16).toString("hex"), PDS_ADMIN_PASSWORD: randomBytes(16).toString("hex"),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: randomBytes(32).toString("hex"), LOG_ENABLED: "0",
});
const { PDS, envToCfg, envToSecrets, readEnv } = await import("@atproto/pds");
const env = readEnv();
const server = await PDS.create(envToCfg(env), envToSecrets(env));
await server.start();
process.on("SIGTERM", async () => {
  await server.destroy();
  process.exit(0);
});
