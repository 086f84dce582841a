// WatermelonDB 0.28, with its LokiJS adapter, on the adapter in examples/.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { sync } from "./examples/watermelondb/touchbase.js";
import * as field from "./field.mjs";

const require = createRequire(import.meta.url);
const { Database, Model, appSchema, tableSchema } = require("@nozbe/watermelondb");
const LokiJSAdapter = require("@nozbe/watermelondb/adapters/lokijs").default;
const { LokiMemoryAdapter } = require("lokijs");
require("@nozbe/watermelondb/utils/common/logger").default.silence();

const TABLES = {
  customers: ["name", "city"],
  contacts: ["customer_id", "name"],
  assignments: ["customer_id", "assignee_id", "status", "priority", "reason"],
  attempts: ["assignment_id", "customer_id", "disposition", "summary"],
  notes: ["customer_id", "attempt_id", "type", "body", "themes"],
  nps_responses: ["customer_id", "attempt_id", "category"],
  action_items: ["customer_id", "attempt_id", "title", "detail", "priority", "status", "due_at"],
  programs: ["name"],
  talking_points: ["name", "text"],
};
const column = (name) => ({ name, type: "string", isOptional: true });
const schema = appSchema({
  version: 1,
  tables: Object.entries(TABLES).map(([name, columns]) =>
    tableSchema({
      name,
      columns: [...columns.map(column), ...(name === "nps_responses" ? [{ name: "score", type: "number", isOptional: true }] : []), { name: "base_revision", type: "number" }],
    }),
  ),
});
const modelClasses = Object.keys(TABLES).map((table) => class extends Model { static table = table; });

let devices = 0;
function device(ask) {
  devices += 1;
  const dbName = `device${devices}`;
  const adapter = new LokiJSAdapter({ dbName, schema, useWebWorker: false, useIncrementalIndexedDB: false, _testLokiAdapter: new LokiMemoryAdapter() });
  const database = new Database({ adapter, modelClasses });
  const rejected = [];
  return {
    database, rejected,
    sync: () => sync(database, { ask: field.forAdapters(ask), clientId: dbName, onRejected: (result, { fields }) => rejected.push({ ...result, fields }) }),
    all: async (table) => (await database.get(table).query().fetch()).map(({ _raw }) => _raw),
    get: async (table, id) => (await database.get(table).find(id))._raw,
    make: (table, fields) => database.write(async () => (await database.get(table).create(({ _raw }) => Object.assign(_raw, fields))).id),
    change: (table, id, fields) => database.write(async () => (await database.get(table).find(id)).update((it) => { for (const [name, value] of Object.entries(fields)) it._setRaw(name, value); })),
  };
}

/** What the device has is what the server says. */
async function agrees(it, ask) {
  const truth = await field.truth(ask);
  let count = 0;
  for (const [table, columns] of Object.entries(TABLES)) {
    for (const raw of await it.all(table)) {
      if (raw._status === "created") continue; // Refused, or not sent yet.
      const record = truth.get(`${table}/${raw.id}`);
      assert.ok(record, `${table}/${raw.id} is not in the working set: ${JSON.stringify(raw)}`);
      for (const name of columns) {
        const said = record[name] && typeof record[name] === "object" ? JSON.stringify(record[name]) : record[name];
        assert.equal(raw[name] ?? null, said ?? null, `${table}/${raw.id} ${name}`);
      }
      count += 1;
    }
  }
  assert.equal(count, truth.size);
}

await field.start();
try {
  const admin = await field.signIn("admin@northwind.test");
  const manager = await field.person(admin, "manager");
  await field.suite("WatermelonDB", {
    "the first sync brings ten thousand records": async () => {
      const executive = await field.person(admin, "executive");
      await field.many(manager, executive, 3333);
      const it = device(executive);
      await it.sync();
      assert.ok((await field.truth(executive)).size >= 10_000);
      await agrees(it, executive);
    },
    "a debrief made offline is replayed, also when the answer was lost and when it is sent twice": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, assignment } = await field.given(manager, executive);
      const it = device(executive);
      await it.sync();
      const attempt_id = await it.make("attempts", { assignment_id: assignment.id, customer_id: customer.id, disposition: "connected", summary: "Content" });
      await it.make("notes", { customer_id: customer.id, attempt_id, type: "praise", body: "[Ms. Weber] Quick support", themes: '["support"]' });
      await it.make("nps_responses", { customer_id: customer.id, attempt_id, score: 9 });
      await it.make("action_items", { customer_id: customer.id, attempt_id, title: "Send the story" });
      executive.cutOff = true;
      await assert.rejects(it.sync(), /lost/);
      await it.sync();
      assert.deepEqual(it.rejected, []);
      // One sync shows what came of it.
      await agrees(it, executive);
      assert.equal((await it.all("attempts")).length, 1);
      assert.equal((await it.get("assignments", assignment.id)).status, "completed");
      assert.equal((await it.all("nps_responses"))[0].category, "promoter");
    },
    "two devices keep different fields, and of the same field one is told": async () => {
      const executive = await field.person(admin, "executive");
      const { item } = await field.given(manager, executive);
      const [one, other] = [device(executive), device(executive)];
      await one.sync();
      await other.sync();
      await one.change("action_items", item.id, { title: "From one" });
      await other.change("action_items", item.id, { detail: "From the other" });
      await one.sync();
      await other.sync();
      await one.sync();
      for (const it of [one, other]) {
        const { title, detail } = await it.get("action_items", item.id);
        assert.deepEqual([title, detail], ["From one", "From the other"]);
      }
      await one.change("action_items", item.id, { title: "First" });
      await other.change("action_items", item.id, { title: "Second" });
      await one.sync();
      await other.sync();
      assert.equal((await other.get("action_items", item.id)).title, "First");
      await one.sync();
      await agrees(one, executive);
      await agrees(other, executive);
    },
    "a second change before the next reading is kept": async () => {
      const executive = await field.person(admin, "executive");
      const { item } = await field.given(manager, executive);
      const it = device(executive);
      await it.sync();
      await it.change("action_items", item.id, { title: "Once" });
      executive.cutOff = true;
      await assert.rejects(it.sync(), /lost/);
      await it.change("action_items", item.id, { title: "Twice" });
      await it.sync();
      await it.change("action_items", item.id, { title: "Thrice" });
      await it.sync();
      assert.equal((await it.get("action_items", item.id)).title, "Thrice");
      await agrees(it, executive);
    },
    "what is rejected does not hold up the rest": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, item } = await field.given(manager, executive);
      const it = device(executive);
      await it.sync();
      const bad = await it.make("notes", { customer_id: customer.id, type: "poem", body: "?" });
      const good = await it.make("notes", { customer_id: customer.id, type: "idea", body: "!" });
      await it.change("customers", customer.id, { city: "Bern" });
      await it.change("action_items", item.id, { status: "completed" });
      await it.sync();
      assert.deepEqual(new Set(it.rejected.map(({ id }) => id)), new Set([bad, customer.id]));
      assert.equal((await it.get("customers", customer.id)).city ?? null, null);
      assert.equal((await it.get("action_items", item.id)).status, "completed");
      // It stays on the device until it is mended.
      await it.change("notes", bad, { type: "idea" });
      await it.sync();
      await it.sync();
      assert.equal((await it.all("notes")).length, 3);
      await agrees(it, executive);
      assert.ok(await it.get("notes", good));
    },
    "what the server said otherwise is taken over once, and not again when it has changed since": async () => {
      const executive = await field.person(admin, "executive");
      const { customer, item } = await field.given(manager, executive);
      const it = device(executive);
      await it.sync();
      await field.must(manager, "PATCH", `/v1/action-items/${item.id}`, { title: "From the manager" }, "application/merge-patch+json");
      await it.change("customers", customer.id, { city: "Bern" });
      await it.change("action_items", item.id, { title: "From the device" });
      await it.sync();
      assert.equal(it.rejected.length, 1);
      assert.equal((await it.get("action_items", item.id)).title, "From the manager");
      await field.must(manager, "PATCH", `/v1/customers/${customer.id}`, { city: "Basel" }, "application/merge-patch+json");
      await it.sync();
      await it.sync();
      await agrees(it, executive);
    },
    "what the server has already, spelled otherwise, is spelled as it says": async () => {
      const executive = await field.person(admin, "executive");
      const { item } = await field.given(manager, executive);
      await field.must(manager, "PATCH", `/v1/action-items/${item.id}`, { due_at: "2027-03-01T09:00:00Z" }, "application/merge-patch+json");
      const it = device(executive);
      await it.sync();
      await it.change("action_items", item.id, { due_at: "2027-03-01T10:00:00+01:00" });
      await it.sync();
      assert.deepEqual(it.rejected, []);
      await agrees(it, executive);
    },
    "a push that is refused whole says what does not fit": async () => {
      const executive = await field.person(admin, "executive");
      const { customer } = await field.given(manager, executive);
      const it = device(executive);
      await it.sync();
      await it.make("notes", { customer_id: customer.id, type: "idea", body: "!" });
      await assert.rejects(sync(it.database, { ask: field.forAdapters(executive), clientId: "not a client id" }), ({ status, message }) => {
        assert.equal(status, 400);
        assert.match(message, /"\/client_id"/);
        return true;
      });
    },
    "a customer that goes to somebody else goes with all that hangs on it": async () => {
      const [executive, other] = [await field.person(admin, "executive"), await field.person(admin, "executive")];
      const { customer, assignment } = await field.given(manager, executive);
      const [mine, theirs] = [device(executive), device(other)];
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
      // It is given away between the reading and the sending.
      let meanwhile = async () => {};
      const ask = async (method, ...rest) => {
        if (method === "POST") await meanwhile();
        return executive(method, ...rest);
      };
      const it = device(ask);
      await it.sync();
      const [note] = await it.all("notes");
      await it.change("notes", note.id, { body: "Not theirs to change" });
      meanwhile = () => field.must(manager, "POST", `/v1/assignments/${assignment.id}/reassign`, { assignee_id: other.id });
      await it.sync();
      assert.deepEqual(it.rejected.map(({ id }) => id), [note.id]);
      await agrees(it, executive);
    },
    "however it comes, on a bad network, devices have in the end what the server says": async () => {
      for (let seed = 1; seed <= Number(process.env.ROUNDS ?? 2); seed += 1) {
        let on = true;
        const loops = [];
        const persists = async (it, times) => {
          for (let done = 0; done < times && on; ) {
            await it.sync().then(() => (done += 1), ({ message }) => assert.match(message, /was lost/));
            await field.rest(Math.random() * 100);
          }
        };
        const begin = async (ask) => {
          const its = [device(ask), device(ask)];
          for (const it of its) {
            await persists(it, 1);
            loops.push(persists(it, Infinity));
          }
          return its;
        };
        const its = await field.interleave(admin, manager, begin, seed);
        on = false;
        await Promise.all(loops);
        for (const it of [...its, ...its]) await it.sync();
        for (const it of its) await agrees(it, it.who);
      }
    },
    "whose role is lowered keeps nothing, and who is sent away is refused": async () => {
      const executive = await field.person(admin, "executive");
      await field.given(manager, executive);
      const it = device(executive);
      await it.sync();
      await field.must(admin, "PATCH", `/v1/users/${executive.id}`, { role: "viewer" }, "application/merge-patch+json");
      await it.sync();
      assert.equal((await it.all("customers")).length, 0);
      await agrees(it, executive);
      await field.must(admin, "POST", `/v1/users/${executive.id}/deactivate`);
      await assert.rejects(it.sync(), ({ status }) => status === 401);
    },
    "after a new epoch, and with a cursor that is too old, everything is read afresh and nothing unsent is lost": async () => {
      const executive = await field.person(admin, "executive");
      const { customer } = await field.given(manager, executive);
      const it = device(executive);
      await it.sync();
      const refused = await it.make("notes", { customer_id: customer.id, type: "poem", body: "Refused" });
      for (const begin of [field.newEpoch, () => field.longAgo()]) {
        await it.sync();
        await it.make("notes", { customer_id: customer.id, type: "idea", body: "Not sent yet" });
        if (begin !== field.newEpoch) await field.must(manager, "PATCH", `/v1/customers/${customer.id}`, { city: "Bern" }, "application/merge-patch+json");
        begin();
        await it.sync();
        await it.sync();
        assert.equal((await it.get("notes", refused)).body, "Refused");
      }
      assert.ok(it.rejected.every(({ id, fields }) => id === refused && fields.body === "Refused"));
      await it.change("notes", refused, { type: "idea" });
      await it.sync();
      await it.sync();
      await agrees(it, executive);
      assert.equal((await it.all("notes")).filter(({ body }) => ["Not sent yet", "Refused"].includes(body)).length, 3);
    },
  });
} finally {
  field.stop();
}
process.exit(0);
