#!/usr/bin/env bash
# Both commands of the README as a newcomer gives them: `make demo` until it answers a question, `make test` for a few tests.
set -eu
cd "$(dirname "$0")/.."
log=$(mktemp)
make demo ARGS="--no-browser --now 2026-03-12T14:30+04:00" >"$log" 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 240); do
  grep -q "is ready in" "$log" && break
  kill -0 "$demo" 2>/dev/null || { cat "$log"; echo "make demo ended before it was ready"; exit 1; }
  sleep 0.5
done
answer=$(.venv/bin/jarvis ask "где малибу 235?" --as "Нино Беридзе")
case "$answer" in
  *"Malibu 235"*) echo "$(id -un) in $PWD: $(grep -o 'ready in.*' "$log"), and it answers" ;;
  *) cat "$log"; echo "make demo did not answer: $answer"; exit 1 ;;
esac
pkill -INT -P "$demo" || kill -INT "$demo"
wait "$demo" || true
make test ARGS="tests/engine/test_schema.py tests/e2e/test_budgets.py"
