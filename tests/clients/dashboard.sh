#!/usr/bin/env bash
# The dashboard of examples/, in Chromium: it draws the reports, follows the stream, and says so when its key is revoked.
# With TOUCHBASE_SCREENSHOT it leaves a picture there.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
node_tools

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || fail "there is no Chromium: apt-get install chromium"
page_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export TOUCHBASE_CORS_ORIGINS=http://127.0.0.1:$page_port
start_server

mkdir "$work/dashboard"
cp "$clients/dashboard.mjs" "$work/dashboard"
ln -s "$node_modules" "$work/dashboard/node_modules"
node "$work/dashboard/dashboard.mjs" "$server" "$page_port" "$root/examples/dashboard/index.html" "$chromium" "${TOUCHBASE_SCREENSHOT:-}"
