#!/usr/bin/env bash
# Installs what the tests need from the system, where it is missing, and says what. The tools of the client checks are
# not the system's business: they go into a cache folder, see tests/clients/common.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! command -v cargo >/dev/null; then
  echo "Rust is missing: install the toolchain with rustup, then run this again" >&2
  exit 1
fi
for component in fmt:rustfmt clippy:clippy; do
  if ! cargo "${component%:*}" --version >/dev/null 2>&1; then
    echo "installing Rust's ${component#*:}"
    rustup component add "${component#*:}"
  fi
done

missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev) # SQLite and the allocator are C
command -v curl >/dev/null || missing+=(curl)
command -v python3 >/dev/null || missing+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium) # the dashboard
./postgres.sh bin >/dev/null 2>&1 || missing+=(postgresql-15)
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]} (Debian's names); install them as root, then run this again" >&2
  exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet --quiet
# Debian 12 calls it postgresql-15; elsewhere the newest will do.
if [[ " ${missing[*]} " == *" postgresql-15 "* ]] && ! apt-cache show postgresql-15 >/dev/null 2>&1; then
  missing=("${missing[@]/postgresql-15/postgresql}")
fi
apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
