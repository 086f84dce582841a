// RxDB on Touchbase's offline sync: npm install rxdb@17 rxjs@7
// A collection each, whose documents are the API's records (ids are UUIDs: crypto.randomUUID()) with a number `base_revision`:
//   { version: 0, primaryKey: "id", type: "object", additionalProperties: true, required: ["id"], properties: {
//     id: { type: "string", maxLength: 36 }, base_revision: { type: "number" }, customer_id: { type: "string" } } }
// List the fields that the app shows: of others, `doc.get("status")` knows. Say `occurred_at` of calls and notes, `responded_at` of answers, when
// they are made: without, it is the time at which they are sent.
import { replicateRxCollection } from "rxdb/plugins/replication";
import { Observable, repeat, share } from "rxjs";

const OWN = new Set(["id", "base_revision", "created_at", "updated_at"]);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
// How often what came out of a call is sent again while the call itself is on its way: collections go by themselves.
const PATIENCE = 30;
const early = ({ status, problem }) =>
  status === "rejected" && (problem?.errors ?? []).some(({ pointer, code }) => code === "not_found" && /(^|\/)attempt_id$/.test(pointer));
const strip = (doc) => Object.fromEntries(Object.entries(doc).filter(([name]) => !name.startsWith("_")));
const toDocument = ({ id, op, revision, data }) => (op === "remove" ? { id, base_revision: revision, _deleted: true } : { ...data, base_revision: revision, _deleted: false });

const refused = (status, body) => {
  const { detail = `HTTP ${status}`, errors = [] } = body ?? {};
  return Object.assign(new Error([detail, ...errors.map((fault) => `${fault.pointer}: ${fault.detail}`)].join("\n")), { status, errors });
};

/** Hears from the server when there is something new: one for all collections. `open(path, signal)` fetches with the user's token. */
export const pokes = (open) => new Observable((heard) => {
  const left = new AbortController();
  const listen = async () => {
    const answer = await open("/v1/sync/stream", left.signal);
    if (!answer.ok) return;
    heard.next("RESYNC"); // What came while nobody listened.
    let text = "";
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const events = (text += chunk).split("\n\n");
      text = events.pop();
      if (events.some((event) => event.includes("event: changed"))) heard.next("RESYNC");
    }
  };
  listen().catch(() => {}).finally(() => heard.complete());
  return () => left.abort();
}).pipe(repeat({ delay: 3000 }), share()); // The token has run out, or there is no network: once more.

/** Replicates a collection. `ask(method, path, body)` answers `{status, body}`; `onRejected` hears what was refused, with the document. */
export function replicate(collection, { ask, clientId, stream$, name = collection.name, onRejected = () => {}, live = true, batchSize = 200 }) {
  const read = async (checkpoint, limit) => {
    const from = checkpoint ? `&cursor=${checkpoint.cursor}&epoch=${checkpoint.epoch}` : "";
    const { status, body } = await ask("GET", `/v1/sync/changes?collections=${name}&limit=${limit}${from}`);
    if (status === 410) return null;
    if (status !== 200) throw refused(status, body);
    return { documents: body.changes.map(toDocument), checkpoint: { cursor: body.cursor, epoch: body.epoch }, more: body.has_more };
  };

  const pull = async (checkpoint, limit) => {
    const page = await read(checkpoint, limit);
    if (page) return page;
    // Old, or of another epoch: everything is read afresh, and what is not there any more goes. What is not sent yet stays until it is.
    const all = new Map((await collection.find().exec()).map(({ id }) => [id, { id, base_revision: 0, _deleted: true }]));
    let next = { checkpoint: undefined, more: true };
    while (next.more) {
      next = await read(next.checkpoint, 1000);
      for (const document of next.documents) all.set(document.id, document);
    }
    return { documents: [...all.values()], checkpoint: next.checkpoint };
  };

  let waited = 0;
  const push = async (rows) => {
    const mutations = rows.map(({ newDocumentState: now, assumedMasterState: before }) => ({
      collection: name, id: now.id, op: now._deleted ? "delete" : "upsert", base_revision: before?.base_revision ?? 0,
      // The whole of what the server has not told of yet, the changed fields of all else.
      fields: Object.fromEntries(Object.entries(strip(now)).filter(([field, value]) => !OWN.has(field) && !(before?.base_revision && same(value, before[field])))),
    }));
    const { status, body } = await ask("POST", "/v1/sync/push", { client_id: clientId, mutations });
    if (status !== 200) throw refused(status, body);
    if (body.results.some(early) && (waited += 1) < PATIENCE) throw new Error("The call that this came out of is not there yet; in a second once more.");
    waited = 0;
    // What the server said otherwise is handed back as the master's state: RxDB takes it over.
    return body.results.flatMap((result, at) => {
      if (result.status === "rejected") onRejected(result, rows[at].newDocumentState);
      const otherwise = result.status === "conflict" || result.status === "rejected";
      return otherwise && result.record ? [toDocument({ op: "upsert", revision: result.revision, data: result.record })] : [];
    });
  };

  return replicateRxCollection({
    collection, replicationIdentifier: `touchbase-${name}`, live, retryTime: 1000, autoStart: true,
    pull: { handler: pull, batchSize, stream$ }, push: { handler: push, batchSize: 100 },
  });
}
