#!/usr/bin/env bash
# A private PostgreSQL for tests: fresh, on a free port of this machine, gone when it is stopped.
#
#   eval "$(ci/postgres.sh start)"   starts one and sets PHR_TEST_POSTGRES and PHR_TEST_POSTGRES_DIR
#   ci/postgres.sh stop              stops the one that PHR_TEST_POSTGRES_DIR names, and removes it
#
# It trusts everybody who reaches 127.0.0.1 and forgets everything in a crash: never for real data.
set -euo pipefail

# The newest installed version's programs; Debian keeps them out of PATH.
binaries() {
  local newest
  newest="$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sort -V | tail -1)"
  if [ -n "$newest" ] && [ -x "$newest/bin/initdb" ]; then
    echo "$newest/bin"
  elif command -v initdb >/dev/null; then
    dirname "$(command -v initdb)"
  else
    return 1
  fi
}

install() {
  [ "$(id -u)" -eq 0 ] || { echo "PostgreSQL is not installed (Debian: postgresql)" >&2; exit 1; }
  # Debian would start a cluster of its own, which nobody here needs.
  mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  { apt-get update && apt-get install -y --no-install-recommends postgresql; } >&2
}

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() {
  binaries >/dev/null || install
  local bin dir port
  bin="$(binaries)"
  dir="$(mktemp -d /tmp/phr-postgres.XXXXXX)"
  [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
  port="$(free_port)"
  (
    cd "$dir"
    as_owner "$bin/initdb" -D "$dir/data" -U phr -A trust -E UTF8 --locale=C.UTF-8 --no-sync
    as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start -o "-p $port -k $dir \
      -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=256MB \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=2GB"
  ) >&2
  echo "export PHR_TEST_POSTGRES=postgres://phr@127.0.0.1:$port/postgres"
  echo "export PHR_TEST_POSTGRES_DIR=$dir"
}

stop() {
  local dir="${PHR_TEST_POSTGRES_DIR:?is not set: nothing to stop}"
  local pid
  pid="$(head -1 "$dir/data/postmaster.pid" 2>/dev/null || true)"
  if [ -n "$pid" ]; then
    kill -INT "$pid" # "fast": connections are closed
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  fi
  rm -rf "$dir"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
