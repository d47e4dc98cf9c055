"""A vendor, a noun and a role are new folders: made in a copy, filled in, used as a person would,
and no file that was there before is edited."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILLED = ROOT / "tests" / "scenes" / "growth"
MADE = (("vendor", "acme"), ("noun", "parcels"), ("role", "courier"))
PARTS = (
    *("jarvis", "agents", "tools", "prompts", "evals", "migrations", "tests", "deploy", "docs"),
    *("pyproject.toml", "README.md", "CHANGELOG.md", "Makefile", "benchmarks"),
)
NEW = (
    *("tests/contract/acme", "tests/features/test_parcels.py", "tests/features/test_filled.py"),
    *("tests/unit/test_house_rules.py", "tests/unit/test_routes.py"),
    *("tests/unit/test_tool_snapshots.py", "tests/unit/test_roles.py"),
)
CACHES = shutil.ignore_patterns("__pycache__", ".*_cache", "artefacts")


def _run(copy: Path, *command: str) -> str:
    """Run a program on the copy; what it printed when it failed is the test's words."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "JARVIS_"))}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env=kept | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
    return done.stdout


def _state(copy: Path) -> dict[str, str]:
    files = [p for part in PARTS for p in [copy / part, *(copy / part).rglob("*")] if p.is_file()]
    return {
        str(path.relative_to(copy)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not any(part == "__pycache__" or part.endswith("_cache") for part in path.parts)
    }


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, tmp_path / part, ignore=CACHES)
        else:
            shutil.copy(ROOT / part, tmp_path / part)
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_vendor_a_noun_and_a_role_are_new_folders_and_edit_no_file(copy: Path) -> None:
    before = _state(copy)
    for kind, name in MADE:
        _run(copy, "deploy/scaffold.py", kind, name, "--root", str(copy))
    made = _state(copy)
    for page in FILLED.rglob("*.txt"):
        place = copy / str(page.relative_to(FILLED)).removesuffix(".txt")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, place)
    for snapshot in ("jarvis.app.snapshot", "tools.snapshot"):
        _run(copy, "-m", snapshot, "--write")
    after = _state(copy)
    assert len(made) > len(before) + 30
    edited = {path for path in before if after.get(path) != before[path]}
    assert edited == set(), "a new folder asks for an edit elsewhere: mend the seam"
    assert "no tests ran" not in _run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *NEW)
    assert "0 broken" in _run(
        copy, "-c", "from importlinter.cli import lint_imports_command as c; c()"
    )
    assert "courier cases.yaml: 1.000" in _run(copy, "-m", "evals", "courier")


def test_a_name_that_is_none_or_taken_writes_nothing(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations", ignore=CACHES)
    before = sorted(tmp_path.rglob("*"))
    for kind, name, words in (
        ("vendor", "Acme Corp", "is no name"),
        ("noun", "class", "is no name"),
        ("role", "../courier", "is no name"),
        ("noun", "orders", "a word of SQL"),
        ("noun", "events", "has a table 'event' already"),
    ):
        done = _refused(tmp_path, kind, name)
        assert words in done
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "parcels.py").write_text("kept = 1\n")
    assert "there is already tools/parcels.py" in _refused(tmp_path, "noun", "parcels")
    assert sorted(tmp_path.rglob("*")) == sorted(
        [*before, tmp_path / "tools", tmp_path / "tools" / "parcels.py"]
    )


def _refused(root: Path, kind: str, name: str) -> str:
    command = [sys.executable, "deploy/scaffold.py", kind, name, "--root", str(root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    return done.stderr
