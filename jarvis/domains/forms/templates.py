"""Templates of forms and check-lists, each a YAML file. A version that was used is never
changed; a change is a new version in a new file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from jarvis.kit.actor import LANGUAGES
from jarvis.kit.errors import NotFound

Kind = Literal["check", "choice", "number", "date", "text", "photo"]


def _by_language(value: Any) -> Any:
    """Turn `[ru, en, ka]` into a mapping by language."""
    return dict(zip(LANGUAGES, value, strict=True)) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # checked by the model


Words = Annotated[dict[str, str], BeforeValidator(_by_language)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(_Data):
    """One option of a choice."""

    key: str
    title: Words


class Condition(_Data):
    """The item applies only if an earlier choice has one of these answers."""

    item: str
    among: tuple[str, ...]


class Item(_Data):
    """One point of a template.

    `views` names the photos that a photo item requires, else it requires `count` of them; `private`
    ones are never published. `source`: a choice among people instead of `options`. `floor`: the
    number must not be below the car's known value. `waive`: who may waive the point. `not_before`:
    the key of the point whose date this one must not precede.
    """

    key: str
    title: Words
    kind: Kind
    mandatory: bool = True
    when: Condition | None = None
    views: tuple[Words, ...] = ()
    count: int = 1
    private: bool = False
    options: tuple[Option, ...] = ()
    source: Literal["colleagues"] | None = None
    unit: Words | None = None
    least: int | None = None
    most: int | None = None
    floor: Literal["mileage"] | None = None
    not_before: str | None = None
    waive: Literal["anyone", "head"] = "anyone"

    @property
    def wanted(self) -> int:
        """How many photos make the point complete."""
        return len(self.views) or self.count

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind == "choice") != bool(self.options or self.source):
            raise ValueError(f"{self.key}: a choice has options or a source, nothing else has")
        if self.kind != "photo" and (self.views or self.private):
            raise ValueError(f"{self.key}: only photos have views or are private")
        return self


class Template(_Data):
    """A form, or a check-list of a booking or a car.

    `operation`: the operation that its photos are filed under. `deadline`: the booking's start or
    end, or an hour of the day (Tbilisi). `tell`: who gets the report in private besides the car's
    topics: the heads of the branch, or the colleague chosen in it.
    """

    key: str
    version: int
    kind: Literal["checklist", "form"]
    title: Words
    subject: Literal["booking", "car", "none"]
    operation: Literal["issue", "return", "damage", "other"] | None = None
    deadline: Literal["start", "end"] | int | None = None
    tell: Literal["heads", "chosen"] | None = None
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _conditions_look_back(self) -> Self:
        before: dict[str, Item] = {}
        for item in self.items:
            if item.key in before:
                raise ValueError(f"{item.key} stands twice")
            if item.when is not None and not _is_choice_of(before.get(item.when.item), item.when):
                raise ValueError(
                    f"{item.key}: {item.when.item} is no choice before it with these answers"
                )
            if item.not_before is not None and item.not_before not in before:
                raise ValueError(f"{item.key}: {item.not_before} does not stand before it")
            before[item.key] = item
        return self

    def item(self, key: str) -> Item:
        """Return a point by its key.

        Raises:
            NotFound: there is none.
        """
        found = next((i for i in self.items if i.key == key), None)
        if found is None:
            raise NotFound(
                f"{self.key} has no point {key!r}; its points: "
                f"{', '.join(i.key for i in self.items)}"
            )
        return found


def _is_choice_of(item: Item | None, condition: Condition) -> bool:
    return item is not None and set(condition.among) <= {o.key for o in item.options}


@cache
def templates() -> Mapping[tuple[str, int], Template]:
    """Return every version of every template in the package."""
    folder = files("jarvis.domains.forms") / "templates"
    texts = [f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".yaml")]
    found = [Template.model_validate(yaml.safe_load(text)) for text in texts]
    table = {(t.key, t.version): t for t in found}
    if len(table) != len(found):
        raise ValueError("two template files have one key and version")
    return table


def template(key: str, version: int | None = None) -> Template:
    """Return a version of a template, by default the newest.

    Raises:
        NotFound: there is none.
    """
    versions = sorted(v for k, v in templates() if k == key)
    wanted = version if version is not None else (versions[-1] if versions else None)
    if wanted not in versions:
        raise NotFound(
            f"no template {key!r} {version or ''}; templates: "
            f"{', '.join(sorted({k for k, _ in templates()}))}"
        )
    assert wanted is not None
    return templates()[key, wanted]


def newest(kind: Literal["checklist", "form"]) -> list[Template]:
    """Return the newest version of each template of this kind, by key."""
    return [t for k in sorted({k for k, _ in templates()}) if (t := template(k)).kind == kind]
