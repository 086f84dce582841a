#!/usr/bin/env bash
# A private, throw-away PostgreSQL for the tests.
#
#   postgres.sh start DIR   makes a cluster in DIR, which must not exist yet, starts it, prints its superuser URL
#   postgres.sh stop DIR    stops it and removes DIR; does nothing where there is none
#   postgres.sh bin         prints the folder of the PostgreSQL that would be used; fails where there is none
set -euo pipefail

say() { echo "postgres.sh: $*" >&2; }

# 15 is the oldest that is supported, so it is the one to test with; a newer one will do.
bin() {
  local folder
  for folder in /usr/lib/postgresql/{15,16,17,18}/bin "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
    if [[ -x $folder/initdb ]]; then
      echo "$folder"
      return
    fi
  done
  say "PostgreSQL's server programs are missing (Debian: apt-get install postgresql-15)"
  return 1
}

# PostgreSQL refuses to run as root; Debian's package brings a user for it.
as_owner() {
  if [[ $(id -u) -eq 0 ]]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

start() {
  local dir=$1 bin password port
  bin=$(bin)
  mkdir -p "$(dirname "$dir")"
  mkdir -m 700 "$dir"
  dir=$(cd "$dir" && pwd)
  if [[ $(id -u) -eq 0 ]]; then
    id postgres >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin postgres
    chown postgres: "$dir"
    if ! as_owner test -x "$(dirname "$dir")"; then
      say "the user postgres cannot enter $(dirname "$dir"); choose another folder"
      rmdir "$dir"
      return 1
    fi
  fi
  cd "$dir" # the caller's folder may be closed to the cluster's owner

  # Others may be signed in on this machine, and a superuser can run programs: hence a password of its own. By md5,
  # because the tests open thousands of connections and SCRAM's rounds are slow in a build without optimisation.
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && echo "$password" >password)
  if [[ $(id -u) -eq 0 ]]; then chown postgres: password; fi

  # Sorting by a language, as most installations do, and unlike SQLite, which sorts by bytes: what depends on it shows.
  as_owner "$bin/initdb" --pgdata=data --username=touchbase --auth=md5 --pwfile=password --encoding=UTF8 \
    --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US --no-sync >initdb.log 2>&1 ||
    { cat initdb.log >&2 && return 1; }

  # Nothing here outlives the run, so nothing waits for the disk; and a small machine has a compiler to feed, too.
  cat >>data/postgresql.conf <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = md5
max_connections = 400
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 512MB
shared_buffers = 128MB
work_mem = 4MB
maintenance_work_mem = 32MB
max_parallel_workers_per_gather = 0
jit = off
log_min_messages = warning
CONF

  # The port is looked for outside the range that programs are given by the system; one that is taken fails, then the next.
  for _ in {1..20}; do
    port=$((20000 + RANDOM % 10000))
    if as_owner "$bin/pg_ctl" start --pgdata=data --log=server.log --wait --timeout=60 --options="-p $port" >start.log 2>&1; then
      echo "postgres://touchbase:$password@127.0.0.1:$port/postgres"
      return
    fi
  done
  cat start.log server.log >&2
  say "PostgreSQL did not start"
  return 1
}

stop() {
  local dir=$1 bin
  [[ -d $dir ]] || return 0
  dir=$(cd "$dir" && pwd)
  # Only a folder that start has made is ever removed.
  if [[ -n $(ls -A "$dir") && ! -e $dir/password ]]; then
    say "$dir is not a cluster of mine"
    return 1
  fi
  cd /
  if [[ -e $dir/data/postmaster.pid ]]; then
    bin=$(bin)
    as_owner "$bin/pg_ctl" stop --pgdata="$dir/data" --mode=immediate --wait --timeout=30 >/dev/null || true
  fi
  rm -rf "$dir"
}

case ${1:-}:$# in
  start:2) start "$2" ;;
  stop:2) stop "$2" ;;
  bin:1) bin ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
