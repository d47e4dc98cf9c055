#!/usr/bin/env bash
# wrk, which loads the servers in `make bench`. Installed when this machine lets us, else named clearly.
set -u
command -v wrk >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing wrk for the benchmark of webhooks"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >/dev/null 2>&1
  apt-get install -y -qq wrk >/dev/null 2>&1 && exit 0
fi
echo "No wrk here: ingest is loaded by our own raw sockets instead. Install it, e.g.: sudo apt-get install wrk"
exit 0
