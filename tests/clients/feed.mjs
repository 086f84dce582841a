// An executive's calendar, as `ical.js` (of Thunderbird) reads it: whole, stable between reads, moved, canceled, with alarms before calls.
import assert from "node:assert/strict";
import ICAL from "ical.js";

const server = process.argv[2];

async function ask(token, method, path, body) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(server + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer;
}

async function signIn(email) {
  const answer = await ask(null, "POST", "/v1/auth/login", { email, password: "touchbase-demo" });
  return (await answer.json()).access_token;
}

const [executive, manager] = [await signIn("executive@demo.test"), await signIn("manager@demo.test")];
const made = await (await ask(executive, "POST", "/v1/me/calendar-feeds", { name: "A library" })).json();
const path = made.url.slice(made.url.indexOf("/v1/"));

async function read() {
  const text = await (await ask(null, "GET", path)).text();
  const calendar = new ICAL.Component(ICAL.parse(text));
  assert.equal(calendar.getFirstPropertyValue("refresh-interval").toString(), "PT15M");
  const events = calendar.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
  return { text, events: new Map(events.map((event) => [event.uid, event])) };
}

const who = await (await ask(executive, "GET", "/v1/me")).json();
const me = who.user ?? who;
const at = new Date(Math.floor(Date.now() / 1000) * 1000 + 3 * 86_400_000);
const name = "Blondel, père; fils \\ Größe 😀";
const customer = await (await ask(manager, "POST", "/v1/customers", { name })).json();
const call = await (
  await ask(manager, "POST", "/v1/assignments", {
    customer_id: customer.id, assignee_id: me.id, scheduled_for: at.toISOString(), outside_window: true, reason: "Line one\nline; two",
  })
).json();

const first = await read();
assert.equal((await read()).text, first.text);
const uid = [...first.events.keys()].find((each) => each.includes(call.id));
const event = first.events.get(uid);
assert.equal(event.summary, `Call ${name}`);
assert.ok(event.description.includes("Line one line; two"), event.description);
assert.equal(event.startDate.toJSDate().getTime(), at.getTime());
assert.equal(event.duration.toSeconds(), 1800);
const [alarm] = event.component.getAllSubcomponents("valarm");
assert.ok(alarm.getFirstPropertyValue("trigger").toSeconds() < 0);

const later = new Date(at.getTime() + 26 * 3_600_000);
await ask(executive, "POST", `/v1/assignments/${call.id}/reschedule`, { scheduled_for: later.toISOString(), outside_window: true });
const moved = (await read()).events.get(uid);
assert.equal(moved.startDate.toJSDate().getTime(), later.getTime());
assert.ok(moved.sequence > event.sequence);

await ask(manager, "POST", `/v1/assignments/${call.id}/cancel`, {});
const canceled = (await read()).events.get(uid);
assert.equal(canceled.component.getFirstPropertyValue("status"), "CANCELLED");
assert.ok(canceled.sequence > moved.sequence && canceled.component.getAllSubcomponents("valarm").length === 0);

await ask(executive, "DELETE", `/v1/me/calendar-feeds/${made.calendar_feed.id}`);
assert.equal((await fetch(server + path)).status, 404);
console.log(`a calendar of ${first.events.size} events is read, moved and canceled`);
