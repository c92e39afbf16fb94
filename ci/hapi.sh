#!/usr/bin/env bash
# A real HAPI FHIR R4 server for tests (ci/hapi), on a free port of 127.0.0.1.
#
#   eval "$(ci/hapi.sh start)"               on an H2 file of its own
#   eval "$(ci/hapi.sh start URL)"           on a PostgreSQL: postgres://USER@HOST:PORT/DATABASE
#   ci/hapi.sh stop                          stops it and removes its files
#
# `start` sets PHR_TEST_HAPI (the base URL), PHR_TEST_HAPI_DIR (its files: pid, log, database) and
# PHR_TEST_HAPI_CONTROL (this script). In between, a test may take the server away and bring it back
# with the same data on the same port:
#
#   "$PHR_TEST_HAPI_CONTROL" down
#   "$PHR_TEST_HAPI_CONTROL" up
#
# HAPI_JAVA_OPTIONS replaces the options of the Java machine: the usual ones start in a third of the
# processor time, but a long run is quicker with "-Xmx1g" alone. HAPI_RETRIES_CONFLICTS,
# HAPI_VALIDATES_WRITES and HAPI_ASSIGNS_IDS are told in ci/hapi/src/main/java/phr/hapi/Settings.java.
set -euo pipefail
project="$(cd "$(dirname "${BASH_SOURCE[0]}")/hapi" && pwd)"
patience="${PHR_TEST_HAPI_PATIENCE:-240}" # seconds until it must answer

# Java and Maven, where they are missing.
install() {
  command -v mvn >/dev/null && command -v javac >/dev/null && return
  [ "$(id -u)" -eq 0 ] || { echo "needs Maven and a JDK of 17 or newer (Debian: maven, openjdk-17-jdk-headless)" >&2; exit 1; }
  { apt-get update && apt-get install -y --no-install-recommends openjdk-17-jdk-headless maven; } >&2
}

# Compiles what is newer than its result; asks the network only for what is not at hand.
build() {
  local done="$project/target/classpath"
  if [ -f "$done" ] && [ -z "$(find "$project/pom.xml" "$project/src" -newer "$done")" ]; then
    return
  fi
  install
  local maven=(mvn --batch-mode --no-transfer-progress --quiet --file "$project/pom.xml" package)
  "${maven[@]}" --offline >/dev/null 2>&1 || "${maven[@]}" >&2
}

# jdbc URL: PostgreSQL's address as Java's driver wants it.
jdbc() {
  python3 - "$1" <<'PYTHON'
import sys
from urllib.parse import urlencode, urlsplit

url = urlsplit(sys.argv[1])
login = {"user": url.username, "password": url.password}
query = urlencode({name: value for name, value in login.items() if value})
print(f"jdbc:postgresql://{url.hostname}:{url.port or 5432}{url.path}?{query}")
PYTHON
}

start() {
  build
  local dir database
  dir="$(mktemp -d /tmp/phr-hapi.XXXXXX)"
  if [ "$#" -gt 0 ]; then
    # A database of its own, as its tables have everyday names.
    database="hapi_$(basename "$dir" | tr -dc '[:alnum:]' | tr '[:upper:]' '[:lower:]')"
    psql --quiet --no-psqlrc "$1" --command "create database $database" >&2
    database="$(jdbc "${1%/*}/$database")"
  else
    database="jdbc:h2:file:$dir/database"
  fi
  echo "$database" >"$dir/address"
  export PHR_TEST_HAPI_DIR="$dir"
  up
  echo "export PHR_TEST_HAPI=http://127.0.0.1:$(cat "$dir/port")/fhir"
  echo "export PHR_TEST_HAPI_DIR=$dir"
  echo "export PHR_TEST_HAPI_CONTROL=${project%/*}/hapi.sh"
}

# Starts the server of PHR_TEST_HAPI_DIR, on the port it had before, and waits until it answers.
up() {
  local dir="${PHR_TEST_HAPI_DIR:?is not set: start one first}" port=0
  [ ! -f "$dir/port" ] || port="$(cat "$dir/port")"
  rm -f "$dir/port"
  # shellcheck disable=SC2086 # several options in one variable
  HAPI_PORT="$port" HAPI_PORT_FILE="$dir/port" HAPI_DATABASE="$(cat "$dir/address")" nohup setsid java \
    ${HAPI_JAVA_OPTIONS:--Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1} \
    -cp "$project/target/classes:$(cat "$project/target/classpath")" phr.hapi.Server \
    </dev/null >>"$dir/log" 2>&1 &
  local pid=$! deadline=$((SECONDS + patience))
  echo "$pid" >"$dir/pid"
  until [ -f "$dir/port" ]; do
    if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$pid" 2>/dev/null; then
      [ "$port" = 0 ] || echo "$port" >"$dir/port"
      end "$pid"
      tail -20 "$dir/log" | cut -c1-600 >&2
      echo "HAPI did not start" >&2
      exit 1
    fi
    sleep 0.2
  done
  curl --silent --show-error --fail --max-time 60 --output /dev/null "http://127.0.0.1:$(cat "$dir/port")/fhir/metadata"
}

down() {
  end "$(cat "${PHR_TEST_HAPI_DIR:?is not set: nothing to stop}/pid")"
}

# end PID: asked to stop, and made to after half a minute.
end() {
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 150); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -KILL "$1" 2>/dev/null || true
}

stop() {
  down
  rm -rf "${PHR_TEST_HAPI_DIR:?}"
}

case "${1:-}" in
  start) shift && start "$@" ;;
  stop) stop ;;
  up) up ;;
  down) down ;;
  *) sed -n '2,19s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
