// RxDB 17, with its memory storage, on the adapter in examples/.
import assert from "node:assert/strict";
import { createRxDatabase } from "rxdb";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { pokes, replicate } from "./examples/rxdb/touchbase.js";
import * as field from "./field.mjs";

// A call before what was learned in it. RxDB's free version opens few collections at a time: two devices have room for these.
const NAMES = ["customers", "contacts", "attempts", "notes", "nps_responses", "action_items", "assignments"];
const text = { type: "string" };
const schema = {
  version: 0, primaryKey: "id", type: "object", additionalProperties: true, required: ["id"],
  properties: { id: { type: "string", maxLength: 36 }, base_revision: { type: "number" }, customer_id: text },
};

let devices = 0;
const open = new Set();
async function device(ask) {
  devices += 1;
  const clientId = `rxdb${devices}`;
  const database = await createRxDatabase({ name: clientId, storage: getRxStorageMemory(), multiInstance: false });
  open.add(database);
  const collections = await database.addCollections(Object.fromEntries(NAMES.map((name) => [name, { schema }])));
  const rejected = [];
  return {
    rejected,
    async sync() {
      for (const name of NAMES) {
        const replication = replicate(collections[name], { ask: field.forAdapters(ask), clientId, live: false, onRejected: (result) => rejected.push(result), batchSize: 1000 });
        const failed = new Promise((_, fail) => replication.error$.subscribe((error) => fail(new Error(error.parameters?.errors?.[0]?.message ?? error.message))));
        try {
          await Promise.race([replication.awaitInitialReplication(), failed]);
        } finally {
          failed.catch(() => {});
          await replication.cancel();
        }
      }
    },
    /** Replicates for as long as the database is open. */
    live() {
      const stream$ = pokes(field.SERVER, ask.asUser);
      for (const name of NAMES) replicate(collections[name], { ask: field.forAdapters(ask), clientId, stream$ });
    },
    all: async (name) => (await collections[name].find().exec()).map((document) => document.toJSON()),
    get: async (name, id) => (await collections[name].findOne(id).exec())?.toJSON(),
    async make(name, fields) {
      const id = crypto.randomUUID();
      await collections[name].insert({ id, ...fields });
      return id;
    },
    change: async (name, id, fields) => (await collections[name].findOne(id).exec()).incrementalPatch(fields),
  };
}

async function closeAll() {
  for (const database of open) await database.close();
  open.clear();
}

/** Looks until it is so. */
async function becomes(look, wanted) {
  for (let tries = 0, found; ; tries += 1) {
    if ((found = await look()) === wanted) return;
    assert.ok(tries < 300, `${found} is not ${wanted}`);
    await field.rest(100);
  }
}

/** The device has what the server says, and nothing else. */
async function agrees(it, ask) {
  const truth = new Map([...(await field.truth(ask))].filter(([key]) => NAMES.includes(key.split("/")[0])));
  let count = 0;
  for (const name of NAMES) {
    for (const { base_revision, ...document } of await it.all(name)) {
      if (document.refused) continue;
      assert.deepEqual(document, truth.get(`${name}/${document.id}`), `${name}/${document.id} of revision ${base_revision}`);
      count += 1;
    }
  }
  assert.equal(count, truth.size);
}

/** What replicates by itself comes to agree. */
const settles = (it, ask) => becomes(() => agrees(it, ask).then(() => "agreed", ({ message }) => message), "agreed");

await field.start();
try {
  const admin = await field.signIn("admin@northwind.test");
  const manager = await field.person(admin, "manager");
  await field.suite("RxDB", {
    "the first sync brings ten thousand records": async () => {
      const executive = await field.person(admin, "executive");
      await field.many(manager, executive, 3333);
      const it = await device(executive);
      await it.sync();
      assert.ok((await field.truth(executive)).size >= 10_000);
      await agrees(it, executive);
    },
    "a debrief made offline is replayed, also when the answer was lost and when it is sent twice": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, assignment } = await field.given(manager, executive);
      const it = await device(executive);
      await it.sync();
      const attempt_id = await it.make("attempts", { assignment_id: assignment.id, customer_id: customer.id, disposition: "connected", summary: "Content" });
      await it.make("notes", { customer_id: customer.id, attempt_id, type: "praise", body: "Quick support", themes: ["support"] });
      await it.make("nps_responses", { customer_id: customer.id, attempt_id, score: 9 });
      await it.make("action_items", { customer_id: customer.id, attempt_id, title: "Send the story" });
      executive.cutOff = true;
      await assert.rejects(it.sync(), /lost/);
      for (let times = 0; times < 3; times += 1) await it.sync();
      assert.deepEqual(it.rejected, []);
      await agrees(it, executive);
      assert.equal((await it.all("attempts")).length, 1);
      assert.equal((await it.get("assignments", assignment.id)).status, "completed");
    },
    "two devices keep different fields, and of the same field one is told": async () => {
      const executive = await field.person(admin, "executive");
      const { item } = await field.given(manager, executive);
      const [one, other] = [await device(executive), await device(executive)];
      await one.sync();
      await other.sync();
      await one.change("action_items", item.id, { title: "From one" });
      await other.change("action_items", item.id, { detail: "From the other" });
      for (const it of [one, other, one, other]) await it.sync();
      for (const it of [one, other]) {
        const { title, detail } = await it.get("action_items", item.id);
        assert.deepEqual([title, detail], ["From one", "From the other"]);
      }
      await one.change("action_items", item.id, { title: "First" });
      await other.change("action_items", item.id, { title: "Second" });
      for (const it of [one, other, one, other]) await it.sync();
      assert.equal((await other.get("action_items", item.id)).title, "First");
      await agrees(one, executive);
      await agrees(other, executive);
    },
    "a second change before the next reading is kept": async () => {
      const executive = await field.person(admin, "executive");
      const { item } = await field.given(manager, executive);
      const it = await device(executive);
      await it.sync();
      await it.change("action_items", item.id, { title: "Once" });
      executive.cutOff = true;
      await assert.rejects(it.sync(), /lost/);
      await it.change("action_items", item.id, { title: "Twice" });
      await it.sync();
      await it.change("action_items", item.id, { title: "Thrice" });
      await it.sync();
      await it.sync();
      assert.equal((await it.get("action_items", item.id)).title, "Thrice");
      await agrees(it, executive);
    },
    "what is read while it is being sent is not passed over": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, item } = await field.given(manager, executive);
      // A reading comes to the server after what is sent, and its answer is there before the other's.
      const slow = async (method, path, body) => {
        if (method === "GET") await field.rest(200);
        const answer = await executive(method, path, body);
        if (method === "POST") await field.rest(600);
        return answer;
      };
      await field.must(manager, "PATCH", `/v1/action-items/${item.id}`, { due_at: "2027-03-01T09:00:00Z" }, "application/merge-patch+json");
      const it = await device(slow);
      await it.sync();
      const note = await it.make("notes", { customer_id: customer.id, type: "idea", body: "!" });
      // It is what the server has already.
      await it.change("action_items", item.id, { due_at: "2027-03-01T10:00:00+01:00" });
      await it.sync();
      await it.sync();
      assert.deepEqual((await it.get("notes", note)).themes, []);
      await agrees(it, executive);
    },
    "a change while the one before is on its way is kept": async () => {
      const executive = await field.person(admin, "executive");
      const { item } = await field.given(manager, executive);
      const slow = Object.assign(async (...given) => {
        const answer = await executive(...given);
        if (given[0] === "POST") await field.rest(500);
        return answer;
      }, { asUser: executive.asUser });
      const it = await device(slow);
      it.live();
      await becomes(async () => (await it.get("action_items", item.id))?.title, "Look into it");
      const said = async () => (await manager("GET", `/v1/action-items/${item.id}`)).body.title;
      await it.change("action_items", item.id, { title: "Once" });
      await becomes(said, "Once");
      await it.change("action_items", item.id, { title: "Twice" });
      await becomes(said, "Twice");
      await becomes(async () => (await it.get("action_items", item.id)).updated_at, (await field.truth(executive)).get(`action_items/${item.id}`).updated_at);
      await agrees(it, executive);
    },
    "what is rejected does not hold up the rest": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, item } = await field.given(manager, executive);
      const it = await device(executive);
      await it.sync();
      const bad = await it.make("notes", { customer_id: customer.id, type: "poem", body: "?" });
      const good = await it.make("notes", { customer_id: customer.id, type: "idea", body: "!" });
      await it.change("customers", customer.id, { city: "Bern" });
      await it.change("action_items", item.id, { status: "completed" });
      await it.sync();
      await it.sync();
      assert.deepEqual(new Set(it.rejected.map(({ id }) => id)), new Set([bad, customer.id]));
      assert.equal((await it.get("customers", customer.id)).city, null);
      assert.equal((await it.get("action_items", item.id)).status, "completed");
      assert.equal((await field.truth(executive)).get(`notes/${good}`).body, "!");
      // Mended, it is sent again.
      await it.change("notes", bad, { type: "idea" });
      await it.sync();
      await it.sync();
      await agrees(it, executive);
    },
    "a device that listens shows what changes on the server, and what came of its own calls": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, item, assignment } = await field.given(manager, executive);
      const it = await device(executive);
      it.live();
      await becomes(async () => (await it.get("action_items", item.id))?.title, "Look into it");
      for (const city of ["Bern", "Basel"]) {
        await field.must(manager, "PATCH", `/v1/customers/${customer.id}`, { city }, "application/merge-patch+json");
        await becomes(async () => (await it.get("customers", customer.id))?.city, city);
      }
      await it.make("attempts", { assignment_id: assignment.id, customer_id: customer.id, disposition: "connected" });
      await becomes(async () => (await it.get("assignments", assignment.id))?.status, "completed");
    },
    "what came out of a call waits until the call is there": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, assignment } = await field.given(manager, executive);
      // Calls take the slow line.
      const slow = Object.assign(async (method, path, body) => {
        if (method === "POST" && body.mutations[0].collection === "attempts") await field.rest(1500);
        return executive(method, path, body);
      }, { asUser: executive.asUser });
      const it = await device(slow);
      it.live();
      await becomes(async () => (await it.all("assignments")).length, 1);
      const attempt_id = await it.make("attempts", { assignment_id: assignment.id, customer_id: customer.id, disposition: "connected" });
      const note = await it.make("notes", { customer_id: customer.id, attempt_id, type: "praise", body: "Quick support" });
      const answer = await it.make("nps_responses", { customer_id: customer.id, attempt_id, score: 9 });
      for (const path of [`/v1/notes/${note}`, `/v1/nps-responses/${answer}`]) {
        await becomes(async () => (await manager("GET", path)).status, 200);
      }
    },
    "a customer that goes to somebody else goes with all that hangs on it": async () => {
      const [executive, other] = [await field.person(admin, "executive"), await field.person(admin, "executive")];
      const { customer, assignment } = await field.given(manager, executive);
      const [mine, theirs] = [await device(executive), await device(other)];
      await mine.sync();
      await theirs.sync();
      const attempt_id = await mine.make("attempts", { assignment_id: assignment.id, customer_id: customer.id, disposition: "connected" });
      await mine.make("notes", { customer_id: customer.id, attempt_id, type: "idea", body: "Told in the call" });
      await field.must(manager, "POST", `/v1/assignments/${assignment.id}/reassign`, { assignee_id: other.id });
      await mine.sync();
      await mine.sync();
      assert.deepEqual(mine.rejected, []);
      assert.equal((await mine.all("customers")).length + (await mine.all("notes")).length + (await mine.all("attempts")).length, 0);
      await theirs.sync();
      assert.equal((await theirs.all("notes")).length, 2);
      await agrees(mine, executive);
      await agrees(theirs, other);
    },
    "what left goes though something was said of it here": async () => {
      const [executive, other] = [await field.person(admin, "executive"), await field.person(admin, "executive")];
      const { assignment } = await field.given(manager, executive);
      let said = 0;
      // While the word that it left is on its way.
      const ask = Object.assign(async (...asked) => {
        const answer = await executive(...asked);
        for (const { collection, id, op } of answer.body.changes ?? []) {
          if (collection === "notes" && op === "remove") {
            await it.change("notes", id, { body: "Not theirs to change" });
            said += 1;
          }
        }
        return answer;
      }, { asUser: executive.asUser });
      const it = await device(ask);
      it.live();
      await becomes(async () => (await it.all("notes")).length, 1);
      await field.must(manager, "POST", `/v1/assignments/${assignment.id}/reassign`, { assignee_id: other.id });
      await becomes(async () => said, 1);
      await becomes(async () => (await it.all("notes")).length, 0);
      await settles(it, executive);
    },
    "however it comes, on a bad network, devices have in the end what the server says": async () => {
      for (let seed = 1; seed <= Number(process.env.ROUNDS ?? 2); seed += 1) {
        const begin = async (ask) => {
          const it = await device(ask);
          it.live();
          await becomes(async () => (await it.all("customers")).length, 1);
          return [it];
        };
        for (const it of await field.interleave(admin, manager, begin, seed)) {
          await settles(it, it.who);
        }
        await closeAll();
      }
    },
    "whose role is lowered keeps nothing, and who is sent away is refused": async () => {
      const executive = await field.person(admin, "executive");
      await field.given(manager, executive);
      const it = await device(executive);
      await it.sync();
      await field.must(admin, "PATCH", `/v1/users/${executive.id}`, { role: "viewer" }, "application/merge-patch+json");
      await it.sync();
      assert.equal((await it.all("customers")).length, 0);
      await agrees(it, executive);
      await field.must(admin, "POST", `/v1/users/${executive.id}/deactivate`);
      assert.equal((await executive("GET", "/v1/sync/changes")).status, 401);
    },
    "what was refused is sent again when the app opens": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, assignment } = await field.given(manager, executive);
      const it = await device(executive);
      await it.sync();
      const role = (role) => field.must(admin, "PATCH", `/v1/users/${executive.id}`, { role }, "application/merge-patch+json");
      const attempt = await it.make("attempts", { assignment_id: assignment.id, customer_id: customer.id, disposition: "connected" });
      await role("contributor");
      await it.sync();
      assert.ok(it.rejected.length > 0);
      await role("executive");
      await it.sync();
      assert.equal((await manager("GET", `/v1/attempts/${attempt}`)).status, 200);
      await it.sync();
      await agrees(it, executive);
    },
    "after a new epoch, and with a cursor that is too old, everything is read afresh and nothing unsent is lost": async () => {
      const executive = await field.person(admin, "executive");
      const { customer } = await field.given(manager, executive);
      const it = await device(executive);
      await it.sync();
      const refused = await it.make("notes", { customer_id: customer.id, type: "poem", body: "Refused" });
      for (const begin of [field.newEpoch, field.longAgo]) {
        await it.sync();
        await it.make("notes", { customer_id: customer.id, type: "idea", body: "Not sent yet" });
        await field.must(manager, "PATCH", `/v1/customers/${customer.id}`, { city: "Bern" }, "application/merge-patch+json");
        begin();
        await it.sync();
        await it.sync();
        assert.equal((await it.get("notes", refused)).body, "Refused");
      }
      await it.change("notes", refused, { type: "idea" });
      await it.sync();
      await it.sync();
      await agrees(it, executive);
      assert.equal((await it.all("notes")).filter(({ body }) => ["Not sent yet", "Refused"].includes(body)).length, 3);
    },
  }, closeAll);
} finally {
  field.stop();
}
process.exit(0);
