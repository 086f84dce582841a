#!/usr/bin/env bash
# The libraries with which apps keep data offline drive the server by the adapters in examples/, on SQLite and on PostgreSQL.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
node_tools
[[ -x $binary ]] || fail "$binary is missing: cargo build --bins"

make_sync_modules() {
  cp "$clients/sync/package.json" "$clients/sync/package-lock.json" "$1"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}
modules=$(install_once sync "$(<"$clients/sync/package-lock.json")" make_sync_modules)/node_modules

cp -r "$clients/sync" "$work/sync"
cp -r "$root/examples" "$work/sync/examples"
ln -s "$modules" "$work/sync/node_modules"
printf '#!/bin/sh\nexec python3 "%s/sync/long_ago.py" "$@"\n' "$work" >"$work/long_ago"
chmod +x "$work/long_ago"

chmod 711 "$work" # PostgreSQL's own user passes through
postgres=$("$root/tests/tools/postgres.sh" start "$work/postgres" | tail -n 1)
stop_postgres() {
  local status=$?
  "$root/tests/tools/postgres.sh" stop "$work/postgres" || true
  return "$status"
}
trap 'stop_postgres || finish; finish' EXIT
POSTGRES_BIN=$("$root/tests/tools/postgres.sh" bin)
export BIN=$binary LONG_AGO=$work/long_ago POSTGRES_BIN

for library in ${LIBRARIES:-watermelondb rxdb}; do
  for database in ${DATABASES:-sqlite postgres}; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    case $database in
      sqlite) url=sqlite://$work/$library.db ;;
      *)
        "$POSTGRES_BIN/psql" --quiet --command "CREATE DATABASE $library" "$postgres"
        url=${postgres%/*}/$library
        ;;
    esac
    echo "-- $library on $database"
    (cd "$work/sync" && DATABASE=$url SERVER=http://127.0.0.1:$port node "$library.mjs")
  done
done
