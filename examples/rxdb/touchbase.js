// RxDB on Touchbase's offline sync: npm install rxdb@17 rxjs@7 eventsource@4
// A collection each, whose documents are the API's records (ids are UUIDs: crypto.randomUUID()) with a number `base_revision`:
//   { version: 0, primaryKey: "id", type: "object", additionalProperties: true, required: ["id"], properties: {
//     id: { type: "string", maxLength: 36 }, base_revision: { type: "number" }, customer_id: { type: "string" } } }
// What the server refused has the reason in `refused`. List the fields that the app shows: of others, `doc.get("status")` knows. Say `occurred_at` of calls and notes, `responded_at` of answers, when
// they are made: without, it is the time at which they are sent.
// `ask(method, path, body)` asks the server as the user and answers the JSON that came, or throws with its `status`, as axios does:
//   const asUser = async (url, init) => fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${await accessToken()}` } });
//   const ask = async (method, path, body) => {
//     const answer = await asUser(SERVER + path, { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
//     if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
//     return answer.json();
//   };
import { EventSource } from "eventsource";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { Observable, repeat, share } from "rxjs";

// What is the device's own, or the server's.
const OWN = new Set(["id", "base_revision", "created_at", "updated_at", "refused"]);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
// How often what came out of a call is sent again while the call itself is on its way: collections go by themselves.
const PATIENCE = 30;
const early = ({ status, problem }) =>
  status === "rejected" && (problem?.errors ?? []).some(({ pointer, code }) => code === "not_found" && /(^|\/)attempt_id$/.test(pointer));
const toDocument = ({ id, op, revision, data }) => ({ ...(op === "remove" ? { id } : data), base_revision: revision ?? 0, _deleted: op === "remove" });

/** Hears from the server when there is something new: one for all collections. `asUser(url, init)` fetches with the user's token. */
export const pokes = (server, asUser) => new Observable((heard) => {
  const source = new EventSource(`${server}/v1/sync/stream`, { fetch: asUser });
  source.onopen = () => heard.next("RESYNC"); // What came while nobody listened.
  source.addEventListener("changed", () => heard.next("RESYNC"));
  source.onerror = () => source.readyState === source.CLOSED && heard.complete();
  return () => source.close();
}).pipe(repeat({ delay: 3000 }), share()); // Whatever ended it: once more.

/** Replicates a collection. `onRejected(result, document)` hears what was refused: it is sent again when it is changed, and when the app opens. */
export function replicate(collection, { ask, clientId, stream$, name = collection.name, onRejected = () => {}, live = true, batchSize = 200 }) {
  const read = async (checkpoint, limit) => {
    const from = checkpoint ? `&cursor=${checkpoint.cursor}&epoch=${checkpoint.epoch}` : "";
    const { changes, cursor, epoch, has_more } = await ask("GET", `/v1/sync/changes?collections=${name}&limit=${limit}${from}`);
    return { documents: changes.map(toDocument), checkpoint: { cursor, epoch }, more: has_more };
  };
  const having = (field) => collection.find({ selector: { [field]: { $exists: true } } }).exec();

  // RxDB reads and sends at once, and passes over what it reads of a document that is being sent: here one waits for the other.
  let turn = Promise.resolve();
  const inTurn = (work) => (...given) => (turn = turn.catch(() => {}).then(() => work(...given)));

  const pull = inTurn((checkpoint, limit) => read(checkpoint, limit).catch(async (error) => {
    if (error.status !== 410) throw error;
    // Old, or of another epoch: all is read afresh. What is not there any more goes, what was made here and never accepted stays.
    const all = new Map((await having("base_revision")).map(({ id }) => [id, { id, base_revision: 0, _deleted: true }]));
    let next = { more: true };
    while (next.more) {
      next = await read(next.checkpoint, 1000);
      for (const document of next.documents) all.set(document.id, document);
    }
    return { documents: [...all.values()], checkpoint: next.checkpoint };
  }));

  let waited = 0;
  const push = inTurn(async (rows) => {
    const mutations = rows.map(({ newDocumentState: now, assumedMasterState: before }) => ({
      collection: name, id: now.id, op: now._deleted ? "delete" : "upsert", base_revision: before?.base_revision ?? 0,
      // The whole of what the server has not told of yet, the changed fields of all else.
      fields: Object.fromEntries(Object.entries(now).filter(([field, value]) =>
        !field.startsWith("_") && !OWN.has(field) && !(before?.base_revision && same(value, before[field])))),
    }));
    const { results } = await ask("POST", "/v1/sync/push", { client_id: clientId, mutations });
    if (results.some(early) && (waited += 1) < PATIENCE) throw new Error("The call that this came out of is not there yet; in a second once more.");
    waited = 0;
    // What the device should have now is handed back as the master's state: RxDB takes it over.
    return results.flatMap((result, at) => {
      const { newDocumentState: sent } = rows[at];
      if (result.status === "rejected") onRejected(result, sent);
      else if (result.op === "remove" ? sent._deleted : same(mutations[at].fields, {})) return [];
      return [result.op ? toDocument({ ...result, data: result.record }) : { ...sent, refused: result.problem.detail }];
    });
  });

  const replication = replicateRxCollection({
    collection, replicationIdentifier: `touchbase-${name}`, live, retryTime: 1000, autoStart: false,
    pull: { handler: pull, batchSize, stream$ }, push: { handler: push, batchSize: 100 },
  });
  const again = (document) => document.incrementalModify(({ refused, ...data }) => data);
  having("refused").then((documents) => Promise.all(documents.map(again))).finally(() => replication.start());
  return replication;
}
