// WatermelonDB on Touchbase's offline sync: npm install @nozbe/watermelondb@0.28
// A table per collection, with the columns that the app shows, named as in the API, and a number `base_revision`. Lists and objects (themes,
// customer_promise) are kept as JSON in string columns:
//   tableSchema({ name: "notes", columns: [
//     ...["customer_id", "attempt_id", "type", "body", "themes"].map((name) => ({ name, type: "string", isOptional: true })),
//     { name: "base_revision", type: "number" } ] })
// Say `occurred_at` of calls and notes, `responded_at` of answers, when they are made: without, it is the time at which they are sent.
import { fetchLocalChanges, markLocalChangesAsSynced } from "@nozbe/watermelondb/sync/impl/index.js";
import { synchronize } from "@nozbe/watermelondb/sync/index.js";
import { setGenerator } from "@nozbe/watermelondb/utils/common/randomId/index.js";

// Ids are UUIDs, as in the API. React Native has no crypto of its own: as WatermelonDB does there, Math.random is taken.
const random = () => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));
setGenerator(() => globalThis.crypto?.randomUUID?.() ?? random());

// A call before what was learned in it.
const ORDER = ["contacts", "attempts", "notes", "nps_responses", "action_items", "assignments", "customers"];
const OWN = new Set(["id", "_status", "_changed", "base_revision"]);

const packed = ({ id, revision, data }) => ({
  ...Object.fromEntries(Object.entries(data).map(([name, value]) => [name, value && typeof value === "object" ? JSON.stringify(value) : value])),
  id, base_revision: revision,
});
// The columns that are lists or objects in the API; every other text is just that, whatever it begins with.
const JSON_COLUMNS = new Set(["themes", "customer_promise", "notes", "nps_response", "action_items", "service_interests", "tags", "services",
  "social_profiles", "custom_fields", "calling_window", "annual_billing", "cadence"]);
const unpacked = (name, value) => (value && typeof value === "string" && JSON_COLUMNS.has(name) ? JSON.parse(value) : value);
const refused = (status, body) => {
  const { detail = `HTTP ${status}`, errors = [] } = body ?? {};
  return Object.assign(new Error([detail, ...errors.map((fault) => `${fault.pointer}: ${fault.detail}`)].join("\n")), { status, errors });
};

/** Sends what was done here, reads what is new. `ask(method, path, body)` answers `{status, body}`; `onRejected` hears what was refused. */
export async function sync(database, { ask, clientId, onRejected = () => {} }) {
  const later = JSON.parse((await database.localStorage.get("touchbase_answers")) || "[]");
  const answers = [];
  let pushed = false;

  const pullChanges = async ({ lastPulledAt }) => {
    const known = {}; // By collection and id; what comes later replaces what came before, and what goes is null.
    const keep = (collection, id, raw) => (known[collection] ??= new Map()).set(id, raw);
    for (const answer of later.splice(0)) keep(answer.collection, answer.id, packed({ ...answer, data: answer.record }));
    let [cursor, more] = [lastPulledAt, true];
    while (more) {
      const from = cursor ? `&cursor=${cursor}&epoch=${await database.localStorage.get("touchbase_epoch")}` : "";
      const { status, body } = await ask("GET", `/v1/sync/changes?limit=1000${from}`);
      if (status !== 200) throw refused(status, body);
      for (const change of body.changes) keep(change.collection, change.id, change.op === "remove" ? null : packed(change));
      [cursor, more] = [body.cursor, body.has_more];
      await database.localStorage.set("touchbase_epoch", body.epoch);
    }
    const table = (records) => ({
      created: [], updated: [...records.values()].filter(Boolean), deleted: [...records.keys()].filter((id) => !records.get(id)),
    });
    return { changes: Object.fromEntries(Object.entries(known).map(([name, records]) => [name, table(records)])), timestamp: cursor };
  };

  const pushChanges = async ({ changes }) => {
    pushed = true;
    await database.localStorage.remove("touchbase_answers"); // The reading before has taken them over.
    const names = Object.keys(changes).sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
    const mutations = names.flatMap((collection) => [
      ...changes[collection].created.map((raw) => mutation(collection, raw, Object.keys(raw).filter((name) => raw[name] !== null && raw[name] !== ""))),
      ...changes[collection].updated.map((raw) => mutation(collection, raw, raw._changed.split(","))),
      ...changes[collection].deleted.map((id) => ({ collection, id, op: "delete" })),
    ]);
    const experimentalRejectedIds = {};
    for (let at = 0; at < mutations.length; at += 100) {
      const { status, body } = await ask("POST", "/v1/sync/push", { client_id: clientId, mutations: mutations.slice(at, at + 100) });
      if (status !== 200) throw refused(status, body);
      for (const [place, result] of body.results.entries()) {
        const { collection, id } = mutations[at + place];
        if (result.status === "rejected") onRejected(result);
        if (result.record && result.status !== "applied") answers.push(result);
        // What there is no other word of stays here, to be mended and sent again.
        else if (result.status === "rejected") (experimentalRejectedIds[collection] ??= []).push(id);
      }
    }
    await database.localStorage.set("touchbase_answers", JSON.stringify(answers));
    return { experimentalRejectedIds };
  };

  // What was changed here is held against what it was changed from, not against what has come since.
  const conflictResolver = (_, local, remote, resolved) => (local._changed ? { ...resolved, base_revision: local.base_revision } : resolved);
  const run = (also = { pushChanges }) => synchronize({ database, pullChanges, ...also, conflictResolver, sendCreatedAsUpdated: true });
  try {
    await run();
  } catch (error) {
    if (error.status !== 410) throw error;
    // Old, or of another epoch: send what is left, forget all, read afresh.
    const unsent = await fetchLocalChanges(database);
    await pushChanges(unsent);
    await markLocalChangesAsSynced(database, unsent);
    await database.write(() => database.unsafeResetDatabase());
    await run();
  }
  // What came of it on the server is shown at once, and where the server said otherwise than was sent, that is taken over.
  if (pushed) {
    later.push(...answers);
    await run({});
  }
  await database.localStorage.remove("touchbase_answers");
}

const mutation = (collection, raw, names) => ({
  collection, id: raw.id, op: "upsert", base_revision: raw.base_revision || 0,
  fields: Object.fromEntries(names.filter((name) => !OWN.has(name)).map((name) => [name, unpacked(name, raw[name])])),
});
