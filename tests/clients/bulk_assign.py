"""The scripts of `examples/` that assign many, run through a proxy that swallows answers: nothing is lost, nothing is doubled."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from urllib.parse import urlsplit

import httpx

server, examples = sys.argv[1:]
answer = httpx.post(f"{server}/v1/auth/login", json={"email": "admin@demo.test", "password": "touchbase-demo"}).raise_for_status()
admin = httpx.Client(base_url=server, headers={"authorization": f"Bearer {answer.json()['access_token']}"}, timeout=60)
key = admin.post("/v1/api-keys", json={"name": "Nightly", "role": "manager"}).raise_for_status().json()["secret"]
program = admin.post("/v1/programs", json={"name": "Assigned by scripts"}).raise_for_status().json()["id"]

cuts = 0


def pass_on(client: socket.socket) -> None:
    """One connection; as long as there are cuts left, its answer is swallowed after the server has given it."""
    global cuts
    target = urlsplit(server)
    with client, socket.create_connection((target.hostname, target.port)) as upstream:

        def requests() -> None:
            while piece := client.recv(65536):
                upstream.sendall(piece)

        threading.Thread(target=requests, daemon=True).start()
        while piece := upstream.recv(65536):
            if cuts > 0:
                cuts -= 1
                break
            client.sendall(piece)
        # The other thread still reads: closing alone would tell nobody.
        client.shutdown(socket.SHUT_RDWR)


def listen(listener: socket.socket) -> None:
    while True:
        threading.Thread(target=lambda client: suppress(pass_on, client), args=(listener.accept()[0],), daemon=True).start()


def suppress(work, client: socket.socket) -> None:
    try:
        work(client)
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=listen, args=(listener,), daemon=True).start()
far = f"http://127.0.0.1:{listener.getsockname()[1]}"


def customers(prefix: str, count: int) -> list[str]:
    ids = [f"{prefix}-{number}" for number in range(count)]
    rows = "".join(f"{id},Customer {id}\n" for id in ids)
    report = admin.post("/v1/customers/import", headers={"content-type": "text/csv"}, content=f"external_id,name\n{rows}")
    assert report.raise_for_status().json()["created"] == count, report.text
    return ids


def run(*command: str, cut: int = 0) -> subprocess.CompletedProcess:
    global cuts
    cuts = cut
    env = os.environ | {"TOUCHBASE_SERVER": far, "TOUCHBASE_API_KEY": key}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)
    assert cuts == 0, done
    return done


def assigned() -> int:
    page = admin.get("/v1/assignments", params={"program_id": program, "include_total": "true", "limit": 1})
    return page.raise_for_status().json()["total"]


with tempfile.TemporaryDirectory() as folder:
    many = f"{folder}/pairs.ndjson"
    ids = customers("PY", 10_500)
    pair = {"assignee_email": "executive@demo.test", "program_id": program}
    with open(many, "w") as file:
        file.writelines(json.dumps(pair | {"customer_external_id": id}) + "\n" for id in [*ids, "nobody"])
    command = (sys.executable, f"{examples}/bulk-assign.py", many)
    first = run(*command, cut=2)
    assert first.returncode == 4 and "line 10501: " in first.stdout, first
    assert assigned() == 10_500
    again = run(*command)
    assert again.returncode == 4 and again.stdout == first.stdout, (first, again)

    few = f"{folder}/pairs.csv"
    with open(few, "w") as file:
        file.write("customer_external_id,assignee_email,program_id\n")
        file.writelines(f"{id},executive@demo.test,{program}\n" for id in customers("SH", 200))
    command = (f"{examples}/bulk-assign.sh", few)
    first = run(*command, cut=2)
    assert first.returncode == 0 and json.loads(first.stdout)["created"] == 200, first
    again = run(*command)
    assert again.returncode == 0 and again.stdout == first.stdout, (first, again)
    with open(few, "a") as file:
        file.write(f"nobody,executive@demo.test,{program}\n")
    refused = run(*command)
    assert refused.returncode == 1 and json.loads(refused.stdout)["code"] == "unprocessable", refused
    assert assigned() == 10_700
print("the scripts assign 10,700 customers once, over a connection that breaks")
