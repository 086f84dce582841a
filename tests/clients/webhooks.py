"""Deliveries as PyPI's `standardwebhooks` verifies them: signed, with both secrets while one rotates, and nothing that was tampered with."""

import http.server
import queue
import sys
import threading

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

came: queue.Queue = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        came.put((body.decode(), {name.lower(): value for name, value in self.headers.items()}))

    def log_message(self, *_):
        pass


receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()

client = httpx.Client(base_url=sys.argv[1], timeout=20)


def ask(method, path, body=None):
    answer = client.request(method, path, json=body)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


session = ask("POST", "/v1/auth/login", {"email": "admin@demo.test", "password": "touchbase-demo"})
client.headers["authorization"] = "Bearer " + session["access_token"]
url = f"http://127.0.0.1:{receiver.server_port}/hook"
created = ask("POST", "/v1/webhook-endpoints", {"name": "PyPI", "url": url, "types": ["customer.created"]})
endpoint, secret = created["webhook_endpoint"], created["secret"]

made = ask("POST", "/v1/customers", {"name": "Größe & Söhne 😀"})
text, headers = came.get(timeout=30)
event = Webhook(secret).verify(text, headers)
assert (event["type"], event["data"]["id"]) == ("customer.created", made["id"]), event
try:
    Webhook(secret).verify(text.replace("created", "deleted"), headers)
except WebhookVerificationError:
    pass
else:
    raise AssertionError("what was tampered with is taken for genuine")

rotated = ask("POST", f"/v1/webhook-endpoints/{endpoint['id']}/rotate-secret", {})
ask("POST", f"/v1/webhook-endpoints/{endpoint['id']}/test", {})
text, headers = came.get(timeout=30)
for known in (secret, rotated["secret"]):
    assert Webhook(known).verify(text, headers)["type"] == "webhook_endpoint.tested"
ask("DELETE", f"/v1/webhook-endpoints/{endpoint['id']}")
print("PyPI's standardwebhooks verifies what is delivered")
