// A server of one's own with a manager and executives, for the suites of the sync libraries.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";

const { BIN, DATABASE } = process.env;
export const { SERVER } = process.env;
const PASSWORD = "a walk in the rain";

let server;

export async function start() {
  const settings = { ...process.env, TOUCHBASE_DATABASE_URL: DATABASE };
  execFileSync(BIN, ["admin", "create", "--organization", "Northwind", "--email", "admin@northwind.test", "--name", "Ada", "--password-stdin"], {
    env: settings, input: PASSWORD, stdio: ["pipe", "ignore", "inherit"],
  });
  server = spawn(BIN, ["serve", "--listen", new URL(SERVER).host], { env: settings, stdio: ["ignore", "ignore", "ignore"] });
  for (let tries = 0; ; tries += 1) {
    try {
      if ((await fetch(`${SERVER}/readyz`)).ok) break;
    } catch (error) {
      if (tries > 600) throw error;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

export const stop = () => server?.kill();

/** Begins a new epoch, as after a restored backup. */
export const newEpoch = () => execFileSync(BIN, ["epoch"], { env: { ...process.env, TOUCHBASE_DATABASE_URL: DATABASE }, stdio: "ignore" });

/** Lets everything have happened long ago. */
export const longAgo = () => execFileSync(process.env.LONG_AGO, [DATABASE], { stdio: "inherit" });

/** Somebody who asks; `ask.cutOff` loses the next answer to a push on its way. */
export function somebody(token) {
  const ask = async (method, path, body, type = "application/json") => {
    const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": type }), "idempotency-key": crypto.randomUUID() };
    const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    // A connection that rested while the library worked may have been closed: sent once more, under the same key.
    const send = () => fetch(SERVER + path, { method, headers, body: sent });
    const answer = await send().catch(send);
    const text = await answer.text();
    if (ask.cutOff && path === "/v1/sync/push") {
      ask.cutOff = false;
      throw new Error("the connection was lost");
    }
    return { status: answer.status, body: text && text[0] === "{" ? JSON.parse(text) : text };
  };
  ask.asUser = (url, init) => fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } });
  return ask;
}

/** As the adapters ask: the JSON that came, or an error with its status. */
export const forAdapters = (ask) => async (method, path, body) => {
  const answer = await ask(method, path, body);
  if (answer.status >= 300) throw Object.assign(new Error(JSON.stringify(answer.body)), { status: answer.status });
  return answer.body;
};

export async function must(ask, method, path, body, type) {
  const answer = await ask(method, path, body, type);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export async function signIn(email) {
  const body = await must(somebody(""), "POST", "/v1/auth/login", { email, password: PASSWORD });
  return somebody(body.access_token);
}

let people = 0;

/** A new person of a role, who asks. */
export async function person(admin, role) {
  people += 1;
  const fields = { email: `person${people}@northwind.test`, name: `Person ${people}`, role };
  const user = await must(admin, "POST", "/v1/users", fields);
  const { token } = await must(admin, "POST", `/v1/users/${user.id}/invitation`);
  const session = await must(somebody(""), "POST", "/v1/auth/accept-invitation", { token, password: PASSWORD });
  return Object.assign(somebody(session.access_token), { id: user.id });
}

let customers = 0;

/** A customer of this executive, with a contact, a note and an action item. */
export async function given(manager, executive) {
  customers += 1;
  const customer = await must(manager, "POST", "/v1/customers", { name: `Customer ${customers}` });
  const customer_id = customer.id;
  await must(manager, "POST", "/v1/contacts", { customer_id, name: "Maria Anders" });
  await must(manager, "POST", "/v1/notes", { customer_id, type: "general", body: "Content", themes: ["billing"] });
  const item = await must(manager, "POST", "/v1/action-items", { customer_id, title: "Look into it", owner_id: executive.id });
  const assignment = await must(manager, "POST", "/v1/assignments", { customer_id, assignee_id: executive.id });
  return { customer, item, assignment };
}

/** Thousands of customers with a contact each, all of this executive: two thirds of the records that come of it are customers and contacts. */
export async function many(manager, executive, count) {
  const rows = Array.from({ length: count }, (_, at) => at);
  const csv = (head, row) => `${head}\n${rows.map(row).join("\n")}\n`;
  await must(manager, "POST", "/v1/customers/import", csv("external_id,name", (at) => `m${at},Company ${at}`), "text/csv");
  await must(manager, "POST", "/v1/contacts/import", csv("external_id,name,customer_external_id", (at) => `c${at},Contact ${at},m${at}`), "text/csv");
  await must(manager, "POST", "/v1/assignments/bulk", csv("customer_external_id,assignee_id", (at) => `m${at},${executive.id}`), "text/csv");
}

/** The working set as a device has it that begins now: `collection/id` → record. */
export async function truth(ask) {
  const records = new Map();
  let [from, more] = ["", true];
  while (more) {
    const page = await must(ask, "GET", `/v1/sync/changes?limit=1000${from}`);
    for (const { collection, id, op, data } of page.changes) {
      if (op === "upsert") records.set(`${collection}/${id}`, data);
      else records.delete(`${collection}/${id}`);
    }
    from = `&cursor=${page.cursor}&epoch=${page.epoch}`;
    more = page.has_more;
  }
  return records;
}

export const rest = (time) => new Promise((done) => setTimeout(done, time));

/**
 * What two executives do on their devices and a manager at the desk, as it comes, over a network that is slow and loses requests and answers.
 * Customers go from the one to the other meanwhile. `begin(ask)` starts an executive's devices; at the end all is as it was left, and the network is well.
 */
export async function interleave(admin, manager, begin, seed) {
  const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  const pick = (list) => list[Math.floor(random() * list.length)];
  let losses = 0.08;
  const roughly = (ask) => Object.assign(async (...asked) => {
    await rest(random() * 60);
    if (random() < losses) throw new Error("the request was lost");
    const answer = await ask(...asked);
    await rest(random() * 60);
    if (random() < losses) throw new Error("the answer was lost");
    return answer;
  }, { asUser: ask.asUser });
  const people = [await person(admin, "executive"), await person(admin, "executive")];
  const cases = [await given(manager, people[0]), await given(manager, people[1])];
  const whose = new Map(cases.map(({ assignment }, at) => [assignment.id, at]));
  const devices = [];
  for (const who of people) devices.push(...(await begin(roughly(who))).map((it) => Object.assign(it, { who })));

  const steps = [
    async (it, word) => {
      const item = pick(await it.all("action_items"));
      if (item) await it.change("action_items", item.id, { [pick(["title", "detail"])]: word });
    },
    async (it, word) => {
      const customer = pick(await it.all("customers"));
      // A poem is refused, and stays where it is.
      if (customer) await it.make("notes", { customer_id: customer.id, type: pick(["idea", "poem"]), body: word });
    },
    async (it, word) => {
      const customer = pick(await it.all("customers"));
      if (customer) await it.make("action_items", { customer_id: customer.id, title: word });
    },
    async (it) => {
      const assignment = pick(await it.all("assignments"));
      if (assignment) await it.make("attempts", { assignment_id: assignment.id, customer_id: assignment.customer_id, disposition: "no_answer" });
    },
    async (it, word) => {
      // Both are refused.
      const [note, customer] = [pick(await it.all("notes")), pick(await it.all("customers"))];
      if (note) await it.change("notes", note.id, { body: word });
      if (customer) await it.change("customers", customer.id, { city: word });
    },
    async () => {
      const { assignment } = pick(cases);
      const to = 1 - whose.get(assignment.id);
      const answer = await manager("POST", `/v1/assignments/${assignment.id}/reassign`, { assignee_id: people[to].id });
      if (answer.status < 300) whose.set(assignment.id, to);
    },
    async (_, word) => {
      const { item } = pick(cases);
      await must(manager, "PATCH", `/v1/action-items/${item.id}`, { [pick(["title", "detail"])]: word }, "application/merge-patch+json");
    },
  ];
  for (let at = 0; at < 60; at += 1) {
    // What it was about may leave in this very moment.
    await pick(steps)(pick(devices), `Word ${at}`).catch((error) => assert.match(error.message, /null|undefined|not found|deleted|destroyed/));
    await rest(random() * 80);
  }
  losses = 0;
  return devices;
}

/** Runs the parts of a suite one after the other (`PART=words` for some), and says which passed. */
export async function suite(name, parts, afterEach = () => {}) {
  for (const [title, part] of Object.entries(parts)) {
    if (!title.includes(process.env.PART ?? "")) continue;
    const began = Date.now();
    await part();
    await afterEach();
    console.log(`${name}: ${title} (${Date.now() - began} ms)`);
  }
}
