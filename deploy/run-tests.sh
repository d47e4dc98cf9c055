#!/usr/bin/env bash
# All tests, suites and a small storm, with the time that each part takes. With arguments: only the tests, and pytest gets them.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
# three workers for two cores: about a fifth of the time is waiting
tests() { "$python" -m pytest -n 3 --dist worksteal --durations=10 --durations-min=0.5 "$@"; }
if [ $# -gt 0 ]; then
  tests "$@"
  exit
fi
times=""
part() {  # part NAME COMMAND…: runs it and notes its seconds
  local name=$1 began=$SECONDS
  shift
  local code=0
  "$@" || code=$?
  times="$times  $name: $((SECONDS - began)) s$([ "$code" = 0 ] || echo ", FAILED")"$'\n'
  [ "$code" = 0 ] || exit "$code"
}
report() { printf '\nTimes of make test:\n%s  in all: %s s\n' "$times" "$SECONDS"; }
trap report EXIT
part "core tests (-m 'not slow')" tests -m "not slow"
part "slow tests" tests -m slow
part "suites of evals" "$python" -m evals
part "storm" .venv/bin/jarvis chaos --seed 7 --orders 8 --moves 2
