// An executive's morning, with the types that openapi-typescript generates from the document.
//
// Two calls are on the list. The first reaches voicemail, the second a person; what was promised becomes an action item.
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./touchbase.js";

type NewAttempt = components["schemas"]["NewAttempt"];

const server = process.argv[2];
if (server === undefined) throw new Error("usage: morning.js SERVER");
// Lists can be had as CSV, too; this client reads JSON.
const api = createClient<paths, "application/json">({ baseUrl: server });

/** What came back, or the problem that the server describes. */
function answer<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (result.data === undefined) throw new Error(`${result.response.status}: ${JSON.stringify(result.error)}`);
  return result.data;
}

const session = answer(
  await api.POST("/v1/auth/login", { body: { email: "executive@demo.test", password: "touchbase-demo" } }),
);
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${session.access_token}`);
    return request;
  },
});
const me = answer(await api.GET("/v1/me"));

if (me.user?.id !== session.user.id) throw new Error("the token is somebody else's");

const mine = answer(
  await api.GET("/v1/assignments", {
    params: { query: { mine: true, status_in: ["queued", "scheduled"], limit: 2 } },
    // `status_in` is one parameter, its values separated by commas.
    querySerializer: { array: { style: "form", explode: false } },
  }),
);
const [first, second] = mine.data;
if (first === undefined || second === undefined) throw new Error("the demo prepares a list for its executive");

/** Records an attempt; the key makes it safe to send again when the answer got lost on the way. */
async function record(assignment: string, attempt: NewAttempt, key: string) {
  const params = { path: { id: assignment }, header: { "Idempotency-Key": key } };
  return answer(await api.POST("/v1/assignments/{id}/attempts", { params, body: attempt }));
}

await record(first.id, { disposition: "left_voicemail", summary: "Left word, calling again at three." }, randomUUID());

const title = `Send the migration guide ${randomUUID()}`;
const conversation: NewAttempt = {
  disposition: "connected",
  summary: "Happy with support, worried about the move.",
  notes: [
    { type: "praise", body: "Support answered within the hour." },
    { type: "issue", body: "The migration is not documented." },
  ],
  nps_response: { score: 8, follow_up_answer: "They listen." },
  action_items: [{ title, due_at: new Date(Date.now() + 2 * 24 * 3600 * 1000).toISOString() }],
};
const key = randomUUID();
const made = await record(second.id, conversation, key);
const again = await record(second.id, conversation, key);
if (again.attempt.id !== made.attempt.id) throw new Error("the repeated request made a second attempt");

const items = answer(
  await api.GET("/v1/action-items", { params: { query: { customer_id: made.attempt.customer_id } } }),
);
const promised = items.data.filter((item) => item.title === title);
if (promised.length !== 1) throw new Error(`${promised.length} action items called "${title}"`);
console.log("the morning is done: one voicemail, one conversation, one promise");
