"""An executive's calendar, as the `icalendar` library reads it: whole, stable between reads, moved, canceled, with alarms before calls."""

import datetime
import sys

import httpx
import icalendar

server = sys.argv[1]


def signed_in(email: str) -> httpx.Client:
    answer = httpx.post(f"{server}/v1/auth/login", json={"email": email, "password": "touchbase-demo"}).raise_for_status()
    return httpx.Client(base_url=server, headers={"authorization": f"Bearer {answer.json()['access_token']}"})


executive, manager = signed_in("executive@demo.test"), signed_in("manager@demo.test")
made = executive.post("/v1/me/calendar-feeds", json={"name": "A library"}).raise_for_status().json()
path = made["url"][made["url"].index("/v1/") :]


def read() -> dict[str, icalendar.Event]:
    answer = httpx.get(server + path).raise_for_status()
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert not calendar.errors, calendar.errors
    events = list(calendar.walk("VEVENT"))
    assert all(not event.errors for event in events)
    return {str(event["uid"]): event for event in events}


program = manager.get("/v1/programs").json()["data"][0]
me = executive.get("/v1/me").json()
me = me.get("user", me)
block = {
    "user_id": me["id"],
    "calls_to_prepare": 5,
    "conversations_to_reach": 2,
    "period": "day",
    "daily_block": {"starts": "08:00", "ends": "09:30"},
}
manager.patch(f"/v1/programs/{program['id']}", json={"participants": [block]}).raise_for_status()

at = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=3)
customer = manager.post("/v1/customers", json={"name": "Blondel, père; fils \\ Größe 😀", "phone": "+49 30 5550199"}).raise_for_status().json()
call = {"customer_id": customer["id"], "assignee_id": me["id"], "scheduled_for": at.isoformat(), "outside_window": True, "reason": "Line one\nline; two"}
call = manager.post("/v1/assignments", json=call).raise_for_status().json()

first = read()
assert first == read(), "two reads differ"
[uid] = [uid for uid in first if call["id"] in uid]
event = first[uid]
assert str(event["summary"]) == f"Call {customer['name']}", event["summary"]
assert "Line one line; two" in str(event["description"]), event["description"]
assert event.decoded("dtstart") == at and event.decoded("dtend") - at == datetime.timedelta(minutes=30)
[alarm] = event.walk("VALARM")
assert alarm.decoded("trigger") < datetime.timedelta(0)
blocks = {uid: event for uid, event in first.items() if uid.startswith("block.")}
assert len(blocks) >= 15, len(blocks)

later = at + datetime.timedelta(hours=26)
executive.post(f"/v1/assignments/{call['id']}/reschedule", json={"scheduled_for": later.isoformat(), "outside_window": True}).raise_for_status()
moved = read()[uid]
assert moved.decoded("dtstart") == later and moved["sequence"] > event["sequence"]

executive.patch("/v1/me", json={"time_zone": "Asia/Tokyo"}).raise_for_status()
there = read()
tokyo = datetime.timezone(datetime.timedelta(hours=9))
for uid_of_block, before in blocks.items():
    if now := there.get(uid_of_block):
        assert now.decoded("dtstart").astimezone(tokyo).strftime("%H:%M") == "08:00"
        assert now["sequence"] > before["sequence"]

manager.post(f"/v1/assignments/{call['id']}/cancel", json={}).raise_for_status()
canceled = read()[uid]
assert str(canceled["status"]) == "CANCELLED" and canceled.decoded("dtstart") == later
assert canceled["sequence"] > moved["sequence"] and not canceled.walk("VALARM")

executive.delete(f"/v1/me/calendar-feeds/{made['calendar_feed']['id']}").raise_for_status()
assert httpx.get(server + path).status_code == 404
print(f"a calendar of {len(first)} events is read, moved and canceled")
