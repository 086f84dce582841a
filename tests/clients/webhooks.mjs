// Deliveries as npm's `standardwebhooks` verifies them: signed, with both secrets while one rotates, and nothing that was tampered with.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const server = process.argv[2];

async function ask(token, method, path, body) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(server + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

const came = [];
const waiting = [];
const receiver = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => (text += chunk));
  request.on("end", () => {
    response.writeHead(204).end();
    const next = waiting.shift();
    const delivery = { text, headers: request.headers };
    next ? next(delivery) : came.push(delivery);
  });
});
await new Promise((done) => receiver.listen(0, "127.0.0.1", done));
const next = () => (came.length ? came.shift() : new Promise((done) => waiting.push(done)));

const session = await ask(null, "POST", "/v1/auth/login", { email: "admin@demo.test", password: "touchbase-demo" });
const token = session.access_token;
const url = `http://127.0.0.1:${receiver.address().port}/hook`;
const { webhook_endpoint: endpoint, secret } = await ask(token, "POST", "/v1/webhook-endpoints", { name: "npm", url, types: ["customer.created"] });

const made = await ask(token, "POST", "/v1/customers", { name: "Größe & Söhne 😀" });
const first = await next();
const event = new Webhook(secret).verify(first.text, first.headers);
assert.equal(event.type, "customer.created");
assert.equal(event.data.id, made.id);
assert.equal(event.data.revision, made.revision);
assert.throws(() => new Webhook(secret).verify(first.text.replace("created", "deleted"), first.headers));

const { secret: fresh } = await ask(token, "POST", `/v1/webhook-endpoints/${endpoint.id}/rotate-secret`, {});
await ask(token, "POST", `/v1/webhook-endpoints/${endpoint.id}/test`, {});
const tested = await next();
for (const known of [secret, fresh]) {
  assert.equal(new Webhook(known).verify(tested.text, tested.headers).type, "webhook_endpoint.tested");
}
await ask(token, "DELETE", `/v1/webhook-endpoints/${endpoint.id}`);
receiver.closeAllConnections();
receiver.close();
console.log("npm's standardwebhooks verifies what is delivered");
