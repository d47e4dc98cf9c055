"""What `jarvis ask` imports before it hands the question to a running worker: whoever asks waits
for every library of it."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path

LIBRARIES = {
    *("typer", "annotated_doc", "shellingham", "rich"),
    "asyncpg",
    *("redis", "hiredis", "jwt", "cryptography"),
    *("pydantic", "pydantic_core", "annotated_types", "typing_inspection"),
    *("pydantic_settings", "dotenv"),
    "typing_extensions",
}
# Built parts of these libraries, and what Python itself begins with.
UNNAMED = ("_", "cython_runtime")

# The command itself, up to a database where nobody answers.
ASKS = """
import json, sys
from jarvis.entrypoints.cli.app import main
sys.argv = ["jarvis", "ask", "where is the car", "--as", "Somebody"]
try:
    main()
except ConnectionRefusedError:
    print(json.dumps(sorted(sys.modules)))
"""


def test_a_question_waits_for_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    demo = tmp_path / ".jarvis" / "demo"
    demo.mkdir(parents=True)
    address = {"JARVIS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    (demo / "env.json").write_text(json.dumps(address))
    with (demo / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a demo that runs
        done = subprocess.run(
            [sys.executable, "-c", ASKS], cwd=tmp_path, capture_output=True, text=True, check=True
        )
    modules: list[str] = json.loads(done.stdout)
    assert "jarvis.entrypoints.cli.ask" in modules
    foreign = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"jarvis"}
    assert {name for name in foreign if not name.startswith(UNNAMED)} <= LIBRARIES
    heavy = ("jarvis.app.build", "jarvis.integrations", "jarvis.orchestrator", "jarvis.messaging")
    assert not [name for name in modules if name.startswith(heavy)]
