"""The book of prompts: each run asks for (role), and records version and hash of what it got."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A role's instructions with their version and the first 12 digits of their SHA-256."""

    text: str
    version: str
    hash: str

    def filled(self, **values: str) -> Prompt:
        """With what code writes in place of each `{name}`; the hash covers it.

        Raises:
            KeyError: the page has no such place.
        """
        text = self.text
        for name, value in values.items():
            if f"{{{name}}}" not in text:
                raise KeyError(name)
            text = text.replace(f"{{{name}}}", value)
        return Prompt(text=text, version=self.version, hash=_digest(text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class PromptBook:
    """Reads prompts from the package; the first line of a page is `<!-- version: N -->`."""

    def __init__(self) -> None:
        self._pages: dict[str, Prompt] = {}

    def prompt(self, role: str) -> Prompt:
        """The prompt of a role.

        Raises:
            KeyError: there is no such role; that is a bug.
        """
        if role not in self._pages:
            folder = files("prompts").joinpath(role)
            if not folder.joinpath("instructions.md").is_file():
                raise KeyError(role)
            parts = [
                folder.joinpath(name).read_text(encoding="utf-8")
                for name in ("instructions.md", "policy.md")
            ]
            first = parts[0].split("\n", 1)[0]
            version = first.removeprefix("<!-- version:").removesuffix("-->").strip()
            text = "\n\n".join(
                part.split("\n", 1)[1].strip() if part.startswith("<!--") else part.strip()
                for part in parts
            )
            self._pages[role] = Prompt(text=text, version=version, hash=_digest(text))
        return self._pages[role]
