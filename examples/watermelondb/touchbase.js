// WatermelonDB on Touchbase's offline sync: npm install @nozbe/watermelondb@0.28
// A table per collection and no others, with the columns that the app shows, named as in the API, and a number `base_revision`. Lists and objects
// (themes, customer_promise) are kept as JSON in string columns:
//   tableSchema({ name: "notes", columns: [
//     ...["customer_id", "attempt_id", "type", "body", "themes"].map((name) => ({ name, type: "string", isOptional: true })),
//     { name: "base_revision", type: "number" } ] })
// Say `occurred_at` of calls and notes, `responded_at` of answers, when they are made: without, it is the time at which they are sent.
// `ask(method, path, body)` asks the server as the user and answers the JSON that came, or throws with its `status`, as axios does:
//   const ask = async (method, path, body) => {
//     const headers = { authorization: `Bearer ${await accessToken()}`, "content-type": "application/json" };
//     const answer = await fetch(SERVER + path, { method, headers, body: body && JSON.stringify(body) });
//     if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
//     return answer.json();
//   };
import { notEq, where } from "@nozbe/watermelondb/QueryDescription/index.js";
import { synchronize } from "@nozbe/watermelondb/sync/index.js";
import { setGenerator } from "@nozbe/watermelondb/utils/common/randomId/index.js";

// Ids are UUIDs, as in the API. React Native has no crypto of its own: as WatermelonDB does there, Math.random is taken.
setGenerator(() => globalThis.crypto?.randomUUID?.()
  ?? "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(Math.random() * 16).toString(16)));

// A call before what was learned in it.
const ORDER = ["contacts", "attempts", "notes", "nps_responses", "action_items", "assignments", "customers"];
const OWN = new Set(["id", "_status", "_changed", "base_revision"]);
// The columns that are lists or objects in the API; every other text is just that, whatever it begins with.
const JSON_COLUMNS = new Set(["themes", "customer_promise", "notes", "nps_response", "action_items", "service_interests", "tags", "services",
  "social_profiles", "custom_fields", "calling_window", "annual_billing", "cadence"]);
const pack = (value) => (value && typeof value === "object" ? JSON.stringify(value) : value);
const packed = ({ id, revision, data }) => ({ ...Object.fromEntries(Object.entries(data).map(([name, value]) => [name, pack(value)])), id, base_revision: revision });
const unpacked = (name, value) => (value && JSON_COLUMNS.has(name) ? JSON.parse(value) : value);
const mutation = (collection, raw, names) => ({ collection, id: raw.id, op: "upsert", base_revision: raw.base_revision || 0,
  fields: Object.fromEntries(names.filter((name) => !OWN.has(name)).map((name) => [name, unpacked(name, raw[name])])) });

/** Sends what was done here, reads what is new. `onRejected(result, mutation)` hears what was refused: it is sent again with each sync until it is mended. */
export async function sync(database, { ask, clientId, onRejected = () => {} }) {
  const { localStorage: store, schema: { tables } } = database;
  const answers = JSON.parse((await store.get("touchbase_answers")) || "[]"); // What was said of what was sent, until a reading takes it over.

  const pullChanges = async ({ lastPulledAt }) => {
    const known = {}; // By collection and id; what comes later replaces what came before, and what goes is null.
    const keep = (collection, id, raw) => (known[collection] ??= new Map()).set(id, raw);
    for (const answer of answers.splice(0)) keep(answer.collection, answer.id, answer.op === "remove" ? null : packed({ ...answer, data: answer.record }));
    const read = async (from) => {
      const { changes, cursor, epoch, has_more } = await ask("GET", `/v1/sync/changes?limit=1000${from}`);
      for (const { op, ...change } of changes) keep(change.collection, change.id, op === "remove" ? null : packed(change));
      return has_more ? read(`&cursor=${cursor}&epoch=${epoch}`) : store.set("touchbase_epoch", epoch).then(() => cursor);
    };
    const timestamp = await read(lastPulledAt ? `&cursor=${lastPulledAt}&epoch=${await store.get("touchbase_epoch")}` : "").catch(async (error) => {
      if (error.status !== 410) throw error;
      // Old, or of another epoch: all is read afresh. What is not there any more goes, what was made here and never accepted stays.
      for (const name of Object.keys(tables)) {
        for (const id of await database.get(name).query(where("_status", notEq("created"))).fetchIds()) keep(name, id, null);
      }
      return read("");
    });
    const table = (records) => ({ created: [], updated: [...records.values()].filter(Boolean), deleted: [...records.keys()].filter((id) => !records.get(id)) });
    return { changes: Object.fromEntries(Object.entries(known).map(([name, records]) => [name, table(records)])), timestamp };
  };

  const pushChanges = async ({ changes }) => {
    await store.remove("touchbase_answers"); // The reading before has taken them over.
    const mutations = Object.keys(changes).sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)).flatMap((collection) => [
      ...changes[collection].created.map((raw) => mutation(collection, raw, Object.keys(raw).filter((name) => raw[name] !== null && raw[name] !== ""))),
      ...changes[collection].updated.map((raw) => mutation(collection, raw, raw._changed.split(","))),
      ...changes[collection].deleted.map((id) => ({ collection, id, op: "delete" })),
    ]);
    const experimentalRejectedIds = {};
    while (mutations.length > 0) {
      const sent = mutations.splice(0, 100);
      const { results } = await ask("POST", "/v1/sync/push", { client_id: clientId, mutations: sent });
      for (const [at, result] of results.entries()) {
        if (result.status === "rejected") onRejected(result, sent[at]);
        if (result.op) answers.push(result);
        // What there is no other word of stays here, to be mended and sent again.
        else (experimentalRejectedIds[sent[at].collection] ??= []).push(sent[at].id);
      }
    }
    await store.set("touchbase_answers", JSON.stringify(answers));
    return { experimentalRejectedIds };
  };

  // What was changed here is held against what it was changed from, not against what has come since.
  const conflictResolver = (_, local, remote, resolved) => (local._changed ? { ...resolved, base_revision: local.base_revision } : resolved);
  const both = { database, pullChanges, conflictResolver, sendCreatedAsUpdated: true };
  await synchronize({ ...both, pushChanges });
  // What came of it on the server is shown at once, and where the server said otherwise than was sent, that is taken over.
  if (answers.length > 0) await synchronize(both);
  await store.remove("touchbase_answers");
}
