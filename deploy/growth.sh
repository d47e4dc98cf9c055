#!/usr/bin/env bash
# Makes a vendor, a noun and a role in a copy of what is committed, fills them in as tests/features/test_growth.py does, and runs the
# copy's unit, feature and contract tests and its checks. test_growth makes its own copy of a tree without the three.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git clone -q "$root" "$copy/jarvis"
cd "$copy/jarvis"
make -s .venv/.dev-installed
make -s new-vendor NAME=acme
make -s new-noun NAME=parcels
make -s new-role NAME=courier
(cd tests/scenes/growth && find . -name '*.txt' -print) | while read -r page; do cp "tests/scenes/growth/$page" "${page%.txt}"; done
.venv/bin/python -m jarvis.app.snapshot --write
.venv/bin/python -m tools.snapshot --write
git diff --exit-code --stat
.venv/bin/python -m pytest -n 2 --dist worksteal -q -m "not slow" --ignore tests/features/test_growth.py tests/unit tests/features tests/contract
make -s check
