#!/usr/bin/env bash
# Runs the core suite five times (or $1 times) beside a load of four busy processes; says which tests failed in any run.
set -eu
cd "$(dirname "$0")/.."
runs=${1:-5}
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for _ in 1 2 3 4; do (while :; do :; done) & done
failed=0
for run in $(seq "$runs"); do
  began=$SECONDS
  if out=$(.venv/bin/python -m pytest -n 2 --dist worksteal -m "not slow" -p no:cacheprovider 2>&1); then
    echo "run $run of $runs: green in $((SECONDS - began)) s"
  else
    failed=1
    echo "run $run of $runs: $(tail -n 1 <<<"$out")"
    grep '^\(FAILED\|ERROR\)' <<<"$out" || tail -n 20 <<<"$out"
  fi
done
exit $failed
