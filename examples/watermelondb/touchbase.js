// WatermelonDB on Touchbase's offline sync. Each table has the columns that the app shows, named as in the API, and a number `base_revision`.
// Columns hold strings, numbers and booleans: lists and objects (themes, customer_promise) are kept as JSON in string columns.
import { fetchLocalChanges, markLocalChangesAsSynced } from "@nozbe/watermelondb/sync/impl/index.js";
import { synchronize } from "@nozbe/watermelondb/sync/index.js";

// A call before what was learned in it.
const ORDER = ["contacts", "attempts", "notes", "nps_responses", "action_items", "assignments", "customers"];
const OWN = new Set(["id", "_status", "_changed", "base_revision"]);

const packed = ({ id, revision, data }) => ({
  ...Object.fromEntries(Object.entries(data).map(([name, value]) => [name, value && typeof value === "object" ? JSON.stringify(value) : value])),
  id, base_revision: revision,
});
const unpacked = (value) => (typeof value === "string" && /^[[{]/.test(value) ? JSON.parse(value) : value);

/** Sends what was done here, reads what is new. `ask(method, path, body)` answers `{status, body}`; `onRejected` hears what was refused. */
export async function sync(database, { ask, clientId, onRejected = () => {} }) {
  const later = JSON.parse((await database.localStorage.get("touchbase_answers")) || "[]");
  const answers = [];

  const pullChanges = async ({ lastPulledAt }) => {
    const changes = {};
    const table = (name) => (changes[name] ??= { created: [], updated: [], deleted: [] });
    for (const answer of later.splice(0)) table(answer.collection).updated.push(packed({ ...answer, data: answer.record }));
    let [cursor, more] = [lastPulledAt, true];
    while (more) {
      const from = cursor ? `&cursor=${cursor}&epoch=${await database.localStorage.get("touchbase_epoch")}` : "";
      const { status, body } = await ask("GET", `/v1/sync/changes?limit=1000${from}`);
      if (status !== 200) throw Object.assign(new Error(body.detail ?? `HTTP ${status}`), { status });
      for (const change of body.changes) {
        const { updated, deleted } = table(change.collection);
        const stale = updated.findIndex(({ id }) => id === change.id);
        if (stale >= 0) updated.splice(stale, 1);
        if (change.op === "remove") deleted.push(change.id);
        else updated.push(packed(change));
      }
      [cursor, more] = [body.cursor, body.has_more];
      await database.localStorage.set("touchbase_epoch", body.epoch);
    }
    return { changes, timestamp: cursor };
  };

  const pushChanges = async ({ changes }) => {
    const names = Object.keys(changes).sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
    const mutations = names.flatMap((collection) => [
      ...changes[collection].created.map((raw) => mutation(collection, raw, Object.keys(raw).filter((name) => raw[name] !== null && raw[name] !== ""))),
      ...changes[collection].updated.map((raw) => mutation(collection, raw, raw._changed.split(","))),
      ...changes[collection].deleted.map((id) => ({ collection, id, op: "delete" })),
    ]);
    const experimentalRejectedIds = {};
    for (let at = 0; at < mutations.length; at += 100) {
      const { status, body } = await ask("POST", "/v1/sync/push", { client_id: clientId, mutations: mutations.slice(at, at + 100) });
      if (status !== 200) throw Object.assign(new Error(body.detail ?? `HTTP ${status}`), { status });
      for (const result of body.results) {
        if (result.status === "rejected") onRejected(result);
        if (result.record && result.status !== "applied") answers.push(result);
        // What there is no other word of stays here, to be mended and sent again.
        else if (result.status === "rejected") (experimentalRejectedIds[result.collection] ??= []).push(result.id);
      }
    }
    await database.localStorage.set("touchbase_answers", JSON.stringify([...later, ...answers]));
    return { experimentalRejectedIds };
  };

  // What was changed here is held against what it was changed from, not against what has come since.
  const conflictResolver = (_, local, remote, resolved) => (local._changed ? { ...resolved, base_revision: local.base_revision } : resolved);
  const run = () => synchronize({ database, pullChanges, pushChanges, conflictResolver, sendCreatedAsUpdated: true });
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
  // The server said otherwise than was sent: that is taken over at once.
  if (answers.length) {
    later.push(...answers.splice(0));
    await run();
  }
}

const mutation = (collection, raw, names) => ({
  collection, id: raw.id, op: "upsert", base_revision: raw.base_revision || 0,
  fields: Object.fromEntries(names.filter((name) => !OWN.has(name)).map((name) => [name, unpacked(raw[name])])),
});
