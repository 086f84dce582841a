#!/usr/bin/env bash
# Assign many customers at once with nothing but curl, over a connection that may break.
#
#   TOUCHBASE_SERVER=https://touchbase.example.com TOUCHBASE_API_KEY=tb_… ./bulk-assign.sh pairs.csv
#
# The file has the heading customer_external_id,assignee_email and up to 10,000 rows; all of them are assigned, or none is. The key is
# made of the content, so it can be run again: what the server has done it does not do twice, and answers as the first time.
set -euo pipefail

file=${1:?give a CSV file}
server=${TOUCHBASE_SERVER:-http://127.0.0.1:8080}
key=bulk-assign-$(sha256sum <"$file" | cut -c1-64)
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# --retry tries again after broken connections, 429, 502, 503 and 504, and waits as long as Retry-After says. The secret goes in by
# standard input: a command line can be read by everybody on the machine.
send() {
  curl --silent --show-error --retry 8 --retry-all-errors --max-time 300 --output "$answer" --write-out '%{http_code}' \
    --config - "$server/v1/assignments/bulk" \
    --header "Idempotency-Key: $key" --header 'Content-Type: text/csv' --data-binary "@$file" \
    <<<"header = \"Authorization: Bearer ${TOUCHBASE_API_KEY:?set TOUCHBASE_API_KEY}\""
}

status=$(send)
# The first try still goes on over there.
while [[ $status == 409 ]] && grep --quiet request_in_progress "$answer"; do
  sleep 1
  status=$(send)
done
cat "$answer"
echo
[[ $status == 201 ]]
