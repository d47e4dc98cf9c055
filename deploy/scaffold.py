"""Writes the folders of a new vendor, noun or role from `deploy/templates`; no file that exists is
edited.

`make new-vendor NAME=acme`, `make new-noun NAME=parcels`, `make new-role NAME=courier`; `TITLE` is
the displayed name.
"""

from __future__ import annotations

import argparse
import keyword
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "deploy" / "templates"
KINDS = ("vendor", "noun", "role")
TITLE = re.compile(r"\w[\w -]*")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# reserved in PostgreSQL, as far as they are names that somebody may choose for a noun
SQL_WORDS = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "any",
        "array",
        "as",
        "case",
        "cast",
        "check",
        "column",
        "constraint",
        "create",
        "current_user",
        "default",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "fetch",
        "for",
        "foreign",
        "from",
        "grant",
        "group",
        "having",
        "in",
        "initially",
        "into",
        "lateral",
        "leading",
        "limit",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "placing",
        "primary",
        "references",
        "returning",
        "select",
        "session_user",
        "some",
        "symmetric",
        "table",
        "then",
        "to",
        "trailing",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "when",
        "where",
        "window",
        "with",
    ]
)
SNAPSHOTS = ("jarvis.app.snapshot", "tools.snapshot")


class Refused(Exception):
    """The request cannot be carried out; the message says why and what to do."""


def names(name: str, title: str | None) -> dict[str, str]:
    """The variables of the templates: `name`, `words`, `title`, `cls`, `one`, `One`, `upper`.

    Raises:
        Refused: it is no name of a Python package.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise Refused(f"{name!r} is no name: small letters, digits and _, such as `parcels`")
    if title is not None and not TITLE.fullmatch(title):
        raise Refused(f"{title!r} is no title: letters, digits, spaces and hyphens")
    one = name[:-1] if name.endswith("s") and len(name) > 2 else name
    camel = "".join(part.title() for part in name.split("_"))
    return {
        "name": name,
        "words": name.replace("_", " "),
        "title": title or name.replace("_", " ").capitalize(),
        "cls": camel,
        "one": one,
        "One": "".join(part.title() for part in one.split("_")),
        "upper": name.upper(),
    }


def migration(root: Path) -> dict[str, str]:
    """The number and the id that follow those of the newest migration."""
    newest = max((root / "migrations").glob("m[0-9]*_*.py"))
    found = re.search(r'^ID = "(\d{4}-\d{2}-\d{2})T', newest.read_text(encoding="utf-8"), re.M)
    if found is None:
        raise Refused(f"{newest.name} has no ID of the form YYYY-MM-DDT…")
    day = date.fromisoformat(found[1]) + timedelta(days=1)
    return {
        "number": f"{int(newest.name[1:5]) + 1:04d}",
        "migration_id": f"{day:%Y-%m-%d}T00:00:00:000000",
    }


def write(kind: str, name: str, title: str | None, root: Path) -> list[Path]:
    """Write the files and return their paths.

    Raises:
        Refused: the name is none, or one of the files is there already; then nothing is written.
    """
    values = names(name, title) | migration(root)
    source = TEMPLATES / kind
    engine = Environment(
        loader=FileSystemLoader(source),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # Python and SQL, no HTML
    )
    if kind == "noun":
        _free_table(values["one"], root)
    pages: dict[Path, str] = {}
    for template in sorted(source.rglob("*.j2")):
        path = str(template.relative_to(source)).removesuffix(".j2")
        place = root / path.replace("NAME", name).replace("NUMBER", values["number"])
        pages[place] = engine.get_template(str(template.relative_to(source))).render(values)
    taken = [str(place.relative_to(root)) for place in pages if place.exists()]
    if taken:
        raise Refused(f"there is already {', '.join(taken[:3])}: choose another name")
    for place, text in pages.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return list(pages)


def _free_table(table: str, root: Path) -> None:
    """
    Raises:
        Refused: a migration has a table of this name, or SQL has a word of it.
    """
    if table in SQL_WORDS:
        raise Refused(f"{table!r} is a word of SQL: choose another name")
    pattern = re.compile(rf"CREATE TABLE (?:IF NOT EXISTS )?{table}\b", re.IGNORECASE)
    for page in (root / "migrations" / "sql").glob("*.sql"):
        if pattern.search(page.read_text(encoding="utf-8")):
            raise Refused(f"{page.name} has a table {table!r} already: choose another name")


def main() -> int:
    """Write, format, show the new pages of snapshots, and say what to do next."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("name")
    parser.add_argument("--title", help="what people read; the name when absent")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to write into")
    asked = parser.parse_args()
    try:
        written = write(asked.kind, asked.name, asked.title, asked.root)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    python = [str(path) for path in written if path.suffix == ".py"]
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "format", "-q", *python], cwd=asked.root, check=True)
    # lines made too long by a long name are left to the author
    subprocess.run([*ruff, "check", "-q", "--fix", *python], cwd=asked.root, check=False)
    for snapshot in SNAPSHOTS:
        command = [sys.executable, "-m", snapshot, "--write"]
        subprocess.run(command, cwd=asked.root, check=True, stdout=subprocess.DEVNULL)
    sys.stdout.writelines(f"{path.relative_to(asked.root)}\n" for path in written)
    sys.stdout.write("Next: docs/growth.md says what to fill in, in which order.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
