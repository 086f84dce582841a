#!/usr/bin/env bash
# What is neither Rust nor the document is clean, too: the scripts, the container image, the compose file.
# shellcheck source=../clients/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../clients/common.sh"
python_tools
cd "$root"
failed=()

echo "-- ShellCheck"
shellcheck --external-sources --source-path=SCRIPTDIR test .ci/run tests/tools/*.sh tests/clients/*.sh examples/*.sh || failed+=(ShellCheck)

echo "-- Hadolint"
hadolint --failure-threshold info docker/Dockerfile || failed+=(Hadolint)

echo "-- compose.yaml"
check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml || failed+=(compose.yaml)

[[ ${#failed[@]} -eq 0 ]] || fail "${failed[*]}"
