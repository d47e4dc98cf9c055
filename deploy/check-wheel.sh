#!/usr/bin/env bash
# Builds the wheel, installs it into a clean environment and imports every package from outside the checkout.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/.venv/bin/uv" build -q --wheel --python "$root/.venv/bin/python" --out-dir "$work/dist" "$root"
"$root/.venv/bin/uv" venv -q --python "$root/.venv/bin/python" "$work/venv"
"$root/.venv/bin/uv" pip install -q --python "$work/venv/bin/python" --require-hashes -r "$root/deploy/requirements/core.txt"
"$root/.venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps "$work"/dist/*.whl
cd "$work"
"$work/venv/bin/python" - <<'PY'
import importlib
import pkgutil
from pathlib import Path

count = 0
for name in ("jarvis", "agents", "tools", "prompts", "migrations", "evals"):
    package = importlib.import_module(name)
    assert "site-packages" in str(package.__file__), package.__file__
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if module.name.endswith(("__main__", "piccolo_conf")):
            continue
        importlib.import_module(module.name)
        count += 1
from jarvis.domains.knowledge.service import load_pages
from jarvis.entrypoints.sandboxes import load_world
from prompts.book import PromptBook

assert load_pages() and load_world().staff and PromptBook().prompt("router").text
import jarvis.entrypoints.demo as demo

assert (Path(demo.__path__[0]) / "templates" / "desk.html").exists()
print(f"the wheel holds {count} modules, all of them import")
PY
"$work/venv/bin/jarvis" --help >/dev/null
"$work/venv/bin/python" -m evals routing
"$work/venv/bin/python" -m evals refusals --only "$("$work/venv/bin/python" -c "
from evals.acting import dataset
print(dataset('refusals').cases[0].name)")"
