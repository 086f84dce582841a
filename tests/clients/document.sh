#!/usr/bin/env bash
# The OpenAPI document is valid, and clean under two linters; a warning is a failure, too.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
python_tools
node_tools
[[ -f $document ]] || fail "$document is missing"

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
failed=()

# All three speak before it ends, so that one run shows everything there is to mend.
echo "-- openapi-spec-validator"
openapi-spec-validator "$document" || failed+=(openapi-spec-validator)

echo "-- Spectral"
spectral lint --ruleset "$clients/spectral.yaml" --fail-severity=warn "$document" || failed+=(Spectral)

echo "-- Redocly"
redocly lint --extends=recommended-strict --format=stylish "$document" || failed+=(Redocly)

[[ ${#failed[@]} -eq 0 ]] || fail "${failed[*]}"
