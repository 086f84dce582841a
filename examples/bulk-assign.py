#!/usr/bin/env python3
"""Assign many customers at once, over a connection that may break. Needs httpx.

    TOUCHBASE_SERVER=https://touchbase.example.com TOUCHBASE_API_KEY=tb_… python bulk-assign.py pairs.ndjson

Each line of the file is an assignment: {"customer_external_id": "ALFKI", "assignee_email": "nancy@example.com"}.
Good rows are in, bad ones are told with their line. Run it as often as you like: the key of each request is made of its
content, so what the server has done it does not do again, and answers as the first time.
"""

import hashlib
import itertools
import os
import sys
import time

import httpx

ROWS = 10_000  # what one request takes


def send(client: httpx.Client, body: bytes) -> dict:
    """Sends until there is an answer. The same key each time: a request that arrived although its answer was lost is not done twice."""
    key = "bulk-assign-" + hashlib.sha256(body).hexdigest()
    headers = {"content-type": "application/x-ndjson", "idempotency-key": key}
    for attempt in itertools.count():
        pause = min(0.25 * 2**attempt, 30)
        try:
            answer = client.post("/v1/assignments/bulk", params={"mode": "partial"}, headers=headers, content=body)
        except httpx.TransportError as error:
            if attempt == 8:
                raise
            print(f"{error}; trying again", file=sys.stderr)
            time.sleep(pause)
            continue
        running = answer.status_code == 409 and answer.json().get("code") == "request_in_progress"
        if attempt < 8 and (running or answer.status_code in (429, 502, 503, 504)):
            time.sleep(float(answer.headers.get("retry-after", pause)))
            continue
        if answer.is_error:
            sys.exit(f"{answer.status_code}: {answer.text}")
        return answer.json()


def main(path: str) -> int:
    server, key = os.environ.get("TOUCHBASE_SERVER", "http://127.0.0.1:8080"), os.environ["TOUCHBASE_API_KEY"]
    created = failed = 0
    with open(path, "rb") as file, httpx.Client(base_url=server, headers={"authorization": f"Bearer {key}"}, timeout=300) as client:
        lines = ((number, line.strip() + b"\n") for number, line in enumerate(file, 1) if line.strip())
        while chunk := list(itertools.islice(lines, ROWS)):
            results = send(client, b"".join(line for _, line in chunk))
            created += results["created"]
            failed += results["failed"]
            for result in results["results"]:
                if problem := result.get("problem"):
                    why = " ".join(fault["detail"] for fault in problem.get("errors", [])) or problem["detail"]
                    print(f"line {chunk[result['index']][0]}: {why}")
            print(f"{created} assigned, {failed} failed; batch {results['batch_id']}")
    return 4 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
