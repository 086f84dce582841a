#!/usr/bin/env bash
# Schemathesis sends what the document allows, and what it does not, and believes no answer that the document does not
# describe. FUZZ_SECONDS, FUZZ_EXAMPLES and FUZZ_SEED widen a run or repeat one.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
python_tools
start_server
admin=$(sign_in admin@demo.test)
# A key does not end with a session, nor after ten minutes; it ends with whoever made it.
token=$(curl --silent --show-error --fail --max-time 20 "$server/v1/api-keys" --header 'Content-Type: application/json' \
  --header "Authorization: Bearer $admin" --data '{"name": "fuzz", "role": "admin"}' |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])')
FUZZ_MAKER=$(curl --silent --show-error --fail --max-time 20 "$server/v1/me" --header "Authorization: Bearer $admin" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["user"]["id"])')
export FUZZ_MAKER
export SCHEMATHESIS_HOOKS=$clients/fuzz_hooks.py

cd "$work" # where it leaves its notes
status=0
schemathesis --config-file "$clients/schemathesis.toml" run "$document" --url "$server" \
  --header "Authorization: Bearer $token" --checks all --max-examples "${FUZZ_EXAMPLES:-20}" \
  --max-time "${FUZZ_SECONDS:-240}" --seed "${FUZZ_SEED:-1}" --no-color || status=$?

# A panic is caught and answered; nobody is to have caused one all the same.
if grep --quiet 'panicked at' "$work/server.log"; then
  grep 'panicked at' "$work/server.log"
  fail "the server panicked"
fi
# Had the token been lost on the way, every refusal after that would have looked right.
curl --silent --show-error --fail --max-time 20 --output /dev/null "$server/v1/customers" \
  --header "Authorization: Bearer $token" || fail "the key did not last the run"
exit "$status"
