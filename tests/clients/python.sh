#!/usr/bin/env bash
# A Python client is generated from the document without a warning, imports whole, and gets an executive through a morning. Their calendar is read by a library, webhooks verified by another. The scripts that assign many do so over a connection that breaks.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
python_tools

mkdir "$work/python"
cd "$work/python"
cp "$clients/morning.py" .
openapi-python-client generate --path "$document" --meta none --output-path touchbase_client --fail-on-warning --config "$clients/python.yaml"

python - <<'PYTHON'
import importlib
import pkgutil

import touchbase_client

modules = [m.name for m in pkgutil.walk_packages(touchbase_client.__path__, "touchbase_client.")]
for module in modules:
    importlib.import_module(module)
print(f"{len(modules)} generated modules import")
PYTHON

export TOUCHBASE_WEBHOOK_ALLOW=127.0.0.0/8
start_server
python morning.py "$server"
python "$clients/feed.py" "$server"
python "$clients/bulk_assign.py" "$server" "$root/examples"
python "$clients/webhooks.py" "$server"
