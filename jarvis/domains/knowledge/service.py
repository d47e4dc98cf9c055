"""Sections of `docs/knowledge/*.md`, found by the words of a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rapidfuzz import fuzz

_WORD = re.compile(r"[^\W\d_]{3,}")

_STOP = frozenset(
    {
        "как",
        "что",
        "где",
        "кто",
        "это",
        "для",
        "при",
        "или",
        "наш",
        "нас",
        "вам",
        "они",
        "она",
        "оно",
        "есть",
        "если",
        "надо",
        "нужно",
        "какие",
        "какой",
        "какая",
        "правила",
        "правилам",
        "сколько",
        "стоит",
        "the",
        "how",
        "what",
        "who",
        "our",
        "for",
        "with",
        "and",
        "are",
        "does",
        "you",
        "can",
        "რა",
        "როგორ",
        "ვინ",
        "არის",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of a page: `title` of the page, `heading` of the section."""

    title: str
    heading: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best section and how well it fits, 0 to 100."""

    section: Section
    score: float


class KnowledgeService:
    """Searches the pages; they are read once."""

    def __init__(self, sections: list[Section]) -> None:
        self._sections = sections

    def search(self, question: str, *, language: str, limit: int = 2) -> list[Answer]:
        """Sections that share words with the question, the best first; none when nothing really
        fits."""
        words = {w for w in _WORD.findall(question.casefold()) if w not in _STOP}
        if not words:
            return []
        found = [Answer(section=s, score=self._score(words, s, language)) for s in self._sections]
        best = sorted((a for a in found if a.score >= 30), key=lambda a: -a.score)
        return best[:limit]

    @staticmethod
    def _score(words: set[str], section: Section, language: str) -> float:
        heading = set(_WORD.findall(f"{section.title} {section.heading}".casefold()))
        body = set(_WORD.findall(section.text.casefold()))
        total = 0.0
        for word in words:
            in_heading = max((_alike(word, other) for other in heading), default=0.0)
            in_body = max((_alike(word, other) for other in body), default=0.0)
            total += max(in_heading, in_body * 0.6)
        return 100 * total / len(words) + (5 if section.language == language else 0)


def _alike(word: str, other: str) -> float:
    stem = min(len(word), len(other))
    if stem >= 4 and word[: max(4, stem - 3)] == other[: max(4, stem - 3)]:
        return 1.0
    return 1.0 if word == other else (0.9 if fuzz.ratio(word, other) >= 85 else 0.0)


def load_pages(folder: Path | None = None) -> list[Section]:
    """Sections of every page; the page's first line is `# Title`, its language is the file's suffix
    (`.ru.md`)."""
    if folder is not None:
        texts = {
            path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))
        }
    else:
        packaged = files("jarvis.domains.knowledge").joinpath("pages")
        source = packaged if packaged.is_dir() else Path(__file__).parents[3] / "docs" / "knowledge"
        texts = {
            i.name: i.read_text(encoding="utf-8")
            for i in source.iterdir()
            if i.name.endswith(".md")
        }
    sections: list[Section] = []
    for name, text in sorted(texts.items()):
        language = name.rsplit(".", 2)[-2] if name.count(".") >= 2 else "ru"
        title = text.split("\n", 1)[0].lstrip("# ").strip()
        for part in re.split(r"^## ", text, flags=re.M)[1:]:
            heading, _, body = part.partition("\n")
            sections.append(
                Section(title=title, heading=heading.strip(), language=language, text=body.strip())
            )
    return sections


def knowledge() -> KnowledgeService:
    """Over the company's pages."""
    return KnowledgeService(load_pages())
