#!/usr/bin/env bash
# A TypeScript client is generated from the document, compiles under strict, and gets an executive through a morning. Their calendar is read by a library, webhooks verified by another.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
node_tools

mkdir "$work/typescript"
cd "$work/typescript"
cp "$clients/package.json" "$clients/tsconfig.json" "$clients/morning.ts" "$clients/feed.mjs" "$clients/webhooks.mjs" .
ln -s "$node_modules" node_modules

# As .ts and not .d.ts: a declaration file that makes no sense can be passed over by the compiler.
openapi-typescript "$document" --output touchbase.ts
tsc --project .

export TOUCHBASE_WEBHOOK_ALLOW=127.0.0.0/8
start_server
node built/morning.js "$server"
node feed.mjs "$server"
node webhooks.mjs "$server"
